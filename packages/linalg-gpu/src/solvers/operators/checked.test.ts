import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, mul, slice, toNested, zeros } from '../../index.js'
import { cg, operator, vectorSpace } from '../index.js'

const three = vectorSpace(zeros([3]))
const two = vectorSpace(zeros([2]))

test('vectors that go in and come out are checked against their spaces', () => {
  const first = operator({ domain: three, codomain: two, apply: (x) => slice(x, [0, 2]) })
  assert.equal(toNested(first.apply(array([1, 2, 3]))), [1, 2])
  assert.throws(
    () => first.apply(array([1, 2])),
    /operator: the vector has a leaf f32\[2\] where the operator expects f32\[3\]/,
  )
  const wrong = operator({
    domain: three,
    codomain: three,
    apply: (x) => slice(x, [0, 2]),
    transpose: (y) => slice(y, [1, 3]),
  })
  assert.throws(() => wrong.apply(array([1, 2, 3])), /operator: the product has a leaf f32\[2\]/)
  assert.throws(
    () => wrong.transpose!(array([1, 2, 3])),
    /operator: the product with the transpose has a leaf f32\[2\]/,
  )
  const other = operator({ domain: three, apply: (x) => ({ w: x }) as never })
  assert.throws(() => other.apply(array([1, 2, 3])), /the product has the form \{w: \*\}/)
})

test('the codomain is the domain where it is not given, and the operator is one for solvers', () => {
  const twice = operator({ domain: three, apply: (x) => mul(x, 2), facts: { symmetric: true } })
  assert.is(twice.codomain, twice.domain as never)
  assert.equal(toNested(cg()(twice)(array([2, 4, 6])).x), [1, 2, 3])
})

test('facts of square operators are refused of others, and vectors that are no floats', () => {
  assert.throws(
    () => operator({ domain: three, codomain: two, apply: (x) => slice(x, [0, 2]), facts: { symmetric: true } }),
    /operator: facts that only a square operator has, of one from f32\[3\] to f32\[2\]/,
  )
  assert.throws(
    () => operator({ domain: vectorSpace(zeros([2], { dtype: 'i32' })), apply: (x) => x }),
    /operator: a vector has leaves of one dtype, f32 or f64, got i32\[2\]/,
  )
})

test.run()
