/** @neumann/hypergrad: hypergradients of bilevel problems, each with a certificate, and bilevel algorithms. */

export type { Algorithm } from './algorithms/algorithm.js'
export {
  type AlternationBegin,
  type AlternationParts,
  type AlternationReport,
  type AlternationSamples,
  type AlternationState,
  alternation,
} from './algorithms/alternation.js'
export { type Audit, retrained } from './algorithms/retrained.js'
export { type AmigoOptions, type AmigoSamples, amigo } from './algorithms/singleLoop/amigo.js'
export {
  type BenchmarkRates,
  type BenchmarkSizes,
  benchmarkRates,
  f2saRates,
} from './algorithms/singleLoop/benchmarkRates.js'
export {
  type BomeOptions,
  type BomeReport,
  type BomeSamples,
  type BomeState,
  bome,
} from './algorithms/singleLoop/bome.js'
export { type BsaSamples, bsa, ttsa } from './algorithms/singleLoop/bsa.js'
export type { SeriesSamples, TruncatedSamples } from './algorithms/singleLoop/estimated.js'
export { type DirectionEstimator, type Field, plainEstimator } from './algorithms/singleLoop/estimator.js'
export { type F2saOptions, type F2saState, f2sa, penaltyDirection } from './algorithms/singleLoop/f2sa.js'
export { type FslaOptions, type FslaState, fsla } from './algorithms/singleLoop/fsla.js'
export { type HoagOptions, type HoagReport, type HoagState, hoag } from './algorithms/singleLoop/hoag.js'
export { type MomentumOptions, mrbo, type PairState, sustain } from './algorithms/singleLoop/mrbo.js'
export {
  type Calls,
  directions,
  type InnerTerms,
  type Look,
  type LoopSamples,
  type Losses,
  type OuterTerms,
  oracleCalls,
  type Variables,
} from './algorithms/singleLoop/oracle.js'
export { projected } from './algorithms/singleLoop/projected.js'
export { decaying, type Rate } from './algorithms/singleLoop/rates.js'
export { type Recursive, type SarahOptions, sarahEstimator, stormEstimator } from './algorithms/singleLoop/recursive.js'
export {
  type SabaBegin,
  type SabaMemory,
  type SabaOptions,
  type SabaSamples,
  saba,
  sagaEstimator,
} from './algorithms/singleLoop/saba.js'
export { emptyTable, fullTable, type SagaTable, type Shares, sagaStep } from './algorithms/singleLoop/saga.js'
export {
  type LoopBegin,
  type LoopState,
  type Rates,
  type SingleLoopOptions,
  type SingleLoopState,
  type StepReport,
  singleLoop,
} from './algorithms/singleLoop/singleLoop.js'
export { soba } from './algorithms/singleLoop/soba.js'
export { type SrbaOptions, type SrbaSamples, srba } from './algorithms/singleLoop/srba.js'
export { type StocBiOOptions, type StocBiOSamples, stocBiO } from './algorithms/singleLoop/stocBiO.js'
export { type VrboOptions, type VrboSamples, type VrboState, vrbo } from './algorithms/singleLoop/vrbo.js'
export { type Certificate, type CertificateStatus, certificateStatuses } from './certificate/certificate.js'
export { type Decoded, decode } from './certificate/decode.js'
export { certificateCode, certified, type Findings } from './certificate/evidence.js'
export {
  type Checked,
  type CrossCheck,
  type CrossCheckOptions,
  crossCheck,
  type Estimators,
  type FieldsOf,
  type Unapplied,
} from './crossCheck/crossCheck.js'
export { asFixedPoint, asLinear } from './equilibrium/adapters.js'
export {
  type Acceptance,
  type Backward,
  exactAdjoint,
  neumannPhantom,
  oneStep,
  unrolledPhantom,
} from './equilibrium/backward.js'
export { type Cell, type Equilibrium, fixedPointLayer, type LayerOptions } from './equilibrium/fixedPointLayer.js'
export { jacobianRegulariser, type SpectralRadius, spectralRadius } from './equilibrium/jacobian.js'
export type { Estimate, Estimator, Forgetful, PointField, PointWith } from './estimators/estimator.js'
export { type FiniteDifferenceOptions, finiteDifference } from './estimators/finiteDifference.js'
export { type ForwardOptions, forward } from './estimators/forward.js'
export { type Guarded, guarded } from './estimators/guarded.js'
export { type Implicit, type ImplicitMemory, type ImplicitOptions, implicit } from './estimators/implicit.js'
export { type OnePassOptions, onePass } from './estimators/onePass.js'
export { type PhantomOptions, type PhantomTerms, phantom } from './estimators/phantom.js'
export { realTime } from './estimators/realTime.js'
export {
  type ReversibleEstimate,
  type ReversibleEstimator,
  type ReversibleOptions,
  type ReversibleRun,
  reversible,
} from './estimators/reversible.js'
export { type UnrolledOptions, unrolled } from './estimators/unrolled.js'
export { type PlanOptions, plan, type Way, type WayName, type Ways } from './plan/plan.js'
export { fromLoss, type LossParts, type Trained, type Training } from './problem/fromLoss.js'
export { field, type Lens, whole } from './problem/lens.js'
export type { LossProblem, Point, Problem, Trajectory } from './problem/problem.js'
export { type MomentumParts, type MomentumProblem, type Moving, momentumProblem } from './reversible/momentumProblem.js'
export { nearestRational, type Rational, toRational } from './reversible/rational.js'
export type { MomentumSettings, StepSetting } from './reversible/settings.js'
export { type Bijector, type Bounds, linear, log, log10, logit, softplus } from './spaces/bijector.js'
export { type Bijectors, inSpace, type Space, space } from './spaces/space.js'
export { type Kept, loadMoment, saveMoment } from './stream/checkpoint.js'
export { type Moment, type Plain, type Sampled, type StreamParts, stream } from './stream/stream.js'
