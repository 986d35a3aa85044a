/** The conformance matrix of section 10 of the specification: identities that must hold between methods, a row each.
 *  Of iMAML, whose package comes later, only what a plain problem can say. */

import { grad } from '@neumann/autodiff'
import { hessianOperator } from '@neumann/autodiff/solvers'
import { add, array, mul, square, sub, sum, type Tensor, vdot, zeros } from '@neumann/linalg-gpu'
import { cg, damped, exact, gmres, neumann, vectors } from '@neumann/linalg-gpu/solvers'
import { sgd } from '@neumann/precond'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { retrained } from './algorithms/retrained.js'
import { directions } from './algorithms/singleLoop/oracle.js'
import { stormEstimator } from './algorithms/singleLoop/recursive.js'
import { emptyTable, fullTable, sagaStep } from './algorithms/singleLoop/saga.js'
import type { Estimate, Estimator } from './estimators/estimator.js'
import { finiteDifference } from './estimators/finiteDifference.js'
import { forward } from './estimators/forward.js'
import { implicit } from './estimators/implicit.js'
import { onePass } from './estimators/onePass.js'
import { phantom } from './estimators/phantom.js'
import { reversible } from './estimators/reversible.js'
import { unrolled } from './estimators/unrolled.js'
import {
  logistic,
  momentumR1,
  movingNullSpace,
  type Precision,
  quadratic,
  R1,
  ridge,
  scalarBilevel,
} from './fixtures/index.js'
import { fromLoss } from './problem/fromLoss.js'
import { momentumProblem } from './reversible/momentumProblem.js'
import { near, numbers } from './support.testing.js'

/** What must be equal, and within which part of the largest element. */
type Row = readonly [identity: string, between: string, sides: (dtype: Precision) => readonly Side[]]
type Side = readonly [left: unknown, right: unknown, tolerance: number, note?: string]

const put =
  (dtype: Precision) =>
  (values: unknown): Tensor =>
    array(values as never, { dtype })

/** The gradient of an estimator from its first memory. */
const by = <P, H, M>(estimate: Estimator<P, H, M>, point: P): H => from(estimate, point).gradient
const from = <P, H, M>(estimate: Estimator<P, H, M>, point: P): Estimate<H, M> => estimate(estimate.init(point), point)

/** What rounding leaves after about a hundred operations, and what solvers leave by default. */
const rounding = { f64: 1e-12, f32: 2e-5 } as const
const solved = { f64: 1e-8, f32: 5e-4 } as const

/** ½ Σ μᵢ wᵢ² − λ·w with the spectrum in sight: gᵢ is scaled by the filter of whatever stands for 1/μᵢ. */
const diagonal = (dtype: Precision, lr = 0.25) => {
  const [mu, target] = [put(dtype)([0.5, 1, 3]), put(dtype)([1, -2, 0.5])]
  const problem = fromLoss({
    inner: (w: Tensor, h: Tensor, _: null) => sub(mul(0.5, vdot(w, mul(mu, w))), vdot(h, w)),
    outer: (w: Tensor, _: Tensor, _v: null) => vdot(target, w),
    optimiser: sgd,
    settings: () => ({ lr }),
  })
  const state = problem.begin(put(dtype)([2, 1, 1 / 3]))
  return {
    problem,
    point: { state, previous: state, hyper: put(dtype)([1, 1, 1]), train: null, validation: null },
    filtered: (filter: (mu: number) => number) => [0.5, 1, 3].map((value, i) => filter(value) * [1, -2, 0.5][i]!),
  }
}

/** The inner problem of iMAML: L(w) + ½ κ ‖w − θ‖², by θ; L is the loss of logistic regression without its penalty's gradient by λ. */
const prox = (dtype: Precision, kappa = 2) => {
  const task = logistic({ dtype, examples: 8, features: 3 })
  const loss = (w: Tensor): Tensor => task.problem.inner(w, task.hyper, null)
  const theta = put(dtype)([0.3, -0.2, 0.1])
  const problem = fromLoss({
    inner: (w: Tensor, h: Tensor, _: null) => add(loss(w), mul(kappa / 2, sum(square(sub(w, h))))),
    outer: (w: Tensor, _: Tensor, _v: null) => task.problem.outer(w, task.hyper, null),
    optimiser: sgd,
    settings: () => ({ lr: 0.1 }),
  })
  let state = problem.begin(theta)
  for (let i = 0; i < 12; i++) {
    // Newton
    const f = (w: Tensor): Tensor => problem.inner(w, theta, null)
    const { x } = exact()(hessianOperator(f, state.weights))(grad(f)(state.weights))
    state = problem.begin(sub(state.weights, x))
  }
  return { problem, loss, kappa, theta, point: { state, previous: state, hyper: theta, train: null, validation: null } }
}

/** Three batches of R1's data with velocity, which can be run backwards. */
const moving = (dtype: Precision) => {
  const { problem: own, hyper } = ridge({ dtype, examples: 4, features: 3 })
  const problem = momentumProblem({
    inner: (w: Tensor, h: { readonly decay: Tensor; readonly lr: Tensor }, _: Tensor) =>
      own.inner(w, { ...hyper, decay: h.decay }, null),
    outer: (w: Tensor) => own.outer(w, hyper, null),
    settings: ({ lr }) => ({ lr, momentum: 0.9 }),
  })
  const point = {
    hyper: { decay: hyper.decay, lr: put(dtype)(0.05) },
    trajectory: { start: problem.begin(put(dtype)([0.1, 0.2, -0.3])), batches: zeros([12]) },
    validation: null,
  }
  return { problem, point }
}

const rows: readonly Row[] = [
  [
    'exact implicit = differences of the solved problem',
    '1, 8, 9',
    (dtype) => {
      const { problem, optimum } = logistic({ dtype, examples: 8, features: 3 })
      // 400 steps solve it; of differences the error is that of their dtype
      const differences = by(finiteDifference({ steps: 400 })(problem), optimum)
      const tolerance = { f64: 1e-6, f32: 1e-2 }[dtype]
      return [
        [by(implicit(exact())(problem), optimum), differences, tolerance, 'Hessian form'],
        [by(implicit(gmres(), { form: 'fixedPoint' })(problem), optimum), differences, tolerance, 'fixed-point form'],
        [by(phantom({ terms: 300, damping: 1 })(problem), optimum), differences, tolerance, 'phantom'],
      ]
    },
  ],
  [
    'Neumann(terms) at the optimum = the last `terms` steps unrolled',
    '1, 4',
    (dtype) => {
      const { problem, optimum, lr } = quadratic({ dtype, conditionNumber: 5 })
      // from w* all states are w*, and a batch that nobody looks at gives the run its length
      const point = { ...optimum, trajectory: { start: optimum.state, batches: zeros([9]) as never } }
      return [1, 2, 5, 9].map((terms) => [
        by(implicit(neumann({ terms, step: lr, tolerance: 0 }))(problem), optimum),
        by(unrolled({ steps: terms })(problem), point),
        rounding[dtype],
        `${terms} terms`,
      ])
    },
  ],
  [
    'ever more unrolled steps → implicit',
    '1, 4',
    (dtype) =>
      [R1({ dtype }), quadratic({ dtype, conditionNumber: 2 }), scalarBilevel({ dtype })].map((fixture) => {
        const { problem, optimum } = fixture as unknown as ReturnType<typeof R1>
        return [by(unrolled({ steps: 64 })(problem), optimum), by(implicit(exact())(problem), optimum), solved[dtype]]
      }),
  ],
  [
    'forward = reverse = reversible',
    '3, 4',
    (dtype) => {
      const { problem, point } = moving(dtype)
      const stored = by(unrolled()(problem), point)
      return [
        [by(forward()(problem), point), stored, rounding[dtype], 'forward'],
        // a run that can be gone back differs in the last bits that it stores
        [by(reversible()(problem), point), stored, { f64: 1e-10, f32: 1e-4 }[dtype], 'reversible'],
        [by(unrolled({ keep: 'sqrt' })(problem), point), stored, rounding[dtype], 'checkpoints'],
      ]
    },
  ],
  [
    'the filter of a Neumann series on each eigenvector',
    '1, 5, 8',
    (dtype) => {
      const { problem, point, filtered } = diagonal(dtype)
      const [terms, alpha, epsilon, tau] = [4, 0.25, 0.1, 0.5]
      return [
        [
          by(implicit(neumann({ terms, step: alpha, tolerance: 0 }))(problem), point),
          filtered((mu) => (1 - (1 - alpha * mu) ** terms) / mu),
          rounding[dtype],
          'series',
        ],
        [
          by(implicit(exact(), { damping: epsilon })(problem), point),
          filtered((mu) => 1 / (mu + epsilon)),
          rounding[dtype],
          'damping',
        ],
        // Φ has the eigenvalues 1 − lr μ, so that the damped series has steps of lr τ
        [
          by(phantom({ terms, damping: tau })(problem), point),
          filtered((mu) => (1 - (1 - 0.25 * tau * mu) ** terms) / mu),
          rounding[dtype],
          'phantom',
        ],
      ]
    },
  ],
  [
    'one-pass with one term = the difference of one step',
    '2',
    (dtype) => {
      const { problem, step } = momentumR1({ dtype })
      const trajectory = { start: step.previous, batches: zeros([1]) as never }
      const difference = by(finiteDifference()(problem), { ...step, trajectory })
      return [[by(onePass({ terms: 1 })(problem), step), difference, { f64: 1e-8, f32: 2e-3 }[dtype]]]
    },
  ],
  [
    'the state with its momentum = the weights alone, by the decay at the optimum',
    '2, 4',
    (dtype) => {
      const { problem, hyper } = momentumR1({ dtype })
      const state = problem.begin(put(dtype)([90 / 91, 90 / 91]))
      const point = { state, previous: state, hyper, train: null, validation: null }
      const augmented = by(implicit(exact(), { form: 'fixedPoint' })(problem), point)
      const steps = { ...point, trajectory: { start: state, batches: null } }
      return [
        [augmented, by(onePass({ terms: 150 })(problem), point), solved[dtype], 'one-pass'],
        [augmented, by(unrolled({ steps: 150 })(problem), steps), solved[dtype], 'unrolled'],
      ]
    },
  ],
  [
    'iMAML: κ (θ − φ*) = ∂L/∂w at φ*',
    '7',
    (dtype) => {
      const { loss, kappa, theta, point } = prox(dtype)
      const { weights } = point.state
      return [[mul(kappa, sub(theta, weights)), grad(loss)(weights), { f64: 1e-12, f32: 1e-4 }[dtype]]]
    },
  ],
  [
    'iMAML = implicit of the proximal problem, M = −κI: (I + H/κ)⁻¹ ∂F/∂w',
    '1, 7',
    (dtype) => {
      const { problem, loss, kappa, theta, point } = prox(dtype)
      const { weights } = point.state
      const right = grad((w: Tensor) => problem.outer(w, theta, null))(weights)
      const { x } = exact()(damped(hessianOperator(loss, weights), kappa))(right)
      return [[by(implicit(cg())(problem), point), mul(kappa, x), solved[dtype]]]
    },
  ],
  [
    'phantom(terms, τ) = the Neumann series of I − Jᵀ with step τ: its damping is the step',
    '1, 8',
    (dtype) => {
      const { problem, at } = ridge({ dtype })
      const point = at(put(dtype)([0.5, -1, 0.2, 0.1, 1]))
      return [1, 4, 9].map((terms) => [
        by(phantom({ terms, damping: 0.7 })(problem), point),
        by(implicit(neumann({ terms, step: 0.7, tolerance: 0, trust: true }), { form: 'fixedPoint' })(problem), point),
        rounding[dtype],
        `${terms} terms`,
      ])
    },
  ],
  [
    'one-pass(terms) = the Neumann series of (∂u/∂w)ᵀ with α = 1',
    '1, 2',
    (dtype) => {
      const { problem, optimum } = logistic({ dtype })
      return [1, 3, 8].map((terms) => [
        by(onePass({ terms })(problem), optimum),
        by(implicit(neumann({ terms, step: 1, tolerance: 0, trust: true }), { form: 'fixedPoint' })(problem), optimum),
        { f64: 1e-12, f32: 1e-4 }[dtype],
        `${terms} terms`,
      ])
    },
  ],
  [
    'both forms of phantom agree at an exact fixed point',
    '8',
    (dtype) => {
      const { problem, optimum } = logistic({ dtype })
      return [1, 6].map((terms) => [
        by(phantom({ terms, form: 'unrolled' })(problem), optimum),
        by(phantom({ terms, form: 'neumann' })(problem), optimum),
        { f64: 1e-12, f32: 1e-4 }[dtype],
      ])
    },
  ],
  [
    'the direction of SOBA with v solved = implicit',
    '1, 9',
    (dtype) => {
      const { problem, optimum, hyper, weights } = ridge({ dtype })
      const found = from(implicit(exact(), { start: 'warm' })(problem), optimum)
      const at = { weights, adjoint: mul(-1, found.memory.adjoint as Tensor), hyper }
      const { direction } = directions(problem)(at, { inner: null, outer: null })
      return [
        [direction.hyper, found.gradient, solved[dtype], 'by λ'],
        [direction.adjoint, mul(0, weights), { f64: 1e-10, f32: 1e-3 }[dtype], 'by v'],
      ]
    },
  ],
  [
    'on all samples the estimators that reduce variance are SOBA',
    '9',
    (dtype) => {
      const { problem, optimum, train, validation } = scalarBilevel({ dtype })
      const field = directions(problem)
      const all = { inner: optimum.train, outer: optimum.validation }
      const at = (k: number) => ({ weights: put(dtype)(Math.sin(k)), adjoint: put(dtype)(k), hyper: put(dtype)(1 - k) })
      const { init, next } = stormEstimator(field, 0.3)
      const [, memory] = next(init(at(0), all), at(0), all)
      const [look] = next(memory, at(0.4), all)
      const whole = field(at(0.4), all).direction
      const pairs = [0, 1].flatMap((i) => [0, 1].map((j) => field(at(0.4), { inner: train(i), outer: validation(j) })))
      const mean = vectors.times(
        0.25,
        pairs.map(({ direction }) => direction).reduce((a, b) => vectors.plus(a, b)),
      )
      return [
        [look.direction, whole, rounding[dtype], 'STORM'],
        [mean, whole, rounding[dtype], 'the mean of all pairs'],
      ]
    },
  ],
  [
    'SAGA is unbiased whatever its table holds',
    '9',
    (dtype) => {
      const shares = { rows: 3 }
      const said = [put(dtype)([1, 2]), put(dtype)([-3, 0.5]), put(dtype)([4, 4])]
      const tables = {
        full: fullTable(
          put(dtype)([
            [5, 1],
            [0, 2],
            [7, -1],
          ]),
          shares,
        ),
        empty: emptyTable(said[0]!, shares),
      }
      return Object.entries(tables).map(([note, table]) => {
        const estimates = said.map((row, i) => sagaStep(table, row, array(i, { dtype: 'i32' }), shares)[0])
        return [
          vectors.times(
            1 / 3,
            estimates.reduce((a, b) => add(a, b)),
          ),
          [2 / 3, 6.5 / 3],
          rounding[dtype],
          note,
        ]
      })
    },
  ],
  [
    'the audit of a warm start reports both losses',
    '5',
    (dtype) => {
      const { problem, hyper, weights, at } = movingNullSpace({ dtype })
      const start = problem.begin(put(dtype)([0, 0]))
      const found = { inner: at(weights).state, hyper, start, batches: null, steps: 60, validation: null }
      const { warm, cold } = retrained(problem)(found)
      // from (.5, 1.5) training ends at `weights`, from 0 at (cos u, sin u): F is the first weight
      return [
        [warm, numbers(weights)[0], { f64: 1e-12, f32: 1e-5 }[dtype], 'warm'],
        [cold, Math.cos(0.3), { f64: 1e-12, f32: 1e-5 }[dtype], 'cold'],
      ]
    },
  ],
  [
    'implicit with α in the place of H⁻¹ = α times the identity',
    '1, 5',
    (dtype) => {
      const { problem, optimum } = R1({ dtype })
      const identity = (step: number) => by(implicit(neumann({ terms: 1, step, tolerance: 0 }))(problem), optimum)
      const mixed = grad((h: Tensor) =>
        vdot(grad(problem.inner)(optimum.state.weights, h, null), put(dtype)([-4 / 47, 72 / 47])),
      )
      return [
        [identity(0.1), mul(0.1, identity(1)), rounding[dtype]],
        [identity(1), mul(-1, mixed(optimum.hyper)), rounding[dtype], 'without a solver'],
      ]
    },
  ],
  [
    'the adjoint of Φ by a step α of descent = the Hessian form, and p = q/α',
    '1, 2, 4, 8',
    (dtype) => {
      const { problem, optimum, lr } = logistic({ dtype })
      const loss = from(implicit(exact(), { start: 'warm' })(problem), optimum)
      const map = from(implicit(exact(), { form: 'fixedPoint', start: 'warm' })(problem), optimum)
      const { weights } = map.memory.adjoint as { readonly weights: Tensor }
      return [
        [map.gradient, loss.gradient, solved[dtype]],
        [mul(lr, weights), loss.memory.adjoint, solved[dtype], 'p'],
        [map.certificate.gap, loss.certificate.gap, solved[dtype], 'gap'],
      ]
    },
  ],
]

for (const [identity, between, sides] of rows)
  test(`${identity} (${between})`, () => {
    for (const dtype of ['f64', 'f32'] as const) {
      const met = sides(dtype)
      assert.ok(met.length > 0)
      for (const [left, right, tolerance, note = ''] of met) {
        near(left, right, tolerance, `${dtype} ${note}`)
        // an identity of zeros would say nothing
        assert.ok(/by v|gap/.test(note) || numbers(right).some((value) => Math.abs(value) > 1e-4), `${note} is zero`)
      }
    }
  })

test.run()
