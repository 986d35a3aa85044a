import { array, jit, type Tensor, zeros } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { near } from '../../support.testing.js'
import { amigo } from './amigo.js'
import { benchmarkRates, f2saRates } from './benchmarkRates.js'
import { mrbo } from './mrbo.js'
import { decaying, rateAt } from './rates.js'
import { scalarProblem } from './scalar.testing.js'
import { soba } from './soba.js'
import { vrbo } from './vrbo.js'

test('a rate is a number, a tensor or a function of the step, in the dtype of what it steps', () => {
  const step = array(3, { dtype: 'i32' })
  for (const dtype of ['f32', 'f64'] as const) {
    const like = zeros([2], { dtype })
    for (const rate of [
      0.25,
      array(0.25),
      decaying({ from: 0.5, power: 0.5 }),
      decaying({ from: array(1), power: 1 }),
    ]) {
      const got = rateAt(rate, step, like)
      assert.is(got.dtype, dtype)
      near(got, 0.25, 1e-6)
    }
  }
})

test('in a jitted step sizes are operands: another size is another result of the same program', () => {
  const { problem, all, zero } = scalarProblem()
  const stepped = jit((rate: Tensor) => {
    const { init, step } = soba({ innerRate: rate, outerRate: rate })(problem)
    return step(init(zero), all)[0].adjoint
  })
  near(stepped(array(0.3)), 0.6, 1e-6)
  near(stepped(array(0.1)), 0.2, 1e-6)
})

test('the benchmark has the first sizes that are given, and each algorithm its own powers', () => {
  const sizes = { inner: 0.4, ratio: 0.5 }
  const after = (rate: Parameters<typeof rateAt>[0], t: number): Tensor => rateAt(rate, array(t), array(0))
  const [soba4, ttsa4, mrbo8] = [
    benchmarkRates('soba', sizes),
    benchmarkRates('ttsa', sizes),
    benchmarkRates('mrbo', sizes),
  ]
  near([after(soba4.innerRate, 0), after(soba4.outerRate, 3)], [0.4, 0.4], 1e-6)
  near([after(ttsa4.innerRate, 31), after(ttsa4.outerRate, 31)], [0.1, 0.1], 1e-6)
  near([after(mrbo8.innerRate, 7), after(mrbo8.momentum, 7)], [0.2, 0.125], 1e-6)
  assert.is(benchmarkRates('saba', sizes).outerRate, 0.8)
  // λ₁₂₈ − λ₀ of steps δ ≈ 128^(1/7) − 1 = 1
  const { growth } = f2saRates(sizes)
  const grown = Array.from({ length: 127 }, (_, t) => after(growth, t)).reduce(
    (sum, x) => sum + Number(String(x).split(' ')[1]),
    0,
  )
  assert.ok(Math.abs(grown - 1) < 0.15, `${grown}`)
})

test('wrong sizes, counts and stacks are refused with what was given', () => {
  const { problem, all, zero, times } = scalarProblem()
  const rates = { innerRate: 0.1, outerRate: 0.1 }
  assert.throws(() => soba({ innerRate: -1, outerRate: 1 })(problem), /soba: innerRate is a step size.*got -1/)
  assert.throws(() => soba({ innerRate: 1, outerRate: Number.NaN })(problem), /outerRate.*NaN/)
  assert.throws(() => amigo({ ...rates, steps: 0 })(problem), /amigo: steps is an integer ≥ 1, got 0/)
  assert.throws(() => vrbo({ ...rates, period: 1.5 })(problem), /vrbo: period.*1\.5/)
  assert.throws(() => mrbo({ ...rates, terms: 0 })(problem), /mrbo: terms/)
  const { init, step } = amigo({ ...rates, steps: 3 })(problem)
  const samples = { ...all, steps: times(2, all.inner), factors: times(3, all.inner) }
  assert.throws(() => step(init(zero), samples), /amigo: samples\.steps stacks 3 minibatches.*\[2, ?2, ?2\]/)
})

test.run()
