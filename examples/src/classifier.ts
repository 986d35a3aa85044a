/** A perceptron with one hidden layer, and gradient descent with momentum, written out. */

import { valueAndGrad } from '@neumann/autodiff'
import {
  add,
  argmax,
  cast,
  div,
  equal,
  expandDims,
  logSoftmax,
  matmul,
  mean,
  mul,
  neg,
  normal,
  relu,
  slice,
  splitKey,
  sub,
  sum,
  type Tensor,
  type TensorLike,
  take,
  takeAlongAxis,
  treeMap,
  zeros,
  zerosLike,
} from '@neumann/linalg-gpu'

interface Layer {
  readonly weight: Tensor
  readonly bias: Tensor
}
export type Params = readonly [Layer, Layer]

const layer = (key: Tensor, inputs: number, outputs: number): Layer => ({
  // √(2 / inputs): relu halves the variance, He et al. 2015
  weight: mul(normal(key, [inputs, outputs]), Math.sqrt(2 / inputs)),
  bias: zeros([outputs]),
})

export const init = (key: Tensor, pixels: number, hidden: number, classes: number): Params => {
  const keys = splitKey(key)
  return [layer(slice(keys, 0), pixels, hidden), layer(slice(keys, 1), hidden, classes)]
}

/** images u8[n, pixels] → logits [n, classes] */
export const apply = ([first, last]: Params, images: Tensor): Tensor => {
  const x = div(cast(images, 'f32'), 255)
  const hidden = relu(add(matmul(x, first.weight), first.bias))
  return add(matmul(hidden, last.weight), last.bias)
}

/** Mean cross-entropy:  − (1/n) Σ log softmax(logits)ᵢ,ₗₐᵦₑₗ₍ᵢ₎ */
export const crossEntropy = (logits: Tensor, labels: Tensor): Tensor =>
  neg(mean(takeAlongAxis(logSoftmax(logits), expandDims(labels, 1), { axis: 1 })))

/** How many of the largest logits are at the label. */
export const correct = (logits: Tensor, labels: Tensor): Tensor => sum(equal(argmax(logits, { axis: 1 }), labels))

export interface State {
  readonly params: Params
  readonly velocity: Params
}

export const begin = (params: Params): State => ({ params, velocity: treeMap(zerosLike, params) as Params })

/** v ← μ v + ∇f(w),  w ← w − rate · v  on the given rows of a data set; returns the loss before the step too. */
export const momentumStep =
  (images: Tensor, labels: Tensor, momentum: number) =>
  ({ params, velocity }: State, rows: Tensor, rate: TensorLike): readonly [State, Tensor] => {
    const [x, y] = [take(images, rows, { axis: 0 }), take(labels, rows)]
    const { value, grad } = valueAndGrad((w: Params) => crossEntropy(apply(w, x), y))(params)
    const v = treeMap((a: Tensor, g: Tensor) => add(mul(momentum, a), g), velocity, grad as Params) as Params
    const w = treeMap((a: Tensor, b: Tensor) => sub(a, mul(rate, b)), params, v) as Params
    return [{ params: w, velocity: v }, value]
  }
