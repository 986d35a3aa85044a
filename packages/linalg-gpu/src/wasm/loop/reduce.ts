/** Reductions in vectors: accumulators, a step for each vector of values, and what is left at the end.
 *
 *  Sums of f32 are made in f64, in two vectors for the two halves of one, and rounded once. */

import type { DType } from '../../dtype.js'
import { neutral } from '../../kernel/neutral.js'
import type { ReduceFn } from '../../program/op.js'
import { type Code, call, f32x4, f64x2, get, i32x4, type Local, set, v128 } from '../assembler.js'
import { roundToHalf } from '../math/casts.js'
import { highHalf, joinedHalves } from './apply.js'
import { wrapped } from './cast.js'
import { constantOf, type Lanes, splatted, wordsOf, zero } from './lanes.js'

export interface Reducer {
  /** Locals that an accumulator takes. */
  readonly parts: number
  readonly start: Code
  /** What a lane without a value counts as. */
  readonly neutral: Code
  /** acc ← acc ∘ x */
  readonly step: (acc: readonly Local[], x: Code) => Code
  /** acc ← acc ∘ other */
  readonly join: (acc: readonly Local[], other: readonly Local[]) => Code
  /** The results, one in each lane. */
  readonly lanewise: (acc: readonly Local[]) => Code
  /** The result of all lanes together, in every lane. */
  readonly across: (acc: readonly Local[]) => Code
}

const isSmallFloat = (dtype: DType): boolean => dtype === 'f32' || dtype === 'f16'

const combining = (fn: ReduceFn, dtype: DType): ((x: Code, y: Code) => Code) => {
  if (fn === 'and' || (dtype === 'bool' && fn === 'min')) return v128.and
  if (fn === 'or' || (dtype === 'bool' && fn === 'max')) return v128.or
  if (fn === 'sum') return dtype === 'f64' ? f64x2.add : i32x4.add
  if (dtype === 'f64') return f64x2[fn]
  if (isSmallFloat(dtype)) return f32x4[fn]
  return i32x4[dtype === 'u32' ? (`${fn}U` as const) : (`${fn}S` as const)]
}

const swapped = (width: 4 | 8, x: Code): Code =>
  v128.shuffle(
    Array.from({ length: 16 }, (_, i) => i ^ width),
    x,
    x,
  )

export const reducerOf = (fn: ReduceFn, dtype: DType, lanes: Lanes): Reducer =>
  fn === 'sum' && isSmallFloat(dtype) ? floatSum(dtype, lanes) : plain(fn, dtype, lanes)

const plain = (fn: ReduceFn, dtype: DType, lanes: Lanes): Reducer => {
  const combine = combining(fn, dtype)
  const start = constantOf(wordsOf(dtype, neutral(fn, dtype)))
  const onto = (acc: Local, x: Code): Code => set(acc, combine(get(acc), x))
  const acrossLanes = ([acc]: readonly Local[]): Code => {
    // halves, then neighbours; then both of a pair are the same, so that one lane may stand for all
    const fold = (width: 4 | 8): Code => onto(acc!, swapped(width, get(acc!)))
    if (dtype === 'f64') return [fold(8), get(acc!)]
    return [lanes === 4 ? fold(8) : [], fold(4), wrapped(dtype, splatted(dtype, get(acc!)))]
  }
  return {
    parts: 1,
    start,
    neutral: start,
    step: ([acc], x) => onto(acc!, x),
    join: ([acc], [other]) => onto(acc!, get(other!)),
    lanewise: ([acc]) => wrapped(dtype, get(acc!)),
    across: acrossLanes,
  }
}

const floatSum = (dtype: DType, lanes: Lanes): Reducer => {
  const add = (acc: Local, x: Code): Code => set(acc, f64x2.add(get(acc), x))
  const rounded = (x: Code): Code => (dtype === 'f16' ? call(roundToHalf(), x) : x)
  return {
    parts: lanes / 2,
    start: zero,
    neutral: zero,
    step: (acc, x) => acc.map((part, i) => add(part, f64x2.fromF32Low(i === 0 ? x : highHalf(x)))),
    join: (acc, other) => acc.map((part, i) => add(part, get(other[i]!))),
    lanewise: ([low, high]) => {
      const half = f32x4.fromF64Zero(get(low!))
      return rounded(high === undefined ? half : joinedHalves(half, f32x4.fromF64Zero(get(high))))
    },
    across: ([low, high]) => [
      high === undefined ? [] : add(low!, get(high)),
      add(low!, swapped(8, get(low!))),
      rounded(splatted('f32', f32x4.fromF64Zero(get(low!)))),
    ],
  }
}
