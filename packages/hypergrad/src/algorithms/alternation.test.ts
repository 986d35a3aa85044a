import { array, cos, dot, jit, mul, sin, square, stack, sub, sum, type Tensor, zeros } from '@neumann/linalg-gpu'
import { neumann } from '@neumann/linalg-gpu/solvers'
import { adam, sgd } from '@neumann/precond'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { certificateStatuses } from '../certificate/certificate.js'
import { finiteDifference } from '../estimators/finiteDifference.js'
import { forward } from '../estimators/forward.js'
import { implicit } from '../estimators/implicit.js'
import { onePass } from '../estimators/onePass.js'
import { realTime } from '../estimators/realTime.js'
import { reversible } from '../estimators/reversible.js'
import { unrolled } from '../estimators/unrolled.js'
import { type MomentumR1Hyper, momentumR1 } from '../fixtures/momentumR1.js'
import { R1 } from '../fixtures/r1.js'
import { fromLoss } from '../problem/fromLoss.js'
import { whole } from '../problem/lens.js'
import type { Problem } from '../problem/problem.js'
import { momentumProblem } from '../reversible/momentumProblem.js'
import { log10, logit } from '../spaces/bijector.js'
import { space } from '../spaces/space.js'
import { near, relativeError } from '../support.testing.js'
import { alternation } from './alternation.js'
import { retrained } from './retrained.js'

const f64 = (data: unknown): Tensor => array(data as never, { dtype: 'f64' })
const nothing = { train: null, validation: null }

test('R1 end to end: the trajectory of section 1.6e, warm, by Neumann series', () => {
  const { problem } = R1({ lr: 0.02 })
  const { init, step } = alternation({
    problem,
    estimator: implicit(neumann({ terms: 21, step: 0.02, tolerance: 0 })),
    optimiser: sgd,
    settings: { lr: 1 },
    steps: 20,
  })
  const jitted = jit(step)
  let state = init({ inner: problem.begin(f64([0, 0])), hyper: f64([0, 0]) })
  const golden = new Map([
    [1, [0.8896237065, 0.8896237065, 0.8036132653, 0.1151124342, -0.252481032, -0.1151124342, 0.252481032]],
    [2, [0.9279568007, 0.8572586635, 0.7400826387, 0.0932758887, -0.2876489585, -0.2083883228, 0.5401299905]],
    [10, [1.1855284702, 0.3427205658, 0.1518781995, -0.0316308692, -0.1230231202, -0.3047267909, 2.4149114565]],
    [50, [1.0125127785, 0.1029332795, 0.0107518296, -0.0043767723, -0.0185339614, 0.9536970247, 3.9683421265]],
  ])
  for (let t = 1; t <= 50; t++) {
    const [next, { value, gradient }] = jitted(state, nothing)
    const want = golden.get(t)
    if (want) near([next.inner.weights, value, gradient, next.hyper], want, 1e-9, `step ${t}`)
    state = next
  }
})

test('one-pass tuning end to end: the trajectory of section 2.7e, learning rate and decay in log10, momentum in logit', () => {
  const { problem } = momentumR1()
  const { init, step } = alternation({
    problem,
    estimator: onePass({ terms: 5 }),
    optimiser: adam,
    settings: { lr: 0.05 },
    space: space<MomentumR1Hyper>({ lr: log10({ min: 1e-10, max: 1 }), momentum: logit(), decay: log10() }),
    steps: 10,
  })
  const jitted = jit(step)
  const hyper = { lr: f64(0.05), momentum: f64(0.5), decay: f64(0.1) }
  let state = init({ inner: problem.begin(f64([0, 0])), hyper })
  near(state.hyper, { decay: -1, lr: Math.log10(0.05), momentum: 0 })
  // F, the gradient and what follows, by lr, momentum, decay
  const golden = new Map([
    [1, [0.9492784393, 0.2414506172, 0.0149944405, -0.0432679843, -1.3510299936, -0.0499999667, -0.9500000116]],
    [2, [0.9757565419, 0.0070888688, 0.0009751007, -0.0505610254, -1.3856109093, -0.0858478512, -0.8999483831]],
    [10, [0.9403606011, 0.0005567049, 0.0001028714, -0.1055610733, -1.5161421068, -0.2235525644, -0.4918408968]],
    [50, [0.5074986881, -0.0001430053, -0.0000099147, 0.1328375086, -1.6432692174, -0.4185839142, 1.0377221052]],
    [100, [0.5000672386, -3.402e-7, 6.64e-8, -0.0123176, -1.6474312958, -0.4287007285, 0.9460556459]],
  ])
  for (let t = 1; t <= 100; t++) {
    const [next, { value, gradient: g }] = jitted(state, nothing)
    const want = golden.get(t)
    const h = next.hyper
    if (want) near([value, g.lr, g.momentum, g.decay, h.lr, h.momentum, h.decay], want, 2e-10, `step ${t}`)
    state = next
  }
})

// section 5.7-c: inner ½ (x(u)ᵀ w − 1)², outer ½ ‖w − (2, 1)‖²
const turning = () =>
  fromLoss({
    inner: (w: Tensor, u: Tensor, _: null) => mul(0.5, square(sub(dot(stack([cos(u), sin(u)]), w), 1))),
    outer: (w: Tensor, _: Tensor, _v: null) => mul(0.5, sum(square(sub(w, f64([2, 1]))))),
    optimiser: sgd,
    settings: () => ({ lr: 1 }),
  })

test('warm starts leave the target in the weights: the table of section 5.7-c, and its audit', () => {
  const problem = turning()
  for (const [lr, w0, u, w, value] of [
    [0.05, [0.5, 1.5], -0.6435011, [2.0696105, 1.092814], 0.0067300323],
    [0.2, [0.5, 1.5], -0.6435011, [2.0130848, 1.0174463], 0.0002377927],
    [0.05, [0, 1], -0.6435011, [1.7778277, 0.7037702], 0.0685563124],
    [0.05, [1, -1], 1.5707963, [2.4740543, 1], 0.1123637325],
  ] as const) {
    const { init, step } = alternation({
      problem,
      // of the singular Hessian x xᵀ with eigenvalues 1 and 0 one term is the pseudo-inverse along x, and M projects on x
      estimator: implicit(neumann({ terms: 1, step: 1, tolerance: 0, trust: true })),
      optimiser: sgd,
      settings: { lr },
      steps: 1,
      accept: certificateStatuses,
    })
    const jitted = jit(step)
    let state = init({ inner: problem.begin(f64(w0)), hyper: f64(0) })
    for (let t = 0; t < 1200; t++) state = jitted(state, nothing)[0]
    near([state.hyper, state.inner.weights], [u, ...w], 1e-5, `lr ${lr} from ${w0}`)
    const start = problem.begin(zeros([2], { dtype: 'f64' }))
    const audit = retrained(problem)({
      inner: state.inner,
      hyper: state.hyper,
      start,
      batches: null,
      steps: 50,
      validation: null,
    })
    near(audit.warm, value, 1e-7)
    if (u < 0) near([audit.cold, audit.state.weights], [2, 0.8, -0.6], 1e-6)
  }
})

test('an outer step is taken only on certificates that are accepted; elsewhere λ and the optimiser stay', () => {
  const { problem, lambda } = R1()
  for (const [accept, moves] of [
    [['converged'], false],
    [['truncated', 'unstationary'], true],
  ] as const) {
    const { init, step } = alternation({
      problem,
      estimator: implicit(neumann({ terms: 2, step: 0.1, tolerance: 0 })),
      optimiser: adam,
      settings: { lr: 0.1 },
      steps: 3,
      accept,
    })
    const begin = init({ inner: problem.begin(f64([0, 0])), hyper: lambda })
    const [{ hyper, optimiser, step: count }, { accepted }] = step(begin, nothing)
    near([accepted, count], [moves ? 1 : 0, 1])
    near(optimiser.step, moves ? 1 : 0)
    assert.is(relativeError(hyper, lambda) > 0, moves)
  }
  const parts = { problem, estimator: onePass(), optimiser: sgd, settings: { lr: 1 }, steps: 1 }
  assert.throws(() => alternation({ ...parts, accept: [] }), /accept names no status/)
  assert.throws(() => alternation({ ...parts, accept: ['fine' as never] }), /accept names "fine", which is no status/)
})

test('cold, each outer step begins where it is told, which may depend on λ', () => {
  const { problem, lambda } = R1()
  const { init, step } = alternation({
    problem,
    estimator: unrolled({ steps: 5 }),
    optimiser: sgd,
    settings: { lr: 0 },
    steps: 5,
    start: () => problem.begin(f64([0, 0])),
  })
  let state = init({ inner: problem.begin(f64([9, 9])), hyper: lambda })
  for (let t = 0; t < 2; t++) {
    const [next, { value, gradient }] = step(state, nothing)
    // the row T = 5 of section 4.6, each time
    near([next.inner.weights, value, gradient], [0.94806, 0.77391, 0.6016344517, 0.090909207, -0.3519972828], 1e-8)
    state = next
  }
})

test('what does not fit together is said at the call', () => {
  const { problem, lambda } = R1()
  const parts = { problem, estimator: onePass(), optimiser: sgd, settings: { lr: 1 } }
  const begin = { inner: problem.begin(f64([0, 0])), hyper: lambda }
  const without = alternation(parts)
  assert.throws(() => without.step(without.init(begin), nothing), /run: the batches .* hold no tensors, .* give steps/)
  const wrong = alternation({ ...parts, problem: { ...problem, update: (s) => s }, steps: 4 })
  const batches = { train: f64([1, 2, 3]) as never, validation: null }
  const fewer = alternation({ ...parts, steps: 2 })
  assert.throws(() => fewer.step(fewer.init(begin), batches), /run: steps is 2, the batches have 3/)
  assert.throws(() => wrong.step(wrong.init(begin), batches), /run: steps is 4, the trajectory has 3/)
})

// s ← λ s / 2 twice, F = s: from s₀ it is λ² s₀ / 4
const halving = (start?: (hyper: Tensor) => Tensor): Problem<Tensor, Tensor, Tensor, null, null> => ({
  update: (s, hyper) => mul(mul(0.5, hyper), s),
  weights: whole(),
  outer: (s) => s,
  ...(start !== undefined && { start }),
})

test('warm, estimators go the steps that were taken, though the problem has a start of its own; cold, they see λ in the start', () => {
  const parts = { optimiser: sgd, settings: { lr: 0 }, steps: 2 } as const
  const begin = { inner: f64(16), hyper: f64(1) }
  for (const estimator of [unrolled({ steps: 2 }), forward({ steps: 2 }), finiteDifference({ steps: 2, order: 4 })]) {
    const warm = alternation({ ...parts, problem: halving((hyper) => mul(100, hyper)), estimator })
    let state = warm.init(begin)
    // λ² s₀ / 4 and λ s₀ / 2
    for (const [value, slope] of [
      [4, 8],
      [1, 2],
    ] as const) {
      const [next, report] = warm.step(state, nothing)
      near([report.value, report.gradient, next.inner], [value, slope, value], 1e-9)
      state = next
    }
    const cold = alternation({ ...parts, problem: halving(), estimator, start: (hyper) => mul(16, hyper) })
    // 4 λ³
    const { value, gradient } = cold.step(cold.init(begin), nothing)[1]
    near([value, gradient], [4, 12], 1e-9)
  }
})

test('sensitivities that are never reset are carried from one outer step to the next', () => {
  const { init, step } = alternation({
    problem: halving((hyper) => mul(16, hyper)),
    estimator: realTime({ steps: 2 }),
    optimiser: sgd,
    settings: { lr: 0 },
    steps: 2,
  })
  let state = init({ inner: f64(16), hyper: f64(1) })
  // of the whole run, from its start on: 16 λ³ / 4, then 16 λ⁵ / 16
  for (const slope of [12, 5]) {
    const [next, { gradient }] = step(state, nothing)
    near(gradient, [slope], 1e-14)
    state = next
  }
})

test('estimators that want more of a problem get it: the run gone backwards', () => {
  const problem = momentumProblem({
    inner: (w: Tensor, { pull }: { readonly pull: Tensor }, _: null) => mul(pull, sum(square(w))),
    outer: (w, _, _v: null) => sum(square(w)),
    settings: () => ({ lr: 0.1, momentum: 0.5 }),
  })
  const parts = { problem, optimiser: sgd, settings: { lr: 0.1 }, steps: 4 } as const
  const begin = { inner: problem.begin(f64([1, -2])), hyper: { pull: f64(0.7) } }
  const [back, tape] = [
    alternation({ ...parts, estimator: reversible({ steps: 4 }) }),
    alternation({ ...parts, estimator: unrolled({ steps: 4 }) }),
  ]
  const [got, want] = [back.step(back.init(begin), nothing), tape.step(tape.init(begin), nothing)]
  near(got[1].gradient, want[1].gradient, 1e-9)
  near(got[0].hyper, want[0].hyper, 1e-9)
})

test.run()
