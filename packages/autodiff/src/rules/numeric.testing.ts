/** For tests: random operands, and derivatives from values alone, by central differences and Romberg's extrapolation.
 *  Nothing here calls autodiff: it is the oracle of the rule tables. */

import { array, type DType, plain, readSync, type Shape, scope, type Tensor } from '@neumann/linalg-gpu'
import { isFloat, sizeOf } from '@neumann/linalg-gpu/program'

export type Random = () => number

/** Uniform in [0, 1), the same for the same text (mulberry32 behind an FNV hash). */
export const randomOf = (text: string): Random => {
  let state = 2166136261
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 16777619)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** An operand: its type, and how its elements are drawn. */
export interface Operand {
  readonly dtype: DType
  readonly shape: Shape
  readonly draw: (random: Random, size: number) => readonly number[]
}

type Each = (random: Random) => number
const each =
  (one: Each) =>
  (random: Random, size: number): number[] =>
    Array.from({ length: size }, () => one(random))
const float = (shape: Shape, one: Each): Operand => ({ dtype: 'f64', shape, draw: each(one) })

/** Uniform in [low, high]. */
export const real = (shape: Shape, low = -2, high = 2): Operand => float(shape, (r) => low + (high - low) * r())
/** ± uniform in [low, high]. */
export const away = (shape: Shape, low = 0.4, high = 2): Operand =>
  float(shape, (r) => (r() < 0.5 ? -1 : 1) * (low + (high - low) * r()))
/** Between the multiples of ½, within a distance of 0.1 … 0.4 from the next integer: nothing rounds differently nearby. */
export const between = (shape: Shape): Operand =>
  float(shape, (r) => Math.floor(7 * r()) - 3 + (r() < 0.5 ? 0.1 : 0.6) + 0.3 * r())
/** Multiples of 1/16 below 4: sums and small multiples of them are exact in f32 and f16. */
export const coarse = (shape: Shape): Operand => float(shape, (r) => Math.floor(128 * r() - 64) / 16)
/** Distinct, with gaps of at least 0.2, in random order: no ties, and none within a step of the differences. */
export const spaced = (shape: Shape, offset = 0): Operand => ({
  dtype: 'f64',
  shape,
  draw: (random, size) => {
    const order = Array.from({ length: size }, (_, i) => i)
    for (let i = size - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1))
      ;[order[i], order[j]] = [order[j]!, order[i]!]
    }
    return order.map((k) => 0.3 * (k - size / 2) + 0.1 * random() + offset)
  },
})
/** Integers in [low, high]. */
export const whole = (shape: Shape, low: number, high: number, dtype: DType = 'i32'): Operand => ({
  dtype,
  shape,
  draw: each((r) => low + Math.floor((high - low + 1) * r())),
})
export const bools = (shape: Shape): Operand => whole(shape, 0, 1, 'bool')
/** The same elements always. */
export const fixed = (shape: Shape, values: readonly number[], dtype: DType = 'f64'): Operand => ({
  dtype,
  shape,
  draw: () => values,
})

export type Values = readonly Float64Array[]

export const drawn = (operands: readonly Operand[], random: Random): Values =>
  operands.map(({ shape, draw }) => Float64Array.from(draw(random, sizeOf(shape))))

/** Directions: multiples of 1/16 in ±[1/16, 1], so that steps along them stay exact where a case rounds to f32. */
export const direction = (sizes: readonly number[], random: Random): Values =>
  sizes.map((size) =>
    Float64Array.from({ length: size }, () => ((random() < 0.5 ? -1 : 1) * (1 + Math.floor(16 * random()))) / 16),
  )

export const tensors = (
  values: Values,
  operands: readonly { readonly dtype: DType; readonly shape: Shape }[],
): Tensor[] => values.map((x, i) => array(x, { dtype: operands[i]!.dtype, shape: operands[i]!.shape }))

export const elements = (xs: readonly Tensor[]): Values => xs.map((x) => Float64Array.from(readSync(x)))
export const isFloatOperand = (x: { readonly dtype: DType }): boolean => isFloat(x.dtype)

const zip = (a: Values, b: Values, f: (x: number, y: number) => number): Values =>
  a.map((x, i) => x.map((v, j) => f(v, b[i]![j]!)))
export const sumOf = (a: Values, b: Values): Values => zip(a, b, (x, y) => x + y)
export const inner = (a: Values, b: Values): number =>
  a.reduce((sum, x, i) => sum + x.reduce((s, v, j) => s + v * b[i]![j]!, 0), 0)
export const largest = (a: Values): number =>
  a.reduce((most, x) => x.reduce((m, v) => Math.max(m, Math.abs(v)), most), 0)

/** Values along a line or plane: x ↦ float results of the case. */
export type Numeric = (x: Values) => Values

/** f as a function of numbers: tensors are made, used and freed. */
export const numeric =
  (operands: readonly Operand[], f: (xs: readonly Tensor[]) => readonly Tensor[]): Numeric =>
  (x) => {
    let result: Values = []
    scope(() => {
      result = elements(f(tensors(x, operands)).filter(isFloatOperand))
    })
    return result
  }

const moved = (x: Values, t: number, u: Values, s = 0, v: Values = u): Values =>
  x.map((a, i) => a.map((value, j) => value + t * u[i]![j]! + s * v[i]![j]!))

export interface Estimate {
  readonly value: Values
  /** How far the truth may be: what the last extrapolation changed, and rounding. */
  readonly error: number
}

const LEVELS = 4
const H = 2 ** -6
const EPS = 2 ** -52

/** T(h) has an error in even powers of h: four halvings of h remove h², h⁴ and h⁶. `roundoff` is that of T at the finest h. */
const romberg = (T: (h: number) => Values, roundoff: number): Estimate => {
  let row: Values[] = Array.from({ length: LEVELS }, (_, k) => T(H / 2 ** k))
  let before = row[LEVELS - 1]!
  for (let j = 1; j < LEVELS; j++) {
    const w = 4 ** j
    before = row[row.length - 1]!
    row = row.slice(1).map((fine, k) => zip(fine, row[k]!, (a, b) => (w * a - b) / (w - 1)))
  }
  const value = row[0]!
  return { value, error: largest(zip(value, before, (a, b) => a - b)) + roundoff }
}

// values carry some ulps of their own (special functions 3, sums one for each term): 32 of them, divided by the step
const noise = 32 * EPS
const finest = H / 2 ** (LEVELS - 1)

/** ∂f(x) u, for each result. */
export const derivative = (f: Numeric, x: Values, u: Values): Estimate =>
  romberg(
    (h) => zip(f(moved(x, h, u)), f(moved(x, -h, u)), (a, b) => (a - b) / (2 * h)),
    (noise * largest(f(x))) / finest,
  )

/** ∂²f(x)[u, v], for each result. */
export const mixedDerivative = (f: Numeric, x: Values, u: Values, v: Values): Estimate =>
  romberg(
    (h) =>
      zip(
        zip(f(moved(x, h, u, h, v)), f(moved(x, h, u, -h, v)), (a, b) => a - b),
        zip(f(moved(x, -h, u, h, v)), f(moved(x, -h, u, -h, v)), (a, b) => a - b),
        (a, b) => (a - b) / (4 * h * h),
      ),
    (noise * largest(f(x))) / finest ** 2,
  )

/** How far two ways to compute these values may be apart: batched or in a loop, jitted or not, alone or beside a derivative.
 *  The plain device goes operation by operation and adds in one order: not at all. Others add in an order that suits how the
 *  terms lie in memory, of which each way has its own: some ulps of f64 of the terms, which are about as large as the largest value. */
export const rearranged = (values: readonly ArrayLike<number>[]): number =>
  defaultIsPlain ? 0 : ulps(64, Math.max(0, ...values.flatMap((x) => Array.from(x, Math.abs)).filter(Number.isFinite)))

/** So many ulps of f64 of terms of a size. */
export const ulps = (count: number, size: number): number => count * 2 ** -52 * (1 + size)

const defaultIsPlain = scope(() => array(0).device === plain)

/** Whether tests run on a GPU: sizes are constants of its code, so that each shape takes it a while to compile. */
export const onGpu = scope(() => array(0).device?.name === 'webgpu')
