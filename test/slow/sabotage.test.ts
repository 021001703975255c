import * as c from "@selvedge/core"
import { describe, expect, it } from "vitest"
import { type Case, make } from "../core/oracle/inputs.ts"
import { rows } from "../core/oracle/rows.ts"

type Spoil = (own: c.Backward, inputs: readonly c.Tensor[]) => c.Backward

/** The gradient of one input, in a buffer of its own, changed, and only then added. */
function spoilOne(at: number, change: (g: c.Buffer) => void): Spoil {
  return own =>
    (dy, ...gradients) => {
      const honest = gradients[at] ?? null
      const part = honest && new Float64Array(honest.length)
      own(dy, ...gradients.map((g, i) => (i === at ? part : g)))
      if (part) change(part)
      for (let i = 0; honest && part && i < part.length; i++) honest[i] += part[i]
    }
}

/** The case's op with the backward closure of its output replaced. */
function spoiled(one: Case, spoil: Spoil): (...xs: c.Tensor[]) => c.Tensor {
  return (...xs) => {
    const y = one.run(...xs)
    const node = y.node
    // The spoilt closure adds by itself, so it must get zeros that are written.
    if (node?.backward) y.node = { ...node, backward: spoil(node.backward, node.inputs), blanks: 0 }
    return y
  }
}

function caught(one: Case, spoil: Spoil): boolean {
  const xs = one.inputs.map(x => make(x, !x.fixed))
  try {
    c.checkGradients(spoiled(one, spoil), xs)
    return false
  } catch (error) {
    if (error instanceof c.SelvedgeError && error.message.includes("wrong gradient")) return true
    throw error
  }
}

const spoilers: Record<string, (g: c.Buffer) => void> = {
  "a zeroed": g => g.fill(0),
  "a negated": g => g.set(g.map(x => -x)),
  "a 1 % larger": g => g.set(g.map(x => 1.01 * x)),
}

/** The largest entry of the gradient of input `at` of the op's own node: spoiling nothing changes nothing. */
function largest(one: Case, at: number): number {
  let most = 0
  const look = spoilOne(at, g => {
    most = Math.max(most, ...g.map(Math.abs))
  })
  expect(caught(one, look)).toBe(false)
  return most
}

/** The inputs of the output's node that want gradients. */
function wanting(one: Case): number[] {
  const inputs = one.run(...one.inputs.map(x => make(x, !x.fixed))).node?.inputs ?? []
  return [...inputs.keys()].filter(i => inputs[i].requiresGrad)
}

describe("the gradient oracle catches", () => {
  for (const [name, change] of Object.entries(spoilers)) {
    it(`${name} gradient, of every input in every case of every op, where it is not 0 anyway`, () => {
      for (const { op, cases, flat } of rows) {
        const spoiledInputs = new Set<number>()
        for (const one of flat ? [] : cases) {
          for (const at of wanting(one).filter(i => largest(one, i) > 1e-3)) {
            spoiledInputs.add(at)
            expect(caught(one, spoilOne(at, change)), `${op} ${one.name}, input ${at}`).toBe(true)
          }
        }
        expect(flat || spoiledInputs.size, `${op}: no case can show a wrong gradient`).toBeTruthy()
        const all = new Set(cases.flatMap(wanting))
        if (!flat) expect([...spoiledInputs].sort(), op).toEqual([...all].sort())
      }
    })
  }

  it("a broadcast whose sum is dropped", () => {
    for (const op of ["add", "sub", "mul", "div", "maximum", "minimum", "pow"]) {
      const one = rows.find(row => row.op === op)?.cases.find(({ name }) => name === "[2, 3] with [3]")
      // Only the first row's share reaches the operand that was stretched over both rows.
      const firstRow: Spoil = own => (dy, da, db) => {
        own(dy, da, null)
        own(
          dy.map((g, i) => (i < 3 ? g : 0)),
          null,
          db,
        )
      }
      expect(one && caught(one, firstRow), op).toBe(true)
    }
  })

  it("two gradients that are swapped", () => {
    const swap: Spoil =
      own =>
      (dy, da, db, ...rest) =>
        own(dy, db, da, ...rest)
    for (const op of ["sub", "mul", "div", "pow", "maximum", "where", "prelu", "matmul", "linear", "concat", "stack"]) {
      const one = rows
        .find(row => row.op === op)
        ?.cases.find(({ inputs }) => {
          const free = inputs.filter(x => !x.fixed)
          return free.length === 2 && String(free[0].shape) === String(free[1].shape)
        })
      expect(one && caught(one, swap), op).toBe(true)
    }
  })
})
