import { stopGradient, vmap } from '@neumann/autodiff'
import { add, array, div, foriLoop, jit, mul, slice, square, sub, sum, type Tensor, treeMap } from '@neumann/linalg-gpu'
import { cg, exact, neumann } from '@neumann/linalg-gpu/solvers'
import { sgd } from '@neumann/precond'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { implicit } from '../estimators/implicit.js'
import { onePass } from '../estimators/onePass.js'
import { unrolled } from '../estimators/unrolled.js'
import { momentumR1, overparameterised, quadratic, R1 } from '../fixtures/index.js'
import { fromLoss } from '../problem/fromLoss.js'
import { type Certificate, type CertificateStatus, certificateStatuses } from './certificate.js'
import { decode } from './decode.js'
import { certificateCode, certified } from './evidence.js'

const f64 = (values: unknown): Tensor => array(values as never, { dtype: 'f64' })

/** The certificate of an estimator on a loss of one's own, at w. */
const of = <H>(
  inner: (w: Tensor, hyper: H) => Tensor,
  hyper: H,
  w: Tensor,
  outer: (w: Tensor, hyper: H) => Tensor = (v) => sum(v),
  make: ReturnType<typeof implicit> = implicit(exact()),
): Certificate<H> => {
  const problem = fromLoss({ inner, outer, optimiser: sgd, settings: () => ({ lr: 0.1 }) })
  const state = problem.begin(w)
  const point = { state, previous: state, hyper, train: null, validation: null }
  const estimate = make(problem)
  return estimate(estimate.init(point), point).certificate
}

const onR1 = (make: ReturnType<typeof implicit>, options: Parameters<typeof R1>[0] = {}) => {
  const { problem, optimum } = R1(options)
  const estimate = make(problem)
  return estimate(estimate.init(optimum), optimum).certificate
}

/** A natural case for each status, and what its advice must speak of. */
const cases: Readonly<Record<CertificateStatus, readonly [provoke: () => Certificate<unknown>, advice: RegExp]>> = {
  converged: [() => onR1(implicit(cg())), /^the adjoint is solved to a residual of .*e-1|^the derivative is exact$/],
  truncated: [
    () => onR1(implicit(neumann({ terms: 3, step: 0.1 }))),
    /cut off with a residual of 0\.\d+: allow more terms/,
  ],
  expanding: [
    () => {
      const { problem, step } = momentumR1()
      return onePass({ terms: 5 })(problem)(null, { ...step, hyper: { ...step.hyper, lr: f64(0.4) } }).certificate
    },
    /terms grow by 2\.\d+: take fewer of them, or a smaller inner step/,
  ],
  unstationary: [
    () => of((w, h) => sum(mul(h, square(sub(w, 1)))), f64(1), f64([4, 4])),
    /would move the objective by about -6: take more inner steps/,
  ],
  // α λmax = .185 · 10.54
  unstable: [
    () => onR1(implicit(neumann({ terms: 18, step: 0.185 }))),
    /α λmax ≈ 1\.9\d is not safely below 2: take a smaller α/,
  ],
  indefinite: [
    () =>
      of(
        (w, h) => sum(mul(mul(h, w), mul(f64([1, -1]), w))),
        f64(1),
        f64([0, 0]),
        (w) => sum(mul(f64([1, 2]), w)),
        implicit(cg()),
      ),
    /negative curvature was met: damp the operator/,
  ],
  breakdown: [
    () => {
      const { problem, optimum } = quadratic({ conditionNumber: 1e3, dtype: 'f32' })
      const estimate = implicit(exact({ tolerance: 1e-12, maxIterations: 50 }))(problem)
      return estimate(estimate.init(optimum), optimum).certificate
    },
    /the solver stopped at a residual of .*: use f64, a preconditioner, or ask for less/,
  ],
  diverged: [
    () => onR1(implicit(neumann({ terms: 20, step: 0.25 }))),
    /grows by 1\.6\d a term .*: take a smaller α, or another solver/,
  ],
  singular: [
    () => {
      const { problem, optimum } = overparameterised()
      const estimate = implicit(cg())(problem)
      return estimate(estimate.init(optimum), optimum).certificate
    },
    /some direction is mapped to nothing: damp the operator/,
  ],
  nonfinite: [
    () =>
      of(
        (w, h) => sum(mul(h, square(w))),
        f64(1),
        f64([0, 0]),
        (w) => sum(div(1, w)),
      ),
    /NaN or infinity/,
  ],
  disconnected: [
    () => of((w, { used }) => sum(mul(used, square(w))), { used: f64(1), unused: f64(1) }, f64([1, 1])),
    /unused does not reach the objective: use it, leave it out/,
  ],
}

for (const status of certificateStatuses)
  test(`status ${status}: a natural case provokes it, and its advice is of it`, async () => {
    const [provoke, advice] = cases[status]
    const decoded = await decode(provoke())
    assert.is(decoded.status, status, JSON.stringify(decoded))
    assert.match(decoded.advice, advice)
  })

test('inside jit the certificates are the same', async () => {
  const { problem, optimum } = R1()
  for (const make of [
    implicit(cg()),
    implicit(neumann({ terms: 20, step: 0.25 })),
    implicit(neumann({ terms: 3, step: 0.1 })),
  ]) {
    const estimate = make(problem)
    const compiled = jit((hyper: Tensor) => estimate(estimate.init(optimum), { ...optimum, hyper }).certificate)
    const [inside, outside] = await Promise.all([
      decode(compiled(optimum.hyper)),
      decode(estimate(estimate.init(optimum), optimum).certificate),
    ])
    assert.is(inside.status, outside.status)
    assert.is(inside.products, outside.products)
    assert.equal(inside.disconnected, outside.disconnected)
  }
})

test('disconnected names every path, and only those: in records, lists, and where λ is one tensor', async () => {
  const unused = await decode(
    of(
      (w, { layers }) => sum(mul(layers[1]!, square(w))),
      { layers: [f64(1), f64(2)], rate: f64(1), stopped: f64(1) },
      f64([1, 1]),
      (w, { stopped }) => sum(mul(stopGradient(stopped), w)),
    ),
  )
  assert.is(unused.status, 'disconnected')
  assert.equal(unused.disconnected.map(bare), ['layers[0]', 'rate', 'stopped'])
  const alone = await decode(of((w) => sum(square(w)), f64(1), f64([1, 1])))
  assert.equal(alone.disconnected, ['λ'])
  // by the direct part alone it is there
  const direct = await decode(
    of(
      (w) => sum(square(w)),
      f64(1),
      f64([0, 0]),
      (w, h) => mul(h, add(1, sum(w))),
    ),
  )
  assert.equal(direct.disconnected, [])
})

const bare = (path: string): string => path.replace(/^(λ)?\./, '')

test('a λ that only moves weights which the objective never sees is disconnected', async () => {
  type Heads = { readonly seen: Tensor; readonly other: Tensor }
  const problem = (coupled: boolean) =>
    fromLoss({
      inner: (w: Heads, { a, b }: { readonly a: Tensor; readonly b: Tensor }, _: null) =>
        add(
          add(sum(mul(a, square(w.seen))), sum(mul(b, square(w.other)))),
          coupled ? sum(mul(w.seen, w.other)) : f64(0),
        ),
      outer: (w: Heads, _: unknown, _v: null) => sum(w.seen),
      optimiser: sgd,
      settings: () => ({ lr: 0.1 }),
    })
  for (const coupled of [false, true]) {
    const { begin, ...rest } = problem(coupled)
    const state = begin({ seen: f64([1, 2]), other: f64([3, 4]) })
    const hyper = { a: f64(1), b: f64(2) }
    const point = { state, previous: state, hyper, train: null, validation: null }
    const lost = coupled ? [] : ['b']
    const loss = implicit(exact())(rest)
    const map = implicit(exact(), { form: 'fixedPoint' })(rest)
    for (const estimate of [loss, map])
      assert.equal((await decode(estimate(estimate.init(point), point).certificate)).disconnected.map(bare), lost)
    // one term sees one step, in which the other weights reach nothing yet
    const terms = async (count: number) =>
      (await decode(onePass({ terms: count })(rest)(null, point).certificate)).disconnected.map(bare)
    assert.equal(await terms(1), ['b'])
    assert.equal(await terms(2), lost)
  }
})

test('what an update or a loss sees only within a loop counts, what it carries along does not', async () => {
  const inner = (w: Tensor, { used, carried }: { readonly used: Tensor; readonly carried: Tensor }): Tensor => {
    const [end] = foriLoop(
      0,
      3,
      (_: Tensor, [v, u, c]: readonly Tensor[]) => [add(v!, mul(u!, sum(square(w)))), u!, c!] as const,
      [f64(0), used, carried] as readonly Tensor[],
    )
    return end!
  }
  const hyper = { used: f64(1), carried: f64(1) }
  assert.equal((await decode(of(inner, hyper, f64([1, 1])))).disconnected.map(bare), ['carried'])
})

test('λ that reaches only by the first state: implicit names it, unrolled does not', async () => {
  const { problem, optimum } = R1()
  const begun = {
    ...problem,
    inner: (w: Tensor, _: Tensor, _t: null) => mul(0.5, sum(square(w))),
    update: (s: typeof optimum.state) => ({ ...s, weights: mul(0.5, s.weights) }),
    start: (h: Tensor) => problem.begin(h),
  }
  const adjoint = implicit(exact())(begun)
  assert.equal((await decode(adjoint(adjoint.init(optimum), optimum).certificate)).disconnected, ['λ'])
  assert.equal((await decode(unrolled({ steps: 2 })(begun)(null, optimum).certificate)).disconnected, [])
})

test('NaN anywhere in the gradient is nonfinite before anything else is said', async () => {
  const value = f64(1)
  const found = (gradient: unknown, reaches = [true, true]) =>
    decode(certified({ gradient, value, products: 0, reaches, otherwise: 'converged' }))
  assert.is((await found([f64([1, 2]), f64(1)])).status, 'converged')
  assert.is((await found([f64([1, Number.NaN]), f64(1)])).status, 'nonfinite')
  assert.is((await found([f64([1, 2]), f64(Number.NEGATIVE_INFINITY)])).status, 'nonfinite')
  assert.is((await found([f64([1, Number.NaN]), f64(1)], [false, true])).status, 'nonfinite')
  assert.is((await found([f64([1, 1]), f64(1)], [false, true])).status, 'disconnected')
})

test('a code that is no status is refused', async () => {
  const broken = { ...onR1(implicit(exact())), status: array(99, { dtype: 'i32' }) }
  try {
    await decode(broken)
    assert.unreachable()
  } catch (error) {
    assert.match((error as Error).message, /^decode: 99 is no status of a certificate: codes are 0 to 10/)
  }
  assert.is(certificateCode.disconnected, 10)
})

test('what was not measured is NaN: a series of one term knows no stability', async () => {
  const { stability, curvature } = await decode(onR1(implicit(neumann({ terms: 1, step: 0.1 }))))
  assert.ok(Number.isNaN(stability))
  assert.equal(curvature, [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
})

test('curvature lies within the spectrum, and the gap is what a Newton step moves the objective by', async () => {
  const { problem, at } = R1()
  const { curvature } = await decode(onR1(implicit(cg())))
  assert.ok(curvature[0] >= 4.4586187349 - 1e-9 && curvature[1] <= 10.5413812651 + 1e-9, `${curvature}`)
  const point = at(f64([1, 0.7]))
  const estimate = implicit(exact())(problem)
  const { gap, stationarity } = await decode(estimate(estimate.init(point), point).certificate)
  // f is quadratic, so that its Newton step ends in w*, and ∂F/∂w = Xvᵀ (Xv w − yv) = (0, 1.4)
  const [a, b] = [45 / 47 - 1, 36 / 47 - 0.7]
  assert.ok(Math.abs(gap - 1.4 * b) < 1e-12, `${gap}`)
  assert.ok(Math.abs(stationarity - Math.hypot(7 * a + 3 * b, 3 * a + 8 * b)) < 1e-12, `${stationarity}`)
})

test('a batch of certificates is not decoded as if it were one', async () => {
  const { problem, optimum } = R1()
  const estimate = implicit(exact())(problem)
  const many = vmap((w: Tensor) => {
    const point = { ...optimum, state: problem.begin(w) }
    return estimate(estimate.init(point), point).certificate
  })(
    array(
      [
        [0.9, 0.8],
        [0.5, 0.5],
      ],
      { dtype: 'f64' },
    ),
  )
  const said = await decode(many).then(String, (error: Error) => error.message)
  assert.match(said, /decode: this certificate has a batch of 2 estimates: take one of them/)
  const second = treeMap((x: Tensor) => slice(x, 1), many as never) as typeof many
  assert.is((await decode(second)).status, 'unstationary')
})

test.run()
