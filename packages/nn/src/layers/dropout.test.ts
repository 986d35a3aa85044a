import { grad } from '@neumann/autodiff'
import { array, item, key, ones, sum, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { close, elements, messageOf } from '../support.testing.js'
import { dropout } from './dropout.js'

const x = ones([100, 100], { dtype: 'f64' })
const apply = (rate: number, mode: 'train' | 'eval' | 'frozen', seed = 3): number[] =>
  elements(dropout(rate).apply(null, x, { mode, key: key(seed) }))

test('in train and frozen an element is 0 or x / (1 − rate), and the mean is x', () => {
  for (const rate of [0.1, 0.5, 0.9])
    for (const mode of ['train', 'frozen'] as const) {
      const values = apply(rate, mode)
      assert.ok(values.every((v) => v === 0 || Math.abs(v * (1 - rate) - 1) < 2 ** -51))
      // an element has variance rate / (1 − rate); five standard deviations of the mean of 10⁴
      const mean = values.reduce((a, b) => a + b, 0) / values.length
      assert.ok(Math.abs(mean - 1) < 5 * Math.sqrt(rate / (1 - rate) / 1e4), `mean ${mean} at rate ${rate}`)
    }
})

test('the mask is a function of the key', () => {
  assert.equal(apply(0.5, 'train', 3), apply(0.5, 'frozen', 3))
  assert.not.equal(apply(0.5, 'train', 3), apply(0.5, 'train', 4))
})

test('eval passes on, with a key or without, and so does a rate of 0', () => {
  assert.is(dropout(0.5).apply(null, x), x)
  assert.is(dropout(0.5).apply(null, x, { mode: 'eval', key: key(0) }), x)
  assert.is(dropout(0).apply(null, x, { mode: 'train' }), x)
})

test('infinities that are left out are 0, not NaN', () => {
  const values = elements(dropout(0.5).apply(null, array(new Array(20).fill(Infinity)), { mode: 'train', key: key(1) }))
  assert.equal([...new Set(values)].sort(), [0, Infinity])
})

test('the derivative by x is the mask; by the rate that of 1 / (1 − rate)', () => {
  const small = ones([50], { dtype: 'f64' })
  const loss = (v: Tensor, rate: Tensor): Tensor => sum(dropout(rate).apply(null, v, { mode: 'train', key: key(5) }))
  const rate = array(0.25, { dtype: 'f64' })
  const mask = elements(dropout(0.25).apply(null, small, { mode: 'train', key: key(5) }))
  close(elements(grad((v: Tensor) => loss(v, rate))(small)), mask)
  const kept = mask.filter((v) => v > 0).length
  assert.ok(kept > 25 && kept < 50)
  close([item(grad((r: Tensor) => loss(small, r))(rate))], [kept / 0.75 ** 2])
})

test('wrong calls are errors that say so', () => {
  assert.is(
    messageOf(() => dropout(1)),
    'dropout: rate, the part that is left out, is in 0 ≤ rate < 1, got 1.',
  )
  assert.is(
    messageOf(() => dropout(0.5).apply(null, x, { mode: 'train' })),
    "dropout: mode is 'train' and there is no key: pass { mode, key }, a new key each step.",
  )
})

test.run()
