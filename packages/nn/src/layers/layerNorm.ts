/** Layer normalisation: each example by the mean and variance over its last axes. The same in training and evaluation. */

import { ones, zeros } from '@neumann/linalg-gpu'
import { eager, fail, type Shape, sameShape, showShape, showType } from '@neumann/linalg-gpu/program'
import type { Model } from '../model.js'
import { checkEpsilon, momentsOf, type NormParams, normalised } from './normalise.js'
import { count } from './sizes.js'

/** y = γ (x − μ) / √(σ² + ε) + β, μ and σ² over the last axes, γ and β for each of their places.
 *  epsilon  1e-5 by default.
 *  Shapes   x […, …shape] · scale, shift [...shape], a size for the last axis alone
 *  Source   Ba, Kiros, Hinton 2016
 *  @example
 *  const norm = layerNorm(2)
 *  norm.apply(norm.init(key(0)), array([[1, 3], [10, 30]])) // => f32[2,2] [[-0.999995, 0.999995], [-1, 1]] */
export const layerNorm = (
  shape: number | Shape,
  { epsilon = 1e-5 }: { readonly epsilon?: number } = {},
): Model<NormParams> => {
  const sizes = typeof shape === 'number' ? [shape] : shape
  if (sizes.length === 0) fail('layerNorm', 'shape names no axis: one size or more expected.')
  for (const size of sizes) count('layerNorm', 'a size of the shape', size)
  checkEpsilon('layerNorm', epsilon)
  return {
    init: () => ({ scale: ones(sizes), shift: zeros(sizes) }),
    apply: eager((params, x) => {
      const first = x.shape.length - sizes.length
      if (!sameShape(x.shape.slice(Math.max(0, first)), sizes))
        fail('layerNorm', `the last axes of x are ${showShape(sizes)}, got ${showType(x)}.`)
      return normalised(
        x,
        momentsOf(
          x,
          sizes.map((_, i) => first + i),
        ),
        epsilon,
        params,
      )
    }),
  }
}
