import { checkGrads } from '@neumann/autodiff'
import { concatenate, key, matmul, ones, slice, transpose, zeros } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { build, close, elements, messageOf, near, reader, rounding, sample, shaken, total } from '../support.testing.js'
import { type LstmInput, type LstmParams, lstm } from './lstm.js'

const [inputs, size, time, batch] = [3, 2, 5, 4]
const layer = lstm(inputs, size)
const params = shaken(layer.init(key(0)))
const x = sample([time, batch, inputs], 3)
const carry = { hidden: sample([batch, size], 4), cell: sample([batch, size], 5) }

const sigma = (v: number): number => 1 / (1 + Math.exp(-v))

/** One sequence, gate by gate, in the order input, forget, cell, output: hidden and cell after each step. */
const byLoops = (n: number): readonly (readonly [number[], number[]])[] => {
  const [w, u, b, from] = [reader(params.input), reader(params.recurrent), reader(params.bias), reader(x)]
  let h = build([size], (j) => reader(carry.hidden)(n, j!))
  let c = build([size], (j) => reader(carry.cell)(n, j!))
  return Array.from({ length: time }, (_, t) => {
    const gate = (k: number, j: number): number =>
      b(k * size + j) +
      total(inputs, (i) => from(t, n, i) * w(i, k * size + j)) +
      total(size, (i) => h[i]! * u(i, k * size + j))
    const cell = c.map((v, j) => sigma(gate(1, j)) * v + sigma(gate(0, j)) * Math.tanh(gate(2, j)))
    h = cell.map((v, j) => sigma(gate(3, j)) * Math.tanh(v))
    c = cell
    return [h, c]
  })
}

test('the recurrence gate by gate, from a given carry', () => {
  const { outputs, carry: last } = layer.apply(params, { inputs: x, carry })
  const each = Array.from({ length: batch }, (_, n) => byLoops(n))
  near(
    outputs,
    [time, batch, size],
    build([time, batch, size], (t, n, j) => each[n!]![t!]![0][j!]!),
  )
  near(
    last.hidden,
    [batch, size],
    build([batch, size], (n, j) => each[n!]!.at(-1)![0][j!]!),
  )
  near(
    last.cell,
    [batch, size],
    build([batch, size], (n, j) => each[n!]!.at(-1)![1][j!]!),
  )
})

test('without a carry it begins at zero', () => {
  const none = { hidden: zeros([batch, size], { dtype: 'f64' }), cell: zeros([batch, size], { dtype: 'f64' }) }
  assert.equal(elements(layer.apply(params, x)), elements(layer.apply(params, { inputs: x, carry: none })))
})

test('two halves of a sequence are the whole', () => {
  const whole = layer.apply(params, { inputs: x, carry })
  const first = layer.apply(params, { inputs: slice(x, [0, 2]), carry })
  const second = layer.apply(params, { inputs: slice(x, [2, null]), carry: first.carry })
  close(elements(concatenate([first.outputs, second.outputs])), elements(whole.outputs), rounding)
  close(elements(second.carry), elements(whole.carry), rounding)
})

test('first weights: recurrent rows are orthonormal, the forget gate is open', () => {
  const { recurrent, bias, input } = lstm(3, 4).init(key(1))
  assert.equal(input.shape, [3, 16])
  close(
    elements(matmul(recurrent, transpose(recurrent))),
    build([4, 4], (i, j) => Number(i === j)),
    16 * 2 ** -23,
  )
  assert.equal(elements(bias), [0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0])
})

test('derivatives by weights, input and carry, orders 1 and 2', () => {
  checkGrads((p: LstmParams, given: LstmInput) => layer.apply(p, given), [params, { inputs: slice(x, [0, 3]), carry }])
})

test('wrong shapes are errors that say so', () => {
  assert.is(
    messageOf(() => layer.apply(params, ones([5, 4]))),
    'lstm: inputs [time, batch, 3] expected, got f32[5,4].',
  )
  assert.is(
    messageOf(() => lstm(3, -1)),
    'lstm: the size of the hidden state is a positive integer, got -1.',
  )
})

test.run()
