import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Row } from '../tasks.js'
import { leastBytes } from './least.js'
import { rowOf } from './rows.js'

/** A perceptron of single units: every matrix and bias has one element. */
const single = (task: string, params: Record<string, number> = {}): Row => ({
  ...rowOf('hvp', '784-64-10 batch 128'),
  task,
  params: { layers: [1, 1, 1], batch: 1, activation: 'relu', loss: 'xent', ...params },
})

test('with single units it is the number of arrays, counted by hand', () => {
  // x W b → a (3 + 1) · a W b y → δ loss (4 + 2) · a δ W b → ā W b (4 + 3) · x ā W b → W b (4 + 2)
  assert.is(leastBytes(single('mlp-step')), 4 * 23)
  // x W b V c → a ȧ (5 + 2) · a ȧ W b V c y → δ δ̇ (7 + 2) · a ȧ δ δ̇ W V → ā̇ R r (6 + 3) · x ā̇ → R r (2 + 2)
  assert.is(leastBytes(single('hvp')), 4 * 29)
  // one term, first and last, with biases: x W t → a ȧ (5 + 2) · a ȧ W t y → σ δ̇ (7 + 2)
  // · a ȧ σ y δ̇ t h W → ā̇ out (5 + 6 + 3) · x ā̇ t h W → out (2 + 6 + 2)
  assert.is(leastBytes(single('neumann', { terms: 1 })), 4 * 40)
})

test('each further term of a series adds the same', () => {
  const [a, b, c] = [2, 3, 4].map((terms) => leastBytes(single('neumann', { terms }))) as [number, number, number]
  assert.is(c - b, b - a)
  // x t → ȧ (3 + 1) · a ȧ σ W t → δ̇ (6 + 1) · a ȧ σ y δ̇ W t h s → ā̇ t s (6 + 6 + 5) · x ā̇ t h s → t s (8 + 4)
  assert.is(b - a, 4 * 40)
})

test('a step reads the data twice and the first weights twice, and writes them once, whatever is small beside', () => {
  const [inputs, hidden, batch] = [784, 256, 128]
  const least = leastBytes(rowOf('mlp-step', '784-256-10 batch 128'))
  assert.ok(Math.abs(least / (4 * (2 * batch * inputs + 3 * inputs * hidden + 5 * batch * hidden)) - 1) < 0.03)
})

test('products are levels of their own; other nets have none yet', () => {
  assert.is(leastBytes(rowOf('jit-kernels', '4 products')), 4 * 3 * 1024)
  assert.throws(() => leastBytes(rowOf('mlp-step', '8-50-1 batch 614')), 'not written down')
  assert.throws(() => leastBytes(rowOf('scan', '10 steps of 32')), 'not written down')
})

test.run()
