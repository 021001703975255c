import { describe, expect, it } from "vitest"
import {
  atomic,
  call,
  disassemble,
  f32,
  f32x4,
  f64,
  i8x16,
  i32,
  i32x4,
  i64,
  i64x2,
  ModuleBuilder,
  memory,
  select,
  v128,
  wasmEngine,
} from "../../../packages/core/src/kernels/wasm/index.ts"

const engine = wasmEngine()
if (!engine) throw new Error("these tests need WebAssembly")

/** Assembles, validates and instantiates a module with one page of memory. */
function instantiate(m: ModuleBuilder) {
  const bytes = m.assemble()
  expect(engine?.validate(bytes)).toBe(true)
  const { shared = false, max } = m.memory
  const limits = max === undefined ? { initial: m.memory.min } : { initial: m.memory.min, maximum: max, shared }
  const linear = new engine!.Memory(limits)
  const { exports } = new engine!.Instance(new engine!.Module(bytes), { env: { memory: linear } })
  const run = (name: string, args: number, begin: number, end: number) => {
    const kernel = exports[name]
    if (typeof kernel !== "function") throw new Error(`no kernel ${name}`)
    kernel(args, begin, end)
  }
  const scratch = exports.scratch
  return { bytes, linear, run, scratch, ints: new Int32Array(linear.buffer), floats: new Float32Array(linear.buffer) }
}

/** A module with one kernel whose body writes results to addresses from 0 on. */
function program(body: Parameters<ModuleBuilder["kernel"]>[2]) {
  const m = new ModuleBuilder("test", { min: 1 })
  m.kernel("test", {}, body)
  return m
}

function run(body: Parameters<ModuleBuilder["kernel"]>[2], begin = 0, end = 0) {
  const instance = instantiate(program(body))
  instance.run("test", 512, begin, end)
  return instance
}

describe("emitting", () => {
  it("refuses an operand of the wrong type, naming function and instruction", () => {
    expect(() =>
      program(f => {
        const x = f.local("i32", "x")
        // @ts-expect-error an i32 where a vector belongs
        f.v128.store(0, f32x4.add(x, v128.load(0)))
      }),
    ).toThrow('in function "test", f32x4.add wants an operand of type v128, found i32')
  })

  it("refuses a missing operand", () => {
    // @ts-expect-error one operand of two
    expect(() => program(f => f.drop(i32.add(1)))).toThrow('in function "test", i32.add wants 2 operands, got 1')
  })

  it("refuses values left on the stack", () => {
    expect(() => program(f => i32.const(1).emit(f.code))).toThrow("leaves [i32] on the stack")
    expect(() => program(f => f.block(() => f32.const(1).emit(f.code)))).toThrow(
      'in function "test", end of block leaves [f32] on the stack',
    )
  })

  it("does not let a block take values from outside of it", () => {
    expect(() =>
      program(f => {
        i32.const(1).emit(f.code)
        f.block(() => f.code.instruction("drop"))
        f.loop(() => f.code.typed("drop", ["i32"], "void"))
      }),
    ).toThrow("drop wants an operand of type i32, the stack is empty")
  })

  it("refuses a branch to a label that does not enclose it", () => {
    expect(() =>
      program(f => {
        let outside = { name: "none" }
        f.block(label => {
          outside = label
        })
        f.loop(() => f.branch(outside))
      }),
    ).toThrow("br branches to a block that does not enclose it")
  })

  it("refuses another function's local", () => {
    const m = new ModuleBuilder("test", { min: 1 })
    m.func("first", { params: { x: "i32" } }, (_, { x }) => {
      expect(() => m.func("second", {}, f => f.drop(x))).toThrow(
        'in function "second", local.get uses the local "x" of the function "first"',
      )
    })
  })

  it("refuses immediates out of range", () => {
    expect(() => program(f => f.drop(f32x4.extract_lane(v128.load(0), 4)))).toThrow("wants a lane in [0, 4), not 4")
    expect(() => program(f => f.v128.store32_lane(0, v128.load(0), 4))).toThrow("wants a lane in [0, 4), not 4")
    expect(() => program(f => f.drop(v128.load(0, -16)))).toThrow(
      "v128.load wants a offset in [0, 4294967296), not -16",
    )
    expect(() => program(f => f.drop(i32.const(2 ** 32)))).toThrow("i32.const wants a 32-bit integer")
    expect(() => program(f => f.drop(i32.const(0.5)))).toThrow("i32.const wants a 32-bit integer")
    expect(() => program(f => f.drop(i8x16.shuffle(v128.load(0), v128.load(0), [1, 2])))).toThrow("wants sixteen bytes")
    const lanes = [32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    expect(() => program(f => f.drop(i8x16.shuffle(v128.load(0), v128.load(0), lanes)))).toThrow("[0, 32), not 32")
  })

  it("refuses a wrong call, a wrong return, a second function of one name, a late import, unbounded shared memory", () => {
    const m = new ModuleBuilder("test", { min: 1 })
    const twice = m.func("twice", { params: { x: "i32" }, result: "i32" }, (f, { x }) => f.return(i32.mul(x, 2)))
    expect(() => m.func("a", {}, f => f.drop(call(twice)))).toThrow('call of "twice" wants 1 operands, got 0')
    expect(() => m.func("b", {}, f => f.return(1))).toThrow("return has a value in a function without result")
    expect(() => m.func("c", { result: "i32" }, f => f.return())).toThrow("return wants a value of type i32")
    expect(() => m.func("d", { result: "i32" }, () => {})).toThrow("end wants an operand of type i32")
    expect(() => m.func("twice", {}, () => {})).toThrow('a second function named "twice"')
    expect(() => m.importFunction("env", "late", {})).toThrow('import "late" before the first function')
    expect(() => new ModuleBuilder("test", { min: 1, shared: true })).toThrow("a shared memory needs a maximum size")
  })
})

describe("assembled code", () => {
  it("keeps literals of every type and size", () => {
    const integers = [0, 1, -1, 63, 64, -64, -65, 8191, 8192, -8193, 2 ** 31 - 1, -(2 ** 31), 2 ** 32 - 1]
    const longs = [0n, -1n, 63n, -65n, 2n ** 40n, -(2n ** 63n), 2n ** 63n - 1n]
    const { ints, linear } = run(f => {
      integers.forEach((value, i) => {
        f.i32.store(0, value, 4 * i)
      })
      longs.forEach((value, i) => {
        f.i64.store(1024, value, 8 * i)
      })
      f.f64.store(2048, f64.add(0.1, 0.2))
      f.f32.store(2056, f32.const(Number.NaN))
      f.v128.store(2064, f32x4.const(1, -2, 0.5, 4))
      f.v128.store(2080, i32x4.const(-7))
    })
    expect([...ints.subarray(0, integers.length)]).toEqual(integers.map(value => value | 0))
    expect([...new BigInt64Array(linear.buffer, 1024, longs.length)]).toEqual(longs)
    expect(new Float64Array(linear.buffer, 2048, 1)[0]).toBe(0.1 + 0.2)
    expect(new Float32Array(linear.buffer, 2056, 1)[0]).toBeNaN()
    expect([...new Float32Array(linear.buffer, 2064, 4)]).toEqual([1, -2, 0.5, 4])
    expect([...new Int32Array(linear.buffer, 2080, 4)]).toEqual([-7, -7, -7, -7])
  })

  it("runs lexical control flow", () => {
    const { ints } = run(
      (f, _, begin, end) => {
        const i = f.local("i32", "i")
        const sum = f.local("i32", "sum")
        f.for(i, begin, end, 1, () => {
          f.if(
            i32.and(i, 1),
            () => f.set(sum, i32.add(sum, i)),
            () => f.set(sum, i32.sub(sum, 1)),
          )
        })
        f.i32.store(0, sum)
        const power = f.let("power", i32.const(1))
        f.block(done => {
          f.loop(again => {
            f.set(power, i32.mul(power, 3))
            f.branchIf(done, i32.gt_s(power, 1000))
            f.branch(again)
          })
        })
        f.i32.store(4, power)
        f.while(i32.gt_s(power, 5), () => f.set(power, i32.div_s(power, 2)))
        f.i32.store(8, f.tee(sum, power))
        f.i32.store(12, select(i32.const(7), i32.const(9), i32.eq(sum, power)))
        f.if(end, () => f.return())
        f.i32.store(16, 1)
      },
      0,
      10,
    )
    // 1 + 3 + 5 + 7 + 9 - 5 = 20; 3^7 = 2187; 2187 halved to 4
    expect([...ints.subarray(0, 5)]).toEqual([20, 2187, 4, 7, 0])
  })

  it("skips a loop over an empty range", () => {
    const { ints } = run(
      (f, _, begin, end) => {
        const i = f.local("i32", "i")
        f.for(i, begin, end, 1, () => f.i32.store(0, 1))
      },
      5,
      5,
    )
    expect(ints[0]).toBe(0)
  })

  it("moves lanes", () => {
    const { ints } = run(f => {
      const x = f.let("x", i32x4.const(1, 2, 3, 4))
      const y = f.let("y", i32x4.const(5, 6, 7, 8))
      f.v128.store(0, i32x4.shuffle(x, y, [0, 4, 3, 7]))
      f.v128.store(16, i32x4.replace_lane(x, i32x4.extract_lane(y, 2), 1))
      f.v128.store32_lane(32, y, 3, 4)
      f.v128.store(48, v128.load32_lane(16, y, 0, 12))
      f.v128.store(64, v128.bitselect(x, y, i32x4.lt_s(x, i32x4.splat(3))))
      f.v128.store(80, i64x2.extmul_low_i32x4_u(i32x4.const(-1), i32x4.const(-1)))
    })
    expect([...ints.subarray(0, 4)]).toEqual([1, 5, 4, 8])
    expect([...ints.subarray(4, 8)]).toEqual([1, 7, 3, 4])
    expect([...ints.subarray(8, 12)]).toEqual([0, 8, 0, 0])
    expect([...ints.subarray(12, 16)]).toEqual([4, 6, 7, 8])
    expect([...ints.subarray(16, 20)]).toEqual([1, 2, 7, 8])
    // (2^32 - 1)^2 = 0xfffffffe_00000001
    expect([...ints.subarray(20, 24)]).toEqual([1, -2, 1, -2])
  })

  it("imports shared memory, has globals, private functions and atomics", () => {
    const m = new ModuleBuilder("test", { min: 1, max: 2, shared: true })
    const scratch = m.global("scratch", "i32")
    const square = m.func("square", { params: { x: "f32" }, result: "f32" }, (f, { x }) => f.return(f32.mul(x, x)))
    m.kernel("test", { x: "f32", at: "i32" }, (f, { x, at }, begin) => {
      f.f32.store(scratch.get, call(square, x))
      f.i32.store(at, atomic["rmw.add"](at, 5), 4)
      f.i32.store(at, atomic["rmw.cmpxchg"](at, 12, begin), 8)
      f.i32.store(at, memory["atomic.notify"](at, 1), 12)
      f.fence()
      f.atomic.store(at, atomic.load(at), 16)
      f.memory.fill(128, 0x11, 8)
      f.memory.copy(136, 128, 4)
      f.i32.store(at, memory.size(), 20)
    })
    const { run: runShared, ints, floats, scratch: exported, linear } = instantiate(m)
    expect(linear.buffer).toBeInstanceOf(SharedArrayBuffer)
    if (typeof exported !== "object") throw new Error("no global")
    exported.value = 64
    floats[128] = 1.5
    ints[129] = 256
    ints[64] = 7
    runShared("test", 512, 99, 0)
    expect(floats[16]).toBe(2.25)
    expect([...ints.subarray(64, 70)]).toEqual([99, 7, 12, 0, 99, 1])
    expect([...ints.subarray(32, 36)]).toEqual([0x11111111, 0x11111111, 0x11111111, 0])
  })

  it("calls functions of the host", () => {
    const m = new ModuleBuilder("test", { min: 1 })
    const log = m.importFunction("host", "log", { x: "i32" })
    m.kernel("test", {}, (f, _, begin, end) => f.call(log, i32.add(begin, end)))
    const seen: number[] = []
    const host = { log: (x: number) => seen.push(x) }
    const linear = new engine.Memory({ initial: 1 })
    const { exports } = new engine.Instance(new engine.Module(m.assemble()), { env: { memory: linear }, host })
    const kernel = exports.test
    if (typeof kernel === "function") kernel(0, 40, 2)
    expect(seen).toEqual([42])
  })
})

it("storeVectors stores vectors one behind the other, the last first", () => {
  const { bytes, floats } = run((f, _, begin) => {
    f.storeVectors(f.let("at", begin), [f32x4.const(1), f32x4.const(2), f32x4.const(3)], 16)
  }, 64)
  expect([...floats.subarray(16 + 3, 16 + 17)]).toEqual([0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 0])
  const offsets = [...disassemble(bytes, "test").matchAll(/v128\.store.*offset=(\d+)/g)].map(([, offset]) =>
    Number(offset),
  )
  expect(offsets).toEqual([48, 32, 16])
})

describe("disassemble", () => {
  const m = new ModuleBuilder("test", { min: 1 })
  const scratch = m.global("scratch", "i32")
  const half = m.func("half", { params: { v: "v128" }, result: "v128" }, (f, { v }) => {
    f.return(f32x4.mul(v, f32x4.splat(0.5)))
  })
  m.kernel("example", { x: "i32", rate: "f32" }, (f, { x, rate }, begin) => {
    f.while(begin, () => {
      f.if(
        i32.eqz(rateBits(rate)),
        () => f.v128.store(x, call(half, v128.load(x, 16)), 32),
        () => f.v128.store32_lane(scratch.get, v128.load32_splat(x), 2, 8),
      )
      f.increment(begin, -1)
    })
    f.i64.store(x, i64.const(-5n))
  })
  const bytes = m.assemble()

  function rateBits(rate: Parameters<typeof i32.reinterpret_f32>[0]) {
    return i32.reinterpret_f32(rate)
  }

  it("shows names, offsets, lanes and nesting", () => {
    const text = disassemble(bytes, "example")
    for (const line of [
      "(func $example (param $args i32) (param $begin i32) (param $end i32)",
      "  (local $rate f32)",
      "  f32.load offset=4",
      "  if\n    loop",
      "          call $half\n          v128.store offset=32"
        .replace(/^ {10}/, "        ")
        .replace(/\n {10}/, "\n        "),
      "        global.get $scratch",
      "        v128.store32_lane offset=8 2",
      "  i64.const -5",
    ]) {
      expect(text).toContain(line)
    }
    expect(text).not.toContain("(func $half")
  })

  it("shows a whole module, and refuses what it does not know", () => {
    expect(disassemble(bytes)).toContain("(func $half (param $v v128) (result v128)\n  local.get $v\n  f32.const 0.5")
    expect(() => disassemble(bytes, "none")).toThrow('no function "none"')
    expect(() => disassemble(new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]))).toThrow("not a WebAssembly module")
  })
})
