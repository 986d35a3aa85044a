/** Faults that a review found. */

import { array, jit, mul, sum, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { customJvp, customVjp, grad, hvp, jvp, linearize, vjp, vmap } from '../index.js'
import { elements, f64, messageOf } from '../support.testing.js'

test('a number among f64 is that number, not its neighbour in f32', () => {
  const twice = (x: Tensor): Tensor => mul(x, 2)
  assert.equal(elements(vjp(twice, [f64(1)]).pull(0.1)[0]), [0.2])
  assert.equal(elements(jvp(twice, [f64(1)], [0.1]).tangent), [0.2])
  assert.equal(elements(linearize(twice, [f64(1)]).push(0.1)), [0.2])
  assert.equal(elements(hvp((x: Tensor) => mul(x, x))(f64(1))(0.1)), [0.2])
  const push = jit((x: Tensor, v: Tensor) => jvp(twice, [x], [v]).tangent)
  assert.equal(elements(push(f64(1), 0.1 as never)), [0.2])
})

test('a rule may return numbers for scalars of any float dtype', () => {
  const reverse = customVjp(
    (x: Tensor) => x,
    (x) => [x, null] as const,
    () => [0.1],
  )
  const forward = customJvp(
    (x: Tensor) => x,
    ([x]) => [x, 0.1],
  )
  for (const dtype of ['f32', 'f64'] as const)
    assert.equal(elements(grad((x: Tensor) => reverse(x))(array(1, { dtype }))), elements(array(0.1, { dtype })))
  assert.equal(elements(jvp(forward, [f64(1)], [1]).tangent), [0.1])
})

test('a rule that multiplies its tangents is refused in reverse mode with a reason', () => {
  const squared = customJvp(
    (x: Tensor) => x,
    ([x], [v]) => [x, mul(v, v)],
  )
  assert.match(
    messageOf(() => grad((x: Tensor) => sum(squared(x)))(f64([1, 2]))),
    'is not linear',
  )
})

test('vmap refuses axes for a key that the argument has not', () => {
  const f = vmap((p: { readonly a: Tensor }) => p.a, { in: [{ a: 0, b: 0 }] })
  assert.match(
    messageOf(() => f({ a: f64([1, 2]) })),
    'do not fit the form',
  )
})

test.run()
