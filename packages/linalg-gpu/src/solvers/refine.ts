/** The frame of every iterative solver: it believes no recurrence.
 *
 *  A method solves A d = r from d = 0, for a residual r of length about 1, and stops by its own recurrence. Here x ← x + d, the residual is
 *  computed anew from b − A x, and only that residual says `converged`. Where the recurrence had drifted from it the method starts again on what is
 *  left (iterative refinement), as long as a round halves the residual.
 *  b is divided by its largest element first, so that A x = s b gives s x for any s that the dtype holds; x is kept as it will be returned, so that
 *  a solution that the dtype cannot hold (too large, or so small that it vanishes) shows in the residual.
 *  A start so far off that b is lost beside its residual in rounding, or that is not finite, is no help: 0 is taken instead. */

import { whileLoop } from '../control/while.js'
import { type DType, epsilonOf } from '../dtype.js'
import { fail, showType } from '../errors.js'
import { add, div, maximum, minimum, mul, sub } from '../ops/arithmetic.js'
import {
  equal,
  greater,
  isFinite,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  notEqual,
  where,
} from '../ops/comparison.js'
import { cast } from '../ops/creation.js'
import { scalarOf } from '../ops/operands.js'
import { eager } from '../trace/eager.js'
import { type Tensor, typeOfTensor } from '../trace/tensor.js'
import type { Operator } from './operator.js'
import { endo, meet } from './operators/spaces.js'
import { code, type LinearOptions, running, type Solution } from './solution.js'
import {
  addScaled,
  choose,
  dimensionOf,
  dtypeOf,
  length,
  minus,
  over,
  type Space,
  scaleOf,
  times,
  vectorIn,
  zeroIn,
} from './vectors.js'

/** The least and the greatest curvature that was met. */
export interface Curvatures {
  readonly least: Tensor
  readonly greatest: Tensor
}

/** What one round of a method found. */
export interface Round<X> extends Curvatures {
  readonly d: X
  /** i32: `running` where its recurrence says that the target is reached or the iterations are spent; else why it cannot go on. */
  readonly stop: Tensor
  readonly iterations: Tensor
  readonly products: Tensor
  /** ‖r − A d‖ by the recurrence, from methods in which it does not grow: a round whose residual did is thrown away. */
  readonly norm?: Tensor
}

/** Solves A d = r until ‖r − A d‖ ≤ target by its own recurrence, in at most `iterations` steps. */
export type Method<X> = (
  apply: (x: X) => X,
  r: X,
  limit: { readonly target: Tensor; readonly iterations: Tensor },
) => Round<X>

/** Whether a round goes on: nothing stops it, iterations are left, and its residual is longer than asked for. */
export const unfinished = (
  { stop, iterations, norm }: { readonly stop: Tensor; readonly iterations: Tensor; readonly norm: Tensor },
  limit: { readonly target: Tensor; readonly iterations: Tensor },
): Tensor =>
  logicalAnd(logicalAnd(equal(stop, running), less(iterations, limit.iterations)), greater(norm, limit.target))

export { endo }

export const integer = (value: number): Tensor => scalarOf('solver', value, 'i32')

/** The number beside the first condition that holds, else the last one; i32. */
export const firstOf = (
  cases: readonly (readonly [when: Tensor, then: Tensor | number])[],
  otherwise: Tensor | number,
): Tensor =>
  cast(cases.reduceRight<Tensor | number>((rest, [when, then]) => where(when, then, rest), otherwise) as Tensor, 'i32')

/** None yet: from ∞ to −∞. */
export const noCurvatures = (dtype: DType): Curvatures => ({
  least: scalarOf('solver', Infinity, dtype),
  greatest: scalarOf('solver', -Infinity, dtype),
})

/** With one more, if it is one: a direction of length 0, as a preconditioner that is singular makes it, has none. */
export const withCurvature = ({ least, greatest }: Curvatures, value: Tensor): Curvatures => {
  const counts = isFinite(value)
  return {
    least: where(counts, minimum(least, value), least),
    greatest: where(counts, maximum(greatest, value), greatest),
  }
}

/** A factor as an operand of the program and no part of it: with another number nothing is compiled again. */
export const operandOf = <X, Y>(name: string, { domain }: Operator<X, Y>, value: Tensor | number): Tensor =>
  mul(scalarOf(name, 1, domain.types[0]?.dtype ?? 'f32'), value)

/** M r of a preconditioner on the operator's vectors; r itself where there is none. */
export const preconditioned = <X>(
  name: string,
  { domain }: Operator<X>,
  preconditioner: Operator<X> | undefined,
): ((r: X) => X) => {
  if (preconditioner === undefined) return (r) => r
  meet(name, 'the preconditioner maps from another space than the operator', preconditioner.domain, domain)
  meet(name, 'the preconditioner maps to another space than the operator', preconditioner.codomain, domain)
  return preconditioner.apply
}

/** The tolerance that is meant, 1e-5 in f32 and 1e-10 in f64. */
export const toleranceOf = <T extends number | Tensor = number>(
  name: string,
  tolerance: T | undefined,
  dtype: string,
): T | number => {
  const value = tolerance ?? (dtype === 'f64' ? 1e-10 : 1e-5)
  if (typeof value === 'number') return value >= 0 ? value : fail(name, `tolerance is a number ≥ 0, got ${value}.`)
  const type = typeOfTensor(value)
  return type.shape.length === 0 && (type.weak || type.dtype === dtype)
    ? value
    : fail(name, `tolerance is a number or ${dtype}[], the dtype of the vectors, got ${showType(type)}.`)
}

export const iterationsOf = (name: string, iterations: number | undefined, n: number): number => {
  const value = iterations ?? Math.min(1000, 10 * n)
  return Number.isInteger(value) && value >= 0 ? value : fail(name, `maxIterations is an integer ≥ 0, got ${value}.`)
}

/** Where a solve begins, and the residual there: at the start where it helps, else at 0. */
export const begun = <X, R>(
  name: string,
  domain: Space<X>,
  start: X | undefined,
  own: R,
  residualAt: (x: X) => R,
): { readonly x: X; readonly r: R } => {
  const zero = zeroIn(domain)
  if (start === undefined) return { x: zero, r: own }
  const x = vectorIn(name, 'the start', start, domain)
  const r = residualAt(x)
  const size = length(own)
  // there is one solution for b = 0 that is never wrong
  const helps = logicalAnd(greater(size, 0), lessEqual(length(r), div(size, epsilonOf(dtypeOf(name, own)))))
  return { x: choose(helps, x, zero), r: choose(helps, r, own) }
}

interface State<X> extends Curvatures {
  readonly x: X
  readonly r: X
  readonly norm: Tensor
  readonly status: Tensor
  readonly iterations: Tensor
  readonly products: Tensor
  readonly rounds: Tensor
}

/** Solves A x = b by rounds of a method. */
export const refined = <X>(
  name: string,
  operator: Operator<X>,
  { tolerance, maxIterations }: LinearOptions,
  method: Method<X>,
): ((b: X, start?: X) => Solution<X>) => {
  endo(name, operator)
  return eager((b: X, start?: X): Solution<X> => {
    const right = vectorIn(name, 'the right side', b, operator.domain)
    const dtype = dtypeOf(name, right)
    const most = iterationsOf(name, maxIterations, dimensionOf(operator.domain))
    const scale = scaleOf(right)
    const own = over(right, scale)
    const size = length(own)
    const bound = mul(size, toleranceOf(name, tolerance, dtype))
    const apply = (x: X): X => vectorIn(name, 'the product', operator.apply(x), operator.codomain)
    const residualAt = (x: X): X => minus(own, apply(over(x, scale)))
    const { x, r } = begun(name, operator.domain, start, own, residualAt)
    const norm = length(r)
    const known = firstOf(
      [
        // first: ∞ ≤ ∞
        [logicalNot(isFinite(norm)), code.nonfinite],
        [lessEqual(norm, bound), code.converged],
      ],
      most === 0 ? code.maxIterations : running,
    )
    const init: State<X> = {
      x,
      r,
      norm,
      status: known,
      iterations: integer(0),
      products: integer(start === undefined ? 0 : 1),
      rounds: integer(0),
      ...noCurvatures(dtype),
    }
    const body = (s: State<X>): State<X> => {
      // the residual may be small by now: the method sees one of length about 1
      const unit = scaleOf(s.r)
      const round = method(apply, over(s.r, unit), {
        target: div(mul(bound, 0.5), unit),
        iterations: sub(integer(most), s.iterations),
      })
      const x = times(scale, addScaled(over(s.x, scale), unit, round.d))
      const r = residualAt(x)
      const after = length(r)
      const iterations = add(s.iterations, round.iterations)
      const counts = round.norm === undefined ? equal(s.rounds, 0) : false
      const better = logicalAnd(isFinite(after), logicalOr(counts, less(after, s.norm)))
      // more steps of a recurrence that has lost its residual, or whose residual grows all the same, lead nowhere
      const drifted =
        round.norm === undefined ? false : greater(after, mul(1.1, minimum(s.norm, mul(unit, round.norm))))
      const status = firstOf(
        [
          [lessEqual(after, bound), code.converged],
          [notEqual(round.stop, running), round.stop],
          [logicalNot(isFinite(after)), code.nonfinite],
          [logicalAnd(lessEqual(most, iterations), logicalNot(drifted)), code.maxIterations],
          [greater(after, mul(s.norm, 0.5)), code.breakdown],
        ],
        running,
      )
      return {
        x: choose(better, x, s.x),
        r: choose(better, r, s.r),
        norm: where(better, after, s.norm),
        status,
        iterations,
        products: add(s.products, add(round.products, integer(1))),
        rounds: add(s.rounds, integer(1)),
        least: minimum(s.least, round.least),
        greatest: maximum(s.greatest, round.greatest),
      }
    }
    const nothing = equal(size, 0)
    const end = whileLoop((s: State<X>) => equal(s.status, running), body, init)
    const valid = isFinite(size)
    return {
      x: choose(valid, end.x, times(NaN, end.x)),
      status: end.status,
      residual: where(nothing, 0, div(end.norm, where(nothing, 1, size))),
      iterations: end.iterations,
      products: end.products,
      curvature: [end.least, end.greatest],
    }
  })
}
