/** Operators made of blocks. */

import { fail } from '../../errors.js'
import { eager } from '../../trace/eager.js'
import type { Structure } from '../../tree.js'
import type { Facts, Operator } from '../operator.js'
import { plus, type Space } from '../vectors.js'
import { transposeOf, ways } from './algebra.js'
import { joinedFacts } from './facts.js'
import { meet, sameSpace } from './spaces.js'

type Block = Operator<unknown, unknown> | null

/** [x₀, x₁, …] ↦ [A₀₀ x₀ + A₀₁ x₁ + …, A₁₀ x₀ + …, …] on lists of vectors; null is a block of zeros.
 *  Shapes   a block of row i and column j maps the vectors of place j to those of place i.
 *  Facts    where all but the diagonal blocks are null: what all of these have. Of others say it: [[A, B], [transposed(B), C]] with A and C symmetric is so.
 *  Fails    rows of different lengths, a row or column of nulls alone, blocks whose spaces do not meet.
 *  @example const a = block<[Tensor, Tensor]>([[matrix([[2]]), matrix([[1, 1]])], [null, identity(vectorSpace(zeros([2])))]])
 *  a.apply([array([1]), array([3, 4])]) // => [ f32[1] [9], f32[2] [3, 4] ] */
export const block = <X extends readonly unknown[], Y extends readonly unknown[] = X>(
  rows: { readonly [I in keyof Y]: { readonly [J in keyof X]: Operator<X[J], Y[I]> | null } },
  facts?: Facts,
): Operator<X, Y> => {
  const grid = rows as unknown as readonly (readonly Block[])[]
  const width = grid[0]?.length ?? 0
  const uneven = grid.find((row) => row.length !== width)
  if (width === 0 || uneven !== undefined)
    fail(
      'block',
      `rows have one number of blocks, at least one, got ${grid.map((row) => row.length).join(', ') || 'none'}.`,
    )
  const columns = grid[0]!.map((_, j) => grid.map((row) => row[j]!))
  const to = grid.map((row, i) => common(`row ${i}`, row, 'codomain'))
  const from = columns.map((column, j) => common(`column ${j}`, column, 'domain'))
  const transposes = grid.map((row) => row.map((a) => a && transposeOf(a)))
  const whole = transposes.every((row) => !row.includes(undefined))
  return {
    domain: tupleOf(from) as Space<X>,
    codomain: tupleOf(to) as Space<Y>,
    apply: eager(
      (x: X) =>
        grid.map((row) =>
          summed(
            row.map((a) => a?.apply),
            x,
          ),
        ) as unknown as Y,
    ),
    ...ways(
      whole
        ? (y: Y) =>
            from.map((_, j) =>
              summed(
                transposes.map((row) => row[j]),
                y,
              ),
            ) as unknown as X
        : undefined,
    ),
    facts: facts ?? known(grid, from, to),
  }
}

/** The space on which the blocks of a row or column agree. */
const common = (where: string, blocks: readonly Block[], side: 'domain' | 'codomain'): Space<unknown> => {
  const [first, ...rest] = blocks.filter((a) => a !== null).map((a) => a[side])
  if (first === undefined) fail('block', `${where} has null blocks only: put an operator there, as scaled(0, …).`)
  for (const space of rest) meet('block', `${where} has blocks of two ${side}s`, space, first!)
  return first!
}

const tupleOf = (spaces: readonly Space<unknown>[]): Space<readonly unknown[]> => ({
  structure: { kind: 'array', items: spaces.map(({ structure }): Structure => structure) },
  types: spaces.flatMap(({ types }) => types),
})

/** Σ fⱼ(xⱼ) over those that there are. */
const summed = (fs: readonly (((x: unknown) => unknown) | null | undefined)[], x: readonly unknown[]): unknown =>
  fs.flatMap((f, j) => (f ? [f(x[j])] : [])).reduce((a, b) => plus(a, b))

const known = (
  grid: readonly (readonly Block[])[],
  from: readonly Space<unknown>[],
  to: readonly Space<unknown>[],
): Facts => {
  const n = grid.length
  if (n !== from.length || !from.every((space, i) => sameSpace(space, to[i]!))) return {}
  const none = (where: (i: number, j: number) => boolean): boolean =>
    grid.every((row, i) => row.every((a, j) => a === null || !where(i, j)))
  const parts = grid.map((row, i) => row[i]?.facts ?? { diagonal: true })
  const [below, above] = [none((i, j) => i > j), none((i, j) => i < j)]
  if (below && above) return joinedFacts('blockDiagonal', parts)
  const { triangular } = joinedFacts('blockDiagonal', parts)
  const all = parts.every(({ diagonal }) => diagonal)
  if (above && (triangular === 'lower' || all)) return { triangular: 'lower' }
  if (below && (triangular === 'upper' || all)) return { triangular: 'upper' }
  return {}
}
