import { grad } from '@neumann/autodiff'
import { array, jit, mul, square, sum, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { onePass } from '../estimators/onePass.js'
import { reversible } from '../estimators/reversible.js'
import { unrolled } from '../estimators/unrolled.js'
import { momentumR1 } from '../fixtures/momentumR1.js'
import { momentumProblem } from '../reversible/momentumProblem.js'
import { elements, near } from '../support.testing.js'
import { type Bijector, linear, log, log10, logit, softplus } from './bijector.js'
import { inSpace, space } from './space.js'

const f64 = (data: number | readonly number[]): Tensor => array(data as never, { dtype: 'f64' })
const one = (x: Tensor): number => elements(x)[0]!

const all: readonly (readonly [Bijector, (raw: number) => number])[] = [
  [log(), Math.exp],
  [log10(), (r) => 10 ** r],
  [softplus(), (r) => Math.log1p(Math.exp(r))],
  [logit(), (r) => 1 / (1 + Math.exp(-r))],
  [logit({ low: -1, high: 3 }), (r) => -1 + 4 / (1 + Math.exp(-r))],
  [linear(), (r) => r],
]

test('each bijector is its formula, there and back, and its derivative that of the formula', () => {
  for (const [{ toNatural, toRaw }, formula] of all)
    for (const raw of [-4, -0.3, 0, 0.7, 5]) {
      near(toNatural(f64(raw)), formula(raw), 1e-14)
      near(toRaw(toNatural(f64(raw))), raw, 1e-12)
      const h = 1e-6
      near(grad(toNatural)(f64(raw)), (formula(raw + h) - formula(raw - h)) / (2 * h), 1e-8)
    }
})

test('far out nothing overflows that need not', () => {
  near(softplus().toNatural(f64(800)), 800)
  near(softplus().toRaw(f64(800)), 800)
  near(softplus().toRaw(f64(1e-12)), Math.log(1e-12), 1e-12)
  assert.is(one(logit().toNatural(f64(-800))), 0)
})

test('bounds are in natural units and hold raw values back', () => {
  near(log10({ min: 1e-10, max: 1 }).clip(f64([-12, -3, 2])), [-10, -3, 0])
  near(log({ min: 1 }).clip(f64([-1, 2])), [0, 2])
  near(logit({ min: 0.25, max: 0.75 }).clip(f64([-9, 0, 9])), [-Math.log(3), 0, Math.log(3)])
  near(softplus({ max: 5 }).clip(f64([9])), [Math.log(Math.expm1(5))])
  assert.throws(() => log10({ min: 2, max: 1 }), /log10: min is below max, got 2 and 1/)
  assert.throws(() => log10({ min: -1 }), /log10: the bounds -1 and Infinity are not among its values/)
  assert.throws(() => logit({ low: 1, high: 1 }), /logit: low is below high/)
})

test('a tree of bijectors may end early, and must cover λ', () => {
  const hyper = { layers: [f64(0.1), f64(0.2)], mu: f64(0.5) }
  const own = space<typeof hyper>({ layers: log10(), mu: logit() } as never)
  near(own.toRaw(hyper), [-1, Math.log10(0.2), 0], 1e-14)
  near(own.toNatural(own.toRaw(hyper)), hyper, 1e-14)
  const part = space({ mu: logit() } as never)
  assert.throws(() => part.toRaw(hyper as never), /λ\.layers has no bijector: linear\(\) leaves it as it is/)
  const more = space({ layers: log(), mu: logit(), other: log() } as never)
  assert.throws(() => more.toRaw(hyper as never), /bijector for \.other, which λ does not have/)
})

test('a hypergradient in a space is that outside times the slope: lr ln 10, μ(1 − μ), the table of section 2.7', () => {
  const { problem, step } = momentumR1()
  const own = space<typeof step.hyper>({ lr: log10(), momentum: logit(), decay: log10() })
  const raw = { ...step, hyper: own.toRaw(step.hyper) }
  for (const [terms, lr, momentum, decay] of [
    [1, 0.6816227522, 0.0323125, -0.0059867212],
    [5, 1.5192723427, 0.0878466485, -0.012524984],
    [20, 1.7359430271, 0.1226708836, -0.0131575588],
  ] as const) {
    const estimate = onePass({ terms })(inSpace(own)(problem))
    near(estimate(null, raw).gradient, { lr, momentum, decay }, 1e-10)
    near(jit((point: typeof raw) => estimate(null, point).gradient)(raw), { lr, momentum, decay }, 1e-10)
  }
})

test('a run backwards in a space is the run forwards there: its settings are natural too', () => {
  interface Hyper {
    readonly lr: Tensor
    readonly momentum: Tensor
  }
  const problem = momentumProblem({
    inner: (w: Tensor, _: Hyper, _t: null) => sum(mul(f64([1, 3]), square(w))),
    outer: (w: Tensor, _: Hyper, _v: null) => sum(w),
    settings: ({ lr, momentum }: Hyper) => ({ lr, momentum }),
  })
  const own = space<Hyper>({ lr: log10(), momentum: logit() })
  const raw = inSpace(own)(problem)
  const hyper = own.toRaw({ lr: f64(0.1), momentum: f64(0.5) })
  const point = { hyper, trajectory: { start: problem.begin(f64([1, -2])), batches: null }, validation: null }
  const back = reversible({ steps: 6 })(raw)(null, point).gradient
  near(back, unrolled({ steps: 6 })(raw)(null, point).gradient, 1e-9)
  assert.ok(Math.abs(one(back.lr)) > 1e-3)
})

test.run()
