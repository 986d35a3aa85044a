/** @neumann/autodiff/solvers: derivatives of what solvers find, and operators that are derivatives. */

export {
  type Curvature,
  type Distribution,
  empiricalFisherOperator,
  fisherOperator,
  gaussNewtonOperator,
  hessianOperator,
} from './curvature.js'
export { type DifferentiableOptions, differentiable } from './differentiable.js'
export {
  type DifferentiableRootOptions,
  differentiableFixedPoint,
  differentiableMinimum,
  differentiableRoot,
} from './differentiableRoot.js'
export { fromFunction } from './fromFunction.js'
export { jacobianOperator } from './jacobianOperator.js'
export type { WolfeOptions } from './lineSearch.js'
export { type GradientDescentOptions, gradientDescent } from './minimisers/gradientDescent.js'
export { type LbfgsOptions, lbfgs } from './minimisers/lbfgs.js'
export type { Minimiser, Minimum } from './minimisers/minimiser.js'
export { type AndersonOptions, anderson } from './roots/anderson.js'
export { broyden } from './roots/broyden.js'
export type { FixedPointSolver, RootSolver } from './roots/families.js'
export { newton } from './roots/newton.js'
export { type NewtonKrylovOptions, newtonKrylov } from './roots/newtonKrylov.js'
export { type PicardOptions, picard } from './roots/picard.js'
export type { Found, SearchOptions } from './search.js'
