import {
  type Expression,
  type FunctionBuilder,
  type FunctionReference,
  i32,
  i32x4,
  type Local,
  type ModuleBuilder,
  type Operand,
  v128,
} from "../wasm/index.ts"

const packParams = { b: "i32", bStep: "i32", k: "i32", columns: "i32", panel: "i32", panelStep: "i32" } as const

type PackLocals = { readonly [K in keyof typeof packParams]: Local<"i32"> }

/**
 * The two functions that copy a few columns of B to a panel: row after row, `panelStep` bytes apart. They pack rows of A
 * as well, which are columns of its transpose.
 */
export interface Packers {
  /** From a B whose rows are contiguous and `bStep` bytes apart. */
  readonly rows: FunctionReference<"void">
  /** From a B whose columns are contiguous and `bStep` bytes apart. */
  readonly columns: FunctionReference<"void">
}

/** Adds both packers to a module. Lanes of the panel right of `columns` hold anything: no sum that counts reads them. */
export function addPackers(m: ModuleBuilder): Packers {
  return {
    rows: m.func("packRows", { params: packParams }, emitPackRows),
    columns: m.func("packColumns", { params: packParams }, emitPackColumns),
  }
}

/** Runs `body` for each group of `size` columns left, with pointers to its start in B and in the panel. */
function eachGroup(
  f: FunctionBuilder,
  group: Group,
  size: number,
  step: Operand<"i32">,
  body: (group: Group) => void,
): void {
  // The last group of four may be narrower.
  f.while(i32.ge_s(group.left, size === 4 ? 1 : size), () => {
    body(group)
    f.increment(group.from, step)
    f.increment(group.to, 4 * size)
    f.increment(group.left, -size)
  })
}

interface Group {
  readonly from: Local<"i32">
  readonly to: Local<"i32">
  readonly left: Local<"i32">
}

function declareGroup(f: FunctionBuilder, { b, panel, columns }: PackLocals): Group {
  return { from: f.let("from", b), to: f.let("to", panel), left: f.let("left", columns) }
}

function emitPackRows(f: FunctionBuilder, locals: PackLocals): void {
  const { bStep, k, panelStep } = locals
  const copy = ({ from, to }: Group, vectors: readonly ((p: Local<"i32">) => Expression<"v128">)[]) => {
    const p = f.let("p", from)
    const q = f.let("q", to)
    const count = f.let("count", k)
    f.while(i32.gt_s(count, 0), () => {
      f.storeVectors(
        q,
        vectors.map((vector, v) => f.let(`vector${v}`, vector(p))),
      )
      f.increment(p, bStep)
      f.increment(q, panelStep)
      f.increment(count, -1)
    })
  }
  const group = declareGroup(f, locals)
  const sixteen = [0, 16, 32, 48].map(offset => (p: Local<"i32">) => v128.load(p, offset))
  eachGroup(f, group, 16, 64, () => copy(group, sixteen))
  eachGroup(f, group, 4, 16, () => {
    const { left } = group
    // Nothing right of the last column may be read.
    f.if(
      i32.ge_s(left, 4),
      () => copy(group, [p => v128.load(p)]),
      () => {
        f.if(i32.eq(left, 1), () => copy(group, [p => v128.load32_zero(p)]))
        f.if(i32.eq(left, 2), () => copy(group, [p => v128.load64_zero(p)]))
        f.if(i32.eq(left, 3), () => copy(group, [p => v128.load32_lane(p, v128.load64_zero(p), 2, 8)]))
      },
    )
  })
}

function emitPackColumns(f: FunctionBuilder, locals: PackLocals): void {
  const { bStep, k, panelStep } = locals
  const columns = [0, 1, 2, 3].map(c => f.local("i32", `column${c}`))
  const q = f.local("i32", "q")
  const count = f.local("i32", "count")
  const put = (value: Expression<"v128">) => {
    f.v128.store(q, value)
    f.increment(q, panelStep)
  }
  const group = declareGroup(f, locals)
  eachGroup(f, group, 4, i32.mul(bStep, 4), ({ from, to, left }) => {
    f.set(columns[0], from)
    for (const c of [1, 2, 3]) {
      // A column that does not exist is read from its left neighbour.
      f.set(columns[c], i32.add(columns[c - 1], i32.mul(bStep, i32.gt_s(left, c))))
    }
    f.set(q, to)
    f.set(count, k)
    f.while(i32.ge_s(count, 4), () => {
      transpose(
        f,
        columns.map(p => v128.load(p)),
      ).forEach(put)
      for (const p of columns) f.increment(p, 16)
      f.increment(count, -4)
    })
    f.while(i32.gt_s(count, 0), () => {
      const lanes = columns.slice(1).reduce((v, p, c) => v128.load32_lane(p, v, c + 1), v128.load32_zero(columns[0]))
      put(lanes)
      for (const p of columns) f.increment(p, 4)
      f.increment(count, -1)
    })
  })
}

/** The four rows of the transpose of a 4x4 block given by its rows. */
function transpose(f: FunctionBuilder, rows: readonly Expression<"v128">[]): Expression<"v128">[] {
  const [a, b, c, d] = rows.map((row, r) => f.let(`row${r}`, row))
  const low = [f.let("low0", i32x4.shuffle(a, b, [0, 4, 1, 5])), f.let("low1", i32x4.shuffle(c, d, [0, 4, 1, 5]))]
  const high = [f.let("high0", i32x4.shuffle(a, b, [2, 6, 3, 7])), f.let("high1", i32x4.shuffle(c, d, [2, 6, 3, 7]))]
  return [low, high].flatMap(([x, y]) => [i32x4.shuffle(x, y, [0, 1, 4, 5]), i32x4.shuffle(x, y, [2, 3, 6, 7])])
}
