/** Sorting along an axis. Stable; NaN stands last. */

import { fail, showShape } from '../errors.js'
import { checkAxis } from '../shape.js'
import { eager } from '../trace/eager.js'
import { emit1 } from '../trace/emit.js'
import type { Tensor, TensorLike } from '../trace/tensor.js'
import { takeAlongAxis } from './indexing.js'
import { tensorOf } from './operands.js'
import { sliceAxis } from './shape.js'

interface Order {
  readonly axis?: number
  readonly descending?: boolean
}

/** The positions that sort an axis, i32. @example argsort(array([3, 1, 2])) // => i32[3] [1, 2, 0] */
export const argsort = eager((x: TensorLike, { axis = -1, descending = false }: Order = {}): Tensor => {
  const value = tensorOf('argsort', x)
  return emit1({ kind: 'argsort', axis: checkAxis('argsort', axis, value.shape.length), descending }, value)
})

/** The elements of an axis in order; its derivative moves with the elements. @example sort(array([3, 1, 2])) // => f32[3] [1, 2, 3] */
export const sort = eager((x: TensorLike, { axis = -1, descending = false }: Order = {}): Tensor => {
  const value = tensorOf('sort', x)
  const at = checkAxis('sort', axis, value.shape.length)
  return takeAlongAxis(value, argsort(value, { axis: at, descending }), { axis: at })
})

/** The k largest along an axis, largest first, and their positions; of equals the first.
 *  @example topK(array([1, 3, 2]), 2) // => { indices: i32[2] [1, 2], values: f32[2] [3, 2] } */
export const topK = eager(
  (
    x: TensorLike,
    k: number,
    { axis = -1 }: { readonly axis?: number } = {},
  ): { readonly indices: Tensor; readonly values: Tensor } => {
    const value = tensorOf('topK', x)
    const at = checkAxis('topK', axis, value.shape.length)
    if (!Number.isInteger(k) || k < 0 || k > value.shape[at]!)
      fail('topK', `k = ${k} of axis ${at} of ${showShape(value.shape)}, which has ${value.shape[at]} elements.`)
    const indices = sliceAxis(argsort(value, { axis: at, descending: true }), at, 0, k)
    return { indices, values: takeAlongAxis(value, indices, { axis: at }) }
  },
)
