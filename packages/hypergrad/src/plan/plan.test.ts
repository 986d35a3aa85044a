import {
  array,
  less,
  mul,
  onDevice,
  plainDevice,
  square,
  sum,
  type Tensor,
  whileLoop,
  zeros,
} from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { descentR1 } from '../estimators/trajectories.testing.js'
import { unrolled } from '../estimators/unrolled.js'
import { R1 } from '../fixtures/r1.js'
import { whole } from '../problem/lens.js'
import type { Problem } from '../problem/problem.js'
import { near } from '../support.testing.js'
import { memoryTable, type NetworkSizes, networkRun } from './memory.testing.js'
import { type PlanOptions, plan } from './plan.js'

// one device for all: forecasts are of the device of the point
const device = plainDevice()
const sizes = { inputs: 10, hidden: 12, batch: 6 }
const table = memoryTable([16, 64, 256], { device, ...sizes })
const row = (way: string, steps: number) => table.find((entry) => entry.way === way && entry.steps === steps)!

test('of runs of 16, 64 and 256 steps the plan tells the bytes that the plain device really uses', () => {
  // straight programs and scans are forecast to the byte there
  for (const { way, steps, planned, measured } of table)
    if (way !== 'implicit') assert.is(measured, planned, `${way}, ${steps} steps`)
    // a while loop is never forecast too small
    else assert.ok(measured <= planned && measured > 0.7 * planned, `${way}: ${measured} of ${planned}`)
})

test('a full tape grows with n, √n checkpoints with √n, the others not at all', () => {
  for (const [n, more] of [
    [16, 64],
    [64, 256],
  ] as const) {
    const growth = (way: string): number => row(way, more).measured / row(way, n).measured
    assert.ok(growth('unrolled') > 3.4 && growth('unrolled') < 4, `${growth('unrolled')}`)
    assert.ok(growth('unrolled, sqrt') > 1.5 && growth('unrolled, sqrt') < 2, `${growth('unrolled, sqrt')}`)
    for (const way of ['forward', 'implicit', 'onePass']) assert.is(row(way, n).measured, row(way, more).measured, way)
  }
})

test('the cheapest exact way that fits is chosen, then implicit, then one-pass, then nothing', () => {
  const many = 'one for each weight of the first layer'
  const planned = (options: PlanOptions, decays: NetworkSizes['decays'] = 'one') =>
    onDevice(device, () => {
      const { problem, point } = networkRun(64, { ...sizes, decays })
      return plan(problem, options)(point)
    })
  const chosen = (budget: number, decays?: NetworkSizes['decays']): string | undefined =>
    planned({ budget }, decays).choice?.name
  assert.is(chosen(Infinity), 'unrolled')
  assert.is(chosen(row('unrolled', 64).planned), 'unrolled')
  assert.is(chosen(row('unrolled', 64).planned - 1), 'forward')
  assert.is(chosen(row('forward', 64).planned - 1), 'implicit')
  assert.is(chosen(row('implicit', 64).planned - 1), 'onePass')
  // of 121 hyperparameters forward mode has 121 states
  const wide = planned({}, many).ways
  const bytes = (name: string): number => wide.find((way) => way.name === name)!.bytes
  assert.is(chosen(bytes('unrolled') - 1, many), 'unrolled, sqrt')
  assert.is(chosen(bytes('unrolled, sqrt') - 1, many), 'implicit')
  const { choice, advice } = planned({ budget: 1000 })
  assert.is(choice, null)
  assert.match(advice, /^nothing fits into 1\.0 kB: the least is onePass with \d+\.\d kB/)
})

test('what is chosen can be asked at once, and is what it says', () => {
  const { problem, run, put } = descentR1()
  const state = problem.begin(put([0.5, 0.5]))
  const point = { ...run(8), state, previous: state, train: zeros([]), validation: null }
  const { choice, advice } = plan(problem)(point)
  const got = choice!.estimator(choice!.estimator.init(point), point)
  near(got.gradient, unrolled()(problem)(null, point).gradient, 1e-15)
  assert.match(advice, /^unrolled: \d+(\.\d)? (bytes|kB), about 20 gradients; exact/)
})

test('one hyperparameter and a long run: forward mode costs less than a tape', () => {
  const { problem, weights, lambda } = R1()
  const one = { ...problem, update: (s: never, h: Tensor, t: null) => problem.update(s, mul(h, lambda), t) }
  const state = problem.begin(weights)
  const hyper = array(1, { dtype: 'f64' })
  const point = {
    state,
    previous: state,
    hyper,
    train: null,
    validation: null,
    trajectory: { start: state, batches: null },
  }
  assert.is(plan(one as never, { steps: 50 })(point as never).choice?.name, 'forward')
})

test('a way that cannot be gone is left out and says why', () => {
  const problem: Problem<Tensor, Tensor, Tensor, Tensor, null> = {
    update: (s, h) =>
      whileLoop(
        (x: Tensor) => less(0.5, sum(x)),
        (x: Tensor) => mul(0.5, x),
        mul(h, s),
      ),
    weights: whole(),
    outer: (s) => sum(square(s)),
  }
  const s = zeros([2])
  const point = {
    state: s,
    previous: s,
    hyper: array(3),
    train: zeros([]),
    validation: null,
    trajectory: { start: s, batches: zeros([4]) },
  }
  const { ways, choice } = plan(problem)(point)
  assert.is(choice?.name, 'forward')
  const { reason, fits, bytes } = ways.find(({ name }) => name === 'unrolled')!
  assert.match(reason!, /while/)
  assert.equal([fits, bytes], [false, Infinity])
  const broken = { ...problem, outer: (w: Tensor) => w }
  assert.throws(() => plan(broken)(point), /plan: no way can be gone\. /)
  assert.throws(() => plan(problem, { budget: 0 }), /budget is a positive number of bytes, got 0/)
})

test.run()
