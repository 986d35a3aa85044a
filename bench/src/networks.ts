/** Networks whose derivatives are counted and timed: a loss, and arguments for it. Arguments are symbolic zeros: traced, never trained. */

import {
  add,
  logSoftmax,
  matmul,
  mean,
  mul,
  neg,
  scan,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  zeros,
} from '@neumann/linalg-gpu'

export interface Network<P> {
  readonly loss: (params: P, input: Tensor, target: Tensor) => Tensor
  readonly params: P
  readonly input: Tensor
  readonly target: Tensor
}

export type Layers = readonly { readonly weight: Tensor; readonly bias: Tensor }[]
type Measure = (output: Tensor, target: Tensor) => Tensor

export const squared: Measure = (output, target) => mean(sum(square(sub(output, target)), { axis: 1 }))
export const crossEntropy: Measure = (logits, target) => neg(mean(sum(mul(target, logSoftmax(logits)), { axis: 1 })))

const zeroLayers = (sizes: readonly number[]): Layers =>
  sizes.slice(1).map((n, i) => ({ weight: zeros([sizes[i]!, n]), bias: zeros([n]) }))

const dense = ({ weight, bias }: Layers[number], x: Tensor): Tensor => add(matmul(x, weight), bias)

/** A perceptron of so many dense layers, of sizes that all differ. */
export const perceptron = (
  layers: number,
  activation: (x: Tensor) => Tensor,
  measure: Measure = squared,
): Network<Layers> => {
  const sizes = Array.from({ length: layers + 1 }, (_, i) => 12 - i)
  return {
    loss: (params, input, target) => {
      const logits = params.reduce((h, layer, i) => dense(layer, i === 0 ? h : activation(h)), input)
      return measure(logits, target)
    },
    params: zeroLayers(sizes),
    input: zeros([7, sizes[0]!]),
    target: zeros([7, sizes[layers]!]),
  }
}

/** h ← h + tanh(W h + b), so many times: a network as deep as one likes. */
export const residual = (layers: number): Network<Layers> => ({
  loss: (params, input, target) =>
    squared(
      params.reduce((h, layer) => add(h, tanh(dense(layer, h))), input),
      target,
    ),
  params: zeroLayers(new Array<number>(layers + 1).fill(16)),
  input: zeros([8, 16]),
  target: zeros([8, 16]),
})

interface Recurrent {
  readonly state: Tensor
  readonly input: Tensor
}

/** h ← tanh(h W + xₜ U) along a sequence, as a scan. */
export const recurrent = (steps: number): Network<Recurrent> => ({
  loss: ({ state, input }, xs, target) => {
    const [last] = scan(
      (h: Tensor, x: Tensor): readonly [Tensor, null] => [tanh(add(matmul(h, state), matmul(x, input))), null],
      zeros([3, 5]),
      xs,
    )
    return squared(last, target)
  },
  params: { state: zeros([5, 5]), input: zeros([4, 5]) },
  input: zeros([steps, 3, 4]),
  target: zeros([3, 5]),
})
