/**
 * A WebAssembly assembler for numeric kernels.
 *
 * Expressions (`i32`, `f32x4`, `v128`, ..., under the names of the WebAssembly specification) build trees; statements
 * (methods of the `FunctionBuilder` `f`) write them out and check every instruction against a typed operand stack.
 * Operands come first, immediates last: `v128.load(address, offset?)`, `f.v128.store(address, value, offset?)`,
 * `f32x4.extract_lane(v, lane)`, `v128.load32_lane(address, v, lane, offset?)`, `i8x16.shuffle(a, b, sixteenLanes)`.
 * A number stands for a literal of the type that its place asks for. A local is an expression.
 *
 * An expression is computed where a statement uses it, once per use: keep what is used twice in `f.let(name, value)`.
 *
 *     const m = new ModuleBuilder("example", { min: 1, max: 65536, shared: true })
 *
 *     // y[i] = factor * x[i]. A work unit is 4 elements; the last unit may be short.
 *     m.kernel("scale", { x: "i32", y: "i32", n: "i32", factor: "f32" }, (f, { x, y, n, factor }, begin, end) => {
 *       const i = f.let("i", i32.mul(begin, 16))
 *       const stop = f.let("stop", i32.mul(end, 16))
 *       const whole = f.let("whole", i32.and(i32.mul(n, 4), -16))
 *       f.set(stop, select(stop, whole, i32.lt_s(stop, whole)))
 *       const factors = f.let("factors", f32x4.splat(factor))
 *       const from = f.let("from", i32.add(x, i))
 *       const to = f.let("to", i32.add(y, i))
 *       f.while(i32.lt_s(i, stop), () => {
 *         f.v128.store(to, f32x4.mul(v128.load(from), factors))
 *         for (const address of [i, from, to]) f.increment(address, 16)
 *       })
 *       ...
 *     })
 *
 *     const bytes = m.assemble()
 *     disassemble(bytes, "scale")
 *
 * Statements of `f`: `local`, `let`, `set`, `increment`, `setGlobal`, `drop`, `call`, `return`, stores under
 * `f.v128`, `f.f32`, `f.i32`, ..., `f.memory.fill / copy`, `f.atomic.store`, and lexical control flow: `block(label =>)`,
 * `loop(label =>)`, `if(condition, then, otherwise?)`, `while`, `doWhile`, `for(i, from, to, step, body)`, `branch(label)`,
 * `branchIf(label, condition)`. Values beside the instructions: `f.tee(local, value)`, `select(a, b, condition)`,
 * `call(function, ...args)`, `global.get`, `f32x4.const(...)`, `i32x4.const(...)`, `i32x4.shuffle(a, b, fourLanes)`.
 *
 * The ABI of every kernel is `(args: i32, begin: i32, end: i32) -> ()`: `args` is the byte address of a block of 32-bit
 * words (i32 addresses and integers, f32 values) in linear memory, in the order of the layout given to `m.kernel`;
 * [begin, end) is a range of work units. The bits of the result never depend on how the units are divided. Memory is
 * imported as `env.memory`. A kernel that needs private memory reads the mutable global `scratch` (`m.global("scratch",
 * "i32")`, once per module), which the host sets to the address of 1 MiB of its own after instantiation.
 *
 * V8 can make one 256-bit instruction of two 128-bit ones, if stores (and the loads behind them) come in pairs on one
 * base local with adjoining offsets. In Node 22 that fails for a pair with offset 0: let the base stand 16 bytes before
 * the data and use 16, 32, 48, ...
 */
export type { Label } from "./code.ts"
export { disassemble } from "./disassemble.ts"
export {
  type CompiledModule,
  type HostGlobal,
  type KernelFunction,
  type LinearMemory,
  type ModuleInstance,
  type WasmEngine,
  wasmEngine,
} from "./engine.ts"
export {
  atomic,
  type Expression,
  f32,
  f32x4,
  f64,
  f64x2,
  i8x16,
  i32,
  i32x4,
  i64,
  i64x2,
  memory,
  type Operand,
  select,
  v128,
} from "./expression.ts"
export { call, FunctionBuilder, type FunctionReference, type GlobalReference, Local } from "./function.ts"
export { type Kernel, type Layout, type Locals, type MemoryLimits, ModuleBuilder } from "./module.ts"
export type { ValueType } from "./types.ts"
