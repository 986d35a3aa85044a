/** ResNet-18: eight blocks of two 3 × 3 convolutions, each block added to what went into it. */

import { add, relu, type Tensor } from '@neumann/linalg-gpu'
import { fail, showValue } from '@neumann/linalg-gpu/program'
import { compose, sequential } from '../compose.js'
import { varianceScaling } from '../initialisers/varianceScaling.js'
import { batchNorm } from '../layers/batchNorm.js'
import { type ConvolutionParams, convolution } from '../layers/convolution.js'
import { type DenseParams, dense } from '../layers/dense.js'
import type { Moments, NormParams } from '../layers/normalise.js'
import { globalAverage, maxPooling } from '../layers/pooling.js'
import type { StatefulModel } from '../model.js'

interface ConvNorm<C, N> {
  readonly convolution: C
  readonly norm: N
}
interface Block<C, N> {
  readonly first: ConvNorm<C, N>
  readonly second: ConvNorm<C, N>
  /** A 1 × 1 convolution where the block changes channels or size, else null. */
  readonly shortcut: ConvNorm<C, N> | null
}
interface Net<C, N, D> {
  readonly stem: ConvNorm<C, N>
  readonly blocks: readonly Block<C, N>[]
  readonly head: D
}
export type ResnetParams = Net<ConvolutionParams, NormParams, DenseParams>
export type ResnetState = Net<null, Moments, null>

export interface ResnetOptions {
  /** 10 for `cifar`, 1000 for `torchvision`. */
  readonly classes?: number
  /** Of the images; 3 by default. */
  readonly channels?: number
  /** Filters in each of the four stages of two blocks; 64, 128, 256, 512 by default. */
  readonly widths?: readonly [number, number, number, number]
}

/** N(0, 2 / fan out), as torchvision draws its filters: it keeps gradients at one size. */
const weight = varianceScaling({ scale: 2, mode: 'fanOut', distribution: 'normal' })

const convNorm = (
  channels: number,
  filters: number,
  window: number,
  strides: number,
): StatefulModel<ConvNorm<ConvolutionParams, NormParams>, ConvNorm<null, Moments>> =>
  sequential({
    convolution: convolution(channels, filters, window, { strides, padding: (window - 1) / 2, weight, bias: null }),
    norm: batchNorm(filters),
  })

/** relu(second(relu(first(x))) + shortcut(x)) */
const block = (
  channels: number,
  filters: number,
  strides: number,
): StatefulModel<Block<ConvolutionParams, NormParams>, Block<null, Moments>> =>
  compose(
    {
      first: convNorm(channels, filters, 3, strides),
      second: convNorm(filters, filters, 3, 1),
      shortcut: channels === filters && strides === 1 ? (x: Tensor) => x : convNorm(channels, filters, 1, strides),
    },
    ({ first, second, shortcut }, x: Tensor) => relu(add(second(relu(first(x))), shortcut(x))),
  )

/** images → logits. The stages halve the image, but the first; then the mean over the image and a dense layer.
 *  cifar        begins with a 3 × 3 convolution: 11,173,962 numbers for 10 classes.
 *  torchvision  begins with a 7 × 7 convolution by strides of 2 and a 3 × 3 max pooling by 2: 11,689,512 for 1000 classes.
 *  Shapes   x [batch, channels, height, width] → [batch, classes]
 *  Source   He, Zhang, Ren, Sun 2015; the forms of torchvision and of the usual ResNet-18 for CIFAR-10; filters drawn as torchvision draws them,
 *           the head by lecunNormal
 *  @example
 *  const net = resnet18('cifar', { widths: [4, 4, 8, 8] })
 *  const call = { mode: 'train', state: net.initialState() } as const
 *  net.apply(net.init(key(0)), ones([2, 3, 16, 16]), call)[0].shape // => [ 2, 10 ] */
export const resnet18 = (
  form: 'cifar' | 'torchvision',
  { classes = form === 'cifar' ? 10 : 1000, channels = 3, widths = [64, 128, 256, 512] }: ResnetOptions = {},
): StatefulModel<ResnetParams, ResnetState> => {
  if (form !== 'cifar' && form !== 'torchvision')
    fail('resnet18', `form is 'cifar' or 'torchvision', got ${showValue(form)}.`)
  const pool = maxPooling(3, { strides: 2, padding: 1 })
  const blocks = widths.flatMap((width, stage) => [
    block(stage === 0 ? width : widths[stage - 1]!, width, stage === 0 ? 1 : 2),
    block(width, width, 1),
  ])
  return compose(
    {
      stem: form === 'cifar' ? convNorm(channels, widths[0], 3, 1) : convNorm(channels, widths[0], 7, 2),
      blocks: sequential(blocks),
      head: dense(widths[3], classes),
    },
    ({ stem, blocks, head }, x: Tensor) => {
      const begun = relu(stem(x))
      return head(globalAverage(blocks(form === 'cifar' ? begun : pool(begun))))
    },
  )
}
