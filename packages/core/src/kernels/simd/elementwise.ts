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

/** Elements of a work unit: two vectors, which an engine that can fuses into one of 256 bits. */
const unit = 8

/** What the formula gets: four elements of every buffer that is read, and every number in all four lanes. */
type Values<P> = { readonly [K in keyof P as P[K] extends "out" ? never : K]: Local<"v128"> }

/** What the formula gives: four elements of every buffer that is written. */
type Results<P> = { readonly [K in keyof P as P[K] extends "out" | "inout" ? K : never]: Vector }

type Arguments<P> = { readonly [K in keyof P]: P[K] }

export interface ElementwiseOptions<P> {
  readonly formula: (f: FunctionBuilder, values: Values<P>) => Results<P>
  /** Loop and twin agree in every bit. */
  readonly exact?: boolean
  /** About how many instructions the formula takes for four elements: decides from which size threads pay. */
  readonly cost?: number
}

/**
 * The twin of a loop over elements of equally long buffers, from its formula for four of them.
 * Every element is computed by the same instructions, wherever it stands, so neither threads nor tails change a bit.
 */
export function elementwise<A extends readonly KernelArgument[], const P extends Readonly<Record<string, Parameter>>>(
  name: string,
  parameters: P & Arguments<P>,
  { formula, exact = false, cost = 4 }: ElementwiseOptions<P>,
): Twin<A> {
  const program = new Program(name, m => emit(m, name, parameters, formula))
  const grain = Math.ceil(4096 / cost)
  return twin<A>(program, {
    name,
    parameters: Object.values(parameters),
    least: exact ? 1 : 32,
    exact,
    units: (...args) => Math.ceil(lengthOf(args[0]) / unit),
    grain: () => grain,
  })
}

function lengthOf(argument: KernelArgument | undefined): number {
  return typeof argument === "object" ? argument.length : 0
}

function emit<P extends Readonly<Record<string, Parameter>>>(
  m: ModuleBuilder,
  name: string,
  parameters: P,
  formula: ElementwiseOptions<P>["formula"],
): void {
  const layout: Layout = {
    ...Object.fromEntries(Object.entries(parameters).map(([key, kind]) => [key, kind === "float" ? "f32" : "i32"])),
    n: "i32",
  }
  m.kernel(name, layout, (f, words, begin, end) => {
    const bytes = 4 * unit
    const at = f.let("at", i32.mul(begin, bytes))
    const all = f.let("all", i32.mul(words.n as Local<"i32">, 4))
    const last = f.let("last", i32.mul(end, bytes))
    const stop = f.let("stop", select(last, all, i32.lt_s(last, all)))
    const whole = f.let("whole", i32.and(stop, -bytes))
    const buffers = new Map<string, Local<"i32">>()
    const numbers = new Map<string, Local<"v128">>()
    for (const [key, kind] of Object.entries(parameters)) {
      if (kind === "float") numbers.set(key, f.let(key, f32x4.splat(words[key] as Local<"f32">)))
      else if (kind !== "int") buffers.set(key, f.let(key, i32.add(words[key] as Local<"i32">, at)))
    }
    const step = (offset: number, load: Load, store: Store) => {
      const values: [string, Local<"v128">][] = [...numbers]
      for (const [key, base] of buffers) {
        if (parameters[key] !== "out") values.push([key, f.let(key, load(base, offset))])
      }
      const results = Object.entries<Vector>(formula(f, Object.fromEntries(values) as Values<P>))
      const kept = results.map(([key, value]): [string, Local<"v128">] => [key, f.let(key, value)])
      for (const [key, value] of kept) store(buffers.get(key) as Local<"i32">, value, offset)
    }
    const advance = (amount: number) => {
      for (const local of [at, ...buffers.values()]) f.increment(local, amount)
    }
    f.while(i32.lt_s(at, whole), () => {
      for (const offset of [0, 16]) step(offset, v128.load, f.v128.store)
      advance(bytes)
    })
    f.while(i32.lt_s(at, stop), () => {
      step(0, v128.load32_zero, (address, value) => f.v128.store32_lane(address, value, 0))
      advance(4)
    })
  })
}

type Load = (address: Local<"i32">, offset: number) => Vector
type Store = (address: Local<"i32">, value: Vector, offset: number) => void
