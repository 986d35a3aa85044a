/** LeNet-5, for images of 28 × 28. */

import { reshape, type Tensor, tanh } from '@neumann/linalg-gpu'
import { fail, sameShape, showType } from '@neumann/linalg-gpu/program'
import { compose } from '../compose.js'
import { glorotUniform } from '../initialisers/varianceScaling.js'
import { type ConvolutionParams, convolution } from '../layers/convolution.js'
import { type DenseParams, dense } from '../layers/dense.js'
import { averagePooling } from '../layers/pooling.js'
import type { Model } from '../model.js'

export interface LenetParams {
  readonly first: ConvolutionParams
  readonly second: ConvolutionParams
  readonly third: DenseParams
  readonly fourth: DenseParams
  readonly out: DenseParams
}

export interface LenetOptions {
  /** 1 by default. */
  readonly channels?: number
  /** 10 by default. */
  readonly classes?: number
  /** tanh by default. */
  readonly activation?: (x: Tensor) => Tensor
}

/** Two 5 × 5 convolutions of 6 and 16 filters, each halved by mean pooling, then 120, 84 and the classes: 61,706 numbers for MNIST.
 *  Differs from the original: every filter of the second layer sees all 6 channels, pooling has no weights, the output is a dense
 *  layer of logits. The border of 2 of the first layer stands for the original's images of 32 × 32.
 *  weight   `glorotUniform`, as the activation is tanh.
 *  Shapes   x [batch, channels, 28, 28] → [batch, classes]
 *  Source   LeCun, Bottou, Bengio, Haffner 1998
 *  @example const net = lenet(); net.apply(net.init(key(0)), ones([2, 1, 28, 28])).shape // => [ 2, 10 ] */
export const lenet = ({ channels = 1, classes = 10, activation = tanh }: LenetOptions = {}): Model<LenetParams> => {
  const weight = glorotUniform
  const pool = averagePooling(2)
  return compose(
    {
      first: convolution(channels, 6, 5, { padding: 2, weight }),
      second: convolution(6, 16, 5, { weight }),
      third: dense(400, 120, { weight }),
      fourth: dense(120, 84, { weight }),
      out: dense(84, classes, { weight }),
    },
    ({ first, second, third, fourth, out }, x: Tensor) => {
      if (!sameShape(x.shape.slice(1), [channels, 28, 28]))
        fail('lenet', `x [batch, ${channels}, 28, 28] expected, got ${showType(x)}.`)
      const features = pool(activation(second(pool(activation(first(x))))))
      return out(activation(fourth(activation(third(reshape(features, [x.shape[0]!, 400]))))))
    },
  )
}
