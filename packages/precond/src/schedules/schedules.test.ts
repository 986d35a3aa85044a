/** Schedules: against plain numbers at every step, at their seams, of numbers, tensors, traced steps and in derivatives. */

import { checkGrads, grad } from '@neumann/autodiff'
import { array, jit, type Tensor, type TensorLike, trace } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { constant, cosine, exponential, join, linear, piecewise, type Schedule } from '../index.js'
import { elements, f64, messageOf, near } from '../support.testing.js'

const steps = Array.from({ length: 13 }, (_, t) => t)
const i32 = (data: readonly number[]): Tensor => array(data as number[], { dtype: 'i32' })

const table: readonly (readonly [string, Schedule, (t: number) => number])[] = [
  ['constant', constant(0.3), () => 0.3],
  ['linear', linear({ from: 0.1, to: 0.9, steps: 8 }), (t) => (t < 8 ? 0.1 + 0.1 * t : 0.9)],
  [
    'cosine',
    cosine({ from: 0.9, to: 0.1, steps: 8 }),
    (t) => (t < 8 ? 0.1 + 0.8 * Math.cos((Math.PI * t) / 16) ** 2 : 0.1),
  ],
  ['exponential', exponential({ from: 0.9, rate: 0.5, steps: 3 }), (t) => 0.9 * Math.cbrt(0.5 ** t)],
  ['piecewise', piecewise({ values: [0.5, 0.2, 0.7], boundaries: [3, 8] }), (t) => (t < 3 ? 0.5 : t < 8 ? 0.2 : 0.7)],
  [
    'join',
    join([linear({ from: 0, to: 0.8, steps: 4 }), exponential({ from: 0.8, rate: 0.5 }), constant(0.1)], [4, 9]),
    (t) => (t < 4 ? 0.2 * t : t < 9 ? 0.8 * 0.5 ** (t - 4) : 0.1),
  ],
]

for (const [name, schedule, plain] of table)
  test(`${name} is its formula, of numbers, of a list of integers, and of a traced step`, () => {
    const want = steps.map(plain)
    // a handful of roundings in f32
    const tolerance = 8 * 2 ** -24
    near(
      steps.map((t) => elements(schedule(t))[0]!),
      want,
      tolerance,
    )
    if (name !== 'constant') near(schedule(i32(steps)), want, tolerance)
    let traces = 0
    const jitted = jit((t: TensorLike) => {
      traces++
      return schedule(t)
    })
    near(
      steps.map((t) => elements(jitted(t))[0]!),
      want,
      tolerance,
    )
    assert.is(traces, 1)
    assert.is(schedule(3).dtype, 'f32')
  })

test('a schedule has the dtype of its settings, or else of its step', () => {
  assert.is(linear({ from: f64(0.1), to: 0.9, steps: 8 })(3).dtype, 'f64')
  near(linear({ from: f64(0.1), to: 0.9, steps: 8 })(3), 0.4, 1e-16)
  near(cosine({ from: 0.3, steps: 3 })(f64(1)), 0.225, 1e-16)
  near(exponential({ from: 0.1, rate: f64(0.3) })(i32([2])), [0.009], 1e-16)
  near(piecewise({ values: [0.1, f64(0.3)], boundaries: [1] })(0), 0.1, 0)
  near(piecewise({ values: [f64(0.1)], boundaries: [] })(5), 0.1, 0)
})

test('a number argument of jit stays weak: it takes the dtype of what it meets', () => {
  const scaled = jit((t: TensorLike, x: Tensor) => [x, linear({ from: 0, to: 1, steps: 3 })(t)] as const)
  near(scaled(1, f64(2))[1], 1 / 3, 2 ** -24)
  assert.ok(trace((t: TensorLike) => cosine({ from: 1, steps: 3 })(t))(1).eqns.length > 0)
})

test('derivatives by the settings, to order 2, in both modes', () => {
  const at = f64([0, 1, 2.5, 6])
  checkGrads((from: Tensor, to: Tensor, steps: Tensor) => linear({ from, to, steps })(at), [f64(0.2), f64(0.7), f64(5)])
  checkGrads((from: Tensor, to: Tensor, steps: Tensor) => cosine({ from, to, steps })(at), [f64(0.7), f64(0.2), f64(5)])
  checkGrads(
    (from: Tensor, rate: Tensor, n: Tensor) => exponential({ from, rate, steps: n })(at),
    [f64(2), f64(0.5), f64(3)],
  )
  checkGrads((a: Tensor, b: Tensor) => piecewise({ values: [a, b], boundaries: [2] })(at), [f64(2), f64(0.5)])
})

test('a joined schedule is not asked where it would overflow', () => {
  const late = (rate: Tensor) => join([constant(f64(1)), exponential({ from: f64(1), rate })], [2000])(0)
  near(late(f64(0.1)), 1, 0)
  near(grad(late)(f64(0.1)), 0, 0) // 0.1⁻²⁰⁰⁰ is infinite, and its slope times zero NaN
  const early = (rate: Tensor) => join([exponential({ from: f64(1), rate }), constant(f64(1))], [2])(2000)
  near(grad(early)(f64(10)), 0, 0)
})

test('boundaries that do not fit', () => {
  assert.is(
    messageOf(() => piecewise({ values: [1, 2], boundaries: [] })),
    'piecewise: 2 pieces have 1 boundaries between them, got 0.',
  )
  assert.is(
    messageOf(() => join([constant(1), constant(2), constant(3)], [4, 4])),
    'join: boundaries are steps that rise, got [4, 4].',
  )
})

test.run()
