// Derivatives of QR: orders 1 and 2 in both modes against differences, batches against a loop, and what has none.
import {
  add,
  array,
  eye,
  key,
  matmul,
  mul,
  readSync,
  slice,
  stack,
  sum,
  swapAxes,
  type Tensor,
  tanh,
  uniform,
} from '@neumann/linalg-gpu'
import { type QrMode, qr } from '@neumann/linalg-gpu/linalg'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkGrads } from '../../api/checkGrads.js'
import { grad, jvp } from '../../api/derivatives.js'
import { vmap } from '../../api/vmap.js'

/** Columns far from dependent: condition numbers of a few, so that differences are good. */
const matrixOf = (seed: number, ...shape: number[]): Tensor => {
  const [m, n] = shape.slice(-2) as [number, number]
  return add(uniform(key(seed), shape, { low: -0.5, high: 0.5, dtype: 'f64' }), mul(2, eye(m, n, { dtype: 'f64' })))
}

test('orders 1 and 2 in both modes: square, tall, wide, stacks, of Q and R and of R alone', () => {
  for (const shape of [[1, 1], [3, 3], [5, 3], [4, 1], [2, 4], [2, 3, 2]] as const)
    for (const mode of ['reduced', 'r'] as const) checkGrads((a: Tensor) => qr(a, { mode }), [matrixOf(1, ...shape)])
  checkGrads((a: Tensor) => qr(a, { mode: 'complete' }), [matrixOf(2, 3, 3)])
}) // biome-ignore format: a table of shapes

test('in panels: along a direction, the derivative is the difference', () => {
  checkGrads(
    (a: Tensor) => {
      const { q, r } = qr(a)
      return add(sum(tanh(q)), sum(tanh(r)))
    },
    [matrixOf(3, 45, 40)],
  )
})

test('QᵀQ̇ is skew, Ṙ upper triangular, and Q̇R + QṘ = Ȧ', () => {
  const [a, da] = [matrixOf(4, 6, 4), matrixOf(5, 6, 4)]
  const { out, tangent } = jvp((x: Tensor) => qr(x), [a], [da]) as unknown as {
    readonly out: { readonly q: Tensor; readonly r: Tensor }
    readonly tangent: { readonly q: Tensor; readonly r: Tensor }
  }
  const turned = (x: Tensor): Tensor => swapAxes(x, -1, -2)
  // some sums of 6 roundings, and a condition number of 2
  const zero = (x: Tensor): void => assert.ok(readSync(x).every((v) => Math.abs(v) < 100 * 2 ** -53))
  const inside = matmul(turned(out.q), tangent.q)
  zero(add(inside, turned(inside)))
  zero(add(add(matmul(tangent.q, out.r), matmul(out.q, tangent.r)), mul(-1, da)))
  const r = readSync(tangent.r)
  for (let i = 0; i < 4; i++) for (let j = 0; j < i; j++) assert.is(r[4 * i + j], 0)
})

test('a batch, and a batch of gradients, equal a loop', () => {
  for (const mode of ['reduced', 'r'] as readonly QrMode[]) {
    const as = matrixOf(6, 3, 5, 4)
    const f = (a: Tensor): Tensor => sum(tanh(qr(a, { mode }).r))
    const value = (a: Tensor): Tensor => qr(a, { mode }).r
    for (const h of [value, grad(f) as (a: Tensor) => Tensor]) {
      const got = readSync(vmap(h)(as) as Tensor)
      readSync(stack([0, 1, 2].map((i) => h(slice(as, i))))).forEach((x, i) =>
        // products of stacks may add in another order
        assert.ok(Math.abs(x - got[i]!) < 100 * 2 ** -53, `${mode}: ${got[i]}, not ${x}`),
      )
    }
  }
})

test('dependent columns have values and no finite derivative', () => {
  const a = array([[1, 1], [1, 1], [1, 1]], { dtype: 'f64' })
  const g = readSync(grad((x: Tensor) => sum(qr(x).q))(a))
  assert.ok(g.some((x) => !Number.isFinite(x)))
}) // biome-ignore format: a matrix

test('the last columns of a complete Q have no derivative, and that is said', () => {
  assert.throws(
    () => grad((x: Tensor) => sum(qr(x, { mode: 'complete' }).q))(matrixOf(7, 3, 2)),
    'qr: mode complete has no derivative where there are more rows than columns, 3 and 2: the last columns of Q are any basis. Use mode reduced.',
  )
})

test.run()
