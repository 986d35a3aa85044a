// Derivatives of expm: orders 1 and 2 in both modes against differences and closed forms, batches against a loop.
import { array, matmul, mul, readSync, sum, swapAxes, type Tensor, tanh } from '@neumann/linalg-gpu'
import { expm } from '@neumann/linalg-gpu/linalg'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkGrads } from '../../api/checkGrads.js'
import { grad, jvp } from '../../api/derivatives.js'
import { hvp } from '../../api/products.js'
import { batchesAsLoop, matrixOf, random } from './factors.testing.js'

const f64 = (rows: unknown): Tensor => array(rows as number[][], { dtype: 'f64' })

const near = (got: Tensor, expected: Tensor, roundings: number): void => {
  const [x, y] = [readSync(got), readSync(expected)]
  const size = Math.max(...y.map(Math.abs))
  y.forEach((v, i) => {
    assert.ok(Math.abs(v - x[i]!) <= roundings * 2 ** -53 * size, `${x[i]}, not ${v}`)
  })
}

test('orders 1 and 2 in both modes, with squarings and without', () => {
  for (const shape of [[1, 1], [2, 2], [3, 3], [2, 2, 2]]) {
    checkGrads(expm, [random(1, ...shape)])
    checkGrads(expm, [mul(4, random(1, ...shape))])
  }
  checkGrads(expm, [f64([[0, 0], [0, 0]])])
  checkGrads(expm, [f64([[1, 1], [0, 1]])])
}) // biome-ignore format: matrices in a line

test('the tangent at A in the direction A is A e^A, and the gradient of tr e^A is e^Aᵀ', () => {
  for (const size of [0.1, 1, 6]) {
    const a = mul(size, random(1, 5, 5))
    // condition numbers of the exponential near its size, and the squarings
    near(jvp(expm, [a], [a]).tangent as Tensor, matmul(a, expm(a)), 200 * (1 + 5 * size))
    const trace = (x: Tensor): Tensor => sum(mul(expm(x), f64([0, 1, 2, 3, 4].map((i) => [0, 1, 2, 3, 4].map((j) => Number(i === j))))))
    near(grad(trace)(a) as Tensor, swapAxes(expm(a), -1, -2), 200 * (1 + 5 * size))
  }
}) // biome-ignore format: a formula in a line

test('the second derivative along A twice is A² e^A, for directions of any size', () => {
  for (const s of [1e-8, 1, 1e8]) {
    const a = random(1, 4, 4)
    const v = mul(s, a)
    const first = (x: Tensor): Tensor => jvp(expm, [x], [v]).tangent as Tensor
    near(jvp(first, [a], [v]).tangent as Tensor, mul(s * s, matmul(matmul(a, a), expm(a))), 2000)
  }
})

test('a large matrix whose exponential is not: the derivative is that of the sum of its eigenvectors', () => {
  // e^(t diag(−30, −20)) along E: (e^−30 − e^−20)/(−10) off the diagonal
  const a = f64([[-30, 0], [0, -20]])
  const got = jvp(expm, [a], [f64([[1, 1], [1, 1]])]).tangent as Tensor
  const off = (Math.exp(-30) - Math.exp(-20)) / -10
  near(got, f64([[Math.exp(-30), off], [off, Math.exp(-20)]]), 1000)
}) // biome-ignore format: matrices in a line

test('batches equal a loop, and so do their gradients and products', () => {
  const loss = (a: Tensor): Tensor => sum(tanh(expm(a)))
  batchesAsLoop(expm, [random(1, 3, 3, 3)], [true])
  batchesAsLoop(grad(loss) as (a: Tensor) => Tensor, [random(1, 3, 3, 3)], [true])
  for (const batched of [
    [true, true],
    [true, false],
    [false, true],
  ])
    batchesAsLoop((a, v) => hvp(loss)(a)(v) as Tensor, [matrixOf(1, 3, 3, 3), random(2, 3, 3, 3)], batched)
})

test('an element that is not finite has NaN as derivative, and its neighbours have theirs', () => {
  const stack = f64([[[0, Number.NaN], [0, 0]], [[0, 0], [0, 0]]])
  const g = Array.from(readSync(grad((x: Tensor) => sum(expm(x)))(stack) as Tensor))
  assert.equal(g, [...Array<number>(4).fill(Number.NaN), 1, 1, 1, 1])
}) // biome-ignore format: matrices in a line

test.run()
