/** Operators of second derivatives against whole Hessians, sums over the classes, and outer products. */

import {
  add,
  array,
  dot,
  jit,
  logsumexp,
  matmul,
  mul,
  reshape,
  sin,
  softmax,
  sub,
  sum,
  type Tensor,
  tanh,
} from '@neumann/linalg-gpu'
import { cg, damped, matrix, type Operator } from '@neumann/linalg-gpu/solvers'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { grad, hessian, jacfwd, jvp, vmap } from '../index.js'
import { countingDevice, differences, dotOf, elements, f64, left, near, throws, unit } from '../support.testing.js'
import {
  differentiable,
  empiricalFisherOperator,
  fisherOperator,
  gaussNewtonOperator,
  hessianOperator,
} from './index.js'
import { applied, type Dense, product, transposeOf } from './systems.testing.js'

/** The matrix of an operator on vectors, column by column. */
const matrixOf = ({ apply }: Pick<Operator, 'apply'>, n: number): number[][] =>
  transposeOf(Array.from({ length: n }, (_, i) => elements(apply(f64(unit(n, i))))))
const rowsOf = (x: Tensor): number[][] => {
  const n = x.shape[1]!
  const flat = elements(x)
  return Array.from({ length: x.shape[0]! }, (_, i) => flat.slice(i * n, (i + 1) * n))
}
const symmetric = (a: Dense): void => near(a, transposeOf(a), 1e-14, 'symmetric')

// 4 examples of 2 features into 3 classes
const X = [
  [1, 0.5],
  [0.2, -1.5],
  [2, 0.3],
  [-0.6, 1.1],
]
const labels = [
  [1, 0, 0],
  [0, 0, 1],
  [0, 1, 0],
  [1, 0, 0],
]
const w0 = [0.3, -0.4, 0.8, 0.5, -0.2, 0.1]
const logits = (w: Tensor): Tensor => matmul(f64(X), reshape(w, [2, 3]))
const bent = (w: Tensor): Tensor => tanh(logits(w))
const crossEntropies = (z: Tensor): Tensor => sub(logsumexp(z, { axis: 1 }), sum(mul(f64(labels), z), { axis: 1 }))
const crossEntropy = (z: Tensor): Tensor => sum(crossEntropies(z))
const jacobian = (model: (w: Tensor) => Tensor): number[][] =>
  rowsOf(jacfwd((w: Tensor) => reshape(model(w), [12]))(f64(w0)) as Tensor)

test('the Hessian, of trees and with data, and its facts', () => {
  const f = (w: Tensor, k: Tensor): Tensor => mul(k, crossEntropy(bent(w)))
  const H = hessianOperator(f, f64(w0), f64(3))
  const whole = matrixOf(H, 6)
  near(whole, rowsOf(hessian((w: Tensor) => f(w, f64(3)))(f64(w0)) as Tensor), 1e-13)
  symmetric(whole)
  assert.equal(H.facts, { symmetric: true })
  const g = ({ a, b }: { a: Tensor; b: readonly [Tensor] }): Tensor => mul(a, sum(mul(a, mul(b[0], b[0]))))
  const tree = hessianOperator(g, { a: f64(2), b: [f64([1, 3])] as const })
  // [[2 Σ b², 4 a b], [4 a b, 2 a²]]
  const out = tree.apply({ a: f64(1), b: [f64([10, 0])] })
  near([out.a, out.b[0]], [20 + 80, 8 + 80, 24])
})

test('Gauss–Newton is Jᵀ C J, and the Hessian where the model is linear or the slope of the loss is none', () => {
  const G = matrixOf(gaussNewtonOperator(bent, crossEntropy)(f64(w0)), 6)
  const J = jacobian(bent)
  const z = jacobian((w) => bent(w))
  assert.is(z.length, 12)
  const C = rowsOf(hessian((y: Tensor) => crossEntropy(reshape(y, [4, 3])))(reshape(bent(f64(w0)), [12])) as Tensor)
  near(G, product(transposeOf(J), product(C, J)), 1e-13)
  symmetric(G)
  const composed =
    (model: (w: Tensor) => Tensor, loss: (z: Tensor) => Tensor) =>
    (w: Tensor): Tensor =>
      loss(model(w))
  near(
    matrixOf(gaussNewtonOperator(logits, crossEntropy)(f64(w0)), 6),
    rowsOf(hessian(composed(logits, crossEntropy))(f64(w0)) as Tensor),
    1e-13,
  )
  const target = bent(f64(w0))
  const fit = (y: Tensor): Tensor => sum(mul(sub(y, target), sub(y, target)))
  near(
    matrixOf(gaussNewtonOperator(bent, fit)(f64(w0)), 6),
    rowsOf(hessian(composed(bent, fit))(f64(w0)) as Tensor),
    1e-12,
  )
})

test('the Fisher information of classes is the expectation over them, whatever the labels', () => {
  const F = matrixOf(fisherOperator(bent, { distribution: 'categorical' })(f64(w0)), 6)
  const J = jacobian(bent)
  const p = elements(softmax(bent(f64(w0)), { axis: 1 }))
  // Σ over examples e and classes k of p_k s sᵀ, with the score s = Σ_j (δ_jk − p_j) J_ej
  const want = Array.from({ length: 6 }, () => new Array<number>(6).fill(0))
  for (let e = 0; e < 4; e++)
    for (let k = 0; k < 3; k++) {
      const score = w0.map((_, i) =>
        [0, 1, 2].reduce((s, j) => s + ((j === k ? 1 : 0) - p[3 * e + j]!) * J[3 * e + j]![i]!, 0),
      )
      for (let i = 0; i < 6; i++) for (let j = 0; j < 6; j++) want[i]![j]! += p[3 * e + k]! * score[i]! * score[j]!
    }
  near(F, want, 1e-13)
  symmetric(F)
  // linear logits: the Hessian of the cross-entropy
  near(
    matrixOf(fisherOperator(logits, { distribution: 'categorical' })(f64(w0)), 6),
    rowsOf(hessian((w: Tensor) => crossEntropy(logits(w)))(f64(w0)) as Tensor),
    1e-13,
  )
  // logits of 1000 overflow no exponential
  const large = fisherOperator((w: Tensor) => mul(w, 1000), { distribution: 'categorical' })(f64([1, 1, 0]))
  near(large.apply(f64([1, 0, 0])), [250_000, -250_000, 0])
})

test('the Fisher information of noise, and the empirical one', () => {
  const J = jacobian(bent)
  const JJ = product(transposeOf(J), J)
  for (const variance of [undefined, 0.25])
    near(
      matrixOf(
        fisherOperator(bent, { distribution: 'gaussian', ...(variance !== undefined && { variance }) })(f64(w0)),
        6,
      ),
      JJ.map((row) => row.map((v) => v / (variance ?? 1))),
      1e-13,
    )
  const losses = (w: Tensor): Tensor => crossEntropies(bent(w))
  const gradients = X.map((_, e) => elements(grad((w: Tensor) => dot(losses(w), f64(unit(4, e))))(f64(w0))))
  near(matrixOf(empiricalFisherOperator(losses)(f64(w0)), 6), product(transposeOf(gradients), gradients), 1e-13)
  throws(
    () => fisherOperator(bent, { distribution: 'gaussian', variance: 0 })(f64(w0)),
    'fisherOperator: variance is a number > 0, got 0.',
  )
  throws(
    () => fisherOperator(bent, { distribution: 'poisson' } as never)(f64(w0)),
    "fisherOperator: distribution is 'categorical' or 'gaussian', got \"poisson\".",
  )
})

test('they are linearised once, and free what they kept', () => {
  const { device, count, reset } = countingDevice()
  const w = array(w0, { dtype: 'f64', device })
  const v = array(unit(6, 2), { dtype: 'f64', device })
  const makers: readonly (() => Operator<Tensor> & { readonly [Symbol.dispose]: () => void })[] = [
    () => hessianOperator((x: Tensor) => sum(mul(sin(x), sin(x))), w),
    () =>
      gaussNewtonOperator(
        (x: Tensor) => sin(x),
        (z: Tensor) => sum(mul(z, z)),
      )(w),
    () => fisherOperator((x: Tensor) => sin(x), { distribution: 'categorical' })(w),
    () => empiricalFisherOperator((x: Tensor) => sin(x))(w),
  ]
  for (const make of makers) {
    reset()
    const operator = make()
    const once = count('sin', 'cos')
    assert.ok(once > 0)
    operator.apply(v)
    operator.apply(v)
    assert.is(count('sin', 'cos'), once)
    operator[Symbol.dispose]()
    const kept = left(() => {
      const again = make()
      again.apply(v)[Symbol.dispose]()
      again[Symbol.dispose]()
    }, device)
    assert.equal(kept, { count: 0, bytes: 0 })
  }
})

test('a solve with a Hessian inside jit, its derivative by data, and a batch of both', () => {
  // (∇²f(w; k) + I)⁻¹ b
  const f = (w: Tensor, k: Tensor): Tensor => add(crossEntropy(bent(w)), mul(k, sum(mul(mul(w, w), mul(w, w)))))
  const solver = differentiable(cg({ tolerance: 1e-14 }))
  const x = (w: Tensor, k: Tensor, b: Tensor): Tensor =>
    solver(damped({ ...hessianOperator(f, w, k), facts: { symmetric: true, definite: 'nonnegative' } }, 3))(b).x
  const b = [1, -2, 0.5, 0.3, -1, 2]
  const dense = (w: Tensor, k: Tensor): Tensor => {
    const H = rowsOf(hessian((u: Tensor) => f(u, k))(w) as Tensor)
    return f64(H.map((row, i) => row.map((v, j) => v + (i === j ? 3 : 0))))
  }
  const compiled = jit(x)(f64(w0), f64(0.7), f64(b))
  near(applied(rowsOf(dense(f64(w0), f64(0.7))), elements(compiled)), b, 1e-12)
  const oracle = (t: number): number[] =>
    elements(solver(matrix(dense(f64(w0.map((v, i) => v + t * b[i]!)), f64(0.7 + t)), { symmetric: true }))(f64(b)).x)
  const slope = differences(oracle, 0.002)
  near(
    jit((w: Tensor, k: Tensor) => jvp((u: Tensor, q: Tensor) => x(u, q, f64(b)), [w, k], [f64(b), f64(1)]).tangent)(
      f64(w0),
      f64(0.7),
    ),
    slope,
    1e-8,
  )
  const bars = jit(grad((w: Tensor, k: Tensor) => dot(x(w, k, f64(b)), f64(w0)), { wrt: [0, 1] }))(f64(w0), f64(0.7))
  near(dotOf(elements(bars[0]), b) + elements(bars[1])[0]!, dotOf(slope, w0), 1e-8)
  const many = vmap(x, { in: [0, null, 0] })(f64([w0, b]), f64(0.7), f64([b, w0]))
  near(many, [elements(x(f64(w0), f64(0.7), f64(b))), elements(x(f64(b), f64(0.7), f64(w0)))], 1e-12)
})

test.run()
