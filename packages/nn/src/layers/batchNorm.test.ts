import { checkGrads } from '@neumann/autodiff'
import { array, key, ones, sub, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { build, close, double, elements, messageOf, near, reader, sample, shaken, total } from '../support.testing.js'
import { batchNorm } from './batchNorm.js'
import type { NormParams } from './normalise.js'

const epsilon = 1e-3
const layer = batchNorm(3, { momentum: 0.3, epsilon })
const params = shaken(layer.init(key(0)))
const state = { mean: array([0.5, -1, 2], { dtype: 'f64' }), variance: array([2, 0.25, 1.5], { dtype: 'f64' }) }

/** [batch, channels, places] by loops: the mean and the sum of squares about it. */
const channel = (x: Tensor, c: number): { readonly mean: number; readonly squares: number; readonly n: number } => {
  const [from, [batch, , places]] = [reader(x), x.shape]
  const n = batch! * places!
  const over = (f: (v: number) => number): number => total(batch!, (i) => total(places!, (p) => f(from(i, c, p))))
  const mean = over((v) => v) / n
  return { mean, squares: over((v) => (v - mean) ** 2), n }
}

const [scale, shift] = [reader(params.scale), reader(params.shift)]
const by = (x: Tensor, mean: (c: number) => number, variance: (c: number) => number): number[] => {
  const from = reader(x)
  return build(
    x.shape,
    (i, c, p) => (scale(c!) * (from(i!, c!, p!) - mean(c!))) / Math.sqrt(variance(c!) + epsilon) + shift(c!),
  )
}

const x = sample([4, 3, 5], 2)

test('train: by the mean and the biased variance of the batch', () => {
  const [y] = layer.apply(params, x, { mode: 'train', state })
  near(
    y,
    x.shape,
    by(
      x,
      (c) => channel(x, c).mean,
      (c) => channel(x, c).squares / 20,
    ),
  )
})

test('train: statistics move toward the mean and the unbiased variance of the batch', () => {
  const [, next] = layer.apply(params, x, { mode: 'train', state })
  const of = [0, 1, 2].map((c) => channel(x, c))
  close(
    elements(next.mean),
    of.map(({ mean }, c) => 0.7 * reader(state.mean)(c) + 0.3 * mean),
  )
  close(
    elements(next.variance),
    of.map(({ squares, n }, c) => 0.7 * reader(state.variance)(c) + 0.3 * (squares / (n - 1))),
  )
})

test('eval and frozen: by the statistics, which come out as the very tensors that went in', () => {
  for (const mode of ['eval', 'frozen'] as const) {
    const [y, next] = layer.apply(params, x, { mode, state })
    near(y, x.shape, by(x, reader(state.mean), reader(state.variance)))
    assert.is(next.mean, state.mean)
    assert.is(next.variance, state.variance)
  }
})

test('train depends on the rest of the batch, eval and frozen do not', () => {
  const one = (mode: 'train' | 'eval' | 'frozen', batch: Tensor): number =>
    elements(layer.apply(params, batch, { mode, state })[0])[0]!
  const other = array(
    elements(x).map((v, i) => (i < 15 ? v : v + 1)),
    { shape: x.shape, dtype: 'f64' },
  )
  assert.ok(Math.abs(one('train', other) - one('train', x)) > 0.01)
  for (const mode of ['eval', 'frozen'] as const) assert.is(one(mode, other), one(mode, x))
})

test('a mean large beside the spread costs no more digits than it has to', () => {
  const [y] = batchNorm(1).apply(double(batchNorm(1).init(key(0))), array([[1e8 + 1], [1e8 + 3]], { dtype: 'f64' }), {
    mode: 'train',
    state: double(batchNorm(1).initialState()),
  })
  // ±1 / √(1 + 1e-5); the square of the mean, 1e16, would leave nothing of a variance of 1
  near(y, [2, 1], [-1 / Math.sqrt(1 + 1e-5), 1 / Math.sqrt(1 + 1e-5)])
})

test('two axes and four: channels are axis 1', () => {
  const flat = sample([20, 3], 5)
  const [y] = layer.apply(params, flat, { mode: 'train', state })
  const mean = (c: number): number => total(20, (i) => reader(flat)(i, c)) / 20
  const variance = (c: number): number => total(20, (i) => (reader(flat)(i, c) - mean(c)) ** 2) / 20
  const from = reader(flat)
  near(
    y,
    [20, 3],
    build([20, 3], (i, c) => (scale(c!) * (from(i!, c!) - mean(c!))) / Math.sqrt(variance(c!) + epsilon) + shift(c!)),
  )
  assert.equal(layer.apply(params, sample([2, 3, 4, 4], 3), { mode: 'train', state })[0].shape, [2, 3, 4, 4])
})

test('first weights and statistics: ones and zeros, so that eval begins as the identity but for ε', () => {
  const plain = batchNorm(3)
  const [y] = plain.apply(double(plain.init(key(0))), x, { mode: 'eval', state: double(plain.initialState()) })
  near(
    y,
    x.shape,
    elements(x).map((v) => v / Math.sqrt(1 + 1e-5)),
  )
})

test('a channel without spread gives its shift, with finite derivatives', () => {
  const constant = ones([4, 3], { dtype: 'f64' })
  const [y] = layer.apply(params, constant, { mode: 'train', state })
  near(
    y,
    [4, 3],
    build([4, 3], (_, c) => shift(c!)),
  )
  checkGrads((v: Tensor) => layer.apply(params, sub(v, 0), { mode: 'train', state })[0], [constant], {
    order: 1,
    step: 1e-4,
  })
})

test('derivatives of output and statistics by weights and input, orders 1 and 2, in each mode', () => {
  for (const mode of ['train', 'eval'] as const)
    checkGrads((p: NormParams, v: Tensor) => layer.apply(p, v, { mode, state }), [params, sample([3, 3, 2], 4)])
})

test('wrong calls are errors that say so', () => {
  const wrong = (x: Tensor, call: unknown): string => messageOf(() => layer.apply(params, x, call as never))
  assert.is(wrong(ones([2, 4]), { mode: 'eval', state }), 'batchNorm: x [batch, 3 channels, …] expected, got f32[2,4].')
  assert.is(
    wrong(ones([1, 3]), { mode: 'train', state }),
    "batchNorm: mode is 'train' and f32[1,3] has 1 elements a channel: a spread needs two or more.",
  )
  assert.is(wrong(ones([2, 3]), { mode: 'test', state }), `batchNorm: mode is 'train', 'eval' or 'frozen', got "test".`)
  assert.is(
    wrong(ones([2, 3]), { mode: 'train' }),
    'batchNorm: takes its statistics as `state`, got undefined: begin with initialState().',
  )
  assert.is(
    messageOf(() => batchNorm(3, { momentum: 2 })),
    'batchNorm: momentum is in 0 … 1, the weight of the new batch, got 2.',
  )
  assert.is(
    messageOf(() => batchNorm(3, { epsilon: -1 })),
    'batchNorm: epsilon is a number ≥ 0, got -1.',
  )
})

test.run()
