/** Matrices of which something is known beforehand, and measures of what is found, for the tests of this folder. */

import { array } from '../ops/creation.js'
import { toNested } from '../run/read.js'
import type { Tensor } from '../trace/tensor.js'
import { randoms } from '../wasm/special/special.testing.js'

export type Rows = readonly (readonly number[])[]
type Floats = 'f32' | 'f64'

export const roundingOf = (dtype: string): number => (dtype === 'f32' ? 2 ** -24 : 2 ** -53)

/** Numbers in [−1, 1) with a seed. */
export const drawn = (m: number, n: number, seed = 1): number[][] => {
  const random = randoms(seed)
  return Array.from({ length: m }, () => Array.from({ length: n }, () => 2 * random() - 1))
}

export const tensorOfRows = (rows: unknown, dtype: Floats): Tensor => array(rows as number[][], { dtype })
export const rowsOfTensor = (x: Tensor): number[][] => toNested(x) as number[][]

export const times = (a: Rows, b: Rows): number[][] =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((sum, x, k) => sum + x * b[k]![j]!, 0)))

export const identityRows = (n: number): number[][] =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => Number(i === j)))

/** A product of n reflections: orthogonal to a few roundings of f64. */
export const orthogonal = (n: number, seed: number): number[][] =>
  drawn(n, n, seed).reduce<number[][]>((q, v) => {
    const square = v.reduce((sum, x) => sum + x * x, 0)
    const reflection = v.map((x, i) => v.map((y, j) => Number(i === j) - (2 * x * y) / square))
    return times(q, reflection)
  }, identityRows(n))

/** A matrix with singular values from 1 down to 1/κ, in equal ratios. */
export const conditioned = (n: number, kappa: number, seed = 1): number[][] => {
  const right = orthogonal(n, seed + 77)
  return times(
    orthogonal(n, seed),
    right.map((row, i) => row.map((x) => x * kappa ** (n === 1 ? 0 : -i / (n - 1)))),
  )
}

/** The largest |xᵢⱼ − yᵢⱼ|; NaN where one is. */
export const apart = (x: Rows, y: Rows): number => {
  let worst = 0
  x.forEach((row, i) => {
    row.forEach((v, j) => {
      const off = Math.abs(v - y[i]![j]!)
      if (!(off <= worst)) worst = off
    })
  })
  return worst
}

/** The largest |xᵢⱼ|. */
export const largest = (x: Rows): number =>
  apart(
    x,
    x.map((row) => row.map(() => 0)),
  )

/** |B − A X| in roundings of |A||X|, the worst element. */
export const residual = (a: Rows, x: Rows, b: Rows, dtype: string): number => {
  const absolute = (rows: Rows): number[][] => rows.map((row) => row.map(Math.abs))
  const [product, bound] = [times(a, x), times(absolute(a), absolute(x))]
  let worst = 0
  product.forEach((row, i) => {
    row.forEach((v, j) => {
      const off = Math.abs(v - b[i]![j]!) / (bound[i]![j]! * roundingOf(dtype))
      if (!(off <= worst) && v !== b[i]![j]) worst = off
    })
  })
  return worst
}
