import * as c from "@selvedge/core"
import { describe, expect, it } from "vitest"
import { recordProducts } from "../../packages/core/src/autograd.ts"
import { asBlank, takeBlank } from "../../packages/core/src/storage.ts"

const leaf = (values: c.TensorLike, name = "") => c.tensor(values, undefined, { requiresGrad: true, name })
const values = (x: c.Tensor | null) => (x ? [...x.data] : null)

function messageOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof Error) return error.message
  }
  return "(nothing was thrown)"
}

describe("backward", () => {
  it("differentiates a chain of 100,000 ops", () => {
    const x = leaf(1)
    let y: c.Tensor = x
    for (let i = 0; i < 100_000; i++) y = c.mul(y, i % 2 === 0 ? 0.5 : 2)
    c.backward(y)
    expect(x.grad?.item()).toBe(1)
  })

  it("gives the buffer of a gradient that was passed on to the next one of its size", () => {
    const seen = new Set<c.Buffer>()
    const passOn = (x: c.Tensor) =>
      c.record("passOn", x.read().slice(), x.shape, [x], (dy, dx) => {
        seen.add(dy)
        if (dx) for (let i = 0; i < dx.length; i++) dx[i] += dy[i]
      })
    const x = leaf([1, 2, 3])
    let y: c.Tensor = x
    for (let i = 0; i < 100; i++) y = passOn(y)
    c.backward(c.sum(y))
    expect(values(x.grad)).toEqual([1, 1, 1])
    // One is read while the other is written.
    expect(seen.size).toBe(2)
  })

  it("adds up what flows back from several uses, deep and shallow", () => {
    const x = leaf([1, 2])
    const a = c.mul(x, x)
    const b = c.mul(a, x)
    c.backward(c.sum(c.add(c.add(a, b), x)))
    expect(values(x.grad)).toEqual([2 + 3 + 1, 4 + 12 + 1])
  })

  it("adds up 50 uses of one tensor", () => {
    const x = leaf([3])
    c.backward(c.sum(c.concat(Array.from({ length: 50 }, () => x))))
    expect(values(x.grad)).toEqual([50])
  })

  it("replaces grad at each call and returns the leaves it reached", () => {
    const [x, w, other] = [leaf([1, 2]), leaf([3, 4], "w"), leaf([1])]
    expect(c.backward(c.sum(c.mul(x, w)))).toEqual(expect.arrayContaining([x, w]))
    expect(c.backward(c.sum(c.mul(x, w)))).toHaveLength(2)
    expect(values(x.grad)).toEqual([3, 4])
    expect(w.grad?.name).toBe("w/grad")
    expect(other.grad).toBeNull()
  })

  it("takes a cotangent", () => {
    const x = leaf([1, 2, 3])
    c.backward(c.square(x), c.tensor([1, 10, 100]))
    expect(values(x.grad)).toEqual([2, 40, 600])
  })

  it("does no work below what wants no gradient", () => {
    const [data, w] = [c.tensor([1, 2]), leaf([3, 4])]
    let reached = 0
    const watched = c.record("watched", data.data.slice(), [2], [data], () => {
      reached++
    })
    expect(watched.node).toBeNull()
    c.backward(c.sum(c.mul(watched, w)))
    expect(reached).toBe(0)
    expect(data.grad).toBeNull()
  })

  it("leaves no blank gradient behind when a closure throws", () => {
    const buffer = asBlank(new Float32Array(4))
    const w = leaf([1, 2])
    const y = recordProducts("broken", new Float32Array(1), [], [w], () => {
      throw new Error("broken")
    })
    expect(() => c.backward(y)).toThrow("broken")
    expect(takeBlank(buffer)).toBe(false)
  })

  it("leaves no blank gradient behind when there is no room for another", () => {
    const buffer = asBlank(new Float32Array(4))
    const large = Object.assign(leaf([1]), { size: 2 ** 45 })
    const y = recordProducts("large", new Float32Array(1), [1], [leaf([1, 2]), large], () => {})
    expect(() => c.backward(y)).toThrow(RangeError)
    expect(takeBlank(buffer)).toBe(false)
  })

  it("within a closure of another pass leaves that one's gradients alone, also when it fails", () => {
    const w = leaf([1, 2])
    const z = c.mul(w, c.tensor([3]))
    const broken = recordProducts("broken", new Float32Array(1), [1], [w], () => {
      throw new Error("broken")
    })
    const inner = c.add(c.sum(broken), c.sum(c.mul(z, c.tensor([1000]))))
    const nest = recordProducts("nest", new Float32Array(1), [1], [w], () => {
      expect(() => c.backward(inner)).toThrow("broken")
    })
    c.backward(c.add(c.sum(nest), c.sum(c.mul(z, c.tensor([5])))))
    expect(w.grad?.toArray()).toEqual([15, 15])
  })

  it("says so when a closure uses up a graph that its own pass needs", () => {
    const w = leaf([1, 2])
    const z = c.mul(w, c.tensor([3]))
    const y = recordProducts("nest", new Float32Array(1), [1], [z], (_, dz) => {
      c.grad(c.sum(z), [w])
      dz?.fill(100)
    })
    expect(messageOf(() => c.backward(c.sum(y)))).toContain('the graph through "mul" was already used')
  })

  it("leaves no gradient in the graph when it fails", () => {
    const w = leaf([1, 2])
    const z = c.mul(w, c.tensor([3]))
    const broken = recordProducts("broken", new Float32Array(1), [1], [c.mul(w, c.tensor([1]))], () => {
      throw new Error("broken")
    })
    expect(() => c.backward(c.add(c.sum(c.square(z)), c.sum(broken)))).toThrow("broken")
    expect(z.node?.gradient).toBeNull()
  })

  it("frees each closure: a graph is used once", () => {
    const y = c.sum(c.square(leaf([1, 2])))
    c.backward(y)
    expect(messageOf(() => c.backward(y))).toBe(
      [
        'backward: the graph through "sum" was already used',
        "  rule     a graph is differentiated once",
        "  hint     compute the loss again, or ask for all gradients in one call of backward or grad",
      ].join("\n"),
    )
  })

  it("needs a scalar or a cotangent of y's shape", () => {
    const y = c.square(leaf([1, 2]))
    expect(messageOf(() => c.backward(y))).toBe(
      [
        "backward: needs a scalar, or a cotangent of y's shape",
        "  y        [2]",
        "  hint     reduce with mean(y) or sum(y), or pass a cotangent",
      ].join("\n"),
    )
    expect(messageOf(() => c.backward(y, c.ones([3])))).toBe(
      ["backward: the cotangent has another shape than y", "  y        [2]", "  cotangent [3]"]
        .join("\n")
        .replace("  y        ", "  y         "),
    )
  })

  it("says so when nothing wants a gradient", () => {
    expect(messageOf(() => c.backward(c.sum(c.tensor([1, 2]))))).toBe(
      [
        "backward: nothing this tensor was computed from wants a gradient",
        "  y        []",
        "  hint     make a leaf with tensor(data, shape, { requiresGrad: true }), and compute outside of noGrad",
      ].join("\n"),
    )
  })
})

describe("grad", () => {
  it("gives gradients for leaves and intermediates, zeros for what y does not depend on, and leaves grad alone", () => {
    const [x, other] = [leaf([2, 3]), leaf([1])]
    const h = c.square(x)
    const [dx, dh, none] = c.grad(c.sum(c.mul(h, 5)), [x, h, other])
    expect([values(dx), values(dh), values(none)]).toEqual([[20, 30], [5, 5], [0]])
    expect(x.grad).toBeNull()
  })

  it("gives each of two equal inputs the whole gradient", () => {
    const x = leaf([2])
    const [a, b] = c.grad(c.sum(c.mul(x, x)), [x, x])
    expect([values(a), values(b)]).toEqual([[4], [4]])
  })
})

describe("noGrad", () => {
  it("records nothing inside, also after an error", () => {
    const x = leaf([1, 2])
    expect(c.noGrad(() => c.square(x)).requiresGrad).toBe(false)
    expect(() =>
      c.noGrad(() => {
        throw new Error("inside")
      }),
    ).toThrow("inside")
    expect(c.square(x).requiresGrad).toBe(true)
  })

  it("keeps the logits of softmax and sigmoid, which losses need in evaluation too", () => {
    const x = leaf([[1, 2]])
    for (const run of [c.softmax, c.sigmoid]) {
      expect(run(x).logits).toBe(x)
      expect(c.noGrad(() => run(x)).logits).toBe(x)
    }
    expect(c.softmax(c.ones([2, 3]), { axis: 0 }).logits).toBeNull()
  })
})

describe("shared memory and gradients", () => {
  it("a reshape and a slice of rows share numbers, and their gradients meet", () => {
    const x = leaf([
      [1, 2],
      [3, 4],
      [5, 6],
    ])
    const [flat, rows] = [c.reshape(x, [6]), c.slice(x, 1, 3)]
    expect(flat.sharesStorage(x) && rows.sharesStorage(x)).toBe(true)
    c.backward(c.add(c.sum(flat), c.sum(c.square(rows))))
    expect(x.grad?.toArray()).toEqual([
      [1, 1],
      [7, 9],
      [11, 13],
    ])
  })
})

describe("checkGradients", () => {
  const x = c.tensor([[0.5, -1, 2]], undefined, { name: "features" })

  it("reports how many entries it checked, and the worst", () => {
    const { checked, worst } = c.checkGradients(a => c.tanh(a), [x])
    expect(checked).toBe(3)
    expect(worst?.error).toBeLessThan(1e-8)
  })

  it("names the input and the entry of a wrong gradient", () => {
    const wrong = (a: c.Tensor) => {
      const buffer = a.data.map(v => v * v)
      return c.record("wrong", buffer, a.shape, [a], (dy, da) => {
        for (let i = 0; da && i < dy.length; i++) da[i] += (i === 1 ? 2.1 : 2) * a.data[i] * dy[i]
      })
    }
    const message = messageOf(() => c.checkGradients(wrong, [x]))
    expect(message).toMatch(/^checkGradients: input 0 \("features"\) has a wrong gradient at \[0, 1\]\n/)
    expect(message).toMatch(/error {4}5\.00e-2|error {4}4\.76e-2/)
  })

  it("checks only inputs that want gradients, if any says so", () => {
    const w = c.tensor([1, 2, 3], undefined, { requiresGrad: true })
    expect(c.checkGradients(c.mul, [x, w]).checked).toBe(3)
    expect(() => c.checkGradients(c.mul, [x, w], Object.fromEntries([["tolerence", 1]]))).toThrow(
      'unknown option "tolerence", did you mean "tolerance"?',
    )
  })
})
