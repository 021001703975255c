import { FormatError, OptionError } from "@selvedge/core"
import { readCsv, readJsonTable } from "@selvedge/formats"
import { describe, expect, it } from "vitest"
import { fc } from "../property.ts"

describe("readCsv", () => {
  it("reads header, types and quotes", () => {
    const table = readCsv('id,name,price,ok\r\n1,"Smith, ""J""",2.5,true\r\n2,"two\nlines",-1e3,FALSE\r\n')
    expect(table).toEqual({
      rows: 2,
      columns: [
        { name: "id", type: "integer", values: new Float64Array([1, 2]) },
        { name: "name", type: "string", values: ['Smith, "J"', "two\nlines"] },
        { name: "price", type: "number", values: new Float64Array([2.5, -1000]) },
        { name: "ok", type: "boolean", values: [true, false] },
      ],
    })
  })

  it("takes given types, another delimiter and a value for empty cells", () => {
    const table = readCsv("\uFEFFa;b\n1;007\n;008", { types: { b: "string" }, delimiter: ";", missing: NaN })
    expect(table.columns).toEqual([
      { name: "a", type: "integer", values: new Float64Array([1, NaN]) },
      { name: "b", type: "string", values: ["007", "008"] },
    ])
  })

  it("names row and column", () => {
    expect(() => readCsv("a,b\n1,2\n3,x\n", { types: { b: "number" }, name: "t.csv" })).toThrow(
      /t\.csv: row 3, column "b".*a number.*"x"/s,
    )
    expect(() => readCsv("a,b\n1,2\n3\n")).toThrow(/row 3: expected 2 cells, found 1/)
    expect(() => readCsv('a,b\n1,"2')).toThrow(/row 2, column 2.*closing quote/s)
    expect(() => readCsv('a,b\n1,"2"x\n')).toThrow(/row 2, column 2.*delimiter/s)
    expect(() => readCsv("a,a\n")).toThrow(/column 2.*"a"/s)
    expect(() => readCsv("a\n1.5\n", { types: { a: "integer" } })).toThrow(/whole number/)
    expect(() => readCsv("a,b\n1,\n", { types: { b: "number" } })).toThrow(FormatError)
    expect(() => readCsv("")).toThrow(FormatError)
    expect(() => readCsv("a\n1", { types: { c: "number" } })).toThrow(OptionError)
  })

  it("takes a time that grows with the text, whatever its cells", () => {
    // Half a million digits and a letter: with two ways to match each digit this would take minutes.
    const [column] = readCsv(`a\n${"1".repeat(500_000)}x\n`).columns
    expect(column!.type).toBe("string")
    const wide = Array.from({ length: 50_000 }, (_, i) => `c${i}`)
    expect(readCsv(`${wide}\n`).columns.length).toBe(50_000)
    expect(readJsonTable(JSON.stringify([Object.fromEntries(wide.map(name => [name, 1]))])).columns.length).toBe(50_000)
  })

  it("keeps a last empty cell and a header-only table", () => {
    expect(readCsv("a,b\n1,").columns[1].values).toEqual([""])
    expect(readCsv("a,b\n").rows).toBe(0)
  })

  it("reads any texts that were quoted by the rules of RFC 4180", () => {
    const cell = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r", " ", "1"), maxLength: 6 })
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 5 }), rows => {
        const quote = (text: string) => `"${text.replaceAll('"', '""')}"`
        const text = ["x,y", ...rows.map(row => row.map(quote).join(","))].join("\r\n")
        const { columns } = readCsv(text, { types: { x: "string", y: "string" } })
        expect(columns.map(c => [...c.values])).toEqual([rows.map(r => r[0]), rows.map(r => r[1])])
      }),
    )
  })
})

describe("readJsonTable", () => {
  const want = [
    { name: "a", type: "integer", values: new Float64Array([1, 2]) },
    { name: "b", type: "string", values: ["x", ""] },
  ]
  it("reads objects and rows", () => {
    expect(readJsonTable('[{"a":1,"b":"x"},{"b":null,"a":2}]').columns).toEqual(want)
    expect(readJsonTable('{"columns":["a","b"],"rows":[[1,"x"],[2,null]]}').columns).toEqual(want)
  })
  it("names row and column", () => {
    expect(() => readJsonTable('[{"a":1},{"b":2}]')).toThrow(/row 2/)
    expect(() => readJsonTable('[{"a":1},{}]')).toThrow(/row 2, column "a"/)
    expect(() => readJsonTable('[{"a":[1]}]')).toThrow(/row 1, column "a"/)
    expect(() => readJsonTable('{"columns":["a"],"rows":[[1,2]]}')).toThrow(/row 1: expected 1 cells, found 2/)
    expect(() => readJsonTable('{"columns":')).toThrow(FormatError)
    expect(() => readJsonTable(`${"[".repeat(10000)}${"]".repeat(10000)}`)).toThrow(/nested/)
  })
})
