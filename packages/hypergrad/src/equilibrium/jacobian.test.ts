import { grad } from '@neumann/autodiff'
import { array, item, jit, key, matmul, mul, sin, slice, splitKey, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { normalLike } from '../estimators/normalLike.js'
import { elements, near } from '../support.testing.js'
import { tanhExample } from './examples.testing.js'
import { jacobianRegulariser, spectralRadius } from './jacobian.js'

const linear = (z: Tensor, W: Tensor): Tensor => matmul(W, z)
const f64 = (values: unknown): Tensor => array(values as never, { dtype: 'f64' })
const radiusOf = (W: readonly (readonly number[])[], iterations = 100) => {
  const { radius, residual } = spectralRadius(linear, { iterations })(f64(W[0]!.map(() => 0)), f64(W), key(7))
  return [item(radius), item(residual)] as const
}

test('the radius of the tanh example, a conjugate pair, to its printed digits; in f32 and in jit', () => {
  const own = tanhExample()
  const at = (dtype: 'f32' | 'f64') => array([-0.0854400377, -0.5145880388], { dtype })
  const { radius, residual } = spectralRadius(own.cell, { iterations: 1 })(at('f64'), own.hyper, key(1))
  near(radius, 0.8628028979, 1e-9)
  assert.ok(item(residual) < 1e-14)
  const single = tanhExample({ dtype: 'f32' })
  const jitted = jit((z: Tensor) => spectralRadius(single.cell)(z, single.hyper, key(1)) as never)
  near((jitted(at('f32')) as unknown as { radius: Tensor }).radius, 0.8628028979, 1e-5)
})

test('real eigenvalues, both signs of one size, a pair, one alone, none', () => {
  for (const [name, W, want] of [
    [
      'triangular',
      [
        [0.9, 5, 1],
        [0, -0.5, 2],
        [0, 0, 0.3],
      ],
      0.9,
    ],
    [
      'the negative one is larger',
      [
        [-2, 1, 0],
        [0, 1, 3],
        [0, 0, 0.5],
      ],
      2,
    ],
    [
      '± of one size',
      [
        [0.7, 1, 2],
        [0, -0.7, 1],
        [0, 0, 0.2],
      ],
      0.7,
    ],
    [
      'a pair and a smaller real one',
      [
        [0, -0.8, 1],
        [0.8, 0, 2],
        [0, 0, 0.5],
      ],
      0.8,
    ],
    [
      'a multiple of the identity',
      [
        [0.3, 0, 0],
        [0, 0.3, 0],
        [0, 0, 0.3],
      ],
      0.3,
    ],
    ['one dimension', [[-0.4]], 0.4],
    [
      'zero',
      [
        [0, 0],
        [0, 0],
      ],
      0,
    ],
  ] as const) {
    const [radius, residual] = radiusOf(W)
    assert.ok(Math.abs(radius - want) < 1e-12, `${name}: ${radius}`)
    assert.ok(residual < 1e-10, `${name}: ${residual}`)
  }
})

test('too few iterations show in the residual; of a symmetric Jacobian some eigenvalue is as near as it says', () => {
  const W = [
    [0.9, 0, 0, 0],
    [0, 0.8, 0, 0],
    [0, 0, 0.7, 0],
    [0, 0, 0, -0.6],
  ]
  const [radius, residual] = radiusOf(W, 2)
  const distance = Math.min(...W.map((row, i) => Math.abs(Math.abs(row[i]!) - radius)))
  assert.ok(residual > 1e-3 && distance > 1e-3 && distance <= residual * radius, `${radius}, ${residual}`)
})

test('the regulariser is ‖Jᵀ v‖² / n, its mean ‖J‖² / n, and its gradient that by differences', () => {
  const own = tanhExample()
  const penalty = jacobianRegulariser(linear)
  const W = own.hyper.W
  const v = elements(normalLike(key(3), own.zero))
  const w = elements(W)
  const product = [w[0]! * v[0]! + w[2]! * v[1]!, w[1]! * v[0]! + w[3]! * v[1]!]
  near(penalty(own.zero, W, key(3)), (product[0]! ** 2 + product[1]! ** 2) / 2, 1e-14)
  const count = 400
  const keys = splitKey(key(5), count)
  const samples = Array.from({ length: count }, (_, i) => item(penalty(own.zero, W, slice(keys, i))))
  const mean = samples.reduce((a, b) => a + b, 0) / count
  const deviation = Math.sqrt(samples.reduce((a, b) => a + (b - mean) ** 2, 0) / (count - 1) / count)
  const want = w.reduce((s, x) => s + x * x, 0) / 2
  assert.ok(Math.abs(mean - want) < 4 * deviation, `${mean} ± ${deviation}, expected ${want}`)
  const curved = (z: Tensor, u: Tensor): Tensor => sin(mul(u, matmul(W, z)))
  const at = (u: number): Tensor => jacobianRegulariser(curved)(f64([0.4, -0.7]), f64(u), key(3))
  const h = 1e-4
  near(
    grad((u: Tensor) => jacobianRegulariser(curved)(f64([0.4, -0.7]), u, key(3)))(f64(0.8)),
    (item(at(0.8 + h)) - item(at(0.8 - h))) / (2 * h),
    1e-7,
  )
})

test('iterations are a whole number', () => {
  assert.throws(() => spectralRadius(linear, { iterations: 0 }), /spectralRadius: iterations is an integer ≥ 1, got 0/)
})

test.run()
