/** Parts of stacked matrices, for algorithms that split a matrix in blocks so that most of the work is matrix products. */

import { concatenate, sliceAxis, swapAxes } from '../ops/shape.js'
import type { Tensor } from '../trace/tensor.js'

/** Sizes of blocks are multiples of this: whole vectors, whole lines of the cache, whole tiles of products. */
const unit = 64

/** About half of n, a multiple of `unit`: where a matrix wider than `unit` is cut in two. */
export const half = (n: number): number => Math.ceil(n / 2 / unit) * unit

/** Rows [from, to) of each matrix. */
export const rowsOf = (x: Tensor, from: number, to: number): Tensor => sliceAxis(x, x.shape.length - 2, from, to)

/** Columns [from, to) of each matrix. */
export const columnsOf = (x: Tensor, from: number, to: number): Tensor => sliceAxis(x, x.shape.length - 1, from, to)

/** Matrices one below the other. */
export const above = (...parts: readonly Tensor[]): Tensor => concatenate(parts, -2)

/** Matrices side by side. */
export const beside = (...parts: readonly Tensor[]): Tensor => concatenate(parts, -1)

/** [[a, b], [c, d]] of matrices cut at row and column `at`. */
export const quarters = (x: Tensor, at: number): readonly [Tensor, Tensor, Tensor, Tensor] => {
  const [n, m] = x.shape.slice(-2) as unknown as readonly [number, number]
  const [top, bottom] = [rowsOf(x, 0, at), rowsOf(x, at, n)]
  return [columnsOf(top, 0, at), columnsOf(top, at, m), columnsOf(bottom, 0, at), columnsOf(bottom, at, m)]
}

/** The transpose of each matrix. */
export const turned = (x: Tensor): Tensor => swapAxes(x, -1, -2)
