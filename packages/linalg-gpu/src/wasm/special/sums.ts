/** How elements of a dtype are added: floats in f64, rounded once where they are written, by way of f32 for f16, as on the
 *  plain device; integers wrap. */

import type { DType } from '../../dtype.js'
import {
  type Code,
  call,
  f32,
  f32x4,
  f64,
  f64x2,
  get,
  i16x8,
  i32,
  i32x4,
  type Local,
  set,
  type ValType,
  v128,
} from '../assembler.js'
import { fromHalfBits, toHalfBits } from '../math/casts.js'

export interface Sums {
  /** Bytes of an element. */
  readonly bytes: number
  /** What holds a sum, its size and how it is kept in memory. */
  readonly type: ValType
  readonly wide: number
  readonly zero: Code
  readonly load: (address: Code) => Code
  readonly store: (address: Code, sum: Code) => Code
  readonly add: (x: Code, y: Code) => Code
  /** An element as a sum, and a sum as an element. */
  readonly read: (address: Code) => Code
  readonly write: (address: Code, sum: Code) => Code
  /** Several sums at a time, in vectors: how many elements each holds; the j-th vector at an address. */
  readonly vector: {
    readonly lanes: number
    readonly add: (x: Code, y: Code) => Code
    readonly read: (address: Code, j: number) => Code
    readonly write: (address: Code, sum: Code, j: number) => Code
  }
}

const whole = (j: number): number => 16 * j

const floating = {
  type: 'f64', wide: 8, zero: f64.const(0), load: f64.load, store: f64.store, add: f64.add,
} as const // biome-ignore format: a table

const double: Sums = {
  ...floating,
  bytes: 8,
  read: f64.load,
  write: f64.store,
  vector: {
    lanes: 2,
    add: f64x2.add,
    read: (address, j) => v128.load(address, whole(j)),
    write: (address, sum, j) => v128.store(address, sum, whole(j)),
  },
}

const single: Sums = {
  ...floating,
  bytes: 4,
  read: (address) => f64.fromF32(f32.load(address)),
  write: (address, sum) => f32.store(address, f32.fromF64(sum)),
  vector: {
    lanes: 2,
    add: f64x2.add,
    read: (address, j) => f64x2.fromF32Low(v128.load64zero(address, 8 * j)),
    write: (address, sum, j) => v128.store64lane(0, address, f32x4.fromF64Zero(sum), 8 * j),
  },
}

const half: Sums = {
  ...floating,
  bytes: 2,
  read: (address) => f64.fromF32(f32x4.extract(0, call(fromHalfBits(), i32x4.splat(i32.load16u(address))))),
  write: (address, sum) => i32.store16(address, i32x4.extract(0, call(toHalfBits(), f32x4.splat(f32.fromF64(sum))))),
  vector: {
    lanes: 2,
    add: f64x2.add,
    read: (address, j) => f64x2.fromF32Low(call(fromHalfBits(), i32x4.extendLowU(v128.load32zero(address, 4 * j)))),
    write: (address, sum, j) => {
      const bits = call(toHalfBits(), f32x4.fromF64Zero(sum))
      return v128.store32lane(0, address, i16x8.narrowU(bits, i32x4.const(0)), 4 * j)
    },
  },
}

const integer: Sums = {
  bytes: 4, type: 'i32', wide: 4, zero: i32.const(0), load: i32.load, store: i32.store, add: i32.add,
  read: i32.load, write: i32.store,
  vector: { ...double.vector, lanes: 4, add: i32x4.add },
} // biome-ignore format: a table

/** Of a dtype that adds: f32, f64, f16, i32 or u32. */
export const sumsOf = (dtype: DType): Sums =>
  dtype === 'f64' ? double : dtype === 'f32' ? single : dtype === 'f16' ? half : integer

/** local ← local + x. */
export const accumulate = (sums: Sums, total: Local, x: Code): Code => set(total, sums.add(get(total), x))
