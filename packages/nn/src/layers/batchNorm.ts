/** Batch normalisation: each channel by its mean and variance over the batch, or by running statistics. */

import { add, mul, ones, reshape, type Tensor, zeros } from '@neumann/linalg-gpu'
import { eager, fail, range, showType, showValue } from '@neumann/linalg-gpu/program'
import { modeOf, type StatefulModel } from '../model.js'
import { checkEpsilon, type Moments, momentsOf, type NormParams, normalised } from './normalise.js'
import { alongChannels, checkChannels, count } from './sizes.js'

export interface BatchNormOptions {
  /** The weight of the new batch in the running statistics; 0.1 by default. (In Keras and Flax momentum is 1 minus this.) */
  readonly momentum?: number
  /** 1e-5 by default. */
  readonly epsilon?: number
}

/** y = γ (x − μ) / √(σ² + ε) + β for each channel, n elements of it in the batch.
 *  train           μ = Σ x / n, σ² = Σ (x − μ)² / n;  the statistics move, with momentum m:
 *                  mean ← (1 − m) mean + m μ,  variance ← (1 − m) variance + m σ² n / (n − 1)
 *  eval, frozen    μ and σ² are the statistics, which stay as they are.
 *  The running variance is the unbiased one, as in PyTorch; Flax keeps the biased. Statistics that come out are functions of
 *  x, with derivatives: `stopGradient` them where they are not wanted.
 *  Shapes   x [batch, channels, …] · scale, shift, mean, variance [channels]
 *  Fails    in `train` with one element a channel, which has no spread
 *  Source   Ioffe, Szegedy 2015
 *  @example
 *  const norm = batchNorm(1)
 *  const [y, state] = norm.apply(norm.init(key(0)), array([[1], [3]]), { mode: 'train', state: norm.initialState() })
 *  y // => f32[2,1] [[-0.999995], [0.999995]]
 *  state // => { mean: f32[1] [0.2], variance: f32[1] [1.1] } */
export const batchNorm = (
  channels: number,
  { momentum = 0.1, epsilon = 1e-5 }: BatchNormOptions = {},
): StatefulModel<NormParams, Moments> => {
  count('batchNorm', 'the number of channels', channels)
  checkEpsilon('batchNorm', epsilon)
  if (!(momentum >= 0 && momentum <= 1))
    fail('batchNorm', `momentum is in 0 … 1, the weight of the new batch, got ${showValue(momentum)}.`)
  const moved = (running: Tensor, batch: Tensor): Tensor =>
    add(mul(running, 1 - momentum), mul(reshape(batch, [channels]), momentum))
  return {
    init: () => ({ scale: ones([channels]), shift: zeros([channels]) }),
    initialState: () => ({ mean: zeros([channels]), variance: ones([channels]) }),
    apply: eager(({ scale, shift }, x, call) => {
      checkChannels('batchNorm', x, channels)
      const { state } = call
      if (state?.mean === undefined)
        fail('batchNorm', `takes its statistics as \`state\`, got ${showValue(state)}: begin with initialState().`)
      const along = alongChannels(x, channels)
      const broadcast = { scale: reshape(scale, along), shift: reshape(shift, along) }
      if (modeOf('batchNorm', call) !== 'train') {
        const running = { mean: reshape(state.mean, along), variance: reshape(state.variance, along) }
        return [normalised(x, running, epsilon, broadcast), state]
      }
      const axes = range(x.shape.length).filter((axis) => axis !== 1)
      const n = axes.reduce((product, axis) => product * x.shape[axis]!, 1)
      if (n < 2)
        fail('batchNorm', `mode is 'train' and ${showType(x)} has ${n} elements a channel: a spread needs two or more.`)
      const batch = momentsOf(x, axes)
      const next = {
        mean: moved(state.mean, batch.mean),
        variance: moved(state.variance, mul(batch.variance, n / (n - 1))),
      }
      return [normalised(x, batch, epsilon, broadcast), next]
    }),
  }
}
