import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, toNested } from '../index.js'
import { basisOf, coefficients, combination, placed } from './basis.js'
import { integer } from './refine.js'
import { vectorSpace } from './vectors.js'

const vector = (values: readonly number[]) => ({ w: array([values.slice(0, 2)]), c: array(values[2]!) })

test('vectors are stored, found again, and combined; where none was stored there is 0', () => {
  const [u, v] = [vector([1, 2, 3]), vector([4, 5, 6])]
  const basis = placed(placed(basisOf(3, vectorSpace(u)), integer(0), u), integer(2), v)
  assert.equal(toNested(basis.w), [[[1, 2]], [[0, 0]], [[4, 5]]])
  assert.equal(toNested(basis.c), [3, 0, 6])
  assert.equal(toNested(coefficients(basis, vector([1, 0, 2]))), [7, 0, 16])
  const sum = combination(basis, array([2, 100, -1]))
  assert.equal([toNested(sum.w), toNested(sum.c)], [[[-2, -1]], 0])
})

test.run()
