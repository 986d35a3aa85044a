/** Hypergradients by the implicit function theorem, with any linear solver.
 *
 *  of a loss         dF/dλ = ∂F/∂λ − Mᵀ q,    H q = ∂F/∂w            H = ∂²f/∂w²,  M = ∂²f/∂w∂λ
 *  of a fixed point  dF/dλ = ∂F/∂λ + Bᵀ p,    (I − Jᵀ) p = ∂F/∂s     J = ∂Φ/∂s,  B = ∂Φ/∂λ
 *  With Φ(w) = w − α∂f/∂w the two agree, p = q/α. The first is symmetric, which solvers are told; the second is for everything else (momentum, equilibria).
 *
 *  Needs    a stationary point: away from it the gradient is biased by O(‖w − w*‖); `gap` measures that for free, as −⟨q, ∂f/∂w⟩ ≈ F(w*) − F(w).
 *           Of a fixed point a state of floats, without counters. One batch, one mask and frozen statistics for all products: they are the problem's business, as data.
 *  Cost     one linearisation, the products of the solver, one product that gives the mixed part and A x together; memory does not depend on how many inner
 *           steps there were. `residual` comes from that A x, and is believed before what the solver says: one that calls `converged` what is not is a
 *           `breakdown`. With a `curvature` of one's own it costs a product more.
 *  Fails    truncated | unstationary | unstable | indefinite | breakdown | diverged | singular | nonfinite | disconnected
 *  Laws     exact solver = derivative of the solved problem;  neumann({ terms: k, step: α }) at the optimum = the last k steps of gradient descent with
 *           step α unrolled;  neumann({ terms: 1, step: α }) = α times the identity approximation
 *  Source   Bengio 2000; Pedregosa 2016; Lorraine, Vicol, Duvenaud 2020 (Neumann); Bai, Kolter, Koltun 2019 (fixed points) */

import { grad, linearize, vjp } from '@neumann/autodiff'
import {
  abs,
  add,
  div,
  greater,
  greaterEqual,
  isFinite,
  lessEqual,
  logicalNot,
  maximum,
  mul,
  neg,
  type Tensor,
  where,
} from '@neumann/linalg-gpu'
import { eager, fail } from '@neumann/linalg-gpu/program'
import {
  damped,
  type Facts,
  frame,
  type LinearSolverOn,
  type NeumannSolution,
  type Operator,
  vectorSpace,
  vectors,
} from '@neumann/linalg-gpu/solvers'
import { certified, solverStatus } from '../certificate/evidence.js'
import { reach, reached } from '../certificate/reach.js'
import type { Problem } from '../problem/problem.js'
import { type Direct, direct, reachedBy } from './direct.js'
import type { Estimator, PointWith } from './estimator.js'
import { fixedPointState } from './fixedPointState.js'
import { firstProbe, type Guarded, powered } from './guarded.js'

const { addScaled, dtypeOf, inner, length, minus, over, scaleOf, times, zeroLike } = vectors

export interface ImplicitOptions<W, H, T> {
  /** 'loss' where the problem has an inner loss, else 'fixedPoint', which may also be asked for. */
  readonly form?: 'loss' | 'fixedPoint'
  /** Another operator in the place of H, such as Gauss–Newton's; of the form 'loss'. */
  readonly curvature?: (weights: W, hyper: H, train: T) => Operator<W>
  /** ε of (H + εI) q = ∂F/∂w, or of (I − Jᵀ + εI) p; none by default. */
  readonly damping?: number | Tensor
  /** Whether the solver starts from the last estimate's solution. Cold by default. */
  readonly start?: 'cold' | 'warm'
  /** What is known of I − Jᵀ: of gradient descent { symmetric: true, definite: 'positive' }. Nothing by default. */
  readonly facts?: Facts
  /** How large a `gap`, relative to F, still counts as stationary: 0.1 by default. */
  readonly gap?: number
}

/** What one estimate leaves for the next: the adjoint where solves start warm, and the vector of the power iteration where a guard needs it. */
export interface ImplicitMemory {
  readonly adjoint: unknown
  readonly probe: unknown
}

type Needs = 'state' | 'hyper' | 'train' | 'validation'

/** The adjoint equation at a point: A x = b, and what follows from its solution. */
interface Adjoint<X, H> {
  readonly operator: Operator<X>
  readonly right: X
  /** A x, and what x adds to the direct part. */
  readonly at: (x: X) => { readonly image: X; readonly indirect: H }
  /** For each leaf of λ whether it reaches F. */
  readonly reaches: readonly boolean[]
  /** ∂f/∂w, or s − Φ(s): zero at a stationary point, and A⁻¹ of it is how far that is. */
  readonly unsettled: X
}

/** Hypergradients of any problem, or where a `curvature` is given of those that it fits. */
export interface Implicit {
  <X, W, H, T>(
    solver: LinearSolverOn<X> | Guarded<X>,
    options: ImplicitOptions<W, H, T> & Required<Pick<ImplicitOptions<W, H, T>, 'curvature'>>,
  ): <S, L extends H, B extends T, V>(
    problem: Problem<S, W, L, B, V>,
  ) => Estimator<PointWith<Needs, S, L, B, V>, L, ImplicitMemory>
  <X>(
    solver: LinearSolverOn<X> | Guarded<X>,
    options?: Omit<ImplicitOptions<never, never, never>, 'curvature'>,
  ): <S, W, H, T, V>(problem: Problem<S, W, H, T, V>) => Estimator<PointWith<Needs, S, H, T, V>, H, ImplicitMemory>
}

/** @example const estimate = implicit(cg())(R1().problem)
 *  estimate(estimate.init(R1().optimum), R1().optimum).gradient // => f64[2] [0.107491, -0.35784] */
export const implicit: Implicit =
  <X, W, H, T>(solver: LinearSolverOn<X> | Guarded<X>, options: ImplicitOptions<W, H, T> = {}) =>
  <S, V>(problem: Problem<S, W, H, T, V>): Estimator<PointWith<Needs, S, H, T, V>, H, ImplicitMemory> => {
    const { start = 'cold', gap = 0.1, damping } = options
    const form = formOf(problem, options)
    /** The vector whose equation it is. */
    const vectorOf = (state: S): unknown =>
      form === 'loss' ? problem.weights.get(state) : fixedPointState('implicit', state)
    const warm = start === 'warm'
    const guard = 'powerSteps' in solver ? solver : null

    const estimate = eager((memory: ImplicitMemory, point: PointWith<Needs, S, H, T, V>) => {
      const weights = problem.weights.get(point.state)
      const own = direct(problem.outer, weights, point.hyper, point.validation)
      const { operator, right, at, reaches, unsettled } = (
        form === 'loss' ? lossAdjoint(problem, options, point, own) : fixedPointAdjoint(problem, options, point, own)
      ) as Adjoint<unknown, H>
      const system = damping === undefined ? operator : damped(operator, damping)
      const spectrum = guard && powered(system, memory.probe ?? firstProbe(right), guard.powerSteps)
      const solve = (guard ? guard.solver(spectrum!.largest) : solver) as LinearSolverOn<unknown>
      const first = warm ? (memory.adjoint ?? zeroLike(right)) : undefined
      const found = first === undefined ? solve(system)(right) : solve(system)(right, first)
      // products of a tiny adjoint must not underflow: they are linear
      const scale = scaleOf(found.x)
      const unit = over(found.x, scale)
      const { image, indirect } = at(unit)
      const gradient = addScaled(own.byHyper, scale, indirect)
      const wanted = over(right, scale)
      const size = length(wanted)
      const left = length(minus(wanted, damping === undefined ? image : addScaled(image, damping, unit)))
      const residual = where(greater(size, 0), div(left, size), 0)
      const bound = frame.toleranceOf('implicit', undefined, dtypeOf('implicit', right))
      const believed = lessEqual(residual, mul(10, maximum(found.residual, bound)))
      const moves = neg(inner(found.x, unsettled))
      const ended = solverStatus(found)
      const series = 'contraction' in found ? (found as NeumannSolution<unknown>) : null
      const largest = spectrum === null ? found.curvature[1] : maximum(spectrum.largest, found.curvature[1])
      // of a series of one term no product is known
      const stability = series === null ? null : where(isFinite(largest), mul(series.step, largest), NaN)
      return {
        gradient,
        value: own.value,
        memory: { adjoint: warm ? found.x : null, probe: spectrum === null ? null : spectrum.probe },
        certificate: certified({
          gradient,
          value: own.value,
          products: add(found.products, 1 + (guard?.powerSteps ?? 0) + (options.curvature === undefined ? 0 : 1)),
          reaches,
          cases: [
            [greater(ended, cutOff), ended],
            [logicalNot(believed), 'breakdown'],
            ...(stability === null ? [] : ([[greaterEqual(stability, 1.9), 'unstable']] as const)),
            [greater(abs(moves), mul(gap, abs(own.value))), 'unstationary'],
            [greater(ended, 0), 'truncated'],
          ],
          otherwise: 'converged',
          stationarity: length(unsettled),
          gap: moves,
          residual,
          curvature: [found.curvature[0], largest],
          ...(series !== null && { contraction: series.contraction }),
          ...(stability !== null && { stability }),
        }),
      }
    })
    return Object.assign(estimate, {
      init: eager((point: PointWith<Needs, S, H, T, V>): ImplicitMemory => {
        const like = vectorOf(point.state)
        return { adjoint: warm ? zeroLike(like) : null, probe: guard && firstProbe(like) }
      }),
      needs: ['state', 'hyper', 'train', 'validation'] as const,
    })
  }

const formOf = <S, W, H, T, V>(
  problem: Problem<S, W, H, T, V>,
  { form = problem.inner === undefined ? 'fixedPoint' : 'loss', curvature }: ImplicitOptions<W, H, T>,
): 'loss' | 'fixedPoint' => {
  if (form !== 'loss' && form !== 'fixedPoint') fail('implicit', `form is 'loss' or 'fixedPoint', got ${String(form)}.`)
  if (form === 'loss' && problem.inner === undefined)
    fail(
      'implicit',
      `the problem has no inner loss, only an update: take the form 'fixedPoint', or make the problem with fromLoss.`,
    )
  if (form === 'fixedPoint' && curvature !== undefined)
    fail(
      'implicit',
      `curvature stands in the place of a Hessian, which the form 'fixedPoint' does not have: leave it out.`,
    )
  return form
}

/** H q = ∂F/∂w. The gradients by w and by λ are linearised along w once: pushing v gives H v and Mᵀ v. */
const lossAdjoint = <S, W, H, T, V>(
  { weights: part, inner: loss }: Problem<S, W, H, T, V>,
  { curvature }: ImplicitOptions<W, H, T>,
  { state, hyper, train }: PointWith<Needs, S, H, T, V>,
  own: Direct<W, H>,
): Adjoint<W, H> => {
  const weights = part.get(state)
  const gradients = grad(loss!, { wrt: [0, 1] }) as unknown as (w: W, h: H, t: T) => readonly [W, H]
  const at = linearize((w: W) => gradients(w, hyper, train), [weights])
  const push = at.push as (v: W) => readonly [W, H]
  const space = vectorSpace(weights)
  const other = curvature?.(weights, hyper, train)
  return {
    operator: other ?? {
      domain: space,
      codomain: space,
      apply: (v) => push(v)[0],
      facts: { symmetric: true },
    },
    right: own.byWeights,
    at: (q) => {
      const [image, mixed] = push(q)
      return { image: other?.apply(q) ?? image, indirect: times(-1, mixed) }
    },
    reaches: reachedBy(reach('implicit', push, weights), own),
    unsettled: at.out[0],
  }
}

/** (I − Jᵀ) p = ∂F/∂s. The update is linearised once: pulling c gives Jᵀ c and Bᵀ c. */
const fixedPointAdjoint = <S, W, H, T, V>(
  { weights: part, update }: Problem<S, W, H, T, V>,
  { facts = {} }: ImplicitOptions<W, H, T>,
  { state, hyper, train }: PointWith<Needs, S, H, T, V>,
  own: Direct<W, H>,
): Adjoint<S, H> => {
  const back = vjp((s: S, h: H) => update(s, h, train), [state, hyper])
  const pull = back.pull as (c: S) => readonly [S, H]
  const forth = linearize((s: S) => update(s, hyper, train), [state])
  const embed = vjp((s: S) => part.get(s), [state]).pull as (c: W) => readonly [S]
  const space = vectorSpace(fixedPointState('implicit', state))
  return {
    operator: {
      domain: space,
      codomain: space,
      apply: (p) => minus(p, pull(p)[0]),
      transpose: (v) => minus(v, (forth.push as (v: S) => S)(v)),
      facts,
    },
    right: embed(own.byWeights)[0],
    at: (p) => {
      const [image, indirect] = pull(p)
      return { image: minus(p, image), indirect }
    },
    reaches: reachedBy(reach('implicit', pull, state), {
      ...own,
      sees: reached('implicit', embed, own.byWeights, own.sees),
    }),
    unsettled: minus(state, back.out),
  }
}

/** The place of `truncated`. */
const cutOff = 1
