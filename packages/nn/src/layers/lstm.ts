/** Long short-term memory: a recurrent layer over the leading axis, time. */

import {
  add,
  concatenate,
  full,
  isTensor,
  matmul,
  mul,
  scan,
  sigmoid,
  slice,
  split,
  splitKey,
  type Tensor,
  tanh,
  zeros,
} from '@neumann/linalg-gpu'
import { eager, fail, showType } from '@neumann/linalg-gpu/program'
import type { Initialiser } from '../initialisers/initialiser.js'
import { orthogonal } from '../initialisers/orthogonal.js'
import { glorotUniform } from '../initialisers/varianceScaling.js'
import type { Model } from '../model.js'
import { count } from './sizes.js'

export interface LstmParams {
  readonly input: Tensor
  readonly recurrent: Tensor
  readonly bias: Tensor
}
/** What one step hands to the next. */
export interface LstmCarry {
  readonly hidden: Tensor
  readonly cell: Tensor
}
export interface LstmInput {
  readonly inputs: Tensor
  /** Where the sequence begins: zeros by default, or where the last one ended. */
  readonly carry?: LstmCarry
}
export interface LstmOutput {
  /** The hidden state after each step. */
  readonly outputs: Tensor
  readonly carry: LstmCarry
}
export interface LstmOptions {
  /** Of the weights of the input; `glorotUniform` by default. */
  readonly input?: Initialiser
  /** Of the weights of the hidden state; `orthogonal()` by default. */
  readonly recurrent?: Initialiser
  /** The bias with which the forget gate begins, 1 by default: it begins open. The other biases begin at 0. */
  readonly forget?: number
}

/** i, f, g, o = σ σ tanh σ (x W + h U + b);   c ← f c + i g;   h ← o tanh(c).
 *  Gates    columns of W, U and b in the order input, forget, cell, output, as in PyTorch, whose weights are the transposes and whose
 *           two biases add up to this one.
 *  Shapes   inputs [time, batch, inputs], or { inputs, carry } · outputs [time, batch, size] · hidden, cell [batch, size]
 *           input [inputs, 4 size] · recurrent [size, 4 size] · bias [4 size]
 *  Cost     x W of all steps is one product; h U is one a step. Reverse mode keeps every step: `checkpoint` for long sequences.
 *  Laws     two halves of a sequence, the carry of the first given to the second, give the outputs of the whole.
 *  Source   Hochreiter, Schmidhuber 1997; Gers, Schmidhuber, Cummins 2000 for the forget gate
 *  @example
 *  const layer = lstm(3, 4)
 *  const { outputs, carry } = layer.apply(layer.init(key(0)), ones([7, 2, 3]))
 *  outputs.shape // => [ 7, 2, 4 ]
 *  carry.cell.shape // => [ 2, 4 ] */
export const lstm = (
  inputs: number,
  size: number,
  { input = glorotUniform, recurrent = orthogonal(), forget = 1 }: LstmOptions = {},
): Model<LstmParams, Tensor | LstmInput, LstmOutput> => {
  count('lstm', 'the number of inputs', inputs)
  count('lstm', 'the size of the hidden state', size)
  return {
    init: eager((key) => {
      const keys = splitKey(key)
      return {
        input: input(slice(keys, 0), [inputs, 4 * size]),
        recurrent: recurrent(slice(keys, 1), [size, 4 * size]),
        bias: concatenate([zeros([size]), full([size], forget), zeros([2 * size])]),
      }
    }),
    apply: eager((params, given) => {
      const { inputs: x, carry }: LstmInput = isTensor(given) ? { inputs: given } : given
      if (x.shape.length !== 3 || x.shape[2] !== inputs)
        fail('lstm', `inputs [time, batch, ${inputs}] expected, got ${showType(x)}.`)
      const still = zeros([x.shape[1]!, size], { dtype: x.dtype })
      const fromInput = add(matmul(x, params.input), params.bias)
      const [last, outputs] = scan(
        ({ hidden, cell }: LstmCarry, own: Tensor) => {
          const next = step(add(own, matmul(hidden, params.recurrent)), cell)
          return [next, next.hidden] as const
        },
        carry ?? { hidden: still, cell: still },
        fromInput,
      )
      return { outputs, carry: last }
    }),
  }
}

/** One step, from the four gates before their activations, side by side. */
const step = (gates: Tensor, cell: Tensor): LstmCarry => {
  const [i, f, g, o] = split(gates, 4, -1) as [Tensor, Tensor, Tensor, Tensor]
  const next = add(mul(sigmoid(f), cell), mul(sigmoid(i), tanh(g)))
  return { hidden: mul(sigmoid(o), tanh(next)), cell: next }
}
