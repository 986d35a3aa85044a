/** Several vectors of one space, kept together: each leaf [m, …], one vector behind another. */

import { add } from '../ops/arithmetic.js'
import { matmul } from '../ops/contraction.js'
import { zeros } from '../ops/creation.js'
import { dynamicUpdateSlice } from '../ops/indexing.js'
import { reshape } from '../ops/shape.js'
import { type Shape, sizeOf } from '../shape.js'
import type { Tensor } from '../trace/tensor.js'
import { tensorsOf } from '../trace/treeTrace.js'
import { unflatten } from '../tree.js'
import type { Space } from './vectors.js'

/** m vectors of a tree X: the same tree, its leaves with one axis more. */
export type Basis<X> = X

const zipped = <X>(tree: X, f: (leaf: Tensor, i: number) => Tensor): X => {
  const { leaves, structure } = tensorsOf('basis', tree)
  return unflatten(structure, leaves.map(f)) as X
}
const leavesOf = (tree: unknown): readonly Tensor[] => tensorsOf('basis', tree).leaves
const rows = (leaf: Tensor): Tensor => reshape(leaf, [leaf.shape[0]!, sizeOf(leaf.shape.slice(1))])
const flat = (leaf: Tensor): Tensor => reshape(leaf, [sizeOf(leaf.shape)])

/** m times 0. */
export const basisOf = <X>(m: number, { structure, types }: Space<X>): Basis<X> =>
  unflatten(
    structure,
    types.map(({ shape, dtype }) => zeros([m, ...shape], { dtype })),
  ) as X

/** The basis with v at place i. */
export const placed = <X>(basis: Basis<X>, i: Tensor, v: X): Basis<X> => {
  const parts = leavesOf(v)
  return zipped(basis, (leaf, k) => {
    const part = parts[k]!
    const shape: Shape = [1, ...part.shape]
    return dynamicUpdateSlice(leaf, reshape(part, shape), [i, ...part.shape.map(() => 0)])
  })
}

/** ⟨vᵢ, w⟩ for each i: [m] */
export const coefficients = <X>(basis: Basis<X>, w: X): Tensor => {
  const parts = leavesOf(w)
  return leavesOf(basis)
    .map((leaf, k) => matmul(rows(leaf), flat(parts[k]!)))
    .reduce((a, b) => add(a, b))
}

/** Σ yᵢ vᵢ */
export const combination = <X>(basis: Basis<X>, y: Tensor): X =>
  zipped(basis, (leaf) => reshape(matmul(y, rows(leaf)), leaf.shape.slice(1)))
