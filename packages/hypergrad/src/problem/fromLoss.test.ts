import { add, array, dispose, liveBuffers, mul, square, sum, type Tensor } from '@neumann/linalg-gpu'
import { adam } from '@neumann/precond'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { momentumR1 } from '../fixtures/momentumR1.js'
import { log10, logit } from '../spaces/bijector.js'
import { inSpace, space } from '../spaces/space.js'
import { near } from '../support.testing.js'
import { fromLoss } from './fromLoss.js'
import { field, whole } from './lens.js'

test('the update is a step of the optimiser, which keeps its state', () => {
  const { update, begin } = fromLoss({
    inner: (w: Tensor, c: Tensor, _: null) => mul(c, sum(square(w))),
    outer: (w: Tensor) => sum(w),
    optimiser: adam,
    settings: () => ({ lr: 0.1 }),
  })
  const w = array([1, -2], { dtype: 'f64' })
  const c = array(3, { dtype: 'f64' })
  const first = update(begin(w), c, null)
  const [updates, state] = adam.update(mul(mul(2, c), w), adam.init(w), w, { lr: 0.1 })
  near(first.weights, add(w, updates), 1e-15)
  near(first.weights, [0.9, -1.9], 1e-7)
  near(first.optimiser, state, 1e-15)
})

test('laws of lenses: what was set is got, what was got is set, the last one counts', () => {
  const state = { weights: [1, 2], velocity: 3 }
  for (const lens of [field('weights')]) {
    assert.equal(lens.set(state, lens.get<number[]>(state)), state)
    assert.equal(lens.get(lens.set(state, [5, 6])), [5, 6])
    assert.equal(lens.set(lens.set(state, [7, 7]), [8, 9]), lens.set(state, [8, 9]))
  }
  assert.is(whole<number>().get(whole<number>().set(1, 2)), 2)
})

test('outside of traces an update leaves nothing behind but the next state, also by raw values', () => {
  const { problem, hyper, step } = momentumR1()
  const own = space<typeof hyper>({ lr: log10(), momentum: logit(), decay: log10() })
  const raw = inSpace(own)(problem)
  const logs = own.toRaw(hyper)
  for (const update of [
    () => problem.update(step.previous, hyper, null),
    () => raw.update(step.previous, logs, null),
  ]) {
    // what compiling makes stays
    dispose(update())
    const before = liveBuffers().count
    dispose(update())
    assert.is(liveBuffers().count, before)
  }
})

test.run()
