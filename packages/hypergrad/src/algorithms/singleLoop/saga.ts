/** SAGA: what a minibatch said last time is taken out, and the mean of what all of them said is put in its place.
 *
 *  S = aᵢ − tableᵢ + mean,   mean ← mean + ωᵢ (aᵢ − tableᵢ),   tableᵢ ← aᵢ         mean = Σ ωᵢ tableᵢ,  ω: the shares of the minibatches, Σ ω = 1
 *
 *  Needs    row i with probability ωᵢ. Sweeps over unequal minibatches draw the small ones too often: S is then biased, by
 *           Σ (1/n − ωᵢ)(aᵢ − tableᵢ), which goes to zero as the table settles.
 *  Shapes   table: tree of [n, …] for n minibatches
 *  Cost     a read and a write of a row; n times the memory of a
 *  Laws     whatever the table says, the expectation of S is Σ ωᵢ aᵢ
 *  Source   Defazio, Bach, Lacoste-Julien 2014 */

import {
  broadcastTo,
  dynamicUpdateSlice,
  expandDims,
  mul,
  reshape,
  sum,
  type Tensor,
  take,
  treeMap,
} from '@neumann/linalg-gpu'
import { eager, fail } from '@neumann/linalg-gpu/program'
import { vectors } from '@neumann/linalg-gpu/solvers'

const { addScaled, minus, plus } = vectors

export interface SagaTable<A> {
  /** What each minibatch said last, stacked. */
  readonly rows: A
  readonly mean: A
}

/** The shares of n minibatches: those that are given, or 1/n each. */
export interface Shares {
  /** How many minibatches there are. */
  readonly rows: number
  /** ω, [rows], where they differ in size: the size of each by the number of all samples. */
  readonly shares?: Tensor
}

const mapped = <A>(f: (x: Tensor) => Tensor, tree: A): A => treeMap(f, tree as never) as A

export const checkShares = (name: string, { rows, shares }: Shares): void => {
  if (!Number.isInteger(rows) || rows < 1) fail(name, `rows is an integer ≥ 1, the number of minibatches, got ${rows}.`)
  if (shares !== undefined && (shares.shape.length !== 1 || shares.shape[0] !== rows))
    fail(name, `shares has one entry for each of ${rows} minibatches, got the shape [${shares.shape.join(', ')}].`)
}

/** A table in which nobody has said anything: the first look of each minibatch goes through as it is.
 *  @example emptyTable(array([5, 6]), { rows: 2 }).rows // => f32[2,2] [[0, 0], [0, 0]] */
export const emptyTable = eager(<A>(like: A, { rows }: Shares): SagaTable<A> => {
  const mean = vectors.zeroLike(like)
  return { rows: mapped((x) => broadcastTo(expandDims(x, 0), [rows, ...x.shape]), mean), mean }
})

/** A table from one look at every minibatch, stacked: no bump at the start.
 *  @example fullTable(array([1, 3]), { rows: 2 }).mean // => f32[] 2 */
export const fullTable = eager(
  <A>(rows: A, { rows: n, shares }: Shares): SagaTable<A> => ({
    rows,
    mean: mapped((x) => {
      if (shares === undefined) return mul(1 / n, sum(x, { axis: 0 }))
      return sum(mul(reshape(shares, [n, ...x.shape.slice(1).map(() => 1)]), x), { axis: 0 })
    }, rows),
  }),
)

/** What SAGA makes of a, which minibatch i (i32) said, and the table after it.
 *  @example const [said, table] = sagaStep(emptyTable(array(0), { rows: 2 }), array(-1), array(0, { dtype: 'i32' }), { rows: 2 })
 *  said // => f32[] -1
 *  table.mean // => f32[] -0.5 */
export const sagaStep = eager(
  <A>({ rows, mean }: SagaTable<A>, a: A, i: Tensor, { rows: n, shares }: Shares): readonly [A, SagaTable<A>] => {
    const change = minus(
      a,
      mapped((x) => take(x, i, { axis: 0 }), rows),
    )
    const written = treeMap(
      ((x: Tensor, row: Tensor) => dynamicUpdateSlice(x, expandDims(row, 0), [i, ...row.shape.map(() => 0)])) as never,
      rows as never,
      a as never,
    ) as unknown as A
    return [
      plus(change, mean),
      { rows: written, mean: addScaled(mean, shares === undefined ? 1 / n : take(shares, i), change) },
    ]
  },
)
