// Derivatives of Cholesky's factor: orders 1 and 2 in both modes against differences, symmetry, closed forms, batches against a loop.
import {
  add, array, broadcastTo, diagonal, eye, key, log, matmul, mul, readSync, slice, stack, sub, sum, swapAxes, type Tensor, tanh, uniform,
} from '@neumann/linalg-gpu' // biome-ignore format: a list
import { cholesky, solveTriangular } from '@neumann/linalg-gpu/linalg'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkGrads } from '../../api/checkGrads.js'
import { grad } from '../../api/derivatives.js'
import { vmap } from '../../api/vmap.js'

const random = (seed: number, ...shape: number[]): Tensor =>
  uniform(key(seed), shape, { low: -1, high: 1, dtype: 'f64' })
/** B Bᵀ / n + I: eigenvalues between 1 and some. */
const definite = (seed: number, ...shape: number[]): Tensor => {
  const n = shape[shape.length - 1]!
  const b = random(seed, ...shape)
  return add(mul(1 / n, matmul(b, swapAxes(b, -1, -2))), broadcastTo(eye(n, n, { dtype: 'f64' }), shape))
}
const near = (got: Tensor, wanted: Tensor, tolerance: number): void => {
  const own = readSync(got)
  readSync(wanted).forEach((x, i) => {
    assert.ok(Math.abs(x - own[i]!) <= tolerance, `element ${i} is ${own[i]}, not ${x}`)
  })
}

test('orders 1 and 2 in both modes, lower and upper, along directions that are not symmetric', () => {
  for (const upper of [false, true])
    for (const shape of [[1, 1], [2, 2], [3, 3], [2, 3, 3]])
      checkGrads((a: Tensor) => cholesky(a, { upper }), [definite(1, ...shape)])
}) // biome-ignore format: a table of shapes

test('a gradient is symmetric', () => {
  const g = grad((a: Tensor) => sum(tanh(cholesky(a))))(definite(2, 5, 5))
  near(swapAxes(g, 0, 1), g, 10 * 2 ** -53)
})

test('the gradient of log det A = 2 Σ log lᵢᵢ is A⁻¹', () => {
  const n = 6
  const a = definite(3, n, n)
  const g = grad((x: Tensor) => mul(2, sum(log(diagonal(cholesky(x))))))(a)
  // condition numbers below 10
  near(matmul(g, a), eye(n, n, { dtype: 'f64' }), 10 * n * 2 ** -53)
})

test('of A = c², L = c: derivatives are 1/(2 c) and −1/(4 c³)', () => {
  const f = (a: Tensor): Tensor => sum(cholesky(a))
  const a = array([[16]], { dtype: 'f64' })
  assert.is(readSync(grad(f)(a))[0], 1 / 8)
  assert.is(readSync(grad((x: Tensor) => sum(grad(f)(x)))(a))[0], -1 / 256)
}) // biome-ignore format: a matrix

test('through a solve with the factor: the gradient of bᵀ A⁻¹ b is −x xᵀ', () => {
  const n = 4
  const [a, b] = [definite(4, n, n), random(5, n, 1)]
  const solve = (m: Tensor): Tensor => {
    const l = cholesky(m)
    return solveTriangular(l, solveTriangular(l, b), { transposed: true })
  }
  const x = solve(a)
  const g = grad((m: Tensor) => sum(mul(b, solve(m))))(a)
  near(g, sub(0, matmul(x, swapAxes(x, 0, 1))), 100 * n * 2 ** -53)
})

test('in blocks: differences along a direction', () => {
  checkGrads((a: Tensor) => sum(tanh(cholesky(a))), [definite(6, 260, 260)], { order: 1 })
})

test('a batch equals a loop, values and gradients; a member without a factor spoils its own gradient alone', () => {
  const as = definite(7, 3, 4, 4)
  const bad = mul(as, array([1, -1, 1], { shape: [3, 1, 1], dtype: 'f64' }))
  for (const upper of [false, true]) {
    const f = (a: Tensor): Tensor => cholesky(a, { upper })
    const g = grad((a: Tensor) => sum(tanh(f(a))))
    for (const h of [f, g]) {
      near(vmap(h)(as), stack([0, 1, 2].map((i) => h(slice(as, i)))), 40 * 2 ** -53)
      const got = vmap(h)(bad)
      assert.ok(readSync(slice(got, 1)).every(Number.isNaN))
      for (const i of [0, 2]) near(slice(got, i), h(slice(as, i)), 40 * 2 ** -53)
    }
  }
})

test.run()
