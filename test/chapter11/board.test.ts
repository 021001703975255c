import { describe, expect, it } from "vitest"
import { Board, formatTime } from "../../packages/chapter11/src/running/board.ts"

const jobs = [
  { key: "bn", seed: 42 },
  { key: "power", seed: 42 },
]
const [bn, power] = jobs

/** A board on an output that only remembers, under a clock that is set. */
function makeBoard(isTTY: boolean) {
  const clock = { now: 0 }
  const written: string[] = []
  const output = { isTTY, columns: 60, write: (text: string) => written.push(text) }
  const weight = ({ key }: { key: string }) => (key === "bn" ? 1 : 3)
  return { clock, written, board: new Board(jobs, { weight, output, now: () => clock.now }) }
}

const esc = "\u001b"
const half = { part: "", epoch: 5, epochs: 10, batch: 0, batches: 100, logs: { val_accuracy: 0.87 } }

describe("Board", () => {
  it("writes a line now and then where there is no terminal, with the time left for a run and for all", () => {
    const { clock, written, board } = makeBoard(false)
    board.started(bn)
    board.progress(bn, { ...half, epoch: 0 })
    clock.now = 20_000
    board.progress(bn, half)
    // Half of a quarter of the work took 20 s: the rest of the run takes 20 s, the rest of all 140 s.
    expect(written).toEqual(["0 of 2 runs done, 2:20 left; bn 42: epoch 6/10  val_accuracy 0.8700, 20 s left\n"])
    clock.now = 25_000
    board.progress(bn, half)
    expect(written).toHaveLength(1)
    board.ended(bn, ["bn 42: done"])
    expect(written.at(-1)).toBe("bn 42: done\n")
  })

  it("counts only what this process did of a run that is gone on with", () => {
    const { clock, written, board } = makeBoard(false)
    board.started(power)
    board.progress(power, { ...half, part: "frozen" })
    clock.now = 16_000
    board.progress(power, { ...half, part: "frozen", epoch: 7, batch: 50 })
    expect(written[0]).toContain("power 42: frozen, epoch 8/10  val_accuracy 0.8700, 16 s left")
  })

  it("draws over itself on a terminal, and no line is wider than it", () => {
    const { clock, written, board } = makeBoard(true)
    board.started(bn)
    clock.now = 1000
    board.progress(bn, half)
    const drawn = written.splice(0)
    expect(drawn.filter(text => !text.startsWith(esc)).every(text => text.length <= 60)).toBe(true)
    board.ended(bn, ["bn 42: done"])
    expect(written[0]).toBe("\r\u001b[2A\u001b[J")
    expect(written[1]).toBe("bn 42: done\n")
    board.close()
    expect(written.at(-1)).toBe("\r\u001b[1A\u001b[J")
  })
})

it.each([
  [3.2, "3 s"],
  [59.6, "1:00"],
  [3723, "1:02:03"],
])("formatTime(%d)", (seconds, text) => {
  expect(formatTime(seconds)).toBe(text)
})
