/** The Neumann series of A⁻¹, cut off after some terms.
 *
 *  x = α Σ_{k<terms} (I − αA)ᵏ b,   on an eigenvector of A with eigenvalue μ:  (1 − (1 − αμ)^terms)/μ instead of 1/μ
 *
 *  Needs    |1 − αμ| < 1 for the eigenvalues μ of A; whether it is so is measured, not believed.
 *  Measured contraction   ‖t_k‖/‖t_{k−1}‖ of the last terms t_k = (I − αA)ᵏ b, over two of them, so that terms that turn from one to the next show.
 *                         For symmetric A the ratios only rise: the last is the truest, and a lower bound of max |1 − αμ|.
 *           alternation   ⟨t_k, t_{k−1}⟩ / (‖t_k‖ ‖t_{k−1}‖) of the last two: near −1 an eigenvalue is near 2/α, sums of even and of odd length lie on
 *                         two sides of the solution, and an even one is about zero along that eigenvector: halve α.
 *  Equal    of `richardson` with this step and number of iterations, of the last `terms` steps of gradient descent differentiated with frozen Jacobians, and of
 *           k + m terms where m go on from the x of k (given as start).
 *  Cost     `terms` products, one of them for the true residual, 4 vectors of n; `powerSteps` more where α is automatic.
 *  Fails    maxIterations (all terms are spent: the rule where it is cut off on purpose; see `residual`) | diverged (terms grow, or alternate without
 *           falling) | singular (terms no longer change) | breakdown (rounding) | nonfinite (as where the dtype cannot hold the sum: x is then the start)
 *  Source   Lorraine, Vicol, Duvenaud 2020, algorithm 3, with α in front */

import { fail } from '../errors.js'
import { add, div, mul } from '../ops/arithmetic.js'
import { equal, isFinite, lessEqual, logicalAnd, logicalNot, logicalOr, notEqual, where } from '../ops/comparison.js'
import { eager } from '../trace/eager.js'
import type { Tensor } from '../trace/tensor.js'
import { automaticStep } from './automaticStep.js'
import { grows, measured, stays, summed } from './neumannTerms.js'
import type { Operator } from './operator.js'
import { endo } from './operators/spaces.js'
import { begun, firstOf, integer, operandOf, toleranceOf } from './refine.js'
import { factor } from './richardson.js'
import { code, type LinearOptions, running, type Solution } from './solution.js'
import { choose, dtypeOf, largest, length, minus, over, scaleOf, times, vectorIn } from './vectors.js'

export interface NeumannOptions extends Pick<LinearOptions, 'tolerance'> {
  /** The number of terms, at least 1; the series ends before where its residual is within half of the tolerance, which 0 rules out. */
  readonly terms: number
  /** α; by default 1/‖A v‖ for the v of some power iterations, below 0 where the operator is known to be negative. */
  readonly step?: Tensor | number
  /** Products spent on an automatic α; 16 by default. */
  readonly powerSteps?: number
  /** Sums all the terms, though they grow or no longer change: the definition, whatever it gives. The status says so all the same. */
  readonly trust?: boolean
}

export interface NeumannSolution<X> extends Solution<X> {
  /** See the header; NaN where there was nothing to measure. */
  readonly contraction: Tensor
  readonly alternation: Tensor
  /** α */
  readonly step: Tensor
}

/** The truncated Neumann series.
 *  @example const { x, contraction } = neumann({ terms: 3, step: 0.25 })(matrix([[2]]))(array([8]))
 *  const end = [String(x), String(contraction)] // => [ 'f32[1] [3.5]', 'f32[] 0.5' ] */
export const neumann = ({
  terms,
  step,
  powerSteps = 16,
  tolerance,
  trust = false,
}: NeumannOptions): (<X>(operator: Operator<X>) => (b: X, start?: X) => NeumannSolution<X>) => {
  count('terms', terms)
  count('powerSteps', powerSteps)
  if (step !== undefined) factor('neumann', 'step', step)
  return <X>(operator: Operator<X>) => {
    endo('neumann', operator)
    return eager((b: X, start?: X): NeumannSolution<X> => {
      const right = vectorIn('neumann', 'the right side', b, operator.domain)
      const dtype = dtypeOf('neumann', right)
      const scale = scaleOf(right)
      const own = over(right, scale)
      const size = length(own)
      const bound = mul(size, toleranceOf('neumann', tolerance, dtype))
      const apply = (x: X): X => vectorIn('neumann', 'the product', operator.apply(x), operator.codomain)
      const nothing = equal(size, 0)
      const residualAt = (x: X): X => minus(own, apply(over(x, scale)))
      const { x: first, r: behind } = begun('neumann', operator.domain, start, own, residualAt)
      const alpha =
        step === undefined ? automaticStep(operator, behind, powerSteps) : operandOf('neumann', operator, step)
      const distance = length(behind)
      const known = firstOf(
        [
          [logicalNot(isFinite(distance)), code.nonfinite],
          [lessEqual(distance, bound), code.converged],
        ],
        running,
      )
      const end = summed(over(first, scale), behind, { apply, alpha, known, terms, target: mul(bound, 0.5), trust })
      const lost = logicalAnd(!trust, logicalOr(equal(end.stop, code.diverged), grows(end)))
      // as it is returned, so that what the dtype cannot hold shows in the residual
      const sum = times(scale, choose(lost, end.best, end.x))
      const left = residualAt(sum)
      const held = logicalAnd(isFinite(largest(sum)), isFinite(length(left)))
      const [x, r] = [choose(held, sum, first), choose(held, left, behind)]
      const norm = length(r)
      // of the last term of all only this residual knows
      const spent = logicalAnd(logicalAnd(equal(end.stop, running), logicalNot(lost)), held)
      const final = measured(end, r)
      const last = {
        contraction: where(spent, final.contraction, end.contraction),
        alternation: where(spent, final.alternation, end.alternation),
      }
      const status = firstOf(
        [
          [notEqual(known, running), known],
          [lessEqual(norm, bound), code.converged],
          [logicalOr(equal(end.stop, code.nonfinite), logicalNot(held)), code.nonfinite],
          [logicalOr(equal(end.stop, code.singular), logicalAnd(spent, stays(last))), code.singular],
          [logicalOr(lost, grows(last)), code.diverged],
          [equal(end.stop, code.converged), code.breakdown],
        ],
        code.maxIterations,
      )
      const before = (start === undefined ? 0 : 1) + (step === undefined ? powerSteps : 0)
      return {
        x: choose(isFinite(size), x, times(NaN, x)),
        status,
        residual: where(nothing, 0, div(norm, where(nothing, 1, size))),
        iterations: where(lost, end.bestCount, end.count),
        products: add(end.products, integer(before + 1)),
        curvature: [end.least, end.greatest],
        ...last,
        step: alpha,
      }
    })
  }
}

const count = (what: string, value: number): void => {
  if (!Number.isInteger(value) || value < 1) fail('neumann', `${what} is an integer ≥ 1, got ${value}.`)
}
