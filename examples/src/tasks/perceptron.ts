/** The perceptron of Clarke et al. 2022. */

import { relu } from '@neumann/linalg-gpu'
import { type DenseParams, dense, type Model, sequential } from '@neumann/nn'
import { uniform } from '@neumann/nn/initialisers'

/** One hidden layer of relu units, whose weights and biases begin as PyTorch's do: uniform in ±1/√inputs. */
export const perceptron = (inputs: number, hidden: number, outputs: number) => {
  const layer = (from: number, to: number): Model<DenseParams> => {
    const draw = uniform(1 / Math.sqrt(from))
    return dense(from, to, { weight: draw, bias: draw })
  }
  return sequential({ hidden: layer(inputs, hidden), relu, out: layer(hidden, outputs) })
}
