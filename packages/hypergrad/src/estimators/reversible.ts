/** The exact hypergradient of a whole run of momentum descent, without its trajectory: the run is gone backwards.
 *
 *  v ← γₜ v − (1−γₜ) ∂f/∂w,   w ← w + αₜ v,   t = 1 … T
 *  and from w_T back to w₀, with the derivatives by w and v beside (`sweep`)
 *
 *  Learning rates and momenta are what `problem.settings` takes from λ. They are differentiated, and so is λ in the
 *  loss, in the objective and in `problem.start`.
 *  The way back divides by γ, which would lose log₂(1/γ) bits a step: in floats w₀ is lost after some hundred steps.
 *  So weights and velocities are integers c / 2⁵² here, and the bits that a multiplication loses are kept, and nothing
 *  else: at γ = .9 they are a 210th of the weights in f32.
 *  γ is taken as a fraction n/d within 2⁻³², and the derivative is that of the run with n/d.
 *  Needs    weights and velocities inside ±2048, 0 < γ < 1;
 *           a loss that gives the same gradient for the same weights to the last bit: batches and noise as data;
 *           a device that the host can read at once (plain, wasm), and no trace around, as it reads in every step: it
 *           cannot stand in `jit`, `grad` or `scan`
 *  Cost     forth T gradients, back T gradients and T products; 16 bytes a weight for the integers, 12 for the buffer,
 *           and the `run.bits` of each step
 *  Fails    breakdown: the run did not come back to its first bits; `residual` is the share of numbers that did not.
 *           nonfinite: it left the range, and `run.stopped` says where. disconnected
 *  Laws     equals `unrolled` of the same steps
 *  Source   Maclaurin, Duvenaud, Adams 2015 */

import { vjp } from '@neumann/autodiff'
import { array, full, fullLike, readSync, scope, type Tensor } from '@neumann/linalg-gpu'
import { type DType, fail, scalarOf, tensorsOf, unflatten } from '@neumann/linalg-gpu/program'
import { vectors } from '@neumann/linalg-gpu/solvers'
import { certified } from '../certificate/evidence.js'
import { reached } from '../certificate/reach.js'
import { runLength, sameStep, stopText } from '../reversible/checks.js'
import { copyOf, differing, fixedPoint, valuesOf } from '../reversible/fixedPoint.js'
import { layout } from '../reversible/layout.js'
import type { MomentumProblem } from '../reversible/momentumProblem.js'
import { asked, hostDevice, programsOf } from '../reversible/programs.js'
import { nearestRational, type Rational } from '../reversible/rational.js'
import { bitLength, byteLength, leftOver, remainders } from '../reversible/remainders.js'
import { leavesOf, stepsIn, table } from '../reversible/settings.js'
import { back, type Course, forth } from '../reversible/sweep.js'
import { direct } from './direct.js'
import type { Estimate, Estimator, PointWith } from './estimator.js'

const { plus } = vectors

export interface ReversibleOptions {
  /** The length of the run: to be given where neither the batches nor the settings tell it. */
  readonly steps?: number
  /** The fraction that stands for a momentum: the nearest by default; the paper's is `toRational`. */
  readonly fraction?: (gamma: number) => Rational
}

/** What a run took: numbers on the host. */
export interface ReversibleRun {
  readonly steps: number
  /** Kept for each weight and step, in bits: log₂(1/γ) in the long run, where a number in f32 has 32. */
  readonly bits: number
  /** Of the buffer of such bits at its fullest, with its fixed part of 12 a weight. */
  readonly bytes: number
  /** Of all weights and velocities of the run in f32: 8 a weight and step. */
  readonly plainBytes: number
  /** Weights, velocities and remainders that did not come back to their first bits: 0, or the gradient is wrong. */
  readonly astray: number
  /** Where the run could not go on and why; null where it went to its end. */
  readonly stopped: string | null
}

export interface ReversibleEstimate<H> extends Estimate<H, null> {
  readonly run: ReversibleRun
}

/** An estimator that also tells what its run took. */
export interface ReversibleEstimator<P, H> extends Estimator<P, H, null> {
  (memory: null, point: P): ReversibleEstimate<H>
}

type Needs = 'hyper' | 'trajectory' | 'validation'

/** @example const problem = momentumProblem({
 *    inner: (w: Tensor) => sum(square(w)),
 *    outer: (w) => sum(w),
 *    settings: (lambda: { lr: Tensor }) => ({ lr: lambda.lr, momentum: 0.5 }),
 *  })
 *  const trajectory = { start: problem.begin(array([1])), batches: null }
 *  const { gradient, run } = reversible()(problem)(null, { hyper: { lr: array([0.25]) }, trajectory, validation: null })
 *  ;[gradient.lr, run.astray] // => [ f32[1] [-1], 0 ] */
export const reversible =
  ({ steps, fraction = nearestRational }: ReversibleOptions = {}) =>
  <S, W, H, T, V>(problem: MomentumProblem<S, W, H, T, V>): ReversibleEstimator<PointWith<Needs, S, H, T, V>, H> => {
    const { weights: part, velocity, settings, start, outer } = problem
    if (typeof settings !== 'function' || velocity === undefined || problem.inner === undefined)
      fail('reversible', 'the problem needs inner, velocity and settings: make it with momentumProblem.')
    const programs = programsOf(problem)

    const measured = (point: PointWith<Needs, S, H, T, V>): ReversibleEstimate<H> => {
      const { hyper, trajectory, validation } = point
      const device = hostDevice('reversible', [trajectory.start, hyper, trajectory.batches, validation])
      const begin = (x: H) => {
        const state = start === undefined ? trajectory.start : start(x)
        return { state, weights: part.get(state), velocity: velocity.get(state) }
      }
      const first = begin(hyper)
      const w = layout('reversible', first.weights, device)
      const h = layout('reversible', hyper, device)

      const { structure, leaves } = tensorsOf('reversible', first.weights)
      const dtype = leaves[0]?.dtype as DType
      const split = (x: H) => {
        const { lr, momentum } = settings(x)
        return {
          lr: leavesOf('reversible', 'lr', lr, structure, dtype),
          momentum: leavesOf('reversible', 'momentum', momentum, structure, dtype),
        }
      }
      const { lr, momentum } = split(hyper)
      const length = runLength(trajectory.batches, steps, stepsIn([...lr, ...momentum]))
      const told = vjp(
        (x: H) => {
          const own = split(x)
          return {
            lr: table('reversible', 'lr', own.lr, length),
            momentum: table('reversible', 'momentum', own.momentum, length),
          }
        },
        [hyper],
      )

      const mixed = new Float64Array(h.size)
      const course: Course = {
        steps: length,
        borders: w.borders,
        lr: readSync(told.out.lr),
        momentum: Array.from(readSync(told.out.momentum), (gamma) => fraction(gamma)),
        ...asked(programs, { hyper, batches: trajectory.batches }, w, h, mixed),
      }
      const motion = {
        weights: fixedPoint(w.read(first.weights)),
        velocity: fixedPoint(w.read(first.velocity)),
        lost: remainders(w.size),
      }
      const origin = { weights: copyOf(motion.weights), velocity: copyOf(motion.velocity) }
      sameStep(course, valuesOf(motion.weights), valuesOf(motion.velocity), () =>
        scope(() => w.read(programs.moved(first.state, hyper, trajectory.batches))),
      )

      const stop = forth(motion, course)
      const run = {
        steps: length,
        bits: bitLength(motion.lost) / (length * Math.max(1, w.size)),
        bytes: byteLength(motion.lost),
        plainBytes: 8 * length * w.size,
        astray: 0,
        stopped: stop === null ? null : stopText(stop, length),
      }
      const end = w.write(valuesOf(motion.weights))
      const own = direct(outer, end, hyper, validation)
      if (stop !== null) return lost(own.value, hyper, run)

      const found = back(motion, course, w.read(own.byWeights))
      const astray =
        differing(motion.weights, origin.weights) + differing(motion.velocity, origin.velocity) + leftOver(motion.lost)
      const shape = [length, w.borders.length - 1]
      const bySettings = { lr: array(found.lr, { shape, device }), momentum: array(found.momentum, { shape, device }) }
      const parts: H[] = [own.byHyper, h.write(mixed), told.pull(bySettings as never)[0] as H]
      const paths = [
        reached('reversible', (v: W) => programs.product(end, hyper, trajectory.batches, atStart(), v).mv, end),
        reached('reversible', (c: unknown) => told.pull(c as never)[0], told.out as unknown),
      ]
      if (start !== undefined) {
        const from = vjp(
          (x: H) => {
            const { weights, velocity: speed } = begin(x)
            return [weights, speed] as const
          },
          [hyper],
        )
        const pull = (c: unknown): H => from.pull(c as never)[0] as H
        parts.push(pull([w.write(found.weights), w.write(found.velocity)]))
        paths.push(reached('reversible', pull, from.out as unknown))
      }
      const gradient = parts.reduce((sum, x) => plus(sum, x))
      return {
        gradient,
        value: own.value,
        memory: null,
        run: { ...run, astray },
        certificate: certified({
          gradient,
          value: own.value,
          products: length,
          reaches: own.seesHyper.map((sees, i) => sees || (own.seesWeights && paths.some((path) => path[i]))),
          otherwise: astray === 0 ? 'converged' : 'breakdown',
          residual: scalarOf('reversible', astray / (3 * Math.max(1, w.size)), own.value.dtype as DType),
        }),
      }
    }
    const estimate = (_: null, point: PointWith<Needs, S, H, T, V>): ReversibleEstimate<H> =>
      scope(() => measured(point))
    return Object.assign(estimate, { init: () => null, needs: ['hyper', 'trajectory', 'validation'] as const })
  }

const atStart = (): Tensor => full([], 0, { dtype: 'i32' })

/** No gradient, as the run did not end. */
const lost = <H>(value: Tensor, hyper: H, run: ReversibleRun): ReversibleEstimate<H> => {
  const { leaves, structure } = tensorsOf('reversible', hyper)
  const gradient = unflatten(
    structure,
    leaves.map((x) => fullLike(x, Number.NaN)),
  ) as H
  const none = fullLike(value, Number.NaN)
  const reaches = leaves.map(() => true)
  const certificate = certified({ gradient, value: none, products: 0, reaches, otherwise: 'breakdown' })
  return { gradient, value: none, memory: null, run, certificate }
}
