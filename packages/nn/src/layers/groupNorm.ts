/** Group normalisation: each example by the mean and variance over groups of channels. The same in training and evaluation. */

import { ones, reshape, zeros } from '@neumann/linalg-gpu'
import { eager, fail, range } from '@neumann/linalg-gpu/program'
import type { Model } from '../model.js'
import { checkEpsilon, momentsOf, type NormParams, normalised } from './normalise.js'
import { alongChannels, checkChannels, count } from './sizes.js'

/** y = γ (x − μ) / √(σ² + ε) + β, μ and σ² over channels / groups neighbouring channels and all places, γ and β for each channel.
 *  epsilon  1e-5 by default.
 *  Shapes   x [batch, channels, …] · scale, shift [channels]
 *  Laws     as many groups as channels: instance normalisation, with γ and β; one group: over all of the example.
 *  Source   Wu, He 2018
 *  @example
 *  const norm = groupNorm(2, 4)
 *  norm.apply(norm.init(key(0)), array([[1, 3, 10, 30]])) // => f32[1,4] [[-0.999995, 0.999995, -1, 1]] */
export const groupNorm = (
  groups: number,
  channels: number,
  { epsilon = 1e-5 }: { readonly epsilon?: number } = {},
): Model<NormParams> => {
  count('groupNorm', 'the number of groups', groups)
  count('groupNorm', 'the number of channels', channels)
  checkEpsilon('groupNorm', epsilon)
  if (channels % groups !== 0) fail('groupNorm', `${channels} channels do not divide into ${groups} groups.`)
  return {
    init: () => ({ scale: ones([channels]), shift: zeros([channels]) }),
    apply: eager(({ scale, shift }, x) => {
      checkChannels('groupNorm', x, channels)
      const split = (all: readonly number[]): number[] => [groups, channels / groups, ...all]
      const grouped = reshape(x, [x.shape[0]!, ...split(x.shape.slice(2))])
      const along = split(alongChannels(x, channels).slice(1))
      const broadcast = { scale: reshape(scale, along), shift: reshape(shift, along) }
      const moments = momentsOf(grouped, range(grouped.shape.length).slice(2))
      return reshape(normalised(grouped, moments, epsilon, broadcast), x.shape)
    }),
  }
}
