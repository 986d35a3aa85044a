/** The worked equilibria of section 8.6 of the specification, as cells and as bilevel problems. */

import { add, array, matmul, mul, sum, type Tensor, tanh } from '@neumann/linalg-gpu'
import { whole } from '../problem/lens.js'
import type { Problem } from '../problem/problem.js'

export interface Affine {
  readonly u: Tensor
  readonly W: Tensor
}

type DType = 'f32' | 'f64'

/** f(z) = act(W z + u), and F = ⟨g, z⟩ with g = (1, −1). */
const example = (W: readonly (readonly number[])[], u: readonly number[], act: (x: Tensor) => Tensor) => {
  const cell = (z: Tensor, { W, u }: Affine): Tensor => act(add(matmul(W, z), u))
  return ({ dtype = 'f64' }: { readonly dtype?: DType } = {}) => {
    const put = (values: unknown): Tensor => array(values as never, { dtype })
    const g = put([1, -1])
    const problem: Problem<Tensor, Tensor, Affine, null, null> = {
      update: (z, hyper) => cell(z, hyper),
      weights: whole<Tensor>(),
      outer: (z) => sum(mul(g, z)),
    }
    const hyper: Affine = { u: put(u), W: put(W) }
    return {
      cell,
      problem,
      hyper,
      g,
      zero: put([0, 0]),
      at: (state: Tensor) => ({ state, hyper, train: null, validation: null }),
    }
  }
}

/** W z + u, whose Jacobian has the eigenvalues 0.4 ± 0.1 i. */
export const linearExample = example(
  [
    [0.5, 0.2],
    [-0.1, 0.3],
  ],
  [1, 2],
  (x) => x,
)

/** tanh(W z + u), whose Jacobian at z* has the spectral radius 0.8628028979. */
export const tanhExample = example(
  [
    [0.9, 0.6],
    [-0.5, 0.8],
  ],
  [0.3, -0.2],
  tanh,
)

/** λ, k, ∂L/∂u of the linear example, its cosine with the exact one, and its relative error. */
export const linearTable = [
  [1, 1, [1, -1], 0.910366, 0.509902],
  [1, 2, [1.6, -1.1], 0.970496, 0.273769],
  [1, 3, [1.91, -1.01], 0.991864, 0.139159],
  [1, 5, [2.1201, -0.8651], 0.99959, 0.029741],
  [1, 9, [2.1617784, -0.8124009], 0.99999975, 0.000708],
  [0.5, 1, [0.5, -0.5], 0.910366, 0.732279],
  [0.5, 2, [0.9, -0.775], 0.938637, 0.546802],
  [0.5, 3, [1.21375, -0.91375], 0.959227, 0.413124],
  [0.5, 5, [1.6406281, -0.9865656], 0.98337, 0.238331],
  [0.5, 9, [2.0171724, -0.910913], 0.997862, 0.076299],
  [0.5, 20, [2.1594305, -0.814979], 0.999998, 0.002158],
] as const

/** λ, k, ∂L/∂u of the tanh example at z*, its cosine with the exact one. */
export const tanhTable = [
  [1, 1, [0.9927, -0.7351992], 0.47797],
  [1, 5, [4.3191557, 1.4442526], 0.9937],
  [0.5, 5, [2.6792723, -0.2515301], 0.86351],
  [0.5, 9, [3.7920016, 0.9556339], 0.98236],
  [0.5, 20, [2.7959637, 1.6032579], 0.99633],
  [0.5, 60, [2.9476969, 1.3667493], 1],
] as const

/** The factors on eigenvalues μ of J: μ, then k, λ and the factor. */
export const filterTable = [
  [0.9, [5, 1, 4.0951], [5, 0.5, 2.2622], [9, 0.5, 3.6975]],
  [0.5, [5, 1, 1.9375], [5, 0.5, 1.5254], [9, 0.5, 1.8498]],
  [-0.5, [5, 1, 0.6875], [5, 0.5, 0.666], [9, 0.5, 0.6667]],
  [-2, [5, 1, 11], [5, 0.5, 0.34375], [9, 0.5, 0.33398]],
] as const
