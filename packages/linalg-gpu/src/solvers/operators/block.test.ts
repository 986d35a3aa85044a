import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, item, jit, key, type Tensor, toNested } from '../../index.js'
import { adjointGap, checkOperator } from '../adjoint.js'
import {
  block,
  cg,
  diagonalOperator,
  materialise,
  matrix,
  type Operator,
  operator,
  scaled,
  statusOf,
  transposed,
  vectorSpace,
} from '../index.js'

const f64 = (x: unknown): Tensor => array(x as number[], { dtype: 'f64' })
const a = matrix(f64([[2, 1], [1, 3]]), { symmetric: true, definite: 'positive' }) // biome-ignore format: a matrix
const b = matrix(f64([[1], [4]])) // [1] → [2]
const d = diagonalOperator(f64([7]), { definite: 'positive' })
type Two = readonly [Tensor, Tensor]

test('blocks act as the matrix that they make', () => {
  const whole = block<Two>([[a, b], [transposed(b), d]], { symmetric: true }) // biome-ignore format: blocks
  assert.equal(toNested(materialise(whole)), [[2, 1, 1], [1, 3, 4], [1, 4, 7]]) // biome-ignore format: a matrix
  assert.equal(whole.apply([f64([1, 0]), f64([2])]).map(toNested), [[4, 9], [15]])
  checkOperator(whole, key(1))
})

test('a null is a block of zeros, and rows and columns may differ in number', () => {
  const wide = block<Two, readonly [Tensor]>([[a, b]])
  assert.equal(toNested(materialise(wide)), [[2, 1, 1], [1, 3, 4]]) // biome-ignore format: a matrix
  assert.equal(toNested(materialise(transposed(wide))), [[2, 1], [1, 3], [1, 4]]) // biome-ignore format: a matrix
  const upper = block<Two>([[a, b], [null, d]]) // biome-ignore format: blocks
  assert.equal(toNested(materialise(upper)), [[2, 1, 1], [1, 3, 4], [0, 0, 7]]) // biome-ignore format: a matrix
  assert.equal(upper.facts, {})
  assert.ok(item(adjointGap(upper, key(4))) < 1e-15)
})

test('the facts of the blocks on a diagonal are those of the whole', () => {
  const whole = block<Two>([[a, null], [null, d]]) // biome-ignore format: blocks
  assert.equal(whole.facts, { symmetric: true, definite: 'positive' })
  checkOperator(whole, key(1))
  assert.equal(block<Two>([[d, null], [null, diagonalOperator(f64([1, 2]))]]).facts, { symmetric: true, diagonal: true }) // biome-ignore format: blocks
  const low = matrix(f64([[1, 0], [2, 3]]), { triangular: 'lower' }) // biome-ignore format: a matrix
  const triangle = block<Two>([[low, null], [transposed(b), d]]) // biome-ignore format: blocks
  assert.equal(triangle.facts, { triangular: 'lower' })
  checkOperator(triangle, key(2))
  assert.equal(block<Two>([[d, transposed(b)], [null, low]]).facts, {}, 'upper by blocks, lower within') // biome-ignore format: blocks
  assert.equal(transposed(triangle).facts, { triangular: 'upper' })
  checkOperator(transposed(triangle), key(3))
})

test('a null on the diagonal leaves a saddle: symmetric where it is said, never definite', () => {
  const saddle = block<Two>([[a, b], [transposed(b), null]], { symmetric: true }) // biome-ignore format: blocks
  assert.equal(toNested(materialise(saddle)), [[2, 1, 1], [1, 3, 4], [1, 4, 0]]) // biome-ignore format: a matrix
  assert.equal(saddle.facts, { symmetric: true })
  const steep = block<Two>([[a, scaled(10, b)], [scaled(10, transposed(b)), null]], { definite: 'positive' }) // biome-ignore format: blocks
  assert.throws(() => checkOperator(steep, key(5)), /facts.definite, 'positive'/)
})

test('blocks of blocks over trees, and a solve with them in a jitted function', () => {
  const inner = block<Two>([[a, null], [null, d]]) // biome-ignore format: blocks
  const tree = diagonalOperator({ w: f64([[2, 4]]) }, { definite: 'positive' })
  type Nested = readonly [Two, { readonly w: Tensor }]
  const whole = block<Nested>([[inner, null], [null, tree]]) // biome-ignore format: blocks
  assert.equal(whole.facts, { symmetric: true, definite: 'positive' })
  const { x, status } = jit((right: Nested) => cg()(whole)(right))([[f64([3, 4]), f64([14])], { w: f64([[4, 4]]) }])
  assert.is(statusOf(item(status)), 'converged')
  const flat = [
    ...(toNested(x[0][0]) as number[]),
    ...(toNested(x[0][1]) as number[]),
    ...(toNested(x[1].w) as number[][])[0]!,
  ]
  const expected = [1, 1, 2, 2, 1]
  flat.forEach((value, i) => assert.ok(Math.abs(value - expected[i]!) < 1e-8, `${flat}`))
})

test('grids that are no operator are refused, with the place', () => {
  assert.throws(() => block([]), /block: rows have one number of blocks, at least one, got none/)
  assert.throws(() => block([[a, b], [a]] as never), /got 2, 1/)
  assert.throws(
    () =>
      block([
        [a, null],
        [a, null],
      ] as never),
    /column 1 has null blocks only: .*scaled\(0/,
  )
  assert.throws(
    () =>
      block([
        [a, b],
        [d, d],
      ] as never),
    /column 0 has blocks of two domains: f64\[1\] is not f64\[2\]/,
  )
  assert.throws(() => block([[a, d]] as never), /row 0 has blocks of two codomains: f64\[1\] is not f64\[2\]/)
})

test('one block without a transpose leaves the whole without', () => {
  const oneWay: Operator = operator({ domain: vectorSpace(f64([1])), apply: (x) => x })
  assert.is(block<Two>([[a, b], [null, oneWay]]).transpose, undefined) // biome-ignore format: blocks
})

test.run()
