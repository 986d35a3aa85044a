/** Trees as vectors and back. */

import { array, jit, mul, sum, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { grad, hessian, ravel, vmap } from '../index.js'
import { elements, f64, formOf, near } from '../support.testing.js'

const tree = {
  w: f64([
    [1, 2],
    [3, 4],
  ]),
  b: [f64(5), { c: f64([6]) }] as const,
}

test('leaves in the order of flattening; the round trip is exact', () => {
  const { flat, unravel } = ravel(tree)
  assert.is(formOf(flat), 'f64[6]')
  near(flat, [5, 6, 1, 2, 3, 4])
  const back = unravel(flat)
  assert.is(formOf(back), formOf(tree))
  assert.equal(elements(back.w), [1, 2, 3, 4])
  assert.equal(elements(ravel(back).flat), elements(flat))
})

test('a single tensor, and one element', () => {
  near(ravel(f64(3)).flat, [3])
  near(ravel(f64([[1, 2]])).unravel(f64([5, 6])), [5, 6])
  assert.is(formOf(ravel(f64(3)).unravel(f64([5]))), 'f64[]')
})

test('under jit, grad and vmap: both ways are linear', () => {
  const loss = (t: typeof tree): Tensor => {
    const { flat } = ravel(t)
    return sum(mul(flat, mul(flat, flat)))
  }
  near(grad(loss)(tree as never), [75, 108, 3, 12, 27, 48])
  near(jit(grad(loss))(tree as never), [75, 108, 3, 12, 27, 48])
  const { flat, unravel } = ravel(tree)
  const onVectors = (v: Tensor): Tensor => {
    const { w, b } = unravel(v)
    return mul(sum(w), mul(b[0], b[0]))
  }
  near(grad(onVectors)(flat), [100, 0, 25, 25, 25, 25])
  near(hessian(onVectors)(flat).shape, [6, 6])
  near(vmap(onVectors)(array([elements(flat), elements(flat)], { dtype: 'f64' })), [250, 250])
})

test.run()
