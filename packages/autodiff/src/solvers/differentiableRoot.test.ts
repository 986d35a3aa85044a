/** Searches with derivatives: closed forms, the hypergradient of a small bilevel problem, and derivatives that are refused. */

import { add, array, cos, dot, exp, item, jit, matmul, mul, sub, sum, type Tensor } from '@neumann/linalg-gpu'
import { cg, gmres, statuses, statusOf } from '@neumann/linalg-gpu/solvers'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { grad, hvp, jvp, vjp, vmap } from '../index.js'
import { countingDevice, differences, dotOf, elements, f64, identical, near } from '../support.testing.js'
import {
  type DifferentiableRootOptions,
  differentiableFixedPoint,
  differentiableMinimum,
  differentiableRoot,
  lbfgs,
  newton,
  picard,
} from './index.js'
import { applied, combined, type Dense, diagonal, eliminated } from './systems.testing.js'

const tight = { tolerance: 1e-15, absolute: 1e-15 }
const K = [
  [3, 1, -0.5],
  [-1, 4, 0.2],
  [0.3, -0.6, 2],
]
const a0 = [1, -2, 0.7]
const direction = [0.4, 1, -0.3]
const zero = f64([0, 0, 0])

/** K x + x³ = a, by Newton's method on plain numbers. */
const rootOf = (a: readonly number[]): number[] => {
  let x = a.map(() => 0)
  for (let i = 0; i < 60; i++) {
    const r = applied(K, x).map((v, j) => v + x[j]! ** 3 - a[j]!)
    const step = eliminated(slopeAt(x), r)
    x = x.map((v, j) => v - step[j]!)
  }
  return x
}
const slopeAt = (x: readonly number[]): Dense => combined(K, 3, diagonal(x.map((v) => v * v)))
const F =
  (a: Tensor) =>
  (x: Tensor): Tensor =>
    sub(add(matmul(f64(K), x), mul(x, mul(x, x))), a)
const solved = (
  a: Tensor,
  start: Tensor = zero,
  options: DifferentiableRootOptions = { linearSolver: gmres({ tolerance: 1e-14 }) },
) => differentiableRoot(newton(tight), options)(F(a))(start)
const at = (t: number): number[] => rootOf(a0.map((v, i) => v + t * direction[i]!))

test('a root, its derivatives in both modes, and of order 2', () => {
  const x = (a: Tensor): Tensor => solved(a).x
  near(x(f64(a0)), at(0), 1e-14)
  near(jvp(x, [f64(a0)], [f64(direction)]).tangent, eliminated(slopeAt(at(0)), direction), 1e-13)
  const c = [0.3, 1, -2]
  const transposed = slopeAt(at(0))[0]!.map((_, j) => slopeAt(at(0)).map((row) => row[j]!))
  near(vjp(x, [f64(a0)]).pull(f64(c))[0], eliminated(transposed, c), 1e-13)
  const bent = hvp((a: Tensor) => dot(x(a), f64(c)))(f64(a0))(f64(direction))
  const slope = (t: number): number => differences((s) => [dotOf(at(t + s), c)], 0.02)[0]!
  near(dotOf(elements(bent), direction), differences((t) => [slope(t)], 0.02)[0]!, 1e-8)
})

test('the evidence is that of the search, which runs once; the start has no derivative', () => {
  const plain = newton(tight)(F(f64(a0)))(zero)
  const { device, count, reset } = countingDevice()
  const put = (data: readonly number[]): Tensor => array(data, { dtype: 'f64', device })
  // one cosine a value of f, and none in its derivative
  const fixed = (a: Tensor) =>
    differentiableFixedPoint(picard(tight), { linearSolver: gmres({ tolerance: 1e-14 }) })((x: Tensor) =>
      mul(a, cos(x)),
    )(put([1]))
  const a = put([0.4])
  const { evaluations, x } = fixed(a)
  reset()
  const { aux, grad: slope } = grad(
    (b: Tensor) => {
      const found = fixed(b)
      return [sum(found.x), found.evaluations] as const
    },
    { aux: true },
  )(a)
  assert.is(item(aux), item(evaluations))
  // another for ∂f/∂a = cos x
  assert.is(count('cos'), item(evaluations) + 1)
  // x = a cos x: dx = cos x / (1 + a sin x)
  const [v] = elements(x)
  near(slope, [Math.cos(v!) / (1 + 0.4 * Math.sin(v!))], 1e-13)
  const got = jit((p: Tensor) => solved(p) as never)(f64(a0)) as unknown as typeof plain
  assert.equal(
    [got.status, got.iterations, got.evaluations].map(item),
    [plain.status, plain.iterations, plain.evaluations].map(item),
  )
  near(grad((start: Tensor) => sum(solved(f64(a0), start).x))(f64([0.1, 0.2, 0.3])), [0, 0, 0])
  near(grad((p: Tensor) => solved(p).residual)(f64(a0)), [0, 0, 0])
})

test('a minimum: the hypergradient of a ridge regression with one penalty for each weight', () => {
  const [X, y] = [
    f64([
      [1, 0],
      [1, 1],
      [0, 2],
      [2, 1],
    ]),
    f64([1, 2, 2, 3]),
  ]
  const [Xv, yv] = [
    f64([
      [1, 1],
      [1, -1],
    ]),
    f64([1, 1]),
  ]
  const inner =
    (lambda: Tensor) =>
    (w: Tensor): Tensor => {
      const r = sub(matmul(X, w), y)
      return mul(0.5, add(dot(r, r), sum(mul(exp(lambda), mul(w, w)))))
    }
  const search = (f: (w: Tensor) => Tensor) => newton(tight)((w: Tensor) => grad(f)(w))
  const outer = (lambda: Tensor): Tensor => {
    const { x } = differentiableMinimum(search, { linearSolver: cg({ tolerance: 1e-14 }) })(inner(lambda))(f64([0, 0]))
    const r = sub(matmul(Xv, x), yv)
    return mul(0.5, dot(r, r))
  }
  // by hand: −e^λₖ wₖ qₖ with H q = ∂F/∂w, H = [[7, 3], [3, 8]]
  near(jit(grad(outer))(f64([0, Math.log(2)])), [11160 / 103823, -37152 / 103823], 1e-13)
})

test('the value at a minimum moves too', () => {
  // min over x of Σ (x − a)² + x² is a² / 2, at a / 2
  const least = (a: Tensor) =>
    differentiableMinimum(lbfgs(tight))((x: Tensor) => add(sum(mul(sub(x, a), sub(x, a))), sum(mul(x, x))))(f64([1, 1]))
  const a = f64([2, -3])
  near(least(a).value, 6.5, 1e-14)
  near(grad((p: Tensor) => least(p).value)(a), [2, -3], 1e-13)
  near(grad((p: Tensor) => sum(least(p).x))(a), [0.5, 0.5], 1e-13)
})

test('what finds fixed points is no search for roots, and the other way round', () => {
  // @ts-expect-error
  differentiableRoot(picard())
  // @ts-expect-error
  differentiableFixedPoint(newton())
  assert.throws(() => differentiableRoot(newton(), { accept: [] }), /differentiableRoot: accept names no status/)
})

test('a batch of searches: lanes of their own, and one that fails', () => {
  const rows = [a0, [0, 0, 0], [1, 1, 1]]
  const lane = (a: Tensor) => {
    const { out, pull } = vjp((p: Tensor) => solved(p).x, [a])
    return [out, ...pull(f64([1, 0, 2]))] as const
  }
  const [x, bar] = vmap(lane)(f64(rows))
  near(x, rows.map(rootOf), 1e-13)
  rows.forEach((row, i) => {
    const slope = slopeAt(rootOf(row))
    near(
      elements(bar).slice(3 * i, 3 * i + 3),
      eliminated(
        slope[0]!.map((_, j) => slope.map((r) => r[j]!)),
        [1, 0, 2],
      ),
      1e-12,
    )
  })
  // a fixed point that attracts, and one that does not
  const slopes = vmap(
    grad((a: Tensor) => sum(differentiableFixedPoint(picard())((v: Tensor) => mul(a, add(v, 1)))(f64([1])).x)),
  )(f64([[0.5], [3]]))
  // x = a / (1 − a): dx = 1 / (1 − a)²
  near(slopes, [4, NaN], 1e-9)
})

test('a derivative needs both: the search, and the linear solve', () => {
  const slope = (options: DifferentiableRootOptions, most = 100): number[] =>
    elements(
      grad((a: Tensor) => sum(differentiableRoot(newton({ maxIterations: most }), options)(F(a))(zero).x))(f64(a0)),
    )
  const none = [NaN, NaN, NaN]
  const kept = ['converged', 'maxIterations'] as const
  assert.ok(slope({}).every(Number.isFinite))
  assert.equal(slope({}, 1), none, 'the search')
  assert.equal(slope({ linearSolver: gmres({ maxIterations: 1 }) }), none, 'the solve')
  assert.ok(slope({ accept: kept }, 1).every(Number.isFinite))
  assert.ok(slope({ linearSolver: gmres({ maxIterations: 1 }), accept: kept }).every(Number.isFinite))
  // the Hessian of −x² is negative: cg says so, and no minimum is claimed
  const top = (f: (x: Tensor) => Tensor) => newton()((x: Tensor) => grad(f)(x))
  const peak = (a: Tensor) =>
    differentiableMinimum(top)((x: Tensor) => sum(mul(-1, mul(sub(x, a), sub(x, a)))))(f64([0]))
  assert.is(statusOf(item(peak(f64([2])).status)), 'converged')
  assert.equal(elements(grad((a: Tensor) => sum(peak(a).x))(f64([2]))), [NaN])
  identical(
    grad((a: Tensor) =>
      sum(differentiableMinimum(top, { accept: statuses })((x: Tensor) => sum(mul(sub(x, a), sub(x, a))))(f64([0])).x),
    )(f64([2])),
    [1],
  )
})

test.run()
