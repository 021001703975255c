import { BinaryWriter } from "@bufbuild/protobuf/wire"
import { bytesOf } from "../arrays.ts"

/**
 * ONNX messages (onnx.proto3, IR version 8), as far as an exported model needs them. Each function writes the fields of
 * one message; field numbers are ONNX's.
 */

/** A stored constant: a weight, a shape, an axis. */
export interface OnnxTensor {
  name: string
  shape: readonly number[]
  data: Float32Array | BigInt64Array
}

/** An attribute's value: a whole number must be a bigint, because ONNX tells integers and floats apart. */
export type OnnxAttribute = number | bigint | string | readonly number[] | readonly bigint[] | OnnxTensor

/** One operation. An empty input name leaves an optional input out. */
export interface OnnxNode {
  op: string
  name: string
  inputs: readonly string[]
  outputs: readonly string[]
  attributes?: Readonly<Record<string, OnnxAttribute>>
}

/** An input or output of the graph; a dimension given as text is free and carries that name. */
export interface OnnxValue {
  name: string
  shape: readonly (number | string)[]
  type: keyof typeof TYPES
}

/** A whole model. */
export interface OnnxModel {
  opset: number
  name: string
  producer: string
  version: string
  nodes: readonly OnnxNode[]
  initializers: readonly OnnxTensor[]
  inputs: readonly OnnxValue[]
  outputs: readonly OnnxValue[]
}

/** TensorProto.DataType. */
const TYPES = { float: 1, int32: 6, int64: 7 } as const
/** AttributeProto.AttributeType. */
const FLOAT = 1
const INT = 2
const STRING = 3
const TENSOR = 4
const FLOATS = 6
const INTS = 7
/** The IR version that opsets 17 to 20 go with; onnxruntime reads it since 1.11. */
const IR_VERSION = 8

/** A model as the bytes of an `.onnx` file. */
export function encodeModel(model: OnnxModel): Uint8Array {
  const writer = new BinaryWriter()
  writer.uint32(tag(1)).int64(IR_VERSION)
  text(writer, 2, model.producer)
  text(writer, 3, model.version)
  message(writer, 7, graph => writeGraph(graph, model))
  message(writer, 8, opset => opset.uint32(tag(2)).int64(model.opset))
  return writer.finish()
}

function writeGraph(writer: BinaryWriter, model: OnnxModel): void {
  for (const node of model.nodes) message(writer, 1, inner => writeNode(inner, node))
  text(writer, 2, model.name)
  for (const tensor of model.initializers) message(writer, 5, inner => writeTensor(inner, tensor))
  for (const value of model.inputs) message(writer, 11, inner => writeValue(inner, value))
  for (const value of model.outputs) message(writer, 12, inner => writeValue(inner, value))
}

function writeNode(writer: BinaryWriter, node: OnnxNode): void {
  for (const input of node.inputs) text(writer, 1, input)
  for (const output of node.outputs) text(writer, 2, output)
  text(writer, 3, node.name)
  text(writer, 4, node.op)
  for (const [name, value] of Object.entries(node.attributes ?? {})) {
    message(writer, 5, inner => writeAttribute(inner, name, value))
  }
}

function writeAttribute(writer: BinaryWriter, name: string, value: OnnxAttribute): void {
  text(writer, 1, name)
  const type = (code: number) => writer.uint32(tag(20, VARINT)).int32(code)
  if (typeof value === "number") {
    writer.uint32(tag(2, FIXED32)).float(value)
    type(FLOAT)
  } else if (typeof value === "bigint") {
    writer.uint32(tag(3)).int64(value)
    type(INT)
  } else if (typeof value === "string") {
    text(writer, 4, value)
    type(STRING)
  } else if ("data" in value) {
    message(writer, 5, inner => writeTensor(inner, value))
    type(TENSOR)
  } else if (value.every(item => typeof item === "bigint")) {
    for (const item of value) writer.uint32(tag(8)).int64(item)
    type(INTS)
  } else {
    for (const item of value) writer.uint32(tag(7, FIXED32)).float(Number(item))
    type(FLOATS)
  }
}

function writeTensor(writer: BinaryWriter, tensor: OnnxTensor): void {
  for (const dim of tensor.shape) writer.uint32(tag(1)).int64(dim)
  writer.uint32(tag(2)).int32(tensor.data instanceof Float32Array ? TYPES.float : TYPES.int64)
  text(writer, 8, tensor.name)
  writer.uint32(tag(9, BYTES)).bytes(bytesOf(tensor.data))
}

function writeValue(writer: BinaryWriter, value: OnnxValue): void {
  text(writer, 1, value.name)
  message(writer, 2, type =>
    message(type, 1, tensor => {
      tensor.uint32(tag(1)).int32(TYPES[value.type])
      message(tensor, 2, shape => {
        for (const dim of value.shape) message(shape, 1, inner => writeDimension(inner, dim))
      })
    }),
  )
}

function writeDimension(writer: BinaryWriter, dim: number | string): void {
  if (typeof dim === "number") writer.uint32(tag(1)).int64(dim)
  else text(writer, 2, dim)
}

const VARINT = 0
const BYTES = 2
const FIXED32 = 5

/** Field number and wire type in one, as protobuf puts them before each field. */
function tag(field: number, wire: number = VARINT): number {
  return (field << 3) | wire
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.uint32(tag(field, BYTES)).string(value)
}

function message(writer: BinaryWriter, field: number, write: (inner: BinaryWriter) => void): void {
  writer.uint32(tag(field, BYTES)).fork()
  write(writer)
  writer.join()
}
