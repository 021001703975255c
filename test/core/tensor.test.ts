import { spawnSync } from "node:child_process"
import { inspect } from "node:util"
import * as c from "@selvedge/core"
import { describe, expect, it, vi } from "vitest"

function messageOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof Error) return error.message
  }
  return "(nothing was thrown)"
}

describe("printing", () => {
  it("shows type, shape, name and aligned numbers", () => {
    const w = c.tensor(
      [
        [1, -2.5, 3],
        [0.001234567, 1e6, 1e-9],
      ],
      undefined,
      { requiresGrad: true, name: "kernel" },
    )
    expect(inspect(w)).toMatchInlineSnapshot(`
      "Tensor float32 [2, 3] "kernel" requires grad
      [[        1,      -2.5,         3],
       [0.0012346,   1000000,  1.000e-9]]"
    `)
    expect(String(w)).toBe(inspect(w))
  })

  it("shows where a result came from, and the edges of long axes", () => {
    const x = c.tensor([0, 1, 2, 3], [2, 2], { requiresGrad: true })
    expect(inspect(c.sum(c.mul(x, x)))).toMatchInlineSnapshot(`
      "Tensor float32 [] from sum
      14"
    `)
    expect(inspect(c.reshape(c.arange(100), [10, 10]))).toMatchInlineSnapshot(`
      "Tensor float32 [10, 10]
      [[ 0,  1,  2, ...,  7,  8,  9],
       [10, 11, 12, ..., 17, 18, 19],
       [20, 21, 22, ..., 27, 28, 29],
       ...,
       [70, 71, 72, ..., 77, 78, 79],
       [80, 81, 82, ..., 87, 88, 89],
       [90, 91, 92, ..., 97, 98, 99]]"
    `)
    expect(inspect(c.reshape(c.arange(8), [2, 2, 2]))).toMatchInlineSnapshot(`
      "Tensor float32 [2, 2, 2]
      [[[0, 1],
        [2, 3]],

       [[4, 5],
        [6, 7]]]"
    `)
    expect(inspect(c.zeros([0, 3]))).toMatchInlineSnapshot(`"Tensor float32 [0, 3] (empty)"`)
    expect(c.withFloat64(() => inspect(c.tensor(-0)))).toMatchInlineSnapshot(`
      "Tensor float64 []
      -0"
    `)
    expect(inspect(c.tensor([Number.NaN, Infinity, -1e30]))).toMatchInlineSnapshot(`
      "Tensor float32 [3]
      [       NaN,   Infinity, -1.000e+30]"
    `)
  })
})

describe("access to numbers", () => {
  const x = c.tensor([
    [1, 2, 3],
    [4, 5, 6],
  ])

  it("data is the same array at every look, toArray a copy", () => {
    expect(x.data).toBe(x.data)
    expect(x.toArray()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ])
    expect(c.tensor(7).toArray()).toBe(7)
  })

  it("view is a zero-copy ndarray, with writes seen by the tensor", () => {
    const w = c.tensor([1, 2, 3, 4, 5, 6], [2, 3])
    const view = w.view()
    expect(view.data).toBe(w.data)
    expect(view.transpose(1, 0).get(2, 1)).toBe(6)
    view.set(0, 1, 20)
    expect(w.toArray()).toEqual([
      [1, 20, 3],
      [4, 5, 6],
    ])
    expect(c.fromNdarray(w.view().transpose(1, 0)).toArray()).toEqual(c.transpose(w).toArray())
  })

  it("view says what forbids it under a Content-Security-Policy", () => {
    const script = `
      import { tensor } from "@selvedge/core"
      const x = tensor([[1, 2, 3, 4, 5]])
      try { x.view() } catch (error) { console.log(error.code, error.message.split("\\n")[0]) }`
    const { stdout } = spawnSync(
      process.execPath,
      [
        "--disallow-code-generation-from-strings",
        "--conditions=@selvedge/source",
        "--import",
        "tsx",
        "--input-type=module",
        "-e",
        script,
      ],
      { encoding: "utf8", cwd: new URL("..", import.meta.url) },
    )
    expect(stdout).toBe("ERR_OPTION view: a Content-Security-Policy forbids the ndarray package to compile its views\n")
  })

  it("item needs one number, and says the shape it got", () => {
    expect(c.tensor([[3]]).item()).toBe(3)
    expect(messageOf(() => x.item())).toBe("item: needs a tensor of size 1\n  x        [2, 3]")
  })

  it("clone has numbers of its own, detach has not; neither has a history", () => {
    const w = c.tensor([1, 2], [2], { requiresGrad: true })
    const y = c.square(w)
    for (const copy of [y.clone(), y.detach()]) {
      expect(copy.node).toBeNull()
      expect(copy.requiresGrad).toBe(false)
    }
    expect(y.clone().sharesStorage(y)).toBe(false)
    expect(y.detach().sharesStorage(y)).toBe(true)
  })

  it("assign replaces numbers where everyone who shares them sees it", () => {
    const w = c.zeros([2, 2])
    const row = c.slice(w, 1)
    c.assign(w, [1, 2, 3, 4])
    expect([...row.data]).toEqual([3, 4])
    expect(messageOf(() => c.assign(w, [1]))).toContain("a tensor keeps its shape")
  })
})

describe("tensor", () => {
  it("takes numbers, nested arrays and typed arrays, and rounds to float32", () => {
    expect(c.tensor(0.1).item()).toBe(Math.fround(0.1))
    expect(c.tensor([[[1], [2]]]).shape).toEqual([1, 2, 1])
    expect(c.tensor(Uint8Array.of(1, 2, 3, 4), [2, 2]).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ])
    expect(c.tensor([[], []]).shape).toEqual([2, 0])
    expect(c.withFloat64(() => c.tensor(0.1)).item()).toBe(0.1)
    const values = Float32Array.of(1, 2)
    expect(c.tensor(values).data).not.toBe(values)
  })

  it.each([
    ["a short row", [[1, 2], [3]], "tensor: ragged rows: entry [1] does not have 2 entries"],
    ["a number among rows", [[1, 2], 3], "tensor: ragged rows: entry [1] does not have 2 entries"],
    ["a row among numbers", [1, [2]], "tensor: ragged rows: entry [1] is a list where a number is expected"],
    ["text", [[1, "2"]], 'tensor: entry [0, 1] is not a number but "2"'],
    ["null", [1, null], "tensor: entry [1] is not a number but null"],
    ["an object", { a: 1 }, "tensor: entry [] is not a number but an object"],
    ["a tensor", c.ones([2]), "tensor: this is a tensor already"],
  ])("refuses %s", (_, values, sentence) => {
    expect(messageOf(() => Reflect.apply(c.tensor, null, [values])).split("\n")[0]).toBe(sentence)
  })
})

describe("errors say what came, the rule and the fix", () => {
  it.each([
    [
      "a broadcast",
      () => c.add(c.ones([2, 3]), c.ones([2])),
      [
        "add: 3 and 2 do not broadcast",
        "  a        [2, 3]",
        "  b        [2]",
        "  rule     aligned at the last axis, two dimensions are equal or one of them is 1",
      ],
    ],
    [
      "a dense layer's features",
      () => c.linear(c.ones([32, 28, 28]), c.ones([784, 300])),
      [
        "linear: kernel expects 784 features, the input has 28",
        "  x        [32, 28, 28]",
        "  kernel   [784, 300]",
        "  rule     the input's last dimension = the kernel's first",
        "  hint     flatten first: add new Flatten() before the layer",
      ],
    ],
    [
      "a matrix product",
      () => c.matmul(c.ones([2, 3]), c.ones([4, 3])),
      [
        "matmul: the inner dimensions 3 and 4 differ",
        "  a          [2, 3]",
        "  b          [4, 3]",
        "  transposeA false",
        "  transposeB false",
        "  rule       the columns of the first matrix = the rows of the second",
      ],
    ],
    [
      "an axis",
      () => c.sum(c.ones([2, 3]), { axis: 2 }),
      ["sum: axis 2 does not exist in a tensor of rank 2", "  rule     axis is an integer from -2 to 1"],
    ],
    [
      "a label",
      () => c.sparseCategoricalCrossentropy(c.tensor([0, 10]), c.ones([2, 10])),
      [
        "sparseCategoricalCrossentropy: label 10 in row 1 is not one of 10 classes",
        "  rule     a label is an integer from 0 to 9",
      ],
    ],
    [
      "an option",
      () => c.softmax(c.ones([2]), Object.fromEntries([["axes", 1]])),
      ['softmax: unknown option "axes", did you mean "axis"?', "  allowed  axis"],
    ],
    [
      "no tensor",
      () => Reflect.apply(c.relu, null, [[1, 2]]),
      ["relu: needs a tensor, got an array", "  hint     make one with tensor(values)"],
    ],
    [
      "a reshape",
      () => c.reshape(c.ones([2, 3]), [4, -1]),
      [
        "reshape: 6 values do not fill the shape [4, -1]",
        "  x        [2, 3]",
        "  asked    [4, -1]",
        "  rule     a reshape keeps the number of values",
      ],
    ],
    [
      "a window",
      () => c.maxPool2d(c.ones([1, 2, 2, 1]), 3),
      [
        "maxPool2d: the window is larger than the image",
        "  x        [1, 2, 2, 1]",
        "  window   [3, 3]",
        '  hint     padding "same" puts zeros around the image',
      ],
    ],
  ])("about %s", (_, run, lines) => {
    expect(messageOf(run)).toBe(lines.join("\n"))
  })
})

describe("two copies of core in one process", () => {
  it("know each other's tensors by brand, and refuse to compute with them in a sentence", async () => {
    vi.resetModules()
    const copy = await import("@selvedge/core")
    const foreign = copy.tensor([1, 2, 3])
    expect(copy.Tensor).not.toBe(c.Tensor)
    expect(c.isTensor(foreign)).toBe(true)
    expect(foreign instanceof c.Tensor).toBe(false)
    const message = [
      "add: this tensor belongs to another copy of @selvedge/core",
      "  rule     all tensors of a computation come from one copy of the library",
      "  hint     find the copies with: npm ls @selvedge/core; or pass the numbers: tensor(x.data, x.shape)",
    ].join("\n")
    expect(messageOf(() => c.add(c.ones([3]), foreign))).toBe(message)
    for (const op of [c.relu, c.sum, c.reshape, c.transpose, c.stopGradient, c.argMax]) {
      expect(() => Reflect.apply(op, null, [foreign])).toThrow("another copy")
    }
    expect([...c.tensor(foreign.data, foreign.shape).data]).toEqual([1, 2, 3])
  })
})
