/** Elementwise operations by name, with operands promoted. The public functions are one line each over these. */

import type { BinaryFn, CompareFn, Op, TestFn, UnaryFn } from '../program/op.js'
import { emit, emit1 } from '../trace/emit.js'
import type { Tensor, TensorLike } from '../trace/tensor.js'
import { asFloat, asNumber, forArithmetic } from './operands.js'

// one object an operation, made once: the tracer allocates none
const unaryOps = new Map<UnaryFn, Op>()
const binaryOps = new Map<BinaryFn, Op>()
const compareOps = new Map<CompareFn, Op>()

const cached = <F>(table: Map<F, Op>, fn: F, make: (fn: F) => Op): Op => {
  let op = table.get(fn)
  if (op === undefined) table.set(fn, (op = make(fn)))
  return op
}

export const unaryPrimitive = (fn: UnaryFn): Op =>
  cached(unaryOps, fn, (name) => Object.freeze({ kind: 'unary', fn: name }))
export const binaryPrimitive = (fn: BinaryFn): Op =>
  cached(binaryOps, fn, (name) => Object.freeze({ kind: 'binary', fn: name }))
export const comparePrimitive = (fn: CompareFn): Op =>
  cached(compareOps, fn, (name) => Object.freeze({ kind: 'compare', fn: name }))

/** Operations that are defined for integers too. */
export const numberOp = (fn: UnaryFn, x: TensorLike, name: string = fn): Tensor =>
  emit1(unaryPrimitive(fn), asNumber(name, x))
/** Operations of floats: integers count as f32. */
export const floatOp = (fn: UnaryFn, x: TensorLike): Tensor => emit1(unaryPrimitive(fn), asFloat(fn, x))

export const binaryOp = (fn: BinaryFn, x: TensorLike, y: TensorLike, name: string = fn): Tensor => {
  const [a, b] = forArithmetic(name, x, y)
  return emit(binaryPrimitive(fn), [a, b])[0]!
}

export const testOp = (fn: TestFn, x: TensorLike, name: string): Tensor => emit1({ kind: 'test', fn }, asFloat(name, x))
