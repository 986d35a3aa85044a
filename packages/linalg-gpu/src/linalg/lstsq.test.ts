/** Least squares on whatever device the tests run: against SciPy, against solutions that are known, at any rank and scale. */

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  abs, add, array, div, item, jit, key, matmul, max, mul, normal, ones, outer, readSync, slice, sub, sum, type Tensor, toNested, zeros,
} from '../index.js' // biome-ignore format: a list
import { turned } from './blocked.js'
import { lstsq } from './lstsq.js'
import { roundingOf } from './placed.testing.js'
import { qr } from './qr.js'

type FloatName = 'f32' | 'f64'
type Matrix = readonly (readonly number[])[]

const random = (dtype: FloatName, seed: number, ...shape: number[]): Tensor => normal(key(seed), shape, { dtype })
const f64 = (rows: Matrix): Tensor => array(rows, { dtype: 'f64' })
const largest = (x: Tensor): number => item(max(abs(x)))
const near = (what: string, got: Tensor, wanted: readonly number[], tolerance: number): void => {
  const own = readSync(got)
  assert.is(own.length, wanted.length, what)
  wanted.forEach((x, i) => assert.ok(Math.abs(own[i]! - x) <= tolerance, `${what} [${i}]: ${own[i]}, not ${x}`))
}

const b = [[1, 0], [0, 2], [3, -1], [1, 1]] as const // biome-ignore format: a matrix
const full = [[1, 2, 0], [3, 4, 1], [5, 6, -1], [7, 8, 2]] as const // biome-ignore format: a matrix
const deficient = [[1, 2, 3], [2, 4, 6], [1, 0, 1], [0, 2, 2]] as const // biome-ignore format: a matrix

test('the numbers of SciPy: tall and wide, of full rank and not', () => {
  const cases = [
    [f64(full), 4, 3, [14.328736641929103, 2.075420307631608, 0.6163901304439218], [0.29761904761904767, 1.1904761904761902],
      [[-0.01190476190476266, -0.9761904761904708], [0.3571428571428579, 0.7857142857142807], [-0.9761904761904766, 0.9523809523809522]]],
    [turned(f64(full)), 3, 3, [14.328736641929103, 2.075420307631608, 0.6163901304439218], [0, 0],
      [[-0.9404761904761889, 1.6904761904761858], [-0.08333333333333015, 0.8333333333333262], [-1.0119047619047628, 0.2619047619047626], [1.0357142857142843, -0.7857142857142817]]],
    [f64(deficient), 4, 2, [8.8495473399115756, 1.2982726518971144, 0], [7.363636363636363, 1.090909090909091],
      [[0.9696969696969701, -0.6515151515151518], [-0.6666666666666665, 0.6666666666666665], [0.30303030303030304, 0.01515151515151508]]],
    [turned(f64(deficient)), 3, 2, [8.8495473399115756, 1.2982726518971144, 0], [1.333333333333334, 3],
      [[0.181818181818182, -0.04545454545454564], [0.36363636363636365, -0.09090909090909098], [0.7575757575757585, -0.7727272727272732], [-0.5757575757575765, 0.7272727272727275]]],
  ] as const // biome-ignore format: matrices
  for (const [a, m, rank, values, residual, x] of cases) {
    const got = lstsq(a, f64(b.slice(0, m)))
    // the condition number is 23 at most; SciPy's own numbers are as far off
    const tolerance = 100 * 23 * 2 ** -53 * 4
    near('x', got.x, x.flat(), tolerance)
    near('residual', got.residual, residual, tolerance * 10)
    near('singular values', got.singularValues, values, tolerance * 10)
    assert.is(item(got.rank), rank)
  }
})

test('rcond says what counts as zero', () => {
  const hadamard = f64([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) // biome-ignore format: a matrix
  const a = mul(hadamard, f64([[2], [0.5], [0.05], [0.0005]]))
  const got = lstsq(a, f64(b), { rcond: 0.01 })
  assert.is(item(got.rank), 3)
  near('x', got.x, [15.125, -4, 15.125, -6, -14.875, 6, -14.875, 4], 200 * 40 * 2 ** -53 * 16)
  near('residual', got.residual, [1, 1], 200 * 40 * 2 ** -53)
  near('singular values', got.singularValues, [4, 1, 0.1, 0.001], 10 * 2 ** -53 * 4)
  assert.is(item(lstsq(a, f64(b)).rank), 4)
  assert.is(item(lstsq(a, f64(b), { rcond: 0 }).rank), 4)
  assert.is(item(lstsq(a, f64(b), { rcond: 2 }).rank), 0)
})

test('condition numbers up to 1e6 and 1e12: the solution that is known', () => {
  for (const [dtype, exponents] of [['f32', [0, 2, 4]], ['f64', [0, 3, 6, 12]]] as const)
    for (const [m, n] of [[7, 7], [30, 12], [65, 40]] as const)
      for (const exponent of exponents) {
        const [q, v] = [qr(random('f64', 1, m, n)).q, qr(random('f64', 2, n, n)).q]
        const spectrum = array(Float64Array.from({ length: n }, (_, i) => 10 ** ((-exponent * i) / (n - 1))), { shape: [n] })
        const exact = matmul(mul(q, spectrum), turned(v))
        const x = random('f64', 3, n, 2)
        // what A and b lose when they are rounded to dtype comes in too
        const rounded = array(Float64Array.from(readSync(exact)), { dtype, shape: [m, n] })
        const right = array(Float64Array.from(readSync(matmul(exact, x))), { dtype, shape: [m, 2] })
        const got = lstsq(rounded, right)
        const error = largest(sub(array(Float64Array.from(readSync(got.x)), { shape: [n, 2] }), x)) / largest(x)
        const allowed = 10 * Math.sqrt(m) * 10 ** exponent * roundingOf(dtype)
        assert.ok(error <= allowed, `${dtype} [${m}, ${n}] κ = 1e${exponent}: off by ${error}, ${allowed} allowed`)
        assert.is(item(got.rank), n)
      }
}) // biome-ignore format: a table of sizes

test('Aᵀ(b − A x) = 0 and x has no part that A does not see, at any rank', () => {
  for (const dtype of ['f32', 'f64'] as const)
    for (const [m, n, rank] of [[1, 1, 1], [9, 5, 5], [9, 5, 2], [5, 9, 5], [5, 9, 3], [40, 40, 17], [130, 65, 30]] as const) {
      const a = matmul(random(dtype, 1, m, rank), random(dtype, 2, rank, n))
      const right = random(dtype, 3, m, 3)
      const got = jit((p: Tensor, y: Tensor) => lstsq(p, y, { rcond: dtype === 'f32' ? 1e-4 : 1e-10 }))(a, right)
      assert.is(item(got.rank), rank)
      const unit = roundingOf(dtype) * (m + n)
      const [top, least] = [readSync(got.singularValues)[0]!, readSync(got.singularValues)[rank - 1]!]
      const gradient = largest(matmul(turned(a), sub(right, matmul(a, got.x))))
      assert.ok(gradient <= 4 * unit * top * (largest(right) + top * largest(got.x)), `${dtype} [${m}, ${n}] rank ${rank}: Aᵀr is ${gradient}`)
      // x is in the range of Aᵀ: it is A⁺A x
      const again = lstsq(a, matmul(a, got.x), { rcond: dtype === 'f32' ? 1e-4 : 1e-10 }).x
      const apart = largest(sub(again, got.x)) / largest(got.x)
      assert.ok(apart <= 10 * unit * (top / least), `${dtype} [${m}, ${n}] rank ${rank}: ${apart} beside the range of Aᵀ`)
    }
}) // biome-ignore format: a table of ranks

test('rank one in closed form: (u vᵀ)⁺ = v uᵀ / ‖u‖²‖v‖²', () => {
  const [u, v, right] = [random('f64', 1, 6), random('f64', 2, 4), random('f64', 3, 6)]
  const square = (x: Tensor): Tensor => sum(mul(x, x))
  const wanted = div(mul(v, sum(mul(u, right))), mul(square(u), square(v)))
  near('x', lstsq(outer(u, v), right).x, Array.from(readSync(wanted)), 100 * 2 ** -53 * largest(wanted))
})

test('a zero matrix: rank 0, x = 0, the residual is ‖b‖²', () => {
  const got = lstsq(zeros([3, 2]), array([1, 2, 2]))
  assert.equal(toNested(got.x), [0, 0])
  assert.equal([item(got.rank), item(got.residual)], [0, 9])
})

test('stacks of matrices, of right sides, of both; a vector', () => {
  const a = random('f64', 1, 2, 3, 5, 4)
  const right = random('f64', 2, 3, 5, 2)
  const got = lstsq(a, right)
  assert.equal([got.x.shape, got.residual.shape, got.rank.shape], [[2, 3, 4, 2], [2, 3, 2], [2, 3]])
  assert.equal(got.singularValues.shape, [2, 3, 4])
  const one = lstsq(slice(a, 1, 2), slice(right, 2))
  // sums of 5 in another order, by condition numbers below 100
  near('x', slice(got.x, 1, 2), Array.from(readSync(one.x)), 5 * 100 * 2 ** -53 * 4)
  near('residual', slice(got.residual, 1, 2), Array.from(readSync(one.residual)), 5 * 100 * 2 ** -53 * 4)
  const many = lstsq(slice(a, 0, 0), right)
  assert.equal([many.x.shape, many.rank.shape], [[3, 4, 2], []])
  near('x', slice(many.x, 1), Array.from(readSync(lstsq(slice(a, 0, 0), slice(right, 1)).x)), 5 * 100 * 2 ** -53 * 4)
  const vector = lstsq(a, random('f64', 5, 5))
  assert.equal([vector.x.shape, vector.residual.shape], [[2, 3, 4], [2, 3]])
}) // biome-ignore format: shapes

test('nothing in, nothing out', () => {
  const shapes = (a: readonly number[], y: readonly number[]): unknown => {
    const { x, residual, rank, singularValues } = lstsq(zeros(a), ones(y))
    return [x.shape, Array.from(readSync(residual)), Array.from(readSync(rank)), singularValues.shape]
  }
  assert.equal(shapes([0, 3], [0]), [[3], [0], [0], [0]])
  assert.equal(shapes([3, 0], [3]), [[0], [3], [0], [0]])
  assert.equal(shapes([0, 0], [0, 2]), [[0, 2], [0, 0], [0], [0]])
  assert.equal(shapes([0, 3, 2], [3, 1]), [[0, 2, 1], [], [], [0, 2]])
  assert.equal(shapes([3, 2], [3, 0]), [[2, 0], [], [0], [2]])
  assert.equal(shapes([3, 2], [0, 3, 1]), [[0, 2, 1], [], [0], [2]])
})

test('scale: A x = s b gives s x, and s A x = b gives x / s, from 1e-30 to 1e30 in f32', () => {
  const [a, right] = [random('f32', 1, 6, 4), random('f32', 2, 6)]
  const x = readSync(lstsq(a, right).x)
  for (const s of [2 ** -100, 2 ** 100, 1e-30, 1e30]) {
    const tolerance = 100 * 2 ** -24
    const close = (got: Tensor, factor: number): void =>
      readSync(got).forEach((v, i) => assert.ok(Math.abs(v / factor / x[i]! - 1) <= tolerance, `${s}: ${v}, not ${x[i]! * factor}`))
    close(lstsq(a, mul(right, s)).x, s)
    const scaled = lstsq(mul(a, s), right)
    close(scaled.x, 1 / s)
    assert.is(item(scaled.rank), 4)
  }
}) // biome-ignore format: long lines

test('NaN and infinity: rank −1 and NaN for their matrix, NaN for their right side', () => {
  for (const [m, n] of [[4, 3], [3, 4]] as const)
    for (const bad of [NaN, Infinity, -Infinity]) {
      const a = random('f32', 1, 2, m, n)
      const right = random('f32', 2, m, 2)
      const spoiled = Float32Array.from(readSync(a))
      spoiled[5] = bad
      const got = lstsq(array(spoiled, { shape: [2, m, n] }), right)
      const clean = lstsq(a, right)
      assert.equal(Array.from(readSync(got.rank)), [-1, 3])
      for (const [x, own] of [[got.x, clean.x], [got.residual, clean.residual], [got.singularValues, clean.singularValues]] as const) {
        assert.ok(readSync(slice(x, 0)).every(Number.isNaN))
        assert.equal(readSync(slice(x, 1)), readSync(slice(own, 1)))
      }
      const side = Float32Array.from(readSync(right))
      side[0] = bad
      const x = lstsq(slice(a, 0), array(side, { shape: [m, 2] })).x
      assert.ok(readSync(slice(x, null, 0)).every((v) => !Number.isFinite(v)))
      assert.ok(readSync(slice(x, null, 1)).every(Number.isFinite))
    }
}) // biome-ignore format: long lines

test('integers count as f32; f16 is computed in f32 and rounded', () => {
  const got = lstsq(array([[2, 0], [0, 4]], { dtype: 'i32' }), array([2, 2], { dtype: 'i32' }))
  assert.equal([got.x.dtype, got.rank.dtype], ['f32', 'i32'])
  near('x', got.x, [1, 0.5], 4 * 2 ** -24)
  const half = lstsq(array([[3]], { dtype: 'f16' }), array([1], { dtype: 'f16' }))
  assert.is(half.x.dtype, 'f16')
  assert.equal(toNested(half.x), [0.333251953125])
}) // biome-ignore format: matrices

test('errors name the function, both shapes and what is wrong', () => {
  assert.throws(() => lstsq(zeros([3, 2]), zeros([2])), /lstsq: the matrix has 3 rows, the right side 2/)
  assert.throws(() => lstsq(zeros([3]), zeros([3])), /lstsq: needs a matrix/)
  assert.throws(() => lstsq(zeros([3, 2]), zeros([3]), { rcond: NaN }), /lstsq: rcond is a number from 0, got NaN/)
  assert.throws(() => lstsq(zeros([3, 2]), zeros([3]), { rcond: -1 }), /lstsq: rcond is a number from 0, got -1/)
})

test('in a program with other operations', () => {
  const f = jit((a: Tensor, y: Tensor) => add(lstsq(a, y).x, 1))
  const [a, y] = [random('f64', 1, 8, 3), random('f64', 2, 8)]
  near('x + 1', f(a, y), Array.from(readSync(lstsq(a, y).x), (x) => x + 1), 20 * 2 ** -53)
}) // biome-ignore format: one line

test.run()
