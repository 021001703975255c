import { SelvedgeError } from "@selvedge/core"
import { concatenate, malformed } from "./bytes.ts"

/** How far a download has come. */
export interface DownloadProgress {
  readonly file: string
  /** Bytes so far. */
  readonly received: number
  /** Bytes in all, where the server says so. */
  readonly total: number | undefined
  /** True in the last report of a file. */
  readonly done: boolean
}

/** How to download. */
export interface DownloadSettings {
  /** Called for every piece that arrives. */
  readonly onProgress?: (progress: DownloadProgress) => void
  /** Called with a sentence when something happens that the user should know of. */
  readonly onMessage?: (message: string) => void
  readonly signal?: AbortSignal
  /** Milliseconds until a server must have begun to answer, default 10,000. */
  readonly connectTimeoutMs?: number
  /** Milliseconds without a byte after which a transfer is given up, default 30,000. */
  readonly stallTimeoutMs?: number
  /** Attempts per address, default 3. */
  readonly attempts?: number
  /** Milliseconds before the second attempt, doubled before each further one; default 1,000. */
  readonly backoffMs?: number
}

/** A download that no mirror could complete. */
export class DownloadError extends SelvedgeError {
  override readonly code = "ERR_DOWNLOAD"
  /** True when no server could be reached at all: there is no network. */
  readonly offline: boolean

  constructor(file: string, failures: readonly Failure[]) {
    const offline = failures.every(failure => failure.kind === "unreachable")
    super(`${file}: ${offline ? "no server could be reached" : "the download failed"}`, {
      facts: Object.fromEntries(failures.map(({ url, message }, i) => [`try ${i + 1}`, `${url}: ${message}`])),
      hint: "put the files into a folder and name it with --data or SELVEDGE_DATASETS",
      cause: failures.at(-1)?.cause,
    })
    this.offline = offline
  }
}

/** unreachable: no connection. refused: an answer that will be the same next time. broken: worth another attempt. */
type FailureKind = "unreachable" | "refused" | "broken"

class Failure extends Error {
  readonly kind: FailureKind
  readonly url: string

  constructor(kind: FailureKind, url: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.kind = kind
    this.url = url
  }
}

/** What `download` is to fetch. */
export interface Wanted<C> {
  readonly file: string
  /** Addresses of the same file, tried in order. */
  readonly urls: readonly string[]
  /** More bytes than this are refused. */
  readonly maxBytes: number
  /** Checks what came and takes it apart; throws when it is not the file. */
  open(bytes: Uint8Array): Promise<C>
}

/** A file as it came and what it holds. */
export interface Downloaded<C> {
  readonly bytes: Uint8Array
  readonly content: C
  readonly url: string
}

/**
 * Fetches a file from the first mirror that gives it whole and right. Server errors, broken transfers and wrong
 * contents are tried again with growing pauses; then, and at once after a refusal, the next mirror has its turn.
 * @throws DownloadError when no mirror succeeds; the signal's reason when aborted.
 */
export async function download<C>(wanted: Wanted<C>, settings: DownloadSettings = {}): Promise<Downloaded<C>> {
  const { attempts = 3, backoffMs = 1000, onMessage, signal } = settings
  const failures: Failure[] = []
  for (const url of wanted.urls) {
    let wait = backoffMs
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const result = await attemptOnce(wanted, url, settings)
      if (!(result instanceof Failure)) return result
      failures.push(result)
      onMessage?.(`${wanted.file}: attempt ${attempt} at ${url} failed: ${result.message}`)
      if (result.kind !== "broken") break
      if (attempt < attempts) await pause(wait, signal)
      wait *= 2
    }
  }
  throw new DownloadError(wanted.file, failures)
}

async function attemptOnce<C>(
  wanted: Wanted<C>,
  url: string,
  settings: DownloadSettings,
): Promise<Downloaded<C> | Failure> {
  try {
    const bytes = await fetchBytes(wanted, url, settings)
    return { bytes, content: await wanted.open(bytes), url }
  } catch (cause) {
    settings.signal?.throwIfAborted()
    if (cause instanceof Failure) return cause
    const message = cause instanceof SelvedgeError ? cause.message.replaceAll(/\s*\n\s*/g, "; ") : String(cause)
    return new Failure("broken", url, message, cause)
  }
}

async function fetchBytes(wanted: Wanted<unknown>, url: string, settings: DownloadSettings): Promise<Uint8Array> {
  const { connectTimeoutMs = 10_000, stallTimeoutMs = 30_000, signal } = settings
  const watch = new Watchdog(url, signal)
  try {
    watch.expect("unreachable", connectTimeoutMs, "no answer")
    const response = await watch.guard(fetch(url, { signal: watch.signal, redirect: "follow" }))
    if (!response.ok || !response.body) {
      const kind = response.status >= 500 || response.status === 408 || response.status === 429 ? "broken" : "refused"
      throw new Failure(kind, url, `HTTP ${response.status} ${response.statusText}`)
    }
    return await readBody(response, wanted, settings, () => watch.expect("broken", stallTimeoutMs, "no more bytes"))
  } catch (cause) {
    throw watch.explain(cause)
  } finally {
    watch.end()
  }
}

async function readBody(
  response: Response,
  wanted: Wanted<unknown>,
  settings: DownloadSettings,
  alive: () => void,
): Promise<Uint8Array> {
  const { file, maxBytes } = wanted
  const length = Number(response.headers.get("content-length") ?? Number.NaN)
  // With a content encoding the length is that of the encoded bytes, which fetch has already decoded.
  const total = Number.isFinite(length) && !response.headers.get("content-encoding") ? length : undefined
  const chunks: Uint8Array[] = []
  let received = 0
  alive()
  for await (const chunk of response.body ?? []) {
    alive()
    received += chunk.length
    if (received > maxBytes) {
      const expected = `at most ${maxBytes} bytes`
      throw malformed("the download is too large", { file, offset: maxBytes, expected, found: "more" })
    }
    chunks.push(chunk)
    settings.onProgress?.({ file, received, total, done: false })
  }
  settings.onProgress?.({ file, received, total: received, done: true })
  return concatenate(chunks, received)
}

/** Ends a request in which nothing happens for too long, and tells that from an abort by the user. */
class Watchdog {
  readonly #controller = new AbortController()
  readonly #url: string
  readonly #outer: AbortSignal | undefined
  readonly #forward = () => this.#controller.abort(this.#outer?.reason)
  #timer: ReturnType<typeof setTimeout> | undefined
  #answered = false

  constructor(url: string, outer: AbortSignal | undefined) {
    this.#url = url
    this.#outer = outer
    outer?.throwIfAborted()
    outer?.addEventListener("abort", this.#forward)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  expect(kind: FailureKind, ms: number, what: string): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#controller.abort(new Failure(kind, this.#url, `${what} within ${ms} ms`)), ms)
  }

  async guard(request: Promise<Response>): Promise<Response> {
    const response = await request
    this.#answered = true
    return response
  }

  /** The Failure behind whatever the request threw. */
  explain(cause: unknown): unknown {
    if (this.signal.reason instanceof Failure) return this.signal.reason
    if (cause instanceof Failure || cause instanceof SelvedgeError || this.#outer?.aborted) return cause
    const code = errorCode(cause)
    const kind = !this.#answered && isConnectionFailure(code) ? "unreachable" : "broken"
    const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause)
    return new Failure(kind, this.#url, inner || code, cause)
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#outer?.removeEventListener("abort", this.#forward)
    // Frees the connection when the body was not read to its end.
    this.#controller.abort()
  }
}

function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return ""
  if (error.cause instanceof Error) return errorCode(error.cause)
  if ("code" in error && typeof error.code === "string") return error.code
  return error instanceof AggregateError ? errorCode(error.errors[0]) : ""
}

function isConnectionFailure(code: string): boolean {
  return /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|ENETUNREACH|ENETDOWN|EHOSTUNREACH|EHOSTDOWN|EADDRNOTAVAIL|ETIMEDOUT|EPERM|EACCES|UND_ERR_CONNECT_TIMEOUT)$/.test(
    code,
  )
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop)
      resolve()
    }, ms)
    signal?.addEventListener("abort", stop, { once: true })
    if (signal?.aborted) stop()
  })
}

/** One line that shows a download: `train.gz [=======>      ]  54 %  14.2 of 26.4 MB`. */
export function formatProgress(progress: DownloadProgress, width = 30): string {
  const { file, received, total } = progress
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1)
  if (!total) return `${file} ${megabytes(received)} MB`
  const share = Math.min(1, received / total)
  const filled = Math.floor(share * width)
  const bar = `${"=".repeat(filled)}${filled < width ? ">" : ""}`.padEnd(width)
  const percent = String(Math.floor(share * 100)).padStart(3)
  return `${file} [${bar}] ${percent} %  ${megabytes(received)} of ${megabytes(total)} MB`
}
