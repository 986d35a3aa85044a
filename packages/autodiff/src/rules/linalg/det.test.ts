// Derivatives of det and slogdet: orders 1 and 2 in both modes against differences and cofactors, also where the matrix is singular.
import {
  array,
  concatenate,
  flip,
  matmul,
  readSync,
  sum,
  swapAxes,
  type Tensor,
  tanh,
  toNested,
} from '@neumann/linalg-gpu'
import { det, inv, slogdet } from '@neumann/linalg-gpu/linalg'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkGrads } from '../../api/checkGrads.js'
import { grad } from '../../api/derivatives.js'
import { hvp } from '../../api/products.js'
import { batchesAsLoop, factorisations, matrixOf, random } from './factors.testing.js'

const logdet = (a: Tensor): Tensor => slogdet(a).logdet
const f64 = (rows: unknown): Tensor => array(rows as number[][], { dtype: 'f64' })

test('orders 1 and 2 in both modes', () => {
  for (const shape of [
    [1, 1],
    [2, 2],
    [3, 3],
    [5, 5],
    [2, 3, 3],
  ]) {
    checkGrads(det, [flip(matrixOf(1, ...shape), -2)])
    checkGrads(logdet, [flip(matrixOf(1, ...shape), -2)])
    checkGrads(det, [random(5, ...shape)])
  }
})

test('det of a matrix of every rank: orders 1 and 2 in both modes', () => {
  for (const n of [1, 2, 4])
    for (let rank = 0; rank < n; rank++) {
      checkGrads(det, [matmul(random(1, n, rank), random(2, rank, n))])
  checkGrads(det, [matmul(random(1, 2, 3, 2), random(2, 2, 2, 3))])
    }
  // whole numbers, where pivots vanish exactly, the last or another
  for (const rows of [
    [[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[0, 2, 3], [0, 5, 6], [0, 8, 1]], [[1, 2, 3], [2, 4, 6], [1, 1, 1]],
    [[1, 2, 3], [2, 4, 6], [3, 6, 9]], [[0, 0, 0], [0, 0, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, 0], [0, 0, 5]],
  ]) checkGrads(det, [f64(rows)])
}) // biome-ignore format: a table

test('the gradient of det is the matrix of cofactors', () => {
  assert.equal(toNested(grad(det)(f64([[1, 2], [2, 4]])) as Tensor), [[4, -2], [-2, 1]])
  assert.equal(toNested(grad(det)(f64([[0, 0], [0, 0]])) as Tensor), [[0, 0], [0, 0]])
  const got = (toNested(grad(det)(f64([[0, 2, 3], [0, 5, 6], [0, 8, 10]])) as Tensor) as number[][]).flat()
  const cofactors = [2, 0, 0, 4, 0, 0, -3, 0, 0]
  cofactors.forEach((x, i) => assert.ok(Math.abs(got[i]! - x) <= 64 * 2 ** -53 * 4, `${got}`))
}) // biome-ignore format: matrices in a line

test('cofactors that are representable do not overflow or vanish, though det does', () => {
  const f32 = (rows: readonly (readonly number[])[]): Tensor => array(rows, { dtype: 'f32' })
  for (const s of [1e30, 1e-30])
    for (const rows of [[[1, 2], [2, 4]], [[1, 1], [1, 3]]]) {
      const g = readSync(grad(det)(f32(rows.map((row) => row.map((x) => x * s)))) as Tensor)
      const [[a, b], [c, d]] = rows as [[number, number], [number, number]]
      ;[d, -c, -b, a].forEach((x, i) => assert.ok(Math.abs(g[i]! / s - x) <= 64 * 2 ** -24 * 4, `${s} ${g}`))
    }
}) // biome-ignore format: matrices in a line

test('the gradient of logdet is A⁻ᵀ, and NaN where A is singular', () => {
  const a = flip(matrixOf(1, 6, 6), -2)
  const [got, expected] = [readSync(grad(logdet)(a) as Tensor), readSync(swapAxes(inv(a), -1, -2))]
  expected.forEach((x, i) => assert.ok(Math.abs(x - got[i]!) <= 64 * 2 ** -53))
  const stack = f64([[[1, 2], [2, 4]], [[2, 0], [0, 4]]])
  assert.equal(Array.from(readSync(grad((x: Tensor) => sum(logdet(x)))(stack) as Tensor)), [...Array<number>(4).fill(Number.NaN), 0.5, 0, 0, 0.25])
  const odd = concatenate([f64([[[1, Number.NaN], [2, 4]]]), stack], 0)
  const g = Array.from(readSync(grad((x: Tensor) => sum(det(x)))(odd) as Tensor))
  assert.ok(g.slice(0, 4).every(Number.isNaN))
  assert.equal(g.slice(4), [4, -2, -2, 1, 4, 0, 0, 2])
}) // biome-ignore format: matrices in a line

test('one factorisation, whatever is asked', () => {
  const [a, v] = [random(1, 5, 5), random(2, 5, 5)]
  for (const f of [det, logdet]) {
    assert.is(
      factorisations((x) => [f(x), grad(f)(x)], a),
      1,
    )
    assert.is(
      factorisations((x, w) => hvp(f)(x)(w), a, v),
      1,
    )
  }
  assert.is(
    factorisations((x) => [det(x), slogdet(x)], a),
    1,
  )
})

test('in blocks: a gradient along a direction is the difference along it', () => {
  checkGrads((a: Tensor) => tanh(logdet(a)), [matrixOf(1, 70, 70)])
})

test('batches equal a loop, and so do their gradients and products', () => {
  for (const f of [det, logdet]) {
    batchesAsLoop(f, [matrixOf(1, 3, 4, 4)], [true])
    batchesAsLoop(grad(f) as (a: Tensor) => Tensor, [matrixOf(1, 3, 4, 4)], [true])
    batchesAsLoop((a, v) => hvp(f)(a)(v) as Tensor, [matrixOf(1, 3, 4, 4), random(2, 3, 4, 4)], [true, false])
  }
})

test.run()
