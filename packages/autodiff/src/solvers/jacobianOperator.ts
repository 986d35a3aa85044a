/** The operator of a derivative: one linearisation, pushed and pulled as often as a solver wants. */

import type { Facts, Operator } from '@neumann/linalg-gpu/solvers'
import { differentiated, type Gradient, matching } from '../api/arguments.js'
import type { Kept } from '../api/derivatives.js'
import { forwardAt } from '../api/forward.js'
import { dispose, eager, nameOf, unflatten } from '../language.js'

/** v ↦ J v and c ↦ Jᵀ c with J = ∂f/∂x at x.
 *  Shapes   v: tree of x · c: tree of f(x)
 *  Cost     f is linearised once; a product is its linear half, or the transpose of that.
 *  Outside traces it keeps residuals until it is disposed, by `using` or by the scope around it.
 *  Laws     ⟨c, J v⟩ = ⟨Jᵀ c, v⟩
 *  @example const J = jacobianOperator((x: Tensor) => mul(x, flip(x)), array([2, 3]))
 *  J.apply(array([1, 0])) // => f32[2] [3, 3] */
export const jacobianOperator = <X, Y>(
  f: (x: X) => Y,
  x: X,
  facts: Facts = {},
): Operator<Gradient<X>, Gradient<Y>> & Kept => {
  const name = 'jacobianOperator'
  const args = differentiated(name, [x], [0], true)
  const structure = args.structures[0]!
  const at = forwardAt(`${name} ${nameOf(f)}`, nameOf(f), args, (xs) => f(...(args.rebuild(xs) as [X])), false)
  return {
    domain: { structure, types: args.types },
    codomain: { structure: at.outStructure, types: at.outTypes },
    apply: eager(
      (v: Gradient<X>) =>
        unflatten(
          at.outStructure,
          at.push(matching(name, 'the vector', v, structure, args.types, 'the point')),
        ) as Gradient<Y>,
    ),
    transpose: eager(
      (c: Gradient<Y>) =>
        unflatten(
          structure,
          at.pull(matching(name, 'the cotangent', c, at.outStructure, at.outTypes, 'the result')),
        ) as Gradient<X>,
    ),
    facts,
    [Symbol.dispose]: () => {
      at.dispose()
      dispose(at.out)
    },
  }
}
