/** A step length at which a function has fallen enough and is flat enough: the strong Wolfe conditions.
 *
 *  φ(t) = f(x + t d):   φ(t) ≤ φ(0) + c₁ t φ′(0),   |φ′(t)| ≤ −c₂ φ′(0)          c₁ < c₂ < 1
 *  where rounding hides the first, |φ(t) − φ(0)| ≤ 64 ulp of φ(0):   φ′(t) ≤ (2 c₁ − 1) φ′(0), which says the same of a parabola, by slopes
 *
 *  One loop for both phases of the book: `low` has the least value that is known, the least for which the first condition holds; `high` is where to
 *  turn back, at first ∞. Between them lies a step that serves. The trial is four times the last, until there is a `high`; then the least of the
 *  cubic through both, at least a tenth of the bracket away from its ends, or the middle, where the last trial has not shrunk it by a third.
 *  Needs    φ′(0) < 0; else nothing is tried and nothing found.
 *  Cost     a trial: a value and a gradient of f. At most 30 trials.
 *  Equal    of scipy.optimize.line_search and optax.scale_by_zoom_linesearch, in what is accepted.
 *  Source   Nocedal, Wright 2006, algorithms 3.5 and 3.6; conditions near rounding: Hager, Zhang 2005 */

import {
  abs,
  add,
  array,
  div,
  equal,
  greater,
  greaterEqual,
  isFinite,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  maximum,
  minimum,
  mul,
  notEqual,
  sign,
  sqrt,
  square,
  sub,
  type Tensor,
  where,
  whileLoop,
} from '@neumann/linalg-gpu'
import { frame, vectors } from '@neumann/linalg-gpu/solvers'
import { fail } from '../language.js'

const { addScaled, choose, epsilonOf, inner } = vectors
const { integer } = frame

const most = 30
const growth = 4

export interface WolfeOptions {
  /** c₁, 1e-4 by default. */
  readonly decrease?: number
  /** c₂, 0.9 by default: near 0 the search is exact. */
  readonly curvature?: number
}

export interface Wolfe {
  readonly decrease: number
  readonly curvature: number
}

/** The constants that are meant. */
export const wolfeOf = (name: string, { decrease = 1e-4, curvature = 0.9 }: WolfeOptions): Wolfe =>
  decrease > 0 && decrease < 0.5 && curvature > decrease && curvature < 1
    ? { decrease, curvature }
    : fail(
        name,
        `decrease is in (0, ½) and curvature in (decrease, 1), got ${decrease} and ${curvature}: elsewhere no step may serve.`,
      )

/** A point with the function's value and gradient there. */
export interface Sample<X> {
  readonly x: X
  readonly value: Tensor
  readonly gradient: X
}

/** φ and φ′ at t. */
interface End {
  readonly t: Tensor
  readonly value: Tensor
  readonly slope: Tensor
}

interface State<X> {
  readonly low: End & Sample<X>
  readonly high: End
  /** The next trial. */
  readonly t: Tensor
  readonly found: Tensor
  /** bool: a value was −∞. */
  readonly endless: Tensor
  readonly evaluations: Tensor
}

export interface Searched<X> extends Sample<X> {
  /** bool: whether the conditions hold. */
  readonly found: Tensor
  /** bool: whether they hold, or at least the value is less than before; else this is the point where it began. */
  readonly fell: Tensor
  /** bool: the function falls as far as was looked. */
  readonly endless: Tensor
  readonly evaluations: Tensor
}

/** From `from` along d, with t as the first trial. */
export const wolfe = <X>(
  sampleAt: (x: X) => Sample<X>,
  from: Sample<X>,
  d: X,
  t: Tensor,
  { decrease, curvature }: Wolfe,
): Searched<X> => {
  const { value: value0 } = from
  const slope0 = inner(from.gradient, d)
  const nothing = mul(0, t)
  const ulpsOf = (value: Tensor): Tensor => mul(64 * epsilonOf(t.dtype), abs(value))
  const body = ({ low, high, t, evaluations }: State<X>): State<X> => {
    const sample = sampleAt(addScaled(from.x, t, d))
    const trial = { ...sample, t, slope: inner(sample.gradient, d) }
    const { value, slope } = trial
    const sound = logicalAnd(isFinite(value), isFinite(slope))
    const falls = lessEqual(value, add(value0, mul(mul(decrease, t), slope0)))
    const hidden = logicalAnd(
      lessEqual(abs(sub(value, value0)), ulpsOf(value0)),
      lessEqual(slope, mul(2 * decrease - 1, slope0)),
    )
    // values as close as this are equal: the slopes of both then say on which side the minimum lies
    const least = lessEqual(value, add(low.value, ulpsOf(low.value)))
    const lower = logicalAnd(sound, logicalAnd(logicalOr(falls, hidden), least))
    const found = logicalAnd(lower, lessEqual(abs(slope), mul(-curvature, slope0)))
    const endless = equal(value, -Infinity)
    // a lower point from which it falls towards `low`: there is the other end
    const turned = equal(greaterEqual(slope, 0), greater(high.t, low.t))
    const ends: { readonly low: End & Sample<X>; readonly high: End } = {
      low: choose(lower, trial, low),
      high: choose(lower, choose(turned, endOf(low), high), endOf(trial)),
    }
    return {
      ...ends,
      t: where(endless, Infinity, nextTrial(ends, sub(high.t, low.t), t)),
      found,
      endless,
      evaluations: add(evaluations, integer(1)),
    }
  }
  const down = less(slope0, 0)
  const goesOn = ({ t, low, found, evaluations }: State<X>): Tensor =>
    logicalAnd(
      logicalAnd(logicalNot(found), less(evaluations, integer(most))),
      logicalAnd(down, logicalAnd(isFinite(t), notEqual(t, low.t))),
    )
  const end = whileLoop(goesOn, body, {
    low: { ...from, t: nothing, slope: slope0 },
    high: { t: add(nothing, Infinity), value: nothing, slope: nothing },
    t,
    found: array(false),
    endless: array(false),
    evaluations: integer(0),
  })
  const fell = logicalOr(end.found, less(end.low.value, value0))
  const { x, value, gradient } = choose(fell, sampleOf(end.low), sampleOf(from))
  return {
    x,
    value,
    gradient,
    found: end.found,
    fell,
    endless: logicalOr(end.endless, logicalAnd(logicalAnd(down, logicalNot(end.found)), equal(end.high.t, Infinity))),
    evaluations: end.evaluations,
  }
}

const sampleOf = <X>({ x, value, gradient }: Sample<X>): Sample<X> => ({ x, value, gradient })
const endOf = ({ t, value, slope }: End): End => ({ t, value, slope })

const nextTrial = ({ low, high }: { readonly low: End; readonly high: End }, before: Tensor, t: Tensor): Tensor => {
  const width = sub(high.t, low.t)
  const middle = add(low.t, mul(0.5, width))
  const least = cubicMinimum(low, high)
  // as a part of the bracket
  const part = div(sub(least, low.t), width)
  const inside = add(low.t, mul(minimum(0.9, maximum(0.1, part)), width))
  const shrinks = less(abs(width), mul(2 / 3, abs(before)))
  const within = where(logicalAnd(isFinite(part), shrinks), inside, middle)
  return where(isFinite(high.t), within, mul(growth, t))
}

/** Where the cubic with these values and slopes is least; NaN where it has no minimum. */
const cubicMinimum = (a: End, b: End): Tensor => {
  const width = sub(b.t, a.t)
  const sum = add(add(a.slope, b.slope), mul(3, div(sub(a.value, b.value), width)))
  // the square of a slope may not be a number of the dtype
  const scale = maximum(abs(sum), maximum(abs(a.slope), abs(b.slope)))
  const [s, p, q] = [div(sum, scale), div(a.slope, scale), div(b.slope, scale)]
  const root = mul(sign(width), sqrt(sub(square(s), mul(p, q))))
  return sub(b.t, mul(width, div(sub(add(q, root), s), add(sub(q, p), mul(2, root)))))
}
