/** Convolution, over any number of spatial axes. */

import { add, type ConvOptions, conv, reshape, slice, splitKey, type Tensor } from '@neumann/linalg-gpu'
import { eager, fail, showValue } from '@neumann/linalg-gpu/program'
import { zeros } from '../initialisers/constant.js'
import type { Initialiser } from '../initialisers/initialiser.js'
import { heNormal } from '../initialisers/varianceScaling.js'
import type { Model } from '../model.js'
import { alongChannels, checkChannels, count } from './sizes.js'

export interface ConvolutionParams {
  readonly weight: Tensor
  readonly bias: Tensor | null
}

/** strides, padding, dilation and groups are those of `conv`: 1, 'valid', 1 and 1 by default. */
export interface ConvolutionOptions extends ConvOptions {
  /** `heNormal` by default. */
  readonly weight?: Initialiser
  /** zeros by default; null for a layer without bias, as before a normalisation. */
  readonly bias?: Initialiser | null
}

/** y[n, f, o] = Σ x[n, c, stride·o + dilation·k − padding] w[f, c, k] + b[f], as `conv`.
 *  window   n for n × n, or a size for each spatial axis.
 *  Shapes   x [batch, channels, …s] → [batch, filters, …o] · weight [filters, channels / groups, …window] · bias [filters]
 *  @example
 *  const layer = convolution(3, 8, 3, { padding: 1, strides: 2 })
 *  layer.apply(layer.init(key(0)), ones([1, 3, 32, 32])).shape // => [ 1, 8, 16, 16 ] */
export const convolution = (
  channels: number,
  filters: number,
  window: number | readonly number[],
  { weight = heNormal, bias = zeros, ...options }: ConvolutionOptions = {},
): Model<ConvolutionParams> => {
  const { groups = 1 } = options
  count('convolution', 'the number of channels', channels)
  count('convolution', 'the number of filters', filters)
  count('convolution', 'groups', groups)
  if (channels % groups !== 0 || filters % groups !== 0)
    fail('convolution', `${channels} channels and ${filters} filters do not both divide into ${groups} groups.`)
  const sizes = typeof window === 'number' ? [window, window] : window
  if (sizes.length === 0) fail('convolution', `window is a size, or a list of them, got ${showValue(window)}.`)
  for (const size of sizes) count('convolution', 'a size of the window', size)
  return {
    init: eager((key) => {
      const keys = splitKey(key)
      return {
        weight: weight(slice(keys, 0), [filters, channels / groups, ...sizes]),
        bias: bias === null ? null : bias(slice(keys, 1), [filters]),
      }
    }),
    apply: eager(({ weight, bias }, x) => {
      checkChannels('convolution', x, channels)
      const y = conv(x, weight, options)
      return bias === null ? y : add(y, reshape(bias, alongChannels(y, filters)))
    }),
  }
}
