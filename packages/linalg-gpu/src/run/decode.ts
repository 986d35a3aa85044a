/** Storage to readable numbers: f16 bits become floats, everything else is itself. */

import type { TypedArray } from '../dtype.js'
import { fromHalf, toHalf } from '../plain/half.js'
import type { Type } from '../program/type.js'

export const decoded = (type: Type, data: TypedArray): TypedArray =>
  type.dtype === 'f16' ? Float32Array.from(data, fromHalf) : data

export const encoded = (type: Type, data: ArrayLike<number>): Uint16Array | ArrayLike<number> =>
  type.dtype === 'f16' ? Uint16Array.from(data, toHalf) : data
