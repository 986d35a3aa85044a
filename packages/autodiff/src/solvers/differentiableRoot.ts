/** Searches with the derivative of what they find: roots, fixed points and minima, by the implicit function theorem.
 *
 *  F(x, θ) = 0:   ∂F/∂x dx = −∂F/∂θ dθ   with F = f for roots, x − f(x) for fixed points, ∇f for minima
 *
 *  The search runs once, and is never differentiated: its x is handed over, and each push or pull is one linear solve there. The evidence is that of the
 *  search and has no derivative; neither has the start. The derivative is that at the x which was found: it is off by about what x is.
 *  Fails    the derivative is NaN where the search, or the linear solve of the derivative, ended otherwise than `accept` says.
 *  Source   Blondel et al. 2022 */

import { logicalAnd } from '@neumann/linalg-gpu'
import {
  cg,
  type Facts,
  gmres,
  type LinearSolver,
  type Status,
  vectorSpace,
  vectors,
} from '@neumann/linalg-gpu/solvers'
import { grad } from '../api/derivatives.js'
import { customRoot } from '../api/implicit.js'
import { eager, isTracing, type Tensor } from '../language.js'
import { acceptance, exactly, orNaN, recorded } from './evidence.js'
import type { FixedPointSolver, RootSolver } from './roots/families.js'

export interface DifferentiableRootOptions {
  /** For ∂F/∂x and its transpose; `gmres` by default, `cg` for minima. */
  readonly linearSolver?: LinearSolver
  /** How the search and the linear solve may end for the derivative to be believed; only 'converged' by default. */
  readonly accept?: readonly Status[]
}

interface Outcome<X> {
  readonly x: X
  readonly status: Tensor
}

type Search<X, R> = (f: (x: X) => X) => (start: X) => R

/** A search for a root, with its derivative in all that f closes over, in both modes, to any order.
 *  @example const root = (a: Tensor) => differentiableRoot(newton())((x: Tensor) => sub(mul(x, x), a))(array([1]))
 *  grad((a: Tensor) => sum(root(a).x))(array([4])) // => f32[1] [0.25] */
export const differentiableRoot: {
  (search: RootSolver, options?: DifferentiableRootOptions): RootSolver
  <X, R extends Outcome<X>>(
    search: Search<X, R> & { readonly finds?: 'root' },
    options?: DifferentiableRootOptions,
  ): Search<X, R>
} = <X, R extends Outcome<X>>(search: Search<X, R>, options: DifferentiableRootOptions = {}): Search<X, R> =>
  implicitly('differentiableRoot', search, (f) => f, { linearSolver: gmres(), ...options }, {})

/** A search for a fixed point, with its derivative in all that f closes over.
 *  @example const fixed = (a: Tensor) => differentiableFixedPoint(picard())((x: Tensor) => mul(a, cos(x)))(array([1]))
 *  grad((a: Tensor) => sum(fixed(a).x))(array([0])) // => f32[1] [1] */
export const differentiableFixedPoint: {
  (search: FixedPointSolver, options?: DifferentiableRootOptions): FixedPointSolver
  <X, R extends Outcome<X>>(
    search: Search<X, R> & { readonly finds?: 'fixed point' },
    options?: DifferentiableRootOptions,
  ): Search<X, R>
} = <X, R extends Outcome<X>>(search: Search<X, R>, options: DifferentiableRootOptions = {}): Search<X, R> =>
  implicitly(
    'differentiableFixedPoint',
    search,
    (f) => (x) => vectors.minus(x, f(x)),
    { linearSolver: gmres(), ...options },
    {},
  )

/** A search for a minimum, with its derivative in all that f closes over, and that of the `value` there. The Hessian has to be positive definite.
 *  @example const least = (a: Tensor) => differentiableMinimum(lbfgs())((x: Tensor) => sum(mul(sub(x, a), sub(x, a))))(array([1]))
 *  grad((a: Tensor) => sum(least(a).x))(array([4])) // => f32[1] [1] */
export const differentiableMinimum = <X, R extends Outcome<X>>(
  search: (f: (x: X) => Tensor) => (start: X) => R,
  options: DifferentiableRootOptions = {},
): ((f: (x: X) => Tensor) => (start: X) => R) => {
  const find = implicitly<X, Tensor, R>(
    'differentiableMinimum',
    search,
    (f) => (x) => grad(f)(x) as X,
    { linearSolver: cg(), ...options },
    { symmetric: true, definite: 'positive' },
  )
  return (f) =>
    eager((start: X): R => {
      const found = find(f)(start)
      // f(x(θ), θ) moves with θ: as evidence it would have a derivative of zero
      return isTracing() && 'value' in found ? { ...found, value: f(found.x) } : found
    })
}

const implicitly = <X, Y, R extends Outcome<X>>(
  name: string,
  search: (f: (x: X) => Y) => (start: X) => R,
  condition: (f: (x: X) => Y) => (x: X) => X,
  { linearSolver, accept = ['converged'] }: DifferentiableRootOptions & { readonly linearSolver: LinearSolver },
  facts: Facts,
): ((f: (x: X) => Y) => (start: X) => R) => {
  const accepted = acceptance(name, accept)
  return (f) =>
    eager((start: X): R => {
      // nothing differentiates what runs outside traces
      if (!isTracing()) return search(f)(start)
      const found = recorded(name, search(f), [start]).still(start)
      const space = vectorSpace(found.x)
      const x = customRoot<X>(
        condition(f),
        found.x,
        (_, x) => x,
        (apply, right) => {
          const { x: dx, status } = exactly(name, linearSolver({ domain: space, codomain: space, apply, facts })(right))
          return orNaN(logicalAnd(accepted(found.status), accepted(status)), dx)
        },
      )
      return { ...found, x }
    })
}
