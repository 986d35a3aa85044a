/** How samples become directions: the value at a sample as it is, or with the variance taken out by what earlier samples said.
 *
 *  [look, memory] = next(memory, point, samples)         a field says what samples at a point say; an estimator remembers
 *
 *  Laws     with samples that are everything, all of them give the field itself: plainEstimator = SAGA = STORM = SARAH
 *           (SAGA with a table of one row, STORM and SARAH from the first step on) */

import type { Look } from './oracle.js'

/** What samples say of the direction at a point. */
export type Field<P, N, D> = (point: P, samples: N) => Look<D>

/** `B` is what it may begin with besides the point. */
export interface DirectionEstimator<P, N, M, B = unknown> {
  readonly init: (point: P, begin: B) => M
  readonly next: (memory: M, point: P, samples: N) => readonly [Look<P>, M]
}

/** The field as it is: unbiased where samples are, and as noisy as they are.
 *  @example const { init, next } = plainEstimator((p: Tensor, noise: Tensor) => ({ direction: add(p, noise), value: sum(p), calls: oracleCalls(1, 0, 0) }))
 *  next(init(array([1]), null), array([1]), array([0.5]))[0].direction // => f32[1] [1.5] */
export const plainEstimator = <P, N>(field: Field<P, N, P>): DirectionEstimator<P, N, null> => ({
  init: () => null,
  next: (_, point, samples) => [field(point, samples), null],
})
