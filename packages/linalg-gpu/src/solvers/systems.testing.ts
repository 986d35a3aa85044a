/** For tests of solvers: dense systems in plain f64 numbers, made with the spectrum one asks for, and an elimination that shares no code with the solvers. */

import { array } from '../ops/creation.js'
import { item, readSync } from '../run/read.js'
import type { Tensor } from '../trace/tensor.js'
import { treeLeaves } from '../tree.js'
import { type Solution, type Status, statusOf } from './solution.js'

export type Dense = readonly (readonly number[])[]
export type Vector = readonly number[]

/** Half the distance of 1 to the next number of the dtype. */
export const ulp = { f32: 2 ** -24, f64: 2 ** -53 } as const
export const tolerances = { f32: 1e-5, f64: 1e-10 } as const
export type Precision = keyof typeof ulp

/** Uniform numbers in [0, 1), the same for the same seed (mulberry32). */
export const draws = (seed: number): (() => number) => {
  let state = Math.imul(seed, 2654435761)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** A standard normal number. */
export const normalFrom = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

export const normals = (n: number, random: () => number): number[] =>
  Array.from({ length: n }, () => normalFrom(random))

export const dot = (x: Vector, y: Vector): number => x.reduce((sum, value, i) => sum + value * y[i]!, 0)
/** ‖x‖₂, without overflow. */
export const size = (x: Vector): number => Math.hypot(...x)
export const apply = (a: Dense, x: Vector): number[] => a.map((row) => dot(row, x))
export const transposed = (a: Dense): number[][] => (a[0] ?? []).map((_, j) => a.map((row) => row[j]!))
export const times = (a: Dense, b: Dense): number[][] => {
  const columns = transposed(b)
  return a.map((row) => columns.map((column) => dot(row, column)))
}
export const minus = (x: Vector, y: Vector): number[] => x.map((value, i) => value - y[i]!)
export const scaled = (s: number, a: Dense): number[][] => a.map((row) => row.map((value) => s * value))
export const diagonalOf = (values: Vector): number[][] =>
  values.map((value, i) => values.map((_, j) => (i === j ? value : 0)))
/** √Σ aᵢⱼ², never below ‖A‖₂ */
export const frobenius = (a: Dense): number => size(a.flat())
/** ‖b − A x‖ */
export const residualOf = (a: Dense, x: Vector, b: Vector): number => size(minus(b, apply(a, x)))

/** The solution of A x = b by elimination with partial pivoting. */
export const eliminated = (a: Dense, b: Vector): number[] => {
  const n = b.length
  const rows = a.map((row, i) => [...row, b[i]!])
  for (let k = 0; k < n; k++) {
    let pivot = k
    for (let i = k + 1; i < n; i++) if (Math.abs(rows[i]![k]!) > Math.abs(rows[pivot]![k]!)) pivot = i
    ;[rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!]
    for (let i = k + 1; i < n; i++) {
      const factor = rows[i]![k]! / rows[k]![k]!
      for (let j = k; j <= n; j++) rows[i]![j]! -= factor * rows[k]![j]!
    }
  }
  const x = new Array<number>(n).fill(0)
  for (let i = n - 1; i >= 0; i--) x[i] = (rows[i]![n]! - dot(rows[i]!.slice(0, n), x)) / rows[i]![i]!
  return x
}

/** A random orthogonal matrix: n reflections x ↦ x − 2 u uᵀx along random unit u. */
export const orthogonal = (n: number, random: () => number): number[][] => {
  let q: number[][] = diagonalOf(new Array<number>(n).fill(1))
  for (let k = 0; k < n; k++) {
    const u = normals(n, random)
    const square = dot(u, u)
    q = q.map((row) => {
      const along = (2 * dot(row, u)) / square
      return row.map((value, j) => value - along * u[j]!)
    })
  }
  return q
}

/** A symmetric matrix with these eigenvalues; symmetric to the last bit. */
export const withEigenvalues = (values: Vector, random: () => number): number[][] => {
  const q = orthogonal(values.length, random)
  const a = times(
    q.map((row) => row.map((value, j) => value * values[j]!)),
    transposed(q),
  )
  return a.map((row, i) => row.map((_, j) => (i <= j ? a[i]![j]! : a[j]![i]!)))
}

/** An m × n matrix with these singular values, min(m, n) of them. */
export const withSingularValues = (values: Vector, m: number, n: number, random: () => number): number[][] => {
  const left = orthogonal(m, random)
  const right = transposed(orthogonal(n, random))
  return times(
    left.map((row) => values.map((value, j) => row[j]! * value)),
    right.slice(0, values.length),
  )
}

/** n numbers from 1 down to 1/κ, evenly in their logarithms. */
export const geometric = (n: number, condition: number): number[] =>
  Array.from({ length: n }, (_, i) => condition ** (n === 1 ? 0 : -i / (n - 1)))

/** As the dtype holds it. */
export const roundedTo = (dtype: Precision, x: Vector): number[] =>
  dtype === 'f64' ? [...x] : Array.from(Float32Array.from(x))
export const roundedMatrix = (dtype: Precision, a: Dense): number[][] => a.map((row) => roundedTo(dtype, row))

export const tensorOf = (x: Vector | Dense, dtype: Precision): Tensor => array(x as Vector, { dtype })

/** A solution, read: its vector is the elements of its leaves one after another. */
export interface Answer {
  readonly x: readonly number[]
  readonly status: Status
  readonly residual: number
  readonly iterations: number
  readonly products: number
  readonly curvature: readonly number[]
}

export const answerOf = <X>({ x, status, residual, iterations, products, curvature }: Solution<X>): Answer => ({
  x: (treeLeaves(x) as readonly Tensor[]).flatMap((leaf) => Array.from(readSync(leaf) as Float64Array)),
  status: statusOf(item(status)),
  residual: item(residual),
  iterations: item(iterations),
  products: item(products),
  curvature: curvature.map(item),
})
