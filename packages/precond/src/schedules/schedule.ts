/** A hyperparameter as a function of the step. */

import { clip, div, type Tensor, type TensorLike } from '@neumann/linalg-gpu'
import { castTo, fail, isFloat, isTensor, scalarOf, tensorOf, typeOfTensor } from '@neumann/linalg-gpu/program'

/** From the step 0, 1, …, a number or a tensor (traced, batched), to the value there. */
export type Schedule = (step: TensorLike) => Tensor

/** The step and a schedule's settings in one float dtype: that of the tensors among the settings, else of the step, else f32.
 *  A number argument of jit stays one, and takes the dtype of what it meets. */
export const together = (name: string, step: TensorLike, settings: readonly TensorLike[]): readonly TensorLike[] => {
  const all = [step, ...settings]
  const types = [...settings, step].filter(isTensor).map(typeOfTensor)
  const dtype = types.find((type) => isFloat(type.dtype) && !type.weak)?.dtype ?? 'f32'
  if (types.length > 0 && types.every((type) => type.weak)) return all
  return all.map((x) => (typeof x === 'number' ? scalarOf(name, x, dtype) : castTo(tensorOf(name, x), dtype)))
}

/** How much of the way from step 0 to step `steps` is behind, in 0 … 1. */
export const fraction = (step: TensorLike, steps: TensorLike): Tensor => clip(div(step, steps), 0, 1)

/** Refuses boundaries that do not rise, or are too many or too few. */
export const checkBoundaries = (name: string, boundaries: readonly number[], pieces: number): void => {
  if (boundaries.length !== pieces - 1)
    fail(name, `${pieces} pieces have ${pieces - 1} boundaries between them, got ${boundaries.length}.`)
  boundaries.forEach((b, i) => {
    if (!(b > (boundaries[i - 1] ?? -Infinity)))
      fail(name, `boundaries are steps that rise, got [${boundaries.join(', ')}].`)
  })
}
