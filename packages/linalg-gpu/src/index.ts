/** @neumann/linalg-gpu: the array language, its programs and its devices. */

export { cond, switchCase } from './control/cond.js'
export { foriLoop, map, scan } from './control/scan.js'
export { whileLoop } from './control/while.js'
export type { DType, TypedArray } from './dtype.js'
export * from './ops/arithmetic.js'
export { associativeScan } from './ops/associative.js'
export * from './ops/comparison.js'
export { dotProduct as dot, matmul, outer, tensordot, vdot } from './ops/contraction.js'
export * from './ops/convolution.js'
export * from './ops/creation.js'
export { einsum } from './ops/einsum.js'
export * from './ops/indexing.js'
export {
  type Along,
  all,
  any,
  argmax,
  argmin,
  cummax,
  cummin,
  cumprod,
  cumsum,
  logsumexp,
  max,
  mean,
  min,
  norm,
  prod,
  std,
  sum,
  variance,
  variance as var,
} from './ops/reductions.js'
export {
  broadcastArrays,
  broadcastTo,
  type Cut,
  concatenate,
  diag,
  diagonal,
  expandDims,
  flatten,
  flip,
  moveAxis,
  pad,
  repeat,
  reshape,
  roll,
  slice,
  split,
  squeeze,
  stack,
  swapAxes,
  tile,
  transpose,
  tril,
  triu,
} from './ops/shape.js'
export * from './ops/softmax.js'
export * from './ops/sorting.js'
export * from './ops/transcendental.js'
export { plain, plainDevice } from './plain/device.js'
export { print } from './program/print.js'
export type { Program } from './program/program.js'
export { exponential, gumbel, normal, truncatedNormal } from './random/continuous.js'
export { bernoulli, categorical, permutation, randint } from './random/discrete.js'
export { foldIn, key, splitKey } from './random/key.js'
export { bits, uniform } from './random/uniform.js'
export type { FloatDType } from './random/words.js'
export { debugNans, debugPrint } from './run/debug.js'
export type { Device, Failure, Forecast, Memory, Timing } from './run/device.js'
export { type JitOptions, jit, trace } from './run/jit.js'
export { onDevice } from './run/onDevice.js'
export { type Plan, plan } from './run/plan.js'
export { type Profile, profile, region } from './run/profile.js'
export { data, item, read, readSync, toNested, transfer } from './run/read.js'
export { dispose, iterate, liveBuffers, scope } from './run/scope.js'
export type { Shape } from './shape.js'
export { isTensor, type Tensor, type TensorLike } from './trace/tensor.js'
export { type Mapped, type Tree, treeLeaves, treeMap } from './tree.js'
