/** The dimensions of a contraction as all of its operands see them: what devices order, merge and cut into tiles. */

import type { Access, Bound, Contract } from './kernel.js'

/** One dimension, and its place in the strides of a, b and out; −1 where they have none. */
export interface Role {
  readonly size: number
  readonly at: readonly [number, number, number]
}

/** Outermost first. */
export interface Roles {
  readonly batch: readonly Role[]
  readonly m: readonly Role[]
  readonly n: readonly Role[]
  readonly k: readonly Role[]
  /** The bounds of a and of b that can fail. */
  readonly bounds: readonly [readonly Bound[], readonly Bound[]]
}

/** Bounds that can fail. */
const binding = ({ bounds }: Access, sizes: readonly number[]): Bound[] =>
  bounds.filter(({ offset, coefficients, size }) => {
    const [low, high] = coefficients.reduce(
      ([lo, hi], c, d) => [lo + Math.min(0, c * (sizes[d]! - 1)), hi + Math.max(0, c * (sizes[d]! - 1))] as const,
      [offset, offset] as const,
    )
    return low < 0 || high >= size
  })

/** A batch dimension that one operand does not depend on is one more dimension of the other's m or n: images of a convolution become
 *  columns of one product. */
export const rolesOf = (kernel: Contract): Roles => {
  const [nb, nm, nk] = [kernel.batch.length, kernel.m.length, kernel.k.length]
  const list = (shape: readonly number[], a: number, b: number, out: number): Role[] =>
    shape.map((size, d) => ({ size, at: [a < 0 ? -1 : a + d, b < 0 ? -1 : b + d, out < 0 ? -1 : out + d] }))
  const bounds = [
    binding(kernel.a, [...kernel.batch, ...kernel.m, ...kernel.k]),
    binding(kernel.b, [...kernel.batch, ...kernel.k, ...kernel.n]),
  ] as const
  const free = (which: 0 | 1, { at }: Role): boolean =>
    [kernel.a, kernel.b][which]!.strides[at[which]] === 0 &&
    bounds[which].every((bound) => bound.coefficients[at[which]] === 0)
  const batch = list(kernel.batch, 0, 0, 0)
  const toN = batch.filter((role) => free(0, role))
  const toM = batch.filter((role) => !free(0, role) && free(1, role))
  return {
    batch: batch.filter((role) => !toN.includes(role) && !toM.includes(role)),
    m: [...toM, ...list(kernel.m, nb, -1, nb)],
    n: [...toN, ...list(kernel.n, -1, nb + nk, nb + nm)],
    k: list(kernel.k, nb + nm, nb, -1),
    bounds,
  }
}

/** A dimension along which some affine functions move, each by its own factor. */
export interface Run {
  readonly size: number
  readonly factors: readonly number[]
}

/** Neighbours, innermost first, that are one run to every function become one dimension; those of size 1 go.
 *  @example
 *  mergeRuns([{ size: 3, factors: [1, 0] }, { size: 1, factors: [9, 9] }, { size: 4, factors: [3, 0] }]) // => [ { size: 12, factors: [ 1, 0 ] } ] */
export const mergeRuns = (dims: readonly Run[]): Run[] => {
  const merged: Run[] = []
  for (const dim of dims) {
    const inner = merged.at(-1)
    if (dim.size === 1) continue
    if (inner?.factors.every((factor, j) => inner.size * factor === dim.factors[j]))
      merged[merged.length - 1] = { ...inner, size: inner.size * dim.size }
    else merged.push(dim)
  }
  return merged
}
