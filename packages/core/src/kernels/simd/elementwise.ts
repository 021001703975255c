import type { Buffer } from "../../storage.ts"
import { Program } from "../program.ts"
import { type Parameter, twin } from "../twin.ts"
import type { KernelArgument, Twin } from "../vectorized.ts"
import {
  type FunctionBuilder,
  f32x4,
  i32,
  type Layout,
  type Local,
  type ModuleBuilder,
  select,
  v128,
} from "../wasm/index.ts"
import type { Vector } from "./vector.ts"

/** A parameter of a loop, in order: what happens to it, then its name, as in `"in x"`, `"inout w"`, `"float rate"`. */
export type Declaration = `${Parameter} ${string}`

type Kind<D> = D extends `${infer K} ${string}` ? K : never
type Name<D> = D extends `${string} ${infer N}` ? N : never

/** The arguments of the loop that such parameters belong to. */
export type ArgumentsOf<P extends readonly Declaration[]> = {
  [I in keyof P]: Kind<P[I]> extends "float" | "int" ? number : Buffer
}

/** What the formula gets: four elements of every buffer that is read, and every number in all four lanes. */
type Values<P extends readonly Declaration[]> = {
  readonly [D in P[number] as Kind<D> extends "out" | "int" ? never : Name<D>]: Local<"v128">
}

/** What the formula gives: four elements of every buffer that is written. */
type Results<P extends readonly Declaration[]> = {
  readonly [D in P[number] as Kind<D> extends "out" | "inout" ? Name<D> : never]: Vector
}

export interface ElementwiseOptions {
  /** Loop and twin agree in every bit. */
  readonly exact?: boolean
  /** About how many instructions the formula takes for four elements: decides from which size threads pay. */
  readonly cost?: number
  /** Whether the twin is for these arguments; left out where it is for all. */
  readonly accepts?: (args: readonly KernelArgument[]) => boolean
}

type Formula<P extends readonly Declaration[]> = (f: FunctionBuilder, values: Values<P>) => Results<P>

/** Elements of a work unit: two vectors, which an engine that can fuses into one of 256 bits. */
const unit = 8
/** Addresses stand this many bytes before their numbers: V8 12 (Node 22) fuses no pair that has the offset 0. */
export const ahead = 16

/**
 * The twin of a loop over elements of equally long buffers, from its formula for four of them.
 * Every element is computed by the same instructions, wherever it stands, so neither threads nor tails change a bit.
 */
export function elementwise<const P extends readonly Declaration[]>(
  name: string,
  parameters: P,
  formula: Formula<P>,
  { exact = false, cost = 4, accepts }: ElementwiseOptions = {},
): Twin<ArgumentsOf<P> & readonly KernelArgument[]> {
  const program = new Program(name, m => emit(m, name, parameters, formula))
  const grain = Math.ceil(4096 / cost)
  return twin(program, {
    name,
    parameters: parameters.map(kindOf),
    least: exact ? 1 : 32,
    exact,
    ...(accepts ? { accepts } : {}),
    units: args => Math.ceil(lengthOf(args[0]) / unit),
    grain: () => grain,
  })
}

/** The `"in"` of `"in x"`. */
export const kindOf = (declaration: Declaration) => declaration.slice(0, declaration.indexOf(" ")) as Parameter

/** The `"x"` of `"in x"`. */
export const nameOf = (declaration: Declaration) => declaration.slice(declaration.indexOf(" ") + 1)

/** The words of the argument block for such parameters. */
export function layoutOf(parameters: readonly Declaration[]): Layout {
  const words = parameters.map((d): [string, "f32" | "i32"] => [nameOf(d), kindOf(d) === "float" ? "f32" : "i32"])
  return { ...Object.fromEntries(words), length: "i32" }
}

/** How many rows and columns a kernel's arguments say that its matrices have. */
export const sizesOf = (parameters: readonly Declaration[]) =>
  ["rows", "n"].map(size => {
    const at = parameters.map(nameOf).indexOf(size)
    return (args: readonly KernelArgument[]) => Number(args[at])
  })

/** The words of an argument block that holds integers and addresses alone. */
export const integers = <K extends string>(...names: readonly K[]) =>
  Object.fromEntries(names.map(name => [name, "i32"])) as Record<K, "i32">

function lengthOf(argument: KernelArgument | undefined): number {
  return typeof argument === "object" ? argument.length : 0
}

function emit<P extends readonly Declaration[]>(
  m: ModuleBuilder,
  name: string,
  parameters: P,
  formula: Formula<P>,
): void {
  m.kernel(name, layoutOf(parameters), (f, words, begin, end) => {
    const at = f.let("at", i32.mul(begin, 4 * unit))
    const buffers = new Map<string, Local<"i32">>()
    const numbers: [string, Local<"v128">][] = []
    for (const declaration of parameters) {
      const [kind, key] = [kindOf(declaration), nameOf(declaration)]
      if (kind === "float") numbers.push([key, f.let(key, f32x4.splat(words[key] as Local<"f32">))])
      else if (kind !== "int") buffers.set(key, f.let(key, i32.add(words[key] as Local<"i32">, i32.sub(at, ahead))))
    }
    const read = parameters.filter(d => kindOf(d) === "in" || kindOf(d) === "inout").map(nameOf)
    const step: Step = (offset, load) => {
      const loaded = read.map((key): [string, Local<"v128">] => [key, f.let(key, load(buffers.get(key)!, offset))])
      const results = Object.entries<Vector>(formula(f, Object.fromEntries([...numbers, ...loaded]) as Values<P>))
      return results.map(([key, value]) => ({ address: buffers.get(key)!, value: f.let(key, value) }))
    }
    emitLoops(f, at, end, words.length as Local<"i32">, [...buffers.values()], step)
  })
}

type Load = (address: Local<"i32">, offset: number) => Vector

interface Result {
  readonly address: Local<"i32">
  readonly value: Local<"v128">
}

/** Loads and computes; storing is left to the caller. */
type Step = (offset: number, load: Load) => readonly Result[]

/**
 * Two vectors at a time through one set of addresses; then single elements. An engine can fuse a pair whose stores follow
 * one on the other, with no load between them.
 */
function emitLoops(
  f: FunctionBuilder,
  at: Local<"i32">,
  end: Local<"i32">,
  length: Local<"i32">,
  addresses: readonly Local<"i32">[],
  step: Step,
): void {
  const bytes = 4 * unit
  const all = f.let("all", i32.mul(length, 4))
  const last = f.let("last", i32.mul(end, bytes))
  const stop = f.let("stop", select(last, all, i32.lt_s(last, all)))
  const whole = f.let("whole", i32.and(stop, -bytes))
  const advance = (amount: number) => {
    for (const local of [at, ...addresses]) f.increment(local, amount)
  }
  f.while(i32.lt_s(at, whole), () => {
    const [low, high] = [step(ahead, v128.load), step(ahead + 16, v128.load)]
    for (const [i, { address, value }] of low.entries()) {
      f.storeVectors(address, [value, high[i].value], ahead)
    }
    advance(bytes)
  })
  f.while(i32.lt_s(at, stop), () => {
    for (const { address, value } of step(ahead, v128.load32_zero)) f.v128.store32_lane(address, value, 0, ahead)
    advance(4)
  })
}
