/** What draws the first weights: a function of a key and a shape.
 *
 *  Fans     the number of inputs and outputs that one weight matrix joins, from its shape alone:
 *           [in, out] of `dense`, attention and LSTM; [filters, channels / groups, …window] of a convolution, where each output
 *           sees channels / groups · window inputs, and fan out is filters · window. */

import type { FloatDType, Shape, Tensor } from '@neumann/linalg-gpu'
import { fail, showShape } from '@neumann/linalg-gpu/program'

/** dtype: f32 by default. */
export type Initialiser = (key: Tensor, shape: Shape, options?: { readonly dtype?: FloatDType }) => Tensor

export interface Fans {
  readonly in: number
  readonly out: number
}

/** How many inputs and outputs a weight of this shape joins.
 *  @example fansOf('fansOf', [784, 50]) // => { in: 784, out: 50 }
 *  @example fansOf('fansOf', [64, 3, 7, 7]) // => { in: 147, out: 3136 } */
export const fansOf = (name: string, shape: Shape): Fans => {
  const [first, second, ...window] = shape
  if (first === undefined || second === undefined)
    return fail(
      name,
      `a weight ${showShape(shape)} joins no inputs and outputs: two axes or more, or another initialiser.`,
    )
  if (shape.length === 2) return { in: first, out: second }
  const field = window.reduce((product, n) => product * n, 1)
  return { in: second * field, out: first * field }
}
