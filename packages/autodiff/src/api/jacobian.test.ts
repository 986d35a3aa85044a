/** Whole Jacobians: both modes agree on any nesting of trees, and with series. */

import { add, array, concatenate, foriLoop, jit, matmul, mul, sin, sum, type Tensor, zeros } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { grad, hessian, jacfwd, jacrev, vmap } from '../index.js'
import { f64, formOf, hessiansOf, jacobianOf, near, type Series, series as s } from '../support.testing.js'

const both = [jacfwd, jacrev] as const

test('vectors, matrices and scalars: [...out, ...in]', () => {
  for (const jac of both) {
    const scalar = jac((x: Tensor) => mul(x, x))(f64(3))
    assert.is(formOf(scalar), 'f64[]')
    near(scalar, 6)
    const vector = jac((x: Tensor) => mul(x, x))(f64([1, 2]))
    assert.is(formOf(vector), 'f64[2,2]')
    near(vector, [2, 0, 0, 4])
    const matrix = jac((x: Tensor) => matmul(f64([[1, 2]]), x))(
      f64([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    )
    assert.is(formOf(matrix), 'f64[1,3,2,3]')
    // ∂(A X)[0, j] / ∂X[k, l] = A[0, k] [j = l]
    near(
      matrix,
      [0, 1, 2].flatMap((j) => [0, 1].flatMap((k) => [0, 1, 2].map((q) => (q === j ? k + 1 : 0)))),
    )
    const wide = jac((x: Tensor) => sum(mul(x, x), { axis: 1 }))(
      f64([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    )
    assert.is(formOf(wide), 'f64[2,2,3]')
    near(wide, [2, 4, 6, 0, 0, 0, 0, 0, 0, 8, 10, 12])
    const tall = jac((x: Tensor) =>
      mul(
        x,
        f64([
          [1, 2],
          [3, 4],
          [5, 6],
        ]),
      ),
    )(f64(2))
    assert.is(formOf(tall), 'f64[3,2]')
    near(tall, [1, 2, 3, 4, 5, 6])
  }
})

test('trees in and out: the form of the result, with trees of the form of the argument as leaves', () => {
  const f = ({ a, b }: { a: Tensor; b: readonly [Tensor] }) => ({
    y: mul(a, sum(b[0])),
    z: [sum(mul(a, a)), b[0]] as const,
  })
  for (const jac of both) {
    const J = jac(f)({ a: f64([1, 2]), b: [f64([3, 4, 5])] } as never)
    assert.is(
      formOf(J),
      '{y: {a: f64[2,2], b: [f64[2,3]]}, z: [{a: f64[2], b: [f64[3]]}, {a: f64[3,2], b: [f64[3,3]]}]}',
    )
    near(J.y.a, [12, 0, 0, 12])
    near(J.y.b, [1, 1, 1, 2, 2, 2])
    near(J.z[0].a, [2, 4])
    near(J.z[0].b, [0, 0, 0])
    near(J.z[1].a, [0, 0, 0, 0, 0, 0])
    near(J.z[1].b, [1, 0, 0, 0, 1, 0, 0, 0, 1])
  }
})

test('several arguments: a list for a list of wrt', () => {
  const f = (x: Tensor, y: Tensor): Tensor => mul(x, sum(y))
  for (const jac of both) {
    const J = jac(f, { wrt: [1, 0] })(f64([1, 2]), f64([3, 4]))
    assert.is(formOf(J), '[f64[2,2], f64[2,2]]')
    near(J, [1, 1, 2, 2, 7, 0, 0, 7])
    near(jac(f, { wrt: -1 })(f64([1, 2]), f64([3, 4])), [1, 1, 2, 2])
  }
})

test('integer results have zero Jacobians of their shape; constants too', () => {
  for (const jac of both) {
    const J = jac((x: Tensor) => ({ n: array([1, 2], { dtype: 'i32' }), k: f64([5, 6]), x }))(f64([1, 2]))
    near(J.k, [0, 0, 0, 0])
    near(J.x, [1, 0, 0, 1])
    near(J.n, [0, 0, 0, 0])
    assert.is(formOf(J.n), 'f64[2,2]')
  }
})

test('empty axes on either side', () => {
  for (const jac of both) {
    assert.is(formOf(jac((x: Tensor) => mul(x, x))(zeros([0], { dtype: 'f64' }))), 'f64[0,0]')
    assert.is(formOf(jac((x: Tensor) => sum(x))(zeros([0], { dtype: 'f64' }))), 'f64[0]')
    assert.is(formOf(jac((_: Tensor) => zeros([0], { dtype: 'f64' }))(f64([1, 2]))), 'f64[0,2]')
  }
})

// through a loop, with every product of modes at orders 1 and 2
const f = (x: Tensor): Tensor => concatenate([foriLoop(0, 3, (_, c: Tensor) => sin(mul(c, x)), x), mul(x, x)])
const twin = (x: readonly Series[]): readonly Series[] => [
  ...x.map((xi) => {
    let c = xi
    for (let i = 0; i < 3; i++) c = s.sin(s.mul(c, xi))
    return c
  }),
  ...x.map((xi) => s.mul(xi, xi)),
]

test('second derivatives by every pair of modes: [...out, …in, …in]', () => {
  const x = [0.8, -1.1]
  for (const first of both) {
    near(first(f)(f64(x)), jacobianOf(twin, x), 1e-12)
    for (const next of both) {
      const H = next(first(f))(f64(x))
      assert.is(formOf(H), 'f64[4,2,2]')
      near(H, hessiansOf(twin, x), 1e-11)
    }
  }
  near(jit(jacrev(f))(f64(x)), jacobianOf(twin, x), 1e-12)
  near(vmap(jacfwd(f))(f64([x, x])), [jacobianOf(twin, x), jacobianOf(twin, x)] as never, 1e-12)
})

test('hessian of trees: a tree of trees, and each block is the transpose of its mirror', () => {
  const g = ({ a, b }: { a: Tensor; b: Tensor }): Tensor => sum(mul(mul(a, a), mul(sum(b), a)))
  const H = hessian(g)({ a: f64([1, 2]), b: f64([3, 4, 5]) })
  assert.is(formOf(H), '{a: {a: f64[2,2], b: f64[2,3]}, b: {a: f64[3,2], b: f64[3,3]}}')
  near(H.a.a, [6 * 12, 0, 0, 12 * 12])
  near(H.a.b, [3, 3, 3, 12, 12, 12])
  near(H.b.a, [3, 12, 3, 12, 3, 12])
  near(H.b.b, new Array(9).fill(0))
  const pairs = hessian((x: Tensor, y: Tensor) => mul(x, mul(y, y)), { wrt: [0, 1] })(f64(2), f64(3))
  near(pairs, [0, 6, 6, 4])
  near(hessian((x: Tensor, y: Tensor) => mul(x, mul(y, y)), { wrt: 1 })(f64(2), f64(3)), 4)
  near(
    grad((y: Tensor) => add(sum(hessian((x: Tensor) => sum(mul(y, mul(x, mul(x, x)))))(f64([1, 2]))), 0))(f64([1, 1])),
    [6, 12],
  )
})

test.run()
