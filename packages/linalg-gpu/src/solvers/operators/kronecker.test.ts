import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, key, type Tensor, toNested } from '../../index.js'
import { item } from '../../run/read.js'
import { adjointGap, checkOperator } from '../adjoint.js'
import { diagonalOperator, kronecker, materialise, matrix, type Operator, transposed, vectorSpace } from '../index.js'
import { type Dense, transposed as turned } from '../systems.testing.js'

const f64 = (x: readonly number[] | Dense): Tensor => array(x as number[], { dtype: 'f64' })
const a = [[1, 2, -1], [0, 3, 5]] // biome-ignore format: a matrix
const b = [[2, 1], [4, -3], [1, 1], [0, 7]] // biome-ignore format: a matrix
const product = (p: Dense, q: Dense): Dense => p.flatMap((r) => q.map((s) => r.flatMap((x) => s.map((y) => x * y))))
const byProducts = ({ dense: _, ...rest }: Operator): Operator => rest

const forms: readonly (readonly [string, Operator, Operator])[] = [
  ['with both matrices at hand', matrix(f64(a)), matrix(f64(b))],
  ['by products alone', byProducts(matrix(f64(a))), byProducts(matrix(f64(b)))],
  ['with one matrix at hand', matrix(f64(a)), byProducts(matrix(f64(b)))],
]
for (const [name, left, right] of forms)
  test(`A X Bᵀ is (A ⊗ B) on rows put one after another, ${name}`, () => {
    const both = kronecker(left, right)
    assert.equal(toNested(materialise(both)), product(a, b))
    assert.equal(toNested(materialise(transposed(both))), turned(product(a, b)))
    // [[1, 0], [0, 0], [0, 2]]: A X = [[1, −2], [0, 10]], times Bᵀ
    assert.equal(toNested(both.apply(f64([[1, 0], [0, 0], [0, 2]]))), [[0, 10, -1, -14], [10, -30, 10, 70]]) // biome-ignore format: matrices
    assert.ok(item(adjointGap(both, key(2))) < 1e-14)
  })

test('the facts of a product of a positive and a negative factor hold', () => {
  const positive = matrix(f64([[2, 1], [1, 2]]), { symmetric: true, definite: 'positive' }) // biome-ignore format: a matrix
  const negative = diagonalOperator(f64([-1, -3, -2]), { definite: 'negative' })
  const both = kronecker(positive, negative)
  assert.equal(both.facts, { symmetric: true, definite: 'negative' })
  checkOperator(both, key(3))
  assert.equal(kronecker(negative, negative).facts, { symmetric: true, diagonal: true, definite: 'positive' })
})

test('one element, and none', () => {
  assert.equal(toNested(kronecker(matrix([[3]]), matrix([[5]])).apply(array([[2]]))), [[30]])
  const none = matrix(array([], { shape: [0, 0] }))
  assert.equal(kronecker(none, matrix([[1, 2]])).apply(array([], { shape: [0, 2] })).shape, [0, 1])
})

test('factors of trees, of matrices or of two dtypes are refused', () => {
  const onTree = diagonalOperator({ w: array([1, 2]) }) as unknown as Operator
  assert.throws(
    () => kronecker(onTree, matrix([[1]])),
    /kronecker: factors act on vectors \[n\], got one on \{w: f32\[2\]\}/,
  )
  assert.throws(() => kronecker(matrix([[1]]), matrix(f64([[1]]))), /two dtypes, f32 and f64: cast one/)
  assert.throws(() => kronecker(kronecker(matrix([[1]]), matrix([[1]])), matrix([[1]])), /got one on f32\[1,1\]/)
  assert.ok(vectorSpace(array([1])))
})

test.run()
