/** Trees as flat vectors [n]: the order in which an operator's rows and columns are counted. */

import { zeros } from '../ops/creation.js'
import { concatenate, reshape, sliceAxis } from '../ops/shape.js'
import { eager } from '../trace/eager.js'
import type { Tensor } from '../trace/tensor.js'
import { tensorsOf } from '../trace/treeTrace.js'
import { unflatten } from '../tree.js'
import type { Space } from './vectors.js'

/** The elements of all leaves, one leaf after another: [n]. */
export const raveled = eager((x: unknown): Tensor => {
  const { leaves } = tensorsOf('vector', x)
  if (leaves.length === 0) return zeros([0])
  const flat = leaves.map((leaf) => reshape(leaf, [leaf.shape.reduce((n, size) => n * size, 1)]))
  return flat.length === 1 ? flat[0]! : concatenate(flat)
})

/** The vector of the space with these elements; of [m, n] m of them, each leaf [m, …]. */
export const unraveled = <X>({ structure, types }: Space<X>, flat: Tensor): X => {
  const batch = flat.shape.slice(0, -1)
  let at = 0
  return unflatten(
    structure,
    types.map(({ shape, size }) => reshape(sliceAxis(flat, batch.length, at, (at += size)), [...batch, ...shape])),
  ) as X
}
