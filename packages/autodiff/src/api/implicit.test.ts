/** customLinearSolve and customRoot: closed forms, solvers of all sorts, every transform, and that no solver is ever differentiated. */

import {
  abs,
  add,
  array,
  cos,
  debugPrint,
  diag,
  div,
  dot,
  exp,
  foriLoop,
  greater,
  jit,
  less,
  logicalAnd,
  matmul,
  mul,
  neg,
  onesLike,
  reshape,
  scan,
  sin,
  sqrt,
  stack,
  sub,
  sum,
  type Tensor,
  transpose,
  whileLoop,
  zerosLike,
} from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { customLinearSolve, customRoot, grad, hessian, hvp, jacfwd, jacrev, jvp, vjp, vmap } from '../index.js'
import { countingDevice, differences, dotOf, elements, f64, flat, near, throws } from '../support.testing.js'

type Operator<X = Tensor> = (x: X) => X
type Solver<X = Tensor> = (A: Operator<X>, b: X) => X

/** Elimination for operators on vectors of two. */
const direct: Solver = (A, b) => {
  const [a, c] = [f64([1, 0]), f64([0, 1])].map((e) => A(e)) as [Tensor, Tensor]
  const at = (v: Tensor, i: number): Tensor => dot(v, f64(i === 0 ? [1, 0] : [0, 1]))
  const det = sub(mul(at(a, 0), at(c, 1)), mul(at(c, 0), at(a, 1)))
  return div(
    stack([
      sub(mul(at(c, 1), at(b, 0)), mul(at(c, 0), at(b, 1))),
      sub(mul(at(a, 0), at(b, 1)), mul(at(a, 1), at(b, 0))),
    ]),
    det,
  )
}

/** Conjugate gradients on the normal equations would need Aᵀ; this is BiCGSTAB-free: Richardson with a fixed number of steps. */
const richardson =
  (steps: number, rate: number): Solver =>
  (A, b) =>
    foriLoop(0, steps, (_, x: Tensor) => add(x, mul(rate, sub(b, A(x)))), zerosLike(b))

/** The same until the residual is small: a while loop. */
const patient =
  (rate: number): Solver =>
  (A, b) => {
    const [x] = whileLoop(
      ([x, k]: [Tensor, Tensor]) => logicalAnd(greater(sum(abs(sub(b, A(x)))), 1e-13), less(k, 2000)),
      ([x, k]: [Tensor, Tensor]): [Tensor, Tensor] => [add(x, mul(rate, sub(b, A(x)))), add(k, 1)],
      [zerosLike(b), array(0, { dtype: 'i32' })],
    )
    return x
  }

const solvers: Readonly<Record<string, Solver>> = {
  direct,
  'fixed scan': richardson(200, 0.3),
  'while loop': patient(0.3),
}

// A(a) = [[a₀, a₁], [a₂, a₃]], b
const invert = ([a, c, d, f]: readonly number[], [u, v]: readonly number[]): number[] => {
  const det = a! * f! - c! * d!
  return [(f! * u! - c! * v!) / det, (a! * v! - d! * u!) / det]
}
const a0 = [2, 0.5, -0.3, 1.5]
const b0 = [1, -2]
const shaped = (a: Tensor): Tensor => reshape(a, [2, 2])

for (const [name, solve] of Object.entries(solvers)) {
  const f = (a: Tensor, b: Tensor): Tensor => customLinearSolve((x: Tensor) => matmul(shaped(a), x), b, solve)
  const twin = (p: readonly number[]): number[] => invert(p.slice(0, 4), p.slice(4))
  const at = [...a0, ...b0]
  const numeric = (v: readonly number[]): number[] => differences((t) => twin(at.map((x, i) => x + t * v[i]!)))
  const args = [f64(a0), f64(b0)] as const
  const v = [0.3, -0.7, 0.2, 0.9, -0.4, 1.1]
  const c = [0.6, -1.3]
  const direction = [f64(v.slice(0, 4)), f64(v.slice(4))] as const

  test(`${name}: value, jvp, vjp and Jacobians, closing over the matrix`, () => {
    near(f(...args), twin(at), 1e-12)
    near(jvp(f, args, direction).tangent, numeric(v), 1e-9)
    const want = at.map((_, i) => dotOf(numeric(at.map((__, j) => (i === j ? 1 : 0))), c))
    near(vjp(f, args).pull(f64(c)), want, 1e-9)
    near(jacfwd(f, { wrt: [0, 1] })(...args), jacrev(f, { wrt: [0, 1] })(...args) as never, 1e-11)
    near(
      jit((...p: [Tensor, Tensor]) => grad((...r: [Tensor, Tensor]) => dot(f64(c), f(...r)), { wrt: [0, 1] })(...p))(
        ...args,
      ),
      want,
      1e-9,
    )
  })

  test(`${name}: Ā = −A⁻ᵀ x̄ xᵀ, b̄ = A⁻ᵀ x̄`, () => {
    const [aBar, bBar] = vjp(f, args).pull(f64(c))
    const x = twin(at)
    const y = invert([a0[0]!, a0[2]!, a0[1]!, a0[3]!], c)
    near(bBar, y, 1e-11)
    near(
      aBar,
      [y[0]! * x[0]!, y[0]! * x[1]!, y[1]! * x[0]!, y[1]! * x[1]!].map((p) => -p),
      1e-11,
    )
  })

  test(`${name}: order 2 by every pair of modes`, () => {
    const loss = (a: Tensor, b: Tensor): Tensor => {
      const x = f(a, b)
      return add(dot(x, mul(x, x)), dot(f64(c), x))
    }
    const slope = (p: readonly number[]): number[] =>
      flat(grad(loss, { wrt: [0, 1] })(f64(p.slice(0, 4)), f64(p.slice(4))))
    const want = differences((t) => slope(at.map((p, i) => p + t * v[i]!)))
    const g = (...p: [Tensor, Tensor]): readonly Tensor[] => grad(loss, { wrt: [0, 1] })(...p)
    near(jvp(g, args, direction).tangent, want, 1e-8, 'forward over reverse')
    near(vjp(g, args).pull(direction as never), want, 1e-8, 'reverse over reverse')
    const forward = (...p: [Tensor, Tensor]): Tensor => jvp(loss, p, direction).tangent
    near(vjp(forward, args).pull(1), want, 1e-8, 'reverse over forward')
    near(jvp(forward, args, direction).tangent, dotOf(want, v), 1e-8, 'forward over forward')
  })

  test(`${name}: a batch of matrices, of right sides, of both; values and gradients`, () => {
    const as = [a0, [1.5, 0.2, 0.4, 2]]
    const bs = [b0, [0.5, 0.7]]
    for (const flags of [
      [1, 0],
      [0, 1],
      [1, 1],
    ]) {
      const put = [flags[0] ? f64(as) : f64(a0), flags[1] ? f64(bs) : f64(b0)] as const
      const axes = flags.map((q) => (q ? 0 : null))
      const each = (i: number): number[] => [...as[flags[0] ? i : 0]!, ...bs[flags[1] ? i : 0]!]
      near(
        vmap(f, { in: axes })(...put),
        [0, 1].map((i) => twin(each(i))),
        1e-11,
      )
      const single = (p: readonly number[]): number[] =>
        flat(grad((a: Tensor, b: Tensor) => dot(f64(c), f(a, b)), { wrt: [0, 1] })(f64(p.slice(0, 4)), f64(p.slice(4))))
      const [ga, gb] = vmap(
        grad((a: Tensor, b: Tensor) => dot(f64(c), f(a, b)), { wrt: [0, 1] }),
        { in: axes },
      )(...put)
      near(
        ga,
        [0, 1].map((i) => single(each(i)).slice(0, 4)),
        1e-10,
      )
      near(
        gb,
        [0, 1].map((i) => single(each(i)).slice(4)),
        1e-10,
      )
      const sums = grad((a: Tensor, b: Tensor) => sum(matmul(vmap(f, { in: axes })(a, b), f64(c))), { wrt: [0, 1] })(
        ...put,
      )
      const both = [0, 1].map((i) => single(each(i)))
      near(
        sums[0],
        flags[0] ? both.map((q) => q.slice(0, 4)) : both[0]!.slice(0, 4).map((q, i) => q + both[1]![i]!),
        1e-10,
      )
      near(
        sums[1],
        flags[1] ? both.map((q) => q.slice(4)) : both[0]!.slice(4).map((q, i) => q + both[1]![4 + i]!),
        1e-10,
      )
    }
  })

  test(`${name}: inside a scan: xₜ₊₁ = A⁻¹ (xₜ + b), differentiated by A`, () => {
    const loop = (a: Tensor): Tensor => foriLoop(0, 3, (_, x: Tensor) => f(a, add(x, f64(b0))), f64([0, 0]))
    const twinLoop = (a: readonly number[]): number[] => {
      let x = [0, 0]
      for (let i = 0; i < 3; i++)
        x = invert(
          a,
          x.map((xi, j) => xi + b0[j]!),
        )
      return x
    }
    const want = a0.map((_, i) =>
      dotOf(
        differences((t) => twinLoop(a0.map((p, j) => (i === j ? p + t : p)))),
        c,
      ),
    )
    near(grad((a: Tensor) => dot(f64(c), loop(a)))(f64(a0)), want, 1e-9)
    near(
      jvp(loop, [f64(a0)], [direction[0]]).tangent,
      differences((t) => twinLoop(a0.map((p, j) => p + t * v[j]!))),
      1e-9,
    )
  })
}

test('a symmetric operator uses one solve program both ways; trees as unknowns', () => {
  interface X {
    readonly p: Tensor
    readonly q: readonly [Tensor]
  }
  // A = [[d, k], [k, e]] on { p, q: [q] }
  const f = (d: Tensor, k: Tensor, e: Tensor): X =>
    customLinearSolve<X>(
      ({ p, q: [q] }) => ({ p: add(mul(d, p), mul(k, q)), q: [add(mul(k, p), mul(e, q))] }),
      { p: f64(1), q: [f64(2)] },
      (A, b) => {
        const first = A({ p: f64(1), q: [f64(0)] })
        const second = A({ p: f64(0), q: [f64(1)] })
        const det = sub(mul(first.p, second.q[0]), mul(second.p, first.q[0]))
        return {
          p: div(sub(mul(second.q[0], b.p), mul(second.p, b.q[0])), det),
          q: [div(sub(mul(first.p, b.q[0]), mul(first.q[0], b.p)), det)],
        }
      },
      { symmetric: true },
    )
  const twin = ([d, k, e]: readonly number[]): number[] => invert([d!, k!, k!, e!], [1, 2])
  const at = [2, 0.5, 3]
  near(f(f64(2), f64(0.5), f64(3)), twin(at))
  const jacobian = [0, 1, 2].map((i) => differences((t) => twin(at.map((p, j) => (i === j ? p + t : p)))))
  near(
    grad((d: Tensor, k: Tensor, e: Tensor) => f(d, k, e).p, { wrt: [0, 1, 2] })(f64(2), f64(0.5), f64(3)),
    jacobian.map((column) => column[0]!),
    1e-9,
  )
})

test('a symmetric operator is never transposed: it may hold a while loop', () => {
  const twice = (x: Tensor): Tensor =>
    whileLoop(
      ([k]: [Tensor, Tensor]) => less(k, 1),
      ([k, y]: [Tensor, Tensor]): [Tensor, Tensor] => [add(k, 1), mul(y, 2)],
      [array(0, { dtype: 'i32' }), x],
    )[1]
  const f =
    (symmetric: boolean) =>
    (b: Tensor): Tensor =>
      customLinearSolve(twice, b, (_, y) => div(y, 2), { symmetric })
  near(grad((b: Tensor) => sum(f(true)(b)))(f64([3, 4])), [0.5, 0.5])
  near(jvp(f(false), [f64([3, 4])], [f64([1, 2])]).tangent, [0.5, 1])
  // a default transposed solve that never asks for the operator needs no transpose either
  near(grad((b: Tensor) => sum(f(false)(b)))(f64([3, 4])), [0.5, 0.5])
  const asking = (b: Tensor): Tensor => customLinearSolve(twice, b, (A, y) => div(y, A(onesLike(y))))
  near(jvp(asking, [f64([3, 4])], [f64([1, 2])]).tangent, [0.5, 1])
  assert.throws(() => grad((b: Tensor) => sum(asking(b)))(f64([3, 4])), /whileLoop: reverse mode/)
})

test('transposeSolve is used where it is given, and only where a transpose is asked for', () => {
  const seen: string[] = []
  const f = (a: Tensor, b: Tensor): Tensor =>
    customLinearSolve(
      (x: Tensor) => matmul(shaped(a), x),
      b,
      (A, y) => {
        debugPrint('solve', y, () => seen.push('solve'))
        return direct(A, y)
      },
      {
        transposeSolve: (A, y) => {
          debugPrint('transposed', y, () => seen.push('transposed'))
          return direct(A, y)
        },
      },
    )
  f(f64(a0), f64(b0))
  assert.equal(seen.splice(0), ['solve'])
  jvp(f, [f64(a0), f64(b0)], [f64(a0), f64(b0)])
  assert.equal(seen.splice(0), ['solve', 'solve'])
  grad((a: Tensor) => sum(f(a, f64(b0))))(f64(a0))
  assert.equal(seen.splice(0), ['solve', 'transposed'])
  const { pull } = vjp(f, [f64(a0), f64(b0)])
  assert.equal(seen.splice(0), ['solve'])
  pull(f64([1, 0]))
  pull(f64([0, 1]))
  assert.equal(seen.splice(0), ['transposed', 'transposed'])
  // a Hessian product of a linear functional of x: values, adjoint, and the tangent of each
  jvp(
    grad((a: Tensor) => sum(f(a, f64(b0)))),
    [f64(a0)],
    [f64([1, 0, 0, 0])],
  )
  assert.equal(seen.splice(0).sort(), ['solve', 'solve', 'transposed', 'transposed'])
})

test('tangentSolve serves tangents, and cotangents where there is no transposeSolve; what solve closes over is read for the value alone', () => {
  const seen: string[] = []
  const noting =
    (name: string): Solver =>
    (A, y) => {
      debugPrint(name, y, () => seen.push(name))
      return direct(A, y)
    }
  // the value is found elsewhere, and handed over
  const f = (a: Tensor, b: Tensor, found: Tensor): Tensor =>
    customLinearSolve(
      (x: Tensor) => matmul(shaped(a), x),
      b,
      () => found,
      { tangentSolve: noting('tangent') },
    )
  const x0 = invert(a0, b0)
  const args = [f64(a0), f64(b0), f64(x0)] as const
  near(f(f64(a0), f64(b0), f64([5, 6])), [5, 6])
  assert.equal(seen, [])
  const v = [1, -0.5, 0.3, 2]
  const slope = differences((t) =>
    invert(
      a0.map((p, i) => p + t * v[i]!),
      b0,
    ),
  )
  near(jvp(f, args, [f64(v), f64([0, 0]), f64([7, 7])]).tangent, slope, 1e-9)
  assert.equal(seen.splice(0), ['tangent'])
  const [aBar, , foundBar] = vjp(f, args).pull(f64([1, -1]))
  near(dotOf(elements(aBar), v), slope[0]! - slope[1]!, 1e-9)
  near(foundBar, [0, 0])
  assert.equal(seen.splice(0), ['tangent'])
  const many = vmap((a: Tensor, found: Tensor) => jvp((q: Tensor) => f(q, f64(b0), found), [a], [f64(v)]), {
    in: [null, 0],
  })
  const batch = many(f64(a0), f64([x0, x0]))
  near(batch, [...x0, ...x0, ...slope, ...slope], 1e-9)
})

test('the iterations of a solver are not differentiated: as many operations in the pull as in one more solve', () => {
  const { device, count, reset } = countingDevice()
  const put = (data: readonly unknown[]): Tensor => array(data as never, { dtype: 'f64', device })
  const [a, b] = [put(a0), put(b0)]
  const f = (q: Tensor): Tensor => customLinearSolve((x: Tensor) => matmul(shaped(q), x), b, richardson(50, 0.3))
  reset()
  f(a)
  const once = count('dot')
  assert.is(once, 50)
  reset()
  grad((q: Tensor) => sum(f(q)))(a)
  assert.ok(count('dot') <= 2 * once + 2, `${count('dot')} products`)
})

test('an operator that differentiates: Hessian products of a function with a loop, under reverse mode', () => {
  // f(w) = Σ over a loop; the operator is v ↦ ∇²f(w) v + v by jvp of grad, whose program carries values and tangents together
  const inner = (w: Tensor, p: Tensor): Tensor => {
    const end = foriLoop(0, 3, (_, h: Tensor) => sin(add(mul(h, p), w)), w)
    return add(dot(end, end), mul(2, dot(w, w)))
  }
  const w = f64([0.3, -0.5])
  const roads: Readonly<Record<string, (p: Tensor) => Operator>> = {
    'jvp of grad': (p) => (v) => jvp((u: Tensor) => grad(inner)(u, p), [w], [v]).tangent,
    'grad of grad': (p) => (v) => grad((u: Tensor) => dot(grad(inner)(u, p), v))(w),
    'grad of jvp': (p) => (v) => grad((u: Tensor) => jvp((q: Tensor) => inner(q, p), [u], [v]).tangent)(w),
    hvp: (p) => {
      const H = hvp(inner)(w, p)
      return (v) => H(v)
    },
  }
  const value = (p: Tensor): number => {
    const H = hessian(inner)(w, p) as Tensor
    return elements(sum(direct((v) => matmul(H, v), f64(b0))))[0]!
  }
  const slope = differences((t) => [value(f64(0.7 + t))], 0.004)
  for (const [name, operator] of Object.entries(roads)) {
    // the default transposed solve transposes the operator, symmetric or not
    const f = (p: Tensor): Tensor => sum(customLinearSolve(operator(p), f64(b0), direct))
    near(f(f64(0.7)), value(f64(0.7)), 1e-11, name)
    near(jvp(f, [f64(0.7)], [1]).tangent, slope, 1e-8, `${name} forward`)
    near(grad(f)(f64(0.7)), slope, 1e-8, `${name} reverse`)
  }
})

test('an operator with a loop of its own, with a counter, and one with a branch', () => {
  // A x = (½ P)³ x with P = [[2, a], [0, 3]], looped with a counter in the carry; the branch depends on a constant
  const f = (a: Tensor): Tensor => {
    const P = (x: Tensor): Tensor => {
      const [x0, x1] = [dot(x, f64([1, 0])), dot(x, f64([0, 1]))]
      return stack([add(mul(2, x0), mul(a, x1)), mul(3, x1)])
    }
    const A = (x: Tensor): Tensor => {
      const [, y] = scan(
        ([i, v]: [Tensor, Tensor]): [[Tensor, Tensor], null] => [[add(i, 1), mul(0.5, P(v))], null],
        [array(0, { dtype: 'i32' }), x],
        null,
        { length: 3 },
      )[0]
      return y
    }
    return sum(customLinearSolve(A, f64(b0), direct))
  }
  const twin = (a: number): number => {
    let x = [1, -2]
    for (let i = 0; i < 3; i++) x = invert([1, a / 2, 0, 1.5], x)
    return x[0]! + x[1]!
  }
  near(f(f64(0.8)), twin(0.8), 1e-12)
  near(
    grad(f)(f64(0.8)),
    differences((t) => [twin(0.8 + t)]),
    1e-9,
  )
  near(
    grad(grad(f))(f64(0.8)),
    differences((t) => elements(grad(f)(f64(0.8 + t)))),
    1e-8,
  )
})

test('a solver that closes over traced values: they cost nothing and get no derivative', () => {
  // the rate of the iteration is an argument: it does not change the solution
  const f = (a: Tensor, rate: Tensor): Tensor =>
    sum(
      customLinearSolve(
        (x: Tensor) => matmul(shaped(a), x),
        f64(b0),
        (A, b) => foriLoop(0, 300, (_, x: Tensor) => add(x, mul(rate, sub(b, A(x)))), zerosLike(b)),
      ),
    )
  const [, byRate] = grad(f, { wrt: [0, 1] })(f64(a0), f64(0.3))
  near(byRate, 0)
  near(
    vmap(f, { in: [null, 0] })(f64(a0), f64([0.3, 0.4])),
    [0, 0].map(() => invert(a0, b0).reduce((p, q) => p + q)),
    1e-11,
  )
})

test('a transposed solve that alone closes over a batched value', () => {
  const f = (rate: Tensor): Tensor =>
    grad((b: Tensor) =>
      sum(
        customLinearSolve(
          (x: Tensor) =>
            matmul(
              f64([
                [2, 1],
                [0, 4],
              ]),
              x,
            ),
          b,
          direct,
          {
            transposeSolve: (A, y) => mul(rate, direct(A, y)),
          },
        ),
      ),
    )(f64(b0))
  // A⁻ᵀ [1, 1]
  const y = [0.5, 0.125]
  near(vmap(f)(f64([1, 3])), [y, y.map((v) => 3 * v)])
  const g = (b: Tensor, rate: Tensor): Tensor =>
    customLinearSolve((x: Tensor) => mul(2, x), b, direct, { transposeSolve: (_, z) => mul(rate, z) })
  const whole = vmap(g, { in: [null, 0] })
  near(grad((b: Tensor) => sum(whole(b, f64([1, 3]))))(f64(b0)), [4, 4])
})

test('what a solve refuses', () => {
  const b = f64([1, 2])
  throws(
    () => customLinearSolve((x: Tensor) => sum(x), b, direct),
    'customLinearSolve: the operator returned a result as f64[], expected f64[2]: cast or reshape it.',
  )
  throws(
    () => customLinearSolve((x: Tensor) => ({ x }) as never, b, direct),
    'customLinearSolve: the operator returned a result of the form {x: *}, expected *.',
  )
  throws(
    () =>
      customLinearSolve(
        (x: Tensor) => x,
        b,
        (_, y) => [y] as never,
      ),
    'customLinearSolve: solve returned a result of the form [*], expected *.',
  )
  throws(
    () =>
      customLinearSolve(
        (x: Tensor) => x,
        b,
        (A) => A(f64(1)),
      ),
    'customLinearSolve: the solver handed over a vector as f64[], expected f64[2]: cast or reshape it.',
  )
})

/* --------------------------------------------------------------------------------------------------- roots */

test('a scalar root: √a, to order 4, in both modes, batched and jitted', () => {
  const root = (a: Tensor): Tensor =>
    customRoot(
      (x: Tensor) => sub(mul(x, x), a),
      f64(1),
      (f, x0) => foriLoop(0, 40, (_, x: Tensor) => sub(x, div(f(x), mul(2, x))), x0),
      (g, y) => div(y, g(onesLike(y))),
    )
  const at = 2.3
  const powers = [at ** 0.5, 0.5 * at ** -0.5, -0.25 * at ** -1.5, 0.375 * at ** -2.5, -0.9375 * at ** -3.5]
  let f = root
  let h = root
  for (let order = 0; order <= 4; order++) {
    near(f(f64(at)), powers[order]!, 1e-11, `reverse ${order}`)
    near(h(f64(at)), powers[order]!, 1e-11, `forward ${order}`)
    f = grad(f)
    const before = h
    h = (x) => jvp(before, [x], [f64(1)]).tangent
  }
  near(vmap(root)(f64([1, 4, 9])), [1, 2, 3])
  near(vmap(grad(root))(f64([1, 4, 9])), [0.5, 0.25, 1 / 6])
  near(grad((a: Tensor) => sum(vmap(root)(a)))(f64([1, 4, 9])), [0.5, 0.25, 1 / 6])
  near(jit(grad(root))(f64(4)), 0.25)
  near(
    grad((a: Tensor) => foriLoop(0, 3, (_, c: Tensor) => root(add(c, 1)), a))(f64(2)),
    (() => {
      let [c, d] = [2, 1]
      for (let i = 0; i < 3; i++) {
        c = Math.sqrt(c + 1)
        d /= 2 * c
      }
      return d
    })(),
  )
})

test('a system of three unknowns in a tree, solved by Newton in a while loop', () => {
  interface X {
    readonly u: Tensor
    readonly v: Tensor
  }
  // u₀ + sin u₁ = p, u₁ + v²/4 = q, v + exp(−v)/5 − u₀ = 0
  const e = (i: number): Tensor => f64(i === 0 ? [1, 0] : [0, 1])
  const system =
    (p: Tensor, q: Tensor) =>
    ({ u, v }: X): X => {
      const [a, b] = [dot(u, e(0)), dot(u, e(1))]
      return {
        u: stack([sub(add(a, sin(b)), p), sub(add(b, mul(0.25, mul(v, v))), q)]),
        v: sub(add(v, mul(0.2, exp(neg(v)))), a),
      }
    }
  // unknowns as vectors of 3, Gauss elimination written out as Cramer
  const vector = ({ u, v }: X): Tensor => stack([dot(u, e(0)), dot(u, e(1)), v])
  const tree = (x: Tensor): X => {
    const at = (i: number): Tensor => dot(x, f64([0, 1, 2].map((j) => (i === j ? 1 : 0))))
    return { u: stack([at(0), at(1)]), v: at(2) }
  }
  const cross = (x: Tensor, y: Tensor): Tensor => {
    const at = (z: Tensor, i: number): Tensor => dot(z, f64([0, 1, 2].map((j) => (i === j ? 1 : 0))))
    return stack(
      [0, 1, 2].map((i) =>
        sub(mul(at(x, (i + 1) % 3), at(y, (i + 2) % 3)), mul(at(x, (i + 2) % 3), at(y, (i + 1) % 3))),
      ),
    )
  }
  const cramer: Solver<X> = (A, y) => {
    const columns = [0, 1, 2].map((i) => vector(A(tree(f64([0, 1, 2].map((j) => (i === j ? 1 : 0)))))))
    const [c0, c1, c2] = columns as [Tensor, Tensor, Tensor]
    const det = dot(c0, cross(c1, c2))
    const b = vector(y)
    return tree(div(stack([dot(b, cross(c1, c2)), dot(c0, cross(b, c2)), dot(c0, cross(c1, b))]), det))
  }
  const root = (p: Tensor, q: Tensor): X =>
    customRoot(
      system(p, q),
      { u: f64([0.5, 0.5]), v: f64(0.5) },
      (f, x0) => {
        const [x] = whileLoop(
          ([x, k]: [X, Tensor]) => logicalAnd(greater(sum(abs(vector(f(x)))), 1e-13), less(k, 50)),
          ([x, k]: [X, Tensor]): [X, Tensor] => {
            const step = cramer((dx) => jvp(f, [x], [dx as never]).tangent, f(x))
            return [{ u: sub(x.u, step.u), v: sub(x.v, step.v) }, add(k, 1)]
          },
          [x0, array(0, { dtype: 'i32' })],
        )
        return x
      },
      cramer,
    )
  const [p, q] = [1.3, 0.6]
  const value = (s: number, t: number): number[] => flat(root(f64(p + s), f64(q + t)))
  near(flat(system(f64(p), f64(q))(root(f64(p), f64(q)))), [0, 0, 0], 1e-12)
  const byP = differences((t) => value(t, 0), 0.02)
  const byQ = differences((t) => value(0, t), 0.02)
  near(jvp(root, [f64(p), f64(q)], [1, 0]).tangent, byP, 1e-8)
  near(jvp(root, [f64(p), f64(q)], [0, 1]).tangent, byQ, 1e-8)
  const loss = (a: Tensor, b: Tensor): Tensor => {
    const x = root(a, b)
    return add(sum(mul(x.u, x.u)), mul(x.v, cos(x.v)))
  }
  const numeric = (s: number, t: number): number => {
    const [a, b, v] = value(s, t)
    return a! * a! + b! * b! + v! * Math.cos(v!)
  }
  near(
    grad(loss, { wrt: [0, 1] })(f64(p), f64(q)),
    [...differences((t) => [numeric(t, 0)], 0.02), ...differences((t) => [numeric(0, t)], 0.02)],
    1e-8,
  )
  const h = differences((t) => flat(grad(loss, { wrt: [0, 1] })(f64(p + t), f64(q))), 0.02)
  near(jvp((a: Tensor) => grad(loss, { wrt: [0, 1] })(a, f64(q)), [f64(p)], [1]).tangent, h, 1e-8)
  near(grad((a: Tensor) => grad(loss, { wrt: 1 })(a, f64(q)))(f64(p)), h[1]!, 1e-8)
  near(
    vmap(grad(loss), { in: [0, null] })(f64([p, 0.9]), f64(q)),
    [p, 0.9].map((a) => elements(grad(loss)(f64(a), f64(q)))[0]!),
    1e-10,
  )
})

test('a fixed point as a root: x = cos(a x); the guess has no derivative', () => {
  const fixed = (a: Tensor, guess: Tensor): Tensor =>
    customRoot(
      (x: Tensor) => sub(cos(mul(a, x)), x),
      guess,
      (f, x0) => foriLoop(0, 200, (_, x: Tensor) => add(x, mul(0.7, f(x))), x0),
      (g, y) => div(y, g(onesLike(y))),
    )
  const x = elements(fixed(f64(0.9), f64(0.5)))[0]!
  const sine = Math.sin(0.9 * x)
  // dx = −x sin(a x) / (1 + a sin(a x)) da
  near(grad(fixed, { wrt: [0, 1] })(f64(0.9), f64(0.5)), [(-x * sine) / (1 + 0.9 * sine), 0])
})

test('the tangent solve may close over traced values', () => {
  // a damped iteration as the tangent solve, whose rate is an argument of the function that is differentiated
  const root = (a: Tensor, rate: Tensor): Tensor =>
    customRoot(
      (x: Tensor) => sub(mul(x, x), a),
      f64(1.5),
      (f, x0) => foriLoop(0, 100, (_, x: Tensor) => sub(x, mul(rate, f(x))), x0),
      (g, y) => foriLoop(0, 200, (_, v: Tensor) => add(v, mul(rate, sub(y, g(v)))), zerosLike(y)),
    )
  near(grad(root, { wrt: [0, 1] })(f64(2), f64(0.2)), [0.5 / Math.SQRT2, 0], 1e-11)
  near(vmap(grad(root), { in: [null, 0] })(f64(2), f64([0.2, 0.25])), [0.5 / Math.SQRT2, 0.5 / Math.SQRT2], 1e-11)
  near(grad(grad(root))(f64(2), f64(0.2)), -0.25 * 2 ** -1.5, 1e-10)
})

test('a root whose equation holds a loop, under reverse mode: its slope carries values and tangents together', () => {
  // f(x) = s(s(s(x))) − a with s(x) = x + sin(x)/4
  const s = (x: Tensor): Tensor => add(x, mul(0.25, sin(x)))
  const root = (a: Tensor): Tensor =>
    customRoot(
      (x: Tensor) =>
        sub(
          foriLoop(0, 3, (_, c: Tensor) => s(c), x),
          a,
        ),
      f64(0.5),
      (f, x0) => foriLoop(0, 60, (_, x: Tensor) => sub(x, mul(0.6, f(x))), x0),
      (g, y) => div(y, g(onesLike(y))),
    )
  const x = elements(root(f64(1)))[0]!
  let [c, d] = [x, 1]
  for (let i = 0; i < 3; i++) {
    d *= 1 + Math.cos(c) / 4
    c += Math.sin(c) / 4
  }
  near(c, 1, 1e-12)
  near(jvp(root, [f64(1)], [1]).tangent, 1 / d, 1e-11)
  near(grad(root)(f64(1)), 1 / d, 1e-11)
  near(
    grad(grad(root))(f64(1)),
    differences((t) => elements(grad(root)(f64(1 + t)))),
    1e-8,
  )
})

test('the search of a root is run once for a gradient and never differentiated', () => {
  const { device, count, reset } = countingDevice()
  const root = (a: Tensor): Tensor =>
    customRoot(
      (x: Tensor) => sub(mul(x, x), a),
      onesLike(a),
      (f, x0) => foriLoop(0, 40, (_, x: Tensor) => sub(x, div(f(x), mul(2, sqrt(mul(x, x))))), x0),
      (g, y) => div(y, g(onesLike(y))),
    )
  const a = array(2, { dtype: 'f64', device })
  for (const run of [root, grad(root), (x: Tensor) => jvp(root, [x], [1]), (x: Tensor) => vjp(root, [x]).pull(1)]) {
    reset()
    run(a)
    assert.is(count('sqrt'), 40)
  }
})

test('diagonal systems as matrices and as vectors agree', () => {
  const d = f64([2, 3, 5])
  const b = f64([1, -1, 2])
  const dense = (p: Tensor): Tensor => customLinearSolve((x: Tensor) => matmul(diag(p), x), b, richardson(120, 0.25))
  const plain = (p: Tensor): Tensor =>
    customLinearSolve(
      (x: Tensor) => mul(p, x),
      b,
      (_, y) => div(y, p),
    )
  near(jacrev(dense)(d), jacfwd(plain)(d) as never, 1e-10)
  near(jacrev(plain)(d), [-0.25, 0, 0, 0, 1 / 9, 0, 0, 0, -0.08], 1e-11)
  near(transpose(jacrev(plain)(d) as Tensor), jacrev(plain)(d) as never)
  near(sqrt(f64(4)), 2)
})

test.run()
