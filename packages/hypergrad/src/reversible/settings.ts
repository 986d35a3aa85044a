/** Learning rates and momenta of a run: for each step and each tensor of the weights, however few of them are given. */

import { broadcastTo, cast, stack, type Tensor, type TensorLike, take } from '@neumann/linalg-gpu'
import {
  type DType,
  fail,
  flattenTree,
  leafCount,
  type Structure,
  sameStructure,
  scalarOf,
  showShape,
  showStructure,
  tensorsOf,
} from '@neumann/linalg-gpu/program'

/** One for all steps, or a tensor [T] with one for each step; and one for all weights, or a tree like them. */
export type StepSetting = TensorLike | object

export interface MomentumSettings {
  /** α */
  readonly lr: StepSetting
  /** γ, between 0 and 1. */
  readonly momentum: StepSetting
}

/** A setting for each tensor of the weights: scalars, or [T]. Numbers, which have no dtype of their own, take that of the weights. */
export const leavesOf = (
  name: string,
  what: string,
  setting: StepSetting,
  weights: Structure,
  dtype: DType = 'f32',
): readonly Tensor[] => {
  const { leaves: given, structure } = flattenTree(setting)
  const leaves = tensorsOf(
    name,
    given.map((leaf) => (typeof leaf === 'number' ? scalarOf(name, leaf, dtype) : leaf)),
  ).leaves
  for (const { shape } of leaves)
    if (shape.length > 1)
      fail(name, `${what} has the shape ${showShape(shape)}: it is one number, or one for each step, [T].`)
  if (structure.kind === 'leaf') return Array.from({ length: leafCount(weights) }, () => leaves[0]!)
  if (!sameStructure(structure, weights))
    fail(
      name,
      `${what} has the form ${showStructure(structure)}: it is one tensor, or a tree like the weights, ${showStructure(weights)}.`,
    )
  return leaves
}

/** A setting in one step. */
export const atStep = (setting: Tensor, step: Tensor): Tensor =>
  setting.shape.length === 0 ? setting : take(setting, step)

/** How many steps a setting is for; undefined where it is for any number. */
export const stepsIn = (leaves: readonly Tensor[]): number | undefined =>
  leaves.find((x) => x.shape.length === 1)?.shape[0]

/** A setting for every step and every tensor of the weights: f64[T, tensors]. */
export const table = (name: string, what: string, leaves: readonly Tensor[], steps: number): Tensor => {
  for (const { shape } of leaves)
    if (shape.length === 1 && shape[0] !== steps)
      fail(name, `${what} is given for ${shape[0]} steps, and the run has ${steps}.`)
  return stack(
    leaves.map((x) => broadcastTo(cast(x, 'f64'), [steps])),
    1,
  )
}
