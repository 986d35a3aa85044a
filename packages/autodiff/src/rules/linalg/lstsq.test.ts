// Derivatives of least squares: orders 1 and 2 in both modes against differences at constant rank, closed forms, batches against a loop.
import {
  add,
  array,
  eye,
  key,
  matmul,
  mul,
  normal,
  outer,
  readSync,
  slice,
  stack,
  sub,
  sum,
  type Tensor,
  tanh,
} from '@neumann/linalg-gpu'
import { lstsq, solve } from '@neumann/linalg-gpu/linalg'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkGrads } from '../../api/checkGrads.js'
import { grad } from '../../api/derivatives.js'
import { jacfwd, jacrev } from '../../api/jacobian.js'
import { vmap } from '../../api/vmap.js'

const random = (seed: number, ...shape: number[]): Tensor => normal(key(seed), shape, { dtype: 'f64' })
/** Condition numbers of a few, so that differences are good. */
const matrixOf = (seed: number, ...shape: number[]): Tensor => {
  const [m, n] = shape.slice(-2) as [number, number]
  return add(mul(0.4, random(seed, ...shape)), mul(2, eye(m, n, { dtype: 'f64' })))
}
const near = (got: Tensor, wanted: Tensor, tolerance: number): void => {
  assert.equal(got.shape, wanted.shape)
  readSync(wanted).forEach((x, i) => assert.ok(Math.abs(readSync(got)[i]! - x) <= tolerance, `[${i}]: ${readSync(got)[i]}, not ${x}`))
} // biome-ignore format: one line

const solved = (a: Tensor, b: Tensor): Tensor => lstsq(a, b).x

test('full rank, square, tall and wide: orders 1 and 2 in both modes, of x and of the residual', () => {
  for (const [a, b] of [[[1, 1], [1]], [[3, 3], [3]], [[5, 3], [5, 2]], [[2, 4], [2]], [[2, 4, 2], [4, 1]], [[3, 2], [2, 3, 2]]] as const)
    checkGrads((p: Tensor, y: Tensor) => {
      const { x, residual } = lstsq(p, y)
      return { x, residual }
    }, [matrixOf(1, ...a), random(2, ...b)])
  checkGrads((p: Tensor) => solved(p, random(3, 4)), [matrixOf(4, 4, 2)])
  checkGrads((y: Tensor) => solved(matrixOf(4, 4, 2), y), [random(3, 4)])
}) // biome-ignore format: a table of shapes

test('rank 2 throughout: A = P Qᵀ, by P, Q and b', () => {
  for (const [m, n] of [[5, 4], [4, 5], [4, 4]] as const)
    checkGrads((p: Tensor, q: Tensor, b: Tensor) => lstsq(matmul(p, q), b, { rcond: 1e-8 }).x, [
      matrixOf(1, m, 2),
      matrixOf(2, 2, n),
      random(3, m),
    ])
}) // biome-ignore format: a table of shapes

test('equal singular values do no harm: the Jacobian of A⁻¹b at 2 I', () => {
  const b = array([1, 2, 3], { dtype: 'f64' })
  const at = mul(2, eye(3, 3, { dtype: 'f64' }))
  for (const jacobian of [jacfwd, jacrev])
    near(
      jacobian((a: Tensor) => solved(a, b))(at) as Tensor,
      jacobian((a: Tensor) => solve(a, b))(at) as Tensor,
      20 * 2 ** -53,
    )
})

test('the gradient of the residual is −2 (b − A x) xᵀ', () => {
  const [a, b] = [matrixOf(5, 6, 3), random(6, 6)]
  const x = solved(a, b)
  const g = grad((p: Tensor) => sum(lstsq(p, b).residual))(a) as Tensor
  near(g, mul(-2, outer(sub(b, matmul(a, x)), x)), 200 * 2 ** -53)
})

test('singular values have the derivatives of svd', () => {
  checkGrads((a: Tensor) => lstsq(a, random(1, 4)).singularValues, [matrixOf(7, 4, 3)])
})

test('a batch of matrices, of right sides, of both, and the same of gradients, equal a loop', () => {
  const [as, bs] = [matrixOf(1, 3, 5, 4), random(2, 3, 5, 2)]
  const at = (x: Tensor, i: number): Tensor => slice(x, i)
  const byA = (a: Tensor, b: Tensor): Tensor => grad((p: Tensor) => sum(tanh(solved(p, b))))(a)
  const byB = (a: Tensor, b: Tensor): Tensor => grad((q: Tensor) => sum(tanh(solved(a, q))))(b)
  for (const h of [solved, byA, byB])
    for (const [inA, inB] of [[0, 0], [0, null], [null, 0]] as const) {
      const [a, b] = [inA === null ? at(as, 0) : as, inB === null ? at(bs, 0) : bs]
      const got = vmap(h, { in: [inA, inB] } as never)(a, b) as Tensor
      const own = [0, 1, 2].map((i) => h(inA === null ? a : at(a, i), inB === null ? b : at(b, i)))
      // sums of 5 in another order, of numbers below 10
      near(got, stack(own), 100 * 2 ** -53)
    }
}) // biome-ignore format: a table of axes

test.run()
