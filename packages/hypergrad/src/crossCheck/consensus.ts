/** Which of some vectors of numbers agree.
 *
 *  d(a, b) = ‖a − b‖ / max(‖a‖, ‖b‖), 0 for two zeros, ∞ where one is not finite
 *  The consensus is the vector that most others are within `tolerance` of, of several the one of least mean distance to those: a vector that was found,
 *  and no mean, which one wrong vector would move. There is one only where more than half of all agree with it, itself counted.
 *
 *  Laws     of two that disagree neither is right: no consensus, and one is as far from the other as the other from it */

export interface Consensus {
  /** The place of the vector that most agree with; none where no more than half do. */
  readonly at: number | null
  /** Of each vector the distance to the consensus, and where there is none to the farthest other. */
  readonly differences: readonly number[]
}

type Vector = readonly number[]

/** @example consensus([[1, 0], [1, 1e-9], [1, 0.5]], 1e-6).at // => 0
 *  consensus([[1], [2]], 1e-6) // => { at: null, differences: [ 0.5, 0.5 ] } */
export const consensus = (vectors: readonly Vector[], tolerance: number): Consensus => {
  const distances = vectors.map((a) => vectors.map((b) => (a === b ? 0 : distance(a, b))))
  const near = distances.map((row) => row.filter((d) => d <= tolerance))
  const most = Math.max(...near.map((group) => group.length))
  const at = distances
    .map((_, i) => i)
    .filter((i) => near[i]!.length === most)
    .reduce((best, i) => (total(near[i]!) < total(near[best]!) ? i : best))
  if (most * 2 > vectors.length) return { at, differences: distances.map((row) => row[at]!) }
  return { at: null, differences: distances.map((row) => Math.max(...row)) }
}

const distance = (a: Vector, b: Vector): number => {
  const [one, other] = [length(a), length(b)]
  if (!Number.isFinite(one) || !Number.isFinite(other)) return Infinity
  const greatest = Math.max(one, other)
  return greatest === 0 ? 0 : length(a.map((value, i) => value / greatest - b[i]! / greatest))
}

/** ‖a‖₂, of any number of entries: a call takes only some hundred thousand arguments, as in Math.hypot(...a). */
const length = (a: Vector): number => {
  const top = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  // 0, infinite or NaN as it is
  return top > 0 && top < Infinity ? top * Math.sqrt(total(a.map((value) => (value / top) ** 2))) : top
}

const total = (values: Vector): number => values.reduce((sum, value) => sum + value, 0)
