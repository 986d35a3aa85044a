import { clip, mul, sub } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { near, numbers } from '../support.testing.js'
import { forward } from './forward.js'
import { realTime } from './realTime.js'
import { replay } from './replay.js'
import { batches, descentR1, scheduledR1 } from './trajectories.testing.js'

test('the worked run of section 4.6: Z goes on while learning rate and penalties move, in f64 and f32', () => {
  for (const [dtype, tolerance] of [
    ['f64', 1e-10],
    // Z has mixed fifty steps by then
    ['f32', 1e-4],
  ] as const) {
    const { problem, put } = descentR1(dtype)
    const estimate = realTime()(problem)
    let hyper = { lambda: put([0, 0]), lr: put(0.05) }
    let start = problem.begin(put([0, 0]))
    const pointOf = () => ({ hyper, validation: null, trajectory: { start, batches: batches(5) } })
    let memory = estimate.init(pointOf())
    const table = new Map<number, readonly [readonly number[], readonly number[], number, readonly number[]]>([
      [
        5,
        [[0.871875, 0.871875], [4.18359375, 0.0524207813, -0.1611942187], 0.0458164063, [-0.0262103906, 0.0805971094]],
      ],
      [
        10,
        [
          [0.9039928444, 0.8884984808],
          [0.1476081417, 0.1053808668, -0.261438787],
          0.0456687981,
          [-0.078900824, 0.2113165029],
        ],
      ],
      [
        25,
        [
          [0.9572634971, 0.8035827504],
          [-0.8480350756, 0.0999608705, -0.3455212483],
          0.0478054698,
          [-0.2459647069, 0.7021409229],
        ],
      ],
      [
        50,
        [
          [1.075889574, 0.5813042068],
          [-0.3263865193, 0.025334457, -0.2973584099],
          0.0507608628,
          [-0.3795034847, 1.5332865501],
        ],
      ],
    ])
    for (let t = 5; t <= 50; t += 5) {
      const got = estimate(memory, pointOf())
      memory = got.memory
      start = replay(problem.update, start, hyper, { batches: batches(5), steps: 5 })
      const { lambda, lr } = got.gradient
      hyper = {
        lambda: sub(hyper.lambda, mul(0.5, lambda)),
        lr: clip(sub(hyper.lr, mul(1e-3, lr)), 1e-4, 0.15),
      }
      const row = table.get(t)
      if (row === undefined) continue
      near(start.weights, row[0], tolerance, `w at ${t}`)
      near([lr, lambda], row[1], tolerance, `gradient at ${t}`)
      near(hyper.lr, [row[2]], tolerance, `rate after ${t}`)
      near(hyper.lambda, row[3], tolerance, `penalties after ${t}`)
      // λ₁, λ₂, η along the leading axis; the two weights behind
      if (t === 5)
        near(
          memory.weights,
          [
            [-0.08996625, 0.01684125],
            [0.01684125, -0.08996625],
            [2.8125, 2.8125],
          ].flat(),
          tolerance,
          'Z at 5',
        )
    }
  }
})

test('from the first Z at one λ it is forward mode, in one stretch or in several', () => {
  const { problem, run } = descentR1()
  const estimate = realTime()(problem)
  const want = forward()(problem)(null, run(6))
  near(estimate(estimate.init(run(6)), run(6)).gradient, want.gradient, 1e-15)
  const half = run(3)
  const first = estimate(estimate.init(half), half)
  const start = replay(problem.update, half.trajectory.start, half.hyper, { batches: batches(3), steps: 3 })
  const second = estimate(first.memory, { ...half, trajectory: { start, batches: batches(3) } })
  near(second.gradient, want.gradient, 1e-14)
  near(second.value, want.value, 1e-15)
})

test('the first Z is that of a first state which depends on λ', () => {
  const { problem, point } = scheduledR1()
  const estimate = realTime()(problem)
  near(estimate(estimate.init(point), point).gradient, forward()(problem)(null, point).gradient, 1e-15)
})

test('steps that would be left out are refused', () => {
  const { problem, run } = descentR1()
  const estimate = realTime({ steps: 2 })(problem)
  const point = run(3)
  assert.throws(() => estimate(estimate.init(point), point), /realTime: steps is 2, the trajectory has 3/)
  assert.ok(numbers(realTime({ steps: 3 })(problem)(estimate.init(point), point).value).every(Number.isFinite))
})

test.run()
