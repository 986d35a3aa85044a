/** What hypergradients of a run would take by each way, before any is taken.
 *
 *  way                       bytes                        gradients, of n steps and m hyperparameters
 *  unrolled                  n × what a step keeps        n (1 + 1½)     a step, and its pull (the product with H and the mixed one)
 *  unrolled, keep 'states'   n states, a step's inside    n (2 + 1½)
 *  unrolled, keep 'sqrt'     2√n states                   n (2 + 1½)
 *  forward                   m states                     n (1 + m)
 *  implicit                  a step's second derivatives  not known: as many products as its solver needs
 *  onePass                   the same                     2 + 1½ terms
 *
 *  The bytes are those that the point's device would have in use at once beyond the point, found by recording each estimate for it: nothing is run.
 *  The gradients are a count by these formulas, good for an order of the ways and not for a time: products with a step's Jacobian, linearised
 *  once, are taken for 1 gradient forwards and 1½ backwards, which is what networks of dense layers have; convolutions have up to 2½.
 *  Cost     recordings of six estimates
 *  Fails    where no way can be gone at all; a single one that cannot (reverse mode through a while loop, forward mode by thousands) is left out, and says why */

import { plan as planned } from '@neumann/linalg-gpu'
import { fail, sizeOf, tensorsOf } from '@neumann/linalg-gpu/program'
import { cg, gmres, type LinearSolver } from '@neumann/linalg-gpu/solvers'
import type { Estimator } from '../estimators/estimator.js'
import { forward } from '../estimators/forward.js'
import { implicit } from '../estimators/implicit.js'
import { onePass } from '../estimators/onePass.js'
import { stepsOf } from '../estimators/replay.js'
import { unrolled } from '../estimators/unrolled.js'
import type { Point, Problem } from '../problem/problem.js'

export interface PlanOptions {
  /** Bytes that may be used beyond the point; any number by default. */
  readonly budget?: number
  /** The number of steps, where the trajectory's batches hold no tensors; else how many of the last ones count, as in `unrolled`. */
  readonly steps?: number
  /** Of the implicit way: cg() for problems with an inner loss, gmres() for the others. */
  readonly solver?: LinearSolver
  /** Of the one-pass way: 5. */
  readonly terms?: number
}

/** One way to the hypergradient. */
export interface Way<P, H> {
  readonly name: WayName
  /** In use at once beyond the point; Infinity where this way cannot be gone. */
  readonly bytes: number
  /** Cost in gradients of the inner loss; undefined where it depends on how fast a solver gets there. */
  readonly gradients: number | undefined
  /** Whether it is the derivative of the steps that count, as they were, and does not rest on the inner problem being solved. */
  readonly exact: boolean
  /** Whether the bytes are within the budget. */
  readonly fits: boolean
  /** Why it cannot be gone. */
  readonly reason?: string
  readonly estimator: Estimator<P, H, unknown>
}

export type WayName = 'unrolled' | 'unrolled, states' | 'unrolled, sqrt' | 'forward' | 'implicit' | 'onePass'

export interface Ways<P, H> {
  readonly ways: readonly Way<P, H>[]
  /** The cheapest exact way that fits, else implicit, else one-pass; null where nothing fits. */
  readonly choice: Way<P, H> | null
  /** The choice in words, or what could be done. */
  readonly advice: string
}

/** @example const { choice, advice } = plan(R1().problem, { steps: 100 })(R1().optimum)
 *  choice?.name // => unrolled
 *  @example plan(R1().problem, { steps: 100, budget: 8 })(R1().optimum).choice // => null */
export const plan = <S, W, H, T, V>(
  problem: Problem<S, W, H, T, V>,
  { budget = Infinity, steps, solver = problem.inner === undefined ? gmres() : cg(), terms = 5 }: PlanOptions = {},
): ((point: Point<S, H, T, V>) => Ways<Point<S, H, T, V>, H>) => {
  if (!(budget > 0)) fail('plan', `budget is a positive number of bytes, got ${budget}.`)
  type P = Point<S, H, T, V>
  return (point) => {
    const all = stepsOf('plan', point.trajectory.batches, steps)
    const n = steps ?? all
    const m = tensorsOf('plan', point.hyper).leaves.reduce((sum, x) => sum + sizeOf(x.shape), 0)
    const length = steps === undefined ? {} : { steps }
    const ofRun = (name: WayName, perStep: number, estimator: unknown) =>
      ({
        name,
        gradients: all - n + n * perStep,
        exact: true,
        estimator: estimator as Estimator<P, H, unknown>,
      }) as const
    const atPoint = (name: WayName, gradients: number | undefined, estimator: unknown) =>
      ({ name, gradients, exact: false, estimator: estimator as Estimator<P, H, unknown> }) as const
    const candidates = [
      ofRun('unrolled', 1 + pull, unrolled(length)(problem)),
      ofRun('unrolled, states', 2 + pull, unrolled({ ...length, keep: 'states' })(problem)),
      ofRun('unrolled, sqrt', 2 + pull, unrolled({ ...length, keep: 'sqrt' })(problem)),
      ofRun('forward', 1 + m, forward(length)(problem)),
      atPoint('implicit', undefined, implicit(solver)(problem)),
      atPoint('onePass', 2 + pull * terms, onePass({ terms })(problem)),
    ]
    const ways = candidates.map((way): Way<P, H> => {
      const { bytes, reason } = bytesOf(way.estimator, point)
      return { ...way, bytes, fits: reason === undefined && bytes <= budget, ...(reason !== undefined && { reason }) }
    })
    if (ways.every((way) => way.reason !== undefined)) fail('plan', `no way can be gone. ${ways[0]!.reason}`)
    const exact = ways
      .filter((way) => way.exact && way.fits)
      .sort((a, b) => a.gradients! - b.gradients! || a.bytes - b.bytes)
    const choice = exact[0] ?? ways.find((way) => !way.exact && way.fits) ?? null
    return { ways, choice, advice: choice === null ? nothing(ways, budget) : said(choice) }
  }
}

/** A pull through a step, in gradients: the product with H and the mixed one share a linearisation. */
const pull = 1.5

const bytesOf = <P, H>(
  estimator: Estimator<P, H, unknown>,
  point: P,
): { readonly bytes: number; readonly reason?: string } => {
  const needed = Object.fromEntries(
    estimator.needs.map((field) => [field, (point as Record<string, unknown>)[field]]),
  ) as P
  try {
    return { bytes: planned((p: P) => estimator(estimator.init(p), p))(needed).peakBytes }
  } catch (error) {
    return { bytes: Infinity, reason: (error as Error).message }
  }
}

const said = <P, H>({ name, bytes, gradients, exact }: Way<P, H>): string =>
  `${name}: ${amount(bytes)}${gradients === undefined ? '' : `, about ${Math.round(gradients)} gradients`}; ${
    exact ? 'exact for the steps that count' : 'no exact way fits; it is right as far as its certificate says'
  }`

const nothing = <P, H>(ways: readonly Way<P, H>[], budget: number): string => {
  const least = ways.reduce((a, b) => (b.bytes < a.bytes ? b : a))
  return `nothing fits into ${amount(budget)}: the least is ${least.name} with ${amount(least.bytes)}. Allow that, or take smaller batches; fewer steps help the unrolled ways.`
}

const amount = (bytes: number): string =>
  bytes < 1e3 ? `${bytes} bytes` : bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
