/** QR on whatever device the tests run: panels, blocks, all modes and shapes. */

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  abs, add, array, concatenate, eye, item, jit, key, matmul, max, mul, readSync, slice, sqrt, sub, sum, type Tensor, toNested, triu, uniform,
  zeros,
} from '../index.js' // biome-ignore format: a list
import { turned } from './blocked.js'
import { roundingOf } from './placed.testing.js'
import { qr } from './qr.js'

type FloatName = 'f32' | 'f64'

const random = (dtype: FloatName, seed: number, ...shape: number[]): Tensor =>
  uniform(key(seed), shape, { low: -1, high: 1, dtype })

const largest = (x: Tensor): number => item(max(abs(x)))

/** ‖QᵀQ − I‖ and ‖QR − A‖ / ‖A‖ in roundings, in the norm of all entries. */
const off = (a: Tensor, q: Tensor, r: Tensor): readonly [number, number] => {
  const size = (x: Tensor): number => item(sqrt(sum(mul(x, x))))
  const unit = roundingOf(a.dtype)
  const n = q.shape.at(-1)!
  const top = largest(a) || 1
  return [
    size(sub(matmul(turned(q), q), eye(n, n, { dtype: a.dtype }))) / unit,
    size(sub(matmul(q, mul(r, 1 / top)), mul(a, 1 / top))) / size(mul(a, 1 / top)) / unit,
  ]
}

/** Householder's bound is of the order m n roundings; what is seen is of the order √(m n), and n columns of it. */
const checked = (what: string, a: Tensor, q: Tensor, r: Tensor): void => {
  const [m, n] = a.shape.slice(-2) as [number, number]
  const allowed = 4 * (Math.sqrt(m) + n)
  const [orthogonal, exact] = off(a, q, r)
  assert.ok(orthogonal <= allowed, `${what}: QᵀQ is off by ${orthogonal} roundings, ${allowed} allowed`)
  assert.ok(exact <= allowed, `${what}: QR is off by ${exact} roundings, ${allowed} allowed`)
  assert.equal(readSync(triu(r)), readSync(r), `${what}: R is upper triangular`)
}

const near = (got: Tensor, wanted: readonly (readonly number[])[], tolerance: number): void => {
  assert.equal(got.shape, [wanted.length, wanted[0]!.length])
  readSync(got).forEach((x, i) => assert.ok(Math.abs(x - wanted.flat()[i]!) <= tolerance, `[${i}]: ${x}, not ${wanted.flat()[i]}`))
} // biome-ignore format: one line

test('the numbers of NumPy, signs too: tall and wide', () => {
  const wide = array([[1, 2, 3, 4], [2, -1, 0, 1], [3, 1, 2, -2]], { dtype: 'f64' })
  // four sums of a few roundings; the condition of the wide block, 14, comes in
  const tolerance = 50 * 2 ** -53 * 14
  const one = qr(wide)
  near(one.q, [
    [-0.2672612419124243, 0.7715167498104595, -0.5773502691896257],
    [-0.5345224838248488, -0.6172133998483675, -0.5773502691896258],
    [-0.8017837257372732, 0.1543033499620919, 0.5773502691896256],
  ], tolerance)
  near(one.r, [
    [-3.7416573867739413, -0.80178372573727286, -2.405351177211819, 0],
    [0, 2.3145502494313788, 2.6231569493555624, 2.1602468994692865],
    [0, 0, -0.57735026918962584, -4.0414518843273797],
  ], tolerance)
  const two = qr(turned(wide))
  near(two.q, [
    [-0.18257418583505536, 0.7983723279170813, -0.4959182990670879],
    [-0.3651483716701107, -0.541752651086591, -0.3456400266225157],
    [-0.5477225575051661, -0.17107978455366035, -0.46586264457817333],
    [-0.7302967433402214, 0.1995930819792704, 0.6461965715116598],
  ], tolerance)
  near(two.r, [
    [-5.477225575051661, -0.7302967433402214, -0.5477225575051659],
    [0, 2.3380903889000244, 1.1120185995987912],
    [0, 0, -4.0575133560034455],
  ], tolerance)
}) // biome-ignore format: matrices

test('QᵀQ = I and QR = A at sizes that no panel divides', () => {
  for (const dtype of ['f32', 'f64'] as const)
    for (const [m, n] of [[1, 1], [5, 1], [3, 3], [32, 32], [33, 33], [65, 64], [130, 97], [200, 200], [40, 70]] as const) {
      const a = random(dtype, m + n, m, n)
      const { q, r } = jit((x: Tensor) => qr(x))(a)
      assert.equal(q.shape, [m, Math.min(m, n)])
      assert.equal(r.shape, [Math.min(m, n), n])
      checked(`${dtype} [${m}, ${n}]`, a, q, r)
    }
}) // biome-ignore format: a table of sizes

test('mode r is R alone; mode complete has all of an orthonormal basis', () => {
  for (const [m, n] of [[7, 3], [3, 7], [90, 40], [70, 70], [100, 33]] as const) {
    const a = random('f64', m, 2, m, n)
    const { q, r } = qr(a)
    const alone = qr(a, { mode: 'r' })
    assert.equal(Object.keys(alone), ['r'])
    assert.equal(readSync(alone.r), readSync(r))
    const whole = qr(a, { mode: 'complete' })
    assert.equal([whole.q.shape, whole.r.shape], [[2, m, m], [2, m, n]])
    checked(`complete [${m}, ${n}]`, slice(a, 0), slice(whole.q, 0), slice(whole.r, 0))
    const k = Math.min(m, n)
    const apart = largest(sub(slice(whole.q, null, null, [0, k]), q))
    assert.ok(apart <= 40 * m * 2 ** -53, `the first columns are those of reduced, ${apart} apart`)
    assert.equal(readSync(slice(whole.r, null, [0, k])), readSync(r))
  }
}) // biome-ignore format: a table of sizes

test('a stack is its matrices one by one', () => {
  for (const [m, n] of [[4, 4], [6, 3], [45, 40]] as const) {
    const a = random('f32', n, 2, 3, m, n)
    const { q, r } = qr(a)
    for (let i = 0; i < 2; i++)
      for (let j = 0; j < 3; j++) {
        const one = qr(slice(a, i, j))
        // products of stacks may add in another order
        const allowed = 4 * (m + n) * 2 ** -24
        assert.ok(largest(sub(slice(q, i, j), one.q)) <= allowed * 10)
        assert.ok(largest(sub(slice(r, i, j), one.r)) <= allowed * 10)
      }
  }
}) // biome-ignore format: a table of sizes

test('nothing in, nothing out', () => {
  const shapes = (m: number, n: number, mode: 'reduced' | 'complete'): readonly (readonly number[])[] => {
    const { q, r } = qr(zeros([2, m, n]), { mode })
    return [q.shape, r.shape]
  }
  assert.equal(shapes(0, 0, 'reduced'), [[2, 0, 0], [2, 0, 0]])
  assert.equal(shapes(3, 0, 'reduced'), [[2, 3, 0], [2, 0, 0]])
  assert.equal(shapes(0, 3, 'reduced'), [[2, 0, 0], [2, 0, 3]])
  assert.equal(shapes(3, 0, 'complete'), [[2, 3, 3], [2, 3, 0]])
  assert.equal(toNested(qr(zeros([2, 0]), { mode: 'complete' }).q), [[1, 0], [0, 1]])
  const { q, r } = qr(zeros([0, 40, 35]))
  assert.equal([q.shape, r.shape], [[0, 40, 35], [0, 35, 35]])
}) // biome-ignore format: a table of shapes

test('any rank: dependent columns, a zero matrix', () => {
  for (const [m, n, rank] of [[6, 4, 2], [80, 70, 5]] as const) {
    const a = matmul(random('f64', 1, m, rank), random('f64', 2, rank, n))
    const { q, r } = qr(a)
    checked(`rank ${rank} of [${m}, ${n}]`, a, q, r)
  }
  const none = qr(zeros([3, 2]))
  assert.equal(toNested(none.q), [[1, 0], [0, 1], [0, 0]])
  assert.equal(toNested(none.r), [[0, 0], [0, 0]])
}) // biome-ignore format: a table of ranks

test('any scale: Q is the same bits, R has the factor', () => {
  for (const [dtype, powers] of [['f32', [-100, 100]], ['f64', [-900, 900]]] as const) {
    const a = random(dtype, 5, 70, 40)
    const { q, r } = qr(a)
    for (const power of powers) {
      const scaled = qr(mul(a, 2 ** power))
      assert.equal(readSync(scaled.q), readSync(q))
      assert.equal(readSync(scaled.r), readSync(mul(r, 2 ** power)))
    }
  }
}) // biome-ignore format: a table of scales

test('graded columns keep small columns exact', () => {
  // columns from 1 down to 1e-12: the error of each column of QR is relative to that column
  const n = 50
  const grade = array(
    Float64Array.from({ length: n }, (_, j) => 10 ** ((-12 * j) / n)),
    { shape: [n] },
  )
  const a = mul(random('f64', 8, 60, n), grade)
  const { q, r } = qr(a)
  const column = readSync(max(abs(sub(matmul(q, r), a)), { axis: 0 }))
  readSync(grade).forEach((size, j) => assert.ok(column[j]! <= 8 * n * 2 ** -53 * size, `column ${j}`))
})

test('NaN and infinity fill their matrix, and it alone', () => {
  for (const [m, n] of [[4, 3], [70, 50]] as const)
    for (const bad of [NaN, Infinity]) {
      const a = random('f32', n, 2, m, n)
      // the very last entry: nothing would bring it to the first columns
      const spoiled = Float32Array.from(readSync(a))
      spoiled[m * n - 1] = bad
      const x = array(spoiled, { shape: [2, m, n] })
      const [{ q, r }, { r: alone }, clean] = [qr(x), qr(x, { mode: 'r' }), qr(a)]
      for (const [got, wanted] of [[q, clean.q], [r, clean.r], [alone, clean.r]] as const) {
        assert.ok(readSync(slice(got, 0)).every(Number.isNaN))
        assert.equal(readSync(slice(got, 1)), readSync(slice(wanted, 1)))
      }
    }
  const { q, r } = qr(concatenate([random('f64', 1, 2, 2), array([[NaN], [1]], { dtype: 'f64' })], 1))
  assert.ok(readSync(q).every(Number.isFinite))
  assert.equal(Array.from(readSync(r), Number.isNaN), [false, false, true, false, false, true])
}) // biome-ignore format: a table

test('integers count as f32, f16 too', () => {
  assert.is(qr(array([[3, 0], [4, 5]], { dtype: 'i32' })).r.dtype, 'f32')
  assert.is(qr(array([[3, 0], [4, 5]], { dtype: 'f16' })).q.dtype, 'f32')
}) // biome-ignore format: matrices

test('errors name the function and what is wrong', () => {
  assert.throws(() => qr(array([1, 2])), /qr: needs a matrix, or a stack of them/)
  assert.throws(() => qr(eye(2), { mode: 'full' as 'r' }), /qr: mode is one of reduced, complete, r, got .full./)
})

test('the sum of a triangle of R is used in a program with others', () => {
  const f = jit((x: Tensor) => add(sum(qr(x).r), sum(qr(x, { mode: 'r' }).r)))
  const a = random('f64', 3, 40, 40)
  const wanted = 2 * item(sum(qr(a).r))
  assert.ok(Math.abs(item(f(a)) - wanted) <= 40 * 40 * 2 ** -53 * 40)
})

test('Q is orthogonal where the numbers of A are denormal', () => {
  for (const [dtype, scale] of [
    ['f32', 2 ** -140],
    ['f64', 2 ** -1065],
  ] as const) {
    const { q } = qr(mul(random(dtype, 3, 9, 5), scale))
    const off = item(max(abs(sub(matmul(turned(q), q), eye(5, 5, { dtype })))))
    assert.ok(off <= 16 * roundingOf(dtype), `${dtype}: ${off / roundingOf(dtype)} roundings`)
  }
})

test.run()
