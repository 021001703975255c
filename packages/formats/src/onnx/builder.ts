import type { OnnxAttribute, OnnxNode, OnnxTensor } from "./proto.ts"

/** Gathers the nodes and constants of a graph. Values are passed on by name. */
export class GraphBuilder {
  readonly nodes: OnnxNode[] = []
  readonly initializers: OnnxTensor[] = []
  readonly #constants = new Map<string, string>()
  #scope = ""
  #count = 0

  /** Names made inside begin with the layer's name. */
  within<T>(scope: string, fn: () => T): T {
    const before = this.#scope
    this.#scope = before === "" ? scope : `${before}/${scope}`
    try {
      return fn()
    } finally {
      this.#scope = before
    }
  }

  /** Adds an operation with one output, and names it. */
  op(op: string, inputs: readonly string[], attributes: Readonly<Record<string, OnnxAttribute>> = {}): string {
    const name = `${this.#scope}/${op}_${this.#count++}`
    this.nodes.push({ op, name, inputs, outputs: [name], attributes })
    return name
  }

  /** Adds float constants: a weight, or a number for a scalar. The same ones are stored once. */
  constant(data: Float32Array | number, shape: readonly number[] = [], name?: string): string {
    const values = typeof data === "number" ? Float32Array.of(data) : data
    return this.#store(values, shape, name)
  }

  /** Adds whole numbers: a shape, axes. */
  integers(values: readonly number[]): string {
    return this.#store(BigInt64Array.from(values, BigInt), [values.length], undefined)
  }

  #store(data: OnnxTensor["data"], shape: readonly number[], wish: string | undefined): string {
    const key = data.length > 16 ? undefined : `${data.constructor.name} ${shape.join()} ${data.join()}`
    const known = key === undefined ? undefined : this.#constants.get(key)
    if (known !== undefined) return known
    const name = `${this.#scope}/${wish ?? "constant"}_${this.#count++}`
    this.initializers.push({ name, shape: [...shape], data })
    if (key !== undefined) this.#constants.set(key, name)
    return name
  }
}
