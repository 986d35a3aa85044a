/** For tests: problems of Moré, Garbow and Hillstrom (1981), written twice, in tensors and in plain numbers, and what searches found as plain values. */

import {
  add,
  array,
  concatenate,
  cos,
  exp,
  item,
  mul,
  pow,
  readSync,
  sin,
  slice,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  take,
} from '@neumann/linalg-gpu'
import { type Status, statusOf } from '@neumann/linalg-gpu/solvers'
import { flat } from '../support.testing.js'
import type { Minimum } from './minimisers/minimiser.js'
import type { Found } from './search.js'

export type Precision = 'f32' | 'f64'
export const precisions = ['f64', 'f32'] as const
export const ulp = { f32: 2 ** -23, f64: 2 ** -52 } as const
/** The tolerance that is meant where none is given. */
export const tolerances = { f32: 1e-5, f64: 1e-10 } as const

export const vector = (x: readonly number[], dtype: Precision = 'f64'): Tensor => array(x as number[], { dtype })
export const lengthOf = (x: readonly number[]): number => Math.hypot(...x)

/** What was found, as plain values. */
export interface Read {
  readonly x: readonly number[]
  readonly status: Status
  readonly residual: number
  readonly iterations: number
  readonly evaluations: number
}
export const read = <X>({ x, status, residual, iterations, evaluations }: Found<X>): Read => ({
  x: flat(x),
  status: statusOf(item(status)),
  residual: item(residual),
  iterations: item(iterations),
  evaluations: item(evaluations),
})
export const readMinimum = <X>(minimum: Minimum<X>): Read & { readonly value: number } => ({
  ...read(minimum),
  value: item(minimum.value),
})
export const numbersOf = (x: Tensor): number[] => Array.from(readSync(x))

export interface Problem {
  readonly name: string
  readonly start: readonly number[]
  readonly residuals: (x: Tensor) => Tensor
  readonly plain: (x: readonly number[]) => readonly number[]
  /** The largest term in a residual: its ulps are what rounding does to it. */
  readonly scale: number
}

const parts = (x: Tensor): readonly Tensor[] => Array.from({ length: x.shape[0]! }, (_, i) => take(x, i))
/** x with a 0 before and behind. */
const bordered = (x: Tensor): Tensor => {
  const zero = mul(0, slice(x, [0, 1]))
  return concatenate([zero, x, zero])
}
const counted = (n: number, f: (i: number) => number): number[] => Array.from({ length: n }, (_, i) => f(i + 1))

/** n equations in n unknowns. */
export const systems = {
  rosenbrock: {
    name: 'Rosenbrock',
    start: [-1.2, 1],
    residuals: (x) => {
      const [a, b] = parts(x) as [Tensor, Tensor]
      return stack([mul(10, sub(b, square(a))), sub(1, a)])
    },
    plain: ([a, b]) => [10 * (b! - a! ** 2), 1 - a!],
    scale: 20,
  },
  powellSingular: {
    name: 'Powell singular',
    start: [3, -1, 0, 1],
    residuals: (x) => {
      const [a, b, c, d] = parts(x) as [Tensor, Tensor, Tensor, Tensor]
      return stack([
        add(a, mul(10, b)),
        mul(Math.sqrt(5), sub(c, d)),
        square(sub(b, mul(2, c))),
        mul(Math.sqrt(10), square(sub(a, d))),
      ])
    },
    plain: ([a, b, c, d]) => [
      a! + 10 * b!,
      Math.sqrt(5) * (c! - d!),
      (b! - 2 * c!) ** 2,
      Math.sqrt(10) * (a! - d!) ** 2,
    ],
    scale: 10,
  },
  powellBadlyScaled: {
    name: 'Powell badly scaled',
    start: [0, 1],
    residuals: (x) => {
      const [a, b] = parts(x) as [Tensor, Tensor]
      return stack([sub(mul(1e4, mul(a, b)), 1), sub(add(exp(mul(-1, a)), exp(mul(-1, b))), 1.0001)])
    },
    plain: ([a, b]) => [1e4 * a! * b! - 1, Math.exp(-a!) + Math.exp(-b!) - 1.0001],
    scale: 1,
  },
  brownAlmostLinear: {
    name: 'Brown almost linear',
    start: [0.5, 0.5, 0.5, 0.5],
    residuals: (x) => {
      const [a, b, c, d] = parts(x) as [Tensor, Tensor, Tensor, Tensor]
      const rest = sub(sum(x), 5)
      return stack([add(a, rest), add(b, rest), add(c, rest), sub(mul(mul(a, b), mul(c, d)), 1)])
    },
    plain: ([a, b, c, d]) => {
      const rest = a! + b! + c! + d! - 5
      return [a! + rest, b! + rest, c! + rest, a! * b! * c! * d! - 1]
    },
    scale: 10,
  },
  boundaryValue: {
    name: 'discrete boundary value',
    start: counted(7, (i) => (i / 8) * (i / 8 - 1)),
    residuals: (x) => {
      const all = bordered(x)
      const times = vector(
        counted(7, (i) => i / 8 + 1),
        x.dtype as Precision,
      )
      return add(sub(mul(2, x), add(slice(all, [0, 7]), slice(all, [2, 9]))), mul(1 / 128, pow(add(x, times), 3)))
    },
    plain: (x) => x.map((v, i) => 2 * v - (x[i - 1] ?? 0) - (x[i + 1] ?? 0) + (v + (i + 1) / 8 + 1) ** 3 / 128),
    scale: 1,
  },
  broydenTridiagonal: {
    name: 'Broyden tridiagonal',
    start: counted(6, () => -1),
    residuals: (x) => {
      const all = bordered(x)
      return add(sub(sub(mul(x, sub(3, mul(2, x))), slice(all, [0, 6])), mul(2, slice(all, [2, 8]))), 1)
    },
    plain: (x) => x.map((v, i) => v * (3 - 2 * v) - (x[i - 1] ?? 0) - 2 * (x[i + 1] ?? 0) + 1),
    scale: 5,
  },
  trigonometric: {
    name: 'trigonometric',
    start: counted(4, () => 1 / 4),
    residuals: (x) => {
      const c = cos(x)
      const places = vector(
        counted(4, (i) => i),
        x.dtype as Precision,
      )
      return sub(add(sub(4, sum(c)), mul(places, sub(1, c))), sin(x))
    },
    plain: (x) => {
      const total = x.reduce((rest, v) => rest - Math.cos(v), x.length)
      return x.map((v, i) => total + (i + 1) * (1 - Math.cos(v)) - Math.sin(v))
    },
    scale: 8,
  },
} satisfies Record<string, Problem>

/** More residuals than unknowns, with a root all the same. */
export const overdetermined = {
  beale: {
    name: 'Beale',
    start: [1, 1],
    residuals: (x) => {
      const [a, b] = parts(x) as [Tensor, Tensor]
      return stack([1.5, 2.25, 2.625].map((y, i) => sub(y, mul(a, sub(1, pow(b, i + 1))))))
    },
    plain: ([a, b]) => [1.5, 2.25, 2.625].map((y, i) => y - a! * (1 - b! ** (i + 1))),
    scale: 3,
  },
  brownBadlyScaled: {
    name: 'Brown badly scaled',
    start: [1, 1],
    residuals: (x) => {
      const [a, b] = parts(x) as [Tensor, Tensor]
      return stack([sub(a, 1e6), sub(b, 2e-6), sub(mul(a, b), 2)])
    },
    plain: ([a, b]) => [a! - 1e6, b! - 2e-6, a! * b! - 2],
    scale: 1e6,
  },
} satisfies Record<string, Problem>

/** Σ rᵢ² */
export const squares =
  ({ residuals }: Problem) =>
  (x: Tensor): Tensor =>
    sum(square(residuals(x)))
