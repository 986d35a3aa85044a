/** Operators of functions and of Jacobians: products, transposes, what they keep and what they refuse. */

import { add, array, jit, less, matmul, mul, reshape, sin, sub, sum, type Tensor, whileLoop } from '@neumann/linalg-gpu'
import type { Operator } from '@neumann/linalg-gpu/solvers'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { grad, jacfwd, vmap } from '../index.js'
import { countingDevice, elements, f64, formOf, left, near, throws } from '../support.testing.js'
import { fromFunction, jacobianOperator } from './index.js'

const A = [
  [1, 2, 3],
  [4, 5, 7],
]
const two = f64([10, 1])
const three = f64([1, 0, -1])

test('a linear function is an operator with a transpose, on trees too', () => {
  const wide = fromFunction((x: Tensor) => matmul(f64(A), x), f64([0, 0, 0]))
  near(wide.apply(three), [-2, -3])
  near(wide.transpose!(two), [14, 25, 37])
  interface X {
    readonly p: Tensor
    readonly q: readonly [Tensor]
  }
  // p ↦ [Σ p + q, 2 q]
  const tree = fromFunction(({ p, q: [q] }: X) => [add(sum(p), q), mul(2, q)] as const, { p: f64([0, 0]), q: [f64(0)] })
  near(tree.apply({ p: f64([1, 2]), q: [f64(5)] }), [8, 10])
  const back = tree.transpose!([f64(3), f64(4)])
  assert.is(formOf(back), '{p: f64[2], q: [f64[]]}')
  near(back, [3, 3, 3 + 8])
  assert.equal(fromFunction((x: Tensor) => x, two, { symmetric: true }).facts, { symmetric: true })
})

test('it closes over traced values, in jit, under grad and in a batch', () => {
  const energy = (a: Tensor, x: Tensor, y: Tensor): Tensor => {
    const operator = fromFunction((v: Tensor) => matmul(a, v), x)
    return add(sum(mul(y, operator.apply(x))), sum(mul(x, operator.transpose!(y))))
  }
  // 2 yᵀ A x: by A it is 2 y xᵀ
  near(jit(energy)(f64(A), three, two), 2 * (10 * -2 + 1 * -3))
  near(grad(energy)(f64(A), three, two), [20, 0, -20, 2, 0, -2])
  near(
    vmap(energy, { in: [null, 0, null] })(
      f64(A),
      f64([
        [1, 0, -1],
        [0, 1, 0],
      ]),
      two,
    ),
    [-46, 2 * (20 + 5)],
  )
})

test('a function with a while loop has no transpose, and needs none where it is symmetric', () => {
  const twice = (x: Tensor): Tensor =>
    whileLoop(
      ([k]: [Tensor, Tensor]) => less(k, 1),
      ([k, y]: [Tensor, Tensor]): [Tensor, Tensor] => [add(k, 1), mul(y, 2)],
      [array(0, { dtype: 'i32' }), x],
    )[1]
  const operator = fromFunction(twice, two)
  near(operator.apply(two), [20, 2])
  assert.throws(() => operator.transpose!(two), /whileLoop: reverse mode/)
})

test('a Jacobian is linearised once; pushes and pulls are adjoint and agree with the whole matrix', () => {
  const f = (x: Tensor): Tensor => sin(matmul(f64(A), mul(x, x)))
  const at = f64([0.3, -0.4, 0.9])
  const J = jacobianOperator(f, at)
  const whole = jacfwd(f)(at) as Tensor
  near(J.apply(three), elements(matmul(whole, three)), 1e-14)
  near(J.transpose!(two), elements(matmul(reshape(two, [1, 2]), whole)), 1e-13)
  const { device, count, reset } = countingDevice()
  const x = array([0.3, -0.4], { dtype: 'f64', device })
  const make = (): Operator<Tensor> & { readonly [Symbol.dispose]: () => void } =>
    jacobianOperator((v: Tensor) => sin(v), x)
  reset()
  const once = make()
  const spent = count('sin', 'cos')
  once.apply(x)
  once.transpose!(x)
  once.transpose!(x)
  assert.is(count('sin', 'cos'), spent)
  once[Symbol.dispose]()
  const kept = left(() => {
    const again = make()
    again.transpose!(x)[Symbol.dispose]()
    again.apply(x)[Symbol.dispose]()
    again[Symbol.dispose]()
  }, device)
  assert.equal(kept, { count: 0, bytes: 0 })
})

test('what they refuse', () => {
  const operator = fromFunction((x: Tensor) => sub(x, mul(2, x)), two)
  throws(
    () => operator.apply(three),
    'fromFunction: the operator was given a vector as f64[3], expected f64[2]: cast or reshape it.',
  )
  throws(
    () => operator.apply({ x: two } as never),
    'fromFunction: the operator was given a vector of the form {x: *}, expected *.',
  )
  throws(
    () => jacobianOperator((x: Tensor) => x, two).transpose!(three),
    'jacobianOperator: the cotangent is f64[3], expected f64[2], the type of the result.',
  )
  assert.throws(
    () => fromFunction((x: Tensor) => x, array([1, 2], { dtype: 'i32' })),
    /argument 0 is i32\[2\]: derivatives are by floats/,
  )
})

test.run()
