/** Tensors from host data, and symbolic constants. */

import { arithmetic, type DType, isFloat, represents, storage, type TypedArray } from '../dtype.js'
import { fail, showShape, showValue } from '../errors.js'
import { typeOf } from '../program/type.js'
import { encoded } from '../run/decode.js'
import type { Device } from '../run/device.js'
import { held } from '../run/execute.js'
import { defaultDevice } from '../run/onDevice.js'
import { checkAxis, checkCount, checkShape, type Shape, sizeOf } from '../shape.js'
import { emit1 } from '../trace/emit.js'
import { isTensor, type Tensor, type TensorLike, valueOf } from '../trace/tensor.js'
import { constant, symbolic } from '../trace/trace.js'
import { castTo, tensorOf } from './operands.js'
import { binaryOp } from './primitives.js'

export type Nested = number | boolean | readonly Nested[]

const shapeOfNested = (data: Nested): number[] => {
  const shape: number[] = []
  for (let at: Nested = data; Array.isArray(at); at = at[0]!) {
    shape.push(at.length)
    if (at.length === 0) break
  }
  return shape
}

const fill = (data: Nested, shape: Shape): number[] => {
  const out: number[] = []
  const visit = (node: Nested, axis: number): void => {
    if (Array.isArray(node) !== axis < shape.length || (Array.isArray(node) && node.length !== shape[axis]))
      fail(
        'array',
        `the nesting is ragged: ${showValue(node)} at depth ${axis} where ${showShape(shape.slice(axis))} was expected.`,
      )
    if (Array.isArray(node)) for (const item of node) visit(item, axis + 1)
    else if (typeof node !== 'number' && typeof node !== 'boolean')
      fail('array', `elements are numbers or booleans, got ${showValue(node)}.`)
    else out.push(Number(node))
  }
  visit(data, 0)
  return out
}

const typedDType = (data: TypedArray): DType =>
  data instanceof Float32Array
    ? 'f32'
    : data instanceof Float64Array
      ? 'f64'
      : data instanceof Int32Array
        ? 'i32'
        : data instanceof Uint32Array
          ? 'u32'
          : data instanceof Int8Array
            ? 'i8'
            : data instanceof Uint8Array
              ? 'u8'
              : data instanceof Uint16Array
                ? 'f16'
                : fail(
                    'array',
                    `${Object.prototype.toString.call(data).slice(8, -1)} is no storage of a dtype: copy it into one of Float32Array, Float64Array, Int32Array, Uint32Array, Int8Array, Uint8Array, or Uint16Array with the bits of f16.`,
                  )

/** A tensor from nested arrays of numbers, or from a typed array with a shape. The data are copied.
 *  dtype: by default that of the typed array, f16 for the bits in a Uint16Array; bool for booleans, else f32.
 *  Another dtype rounds floats and takes integers modulo its range; what is no integer is refused by integer dtypes.
 *  @example array([[1, 2], [3, 4]]) // => f32[2,2] [[1, 2], [3, 4]]
 *  @example array(new Int32Array([1, 2, 3, 4]), { shape: [2, 2] }) // => i32[2,2] [[1, 2], [3, 4]] */
export const array = (
  data: Nested | TypedArray,
  {
    dtype,
    shape,
    device = defaultDevice(),
  }: { readonly dtype?: DType; readonly shape?: Shape; readonly device?: Device } = {},
): Tensor => {
  const typed = ArrayBuffer.isView(data)
  const source = typed ? typedDType(data) : undefined
  if (isTensor(data))
    fail('array', 'got a tensor: it is one already; cast(x, dtype) and transfer(x, device) change it.')
  if (!typed && typeof data !== 'number' && typeof data !== 'boolean' && !Array.isArray(data))
    fail('array', `expected numbers, nested arrays or a typed array, got ${showValue(data)}.`)
  const own = typed ? [data.length] : shapeOfNested(data as Nested)
  const wanted = checkShape('array', shape ?? own)
  const values = typed ? data : fill(data as Nested, own)
  if (sizeOf(wanted) !== values.length)
    fail('array', `${values.length} elements do not fill shape ${showShape(wanted)}, which has ${sizeOf(wanted)}.`)
  const target = dtype ?? source ?? (values.length > 0 && allBooleans(data as Nested) ? 'bool' : 'f32')
  const out = storage(target, values.length)
  // f16 bits given as such stay; everything else is a number that the storage rounds or wraps, after a check for integers
  if (source === 'f16' && target === 'f16') out.set(values)
  else {
    if (!isFloat(target))
      for (const value of values)
        if (!Number.isInteger(value))
          fail('array', `the element ${value} is no ${target}: choose a float dtype, or round first.`)
    if (target === 'bool') for (let i = 0; i < values.length; i++) out[i] = values[i] ? 1 : 0
    else out.set(encoded(typeOf(target, wanted), values) as ArrayLike<number>)
  }
  return held(device.upload(out, typeOf(target, wanted), 'array'))
}

const allBooleans = (data: Nested): boolean =>
  Array.isArray(data) ? data.every(allBooleans) : typeof data === 'boolean'

type Options = { readonly dtype?: DType }

/** A tensor of one value, symbolic until it is used. @example full([2], 7) // => f32[2] [7, 7] */
export const full = (
  shape: Shape,
  value: number | boolean,
  { dtype = typeof value === 'boolean' ? 'bool' : 'f32' }: Options = {},
): Tensor => {
  const type = typeOf(dtype, checkShape('full', shape))
  if (!represents(dtype, Number(value))) fail('full', `the value ${value} is no ${dtype}: choose another dtype.`)
  return constant({ kind: 'full', value: Number(value), type }, type)
}

/** @example zeros([2, 2]) // => f32[2,2] [[0, 0], [0, 0]] */
export const zeros = (shape: Shape, options?: Options): Tensor => full(checkShape('zeros', shape), 0, options)
/** @example ones([3], { dtype: 'i32' }) // => i32[3] [1, 1, 1] */
export const ones = (shape: Shape, options?: Options): Tensor => full(checkShape('ones', shape), 1, options)

/** Zeros of the same shape and dtype. @example zerosLike(array([1, 2])) // => f32[2] [0, 0] */
export const zerosLike = (x: Tensor): Tensor => like('zerosLike', x, 0)
/** Ones of the same shape and dtype. @example onesLike(array([1, 2])) // => f32[2] [1, 1] */
export const onesLike = (x: Tensor): Tensor => like('onesLike', x, 1)
/** One value in the shape and dtype of x. @example fullLike(array([1, 2]), 5) // => f32[2] [5, 5] */
export const fullLike = (x: Tensor, value: number | boolean): Tensor => like('fullLike', x, value)

/** Of the very type of x: beside a number argument of jit it stays weak. */
const like = (name: string, x: Tensor, value: number | boolean): Tensor => {
  const { type } = valueOf(name, x)
  if (!represents(type.dtype, Number(value)))
    fail(name, `the value ${value} is no ${type.dtype}: choose another by full(x.shape, value, { dtype }).`)
  return constant({ kind: 'full', value: Number(value), type }, type)
}

/** The index along an axis, at every place of a shape. @example iota([2, 3], 1) // => i32[2,3] [[0, 1, 2], [0, 1, 2]] */
export const iota = (shape: Shape, axis = 0, { dtype = 'i32' }: Options = {}): Tensor => {
  const type = typeOf(dtype, checkShape('iota', shape))
  if (dtype === 'bool') fail('iota', 'bool holds no index: choose an integer or float dtype.')
  return constant({ kind: 'iota', axis: checkAxis('iota', axis, shape.length), type }, type)
}

/** start, start + step, … below stop. Integers give i32, else f32.
 *  @example arange(2, 8, 2) // => i32[3] [2, 4, 6]
 *  @example arange(3) // => i32[3] [0, 1, 2] */
export const arange = (start: number, stop?: number, step = 1, { dtype }: Options = {}): Tensor => {
  const [from, to] = stop === undefined ? [0, start] : [start, stop]
  if (step === 0 || !Number.isFinite((to - from) / step))
    fail('arange', `from ${from} to ${to} by ${step} has no end: bounds are finite, the step is not 0.`)
  const n = Math.max(0, Math.ceil((to - from) / step))
  const target = dtype ?? ([from, to, step].every(Number.isInteger) ? 'i32' : 'f32')
  checkShape('arange', [n])
  for (const value of [from, step])
    if (isFloat(target) ? Number.isNaN(value) : !Number.isInteger(value))
      fail('arange', `${value} is no ${target}: ask for a float dtype, as { dtype: 'f32' }.`)
  if (from === 0 && step === 1) return iota([n], 0, { dtype: target })
  // f16 and storage dtypes are computed in the dtype beside them, and rounded or wrapped once
  const wide = target === 'f16' ? 'f32' : arithmetic(target)
  const index = (): Tensor => iota([n], 0, { dtype: wide })
  return symbolic('arange', () =>
    castTo(binaryOp('add', binaryOp('mul', index(), step, 'arange'), from, 'arange'), target),
  )
}

/** n equally spaced numbers from start to stop, both included. @example linspace(0, 1, 5) // => f32[5] [0, 0.25, 0.5, 0.75, 1] */
export const linspace = (start: number, stop: number, n: number, { dtype = 'f32' }: Options = {}): Tensor =>
  symbolic('linspace', () => {
    if (!isFloat(dtype)) fail('linspace', `needs a float dtype, got ${dtype}: cast the result.`)
    checkCount('linspace', 'n', n)
    const index = iota([n], 0, { dtype: dtype === 'f16' ? 'f32' : dtype })
    // written from both ends, so that the last element is `stop` itself
    const t = n > 1 ? binaryOp('div', index, n - 1) : index
    const line = binaryOp('add', binaryOp('mul', binaryOp('sub', 1, t), start), binaryOp('mul', t, n > 1 ? stop : 0))
    return castTo(line, dtype)
  })

/** The identity matrix, or ones on the diagonal of n × m. @example eye(2) // => f32[2,2] [[1, 0], [0, 1]] */
export const eye = (n: number, m = n, { dtype = 'f32' }: Options = {}): Tensor =>
  symbolic('eye', () => {
    const shape = [checkCount('eye', 'n', n), checkCount('eye', 'm', m)]
    return castTo(emit1({ kind: 'compare', fn: 'eq' }, iota(shape, 0), iota(shape, 1)), dtype)
  })

/** The tensor in another dtype: floats to integers truncate toward zero and saturate, NaN gives 0; anything to bool asks "not zero".
 *  @example cast(array([1.7, -1.7]), 'i32') // => i32[2] [1, -1] */
export const cast = (x: TensorLike, dtype: DType): Tensor => castTo(tensorOf('cast', x), dtype)

/** The same bits read as another dtype of the same width. @example bitcast(array([1]), 'u32') // => u32[1] [1065353216] */
export const bitcast = (x: TensorLike, dtype: DType): Tensor => {
  const value = tensorOf('bitcast', x)
  if (dtype === 'bool' || value.dtype === 'bool')
    fail('bitcast', `${value.dtype} to ${dtype}: bool is true or false, not a pattern of bits; cast it.`)
  return emit1({ kind: 'bitcast', dtype }, value)
}
