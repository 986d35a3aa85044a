// The public function, and its blocked form, on whatever device the tests run.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  abs, add, array, broadcastTo, div, equal, eye, item, jit, key, matmul, max, mul, readSync, sub, type Tensor, toNested, tril, triu, uniform, where, zeros,
} from '../index.js' // biome-ignore format: a list
import { turned } from './blocked.js'
import { solveTriangular } from './solveTriangular.js'

const random = (dtype: 'f32' | 'f64', seed: number, ...shape: number[]): Tensor =>
  uniform(key(seed), shape, { low: -1, high: 1, dtype })

/** Off the diagonal of size 1/n, near 2 on it: X is of the size of B. */
const wellBehaved = (dtype: 'f32' | 'f64', seed: number, ...shape: number[]): Tensor => {
  const n = shape[shape.length - 1]!
  return add(div(random(dtype, seed, ...shape), n), broadcastTo(mul(2, eye(n, n, { dtype })), shape))
}

const options = [false, true].flatMap((lower) =>
  [false, true].flatMap((transposed) => [false, true].map((unitDiagonal) => ({ lower, transposed, unitDiagonal }))),
)

/** |B − op(A) X| in roundings of |op(A)| |X|. */
const residual = (
  a: Tensor,
  b: Tensor,
  x: Tensor,
  { lower, transposed, unitDiagonal }: (typeof options)[number],
): number => {
  const n = a.shape[a.shape.length - 1]!
  const { dtype } = a
  const read = lower ? tril(a, unitDiagonal ? -1 : 0) : triu(a, unitDiagonal ? 1 : 0)
  const own = unitDiagonal ? add(read, eye(n, n, { dtype })) : read
  const op = transposed ? turned(own) : own
  const rest = abs(sub(b, matmul(op, x)))
  return item(max(div(rest, matmul(abs(op), abs(x))))) / (dtype === 'f32' ? 2 ** -24 : 2 ** -53)
}

test('sizes that no block divides, all kinds, one column and many', () => {
  for (const dtype of ['f32', 'f64'] as const)
    for (const [n, k] of [[1, 1], [65, 1], [65, 3], [130, 40], [300, 1], [257, 17], [300, 5], [520, 2]] as const)
      for (const one of options) {
        const [a, b] = [wellBehaved(dtype, n, n, n), random(dtype, k, n, k)]
        const solve = jit((p: Tensor, q: Tensor) => solveTriangular(p, q, one))
        const x = solve(a, b)
        // the residual is itself a product with n roundings
        const got = residual(a, b, x, one)
        assert.ok(got <= 3 * n, `${dtype} ${n} ${k} ${JSON.stringify(one)}: ${got} roundings`)
      }
}) // biome-ignore format: a table of sizes

test('stacks of matrices, of right sides, of both; a vector', () => {
  const a = wellBehaved('f64', 1, 2, 3, 5, 5)
  const b = random('f64', 2, 3, 5, 2)
  const x = solveTriangular(a, b)
  assert.equal(x.shape, [2, 3, 5, 2])
  assert.ok(residual(a, b, x, { lower: true, transposed: false, unitDiagonal: false }) < 15)
  const one = wellBehaved('f64', 3, 5, 5)
  // one matrix for all: its right sides are solved as columns
  const sides = random('f64', 4, 2, 3, 5, 2)
  const many = solveTriangular(one, sides)
  assert.equal(many.shape, [2, 3, 5, 2])
  assert.ok(residual(one, sides, many, { lower: true, transposed: false, unitDiagonal: false }) < 15)
  assert.equal(solveTriangular(one, zeros([0, 5, 2], { dtype: 'f64' })).shape, [0, 5, 2])
  assert.equal(solveTriangular(one, random('f64', 5, 5)).shape, [5])
  assert.equal(solveTriangular(wellBehaved('f32', 6, 0, 3, 3), random('f32', 7, 3, 2)).shape, [0, 3, 2])
  assert.equal(solveTriangular(random('f32', 6, 0, 0), random('f32', 7, 0, 2)).shape, [0, 2])
})

test('only the one triangle is read, also in blocks', () => {
  for (const n of [3, 300])
    for (const one of options) {
      const a = wellBehaved('f32', n, n, n)
      const nan = mul(Number.NaN, random('f32', 1, n, n))
      const inside = one.lower ? tril(a, one.unitDiagonal ? -1 : 0) : triu(a, one.unitDiagonal ? 1 : 0)
      const outside = where(equal(inside, 0), nan, inside)
      const b = random('f32', 2, n, 3)
      assert.equal(readSync(solveTriangular(outside, b, one)), readSync(solveTriangular(a, b, one)))
    }
})

test('integers count as f32; f16 is computed in f32 and rounded', () => {
  const x = solveTriangular(array([[2, 0], [1, 4]], { dtype: 'i32' }), array([2, 9], { dtype: 'i32' }))
  assert.is(x.dtype, 'f32')
  assert.equal(toNested(x), [1, 2])
  const half = solveTriangular(array([[3, 0], [1, 1]], { dtype: 'f16' }), array([1, 1], { dtype: 'f16' }))
  assert.is(half.dtype, 'f16')
  assert.equal(toNested(half), [0.333251953125, 0.66650390625])
}) // biome-ignore format: matrices

test('scale: s·B gives s·X where s is a power of two, in f32', () => {
  const a = wellBehaved('f32', 9, 300, 300)
  const b = random('f32', 10, 300, 3)
  const x = readSync(solveTriangular(a, b))
  // a product below 2⁻¹²⁶, which is 0 on some devices, is below the last place of what it is taken from
  for (const s of [2 ** -80, 2 ** 100])
    assert.equal(
      readSync(solveTriangular(a, mul(b, s))),
      x.map((v) => v * s),
    )
})

test('NaN and zero pivots stay within their member, also in blocks', () => {
  const n = 300
  const a = wellBehaved('f32', 3, 2, n, n)
  const spoiled = mul(a, array([Number.NaN, 1], { shape: [2, 1, 1] }))
  const b = random('f32', 4, n, 5)
  const x = readSync(solveTriangular(spoiled, b))
  assert.ok(x.subarray(0, 5 * n).every(Number.isNaN))
  assert.equal(x.subarray(5 * n), readSync(solveTriangular(a, b)).subarray(5 * n))
})

test('errors name the function, both shapes and what is wrong', () => {
  assert.throws(
    () => solveTriangular(array([[1, 2, 3]]), array([1])),
    /solveTriangular: needs square matrices, got f32\[1,3\]/,
  )
  assert.throws(
    () => solveTriangular(array([[1]]), array([1, 2])),
    /solveTriangular: the matrix has 1 rows, the right side 2/,
  )
  assert.throws(() => solveTriangular(array([1]), array([1])), /solveTriangular: needs a matrix/)
})

test.run()
