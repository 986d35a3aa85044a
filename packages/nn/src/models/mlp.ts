/** The multilayer perceptron. */

import { relu, type Tensor } from '@neumann/linalg-gpu'
import { fail, showValue } from '@neumann/linalg-gpu/program'
import { compose } from '../compose.js'
import { heNormal } from '../initialisers/varianceScaling.js'
import { type DenseOptions, type DenseParams, dense } from '../layers/dense.js'
import type { Model } from '../model.js'

export interface MlpOptions extends DenseOptions {
  /** Between the layers; relu by default. */
  readonly activation?: (x: Tensor) => Tensor
}

/** x ← a(x W + b) for each layer, the last without a.
 *  sizes    of the values: of the input, of each hidden layer, of the output.
 *  weight   `heNormal` by default, which is for relu.
 *  Shapes   x […, first size] → […, last size] · params: [weight, bias] of each layer
 *  @example
 *  const net = mlp([784, 50, 10])
 *  const params = net.init(key(0))
 *  params.map(({ weight }) => weight.shape) // => [ [ 784, 50 ], [ 50, 10 ] ]
 *  net.apply(params, ones([32, 784])).shape // => [ 32, 10 ] */
export const mlp = (
  sizes: readonly number[],
  { activation = relu, weight = heNormal, ...options }: MlpOptions = {},
): Model<readonly DenseParams[]> => {
  if (sizes.length < 2) fail('mlp', `sizes of the input and of the output at least, got ${showValue(sizes)}.`)
  const layers = sizes.slice(1).map((size, i) => dense(sizes[i]!, size, { weight, ...options }))
  return compose(layers, (parts, x: Tensor) =>
    parts.reduce((value, part, i) => part(i === 0 ? value : activation(value)), x),
  )
}
