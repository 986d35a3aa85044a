/** How each operand of a contraction sees the batch, m, n and k: as axes, with as few dimensions as its strides allow. */

import type { Contract } from '../../kernel/kernel.js'
import { mergeRuns, type Role, rolesOf } from '../../kernel/roles.js'

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

/** Neighbours that are one run in memory and to every bound become one dimension. */
export const merge = (dims: readonly Dim[], bounds: number): Axis => {
  const [first, ...rest] = mergeRuns(dims.map((dim) => ({ size: dim.size, factors: [dim.stride, ...dim.bounds] }))).map(
    ({ size, factors }): Dim => ({ size, stride: factors[0]!, bounds: factors.slice(1) }),
  )
  return first === undefined ? [{ size: 1, stride: 0, bounds: Array(bounds).fill(0) }] : [first, ...rest]
}

/** The axes of a kernel. */
export const problemOf = (kernel: Contract, size: number): Problem => {
  const { batch, m, n, k, bounds } = rolesOf(kernel)
  const ofOperand = [...bounds, []]
  const accesses = [kernel.a, kernel.b, kernel.out]
  const axis = (which: number, list: readonly Role[]): Axis =>
    merge(
      list.toReversed().map((role) => ({
        size: role.size,
        stride: size * accesses[which]!.strides[role.at[which]!]!,
        bounds: ofOperand[which]!.map((b) => b.coefficients[role.at[which]!]!),
      })),
      ofOperand[which]!.length,
    )
  const view = (which: number, x: readonly Role[]): View => ({
    offset: size * accesses[which]!.offset,
    bounds: ofOperand[which]!,
    batch: axis(which, batch),
    x: axis(which, x),
    k: axis(which, k),
  })
  const count = (list: readonly Role[]): number => list.reduce((all, role) => all * role.size, 1)
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
