/** Models in the ONNX format, as far as the benchmark needs it: float tensors, nodes with attributes, one graph. A protobuf message is a
 *  row of fields; a field is a tag (number · 8 + wire type), then a varint (type 0), 4 bytes (type 5), or a length and bytes (type 2).
 *  Source   onnx.proto3: ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto, ValueInfoProto */

type Bytes = readonly number[]

const varint = (value: number): Bytes => {
  // negative numbers take ten bytes: two's complement of 64 bits
  const out: number[] = []
  for (let left = BigInt.asUintN(64, BigInt(value)); ; left >>= 7n) {
    if (left < 128n) return [...out, Number(left)]
    out.push(Number(left & 127n) | 128)
  }
}

const integer = (field: number, value: number): Bytes => [...varint(field * 8), ...varint(value)]
const bytes = (field: number, value: Bytes): Bytes => [...varint(field * 8 + 2), ...varint(value.length), ...value]
const text = (field: number, value: string): Bytes => bytes(field, [...new TextEncoder().encode(value)])
const float32 = (value: number): Bytes => [...new Uint8Array(Float32Array.of(value).buffer)]

export interface Node {
  readonly op: string
  readonly inputs: readonly string[]
  readonly output: string
  readonly attributes?: { readonly [name: string]: number | readonly number[] }
}

export interface Graph {
  /** Inputs and their shapes. */
  readonly inputs: { readonly [name: string]: readonly number[] }
  readonly nodes: readonly Node[]
  /** Constants: scalars, or integers of rank 1. */
  readonly constants?: { readonly [name: string]: number | readonly number[] }
  readonly outputs: readonly string[]
}

const FLOAT = 1
const INT64 = 7

const shapeOf = (shape: readonly number[]): Bytes =>
  bytes(
    2,
    shape.flatMap((n) => bytes(1, integer(1, n))),
  )
const valueInfo = (name: string, shape: readonly number[] | null): Bytes => [
  ...text(1, name),
  ...bytes(2, bytes(1, [...integer(1, FLOAT), ...(shape === null ? [] : shapeOf(shape))])),
]

const attribute = (name: string, value: number | readonly number[]): Bytes =>
  typeof value === 'number'
    ? [...text(1, name), ...integer(3, value), ...integer(20, 2)]
    : [...text(1, name), ...value.flatMap((v) => integer(8, v)), ...integer(20, 7)]

const node = ({ op, inputs, output, attributes = {} }: Node): Bytes => [
  ...inputs.flatMap((name) => text(1, name)),
  ...text(2, output),
  ...text(4, op),
  ...Object.entries(attributes).flatMap(([name, value]) => bytes(5, attribute(name, value))),
]

const constant = (name: string, value: number | readonly number[]): Bytes =>
  typeof value === 'number'
    ? [...integer(2, FLOAT), ...bytes(4, float32(value)), ...text(8, name)]
    : [...integer(1, value.length), ...integer(2, INT64), ...bytes(7, value.flatMap(varint)), ...text(8, name)]

/** The model as a file. Opset 13: its operations are all that is used. */
export const model = ({ inputs, nodes, constants = {}, outputs }: Graph): Uint8Array => {
  const graph = [
    ...nodes.flatMap((one) => bytes(1, node(one))),
    ...text(2, 'bench'),
    ...Object.entries(constants).flatMap(([name, value]) => bytes(5, constant(name, value))),
    ...Object.entries(inputs).flatMap(([name, shape]) => bytes(11, valueInfo(name, shape))),
    ...outputs.flatMap((name) => bytes(12, valueInfo(name, null))),
  ]
  return Uint8Array.from([...integer(1, 7), ...bytes(7, graph), ...bytes(8, integer(2, 13))])
}
