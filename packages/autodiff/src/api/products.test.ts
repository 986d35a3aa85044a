/** Hessian, mixed and Gauss–Newton products against whole matrices and closed forms. */

import {
  add,
  array,
  dot,
  exp,
  foriLoop,
  jit,
  log,
  logsumexp,
  matmul,
  mul,
  sin,
  softmax,
  sub,
  sum,
  type Tensor,
  tanh,
} from '@neumann/linalg-gpu'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { crossVjp, gaussNewtonVp, grad, hessian, hvp, jacfwd, jacrev, vmap } from '../index.js'
import {
  countingDevice,
  dotOf,
  elements,
  f64,
  flat,
  formOf,
  near,
  type Series,
  series as s,
  second,
  unit,
} from '../support.testing.js'

const X = f64([
  [1, 0.5, -1],
  [0.2, -1.5, 0.7],
  [2, 0.3, 0.4],
  [-0.6, 1.1, 0.9],
])
const rows = [
  [1, 0.5, -1],
  [0.2, -1.5, 0.7],
  [2, 0.3, 0.4],
  [-0.6, 1.1, 0.9],
]
const y = f64([1, -1, 0.5, 2])

/** A nonlinear scalar function of three numbers, and the same on series. */
const f = (w: Tensor): Tensor => {
  const h = sin(matmul(X, w))
  return add(dot(h, mul(h, exp(mul(h, 0.3)))), sum(foriLoop(0, 3, (_, c: Tensor) => sin(mul(c, w)), w)))
}
const twin = (w: readonly Series[]): readonly Series[] => {
  const h = rows.map((row) => s.sin(row.map((a, i) => s.scale(w[i]!, a)).reduce(s.add)))
  const first = h.map((v) => s.mul(v, s.mul(v, s.exp(s.scale(v, 0.3))))).reduce(s.add)
  const second2 = w
    .map((wi) => {
      let c = wi
      for (let k = 0; k < 3; k++) c = s.sin(s.mul(c, wi))
      return c
    })
    .reduce(s.add)
  return [s.add(first, second2)]
}
const w = [0.4, -0.3, 0.8]
const vector = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 3, maxLength: 3 })

test('hvp in both modes and the whole Hessian agree with series, and are symmetric', () => {
  const [forward, reverse] = [hvp(f)(f64(w)), hvp(f, { mode: 'reverse' })(f64(w))]
  const H = hessian(f)(f64(w)) as Tensor
  const h = elements(H)
  for (let i = 0; i < 3; i++) for (let j = 0; j < i; j++) near(h[3 * i + j]!, h[3 * j + i]!, 1e-13)
  fc.assert(
    fc.property(vector, vector, (v, u) => {
      const want = w.map((_, i) => second(twin, w, unit(3, i), v)[0]!)
      near(forward(f64(v)), want, 1e-11, 'forward over reverse')
      near(reverse(f64(v)), want, 1e-11, 'reverse over reverse')
      near(matmul(H, f64(v)), want, 1e-11, 'matrix')
      near(dotOf(elements(forward(f64(v))), u), dotOf(elements(forward(f64(u))), v), 1e-12, 'symmetric')
      near(
        forward(f64(v.map((a, i) => 2 * a - u[i]!))),
        elements(forward(f64(v))).map((a, i) => 2 * a - elements(forward(f64(u)))[i]!),
        1e-12,
        'linear',
      )
    }),
    { numRuns: 15, seed: 3 },
  )
})

test('hvp of trees, with further arguments that are not differentiated', () => {
  const g = ({ a, b }: { a: Tensor; b: readonly [Tensor] }, k: Tensor, power: number): Tensor =>
    add(
      mul(k, mul(a, mul(a, a))),
      mul(
        a,
        foriLoop(0, power, (_, c: Tensor) => mul(c, b[0]), f64(1)),
      ),
    )
  const at = { a: f64(2), b: [f64(3)] as const }
  for (const mode of ['forward', 'reverse'] as const) {
    const product = hvp(g, { mode })(at as never, f64(5), 2)({ a: 1, b: [10] } as never)
    assert.is(formOf(product), '{a: f64[], b: [f64[]]}')
    // 6 k a · 1 + 2 b · 10, 2 b · 1 + 2 a · 10
    near(product, [60 + 60, 6 + 40])
  }
})

test('hvp inside jit, inside a loop, inside vmap, of a function whose data is traced', () => {
  const g = (x: Tensor, k: Tensor): Tensor => sum(mul(k, mul(x, mul(x, x))))
  near(jit((x: Tensor, v: Tensor, k: Tensor) => hvp(g)(x, k)(v))(f64([1, 2]), f64([1, 1]), f64([1, 10])), [6, 120])
  near(grad((k: Tensor) => sum(hvp(g)(f64([1, 2]), k)(f64([1, 1]))))(f64([1, 10])), [6, 12])
  near(
    vmap((v: Tensor) => hvp(g)(f64([1, 2]), f64([1, 10]))(v))(
      f64([
        [1, 0],
        [0, 1],
      ]),
    ),
    [6, 0, 0, 120],
  )
  const power = (x: Tensor): Tensor => {
    const H = hvp(g)(x, f64([1, 10]))
    return foriLoop(0, 3, (_, v: Tensor) => H(v), f64([1, 1]))
  }
  near(power(f64([1, 2])), [6 ** 3, 120 ** 3])
})

test('a loop of Hessian products computes the point’s values once', () => {
  const { device, count, reset } = countingDevice()
  const put = (data: readonly unknown[]): Tensor => array(data as never, { dtype: 'f64', device })
  const A = put(rows)
  const g = (x: Tensor): Tensor => sum(tanh(matmul(A, x)))
  const solve = jit((x: Tensor, b: Tensor) => {
    const H = hvp(g)(x)
    return foriLoop(0, 10, (_, v: Tensor) => sub(b, H(v)), b)
  })
  const [x, b] = [put(w), put([1, 2, 3])]
  solve(x, b)
  reset()
  solve(x, b)
  assert.is(count('tanh'), 1)
  // two products with A a step, one for the value; the gradient itself is not asked for
  assert.ok(count('dot') <= 2 * 10 + 2, `${count('dot')} products`)
})

test('crossVjp: both products at once, in both modes, against whole matrices', () => {
  const g = (x: Tensor, h: Tensor, k: Tensor): Tensor => mul(k, sum(mul(exp(mul(h, x)), sin(x))))
  const [x, h, v] = [f64([0.3, -0.5]), f64([0.7, 1.1]), f64([1, -2])]
  const H = hessian(g)(x, h, f64(3)) as Tensor
  const M = jacfwd(grad(g), { wrt: 1 })(x, h, f64(3)) as Tensor
  for (const mode of ['forward', 'reverse'] as const) {
    const product = crossVjp(g, { mode })(x, h, f64(3))
    const { hv, mv } = product(v)
    near(hv, matmul(H, v) as never, 1e-13)
    near(mv, matmul(v, M) as never, 1e-13)
    near(product(f64([0, 1])).hv, matmul(H, f64([0, 1])) as never, 1e-13)
    product[Symbol.dispose]()
  }
  // the mixed product of a parameter that does not reach f is zero, of its form
  const none = crossVjp((a: Tensor, _: { u: Tensor }) => sum(mul(a, a)))(x, { u: h })(v)
  near(none, [2, -4, 0, 0])
  assert.is(formOf(none), '{hv: f64[2], mv: {u: f64[2]}}')
})

test('gaussNewtonVp equals the Hessian of a linear model and at zero residuals', () => {
  const linear = (p: Tensor): Tensor => matmul(X, p)
  const losses: readonly ((z: Tensor) => Tensor)[] = [
    (z) => mul(0.5, dot(sub(z, y), sub(z, y))),
    (z) => sub(logsumexp(z), dot(z, softmax(y))),
    (z) => sum(exp(mul(z, 0.5))),
  ]
  for (const loss of losses) {
    const G = gaussNewtonVp(linear, loss)(f64(w))
    const H = hvp((p: Tensor) => loss(linear(p)))(f64(w))
    for (const v of [unit(3, 0), unit(3, 1), [0.3, 1, -2]]) near(G(f64(v)), H(f64(v)) as never, 1e-12)
  }
  // zero residuals: targets are the model’s own outputs
  const model = (p: Tensor): Tensor => sin(matmul(X, p))
  const target = model(f64(w))
  const loss = (z: Tensor): Tensor => mul(0.5, dot(sub(z, target), sub(z, target)))
  near(
    gaussNewtonVp(model, loss)(f64(w))(f64([1, 2, 3])),
    hvp((p: Tensor) => loss(model(p)))(f64(w))(f64([1, 2, 3])) as never,
    1e-12,
  )
})

test('gaussNewtonVp = Jᵀ C J by Jacobians, symmetric, positive semidefinite where the Hessian is not', () => {
  const model = (p: Tensor): Tensor => mul(tanh(matmul(X, p)), 2)
  const loss = (z: Tensor): Tensor => sum(log(add(1, exp(mul(z, y)))))
  const J = jacrev(model)(f64(w)) as Tensor
  const C = hessian(loss)(model(f64(w))) as Tensor
  const G = gaussNewtonVp(model, loss)(f64(w))
  fc.assert(
    fc.property(vector, vector, (v, u) => {
      const Gv = G(f64(v))
      near(Gv, matmul(matmul(C, matmul(J, f64(v))), J) as never, 1e-12)
      near(dotOf(elements(Gv), u), dotOf(elements(G(f64(u))), v), 1e-12)
      assert.ok(dotOf(elements(Gv), v) >= -1e-12)
    }),
    { numRuns: 20, seed: 5 },
  )
  // a concave direction of the model bends the Hessian below zero, not the Gauss–Newton matrix
  const bent = (p: Tensor): Tensor => mul(p, mul(p, -1))
  const square = (z: Tensor): Tensor => mul(0.5, sum(mul(add(z, -4), add(z, -4))))
  assert.ok(elements(hvp((p: Tensor) => square(bent(p)))(f64([0.1]))(f64([1])))[0]! > 0)
  const hill = (z: Tensor): Tensor => mul(0.5, sum(mul(add(z, 4), add(z, 4))))
  assert.ok(elements(hvp((p: Tensor) => hill(bent(p)))(f64([0.1]))(f64([1])))[0]! < 0)
  near(gaussNewtonVp(bent, hill)(f64([0.1]))(f64([1])), 0.04)
})

test('gaussNewtonVp of trees, of a model with further arguments, in jit and differentiated by its data', () => {
  const model = ({ a, b }: { a: Tensor; b: Tensor }, x: Tensor) => ({ z: mul(a, x), q: [mul(b, mul(b, x))] as const })
  const loss = ({ z, q: [q] }: { z: Tensor; q: readonly [Tensor] }): Tensor =>
    add(sum(mul(z, mul(z, z))), mul(3, sum(mul(q, q))))
  const p = { a: f64(2), b: f64(3) }
  const x = f64([1, 2])
  // C = diag(6 z, 6), J = (x, 2 b x)
  const want = [6 * (2 * 1 + 4 * 4), 6 * (36 * (1 + 4)) * 10]
  const run = (q: Tensor): { a: Tensor; b: Tensor } =>
    gaussNewtonVp(model, loss as never)(p, q)({ a: 1, b: 10 } as never) as never
  near(run(x), want)
  assert.is(formOf(run(x)), '{a: f64[], b: f64[]}')
  near(jit(run)(x), want)
  // 6 a x³ summed: its slope by x is 18 a x²
  near(grad((q: Tensor) => run(q).a)(x), [36, 144])
  near(vmap((v: Tensor) => gaussNewtonVp(model, loss as never)(p, x)({ a: v, b: 0 } as never) as never)(f64([1, 2])), [
    ...[1, 2].map((k) => k * want[0]!),
    0,
    0,
  ])
  near(flat(p), [2, 3])
})

test.run()
