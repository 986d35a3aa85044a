/** Linear operators as values: what a solver is given, and what a preconditioner is.
 *
 *  An operator says where it maps from and to, how it is applied, how its transpose is where that is known, and facts about itself.
 *  Facts are promises of whoever makes the operator: solvers ask for them, never for who made it. */

import type { Tensor } from '../trace/tensor.js'
import type { Space } from './vectors.js'

/** Of a symmetric operator: the sign of xᵀA x for x ≠ 0. */
export type Definite = 'positive' | 'nonnegative' | 'negative' | 'nonpositive'

export interface Facts {
  readonly symmetric?: boolean
  readonly definite?: Definite
  readonly diagonal?: boolean
  readonly triangular?: 'lower' | 'upper'
}

/** A linear map from vectors like `domain` to vectors like `codomain`, both trees of tensors. */
export interface Operator<X = Tensor, Y = X> {
  readonly domain: Space<X>
  readonly codomain: Space<Y>
  readonly apply: (x: X) => Y
  /** Aᵀ y; operators that are `symmetric` need none. */
  readonly transpose?: (y: Y) => X
  /** The matrix [m, n] of the flattened spaces, where it is at hand: `materialise` asks for it before it asks for n products. */
  readonly dense?: () => Tensor
  readonly facts: Facts
}
