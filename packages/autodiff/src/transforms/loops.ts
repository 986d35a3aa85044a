/** What scans and while loops share under each transform: which tangents, cotangents or batches a carry has
 *  is found as a fixed point, since a step may give one to a carry that began without. */

import { type Program, range, type Tensor } from '../language.js'
import type { Tangent } from '../rules/raw.js'

export type Pair = readonly [readonly Tensor[], readonly Tangent[]]

/** A program with its inputs and outputs in another order; what it captured stays behind its inputs. */
export const reordered = (program: Program, inputs: readonly number[], outputs: readonly number[]): Program => ({
  ...program,
  inputs: [...inputs.map((i) => program.inputs[i]!), ...program.inputs.slice(inputs.length)],
  outputs: outputs.map((i) => program.outputs[i]!),
})

/** Position of the tangent of each marked entry behind `n` values. */
export const behind = (mask: readonly boolean[], n: number): number[] => {
  let at = n
  return mask.map((m) => (m ? at++ : -1))
}

/** Repeats `step` with a growing mask of carries until it marks no more. */
export const grown = <R>(
  mask: readonly boolean[],
  carry: number,
  step: (mask: readonly boolean[]) => { readonly result: R; readonly marked: readonly boolean[] },
): { readonly result: R; readonly mask: readonly boolean[] } => {
  for (let now = mask; ; ) {
    const { result, marked } = step(now)
    const next = now.map((m, i) => m || (i < carry && marked[i]!))
    if (next.every((m, i) => m === now[i])) return { result, mask: now }
    now = next
  }
}

/** Marked carries must come out marked, so that the loop's types close. */
export const carryForced = (mask: readonly boolean[], carry: number, outs: number): boolean[] =>
  range(outs).map((i) => i < carry && mask[i]!)
