// Derivatives of solve, inv and matrixPower: orders 1 and 2 in both modes against differences and closed forms, batches against a loop,
// and how often anything is factored for them.
import { array, flip, matmul, mul, neg, outer, readSync, sum, swapAxes, type Tensor, tanh } from '@neumann/linalg-gpu'
import { inv, matrixPower, solve } from '@neumann/linalg-gpu/linalg'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkGrads } from '../../api/checkGrads.js'
import { grad } from '../../api/derivatives.js'
import { hvp } from '../../api/products.js'
import { batchesAsLoop, factorisations, matrixOf, random } from './factors.testing.js'

const systemsOf = (...shape: number[]): Tensor => flip(matrixOf(1, ...shape), -2)

test('solve: orders 1 and 2 in both modes, by the matrix, by the right side, by both', () => {
  for (const [a, b] of [
    [[1, 1], [1]], [[3, 3], [3]], [[3, 3], [3, 2]], [[2, 3, 3], [2, 3, 1]], [[3, 3], [2, 3, 2]], [[2, 1, 2, 2], [3, 2, 1]],
  ] as const) {
    checkGrads((p: Tensor, q: Tensor) => solve(p, q), [systemsOf(...a), random(2, ...b)])
    checkGrads((p: Tensor) => solve(p, random(2, ...b)), [systemsOf(...a)])
    checkGrads((q: Tensor) => solve(systemsOf(...a), q), [random(2, ...b)])
  }
}) // biome-ignore format: a table of shapes

test('inv and matrixPower: orders 1 and 2 in both modes', () => {
  for (const shape of [
    [1, 1],
    [3, 3],
    [2, 2, 2],
  ]) {
    checkGrads(inv, [systemsOf(...shape)])
    for (const n of [-3, -1, 0, 1, 2, 5]) checkGrads((a: Tensor) => matrixPower(a, n), [systemsOf(...shape)])
  }
})

test('the gradient of cᵀ A⁻¹ b is −A⁻ᵀ c (A⁻¹ b)ᵀ', () => {
  const n = 6
  const [a, b, c] = [systemsOf(n, n), random(2, n), random(3, n)]
  const got = readSync(grad((p: Tensor) => sum(mul(c, solve(p, b))))(a) as Tensor)
  const expected = readSync(neg(outer(solve(swapAxes(a, -1, -2), c), solve(a, b))))
  expected.forEach((x, i) => {
    assert.ok(Math.abs(x - got[i]!) <= 32 * n * 2 ** -53, `${got[i]}, not ${x}`)
  })
})

test('one factorisation, whatever is asked', () => {
  const [a, b, v] = [systemsOf(5, 5), random(2, 5), random(3, 5, 5)]
  const loss = (p: Tensor, q: Tensor): Tensor => sum(tanh(solve(p, q)))
  assert.is(
    factorisations((p, q) => loss(p, q), a, b),
    1,
  )
  assert.is(
    factorisations((p, q) => [loss(p, q), grad(loss)(p, q)], a, b),
    1,
  )
  assert.is(
    factorisations((p, q) => grad((x: Tensor) => loss(x, q))(p), a, b),
    1,
  )
  assert.is(
    factorisations((p, q, w) => hvp((x: Tensor) => loss(x, q))(p)(w), a, b, v),
    1,
  )
  assert.is(
    factorisations((p, q, w) => hvp((x: Tensor) => loss(x, q), { mode: 'reverse' } as never)(p)(w), a, b, v),
    1,
  )
  assert.is(
    factorisations((p) => grad((x: Tensor) => sum(matmul(inv(x), inv(x))))(p), a),
    1,
  )
})

test('in blocks: a gradient along a direction is the difference along it', () => {
  const n = 70
  checkGrads((a: Tensor, b: Tensor) => sum(tanh(solve(a, b))), [matrixOf(1, n, n), random(2, n, 3)])
})

test('a batch of matrices, of right sides, of both, and the same of gradients, equal a loop', () => {
  const operands = [matrixOf(1, 3, 4, 4), random(2, 3, 4, 2)]
  const f = (a: Tensor, b: Tensor): Tensor => solve(a, b)
  const byA = (a: Tensor, b: Tensor): Tensor => grad((p: Tensor) => sum(tanh(solve(p, b))))(a) as Tensor
  const byB = (a: Tensor, b: Tensor): Tensor => grad((q: Tensor) => sum(tanh(solve(a, q))))(b) as Tensor
  const second = (a: Tensor, b: Tensor): Tensor => hvp((q: Tensor) => sum(tanh(solve(a, q))))(b)(b) as Tensor
  for (const h of [f, byA, byB, second])
    for (const batched of [
      [true, true],
      [true, false],
      [false, true],
    ])
      batchesAsLoop(h, operands, batched)
  batchesAsLoop(inv, [matrixOf(1, 3, 4, 4)], [true])
})

test('a singular member has NaN derivatives, never zeros, and its neighbours have their own', () => {
  const good = [[2, 1], [1, 3]] // biome-ignore format: a matrix
  const a = array([good, [[1, 2], [2, 4]], good], { dtype: 'f64' }) // biome-ignore format: matrices
  const b = random(2, 2)
  const f = (p: Tensor, q: Tensor): Tensor => sum(solve(p, q))
  const g = Array.from(readSync(grad((p: Tensor) => f(p, b))(a) as Tensor))
  const alone = Array.from(readSync(grad((p: Tensor) => f(p, b))(array(good, { dtype: 'f64' })) as Tensor))
  assert.equal(g, [...alone, Number.NaN, Number.NaN, Number.NaN, Number.NaN, ...alone])
  const byB = readSync(grad((q: Tensor) => f(array([[1, 2], [2, 4]], { dtype: 'f64' }), q))(b) as Tensor) // biome-ignore format: a matrix
  assert.equal(Array.from(byB), [Number.NaN, Number.NaN])
})

test.run()
