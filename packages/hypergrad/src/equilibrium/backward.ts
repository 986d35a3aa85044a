/** The ways back through an equilibrium: a search for fixed points as one with a derivative.
 *
 *  exactAdjoint      p of (I − Jᵀ) p = g, by any linear solver; I − J is not symmetric, so `cg` is wrong
 *  neumannPhantom    p = λ Σ_{t<terms} (λ Jᵀ + (1 − λ) I)ᵗ g
 *  unrolledPhantom   the derivative of `terms` damped steps from z; the last of them is the output
 *  oneStep           p = g
 *  On an eigenvalue μ of J the phantoms have (1 − (1 − λ (1 − μ))^terms) / (1 − μ) for 1 / (1 − μ): damping helps below μ = −1, never above 1.
 *  Laws     neumannPhantom = exactAdjoint(neumann({ terms, step: damping }));  terms → ∞ is exact;  oneStep = either phantom with one term, undamped;
 *           both phantoms agree at an exact fixed point
 *  Source   Geng et al. 2021; Fung et al. 2022 (`oneStep`, there Jacobian-free) */

import { stopGradient } from '@neumann/autodiff'
import {
  type DifferentiableRootOptions,
  differentiableFixedPoint,
  type FixedPointSolver,
} from '@neumann/autodiff/solvers'
import { full } from '@neumann/linalg-gpu'
import { eager } from '@neumann/linalg-gpu/program'
import {
  frame,
  gmres,
  type LinearSolver,
  type Operator,
  type Solution,
  statusCode,
  vectors,
} from '@neumann/linalg-gpu/solvers'
import { type PhantomTerms, phantomTerms } from '../estimators/phantom.js'
import { damp, partialSum } from '../estimators/series.js'

const { addScaled, dtypeOf, length, minus, times } = vectors

/** A search with a derivative, from one without. */
export type Backward = (search: FixedPointSolver) => FixedPointSolver

/** How a search may end for its derivative to be believed. */
export type Acceptance = Pick<DifferentiableRootOptions, 'accept'>

/** The implicit function theorem, to the solver's accuracy, in both modes and to any order; `gmres` by default. `richardson({ step: 1 })` is the plain
 *  iteration p ← Jᵀ p + g, `asLinear(anderson())` the accelerated one.
 *  Fails    the derivative is NaN where search or solve ended otherwise than `accept` says, 'converged' by default.
 *  @example grad((a: Tensor) => sum(fixedPointLayer((z: Tensor, u: Tensor) => mul(u, cos(z)), { backward: exactAdjoint(richardson({ step: 1 })) })(a, array([0])).z))(array([0])) // => f32[1] [1] */
export const exactAdjoint =
  (linearSolver: LinearSolver = gmres(), accept: Acceptance = {}): Backward =>
  (search) =>
    differentiableFixedPoint(search, { linearSolver, ...accept })

/** `terms` terms of the adjoint's series at z, 5 damped by 0.5 by default.
 *  Cost     terms − 1 products with Jᵀ, and one with (∂f/∂u)ᵀ
 *  Fails    the derivative is NaN where the search ended otherwise than `accept` says: 'converged' or 'maxIterations' by default.
 *  @example const layer = fixedPointLayer((z: Tensor, u: Tensor) => add(mul(0.5, z), u), { backward: neumannPhantom({ terms: 3, damping: 1 }) })
 *  grad((u: Tensor) => sum(layer(u, array([0])).z))(array([3])) // => f32[1] [1.75] */
export const neumannPhantom = ({
  accept = ['converged', 'maxIterations'],
  ...options
}: PhantomTerms & Acceptance = {}): Backward => {
  const { terms, damping } = phantomTerms('neumannPhantom', options)
  return (search) => differentiableFixedPoint(search, { linearSolver: cutOff(terms, damping), accept })
}

/** p = g: the cheapest, a direction of descent where J is not too large. Acceptance as of `neumannPhantom`.
 *  @example const layer = fixedPointLayer((z: Tensor, u: Tensor) => add(mul(0.5, z), u), { backward: oneStep() })
 *  grad((u: Tensor) => sum(layer(u, array([0])).z))(array([3])) // => f32[1] [1] */
export const oneStep = (accept: Acceptance = {}): Backward => neumannPhantom({ terms: 1, damping: 1, ...accept })

/** `terms` steps z ← (1 − λ) z + λ f(z) from what the search found, and their derivative: that of what was computed, wherever the search ended. Better
 *  than `neumannPhantom` where it ended early, since the steps go on from there.
 *  Cost     terms values of f, and memory for them; terms products. One more value for the residual, where it is looked at.
 *  @example const layer = fixedPointLayer((z: Tensor, u: Tensor) => add(mul(0.5, z), u), { forward: picard({ maxIterations: 1 }), backward: unrolledPhantom({ terms: 3, damping: 1 }) })
 *  String(layer(array([3]), array([0])).z) // => f32[1] [5.625]
 *  grad((u: Tensor) => sum(layer(u, array([0])).z))(array([3])) // => f32[1] [1.75] */
export const unrolledPhantom = (options: PhantomTerms = {}): Backward => {
  const { terms, damping } = phantomTerms('unrolledPhantom', options)
  return (search) => {
    const find = differentiableFixedPoint(search)
    return <X>(f: (x: X) => X) =>
      eager((start: X) => {
        const found = find(f)(start)
        let x = stopGradient(found.x)
        for (let t = 0; t < terms; t++) x = damp(damping, x, f(x))
        return { ...found, x, residual: stopGradient(length(minus(f(x), x))) }
      })
  }
}

/** The series as a solver for I − Jᵀ. It does what it is asked for, and no product more to tell how far that is off. */
const cutOff =
  (terms: number, damping: number): LinearSolver =>
  <X>({ apply }: Operator<X>) =>
  (b: X): Solution<X> => {
    const { sum } = partialSum((x: X) => addScaled(x, -damping, apply(x)), b, terms)
    const dtype = dtypeOf('neumannPhantom', b)
    const { least, greatest } = frame.noCurvatures(dtype)
    return {
      x: damping === 1 ? sum : times(damping, sum),
      status: frame.integer(statusCode.converged),
      residual: full([], Number.NaN, { dtype }),
      iterations: frame.integer(terms),
      products: frame.integer(terms - 1),
      curvature: [least, greatest],
    }
  }
