/** min ‖β e₁ − H y‖ for a Hessenberg matrix H that grows by a column at a time: rotations make it triangular, Q H = R.
 *
 *  Shapes   H: [m + 1, m], of which `count` columns stand; y: [m], 0 beyond them.
 *  Cost     a column: one product with Q, (m + 1)² numbers; the product of the rotations is kept instead of each of them, so that nothing waits for a loop.
 *  Source   Saad, Schultz 1986, 3.2 */

import { foriLoop } from '../control/scan.js'
import { abs, add, div, mul, neg, sub } from '../ops/arithmetic.js'
import { equal, less, where } from '../ops/comparison.js'
import { matmul, outer } from '../ops/contraction.js'
import { cast, eye, iota } from '../ops/creation.js'
import { take } from '../ops/indexing.js'
import { sum } from '../ops/reductions.js'
import { expandDims, slice } from '../ops/shape.js'
import type { Tensor } from '../trace/tensor.js'
import { integer } from './refine.js'
import { hypotenuse } from './vectors.js'

export interface Hessenberg {
  /** Row j is column j of R, row j of the unit matrix where there is none yet: [m, m] */
  readonly columns: Tensor
  /** [m + 1, m + 1] */
  readonly q: Tensor
  /** β Q e₁: [m + 1] */
  readonly g: Tensor
  /** i32 */
  readonly count: Tensor
}

/** 1 at place i of n, else 0. */
const unit = (i: Tensor, n: number, like: Tensor): Tensor => cast(equal(iota([n]), i), like.dtype)

/** No columns yet: what is left is β. */
export const withoutColumns = (m: number, beta: Tensor): Hessenberg => ({
  columns: eye(m, m, { dtype: beta.dtype }),
  q: eye(m + 1, m + 1, { dtype: beta.dtype }),
  g: mul(beta, unit(integer(0), m + 1, beta)),
  count: integer(0),
})

/** With one column more, [m + 1] down to the diagonal and one number below it. `corner` is what comes to stand on the diagonal of R: 0 where the column
 *  depends on those before it; `left` is min ‖β e₁ − H y‖. */
export const withColumn = (
  { columns, q, g, count }: Hessenberg,
  column: Tensor,
  below: Tensor,
): { readonly next: Hessenberg; readonly corner: Tensor; readonly left: Tensor } => {
  const m = columns.shape[0]!
  const [here, under] = [unit(count, m + 1, q), unit(add(count, 1), m + 1, q)]
  const turned = matmul(q, column)
  const diagonal = sum(mul(here, turned))
  const corner = hypotenuse(diagonal, below)
  const [c, s] = [div(diagonal, corner), div(below, corner)]
  // rows j and j + 1 of Q are turned; the lower one was that of the unit matrix
  const row = matmul(here, q)
  const upper = add(mul(c, row), mul(s, under))
  const lower = sub(mul(c, under), mul(s, row))
  const old = sum(mul(here, g))
  const above = less(iota([m + 1]), count)
  const own = slice(add(where(above, turned, 0), mul(here, corner)), [0, m])
  return {
    next: {
      columns: where(expandDims(equal(iota([m]), count), 1), own, columns),
      q: add(q, add(outer(here, sub(upper, row)), outer(under, sub(lower, under)))),
      g: add(mul(sub(1, here), g), mul(old, sub(mul(c, here), mul(s, under)))),
      count: add(count, 1),
    },
    corner,
    left: abs(mul(s, old)),
  }
}

/** y, by substitution from the last column. */
export const leastOf = ({ columns, g, count }: Hessenberg): Tensor => {
  const m = columns.shape[0]!
  const right = where(less(iota([m]), count), slice(g, [0, m]), 0)
  return foriLoop(
    0,
    m,
    (k, rest: Tensor) => {
      const i = sub(m - 1, k)
      const here = equal(iota([m]), i)
      const column = take(columns, i, { axis: 0 })
      const y = div(sum(where(here, rest, 0)), sum(where(here, column, 0)))
      return where(here, y, add(rest, mul(neg(y), column)))
    },
    right,
  )
}
