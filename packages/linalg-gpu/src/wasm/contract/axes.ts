/** How each operand of a contraction sees the batch, m, n and k: as axes, with as few dimensions as its strides allow. */

import type { Access, Contract } from '../../kernel/kernel.js'
import type { Shape } from '../../shape.js'

/** Sizes and strides in bytes; `bounds` are the coefficients of the operand's bounds. */
export interface Dim {
  readonly size: number
  readonly stride: number
  readonly bounds: readonly number[]
}

/** Innermost first; never empty. */
export type Axis = readonly [Dim, ...Dim[]]

export interface View {
  readonly offset: number
  readonly bounds: readonly { readonly offset: number; readonly size: number }[]
  readonly batch: Axis
  /** m of a, n of b; both in `out`, which has no k: there it is the other of the two. */
  readonly x: Axis
  readonly k: Axis
}

export interface Problem {
  readonly batch: number
  readonly m: number
  readonly n: number
  readonly k: number
  readonly a: View
  readonly b: View
  readonly out: { readonly offset: number; readonly batch: Axis; readonly m: Axis; readonly n: Axis }
}

const product = (shape: Shape): number => shape.reduce((x, y) => x * y, 1)

/** Neighbours that are one run in memory and to every bound become one dimension. */
export const merge = (dims: readonly Dim[], bounds: number): Axis => {
  const merged: Dim[] = []
  for (const dim of dims) {
    const inner = merged.at(-1)
    if (dim.size === 1) continue
    if (
      inner !== undefined &&
      inner.size * inner.stride === dim.stride &&
      inner.bounds.every((c, j) => inner.size * c === dim.bounds[j])
    )
      merged[merged.length - 1] = { ...inner, size: inner.size * dim.size }
    else merged.push(dim)
  }
  const [first, ...rest] = merged
  return first === undefined ? [{ size: 1, stride: 0, bounds: Array(bounds).fill(0) }] : [first, ...rest]
}

interface Role {
  readonly size: number
  /** Places of this dimension in the strides of a, b and out; −1 where it has none. */
  readonly at: readonly [number, number, number]
}

/** Bounds that can fail. */
const binding = ({ bounds }: Access, sizes: readonly number[]) =>
  bounds.filter(({ offset, coefficients, size }) => {
    const [low, high] = coefficients.reduce(
      ([lo, hi], c, d) => [lo + Math.min(0, c * (sizes[d]! - 1)), hi + Math.max(0, c * (sizes[d]! - 1))] as const,
      [offset, offset] as const,
    )
    return low < 0 || high >= size
  })

/** The axes of a kernel. A batch dimension that one operand does not depend on is one more dimension of the other's m or n:
 *  images of a convolution become columns of one product. */
export const problemOf = (kernel: Contract, size: number): Problem => {
  const roles = (shape: Shape, before: number, a: number, b: number, out: number): Role[] =>
    shape.map((size, d) => ({
      size,
      at: [a < 0 ? -1 : before + a + d, b < 0 ? -1 : before + b + d, out < 0 ? -1 : before + out + d],
    }))
  const [nb, nm, nn, nk] = [kernel.batch.length, kernel.m.length, kernel.n.length, kernel.k.length]
  const bounds = [
    binding(kernel.a, [...kernel.batch, ...kernel.m, ...kernel.k]),
    binding(kernel.b, [...kernel.batch, ...kernel.k, ...kernel.n]),
    [],
  ]
  const accesses = [kernel.a, kernel.b, kernel.out]
  const free = (which: number, { at }: Role): boolean =>
    accesses[which]!.strides[at[which]!] === 0 && bounds[which]!.every((b) => b.coefficients[at[which]!] === 0)

  let batch = roles(kernel.batch, 0, 0, 0, 0)
  const toN = batch.filter((role) => free(0, role))
  const toM = batch.filter((role) => !free(0, role) && free(1, role))
  batch = batch.filter((role) => !toN.includes(role) && !toM.includes(role))
  const m = [...toM, ...roles(kernel.m, nb, 0, -1, 0)]
  const n = [...toN, ...roles(kernel.n, nb, -1, nk, nm)]
  const k = roles(kernel.k, nb, nm, 0, -1)
  void nn

  const axis = (which: number, list: readonly Role[]): Axis =>
    merge(
      list.toReversed().map((role) => ({
        size: role.size,
        stride: size * accesses[which]!.strides[role.at[which]!]!,
        bounds: bounds[which]!.map((b) => b.coefficients[role.at[which]!]!),
      })),
      bounds[which]!.length,
    )
  const view = (which: number, x: readonly Role[]): View => ({
    offset: size * accesses[which]!.offset,
    bounds: bounds[which]!,
    batch: axis(which, batch),
    x: axis(which, x),
    k: axis(which, k),
  })
  const count = (list: readonly Role[]): number => product(list.map((role) => role.size))
  return {
    batch: count(batch),
    m: count(m),
    n: count(n),
    k: count(k),
    a: view(0, m),
    b: view(1, n),
    out: { offset: size * kernel.out.offset, batch: axis(2, batch), m: axis(2, m), n: axis(2, n) },
  }
}
