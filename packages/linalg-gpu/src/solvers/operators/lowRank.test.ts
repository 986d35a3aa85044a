import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, item, jit, key, type Tensor, toNested } from '../../index.js'
import { adjointGap, checkOperator } from '../adjoint.js'
import { lowRank, materialise, type Operator } from '../index.js'
import { type Dense, draws, eliminated, minus, normals, size, times, transposed, ulp } from '../systems.testing.js'

const f64 = (x: readonly number[] | Dense | number): Tensor => array(x as number[], { dtype: 'f64' })
const byColumns = (a: Operator): Dense => {
  const { dense: _, ...rest } = a
  return toNested(materialise(rest)) as never
}
const diag = (d: readonly number[]): Dense => d.map((x, i) => d.map((_, j) => (i === j ? x : 0)))
const plus = (a: Dense, b: Dense): Dense => a.map((r, i) => r.map((x, j) => x + b[i]![j]!))

const u = [[1, 2], [0, 1], [-1, 1], [3, 0]] // biome-ignore format: a matrix
const v = [[2, 0], [1, 1], [0, -1], [1, 2]] // biome-ignore format: a matrix
const c = [[2, 1], [0, 3]] // biome-ignore format: a matrix
const d = [5, 6, 7, 8]

const cases: readonly (readonly [string, Parameters<typeof lowRank>[0], Dense])[] = [
  ['D + U Uᵀ', { diagonal: f64(d), left: f64(u) }, plus(diag(d), times(u, transposed(u)))],
  ['one number for D', { diagonal: 5, left: f64(u) }, plus(diag([5, 5, 5, 5]), times(u, transposed(u)))],
  ['a scalar for D', { diagonal: f64(5), left: f64(u) }, plus(diag([5, 5, 5, 5]), times(u, transposed(u)))],
  ['a diagonal C', { diagonal: f64(d), left: f64(u), center: f64([2, -1]) }, plus(diag(d), times(u, times(diag([2, -1]), transposed(u))))],
  ['a matrix C and V', { diagonal: f64(d), left: f64(u), center: f64(c), right: f64(v) }, plus(diag(d), times(u, times(c, transposed(v))))],
  ['a singular C', { diagonal: f64(d), left: f64(u), center: f64([0, 1]), right: f64(v) }, plus(diag(d), times(u, times(diag([0, 1]), transposed(v))))],
] // biome-ignore format: a table

for (const [name, parts, dense] of cases)
  test(`${name}: the operator, its matrix, its transpose and its inverse`, () => {
    const a = lowRank(parts)
    assert.equal(byColumns(a), dense)
    assert.equal(toNested(materialise(a)), dense)
    checkOperator(a, key(1))
    const b = [1, -2, 3, 4]
    const inverse = a.inverse()
    const x = toNested(inverse.apply(f64(b))) as number[]
    const expected = eliminated(dense, b)
    // condition numbers here are below 100
    assert.ok(size(minus(x, expected)) <= 100 * 8 * ulp.f64 * size(expected), `${x} ${expected}`)
    const y = toNested(inverse.transpose!(f64(b))) as number[]
    const turned = eliminated(transposed(dense), b)
    assert.ok(size(minus(y, turned)) <= 100 * 8 * ulp.f64 * size(turned), `${y} ${turned}`)
    assert.ok(item(adjointGap(inverse, key(2))) < 100 * ulp.f64)
  })

test('facts: symmetric by its form, positive where D is a number above 0, and what its maker says', () => {
  const left = f64(u)
  assert.equal(lowRank({ diagonal: 1, left }).facts, { symmetric: true, definite: 'positive' })
  assert.equal(lowRank({ diagonal: 0, left }).facts, { symmetric: true, definite: 'nonnegative' })
  // 1e-50 is 0 in f32
  assert.equal(lowRank({ diagonal: 1e-50, left: array([[1], [2]]) }).facts, {
    symmetric: true,
    definite: 'nonnegative',
  })
  assert.equal(lowRank({ diagonal: -1, left }).facts, { symmetric: true })
  assert.equal(lowRank({ diagonal: f64(d), left }).facts, { symmetric: true })
  assert.equal(lowRank({ diagonal: f64(d), left, center: f64([1, 2]) }).facts, { symmetric: true })
  assert.equal(lowRank({ diagonal: 1, left, center: f64(c) }).facts, {})
  assert.equal(lowRank({ diagonal: 1, left, right: f64(v) }).facts, {})
  const said = lowRank({ diagonal: f64(d), left }, { definite: 'positive' })
  assert.equal(said.inverse().facts, { symmetric: true, definite: 'positive' })
  assert.equal(lowRank({ diagonal: 0, left }).inverse().facts, { symmetric: true })
})

test('thirty elements and five directions in f32: the inverse undoes the operator to κ roundings', () => {
  const random = draws(3)
  const left = array(Array.from({ length: 30 }, () => normals(5, random)) as never)
  const a = lowRank({ diagonal: array(Array.from({ length: 30 }, () => 1 + random())), left })
  const x = normals(30, random)
  const back = jit((y: Tensor) => a.inverse().apply(a.apply(y)))(array(x))
  // U Uᵀ has eigenvalues up to about (√30 + √5)² = 60
  assert.ok(size(minus(toNested(back) as number[], x)) <= 60 * 8 * ulp.f32 * size(x))
})

test('a zero on D or a singular whole makes an inverse of infinities and NaN, not of numbers', () => {
  const zero = lowRank({ diagonal: f64([0, 1]), left: f64([[1], [1]]) }).inverse()
  assert.not((toNested(zero.apply(f64([1, 1]))) as number[]).every(Number.isFinite))
  const singular = lowRank({ diagonal: 1, left: f64([[1], [0]]), center: f64([-1]) }).inverse()
  assert.not((toNested(singular.apply(f64([1, 1]))) as number[]).every(Number.isFinite))
})

test('parts that do not fit are refused', () => {
  const left = f64(u)
  assert.throws(
    () => lowRank({ diagonal: 1, left: f64([1, 2]) }),
    /lowRank: the left side is a matrix \[n, r\], got \[2\]/,
  )
  assert.throws(
    () => lowRank({ diagonal: f64([1, 2]), left }),
    /the diagonal is \[\] or \[4\] for 2 directions of 4 elements, got \[2\]/,
  )
  assert.throws(() => lowRank({ diagonal: 1, left, center: f64([1]) }), /the center is \[2\] or \[2, 2\]/)
  assert.throws(() => lowRank({ diagonal: 1, left, right: f64([[1, 2]]) }), /the right side is \[4, 2\]/)
})

test.run()
