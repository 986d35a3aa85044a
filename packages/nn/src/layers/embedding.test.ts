import { checkGrads, grad } from '@neumann/autodiff'
import { key, sum, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { build, elements, integers, messageOf, near, reader, shaken } from '../support.testing.js'
import { type EmbeddingParams, embedding } from './embedding.js'

const layer = embedding(4, 3)
const params = shaken(layer.init(key(0)))
const symbols = integers([3, 0, 3, 1, 3, -1], [2, 3])

test('the row of each symbol, for any shape of symbols; negative ones count from the end', () => {
  const [w, at] = [reader(params.weight), reader(symbols)]
  near(
    layer.apply(params, symbols),
    [2, 3, 3],
    build([2, 3, 3], (i, j, k) => w((at(i!, j!) + 4) % 4, k!)),
    0,
  )
})

test('a symbol that is none gives NaN, not the vector of another', () => {
  assert.ok(elements(layer.apply(params, integers([4, -5]))).every(Number.isNaN))
})

test('the gradient of a sum counts the symbols', () => {
  const { weight } = grad((p: EmbeddingParams) => sum(layer.apply(p, symbols)))(params)
  near(weight, [4, 3], [1, 1, 1, 1, 1, 1, 0, 0, 0, 4, 4, 4], 0)
})

test('derivatives by weights, orders 1 and 2', () => {
  checkGrads(
    (p: EmbeddingParams) => {
      const y = layer.apply(p, symbols)
      return [y] as readonly Tensor[]
    },
    [params],
  )
})

test('symbols are integers', () => {
  assert.match(
    messageOf(() => layer.apply(params, params.weight)),
    'take: ',
  )
  assert.is(
    messageOf(() => embedding(4, 0)),
    'embedding: the size of a vector is a positive integer, got 0.',
  )
})

test.run()
