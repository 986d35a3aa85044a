/** @neumann/linalg-gpu/program: what transforms of programs are written with. Values, not the array language. */

export type { KernelFunction } from './custom/kernel.js'
export { type DType, isFloat, type TypedArray } from './dtype.js'
export { fail, showShape, showType, showValue, synchronous } from './errors.js'
export type { Kernel } from './kernel/kernel.js'
export { schedule } from './kernel/lower.js'
export { printSchedule } from './kernel/printSchedule.js'
export { kernelsOf, type Schedule } from './kernel/schedule.js'
export { castTo, scalarOf, tensorOf } from './ops/operands.js'
export { binaryPrimitive, comparePrimitive, unaryPrimitive } from './ops/primitives.js'
export { infer } from './program/infer.js'
export type { BinaryFn, CompareFn, ConvDirection, Kind, Op, OpOf, ReduceFn, TestFn, UnaryFn } from './program/op.js'
export { bodiesOf } from './program/op.js'
export { print, showOp } from './program/print.js'
export { type Eqn, inputTypes, outputTypes, type Program } from './program/program.js'
export { type Type, typeOf, withDType, withShape } from './program/type.js'
export { validate } from './program/validate.js'
export { planOf } from './run/plan.js'
export { broadcastShapes, range, type Shape, sameShape, sizeOf } from './shape.js'
export { alive, prune } from './simplify/prune.js'
export { hasEffect } from './simplify/rewrite.js'
export { simplify } from './simplify/simplify.js'
export { atLine, inScopeOf } from './trace/context.js'
export { eager } from './trace/eager.js'
export { emit, emit1, inline, isTracing, staged } from './trace/emit.js'
export { isTensor, type Tensor, type TensorLike, typeOfTensor } from './trace/tensor.js'
export { inParent, literal, type Recorded, record } from './trace/trace.js'
export { nameOf, rebuilt, recordTree, resultOf, type Traced, tensorsOf } from './trace/treeTrace.js'
export {
  flatten as flattenTree,
  leafCount,
  paths,
  type Structure,
  sameStructure,
  showStructure,
  unflatten,
} from './tree.js'
