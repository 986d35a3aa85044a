/** Lists with holes: tangents and cotangents are kept for marked places alone, and put back to their places when they are read. */

import { isFloat, type Tensor, type Type } from '../language.js'
import { instantiate, type Tangent } from '../rules/raw.js'

export const isFloatType = (type: Type): boolean => isFloat(type.dtype)

/** Which tangents there are. */
export const present = (list: readonly Tangent[]): boolean[] => list.map((t) => t !== null)
/** The tangents that there are. */
export const there = (list: readonly Tangent[]): Tensor[] => list.filter((t): t is Tensor => t !== null)
/** The entries at marked places. */
export const chosen = <T>(list: readonly T[], mask: readonly boolean[]): T[] => list.filter((_, i) => mask[i])

/** The given entries (from `start` on) at the marked places, in order; null elsewhere. */
export const placed = <T>(mask: readonly boolean[], list: readonly T[], start = 0): (T | null)[] => {
  let at = start
  return mask.map((m) => (m ? list[at++]! : null))
}

/** As `placed`, with zeros of the types elsewhere. */
export const filled = (
  mask: readonly boolean[],
  types: readonly Type[],
  list: readonly Tensor[],
  start = 0,
): Tensor[] => placed(mask, list, start).map((x, i) => instantiate(x, types[i]!))
