/** Pooling: layers without weights, so functions. Over the spatial axes of [batch, channels, …spatial]. */

import { avgPool, maxPool, mean, type PoolOptions, type Tensor } from '@neumann/linalg-gpu'
import { fail, range, showType } from '@neumann/linalg-gpu/program'

/** The largest of each window, as `maxPool`; windows side by side unless strides are given.
 *  @example maxPooling(2)(reshape(arange(4), [1, 1, 2, 2])) // => i32[1,1,1,1] [[[[3]]]] */
export const maxPooling =
  (window: number | readonly number[], options?: PoolOptions): ((x: Tensor) => Tensor) =>
  (x) =>
    maxPool(x, window, options)

/** The mean of each window, as `avgPool`.
 *  @example averagePooling(2)(reshape(arange(4), [1, 1, 2, 2])) // => f32[1,1,1,1] [[[[1.5]]]] */
export const averagePooling =
  (
    window: number | readonly number[],
    options?: PoolOptions & { readonly countPadding?: boolean },
  ): ((x: Tensor) => Tensor) =>
  (x) =>
    avgPool(x, window, options)

/** The mean over all spatial axes: [batch, channels, …] → [batch, channels].
 *  @example globalAverage(reshape(arange(8), [1, 2, 2, 2])) // => f32[1,2] [[1.5, 5.5]] */
export const globalAverage = (x: Tensor): Tensor =>
  x.shape.length < 3
    ? fail('globalAverage', `x [batch, channels, …spatial] expected, got ${showType(x)}.`)
    : mean(x, { axis: range(x.shape.length).slice(2) })
