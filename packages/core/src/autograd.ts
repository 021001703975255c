import { OptionError, ShapeError } from "./errors.ts"
import { finishRuns, freeRuns, runAtOnce } from "./kernels/queue.ts"
import { type Shape, sameShape } from "./shape.ts"
import {
  alloc,
  allocZeros,
  asBlank,
  type Buffer,
  checkClock,
  clear,
  fillBlanks,
  Storage,
  stepClock,
} from "./storage.ts"
import { type Backward, type GraphNode, Tensor, wrap } from "./tensor.ts"

let recording = true
let watcher: Watcher | null = null

/** Sees the operations that run. Internal: `debug` and `profile` are made of it. */
export interface Watcher {
  /** An op has made its output. */
  made(op: string, y: Tensor, inputs: readonly Tensor[]): void
  /** The gradient of an op begins. */
  passing(op: string): void
  /** It has added to the gradients of the inputs that want one. */
  passed(op: string, y: Tensor, inputs: readonly Tensor[], gradients: readonly (Buffer | null)[]): void
}

/** Tells `next` of every operation from now on; nobody when null. @returns who was told before. */
export function watch(next: Watcher | null): Watcher | null {
  const before = watcher
  watcher = next
  return before
}

/**
 * Runs `fn` without recording: nothing computed inside can be differentiated, and nothing is kept for a backward pass.
 * Synchronous.
 */
export function noGrad<T>(fn: () => T): T {
  const before = recording
  recording = false
  try {
    return fn()
  } finally {
    recording = before
  }
}

/** What is known of an op's `backward`. Internal. */
interface Manner {
  /** Every loop of it is `vectorized`: it may be given gradients that kernels are still computing. */
  readonly vectorized: boolean
  /**
   * To the gradients of so many of its first inputs it adds by `gemm` alone: they may come blank, zeros that nobody has
   * written, and `gemm` then writes where it would add.
   */
  readonly blanks: number
}

const anyhow: Manner = { vectorized: false, blanks: 0 }
/** The manner of a `backward` every loop of which is `vectorized`. */
export const byKernels: Manner = { vectorized: true, blanks: 0 }

const recorder =
  (manner: Manner) =>
  (op: string, buffer: Buffer, shape: Shape, inputs: readonly Tensor[], backward: Backward): Tensor =>
    attach(op, wrap(buffer, shape), inputs, backward, manner)

/**
 * Makes an op's output: the tensor over `buffer`, remembering how to differentiate it.
 *
 * `backward(dy, ...gradients)` gets the gradient of the output and one buffer per input to add into, in the order of
 * `inputs`; a buffer is null when its input wants no gradient. Fan-out accumulates by itself. When it has returned, dy is
 * given to another gradient: it copies what it wants to keep.
 */
export const record = recorder(anyhow)

/** Like `record`, for a `backward` every loop of which is `vectorized`. */
export const recordVectorized = recorder(byKernels)

/** Like `recordVectorized`, for one that adds to the gradients of its first two inputs by `gemm` alone. */
export const recordProducts = recorder({ vectorized: true, blanks: 2 })

/** Like `record`, for an output that shares its input's numbers. */
export function attach(op: string, y: Tensor, inputs: readonly Tensor[], backward: Backward, manner = anyhow): Tensor {
  if (recording && inputs.some(wantsGradient)) {
    // Spelled out: to spread `manner` into the node takes two thirds of the time that all the rest of an op does.
    const { vectorized, blanks } = manner
    y.node = { op, inputs, backward, vectorized, blanks, until: stepClock(), met: 0, gradient: null }
    y.requiresGrad = true
  }
  if (watcher !== null) finishRuns()
  watcher?.made(op, y, inputs)
  return y
}

const wantsGradient = (x: Tensor) => x.requiresGrad

/**
 * Computes the gradient of `y` for every leaf it depends on that has `requiresGrad`, and puts it in the leaf's `grad`.
 *
 * Without `cotangent`, `y` must have size 1 and its gradient is 1; with one, the gradient of sum(y * cotangent).
 * Each call replaces `grad`. The graph is used up: intermediate gradients and closures are freed as they are passed.
 *
 * @returns the leaves that were reached.
 * @throws ShapeError for a y of another size without cotangent, or a cotangent of another shape.
 * @throws OptionError when nothing that y depends on wants a gradient, or its graph was already used up.
 */
export function backward(y: Tensor, cotangent?: Tensor): Tensor[] {
  const leaves: Tensor[] = []
  for (const [leaf, buffer] of differentiate(y, cotangent)) {
    leaf.grad = new Tensor(Storage.ofGradient(buffer), leaf.shape, { name: leaf.name && `${leaf.name}/grad` })
    leaves.push(leaf)
  }
  return leaves
}

/**
 * The gradients of `y` for the given tensors, leaving `grad` alone; zeros for one that y does not depend on.
 * @throws like backward.
 */
export function grad(y: Tensor, xs: readonly Tensor[], cotangent?: Tensor): Tensor[] {
  const wanted = new Set(xs)
  const gradients = differentiate(y, cotangent, wanted)
  return xs.map(x => wrap(gradients.get(x) ?? allocZeros(x.size), x.shape))
}

function differentiate(y: Tensor, cotangent: Tensor | undefined, wanted?: Set<Tensor>): Map<Tensor, Buffer> {
  checkStart(y, cotangent)
  const pass = new Pass()
  const order = pass.begin(y)
  try {
    const seed = pass.gradientOf(y, false)
    finishRuns()
    if (cotangent) seed.set(cotangent.read())
    else seed[0] = 1
    for (const x of order) {
      const { node } = x
      if (node === null || node.gradient === null) continue
      const dx = node.gradient
      node.gradient = null
      const kept = wanted?.has(x) === true
      if (kept) pass.kept.set(x, dx)
      const before = freeRuns()
      passOn(x, node, dx, pass)
      // A free run may read it until the end.
      if (!kept && freeRuns() === before) pass.spare(dx)
    }
  } finally {
    pass.end(order)
    finishRuns()
  }
  return pass.kept
}

let passes = 0

/** The gradients of one differentiation. */
class Pass {
  /** Those of leaves, and of what was asked for. */
  readonly kept = new Map<Tensor, Buffer>()
  /** Buffers of gradients that were passed on, by size: the next are written while these are still in a cache. */
  readonly #spares = new Map<number, Buffer[]>()
  /** Gradients of nodes that another pass, within whose closure this one runs, is about to pass on. */
  readonly #others = new Map<GraphNode, Buffer>()

  /**
   * What was computed, y depends on and wants a gradient, latest first. None of it has a gradient yet. The stack is
   * explicit: no chain is too long.
   */
  begin(y: Tensor): Tensor[] {
    const found: Tensor[] = []
    const stack = [y]
    const pass = ++passes
    if (y.node) this.#meet(y.node, pass)
    for (let x = stack.pop(); x; x = stack.pop()) {
      found.push(x)
      for (const input of x.node?.inputs ?? []) {
        const { node } = input
        if (!input.requiresGrad || node === null || node.met === pass) continue
        this.#meet(node, pass)
        stack.push(input)
      }
    }
    return found.sort((a, b) => b.id - a.id)
  }

  #meet(node: GraphNode, pass: number): void {
    node.met = pass
    if (node.gradient !== null) this.#others.set(node, node.gradient)
    node.gradient = null
  }

  /** Leaves the nodes as it found them, also after an error. */
  end(order: readonly Tensor[]): void {
    for (const { node } of order) if (node !== null) node.gradient = null
    for (const [node, gradient] of this.#others) node.gradient = gradient
  }

  /** The buffer to add to; new ones are zeros, or stand for zeros if `blank`. */
  gradientOf(x: Tensor, blank: boolean): Buffer {
    const { node } = x
    const known = node === null ? this.kept.get(x) : node.gradient
    if (known) {
      // A free run may be writing to a leaf's.
      if (node === null) finishRuns()
      return known
    }
    const dx = this.#take(x.size, blank)
    if (node === null) this.kept.set(x, dx)
    else node.gradient = dx
    return dx
  }

  #take(size: number, blank: boolean): Buffer {
    const spare = this.#spares.get(size)?.pop()
    if (spare === undefined) return blank ? asBlank(alloc(size)) : allocZeros(size)
    if (blank) return asBlank(spare)
    clear(spare)
    return spare
  }

  /** Gives back a gradient that nobody reads any more. */
  spare(buffer: Buffer): void {
    const spares = this.#spares.get(buffer.length)
    if (spares) spares.push(buffer)
    else this.#spares.set(buffer.length, [buffer])
  }
}

function checkStart(y: Tensor, cotangent: Tensor | undefined): void {
  if (!y.requiresGrad) {
    throw new OptionError("backward: nothing this tensor was computed from wants a gradient", {
      facts: { y: y.shape },
      hint: "make a leaf with tensor(data, shape, { requiresGrad: true }), and compute outside of noGrad",
    })
  }
  if (!cotangent && y.size !== 1) {
    throw new ShapeError("backward: needs a scalar, or a cotangent of y's shape", {
      facts: { y: y.shape },
      hint: "reduce with mean(y) or sum(y), or pass a cotangent",
    })
  }
  if (cotangent && !sameShape(cotangent.shape, y.shape)) {
    throw new ShapeError("backward: the cotangent has another shape than y", {
      facts: { y: y.shape, cotangent: cotangent.shape },
    })
  }
}

function passOn(y: Tensor, node: GraphNode, dy: Buffer, pass: Pass): void {
  const { backward, inputs, vectorized, blanks } = node
  if (backward === null) {
    throw new OptionError(`backward: the graph through "${node.op}" was already used`, {
      rule: "a graph is differentiated once",
      hint: "compute the loss again, or ask for all gradients in one call of backward or grad",
    })
  }
  // A step that ended took the buffers of its closures with it, also where y itself was looked at and is on the heap.
  checkClock(node.until, y.name || node.op)
  watcher?.passing(node.op)
  const gradients: (Buffer | null)[] = []
  try {
    for (const x of inputs) {
      gradients.push(x.requiresGrad ? pass.gradientOf(x, gradients.length < blanks) : null)
    }
    if (vectorized) backward(dy, ...gradients)
    else {
      finishRuns()
      runAtOnce(() => backward(dy, ...gradients))
    }
  } finally {
    // Also after an error: the next step is given the same buffers, and must not find them blank.
    if (blanks > 0) fillBlanks()
  }
  node.backward = null
  if (watcher === null) return
  finishRuns()
  watcher.passed(node.op, y, inputs, gradients)
}
