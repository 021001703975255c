import { ByteWriter } from "./bytes.ts"
import { Code, type Label } from "./code.ts"
import { type Expression, expression, i32, type Operand, statements } from "./expression.ts"
import { typeCodes, type ValueType } from "./types.ts"

/** The names and types of a function's parameters. */
export type Params = Readonly<Record<string, ValueType>>

/** A function of a module: what `f.call` and `call` take. */
export interface FunctionReference<R extends ValueType | "void" = ValueType | "void"> {
  readonly name: string
  readonly index: number
  readonly params: readonly ValueType[]
  readonly result: R
}

/** A global of a module; `get` reads it. */
export interface GlobalReference<T extends ValueType = ValueType> {
  readonly name: string
  readonly index: number
  readonly type: T
  readonly get: Expression<T>
}

/** A parameter or a variable of a function. As an expression it is its present value. */
export class Local<T extends ValueType = ValueType> implements Expression<T> {
  readonly type: T
  readonly name: string
  readonly index: number
  readonly #owner: Code

  constructor(owner: Code, type: T, name: string, index: number) {
    this.#owner = owner
    this.type = type
    this.name = name
    this.index = index
  }

  emit(code: Code): void {
    this.checkOwner(code, "local.get")
    code.get(this.type, this.index)
  }

  /** @throws Error if the local belongs to another function. */
  checkOwner(code: Code, name: "local.get" | "local.set" | "local.tee"): void {
    if (code !== this.#owner) {
      code.fail(name, `uses the local "${this.name}" of the function "${this.#owner.functionName}"`)
    }
  }
}

/** The value of a call to a function that has a result. */
export function call<R extends ValueType>(
  target: FunctionReference<R>,
  ...args: readonly Operand<ValueType>[]
): Expression<R> {
  return { type: target.result, emit: code => emitCall(code, target, args) }
}

function emitCall(code: Code, target: FunctionReference, args: readonly Operand<ValueType>[]): void {
  if (args.length !== target.params.length) {
    code.fail("call", `of "${target.name}" wants ${target.params.length} operands, got ${args.length}`)
  }
  for (let i = 0; i < args.length; i++) expression(target.params[i], args[i]).emit(code)
  code.typed("call", target.params, target.result, target.index)
}

/** Writes one function: its locals, its statements and its control flow. */
export class FunctionBuilder {
  readonly code: Code
  readonly name: string
  readonly params: readonly Local[]
  readonly result: ValueType | "void"
  readonly i32
  readonly i64
  readonly f32
  readonly f64
  readonly v128
  readonly memory
  /** `f.atomic.store(address, value, offset?)` */
  readonly atomic
  /** Vectors made by `let` in the innermost loop. */
  #temporaries: Local[] = []
  #zero: Local<"v128"> | null = null
  readonly #locals: Local[] = []
  readonly #fusing: boolean

  /** `fusing`: for an engine that fuses pairs of vectors, see `#forget`. */
  constructor(name: string, params: Params, result: ValueType | "void", fusing: boolean) {
    this.#fusing = fusing
    this.name = name
    this.result = result
    this.code = new Code(name)
    this.params = Object.entries(params).map(([key, type], index) => new Local(this.code, type, key, index))
    this.i32 = statements("i32", this.code)
    this.i64 = statements("i64", this.code)
    this.f32 = statements("f32", this.code)
    this.f64 = statements("f64", this.code)
    this.v128 = statements("v128", this.code)
    this.memory = statements("memory", this.code)
    this.atomic = statements("i32.atomic", this.code)
  }

  /** `atomic.fence` */
  fence(): void {
    this.code.instruction("atomic.fence")
  }

  /** A new variable, zero at the function's start (not each time its declaration is passed). */
  local<T extends ValueType>(type: T, name: string): Local<T> {
    const local = new Local(this.code, type, name, this.params.length + this.#locals.length)
    this.#locals.push(local)
    return local
  }

  /** A new variable with a value. */
  let<T extends ValueType>(name: string, value: Expression<T>): Local<T> {
    const local = this.local(value.type, name)
    this.set(local, value)
    if (this.#fusing && local.type === "v128") this.#temporaries.push(local)
    return local
  }

  /** `local = value` */
  set<T extends ValueType>(local: Local<T>, value: Operand<T>): void {
    expression(local.type, value).emit(this.code)
    local.checkOwner(this.code, "local.set")
    this.code.typed("local.set", [local.type], "void", local.index)
  }

  /** `local = value`, as a value. */
  tee<T extends ValueType>(local: Local<T>, value: Operand<T>): Expression<T> {
    return {
      type: local.type,
      emit: code => {
        expression(local.type, value).emit(code)
        local.checkOwner(code, "local.tee")
        code.typed("local.tee", [local.type], local.type, local.index)
      },
    }
  }

  /** `local = local + amount`, for counters and addresses. */
  increment(local: Local<"i32">, amount: Operand<"i32">): void {
    this.set(local, i32.add(local, amount))
  }

  /**
   * Stores vectors one behind the other, the last first: where V8 fuses two stores it keeps the lower one as well if that
   * comes first, because the higher one may be out of bounds.
   */
  storeVectors(address: Local<"i32">, vectors: readonly Operand<"v128">[], offset = 0): void {
    for (let v = vectors.length - 1; v >= 0; v--) this.v128.store(address, vectors[v], offset + 16 * v)
  }

  setGlobal<T extends ValueType>(global: GlobalReference<T>, value: Operand<T>): void {
    expression(global.type, value).emit(this.code)
    this.code.typed("global.set", [global.type], "void", global.index)
  }

  /** Computes a value for its effect (an atomic, a call) and forgets it. */
  drop(value: Expression): void {
    value.emit(this.code)
    this.code.typed("drop", [value.type], "void")
  }

  /** Calls a function without a result. */
  call(target: FunctionReference, ...args: readonly Operand<ValueType>[]): void {
    emitCall(this.code, target, args)
    if (target.result !== "void") this.code.typed("drop", [target.result], "void")
  }

  /** `body`; a branch to the label goes to its end. */
  block(body: (label: Label) => void): void {
    const label = this.code.open("block")
    body(label)
    this.code.close()
  }

  /** `body` once; a branch to the label starts it again. */
  loop(body: (label: Label) => void): void {
    const label = this.code.open("loop")
    body(label)
    this.code.close()
  }

  if(condition: Operand<"i32">, then: () => void, otherwise?: () => void): void {
    expression("i32", condition).emit(this.code)
    this.code.open("if")
    then()
    if (otherwise) {
      this.code.otherwise()
      otherwise()
    }
    this.code.close()
  }

  /** Repeats `body` until `condition`, computed after it, is zero. */
  doWhile(body: () => void, condition: () => Operand<"i32">): void {
    const outside = this.#temporaries
    this.#temporaries = []
    this.loop(again => {
      body()
      this.#forget()
      this.branchIf(again, condition())
    })
    this.#temporaries = outside
  }

  /**
   * Vectors made in a loop's body are made anew in each turn. Set back to zero, they do not flow around the loop: an engine
   * that fuses pairs of vectors would count that as a use of its own of each half, and not fuse them.
   */
  #forget(): void {
    for (const local of this.#temporaries) {
      this.#zero ??= this.local("v128", "zero")
      this.code.get("v128", this.#zero.index)
      this.code.typed("local.set", ["v128"], "void", local.index)
    }
  }

  /** Repeats `body` as long as `condition`, computed before it, is not zero. */
  while(condition: Operand<"i32">, body: () => void): void {
    // The test stands before the loop and at its end: one branch per turn instead of two.
    this.if(condition, () => this.doWhile(body, () => condition))
  }

  /** `for (i = from; i < to; i += step) body()`, signed. `i` must be a local; `to` is computed at each turn. */
  for(i: Local<"i32">, from: Operand<"i32">, to: Operand<"i32">, step: Operand<"i32">, body: () => void): void {
    this.set(i, from)
    this.while(i32.lt_s(i, to), () => {
      body()
      this.increment(i, step)
    })
  }

  branch(label: Label): void {
    this.code.typed("br", [], "void", this.code.depth(label, "br"))
    this.code.markUnreachable()
  }

  branchIf(label: Label, condition: Operand<"i32">): void {
    expression("i32", condition).emit(this.code)
    this.code.typed("br_if", ["i32"], "void", this.code.depth(label, "br_if"))
  }

  /** Leaves the function, with its result if it has one. */
  return(value?: Operand<ValueType>): void {
    if (this.result !== "void") {
      if (value === undefined) this.code.fail("return", `wants a value of type ${this.result}`)
      expression(this.result, value).emit(this.code)
      this.code.typed("return", [this.result], "void")
    } else {
      if (value !== undefined) this.code.fail("return", "has a value in a function without result")
      this.code.typed("return", [], "void")
    }
    this.code.markUnreachable()
  }

  /** The body in the binary format: runs of locals of one type, then the code. */
  finish(): Uint8Array {
    this.code.finish(this.result)
    const runs: { type: ValueType; count: number }[] = []
    for (const { type } of this.#locals) {
      const last = runs[runs.length - 1]
      if (last?.type === type) last.count++
      else runs.push({ type, count: 1 })
    }
    const body = new ByteWriter()
    body.u32(runs.length)
    for (const run of runs) {
      body.u32(run.count)
      body.byte(typeCodes[run.type])
    }
    body.append(this.code.bytes.bytes)
    return body.bytes
  }

  /** The names of parameters and locals, by index. */
  localNames(): string[] {
    return [...this.params, ...this.#locals].map(local => local.name)
  }
}
