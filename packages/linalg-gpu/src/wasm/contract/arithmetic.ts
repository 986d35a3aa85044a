/** Vectors and scalars of one element type: the operations that contractions are written in. */

import { type Code, f32, f32x4, f64, f64x2, i32, i32x4, i64, v128 } from '../assembler.js'

export type Sums = 'f32' | 'f64' | 'i32'

export interface Arithmetic {
  /** Part of the names of functions and the keys of kernels. */
  readonly name: string
  readonly dtype: Sums
  /** Bytes of an element, and elements of a vector. */
  readonly size: number
  readonly lanes: number
  readonly splat: (address: Code, offset?: number) => Code
  readonly add: (x: Code, y: Code) => Code
  /** x · y + z */
  readonly madd: (x: Code, y: Code, z: Code) => Code
  /** One element as a scalar, as a sum and as mere bits. */
  readonly scalar: typeof f32 | typeof f64 | typeof i32
  readonly bits: typeof i32 | typeof i64
  readonly extract: (lane: number, x: Code) => Code
}

const vectors = { f32: f32x4, f64: f64x2, i32: i32x4 }
const scalars = { f32, f64, i32 }

export const arithmetic = (dtype: Sums, relaxed: boolean): Arithmetic => {
  const { add, mul, extract } = vectors[dtype]
  const fused = relaxed && dtype !== 'i32'
  const size = dtype === 'f64' ? 8 : 4
  return {
    name: `${dtype}${fused ? 'r' : ''}`,
    dtype,
    size,
    lanes: 16 / size,
    splat: size === 4 ? v128.load32splat : v128.load64splat,
    add,
    madd: fused ? (dtype === 'f64' ? f64x2 : f32x4).relaxedMadd : (x, y, z) => add(z, mul(x, y)),
    scalar: scalars[dtype],
    bits: size === 4 ? i32 : i64,
    extract,
  }
}
