/** @neumann/linalg-gpu/solvers: linear operators and iterative solvers, which say how far they got. */

export { adjointGap, type CheckedOperator, checkOperator } from './adjoint.js'
export { bicgstab } from './bicgstab.js'
export { type CgOptions, cg } from './cg.js'
export { type ChebyshevOptions, chebyshev } from './chebyshev.js'
export { compensatedDot } from './compensated.js'
export { exact } from './exact.js'
export { type GmresOptions, gmres } from './gmres.js'
export { type LeastSquares, type LeastSquaresSolver, type LsmrOptions, lsmr } from './lsmr.js'
export { materialise } from './materialise.js'
export { matrix } from './matrix.js'
export { minres } from './minres.js'
export { type NeumannOptions, type NeumannSolution, neumann } from './neumann.js'
export type { Definite, Facts, Operator } from './operator.js'
export { composed, damped, scaled, sumOf, transposed } from './operators/algebra.js'
export { block } from './operators/block.js'
export { type OperatorParts, operator } from './operators/checked.js'
export { diagonalOperator, identity } from './operators/diagonal.js'
export { kronecker } from './operators/kronecker.js'
export { type Invertible, type LowRank, lowRank } from './operators/lowRank.js'
/** What a solver of one's own is written with: the loop that believes no recurrence. */
export * as frame from './refine.js'
export { type RichardsonOptions, richardson } from './richardson.js'
export {
  code as statusCode,
  type LinearOptions,
  type LinearSolver,
  type LinearSolverOn,
  running,
  type Solution,
  type Status,
  statuses,
  statusOf,
} from './solution.js'
export { hutchinson, type TraceOptions } from './spectral/hutchinson.js'
export { hutchPlusPlus } from './spectral/hutchPlusPlus.js'
export { type Lanczos, type LanczosOptions, lanczos, type Tridiagonal } from './spectral/lanczos.js'
export { type EigenApproximation, type Nystrom, nystrom, nystromPreconditioner } from './spectral/nystrom.js'
export { type PowerIteration, type PowerOptions, powerIteration } from './spectral/powerIteration.js'
export type { TestVectors } from './spectral/probes.js'
export { type Ritz, ritz } from './spectral/ritz.js'
export type { Estimate } from './spectral/samples.js'
export {
  type Quadrature,
  type QuadratureOptions,
  spectralDensity,
  spectralSum,
  stochasticLanczosQuadrature,
} from './spectral/stochasticLanczosQuadrature.js'
export { xDiag } from './spectral/xDiag.js'
export { xTrace } from './spectral/xTrace.js'
/** Trees of tensors as vectors: sums, inner products, lengths. */
export * as vectors from './vectors.js'
export { type Dot, type Space, vectorSpace } from './vectors.js'
