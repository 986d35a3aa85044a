/** The tensor: an immutable value that is one of three things.
 *
 *  concrete   it holds a buffer on a device
 *  constant   it is symbolic (`zeros full arange eye`, a plain number): an operation without operands, no device, no buffer
 *  traced     it is value `id` of a trace that is being recorded
 *
 *  Only this file and the functions that make tensors know which. */

import type { DType } from '../dtype.js'
import { fail, showType } from '../errors.js'
import type { Op } from '../program/op.js'
import type { Type } from '../program/type.js'
import type { Buffer, Device } from '../run/device.js'
import { showTensor } from '../run/show.js'
import type { Shape } from '../shape.js'
import { lineOf } from './location.js'
import type { Trace } from './trace.js'

/** An immutable n-dimensional array. `using` or `dispose` frees its buffer; `scope` and `jit` do so by plan. */
export interface Tensor {
  readonly shape: Shape
  readonly dtype: DType
  /** Where its elements are; undefined for constants and traced values, which have none. */
  readonly device: Device | undefined
  readonly toString: () => string
  readonly [Symbol.dispose]: () => void
}

/** What array functions accept: numbers and booleans are scalars that take the other operand's dtype. */
export type TensorLike = Tensor | number | boolean

type Disposal = (x: TensorValue) => void
const hooks: { dispose: Disposal } = { dispose: () => {} }
/** Set once by the module that owns buffers: breaks an import cycle, not a configuration. */
export const onDispose = (dispose: Disposal): void => {
  hooks.dispose = dispose
}

/** ` at file:line`, where the trace began; for messages. */
export const madeAt = (trace: Trace): string => {
  const line = lineOf(trace.begun)
  return line === undefined ? '' : ` at ${line}`
}

const asNumber = (x: TensorValue): never =>
  x.trace !== null
    ? fail(
        'traced value',
        `${showType(x.type)}, recorded in ${x.trace.name}, has no number yet: JavaScript's operators, \`if\` and reading cannot see it. Use cond or where to choose, debugPrint to look, or return it as an auxiliary output.`,
      )
    : fail('tensor', `${showType(x.type)} is no number: use add, mul, less … on tensors, and item(x) to read a scalar.`)

/** Internal: the one implementation of Tensor. One constructor keeps its hidden class monomorphic on the tracer's hot path. */
export class TensorValue implements Tensor {
  readonly type: Type
  readonly trace: Trace | null
  readonly id: number
  readonly constant: Op | null
  buffer: Buffer | null
  /** Made of constants alone: its buffer is where it happened to be made, and goes to the device that first needs it. */
  loose = false

  constructor(type: Type, trace: Trace | null, id: number, constant: Op | null, buffer: Buffer | null) {
    this.type = type
    this.trace = trace
    this.id = id
    this.constant = constant
    this.buffer = buffer
  }
  get shape(): Shape {
    return this.type.shape
  }
  get dtype(): DType {
    return this.type.dtype
  }
  get device(): Device | undefined {
    return this.buffer?.device
  }
  toString(): string {
    return showTensor(this)
  }
  [Symbol.toPrimitive](hint: string): string {
    return hint === 'string' ? this.toString() : asNumber(this)
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
  toJSON(): never {
    return this.trace !== null
      ? asNumber(this)
      : fail('tensor', `${showType(this.type)} is no JSON: use toNested(x), or item(x) for a scalar.`)
  }
  [Symbol.dispose](): void {
    hooks.dispose(this)
  }
}

export const isTensor = (value: unknown): value is Tensor => value instanceof TensorValue

/** The implementation behind a tensor, or an error where a function was given something else. */
export const valueOf = (name: string, value: unknown): TensorValue => {
  if (value instanceof TensorValue) return value
  if (value instanceof Promise)
    fail(name, 'got a promise: functions under a trace are synchronous; await it before the call.')
  return fail(
    name,
    `expected a tensor, got ${value === null ? 'null' : typeof value}${Array.isArray(value) ? ': an array; use array([…]) to make a tensor' : ''}.`,
  )
}

export const typeOfTensor = (x: Tensor): Type => (x as TensorValue).type
