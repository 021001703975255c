import { createHash, randomBytes, timingSafeEqual } from "node:crypto"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { checkKeys, checkNumber } from "@selvedge/core"
import type { Callback } from "@selvedge/trainer"
import { DashboardCallback } from "./dashboardCallback.ts"
import { EventLog } from "./EventLog.ts"
import { checkEvent, checkRun, type DashboardCommand, type DashboardEvent, parseCommand, toJson } from "./events.ts"
import { dashboardPage } from "./page.ts"

/** Options of {@link liveDashboard}. */
export interface DashboardOptions {
  /** Port on 127.0.0.1. By default a free one. */
  readonly port?: number
}

/** A running dashboard. */
export interface Dashboard {
  /** Address with the token; whoever has it can watch and command. */
  readonly url: string
  /**
   * Shows a run of a trainer and lets the page pause, resume and stop it and change its learning rate:
   * `trainer.fit(x, y, { callbacks: [dashboard.callback("SELU")] })`. Some times a second the means of loss and metrics, the
   * rate and milliseconds per step; every second or more, so that it takes 1 % of the time at most, a look at up to 8,192
   * numbers of each weight and its gradient, and at what the layers give in inference for up to 32 examples of the batch.
   * The run's numbers are the same as without it. @throws OptionError for anything but a name
   */
  callback(run: string): Callback
  /** Shows an event; returns at once, and sends within a tenth of a second. @throws OptionError for an unknown event */
  publish(run: string, event: DashboardEvent): void
  /** Calls `listener` for each command from a page; returns a function that ends that. */
  onCommand(listener: (command: DashboardCommand) => void): () => void
  /** Ends all connections and frees the port; runs that are paused go on. */
  close(): Promise<void>
}

const owner = "liveDashboard"
const sendEvery = 100
const mostBody = 4096

/**
 * Serves a live page of training runs on 127.0.0.1: curves of all runs overlaid, layers' statistics, weights' histograms;
 * buttons to pause, resume and stop a run and to change its learning rate.
 *
 *     const live = await liveDashboard()
 *     console.log(live.url)
 *     await trainer.fit(x, y, { callbacks: [live.callback("first try")] })
 *
 * Events travel as server-sent events; a page that
 * is reloaded, or opened later, is told what it missed. Requests without the random token, or from another origin or
 * under another host name, get 403. The server does not keep the process alive.
 *
 * @throws OptionError for a bad option
 */
export async function liveDashboard(options: DashboardOptions = {}): Promise<Dashboard> {
  checkKeys(owner, options, ["port"])
  const port = checkNumber(owner, "port", options.port ?? 0, { integer: true, min: 0, max: 65535 })
  const hub = new Hub(randomBytes(24).toString("base64url"))
  const server = createServer((request, response) => hub.handle(request, response))
  server.on("connection", socket => socket.unref())
  await listen(server, port)
  server.unref()
  hub.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const callbacks = new Set<DashboardCallback>()
  return {
    url: `http://${hub.host}/?token=${hub.token}`,
    callback: run => {
      checkRun(run)
      const callback = new DashboardCallback(run, hub)
      callbacks.add(callback)
      return callback
    },
    publish: (run, event) => hub.publish(run, event),
    onCommand: listener => hub.onCommand(listener),
    close: () =>
      new Promise(resolve => {
        for (const callback of callbacks) callback.end()
        hub.end()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject)
      resolve()
    })
  })
}

class Hub {
  host = ""
  readonly token: string
  readonly #log = new EventLog()
  readonly #pages = new Set<ServerResponse>()
  readonly #listeners = new Set<(command: DashboardCommand) => void>()
  #waiting: string[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(token: string) {
    this.token = token
  }

  publish(run: string, event: DashboardEvent): void {
    checkEvent(run, event)
    const logged = this.#log.add(run, event)
    if (this.#pages.size === 0) return
    this.#waiting.push(`id: ${logged.id}\ndata: ${toJson([logged])}\n\n`)
    this.#timer ??= setTimeout(() => this.#send(), sendEvery).unref()
  }

  onCommand(listener: (command: DashboardCommand) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  end(): void {
    this.#send()
    for (const page of this.#pages) page.end()
    this.#pages.clear()
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", `http://${this.host}`)
    const route = `${request.method} ${url.pathname}`
    if (!this.#allowed(request, url)) answer(response, 403, "Forbidden: open the address that the program printed.")
    else if (route === "GET /") this.#servePage(response)
    else if (route === "GET /events") this.#serveEvents(request, response)
    else if (route === "POST /command") this.#serveCommand(request, response)
    else answer(response, 404, "Not found")
  }

  /** The token, this very host name (a rebound domain has another), and no other page behind the request. */
  #allowed(request: IncomingMessage, url: URL): boolean {
    const { host, origin, "sec-fetch-site": site } = request.headers
    const digest = (text: string) => createHash("sha256").update(text).digest()
    if (!timingSafeEqual(digest(url.searchParams.get("token") ?? ""), digest(this.token))) return false
    if (host !== this.host || (origin !== undefined && origin !== `http://${this.host}`)) return false
    return site === undefined || site === "same-origin" || site === "none"
  }

  #servePage(response: ServerResponse): void {
    const nonce = randomBytes(16).toString("base64")
    const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
    answer(response, 200, dashboardPage(nonce), {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": policy,
    })
  }

  #serveEvents(request: IncomingMessage, response: ServerResponse): void {
    this.#send()
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" })
    const seen = Number(request.headers["last-event-id"] ?? 0)
    const missed = this.#log.since(Number.isInteger(seen) && seen <= this.#log.last ? seen : 0)
    response.write(`retry: 1000\nid: ${this.#log.last}\ndata: ${toJson(missed)}\n\n`)
    this.#pages.add(response)
    response.on("close", () => this.#pages.delete(response))
  }

  #serveCommand(request: IncomingMessage, response: ServerResponse): void {
    let body = ""
    request.setEncoding("utf8")
    request.on("data", (chunk: string) => {
      if (body.length <= mostBody) body += chunk
    })
    request.on("end", () => {
      if (body.length > mostBody) return answer(response, 413, "The command is too long")
      const command = parseCommand(body)
      if (typeof command === "string") return answer(response, 400, command)
      for (const listener of this.#listeners) listener(command)
      answer(response, 204, "")
    })
  }

  #send(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#waiting.length === 0) return
    const text = this.#waiting.join("")
    this.#waiting = []
    // A page that does not read must not fill the memory: it is dropped, and catches up when it reconnects.
    for (const page of this.#pages) {
      if (page.writableLength > 8 * 1024 * 1024) page.destroy()
      else page.write(text)
    }
  }
}

function answer(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, {
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    ...headers,
  })
  response.end(text)
}
