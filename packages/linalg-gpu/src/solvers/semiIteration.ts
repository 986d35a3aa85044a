/** Iterations whose factors are known beforehand: a polynomial of A, no dot products.
 *
 *  p ← β p + γ M r,  d ← d + p,  r ← r − A p,  with β and γ from a schedule
 *
 *  They rest on what they are told of the spectrum, so that is watched: a residual a hundred times the first, or one longer than it at the end, is
 *  `diverged`; a step that A maps to nothing, or M makes nothing of, is `singular`. What is handed back is the iterate of least residual. */

import { whileLoop } from '../control/while.js'
import { epsilonOf } from '../dtype.js'
import { add, div, maximum, mul } from '../ops/arithmetic.js'
import { equal, greater, isFinite, less, lessEqual, logicalAnd, logicalNot, where } from '../ops/comparison.js'
import { scalarOf } from '../ops/operands.js'
import type { Tensor } from '../trace/tensor.js'
import { type Curvatures, firstOf, integer, type Method, noCurvatures, unfinished, withCurvature } from './refine.js'
import { code, running } from './solution.js'
import { choose, divisor, dtypeOf, inner, length, minus, plus, times, zeroLike } from './vectors.js'

/** β and γ of a step, and what the next one needs: a scalar. */
export interface Schedule {
  readonly first: Tensor | number
  readonly next: (memory: Tensor) => {
    readonly momentum: Tensor | number
    readonly step: Tensor | number
    readonly memory: Tensor
  }
}

/** A residual so many times the first is one that grows. */
const growth = 100

interface State<X> extends Curvatures {
  readonly d: X
  readonly r: X
  readonly p: X
  readonly best: X
  readonly bestNorm: Tensor
  readonly norm: Tensor
  readonly memory: Tensor
  readonly stop: Tensor
  readonly iterations: Tensor
  /** The greatest ‖A p‖ / ‖p‖ */
  readonly stretch: Tensor
}

export const semiIteration =
  <X>(name: string, { first, next }: Schedule, precondition: (r: X) => X): Method<X> =>
  (apply, r, limit) => {
    const dtype = dtypeOf(name, r)
    const slack = 8 * epsilonOf(dtype)
    const zero = zeroLike(r)
    const start = length(r)
    const init: State<X> = {
      d: zero,
      r,
      p: zero,
      best: zero,
      bestNorm: start,
      norm: start,
      memory: typeof first === 'number' ? scalarOf(name, first, dtype) : first,
      stop: integer(running),
      iterations: integer(0),
      ...noCurvatures(dtype),
      stretch: scalarOf(name, 0, dtype),
    }
    const goesOn = (s: State<X>): Tensor => unfinished(s, limit)
    const body = (s: State<X>): State<X> => {
      const { momentum, step, memory } = next(s.memory)
      const p = plus(times(momentum, s.p), times(step, precondition(s.r)))
      const q = apply(p)
      const d = plus(s.d, p)
      const r = minus(s.r, q)
      const [norm, size, image] = [length(r), length(p), length(q)]
      const curvature = div(div(inner(p, q), size), size)
      // a preconditioner that is singular may make p = 0
      const stretch = maximum(s.stretch, div(image, divisor(size)))
      const better = less(norm, s.bestNorm)
      return {
        d,
        r,
        p,
        best: choose(better, d, s.best),
        bestNorm: where(better, norm, s.bestNorm),
        norm,
        memory,
        stop: firstOf(
          [
            [logicalNot(isFinite(norm)), code.nonfinite],
            [greater(norm, mul(growth, start)), code.diverged],
            [lessEqual(image, mul(mul(slack, stretch), size)), code.singular],
          ],
          running,
        ),
        iterations: add(s.iterations, integer(1)),
        ...withCurvature(s, curvature),
        stretch,
      }
    }
    const { best, bestNorm, norm, stop, iterations, least, greatest } = whileLoop(goesOn, body, init)
    const grew = logicalAnd(equal(stop, running), greater(norm, start))
    return {
      d: best,
      stop: firstOf([[grew, code.diverged]], stop),
      iterations,
      products: iterations,
      least,
      greatest,
      norm: bestNorm,
    }
  }
