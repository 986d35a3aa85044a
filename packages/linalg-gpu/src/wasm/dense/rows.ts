/** Code over contiguous rows of f32 or f64: whole vectors first, then element by element.
 *
 *    addTimes   y ← y + a·x
 *    scale      x ← a·x
 *    swap       x ↔ y
 *    dot        Σ x·y, in the dtype of the rows, two vectors of sums
 *    dotWide    Σ x·y in f64, whatever the dtype: of f32 it neither overflows nor underflows
 *
 *  Addresses and counts are code that is looked at once; scalars are locals. The order of a sum depends on n alone. */

import type { DType } from '../../dtype.js'
import {
  type Code, f32, f32x4, f64, f64x2, get, i32, increase, type Local, set, type ValType, v128, whileLoop,
} from '../assembler.js' // biome-ignore format: a list

export type NewLocal = (type: ValType) => Local

/** One element type, in scalars and in vectors. */
export interface Float {
  readonly dtype: 'f32' | 'f64'
  /** Bytes of an element, and elements of a vector. */
  readonly bytes: 4 | 8
  readonly lanes: 4 | 2
  readonly scalar: typeof f32 | typeof f64
  readonly vector: typeof f32x4 | typeof f64x2
  /** The element at an address in all lanes. */
  readonly loadSplat: (address: Code, offset?: number) => Code
  /** A scalar as f64 and back. */
  readonly widen: (x: Code) => Code
  readonly narrow: (x: Code) => Code
}

const single: Float = {
  dtype: 'f32', bytes: 4, lanes: 4, scalar: f32, vector: f32x4, loadSplat: v128.load32splat,
  widen: f64.fromF32, narrow: f32.fromF64,
} // biome-ignore format: a table
const double: Float = {
  dtype: 'f64', bytes: 8, lanes: 2, scalar: f64, vector: f64x2, loadSplat: v128.load64splat,
  widen: (x) => x, narrow: (x) => x,
} // biome-ignore format: a table

export const floatOf = (dtype: DType): Float => (dtype === 'f64' ? double : single)

export interface Along {
  /** Addresses of rows that go along together. */
  readonly rows: readonly Code[]
  readonly n: Code
  /** Of the addresses of a vector in each row, and the bytes from there to the `j`-th of those done at a time. */
  readonly vector: (at: readonly Code[], offset: number, j: number) => Code
  readonly element: (at: readonly Code[]) => Code
  /** Vectors at a time, the most first. */
  readonly steps?: readonly number[]
}

/** For all elements of rows that lie side by side. */
export const along = (
  { bytes, lanes }: Float,
  local: NewLocal,
  { rows, n, vector, element, steps = [1] }: Along,
): Code => {
  const at = rows.map(() => local('i32'))
  const [first, rest, stop] = [at[0]!, local('i32'), local('i32')]
  const places = at.map(get)
  const loop = (elements: number, body: Code): Code => [
    // `elements` is a power of two; addresses are unsigned
    set(stop, i32.add(get(first), i32.mul(i32.and(get(rest), i32.const(-elements)), i32.const(bytes)))),
    elements === 1 ? [] : set(rest, i32.and(get(rest), i32.const(elements - 1))),
    whileLoop(i32.ltU(get(first), get(stop)), [body, at.map((p) => increase(p, i32.const(elements * bytes)))]),
  ]
  return [
    at.map((p, i) => set(p, rows[i]!)),
    set(rest, n),
    steps.map((count) =>
      loop(
        count * lanes,
        Array.from({ length: count }, (_, j) => vector(places, 16 * j, j)),
      ),
    ),
    loop(1, element(places)),
  ]
}

/** y ← y + a·x of n elements. */
export const addTimes = (float: Float, local: NewLocal, y: Code, a: Local, x: Code, n: Code): Code => {
  const { scalar, vector } = float
  const all = local('v128')
  return [
    set(all, vector.splat(get(a))),
    along(float, local, {
      rows: [y, x],
      n,
      vector: ([to, from], at) =>
        v128.store(to!, vector.add(v128.load(to!, at), vector.mul(get(all), v128.load(from!, at))), at),
      element: ([to, from]) => scalar.store(to!, scalar.add(scalar.load(to!), scalar.mul(get(a), scalar.load(from!)))),
    }),
  ]
}

/** x ← a·x of n elements. */
export const scale = (float: Float, local: NewLocal, x: Code, a: Local, n: Code): Code => {
  const { scalar, vector } = float
  const all = local('v128')
  return [
    set(all, vector.splat(get(a))),
    along(float, local, {
      rows: [x],
      n,
      vector: ([to], at) => v128.store(to!, vector.mul(get(all), v128.load(to!, at)), at),
      element: ([to]) => scalar.store(to!, scalar.mul(get(a), scalar.load(to!))),
    }),
  ]
}

/** x ↔ y of n elements, which do not overlap unless they are the same. */
export const swap = (float: Float, local: NewLocal, x: Code, y: Code, n: Code): Code => {
  const [kept, one] = [local('v128'), local(float.dtype)]
  const { scalar } = float
  return along(float, local, {
    rows: [x, y],
    n,
    vector: ([p, q], at) => [
      set(kept, v128.load(p!, at)),
      v128.store(p!, v128.load(q!, at), at),
      v128.store(q!, get(kept), at),
    ],
    element: ([p, q]) => [set(one, scalar.load(p!)), scalar.store(p!, scalar.load(q!)), scalar.store(q!, get(one))],
  })
}

/** total ← Σ x·y of n elements, `total` of the dtype of the rows. */
export const dot = (float: Float, local: NewLocal, total: Local, x: Code, y: Code, n: Code): Code => {
  const { scalar, vector, lanes } = float
  const sums = [local('v128'), local('v128')]
  const sum = sums[0]!
  const lane = (i: number): Code => vector.extract(i, get(sum))
  const tail = local(float.dtype)
  return [
    sums.map((s) => set(s, vector.const(0))),
    set(tail, scalar.const(0)),
    along(float, local, {
      rows: [x, y],
      n,
      steps: [2, 1],
      vector: ([p, q], at, j) =>
        set(sums[j]!, vector.add(get(sums[j]!), vector.mul(v128.load(p!, at), v128.load(q!, at)))),
      element: ([p, q]) => set(tail, scalar.add(get(tail), scalar.mul(scalar.load(p!), scalar.load(q!)))),
    }),
    set(sum, vector.add(get(sum), get(sums[1]!))),
    set(
      total,
      scalar.add(
        get(tail),
        lanes === 2
          ? scalar.add(lane(0), lane(1))
          : scalar.add(scalar.add(lane(0), lane(1)), scalar.add(lane(2), lane(3))),
      ),
    ),
  ]
}

/** total ← Σ x·y of n elements in f64, `total` f64. */
export const dotWide = (float: Float, local: NewLocal, total: Local, x: Code, y: Code, n: Code): Code => {
  if (float.dtype === 'f64') return dot(float, local, total, x, y, n)
  const sums = many(4, () => local('v128'))
  const sum = sums[0]
  const tail = local('f64')
  const half = (address: Code, at: number): Code => f64x2.fromF32Low(v128.load64zero(address, at))
  const wide = (address: Code): Code => f64.fromF32(f32.load(address))
  const take = (s: Local, [x, y]: readonly Code[], at: number): Code =>
    set(s, f64x2.add(get(s), f64x2.mul(half(x!, at), half(y!, at))))
  return [
    sums.map((s) => set(s, f64x2.const(0))),
    set(tail, f64.const(0)),
    along(float, local, {
      rows: [x, y],
      n,
      steps: [2, 1],
      vector: (rows, at, j) => [take(sums[2 * j]!, rows, at), take(sums[2 * j + 1]!, rows, at + 8)],
      element: ([p, q]) => set(tail, f64.add(get(tail), f64.mul(wide(p!), wide(q!)))),
    }),
    set(sum, f64x2.add(f64x2.add(get(sum), get(sums[1])), f64x2.add(get(sums[2]), get(sums[3])))),
    set(total, f64.add(get(tail), f64.add(f64x2.extract(0, get(sum)), f64x2.extract(1, get(sum))))),
  ]
}

type Several<T, N extends number, Own extends T[] = []> = number extends N
  ? T[]
  : Own['length'] extends N
    ? Own
    : Several<T, N, [...Own, T]>

/** So many of something, each by its number: locals, vectors, rows of a tile. */
export const many = <T, N extends number>(count: N, make: (i: number) => T): Several<T, N> =>
  Array.from({ length: count }, (_, i) => make(i)) as Several<T, N>

/** Numbers that are computed once: the code that puts them in locals, and those. */
export const keep = <N extends number>(
  local: NewLocal,
  count: N,
  value: (i: number) => Code,
): { readonly set: Code; readonly get: Several<Code, N> } => {
  const own = many<Local, number>(count, () => local('i32'))
  return { set: own.map((x, i) => set(x, value(i))), get: many(count, (i) => get(own[i]!)) }
}
