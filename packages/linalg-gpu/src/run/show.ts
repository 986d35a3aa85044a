/** Tensors as text: `f32[2,3] [[1, 2, 3], [4, 5, 6]]`, at most 6 digits a number and 6 entries an axis. */

import { showType } from '../errors.js'
import type { Type } from '../program/type.js'
import { stridesOf } from '../shape.js'
import type { TensorValue } from '../trace/tensor.js'
import { evaluateConstant } from './constant.js'
import { decoded } from './decode.js'

const digits = (value: number): string =>
  Number.isInteger(value)
    ? Object.is(value, -0)
      ? '-0'
      : String(value)
    : Number.isFinite(value)
      ? String(Number(value.toPrecision(6)))
      : value > 0
        ? 'Infinity'
        : value < 0
          ? '-Infinity'
          : 'NaN'

/** The elements of a row-major array, nested by its shape. */
export const showElements = (type: Type, data: ArrayLike<number>, edge = 3): string => {
  const strides = stridesOf(type.shape)
  const show = (axis: number, offset: number): string => {
    if (axis === type.shape.length) return type.dtype === 'bool' ? String(data[offset] !== 0) : digits(data[offset]!)
    const n = type.shape[axis]!
    const part = (from: number, to: number): string[] =>
      Array.from({ length: to - from }, (_, i) => show(axis + 1, offset + (from + i) * strides[axis]!))
    return `[${(n <= 2 * edge ? part(0, n) : [...part(0, edge), '…', ...part(n - edge, n)]).join(', ')}]`
  }
  return show(0, 0)
}

export const showTensor = (x: TensorValue): string => {
  const head = showType(x.type)
  if (x.trace !== null) return `${head} traced in ${x.trace.name}`
  if (x.constant !== null) return `${head} ${showElements(x.type, decoded(x.type, evaluateConstant(x.constant)))}`
  if (x.buffer === null) return `${head} disposed`
  const { device } = x.buffer
  if (device.readSync === undefined) return `${head} on ${device.name}`
  try {
    return `${head} ${showElements(x.type, decoded(x.type, device.readSync(x.buffer)))}`
  } catch (error) {
    // what a device has lost is shown as lost: looking at a tensor never throws
    return `${head} lost: ${(error as Error).message}`
  }
}
