/** The terms t_k = (I − αA)ᵏ r of a Neumann series, their sum, and what they say of the series while they are added.
 *
 *  t ← t − α A t,  x ← x + α t.   The residual of a sum of k terms is t_k: its length is known before the next is added. */

import { whileLoop } from '../control/while.js'
import { epsilonOf } from '../dtype.js'
import { abs, add, div, maximum, mul, sub } from '../ops/arithmetic.js'
import {
  equal,
  greater,
  greaterEqual,
  isFinite,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  where,
} from '../ops/comparison.js'
import { cast } from '../ops/creation.js'
import { scalarOf } from '../ops/operands.js'
import { sqrt } from '../ops/transcendental.js'
import type { Tensor } from '../trace/tensor.js'
import { type Curvatures, firstOf, integer, noCurvatures, withCurvature } from './refine.js'
import { code, running } from './solution.js'
import { addScaled, choose, divisor, dtypeOf, inner, length, minus, over, times } from './vectors.js'

/** How the last terms compare. */
export interface Measured {
  /** ‖t_k‖ / ‖t_{k−1}‖ */
  readonly ratio: Tensor
  /** The geometric mean of the last two ratios, or the one that there is. */
  readonly contraction: Tensor
  /** The cosine between the last two terms. */
  readonly alternation: Tensor
}

export interface Terms<X> extends Measured, Curvatures {
  /** The sum of `count` terms. */
  readonly x: X
  /** The last of them: the residual of the sum before it. */
  readonly term: X
  readonly norm: Tensor
  /** The sum of least residual, of one term at least. */
  readonly best: X
  readonly bestNorm: Tensor
  readonly bestCount: Tensor
  /** `running` where all terms were added, else why no more are. */
  readonly stop: Tensor
  readonly count: Tensor
  readonly products: Tensor
  /** The greatest ‖α A t‖ / ‖t‖ */
  readonly stretch: Tensor
}

export interface Series<X> {
  readonly apply: (x: X) => X
  readonly alpha: Tensor
  /** Why there is nothing to add, or `running`. */
  readonly known: Tensor
  readonly terms: number
  /** A residual so short ends the sum. */
  readonly target: Tensor
  /** Adds terms that grow, or no longer change. */
  readonly trust: boolean
}

/** A residual so many times the least one is one that grows. */
const growth = 100

const slackOf = (x: Tensor): number => 8 * epsilonOf(x.dtype)

/** What the residual of x says, which is the term that comes next. */
export const measured = <X>(terms: Terms<X>, next: X): Measured => {
  const after = length(next)
  return compared(terms, after, inner(over(next, divisor(after)), over(terms.term, terms.norm)))
}

const compared = (
  { norm, ratio: before }: Pick<Terms<unknown>, 'norm' | 'ratio'>,
  after: Tensor,
  alternation: Tensor,
): Measured => {
  const ratio = div(after, norm)
  return { ratio, contraction: where(equal(before, before), mul(sqrt(ratio), sqrt(before)), ratio), alternation }
}

type Last = Pick<Measured, 'contraction' | 'alternation'>

/** Longer from term to term, or as long and on the other side. */
export const grows = ({ contraction, alternation }: Last): Tensor => {
  const slack = slackOf(contraction)
  return logicalOr(
    greater(contraction, 1 + slack),
    logicalAnd(greaterEqual(contraction, 1 - slack), less(alternation, 0)),
  )
}

/** As long, and on the same side. */
export const stays = ({ contraction, alternation }: Last): Tensor => {
  const slack = slackOf(contraction)
  return logicalAnd(lessEqual(abs(sub(contraction, 1)), slack), greaterEqual(alternation, 1 - slack))
}

/** `from` and the terms of its residual, one of them at least. */
export const summed = <X>(from: X, residual: X, series: Series<X>): Terms<X> => {
  const { apply, alpha, known, terms, target, trust } = series
  const dtype = dtypeOf('neumann', residual)
  const number = (value: number): Tensor => scalarOf('neumann', value, dtype)
  const slack = slackOf(alpha)
  const begun = equal(known, running)
  const first = choose(begun, addScaled(from, alpha, residual), from)
  const init: Terms<X> = {
    x: first,
    term: residual,
    norm: length(residual),
    ratio: number(NaN),
    contraction: number(NaN),
    alternation: number(NaN),
    best: first,
    bestNorm: number(Infinity),
    bestCount: cast(begun, 'i32'),
    stop: known,
    count: cast(begun, 'i32'),
    products: integer(0),
    ...noCurvatures(dtype),
    stretch: number(0),
  }
  const body = (s: Terms<X>): Terms<X> => {
    const taken = times(alpha, apply(s.term))
    const next = minus(s.term, taken)
    // three sums in one pass: the residual came with numbers about 1, and α A is about 1, so that squares are in range while the series is
    const [after, size] = [sqrt(inner(next, next)), sqrt(inner(taken, taken))]
    const along = div(inner(s.term, taken), s.norm)
    const stretch = maximum(s.stretch, div(size, s.norm))
    const curvature = div(div(along, s.norm), alpha)
    const stop = firstOf(
      [
        [logicalNot(isFinite(after)), code.nonfinite],
        [lessEqual(after, target), code.converged],
        [logicalAnd(!trust, lessEqual(size, mul(mul(slack, stretch), s.norm))), code.singular],
        [logicalAnd(!trust, greater(after, mul(growth, s.bestNorm))), code.diverged],
      ],
      running,
    )
    const goesOn = equal(stop, running)
    const better = less(after, s.bestNorm)
    // ⟨t − αA t, t⟩ needs no sum of its own
    return {
      ...compared(s, after, div(sub(s.norm, along), divisor(after))),
      x: choose(goesOn, addScaled(s.x, alpha, next), s.x),
      term: choose(goesOn, next, s.term),
      norm: where(goesOn, after, s.norm),
      best: choose(better, s.x, s.best),
      bestNorm: where(better, after, s.bestNorm),
      bestCount: where(better, s.count, s.bestCount),
      stop,
      count: add(s.count, cast(goesOn, 'i32')),
      products: add(s.products, integer(1)),
      ...withCurvature(s, curvature),
      stretch,
    }
  }
  return whileLoop((s: Terms<X>) => logicalAnd(equal(s.stop, running), less(s.count, terms)), body, init)
}
