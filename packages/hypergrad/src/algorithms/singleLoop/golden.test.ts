/** The worked numbers of section 9.8, e to i, and b. */

import { jit, key } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { elements, near, numbers } from '../../support.testing.js'
import { amigo } from './amigo.js'
import { bome } from './bome.js'
import { bsa } from './bsa.js'
import { f2sa, penaltyDirection } from './f2sa.js'
import { scalarProblem } from './scalar.testing.js'
import { soba } from './soba.js'
import { stocBiO } from './stocBiO.js'

const both = [
  ['f64', 1e-10],
  ['f32', 1e-4],
] as const

const rates = { innerRate: 0.3, outerRate: 0.3 }

test('9.8 b: SOBA on everything from zero', () => {
  for (const [dtype, tolerance] of both) {
    const { problem, all, zero } = scalarProblem(dtype)
    const { init, step } = soba(rates)(problem)
    const jitted = jit(step)
    let state = init(zero)
    const h = (): number => Math.abs(0.7625 * elements(state.hyper)[0]! - 1.5)
    for (let t = 1; t <= 500; t++) {
      const [next, report] = jitted(state, all)
      near(report.norm, Math.abs(elements(report.direction)[0]!), 1e-6)
      state = next
      const seen = [state.weights, state.adjoint, state.hyper]
      if (t === 1) near(seen, [0, 0.6, 0], tolerance)
      if (t === 2) near(seen, [0, 0.84, 0.27], tolerance)
      if (t === 10) {
        near(seen, [1.5906729, 0.3251495, 2.2790239], Math.max(tolerance, 5e-8))
        near(h(), 0.2378, 5e-5)
      }
      if (t === 100 && dtype === 'f64') near(h() * 1e8, 5.67, 0.005)
    }
    assert.ok(h() < (dtype === 'f64' ? 1e-15 : 1e-6), `${h()}`)
  }
})

test('9.8 e: AmIGO on everything', () => {
  for (const [dtype, tolerance] of both) {
    const { problem, all, times, zero } = scalarProblem(dtype)
    const { init, step } = amigo({ ...rates, steps: 2 })(problem)
    const samples = { ...all, steps: times(2, all.inner), factors: times(2, all.inner) }
    let state = init(zero)
    for (const want of [
      [0, 0.84, 0.378, -1.26],
      [0.23814, 0.8743812, 0.74879154, -1.2359718],
      [0.5098410702, 0.7657677425, 1.0484595317, -0.9988933058],
    ]) {
      const [next, { direction, calls }] = jit(step)(state, samples)
      state = next
      near([state.weights, state.adjoint, state.hyper, direction], want, tolerance)
      near(calls, { gradients: 3, mixed: 1, products: 2 })
    }
  }
})

test('9.8 f: StocBiO on everything', () => {
  for (const [dtype, tolerance] of both) {
    const { problem, all, times, zero } = scalarProblem(dtype)
    const { init, step } = stocBiO({ ...rates, adjointRate: 0.3, steps: 2, terms: 3 })(problem)
    const samples = { ...all, steps: times(2, all.inner), factors: times(2, all.inner) }
    let state = init(zero)
    for (const [z, q, x, d] of [
      [0, -0.936, 0.4212, -1.404],
      [0.265356, -0.811813392, 0.7612440264, -1.133480088],
      [0.5220406966, -0.691684954, 1.0268276141, -0.8852786256],
    ] as const) {
      const [next, { direction }] = jit(step)(state, samples)
      state = next
      near([state.weights, state.adjoint, state.hyper, direction], [z, -q, x, d], tolerance)
    }
  }
})

test('9.8 g: F2SA on everything', () => {
  for (const [dtype, tolerance] of both) {
    const { problem, all, zero } = scalarProblem(dtype)
    const { init, step } = f2sa({ ...rates, perturbedRate: 0.1 })(problem)
    let state = init(zero)
    for (const want of [
      [0.2, 0, 0.09, -0.3],
      [0.34025, 0.0405, 0.28693125, -0.6564375],
      [0.456204375, 0.1453190625, 0.5495121563, -0.8752696875],
    ]) {
      const [next, { direction }] = jit(step)(state, all)
      state = next
      near([state.perturbed, state.weights, state.hyper, direction], want, tolerance)
    }
    near(state.multiplier, 2.5)
  }
})

test('9.8 h: with exact minimisers the penalty biases F2SA by .9375 / (1 + 2 λ)', () => {
  const { problem, put, all } = scalarProblem()
  for (const [multiplier, want] of [
    [1, -0.425],
    [10, -0.6928571429],
    [100, -0.7328358209],
    [1000, -0.7370314843],
  ] as const) {
    // argmin of F + λ G at x = 1: z − 2 + λ (2 z − 1.5) = 0
    const perturbed = put((2 + 1.5 * multiplier) / (1 + 2 * multiplier))
    const at = { weights: put(0.75), perturbed, hyper: put(1), multiplier: put(multiplier) }
    near(penaltyDirection(problem, at, all).direction, want, 1e-9)
  }
})

test('9.8 i: BOME on everything', () => {
  for (const [dtype, tolerance] of both) {
    const { problem, all, times, zero } = scalarProblem(dtype)
    const { init, step } = bome({ innerRate: 0.3, outerRate: 0.1, steps: 5 })(problem)
    const samples = { ...all, steps: times(5, all.inner) }
    let state = init(zero)
    for (const want of [
      [0.2, 0, 0],
      [0.2439487582, 0.1009935578, 3.4012810452],
      [0.2885490851, 0.1962211678, 3.8942330953],
    ]) {
      const [next, { multiplier }] = jit(step)(state, samples)
      state = next
      near([state.weights, state.hyper, multiplier], want, tolerance)
    }
  }
})

test('BSA draws one term of the series of StocBiO: each as often, so that their mean is the series', () => {
  const { problem, put, all, times } = scalarProblem()
  const { init, step } = bsa({ ...rates, adjointRate: 0.3, steps: 1, terms: 3 })(problem)
  const start = init({ weights: put(0), hyper: put(0) })
  const jitted = jit(step)
  // −3 η (1 − .6)ᵖ ∇₁F, at z = 0 where ∇₁F = −2
  const terms = [1.8, 0.72, 0.288]
  const counts = [0, 0, 0]
  for (let seed = 0; seed < 300; seed++) {
    const samples = { ...all, steps: times(1, all.inner), factors: times(2, all.inner), key: key(seed) }
    const [{ adjoint }, { calls }] = jitted(start, samples)
    const p = numbers(calls.products)[0]!
    near(adjoint, terms[p]!, 1e-12)
    counts[p]!++
  }
  // 100 ± 4 standard deviations of 8.2
  assert.ok(
    counts.every((count) => Math.abs(count - 100) < 33),
    `${counts}`,
  )
  near(terms.reduce((a: number, b) => a + b) / 3, 0.936, 1e-12)
})

test.run()
