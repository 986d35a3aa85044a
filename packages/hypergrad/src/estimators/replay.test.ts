/** What all estimators that go through the steps have in common. */

import {
  add,
  array,
  cast,
  dispose,
  jit,
  liveBuffers,
  mul,
  readSync,
  square,
  sum,
  type Tensor,
  treeMap,
} from '@neumann/linalg-gpu'
import { adam } from '@neumann/precond'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fromLoss } from '../problem/fromLoss.js'
import { near, numbers } from '../support.testing.js'
import type { Estimate } from './estimator.js'
import { finiteDifference } from './finiteDifference.js'
import { forward } from './forward.js'
import { realTime } from './realTime.js'
import { replay, stepsOf, stretch } from './replay.js'
import { firstSensitivity } from './sensitivity.js'
import { descentR1 } from './trajectories.testing.js'
import { unrolled } from './unrolled.js'

const f64 = (x: unknown): Tensor => array(x as never, { dtype: 'f64' })
const [zeroToTwo, oneToThree] = [f64([0, 1, 2]), f64([1, 2, 3])]
const as = (x: Tensor, like: Tensor): Tensor => cast(x, like.dtype as 'f32' | 'f64')
type Hyper = { readonly lr: Tensor; readonly scale: Tensor }

/** Adam from a first state that depends on λ. */
const own = fromLoss({
  inner: (w: Tensor, { scale }: Hyper, x: Tensor) => sum(mul(square(add(w, x)), mul(scale, as(zeroToTwo, scale)))),
  outer: (w: Tensor, { scale }: Hyper, _: null) => mul(scale, sum(square(w))),
  optimiser: adam,
  settings: ({ lr }) => ({ lr }),
})
const begin = ({ scale }: Hyper) => own.begin(mul(scale, as(oneToThree, scale)))
const problem = { ...own, start: begin }
const hyper = { lr: f64(0.1), scale: f64(0.7) }
const point = {
  hyper,
  validation: null,
  trajectory: { start: begin(hyper), batches: f64([0.1, -0.2, 0.3, 0.1, 0]) },
}
const onRealTime = realTime()(problem)
const firstZ = onRealTime.init(point)
const ways: Record<string, (p: typeof point) => Estimate<Hyper, unknown>> = {
  unrolled: (p: typeof point) => unrolled()(problem)(null, p),
  states: (p: typeof point) => unrolled({ keep: 'states' })(problem)(null, p),
  sqrt: (p: typeof point) => unrolled({ keep: 'sqrt' })(problem)(null, p),
  forward: (p: typeof point) => forward()(problem)(null, p),
  realTime: (p: typeof point) => onRealTime(firstZ, p),
  finiteDifference: (p: typeof point) => finiteDifference({ order: 4 })(problem)(null, p),
}

test('every way gives the same gradient and the same value, through Adam, from a first state that depends on λ', () => {
  const want = unrolled()(problem)(null, point)
  for (const [name, way] of Object.entries(ways)) {
    const got = way(point)
    // differences have h⁴ of 3e-13 and rounding of 1e-12
    near(got.gradient, want.gradient, name === 'finiteDifference' ? 1e-9 : 1e-13, name)
    near(got.value, want.value, 1e-15, name)
  }
})

test('every way is the same in jit as outside, in f32 too', () => {
  const narrow = <T>(tree: T): T =>
    treeMap((x: Tensor) => (x.dtype === 'f64' ? cast(x, 'f32') : x), tree as never) as unknown as T
  for (const [name, way] of Object.entries(ways)) {
    const tolerance = name === 'finiteDifference' ? 1e-9 : 1e-13
    near(jit(way)(point).gradient, way(point).gradient, tolerance, name)
    // Z in the memory of realTime has its own dtype, and ε^⅕ of f32 is no step for this learning rate
    if (name === 'realTime' || name === 'finiteDifference') continue
    const { gradient } = jit(way)(narrow(point))
    assert.is(gradient.lr.dtype, 'f32')
    near(gradient, way(point).gradient, 1e-5, `${name}, f32`)
  }
})

test('equal arguments give equal bits, and nothing stays alive but the estimate', () => {
  for (const [name, way] of Object.entries(ways)) {
    const first = way(point)
    const before = liveBuffers().count
    const second = way(point)
    assert.equal(numbers(second.gradient), numbers(first.gradient), name)
    dispose(second)
    assert.is(liveBuffers().count, before, name)
  }
})

test('the stretch is the last steps, and the state before them is that of a run up to there', () => {
  const { from, steps, cut, batches } = stretch('test', problem, hyper, point.trajectory, 2)
  assert.equal([steps, cut, numbers(batches)], [2, true, [0.1, 0]])
  near(
    replay(problem.update, from, hyper, { batches, steps }).weights,
    replay(problem.update, begin(hyper), hyper, { batches: point.trajectory.batches, steps: 5 }).weights,
    1e-15,
  )
  assert.equal(stretch('test', problem, hyper, point.trajectory, undefined).cut, false)
  assert.is(stepsOf('test', { x: f64([[1], [2]]), mask: null }), 2)
  assert.is(stepsOf('test', null, 7), 7)
})

test('a run of no steps has the derivative of F at its start', () => {
  const { problem: descent, run } = descentR1()
  for (const estimator of [unrolled(), unrolled({ keep: 'sqrt' }), forward()])
    near(estimator(descent)(null, run(0)).gradient, { lambda: [0, 0], lr: 0 }, 0)
  const none = { ...point, trajectory: { ...point.trajectory, batches: f64([]) } }
  // F = λ³ |d|² at s₀ = λ d
  for (const estimator of [unrolled(), forward()])
    near(estimator(problem)(null, none).gradient.scale, [3 * 0.7 ** 2 * 14], 1e-14)
})

test('the first Z is ∂s₀/∂λ, one state for each scalar of λ, and zeros for what is no float', () => {
  const first = firstSensitivity('test', begin, begin(hyper), hyper)
  // lr, then scale
  near(
    first.weights,
    [
      [0, 0, 0],
      [1, 2, 3],
    ].flat(),
    0,
  )
  const counter = (first.optimiser as { readonly step: Tensor }).step
  assert.equal([counter.dtype, counter.shape, Array.from(readSync(counter))], ['i32', [2], [0, 0]])
  near(firstSensitivity('test', undefined, begin(hyper), hyper).weights, [0, 0, 0, 0, 0, 0], 0)
})

test.run()
