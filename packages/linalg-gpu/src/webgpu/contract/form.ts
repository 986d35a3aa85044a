/** A contraction as its shaders see it:
 *
 *    out[z, row, column] = Σ_k left[z, row, k] · right[z, k, column]
 *
 *  with neighbours of `out` along columns where it has any. Every dimension is a run that moves all affine functions at once: the
 *  places in left, right and out, then the bounds of left and of right, then those of an epilogue. */

import type { Contract } from '../../kernel/kernel.js'
import { mergeRuns, type Role, type Run, rolesOf } from '../../kernel/roles.js'
import { movesOf } from './finish.js'

/** Numbers of the functions; bounds follow. */
export const left = 0
export const right = 1
export const out = 2

export type Side = typeof left | typeof right

/** 0 ≤ function < size. */
export interface Limit {
  readonly function: number
  readonly size: number
}

/** Runs are innermost first. */
export interface Form {
  readonly batch: readonly Run[]
  readonly rows: readonly Run[]
  readonly columns: readonly Run[]
  readonly k: readonly Run[]
  /** The functions at the first point. */
  readonly bases: readonly number[]
  readonly limits: readonly [readonly Limit[], readonly Limit[]]
  /** The first of the functions of an epilogue. */
  readonly beyond: number
  /** Which operands of the kernel are left, right and out. */
  readonly operands: readonly [number, number, number]
}

export const sizeOfRuns = (runs: readonly Run[]): number => runs.reduce((all, { size }) => all * size, 1)

export const formOf = (kernel: Contract): Form => {
  const roles = rolesOf(kernel)
  const accesses = [kernel.a, kernel.b, kernel.out] as const
  const moves = movesOf(kernel.epilogue)
  const runs = (list: readonly Role[]): Run[] =>
    mergeRuns(
      list.toReversed().map(({ size, at }) => ({
        size,
        factors: [
          ...accesses.map((access, which) => access.strides[at[which]!] ?? 0),
          ...roles.bounds.flatMap((bounds, which) => bounds.map((bound) => bound.coefficients[at[which]!] ?? 0)),
          ...moves.map(({ strides }) => strides[at[out]] ?? 0),
        ],
      })),
    )
  const [batch, m, n, k] = [roles.batch, roles.m, roles.n, roles.k].map(runs) as [Run[], Run[], Run[], Run[]]
  const bases = [...accesses, ...roles.bounds.flat(), ...moves].map(({ offset }) => offset)
  const limit = (first: number) => (bound: { readonly size: number }, j: number) => ({
    function: first + j,
    size: bound.size,
  })
  const limits = [roles.bounds[0].map(limit(3)), roles.bounds[1].map(limit(3 + roles.bounds[0].length))] as const
  const plain: Form = {
    batch,
    rows: m,
    columns: n,
    k,
    bases,
    limits,
    beyond: bases.length - moves.length,
    operands: [0, 1, 2],
  }
  const along = (list: readonly Run[]): boolean => list[0] === undefined || list[0].factors[out] === 1
  // one column of many rows is a row as well
  return (along(n) && n.length > 0) || !along(m) || m.length === 0 ? plain : transposed(plain)
}

const transposed = ({ batch, rows, columns, k, bases, limits, beyond }: Form): Form => {
  const swap = <T>([x, y, ...rest]: readonly T[]): T[] => [y!, x!, ...rest]
  const turned = (runs: readonly Run[]): Run[] => runs.map(({ size, factors }) => ({ size, factors: swap(factors) }))
  return {
    batch: turned(batch),
    rows: turned(columns),
    columns: turned(rows),
    k: turned(k),
    bases: swap(bases),
    limits: [limits[1], limits[0]],
    beyond,
    operands: [1, 0, 2],
  }
}
