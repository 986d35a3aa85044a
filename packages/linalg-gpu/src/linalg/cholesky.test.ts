// The law A = L Lᵀ, placed spectra, scale, and members that have no factor, on whatever device the tests run.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  abs, add, array, diagonal, div, expandDims, eye, item, jit, key, matmul, max, mul, outer, readSync, sqrt, stack, sub, sum, type Tensor, toNested, transpose, triu, uniform, zeros,
} from '../index.js' // biome-ignore format: a list
import { turned } from './blocked.js'
import { cholesky } from './cholesky.js'

type FloatName = 'f32' | 'f64'
const unit = { f32: 2 ** -24, f64: 2 ** -53 }

const random = (dtype: FloatName, seed: number, ...shape: number[]): Tensor =>
  uniform(key(seed), shape, { low: -1, high: 1, dtype })

/** Q diag(λ) Qᵀ with λ from 1 down to 1/condition, Q = I − 2 v vᵀ of a unit vector v. */
const placed = (dtype: FloatName, n: number, condition: number): Tensor => {
  const spectrum = array(
    Float64Array.from({ length: n }, (_, i) => condition ** (-i / Math.max(1, n - 1))),
    { dtype },
  )
  const v = random(dtype, n, n)
  const q = sub(eye(n, n, { dtype }), div(mul(2, outer(v, v)), sum(mul(v, v))))
  return matmul(mul(q, spectrum), transpose(q))
}

/** |A − L Lᵀ| in roundings of √(aᵢᵢ aⱼⱼ). */
const residual = (a: Tensor, l: Tensor): number => {
  const scale = sqrt(diagonal(a))
  const size = mul(expandDims(scale, -1), expandDims(scale, -2))
  return item(max(div(abs(sub(a, matmul(l, turned(l)))), size))) / unit[a.dtype as FloatName]
}

test('L Lᵀ = A for every size and condition number, in the kernel and in blocks; Uᵀ U = A', () => {
  for (const dtype of ['f32', 'f64'] as const)
    for (const n of [1, 2, 5, 65, 200, 257, 300, 530])
      for (const condition of dtype === 'f32' ? [1, 1e3] : [1, 1e6, 1e12]) {
        const a = placed(dtype, n, condition)
        const l = jit((x: Tensor) => cholesky(x))(a)
        // the residual is itself a product with n roundings, and A is symmetric to a few
        const got = residual(a, l)
        assert.ok(got <= 2 * n + 20, `${dtype} ${n} ${condition}: ${got} roundings`)
        assert.is(item(max(abs(triu(l, 1)))), 0)
        const u = jit((x: Tensor) => cholesky(x, { upper: true }))(a)
        assert.equal(readSync(turned(u)), readSync(l))
      }
}) // biome-ignore format: a table of sizes

test('whole numbers: the factor that was multiplied comes back', () => {
  const l = [[2, 0, 0], [1, 3, 0], [4, -2, 1]]
  const a = matmul(array(l), transpose(array(l)))
  assert.equal(toNested(cholesky(a)), l)
  assert.equal(toNested(cholesky(matmul(array(l, { dtype: 'i32' }), transpose(array(l, { dtype: 'i32' }))))), l)
}) // biome-ignore format: matrices

test('only the symmetric part counts', () => {
  const a = array([[4, 3], [1, 10]], { dtype: 'f64' })
  assert.equal(toNested(cholesky(a)), [[2, 0], [1, 3]])
  const b = placed('f64', 300, 10)
  const skew = random('f64', 1, 300, 300)
  const moved = add(b, sub(skew, turned(skew)))
  // skew parts round the elements of A by an ulp of 2
  assert.ok(item(max(abs(sub(cholesky(moved), cholesky(b))))) < 300 * 10 * 4 * unit.f64)
}) // biome-ignore format: matrices

test('stacks, and no members, and no rows', () => {
  const a = stack([placed('f64', 4, 2), placed('f64', 4, 5), placed('f64', 4, 50)])
  const l = cholesky(a)
  assert.equal(l.shape, [3, 4, 4])
  assert.ok(residual(a, l) <= 20)
  assert.equal(cholesky(zeros([0, 3, 3])).shape, [0, 3, 3])
  assert.equal(cholesky(zeros([2, 0, 0])).shape, [2, 0, 0])
})

test('scale: a power of four times A has that power of two times L, in f32 to the end of its range', () => {
  for (const n of [5, 300]) {
    const a = placed('f32', n, 100)
    const l = readSync(cholesky(a))
    // 2^±100 is about 1e±30; small elements of the smaller A are subnormal, and lose 2⁻¹⁴⁹ against 2⁻¹⁰⁰: a rounding may turn.
    // Where the device has none, each of n terms may lose 2⁻¹²⁶
    for (const power of [-50, 50])
      readSync(cholesky(mul(a, 4 ** power))).forEach((x, at) => {
        const wanted = l[at]! * 2 ** power
        assert.ok(Math.abs(x - wanted) <= (100 + n) * unit.f32 * 2 ** power, `${n} ${power} ${at}: ${x}, not ${wanted}`)
      })
  }
})

test('a member that is not definite or not finite is NaN in all its elements, the others are what they are alone', () => {
  for (const n of [4, 300, 600]) {
    const good = placed('f32', n, 10)
    const alone = readSync(cholesky(good))
    const spoil = (i: number, j: number, value: number): Tensor => {
      const data = Float32Array.from(readSync(good))
      data[i * n + j] = value
      return array(data, { shape: [n, n] })
    }
    const bad = [
      spoil(0, 0, -1), spoil(n - 1, n - 1, -1), spoil(n - 1, n - 1, Number.NaN), spoil(n - 1, 0, Number.NaN), spoil(0, n - 1, Number.NaN),
      spoil(0, 0, Number.POSITIVE_INFINITY), spoil(n - 2, n - 1, Number.NEGATIVE_INFINITY), zeros([n, n]),
    ] // biome-ignore format: a list
    const got = readSync(cholesky(stack([good, ...bad, good])))
    const member = (m: number) => got.subarray(m * n * n, (m + 1) * n * n)
    bad.forEach((_, m) => {
      assert.ok(member(m + 1).every(Number.isNaN), `n ${n}, case ${m}`)
    })
    for (const m of [0, bad.length + 1]) assert.equal(member(m), alone)
  }
})

test('semidefinite: the last pivot is rounding or none, and the answer is a factor or NaN, never something else', () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const n = 20
    const b = random('f32', seed, n, n - 1)
    const a = matmul(b, transpose(b))
    const l = cholesky(a)
    const got = readSync(l)
    if (got.some(Number.isNaN)) assert.ok(got.every(Number.isNaN))
    else assert.ok(residual(a, l) <= 2 * n + 20)
  }
})

test('errors name the function and the shape', () => {
  assert.throws(() => cholesky(zeros([2, 3])), /cholesky: needs square matrices, got f32\[2,3\]/)
  assert.throws(() => cholesky(zeros([3])), /cholesky: needs a matrix, or a stack of them/)
})

test('a pivot of 0 is not positive, the last one too', () => {
  for (const rows of [[[0]], [[1, 1], [1, 1]], [[0, 0], [0, 1]]])
    assert.ok(readSync(cholesky(array(rows))).every(Number.isNaN), JSON.stringify(rows))
}) // biome-ignore format: matrices

test.run()
