import { describe, expect, it } from "vitest"
import {
  flagHelp,
  optionalNumber,
  parseFlags,
  path,
  positiveNumber,
  toggle,
  wholeNumber,
  wholeNumbers,
} from "../../packages/chapter11/src/flags.ts"

const flags = {
  seeds: wholeNumbers(0, [42], "seeds"),
  epochs: optionalNumber(1, "epochs"),
  quick: toggle("quick"),
  out: path("FOLDER", "out"),
  jobs: wholeNumber(1, 2, "jobs"),
  rate: positiveNumber(0.1, "rate"),
}
const read = (...args: string[]) => parseFlags(args, flags)

describe("parseFlags", () => {
  it("gives what stands there, and else what is usual", () => {
    expect(read().values).toEqual({ seeds: [42], epochs: undefined, quick: false, out: undefined, jobs: 2, rate: 0.1 })
    const { values, words, help } = read(
      "bn",
      "--seeds",
      "42,43, 44,43",
      "--quick",
      "power",
      "--epochs=3",
      "--rate",
      "1e-3",
    )
    expect(values).toMatchObject({ seeds: [42, 43, 44], quick: true, epochs: 3, rate: 1e-3 })
    expect(words).toEqual(["bn", "power"])
    expect(help).toBe(false)
    expect(read("--help").help).toBe(true)
  })

  it.each([
    [["--seed", "4"], "there is no flag --seed, did you mean --seeds?"],
    [["--seeds", "4,x"], '--seeds takes a whole number from 0 up, got "x"'],
    [["--seeds", ""], '--seeds takes a whole number from 0 up, got ""'],
    [["--epochs", "0"], '--epochs takes a whole number from 1 up, got "0"'],
    [["--jobs"], "--jobs needs a value: --jobs N"],
    [["--out="], "--out takes a path, got nothing"],
    [["--rate", "-1"], '--rate takes a number above 0, got "-1"'],
  ])("refuses %j", (args, message) => {
    expect(() => read(...args)).toThrow(message)
  })

  it("explains every flag", () => {
    const text = flagHelp(flags)
    for (const name of Object.keys(flags)) expect(text).toContain(`--${name}`)
    expect(text).toContain("seeds (default 42)")
  })
})
