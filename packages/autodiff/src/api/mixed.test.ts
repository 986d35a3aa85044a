/** Mixed partials by every road, and perturbation confusion: derivatives inside derivatives whose variables must not be mistaken for one another. */

import { add, dot, exp, foriLoop, jit, mul, scan, sin, stack, sub, sum, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import { crossVjp, grad, hessian, hvp, jacfwd, jacrev, jvp, linearize, vjp, vmap } from '../index.js'
import { f64, near } from '../support.testing.js'

const one = f64(1)
type Fn = (x: Tensor) => Tensor
const forward =
  (f: Fn): Fn =>
  (x) =>
    jvp(f, [x], [one]).tangent
const linear =
  (f: Fn): Fn =>
  (x) =>
    linearize(f, [x]).push(one)
const backward =
  (f: Fn): Fn =>
  (x) =>
    vjp(f, [x]).pull(one)[0]
/** Derivatives of a scalar function of one variable: five ways that must be interchangeable. */
const roads: Readonly<Record<string, (f: Fn) => Fn>> = {
  grad: (f) => grad(f),
  forward,
  linear,
  backward,
  jacfwd: (f) => jacfwd(f) as Fn,
}
const pairs = Object.entries(roads).flatMap(([a, d]) =>
  Object.entries(roads).map(([b, e]) => [`${a} of ${b}`, d, e] as const),
)

// f(p, l) = ½ Σ e^l p² + l₀ p₁ sin(p₀):  ∂f/∂p = e^l p + …, M = ∂²f/∂p∂l
const f = (p: Tensor, l: Tensor): Tensor => {
  const at = (x: Tensor, i: number): Tensor => dot(x, f64(i === 0 ? [1, 0] : [0, 1]))
  return add(mul(0.5, sum(mul(exp(l), mul(p, p)))), mul(at(l, 0), mul(at(p, 1), sin(at(p, 0)))))
}
const [p, l, v] = [
  [0.7, -1.2],
  [0.3, 0.9],
  [1.5, -0.5],
]
const e = (l as number[]).map(Math.exp)
// rows: p, columns: l
const M = [
  [e[0]! * p![0]! + p![1]! * Math.cos(p![0]!), 0],
  [Math.sin(p![0]!), e[1]! * p![1]!],
]
const H = [
  [e[0]! - l![0]! * p![1]! * Math.sin(p![0]!), l![0]! * Math.cos(p![0]!)],
  [l![0]! * Math.cos(p![0]!), e[1]!],
]
const transposed = M[0]!.map((_, j) => M.map((row) => row[j]!))
const times = (m: readonly (readonly number[])[], x: readonly number[]): number[] =>
  m.map((row) => row.reduce((q, a, i) => q + a * x[i]!, 0))
const [P, L, V] = [f64(p!), f64(l!), f64(v!)]

test('Mᵀ v: the gradient by l of ⟨∇ₚ f, v⟩, by every road', () => {
  const want = times(transposed, v!)
  near(grad((q: Tensor) => dot(grad(f)(P, q), V))(L), want, 1e-12, 'closure')
  near(grad((x: Tensor, q: Tensor) => dot(grad(f)(x, q), V), { wrt: 1 })(P, L), want, 1e-12, 'argument')
  near(grad((x: Tensor, q: Tensor) => dot(grad(f)(x, q), V), { wrt: [0, 1] })(P, L)[1], want, 1e-12, 'list')
  near(grad(jit((q: Tensor) => dot(jit(grad(f))(P, q), V)))(L), want, 1e-12, 'nested jit')
  near(jit(grad((q: Tensor) => dot(jit(grad(f))(P, q), V)))(L), want, 1e-12, 'jit of nested jit')
  near(crossVjp(f)(P, L)(V).mv, want, 1e-12, 'crossVjp')
  near(crossVjp(f, { mode: 'reverse' })(P, L)(V).mv, want, 1e-12, 'crossVjp reverse')
  near(vjp((q: Tensor) => grad(f)(P, q), [L]).pull(V), want, 1e-12, 'vjp of grad')
  near(jvp((x: Tensor) => grad(f, { wrt: 1 })(x, L), [P], [V]).tangent, want, 1e-12, 'jvp of the other gradient')
  near(linearize((x: Tensor) => grad(f, { wrt: 1 })(x, L), [P]).push(V), want, 1e-12, 'linearize')
  near(grad((q: Tensor) => jvp((x: Tensor) => f(x, q), [P], [V]).tangent)(L), want, 1e-12, 'grad of jvp')
  near(jacrev((q: Tensor) => jvp((x: Tensor) => f(x, q), [P], [V]).tangent)(L), want, 1e-12, 'jacrev of jvp')
  near(grad((q: Tensor) => dot(vjp((x: Tensor) => f(x, q), [P]).pull(1)[0], V))(L), want, 1e-12, 'grad of vjp')
  near(grad((q: Tensor) => linearize((x: Tensor) => f(x, q), [P]).push(V))(L), want, 1e-12, 'grad of linearize')
  near(
    grad((q: Tensor) => foriLoop(0, 1, (_, c: Tensor) => add(c, dot(grad(f)(P, q), V)), f64(0)))(L),
    want,
    1e-12,
    'in a loop',
  )
  near(grad((q: Tensor) => sum(vmap((x: Tensor) => dot(grad(f)(x, q), V))(stack([P]))))(L), want, 1e-12, 'in a batch')
  near(grad((q: Tensor) => dot(hvp((x: Tensor) => f(x, q))(P)(V), V))(L).shape, [2])
})

test('M and its transpose as whole Jacobians', () => {
  near(jacfwd((q: Tensor) => grad(f)(P, q))(L), M, 1e-12)
  near(jacrev((q: Tensor) => grad(f)(P, q))(L), M, 1e-12)
  near(jacfwd(grad(f), { wrt: 1 })(P, L), M, 1e-12)
  near(jacrev(grad(f), { wrt: 1 })(P, L), M, 1e-12)
  near(jacfwd(grad(f, { wrt: 1 }))(P, L), transposed, 1e-12)
  near(jacrev(jacrev(f), { wrt: 1 })(P, L), M, 1e-12)
  near(jacfwd(jacfwd(f), { wrt: 1 })(P, L), M, 1e-12)
  near(hessian(f, { wrt: [0, 1] })(P, L)[0][1], M, 1e-12)
  near(hessian(f, { wrt: [0, 1] })(P, L)[1][0], transposed, 1e-12)
  near(hessian(f)(P, L), H, 1e-12)
  near(crossVjp(f)(P, L)(V).hv, times(H, v!), 1e-12)
  near(crossVjp(f, { mode: 'reverse' })(P, L)(V).hv, times(H, v!), 1e-12)
  near(hvp(f)(P, L)(V), times(H, v!), 1e-12)
  near(hvp(f, { mode: 'reverse' })(P, L)(V), times(H, v!), 1e-12)
})

test('third derivatives mixed over three closures', () => {
  // x² y³ z: ∂³/∂x∂y∂z = 6 x y²
  const g = (x: Tensor, y: Tensor, z: Tensor): Tensor => mul(mul(x, x), mul(mul(y, mul(y, y)), z))
  for (const [name, d, e2] of pairs)
    near(d((z) => e2((y) => grad((x: Tensor) => g(x, y, z))(f64(2)))(f64(3)))(f64(5)), 6 * 2 * 9, 1e-12, name)
})

test('Siskind and Pearlmutter: d/dx [x · d/dy (x + y)] is 1', () => {
  for (const [name, d, e2] of pairs) near(d((x) => mul(x, e2((y) => add(x, y))(f64(1))))(f64(1)), 1, 1e-14, name)
})

test('Siskind and Pearlmutter: d/dx [x · d/dy (x · y)] is 2 x', () => {
  for (const [name, d, e2] of pairs) near(d((x) => mul(x, e2((y) => mul(x, y))(f64(2))))(f64(3)), 6, 1e-14, name)
})

test('both variables have one value: d/dx [x · d/dy (x y²)] at y = x keeps y apart where it is a constant', () => {
  // d/dy (x y²) at y = 3 is 6 x; times x: 6 x², slope 12 x
  for (const [name, d, e2] of pairs)
    near(d((x) => mul(x, e2((y) => mul(x, mul(y, y)))(f64(3))))(f64(2)), 24, 1e-14, name)
  // where y is set to x, it counts: x · 2 x · x = 2 x³, slope 6 x²
  for (const [name, d, e2] of pairs) near(d((x) => mul(x, e2((y) => mul(x, mul(y, y)))(x)))(f64(2)), 24, 1e-14, name)
})

test('Manzyuk et al.: a derivative of a function that returns a function of captured variables', () => {
  // s u f x = f(x + u): D (s) at 0 gives the derivative operator, applied twice
  const shift =
    (u: Tensor) =>
    (g: Fn) =>
    (x: Tensor): Tensor =>
      g(add(x, u))
  for (const [name, d, e2] of pairs) {
    const D =
      (way: (h: Fn) => Fn) =>
      (g: Fn): Fn =>
      (x) =>
        way((u) => shift(u)(g)(x))(f64(0))
    near(D(d)(D(e2)(exp as Fn))(f64(1)), Math.E, 1e-12, name)
    near(D(d)(D(e2)((x) => mul(x, mul(x, x))))(f64(2)), 12, 1e-12, name)
  }
})

test('a derivative passed along as a function, applied inside another one to the outer variable', () => {
  const derivative = grad((y: Tensor) => mul(y, mul(y, y)))
  for (const [name, d] of Object.entries(roads)) {
    near(d((x) => mul(derivative(x), x))(f64(2)), 9 * 4, 1e-12, name)
    near(d((x) => d((y) => mul(derivative(y), x))(x))(f64(2)), 12 * 2, 1e-12, name)
  }
})

test('a tangent must not reach a variable of the same value in an enclosing derivative', () => {
  // g(x) = d/dy [x y] at y = x is x: its slope is 1, not 2
  for (const [name, d, e2] of pairs) near(d((x) => e2((y) => mul(x, y))(x))(f64(3)), 1, 1e-14, name)
  // three levels: d/dx d/dy d/dz x y z at equal values
  for (const [name, d, e2] of pairs)
    near(d((x) => e2((y) => grad((z: Tensor) => mul(x, mul(y, z)))(x))(x))(f64(3)), 1, 1e-14, name)
})

test('grad inside the body of a scan, of the loop’s own carry and of what stands outside', () => {
  // c ← c + x · d/dy (y² x) at y = c = c (1 + 2 x²)
  const h = (x: Tensor): Tensor =>
    scan(
      (c: Tensor, _: Tensor): [Tensor, null] => [add(c, mul(x, grad((y: Tensor) => mul(mul(y, y), x))(c))), null],
      x,
      f64([0, 0, 0]),
    )[0]
  // x (1 + 2 x²)³
  for (const [name, d] of Object.entries(roads)) {
    near(h(f64(0.5)), 0.5 * 1.5 ** 3, 1e-12)
    near(d(h)(f64(0.5)), 1.5 ** 3 + 0.5 * 3 * 1.5 ** 2 * 2, 1e-12, name)
  }
  near(vmap(grad(h))(f64([0.5, 0])), [1.5 ** 3 + 0.5 * 3 * 1.5 ** 2 * 2, 1], 1e-12)
})

test('a gradient step differentiated through: d/dl of w − l ∇g(w), and by w', () => {
  const g = (w: Tensor): Tensor => mul(w, mul(w, w))
  const step = (w: Tensor, rate: Tensor): Tensor => sub(w, mul(rate, grad(g)(w)))
  near(grad(step, { wrt: [0, 1] })(f64(2), f64(0.1)), [1 - 0.1 * 12, -12], 1e-12)
  near(
    grad((r: Tensor) => step(step(f64(2), r), r))(f64(0.1)),
    (() => {
      const [w1, d1] = [2 - 1.2, -12]
      return d1 * (1 - 0.1 * 6 * w1) - 3 * w1 * w1
    })(),
    1e-12,
  )
})

test.run()
