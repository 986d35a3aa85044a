import { checkGrads } from '@neumann/autodiff'
import { key, ones, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { constant } from '../initialisers/constant.js'
import { build, double, messageOf, near, reader, sample, shaken, total } from '../support.testing.js'
import { type DenseParams, dense } from './dense.js'

test('x W + b by loops, with leading axes and with none', () => {
  const layer = dense(3, 2)
  const params = shaken(layer.init(key(0)))
  const [w, b] = [reader(params.weight), reader(params.bias!)]
  for (const lead of [[], [4], [2, 5], [0]]) {
    const x = sample([...lead, 3], 2)
    const from = reader(x)
    near(
      layer.apply(params, x),
      [...lead, 2],
      build([...lead, 2], (...index) => {
        const [j] = index.slice(-1)
        return b(j!) + total(3, (i) => from(...index.slice(0, -1), i) * w(i, j!))
      }),
    )
  }
})

test('a layer without bias has null there and is linear', () => {
  const layer = dense(3, 2, { bias: null })
  const params = double(layer.init(key(0)))
  assert.is(params.bias, null)
  near(
    layer.apply(params, sample([3], 1)),
    [2],
    Array.from(build([2], (j) => total(3, (i) => reader(sample([3], 1))(i) * reader(params.weight)(i, j!)))),
  )
})

test('first weights: from the initialisers that are given, weight and bias by keys of their own', () => {
  const { weight, bias } = dense(3, 2, { weight: constant(2), bias: constant(3) }).init(key(0))
  near(weight, [3, 2], [2, 2, 2, 2, 2, 2], 0)
  near(bias!, [2], [3, 3], 0)
  const drawn = dense(2, 2, { weight: (k) => k, bias: (k) => k }).init(key(0))
  assert.is.not(String(drawn.weight), String(drawn.bias))
})

test('derivatives by weights and input, orders 1 and 2', () => {
  const layer = dense(3, 2)
  checkGrads((p: DenseParams, x: Tensor) => layer.apply(p, x), [shaken(layer.init(key(0))), sample([4, 3], 3)])
})

test('wrong sizes are errors that say so', () => {
  assert.is(
    messageOf(() => dense(0, 2)),
    'dense: the number of inputs is a positive integer, got 0.',
  )
  assert.is(
    messageOf(() => dense(3, 1.5)),
    'dense: the number of outputs is a positive integer, got 1.5.',
  )
  assert.match(
    messageOf(() => dense(3, 2).apply(dense(3, 2).init(key(0)), ones([2, 4]))),
    'inner sizes differ: [2, 4] · [3, 2]',
  )
})

test.run()
