import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { add, array, item, key, liveBuffers, mul, roll, scope, sqrt, type Tensor, zeros } from '../index.js'
import { adjointGap, checkOperator, diagonalOperator, type Facts, matrix, operator, vectorSpace } from './index.js'

const f64 = (x: unknown): Tensor => array(x as number[], { dtype: 'f64' })
const five = vectorSpace(zeros([5], { dtype: 'f64' }))
const shift = (back: number): ReturnType<typeof operator<Tensor>> =>
  operator({ domain: five, apply: (x) => roll(x, 1), transpose: (y) => roll(y, back) })

test('a true transpose has a gap of a few roundings, a wrong one a gap that no rounding makes', () => {
  assert.ok(item(adjointGap(shift(-1), key(1))) < 1e-15)
  assert.ok(item(adjointGap(shift(1), key(1))) > 0.01)
  assert.ok(item(adjointGap(matrix(f64([[1, 2, 3], [4, 5, 6]])), key(2))) < 1e-15) // biome-ignore format: a matrix
  for (const zero of [matrix(f64([[0, 0]])), matrix([[0, 0]])])
    assert.is(item(adjointGap(zero, key(2))), 0, 'an operator of zeros')
  assert.throws(
    () => adjointGap(operator({ domain: five, apply: (x) => x }), key(1)),
    /adjointGap: the operator has no transpose/,
  )
})

test('the gap does not depend on the scale, to the ends of f32', () => {
  for (const s of [1e-30, 1, 1e30]) {
    const gap = item(adjointGap(matrix(mul(array([[1, 2], [3, 5]]), s)), key(3))) as number // biome-ignore format: a matrix
    assert.ok(gap < 1e-6, `${s}: ${gap}`)
    const wrong = operator({
      domain: vectorSpace(zeros([2])),
      apply: (x) => mul(x, s),
      transpose: (y) => mul(y, -s),
    })
    assert.ok(item(adjointGap(wrong, key(3))) > 0.01, `${s}`)
  }
})

test('what is not linear is found', () => {
  const affine = operator({ domain: five, apply: (x) => add(x, 1) })
  const root = operator({ domain: five, apply: (x) => sqrt(mul(x, x)) })
  assert.throws(
    () => checkOperator(affine, key(1)),
    /checkOperator: A \(2 x − 3 y\) = 2 A x − 3 A y does not hold: off by/,
  )
  assert.throws(() => checkOperator(root, key(1)), /2 A x − 3 A y does not hold/)
  const nan = operator({ domain: five, apply: (x) => mul(x, NaN) })
  assert.throws(() => checkOperator(nan, key(1)), /off by NaN/)
})

test('a wrong transpose is named', () => {
  checkOperator(shift(-1), key(1))
  assert.throws(() => checkOperator(shift(1), key(1)), /⟨y, A x⟩ = ⟨Aᵀ y, x⟩ of `transpose` does not hold/)
})

const lower = [[1, 0, 0], [2, 3, 0], [4, 5, 6]] // biome-ignore format: a matrix
const upper = [[1, 2, 4], [0, 3, 5], [0, 0, 6]] // biome-ignore format: a matrix
const full = [[2, 1, 0], [1, 2, 1], [0, 1, 2]] // biome-ignore format: a matrix
const apart = [[1, 0, 0], [0, -3, 0], [0, 0, 2]] // biome-ignore format: a matrix
const minus = full.map((row) => row.map((x) => -x))

const claims: readonly (readonly [string, Facts, readonly number[][], readonly number[][]])[] = [
  ['symmetric', { symmetric: true }, full, lower],
  ['diagonal', { diagonal: true }, apart, full],
  ['lower', { triangular: 'lower' }, lower, upper],
  ['upper', { triangular: 'upper' }, upper, lower],
  ['upper of one element too many', { triangular: 'upper' }, upper, [[1, 2, 4], [0, 3, 5], [0, 1e-9, 6]]],
  ['positive', { symmetric: true, definite: 'positive' }, full, minus],
  ['negative', { symmetric: true, definite: 'negative' }, minus, full],
  ['nonnegative', { symmetric: true, definite: 'nonnegative' }, [[1, 1, 0], [1, 1, 0], [0, 0, 0]], minus],
  ['nonpositive', { symmetric: true, definite: 'nonpositive' }, minus, full],
] // biome-ignore format: a table
for (const [name, facts, right, wrong] of claims)
  test(`a claim that holds passes, one that does not is found: ${name}`, () => {
    checkOperator(matrix(f64(right), facts), key(7))
    const [fact] = Object.keys(facts).slice(-1)
    assert.throws(
      () => checkOperator(matrix(f64(wrong), facts), key(7)),
      (error: Error) => error.message.includes(`facts.${fact}`),
    )
  })

test('trees, one element, no element, f32', () => {
  checkOperator(diagonalOperator({ w: array([[1, 2]]), b: array(3) }), key(1))
  checkOperator(matrix([[4]], { symmetric: true, diagonal: true, triangular: 'lower', definite: 'positive' }), key(1))
  checkOperator(diagonalOperator(zeros([0])), key(1))
})

test('nothing that was made is left', () => {
  const a = matrix(f64(full), { symmetric: true, triangular: undefined as never })
  const seed = key(9)
  scope(() => checkOperator(a, seed))
  const before = liveBuffers().count
  checkOperator(a, seed)
  assert.is(liveBuffers().count, before)
})

test.run()
