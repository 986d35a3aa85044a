import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { add, array, jit, matmul, type Tensor, toNested, transpose, zeros } from '../index.js'
import { diagonalOperator, materialise, matrix, operator, vectorSpace } from './index.js'

test('columns are the images of unit vectors, and trees are counted leaf after leaf by sorted key', () => {
  const tree = operator({
    domain: vectorSpace({ w: zeros([2, 2]), b: zeros([1]) }),
    codomain: vectorSpace(zeros([2])),
    // w · [1, 10] + b
    apply: ({ w, b }) => add(matmul(w, array([1, 10])), b),
  })
  assert.equal(toNested(materialise(tree)), [[1, 1, 10, 0, 0], [1, 0, 0, 1, 10]]) // biome-ignore format: a matrix
  assert.equal(toNested(materialise(diagonalOperator({ w: array([[1, 2]]), b: array(3) }))), [[3, 0, 0], [0, 1, 0], [0, 0, 2]]) // biome-ignore format: a matrix
})

test('f64 stays f64, a jitted function may ask, sizes of 0 and 1 are sizes', () => {
  const { dense: _, ...a } = matrix(array([[1, 2, 3]], { dtype: 'f64' }))
  assert.is(materialise(a).dtype, 'f64')
  const gram = jit((x: Tensor) => {
    const { dense: _, ...own } = matrix(x)
    return matmul(transpose(materialise(own)), materialise(own))
  })
  assert.equal(toNested(gram(array([[1, 2]]))), [[1, 2], [2, 4]]) // biome-ignore format: a matrix
  assert.equal(materialise(diagonalOperator(zeros([0]))).shape, [0, 0])
  const none = operator({ domain: vectorSpace(zeros([0])), codomain: vectorSpace(zeros([2])), apply: () => zeros([2]) })
  assert.equal(materialise(none).shape, [2, 0])
  assert.equal(toNested(materialise(matrix([[7]]))), [[7]])
})

test.run()
