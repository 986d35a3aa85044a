/** A ⊗ B. */

import { map } from '../../control/scan.js'
import { fail } from '../../errors.js'
import { matmul } from '../../ops/contraction.js'
import { transpose } from '../../ops/shape.js'
import { typeOf } from '../../program/type.js'
import { eager } from '../../trace/eager.js'
import type { Tensor } from '../../trace/tensor.js'
import type { Operator } from '../operator.js'
import { type Space, spaceOf } from '../vectors.js'
import { transposeOf, ways } from './algebra.js'
import { joinedFacts } from './facts.js'
import { showSpace } from './spaces.js'

/** X ↦ A X Bᵀ on matrices: with rows put one after another, the Kronecker product (A ⊗ B) vec(X).
 *  Shapes   A: [n] → [m] · B: [q] → [p] · X: [n, q] · A X Bᵀ: [m, p]
 *  Cost     two matrix products where A and B have their matrices at hand, (n + m) q p + m n q operations at most; else one product of B for each row of X and
 *           one of A for each column of X Bᵀ. The matrix [m p, n q] is never made.
 *  Laws     (A ⊗ B)ᵀ = Aᵀ ⊗ Bᵀ; the eigenvalues are all products of theirs.
 *  @example kronecker(diagonalOperator(array([1, 2])), matrix([[0, 1], [1, 0]])).apply(array([[1, 2], [3, 4]])) // => f32[2,2] [[2, 1], [8, 6]] */
export const kronecker = (a: Operator, b: Operator): Operator => {
  const [n, m, q, p] = [a.domain, a.codomain, b.domain, b.codomain].map(sizeOfAxis) as [number, number, number, number]
  const dtype = a.domain.types[0]!.dtype
  const other = b.domain.types[0]!.dtype
  if (dtype !== other) fail('kronecker', `the factors have two dtypes, ${dtype} and ${other}: cast one.`)
  const [backA, backB] = [transposeOf(a), transposeOf(b)]
  const space = (rows: number, columns: number): Space<Tensor> => spaceOf(typeOf(dtype, [rows, columns]))
  return {
    domain: space(n, q),
    codomain: space(m, p),
    apply: eager((x: Tensor) => alongColumns(a.apply, a.dense, alongRows(b.apply, b.dense, x))),
    ...ways(
      backA && backB && ((y: Tensor) => alongColumns(backA, turned(a.dense), alongRows(backB, turned(b.dense), y))),
    ),
    facts: joinedFacts('kronecker', [a.facts, b.facts]),
  }
}

const sizeOfAxis = (space: Space<Tensor>): number => {
  const [type] = space.types
  return space.structure.kind === 'leaf' && type!.shape.length === 1
    ? type!.shape[0]!
    : fail('kronecker', `factors act on vectors [n], got one on ${showSpace(space)}.`)
}

const turned = (dense: (() => Tensor) | undefined): (() => Tensor) | undefined => dense && (() => transpose(dense()))

/** X Bᵀ: B on each row. */
const alongRows = (apply: (x: Tensor) => Tensor, dense: (() => Tensor) | undefined, x: Tensor): Tensor =>
  dense === undefined ? map(apply, x) : matmul(x, transpose(dense()))

/** A X: A on each column. */
const alongColumns = (apply: (x: Tensor) => Tensor, dense: (() => Tensor) | undefined, x: Tensor): Tensor =>
  dense === undefined ? transpose(map(apply, transpose(x))) : matmul(dense(), x)
