/** @neumann/autodiff: derivatives and batching of programs, to any order, in both modes, in any nesting. */

export type { ByPosition, Gradient, Positions, TangentOf } from './api/arguments.js'
export { type CheckOptions, checkGrads } from './api/checkGrads.js'
export { type CheckpointPolicy, checkpoint, checkpointName, stopGradient } from './api/checkpoint.js'
export { customJvp, customVjp } from './api/custom.js'
export { grad, jvp, type Kept, linearize, linearTranspose, valueAndGrad, vjp } from './api/derivatives.js'
export { customLinearSolve, customRoot, type LinearSolveOptions } from './api/implicit.js'
export { hessian, type Jacobian, jacfwd, jacrev } from './api/jacobian.js'
export { crossVjp, gaussNewtonVp, hvp, type Mode, type Product } from './api/products.js'
export { ravel } from './api/ravel.js'
export { type Axes, type VmapOptions, vmap } from './api/vmap.js'
