/** Standard normal numbers in the form of a tree. */

import { normal, slice, splitKey, type Tensor } from '@neumann/linalg-gpu'
import { tensorsOf, typeOfTensor, unflatten } from '@neumann/linalg-gpu/program'

export const normalLike = <X>(key: Tensor, like: X): X => {
  const { leaves, structure } = tensorsOf('normalLike', like)
  const keys = splitKey(key, leaves.length)
  const parts = leaves.map((leaf, i) => {
    const { shape, dtype } = typeOfTensor(leaf)
    return normal(slice(keys, i), shape, { dtype: dtype as 'f32' | 'f64' })
  })
  return unflatten(structure, parts) as X
}
