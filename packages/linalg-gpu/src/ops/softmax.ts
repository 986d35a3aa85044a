/** Softmax along an axis, the last by default. Shifted by the largest element, so that nothing overflows. */

import { checkAxis } from '../shape.js'
import { eager } from '../trace/eager.js'
import type { Tensor, TensorLike } from '../trace/tensor.js'
import { div, sub } from './arithmetic.js'
import { inFloat } from './operands.js'
import { finiteMax, sum } from './reductions.js'
import { exp, log } from './transcendental.js'

/** eˣ / Σ eˣ; NaN along an axis whose largest element is infinite. @example softmax(array([1000, 1000])) // => f32[2] [0.5, 0.5] */
export const softmax = eager((x: TensorLike, { axis = -1 }: { readonly axis?: number } = {}): Tensor => {
  return inFloat('softmax', x, (value) => {
    const at = { axis: checkAxis('softmax', axis, value.shape.length), keepDims: true }
    if (value.shape[at.axis] === 0) return value
    const weights = exp(sub(value, finiteMax(value, at)))
    return div(weights, sum(weights, at))
  })
})

/** x − ln Σ eˣ. @example logSoftmax(array([0, 0])) // => f32[2] [-0.693147, -0.693147] */
export const logSoftmax = eager((x: TensorLike, { axis = -1 }: { readonly axis?: number } = {}): Tensor => {
  return inFloat('logSoftmax', x, (value) => {
    const at = { axis: checkAxis('logSoftmax', axis, value.shape.length), keepDims: true }
    if (value.shape[at.axis] === 0) return value
    const shifted = sub(value, finiteMax(value, at))
    return sub(shifted, log(sum(exp(shifted), at)))
  })
})
