/** Whether two contestants computed the same. */

import type { Digest } from '../contestants/respond.js'

const norm = (values: readonly number[]): number => Math.sqrt(values.reduce((n, x) => n + x * x, 0))

/** ‖theirs − ours‖ / ‖ours‖ over the sampled elements, or the difference of the norms of all elements where that is more.
 *  Infinite where the forms differ or something is not finite; 0 for two zeros. */
export const difference = (ours: Digest, theirs: Digest): number => {
  if (ours.count !== theirs.count) return Number.POSITIVE_INFINITY
  const scale = Math.max(norm(ours.sample), norm(theirs.sample))
  if (![ours.norm, theirs.norm, scale].every(Number.isFinite)) return Number.POSITIVE_INFINITY
  if (ours.norm === 0 && theirs.norm === 0) return 0
  const apart = norm(ours.sample.map((x, i) => x - theirs.sample[i]!))
  const whole = Math.abs(ours.norm - theirs.norm) / Math.max(ours.norm, theirs.norm)
  return Math.max(scale === 0 ? 0 : apart / scale, whole)
}

/** The largest difference of any result, in the order in which contestants return them; infinite where the numbers of results differ. */
export const disagreement = (
  ours: { readonly [name: string]: Digest },
  theirs: { readonly [name: string]: Digest },
): number => {
  const [a, b] = [Object.values(ours), Object.values(theirs)]
  return a.length === b.length
    ? a.reduce((worst, x, i) => Math.max(worst, difference(x, b[i]!)), 0)
    : Number.POSITIVE_INFINITY
}
