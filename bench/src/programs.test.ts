import { grad } from '@neumann/autodiff'
import {
  add,
  array,
  cond,
  debugPrint,
  matmul,
  mul,
  neg,
  ones,
  reshape,
  scan,
  sin,
  sub,
  sum,
  type Tensor,
  trace,
  transpose,
  zeros,
} from '@neumann/linalg-gpu'
import { type Program, simplify } from '@neumann/linalg-gpu/program'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { contractions, equations, productsWithZero, saidTwice, scans } from './programs.js'

const x = ones([2, 2])
const raw = (f: (x: Tensor) => unknown): Program => trace(f)(x)

test('contractions in bodies count, once each', () => {
  const twice = raw((a) => scan((c: Tensor) => [matmul(c, matmul(a, c)), null] as const, a, null, { length: 9 })[0])
  assert.is(contractions(twice), 2)
  assert.is(scans(twice), 1)
  assert.is(equations(twice), 3)
  assert.is(contractions(raw((a) => mul(a, a))), 0)
})

test('a product with zeros is found, also of a view of them, also inside a loop or a branch', () => {
  assert.is(productsWithZero(raw((a) => mul(a, zeros([2, 2])))), 1)
  assert.is(productsWithZero(raw((a) => matmul(a, transpose(reshape(zeros([4]), [2, 2]))))), 1)
  const inLoop = (zero: Tensor): Program =>
    raw((a) => scan((c: Tensor) => [add(c, mul(a, zero)), null] as const, a, null, { length: 3 })[0])
  assert.is(productsWithZero(inLoop(zeros([2, 2]))), 1)
  assert.is(
    productsWithZero(
      raw((a) => {
        const zero = mul(zeros([2, 2]), 1)
        return cond(
          sum(a),
          () => matmul(a, neg(a)),
          () => matmul(zeros([2, 2]), zero),
        )
      }),
    ),
    2,
  )
})

test('a carry that begins at zero is no zero', () => {
  const sums = raw(
    (a) => scan((c: Tensor) => [add(a, mul(a, c)), null] as const, zeros([2, 2]), null, { length: 3 })[0],
  )
  assert.is(productsWithZero(sums), 0)
})

test('an expression said twice is found, also with its operands exchanged where that is the same', () => {
  assert.is(saidTwice(raw((a) => add(sin(a), sin(a)))), 1)
  const both = (f: (p: Tensor, q: Tensor) => Tensor): Program =>
    raw((a) => {
      const b = sin(a)
      return [f(a, b), f(b, a)]
    })
  assert.is(saidTwice(both(mul)), 1)
  assert.is(saidTwice(both(sub)), 0)
})

test('constants of one value and of two shapes are two', () => {
  assert.is(saidTwice(raw((a) => [mul(a, ones([2, 1])), mul(a, ones([1, 2]))])), 0)
})

test('two loops that say the same are found, two that print are not', () => {
  const loop = (a: Tensor): Tensor => scan((c: Tensor) => [sin(c), null] as const, a, null, { length: 3 })[0]
  assert.is(saidTwice(raw((a) => [loop(a), loop(a)])), 1)
  const twice = raw((a) => {
    debugPrint('a', a)
    debugPrint('a', a)
    return a
  })
  assert.is(saidTwice(twice), 0)
})

test('what the checks find, simplification removes', () => {
  const f = (a: Tensor): Tensor => sum(add(mul(sin(a), sin(a)), mul(a, 1)))
  const before = trace(grad(f))(x)
  assert.ok(saidTwice(before) > 0)
  assert.is(saidTwice(simplify(before)), 0)
})

test('an array that holds zeros is data, not a constant', () => {
  const data = array([[0, 0]])
  assert.is(productsWithZero(trace((a: Tensor) => mul(a, data))(data)), 0)
})

test.run()
