import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, item, jit, key, liveBuffers, mul, scope, type Tensor, toNested } from '../../index.js'
import { checkOperator } from '../adjoint.js'
import {
  composed,
  damped,
  diagonalOperator,
  identity,
  materialise,
  matrix,
  type Operator,
  scaled,
  sumOf,
  transposed,
  vectorSpace,
} from '../index.js'
import { type Dense, times, transposed as turned } from '../systems.testing.js'
import { operator } from './checked.js'

interface Pair {
  readonly a: Operator
  readonly dense: Dense
}

const n = 3
const f64 = (x: readonly number[] | Dense): Tensor => array(x as number[], { dtype: 'f64' })
const whole = fc.integer({ min: -3, max: 3 })
const row = fc.array(whole, { minLength: n, maxLength: n })
const square = fc.array(row, { minLength: n, maxLength: n })
const diag = (d: readonly number[]): Dense => d.map((x, i) => d.map((_, j) => (i === j ? x : 0)))
const plus = (a: Dense, b: Dense): Dense => a.map((r, i) => r.map((x, j) => x + b[i]![j]!))
const by = (c: number, a: Dense): Dense => a.map((r) => r.map((x) => c * x))

/** Expressions over 3 × 3 matrices of small whole numbers, whose values are exact, beside the matrix that they mean. */
const pairs = fc.letrec<{ pair: Pair; leaf: Pair }>((tie) => ({
  leaf: fc.oneof(
    square.map((dense) => ({ a: matrix(f64(dense)), dense })),
    // with no matrix at hand
    square.map((dense) => ({ a: withoutDense(matrix(f64(dense))), dense })),
    square.map((own) => {
      const dense = times(own, turned(own))
      return { a: matrix(f64(dense), { symmetric: true, definite: 'nonnegative' }), dense }
    }),
    square.map((own) => {
      const dense = own.map((r, i) => r.map((x, j) => (j <= i ? x : 0)))
      return { a: matrix(f64(dense), { triangular: 'lower' }), dense }
    }),
    row.map((d) => ({ a: diagonalOperator(f64(d)), dense: diag(d) })),
    fc.constant({ a: identity(vectorSpace(f64([0, 0, 0]))), dense: diag([1, 1, 1]) }),
  ),
  pair: fc.oneof(
    { maxDepth: 3 },
    tie('leaf'),
    fc.tuple(tie('pair'), tie('pair')).map(([x, y]) => ({ a: sumOf(x.a, y.a), dense: plus(x.dense, y.dense) })),
    fc.tuple(tie('pair'), tie('pair')).map(([x, y]) => ({ a: composed(x.a, y.a), dense: times(x.dense, y.dense) })),
    fc.tuple(tie('pair'), whole).map(([x, c]) => ({ a: scaled(c, x.a), dense: by(c, x.dense) })),
    fc.tuple(tie('pair'), whole).map(([x, c]) => ({
      a: scaled(f64([c]).shape.length ? array(c, { dtype: 'f64' }) : c, x.a),
      dense: by(c, x.dense),
    })),
    fc.tuple(tie('pair'), whole).map(([x, c]) => ({ a: damped(x.a, c), dense: plus(x.dense, diag([c, c, c])) })),
    tie('pair').map((x) => ({ a: transposed(x.a), dense: turned(x.dense) })),
  ),
})).pair

const withoutDense = ({ dense: _, ...rest }: Operator): Operator => rest

test('sums, multiples, products and transposes of operators are those of their matrices, by columns and at hand, and so are their transposes and facts', () => {
  fc.assert(
    fc.property(pairs, ({ a, dense }) => {
      scope(() => {
        assert.equal(toNested(materialise(a)), dense)
        assert.equal(toNested(materialise(withoutDense(a))), dense)
        assert.equal(toNested(materialise(withoutDense(transposed(a)))), turned(dense))
        checkOperator(a, key(1))
      })
    }),
    { numRuns: 60, seed: 5 },
  )
})

test('operators made within a jitted function of traced matrices and factors are the same', () => {
  const image = jit((a: Tensor, c: Tensor, x: Tensor) =>
    composed(transposed(matrix(a)), damped(scaled(c, matrix(a)), 2)).apply(x),
  )
  // Aᵀ (3 A + 2 I) x with A = [[1, 2], [3, 4]], x = [1, −1]: (3 A + 2 I) x = [−1, −5]
  assert.equal(toNested(image(f64([[1, 2], [3, 4]]), array(3, { dtype: 'f64' }), f64([1, -1]))), [-16, -22]) // biome-ignore format: a matrix
})

test('an application leaves no more than its result', () => {
  const a = matrix([[1, 2], [3, 4]]) // biome-ignore format: a matrix
  const whole = composed(transposed(a), sumOf(damped(scaled(2, a), 3), a))
  const x = array([1, 2])
  whole.apply(x)
  const before = liveBuffers().count
  const y = whole.apply(x)
  const z = whole.transpose!(x)
  const m = materialise(whole)
  assert.is(liveBuffers().count - before, 3)
  for (const made of [y, z, m]) made[Symbol.dispose]()
})

test('a factor whose sign the dtype does not keep claims none', () => {
  const positive = matrix([[2]], { symmetric: true, definite: 'positive' })
  assert.is(scaled(1e-30, positive).facts.definite, 'positive')
  assert.is(scaled(1e-60, positive).facts.definite, 'nonnegative', '1e-60 is 0 in f32')
  assert.is(scaled(array(2), positive).facts.definite, undefined, 'a tensor may hold anything')
  assert.is(scaled(array(2), positive).facts.symmetric, true)
  assert.is(damped(scaled(0, positive), 1).facts.definite, 'positive')
  assert.is(damped(positive, -1).facts.definite, undefined)
})

test('what does not fit is refused, and the message says what would', () => {
  const tall = matrix([[1], [2]]) // [1] → [2]
  const short = matrix([[1, 2]]) // [2] → [1]
  assert.throws(() => sumOf(tall, short), /sumOf: term 1 maps from another space: f32\[2\] is not f32\[1\]/)
  assert.throws(() => sumOf(matrix([[1]]), tall), /term 1 maps to another space: f32\[2\] is not f32\[1\]/)
  assert.throws(() => composed(tall, tall), /composed: the second maps to another space than the first from/)
  assert.throws(() => damped(tall, 1), /damped: the operator maps to another space/)
  assert.throws(() => scaled(NaN, tall), /scaled: the factor is a finite number or a scalar, got NaN/)
  assert.throws(() => scaled(array([1, 2]), tall), /got \[2\]/)
  const oneWay = operator({ domain: vectorSpace(array([1, 2])), apply: (x) => mul(x, 2) })
  assert.throws(() => transposed(oneWay), /transpose of the operator is not known.*linearTranspose.*facts.symmetric/)
  assert.is(sumOf(oneWay, matrix([[1, 0], [0, 1]])).transpose, undefined) // biome-ignore format: a matrix
  assert.throws(() => matrix([[1, 2]], { symmetric: true }), /matrix: f32\[1,2\] is not square/)
})

test('the transpose of a rectangular product goes the other way', () => {
  const a = composed(matrix(f64([[1, 2, 3]])), matrix(f64([[1], [2], [4]])))
  assert.equal(toNested(a.apply(f64([2]))), [34])
  const b = composed(matrix(f64([[1], [2], [4]])), matrix(f64([[1, 3]])))
  assert.equal(toNested(transposed(b).apply(f64([1, 0, 1]))), [5, 15])
  assert.is(item(transposed(transposed(a)).apply(f64([1]))), 17)
})

test.run()
