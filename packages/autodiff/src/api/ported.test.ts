/** Expectations that other libraries hold themselves to, restated: what is asked of JAX (tests/api_test.py, lax_autodiff_test.py,
 *  lax_control_flow_test.py, custom_derivatives cases, jaxpr_effects, random_lax) and of HIPS autograd (tests/test_systematic, test_core, test_wrappers …).
 *  The facts are theirs, recalled from memory and not looked up again; the words, numbers and code are ours. */

import {
  abs,
  add,
  array,
  cast,
  clip,
  concatenate,
  cond,
  cos,
  debugPrint,
  div,
  dot,
  equal,
  exp,
  foriLoop,
  greater,
  jit,
  less,
  log,
  logsumexp,
  matmul,
  max,
  maximum,
  mean,
  min,
  mul,
  neg,
  norm,
  ones,
  pow,
  reshape,
  scan,
  sin,
  slice,
  softmax,
  sort,
  sqrt,
  stack,
  sub,
  sum,
  switchCase,
  type Tensor,
  take,
  tanh,
  trace,
  transpose,
  where,
  whileLoop,
  zeros,
} from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  checkGrads,
  checkpoint,
  customJvp,
  customLinearSolve,
  customVjp,
  grad,
  hessian,
  hvp,
  jacfwd,
  jacrev,
  jvp,
  linearize,
  linearTranspose,
  stopGradient,
  valueAndGrad,
  vjp,
  vmap,
} from '../index.js'
import { differences, elements, f64, flat, formOf, messageOf, near } from '../support.testing.js'

const one = f64(1)
const i32 = (data: unknown): Tensor => array(data as never, { dtype: 'i32' })

/* ------------------------------------------------------------------------------------------ JAX, api_test */

test('JAX api_test (grad of several argnums): a tuple in the order asked for', () => {
  const f = (x: Tensor, y: Tensor, z: Tensor): Tensor => tanh(add(mul(x, y), z))
  const s = 1 - Math.tanh(2 * 3 + 1) ** 2
  near(grad(f)(f64(2), f64(3), one), 3 * s)
  near(grad(f, { wrt: 1 })(f64(2), f64(3), one), 2 * s)
  near(grad(f, { wrt: [2, 0] })(f64(2), f64(3), one), [s, 3 * s])
})

test('JAX api_test (value_and_grad argnums): value and gradients come from one evaluation', () => {
  const seen: string[] = []
  const f = (x: Tensor, y: Tensor): Tensor => {
    debugPrint('x', x, (text) => seen.push(text))
    return mul(mul(x, x), y)
  }
  const { value, grad: g } = valueAndGrad(f, { wrt: [0, 1] })(f64(3), f64(2))
  near([value, g], [18, 12, 9])
  assert.is(seen.length, 1)
})

test('JAX api_test (grad and aux basic, pytree, nested): auxiliary output in any form and depth', () => {
  const f = (x: Tensor) => [mul(mul(x, x), x), { shown: [mul(x, 10)] as const }] as const
  const { grad: g, aux } = grad(f, { aux: true })(f64(4))
  near([g, aux.shown], [48, 40])
  const nested = grad((x: Tensor) => {
    const inner = grad(f, { aux: true })(x)
    return add(inner.grad, inner.aux.shown[0]!)
  })
  near(nested(f64(4)), 24 + 10)
})

test('JAX api_test (grad wrong argnum, grad of int errors): refused with a reason', () => {
  assert.match(
    messageOf(() => grad((x: Tensor) => x, { wrt: 3 as never })(one)),
    /argument 3/,
  )
  assert.match(
    messageOf(() => grad((x: Tensor) => cast(x, 'f64'))(i32(3))),
    /floats/,
  )
})

test('JAX api_test (grad of jit, jit of grad, nested jit): nothing but speed changes', () => {
  const f = (x: Tensor): Tensor => mul(sin(x), x)
  const want = Math.sin(0.6) + 0.6 * Math.cos(0.6)
  for (const g of [grad(f), jit(grad(f)), grad(jit(f)), jit(grad(jit(jit(f))))]) near(g(f64(0.6)), want)
})

test('JAX api_test (complicated closure, closure conversion): a jitted function closes over the tracers of another', () => {
  const outer = (x: Tensor): Tensor => {
    const inner = jit((y: Tensor) => mul(x, mul(y, x)))
    return inner(sin(x))
  }
  near(grad(outer)(f64(0.7)), 2 * 0.7 * Math.sin(0.7) + 0.49 * Math.cos(0.7))
})

test('JAX api_test (jvp/vjp mismatched arguments): count, tree and type are checked', () => {
  const f = (x: Tensor, y: Tensor): Tensor => mul(x, y)
  assert.match(
    messageOf(() => jvp(f, [one, one], [one] as never)),
    /each of the 2 arguments/,
  )
  assert.match(
    messageOf(() => jvp(f, [one, one], [one, array(1)])),
    /f32\[\], expected f64\[\]/,
  )
  assert.match(
    messageOf(() => vjp(f, [one, one]).pull([one] as never)),
    /form/,
  )
})

test('JAX api_test (vjp reuse): a pull may be called with different cotangents, each time for itself', () => {
  const { pull } = vjp((x: Tensor) => [mul(x, x), mul(x, 3)] as const, [f64(5)])
  near(pull([1, 0] as never), 10)
  near(pull([0, 1] as never), 3)
  near(pull([1, 1] as never), 13)
})

test('JAX api_test (linearize): the linear map is the jvp, and is a function like any other', () => {
  const f = (x: Tensor): Tensor => mul(sin(x), cos(x))
  const { push } = linearize(f, [f64([0.1, 0.8])])
  const v = f64([1, -2])
  near(push(v), jvp(f, [f64([0.1, 0.8])], [v]).tangent as never)
  near(jit((t: Tensor) => push(t))(v), push(v) as never)
  near(
    vmap((t: Tensor) => push(t))(
      f64([
        [1, -2],
        [0, 1],
      ]),
    ),
    [...flat(push(v)), ...flat(push(f64([0, 1])))],
  )
})

test('JAX api_test (linear_transpose real, of scan): transposes what is linear, refuses integers', () => {
  const A = f64([
    [1, 2],
    [3, 4],
    [5, 6],
  ])
  near(linearTranspose((x: Tensor) => matmul(A, x), f64([0, 0]))(f64([1, 1, 1])), [9, 12])
  const running = (x: Tensor): Tensor =>
    scan((c: Tensor, r: Tensor): [Tensor, Tensor] => [add(c, r), add(c, r)], f64(0), x)[1]
  near(linearTranspose(running, f64([0, 0, 0]))(f64([1, 1, 1])), [3, 2, 1])
  assert.match(
    messageOf(() => linearTranspose((x: Tensor) => x, i32([1]))),
    /floats/,
  )
})

test('JAX api_test (hessian on pytrees, jacobian on pytrees): [out tree][in tree]', () => {
  const f = (x: { a: Tensor; b: Tensor }) => ({ c: mul(x.a, x.b) })
  const J = jacrev(f)({ a: f64(2), b: f64(3) })
  near([J.c.a, J.c.b], [3, 2])
  const H = hessian((x: { a: Tensor; b: Tensor }) => mul(x.a, mul(x.b, x.b)))({ a: f64(2), b: f64(3) })
  near([H.a.a, H.a.b, H.b.a, H.b.b], [0, 6, 6, 4])
})

test('JAX api_test (jacfwd and jacrev of a cubed cosine): agree with the product rule', () => {
  const f = (x: Tensor): Tensor => mul(cos(x), mul(x, x))
  const x = [0.2, -1.3, 2]
  const want = x.flatMap((v, i) => x.map((_, j) => (i === j ? 2 * v * Math.cos(v) - v * v * Math.sin(v) : 0)))
  near(jacfwd(f)(f64(x)), want)
  near(jacrev(f)(f64(x)), want)
})

test('JAX api_test (grad of a function with float0 inputs): integer arguments beside float ones are passed by', () => {
  const f = (x: Tensor, n: Tensor): Tensor => mul(x, cast(n, 'f64'))
  const [gx, gn] = vjp(f, [f64(2), i32(3)]).pull(1)
  near(gx, 3)
  assert.is(formOf(gn), 'i32[]')
})

test('JAX api_test (vmap in_axes pytree, out_axes, None): axes by subtree, null shared', () => {
  const f = (d: { a: Tensor; b: Tensor }): Tensor => add(d.a, d.b)
  near(vmap(f, { in: [{ a: 0, b: null }] })({ a: f64([1, 2]), b: f64(10) }), [11, 12])
  assert.equal(vmap((x: Tensor) => stack([x, x]), { out: 1 })(f64([1, 2, 3])).shape, [2, 3])
  assert.match(
    messageOf(() => vmap(f, { in: [{ a: 0, b: 0 }] })({ a: f64([1, 2]), b: f64([1, 2, 3]) })),
    /2 in argument 0\.a, 3 in argument 0\.b/,
  )
})

test('JAX api_test (per-example gradients by vmap of grad): as the loop', () => {
  const W = f64([
    [0.5, -1],
    [2, 0.3],
  ])
  const loss = (w: Tensor, x: Tensor): Tensor => sum(tanh(matmul(w, x)))
  const xs = [
    [1, 2],
    [0, -1],
    [0.5, 0.5],
  ]
  near(
    vmap(grad(loss), { in: [null, 0] })(W, f64(xs)),
    xs.flatMap((x) => flat(grad(loss)(W, f64(x)))),
  )
})

test('JAX api_test (leak checker): a tracer kept in a list is refused where it is used', () => {
  const kept: Tensor[] = []
  jit((x: Tensor) => {
    kept.push(mul(x, 2))
    return x
  })(one)
  assert.match(
    messageOf(() => jit((x: Tensor) => mul(x, kept[0]!))(one)),
    /has ended/,
  )
})

test('JAX api_test (concretization errors): a condition on a tracer names the alternatives', () => {
  assert.match(
    messageOf(() => jit((x: Tensor) => ((x as never as number) > 0 ? x : neg(x)))(one)),
    /cond or where/,
  )
})

test('JAX api_test (dead code): what a gradient does not need is not computed', () => {
  const f = (x: Tensor): Tensor => {
    exp(exp(x))
    return sum(mul(x, 2))
  }
  assert.not.ok(trace(f)(f64([1])).eqns.length === 0)
  near(jit(grad(f))(f64([1000])), [2])
})

/* ------------------------------------------------------------------------------------- JAX, remat / checkpoint */

test('JAX api_test RematTest (basic, grad of grad, freevars): values and derivatives unchanged', () => {
  const k = f64(1.5)
  const f = checkpoint((x: Tensor) => sin(sin(mul(x, k))))
  const plain = (x: Tensor): Tensor => sin(sin(mul(x, k)))
  near(f(f64(3)), plain(f64(3)) as never)
  near(grad(f)(f64(3)), grad(plain)(f64(3)) as never)
  near(grad(grad(f))(f64(3)), grad(grad(plain))(f64(3)) as never)
  const free = (y: Tensor): Tensor => checkpoint((x: Tensor) => mul(sin(x), y))(y)
  near(grad(free)(f64(2)), 2 * Math.cos(2) + Math.sin(2))
})

test('JAX api_test RematTest (jit, vmap, scan): composes with each', () => {
  const f = checkpoint((x: Tensor) => sin(sin(x)))
  const slope = (x: number): number => Math.cos(Math.sin(x)) * Math.cos(x)
  near(vmap(grad(f))(f64([3, 1])), [slope(3), slope(1)])
  near(jit(grad(f))(f64(3)), slope(3))
  const loop = (x: Tensor): Tensor =>
    scan((c: Tensor, _: null): [Tensor, null] => [f(c), null], x, null, { length: 2 })[0]
  near(grad(loop)(f64(3)), slope(3) * slope(Math.sin(Math.sin(3))))
})

test('JAX api_test RematTest (binomial checkpointing): nested halves of an unrolled chain', () => {
  const chain = (n: number): ((x: Tensor) => Tensor) =>
    n === 1
      ? (sin as (x: Tensor) => Tensor)
      : (
          (a, b) => (x: Tensor) =>
            b(checkpoint(a)(x))
        )(chain(n / 2), chain(n / 2))
  const plain = (x: Tensor): Tensor => {
    let y = x
    for (let i = 0; i < 8; i++) y = sin(y)
    return y
  }
  near(grad(chain(8))(f64(0.4)), grad(plain)(f64(0.4)) as never)
})

/* --------------------------------------------------------------------------------------- JAX, custom rules */

test('JAX CustomJVPTest (basic, invariance): the rule is used by jvp, through jit and vmap', () => {
  const f = customJvp(
    (x: Tensor) => sin(x),
    ([x], [v]) => [sin(x), mul(2, mul(cos(x), v))],
  )
  const want = 2 * Math.cos(3)
  near(jvp(f, [f64(3)], [1]).tangent, want)
  near(jvp(jit(f), [f64(3)], [1]).tangent, want)
  near(jit((x: Tensor) => jvp(f, [x], [1]).tangent)(f64(3)), want)
  near(jvp(vmap(f), [f64([3, 3])], [f64([1, 2])]).tangent, [want, 2 * want])
})

test('JAX CustomJVPTest (python control flow in f, cond in the rule): a rule may branch', () => {
  const f = customJvp(
    (x: Tensor) => cond(greater(x, 0), sin, cos, x),
    ([x], [v]) => [
      cond(greater(x, 0), sin, cos, x),
      cond(
        greater(x, 0),
        () => mul(2, v),
        () => mul(3, v),
      ),
    ],
  )
  near(jvp(f, [f64(2)], [1]).tangent, 2)
  near(jvp(f, [f64(-2)], [1]).tangent, 3)
  near(grad(f)(f64(2)), 2)
  near(vmap(grad(f))(f64([2, -2])), [2, 3])
})

test('JAX CustomJVPTest (closed-over tracer): refused rather than silently constant', () => {
  const f = (x: Tensor): Tensor =>
    customJvp(
      (y: Tensor) => mul(y, x),
      ([y], [v]) => [mul(y, x), v],
    )(x)
  assert.match(
    messageOf(() => grad(f)(one)),
    /enclosing trace/,
  )
})

test('JAX CustomVJPTest (basic, grad, jit of grad, invariance)', () => {
  const f = customVjp(
    (x: Tensor) => sin(x),
    (x) => [sin(x), cos(x)],
    (c, g) => [mul(2, mul(c, g))],
  )
  near(f(f64(3)), Math.sin(3))
  near(grad(f)(f64(3)), 2 * Math.cos(3))
  near(jit(grad(f))(f64(3)), 2 * Math.cos(3))
  near(valueAndGrad(f)(f64(3)), [2 * Math.cos(3), Math.sin(3)])
  near(vmap(grad(f))(f64([3, 1])), [2 * Math.cos(3), 2 * Math.cos(1)])
})

test('JAX CustomVJPTest (jvp error): forward mode is refused', () => {
  const f = customVjp(
    (x: Tensor) => x,
    (x) => [x, null],
    (_, g) => [g],
  )
  assert.match(
    messageOf(() => jvp(f, [one], [one])),
    /forward mode/,
  )
})

test('JAX CustomVJPTest (gradient clipping, straight-through): what backward says is what comes', () => {
  const bounded = customVjp(
    (x: Tensor) => x,
    (x) => [x, null],
    (_, g) => [clip(g, -1, 1)],
  )
  near(grad((x: Tensor) => sum(mul(f64([10, 0.5, -7]), bounded(x))))(f64([0, 0, 0])), [1, 0.5, -1])
})

test('JAX CustomVJPTest (None cotangents, bwd of tuples, pytree residuals)', () => {
  const f = customVjp(
    (x: Tensor, y: Tensor) => mul(x, y),
    (x, y) => [mul(x, y), { kept: [x, y] as const }],
    ({ kept: [, y] }, g) => [mul(g, y), null],
  )
  near(grad(f, { wrt: [0, 1] })(f64(2), f64(5)), [5, 0])
})

test('JAX CustomVJPTest (nested in scan, reverse over scan): rules of the body are used', () => {
  const f = customVjp(
    (x: Tensor) => mul(x, 2),
    (x) => [mul(x, 2), null],
    (_, g) => [mul(g, 3)],
  )
  near(grad((x: Tensor) => foriLoop(0, 3, (_, c: Tensor) => f(c), x))(one), 27)
})

/* ------------------------------------------------------------------------------ JAX, lax_control_flow_test */

test('JAX lax_control_flow (while, fori with traced and static bounds): values', () => {
  const power = (n: Tensor): Tensor => foriLoop(0, n, (_, c: Tensor) => mul(c, 2), one)
  for (const n of [0, 1, 5]) near(power(i32(n)), 2 ** n)
  near(
    foriLoop(3, 7, (i, c: Tensor) => add(c, i), i32(0)),
    18,
  )
  near(
    foriLoop(5, 2, (_, c: Tensor) => mul(c, 2), one),
    1,
  )
})

test('JAX lax_control_flow (while loop batched, with cond on the batch): each lane for itself', () => {
  const f = (x: Tensor): Tensor =>
    whileLoop(
      (c: Tensor) => less(c, 10),
      (c: Tensor) => add(c, 3),
      x,
    )
  near(vmap(f)(i32([0, 8, 10, 11, 9])), [12, 11, 10, 11, 12])
  const both = vmap(
    (a: Tensor, b: Tensor) =>
      whileLoop(
        ([c]: [Tensor, Tensor]) => less(c, 3),
        ([c, d]: [Tensor, Tensor]): [Tensor, Tensor] => [add(c, 1), mul(d, 2)],
        [a, b],
      ),
    { in: [0, null] },
  )(i32([0, 1, 2]), one)
  near(both, [3, 3, 3, 8, 4, 2])
})

test('JAX lax_control_flow (while jvp, with captured tangents)', () => {
  const f = (x: Tensor): Tensor => {
    const [, c] = whileLoop(
      ([i]: [Tensor, Tensor]) => less(i, 3),
      ([i, v]: [Tensor, Tensor]): [Tensor, Tensor] => [add(i, 1), mul(v, x)],
      [i32(0), one],
    )
    return c
  }
  near(jvp(f, [f64(2)], [1]), [8, 12])
})

test('JAX lax_control_flow (while reverse mode): an error, not a wrong number', () => {
  assert.match(
    messageOf(() =>
      grad((x: Tensor) =>
        whileLoop(
          (c: Tensor) => less(c, 10),
          (c: Tensor) => mul(c, 2),
          x,
        ),
      )(one),
    ),
    /reverse mode/,
  )
})

test('JAX lax_control_flow (cond, switch: clamped index, one branch, tuples and no operands)', () => {
  const f = (i: Tensor): Tensor => switchCase(i, [() => f64(10), () => f64(20), () => f64(30)])
  for (const [i, want] of [
    [-1, 10],
    [0, 10],
    [1, 20],
    [2, 30],
    [7, 30],
  ] as const)
    near(f(i32(i)), want)
  near(switchCase(i32(5), [() => f64(1)]), 1)
  near(vmap(f)(i32([2, 0, -4, 9])), [30, 10, 10, 30])
})

test('JAX lax_control_flow (cond linearize, cond grad with constants, cond in scan in cond)', () => {
  const f = (x: Tensor): Tensor =>
    cond(
      less(x, 2),
      (y: Tensor) => mul(3, y),
      (y: Tensor) => mul(sin(y), 4),
      x,
    )
  near(grad(f)(f64(3.14)), 4 * Math.cos(3.14))
  near(grad(f)(f64(1)), 3)
  const { push } = linearize(f, [f64(3.14)])
  near(push(2), 8 * Math.cos(3.14))
  const nested = (x: Tensor): Tensor =>
    cond(
      greater(x, 0),
      () =>
        scan(
          (c: Tensor, r: Tensor): [Tensor, null] => [
            cond(
              greater(r, 0.5),
              () => mul(c, x),
              () => add(c, r),
            ),
            null,
          ],
          x,
          f64([0, 1, 0.2]),
        )[0],
      () => x,
    )
  // x → x → x² → x² + 0.2
  near(grad(nested)(f64(3)), 6)
})

test('JAX lax_control_flow (cond type mismatch, scan carry mismatch): named where it happens', () => {
  assert.match(
    messageOf(() =>
      cond(
        greater(one, 0),
        () => one,
        () => f64([1]),
      ),
    ),
    /branch 1 returned f64\[1\]|branch 0 returned/,
  )
  assert.match(
    messageOf(() => scan((c: Tensor, x: Tensor): [Tensor, null] => [stack([c, x]), null], one, f64([1, 2]))),
    /carry/,
  )
})

test('JAX lax_control_flow (scan: grad against the unrolled loop, with y and final carry, reversed too)', () => {
  const W = f64([
    [0.5, -0.2],
    [0.1, 0.9],
  ])
  const xs = [
    [1, 0],
    [0.5, -1],
    [2, 1],
  ]
  for (const reverse of [false, true]) {
    const scanned = (w: Tensor): Tensor => {
      const [c, ys] = scan(
        (h: Tensor, x: Tensor): [Tensor, Tensor] => {
          const next = tanh(add(matmul(w, h), x))
          return [next, sum(mul(next, next))]
        },
        f64([0.1, 0.2]),
        f64(xs),
        { reverse },
      )
      return add(sum(c), sum(mul(ys, ys)))
    }
    const unrolled = (w: Tensor): Tensor => {
      let h: Tensor = f64([0.1, 0.2])
      let total: Tensor = f64(0)
      for (const x of reverse ? [...xs].reverse() : xs) {
        h = tanh(add(matmul(w, h), f64(x)))
        const y = sum(mul(h, h))
        total = add(total, mul(y, y))
      }
      return add(sum(h), total)
    }
    near(scanned(W), unrolled(W) as never)
    near(grad(scanned)(W), grad(unrolled)(W) as never, 1e-13)
    near(hessian(scanned)(W), hessian(unrolled)(W), 1e-12)
  }
})

test('JAX lax_control_flow (scan higher-order differentiation: d³ of a polynomial recurrence)', () => {
  const f = (x: Tensor): Tensor =>
    scan((c: Tensor, _: null): [Tensor, null] => [mul(c, x), null], one, null, { length: 4 })[0]
  near(grad(grad(grad(f)))(f64(1.5)), 24 * 1.5)
})

test('JAX lax_control_flow (scan of integers only; scan of nothing stacked)', () => {
  const [c, ys] = scan((k: Tensor, x: Tensor): [Tensor, Tensor] => [add(k, x), mul(k, x)], i32(1), i32([1, 2, 3]))
  near([c, ys], [7, 1, 4, 12])
  assert.is(scan((k: Tensor, _: Tensor): [Tensor, null] => [k, null], one, f64([1, 2]))[1], null)
})

test('JAX lax_control_flow (custom_linear_solve: value, both modes, order 2, jit of grad, batch)', () => {
  const A = f64([
    [3, 1],
    [0.5, 2],
  ])
  const inverse = (a: readonly number[], b: readonly number[]): number[] => {
    const det = a[0]! * a[3]! - a[1]! * a[2]!
    return [(a[3]! * b[0]! - a[1]! * b[1]!) / det, (a[0]! * b[1]! - a[2]! * b[0]!) / det]
  }
  const solve = (a: Tensor, b: Tensor): Tensor =>
    customLinearSolve(
      (x: Tensor) => matmul(a, x),
      b,
      (M, y) => foriLoop(0, 200, (_, x: Tensor) => add(x, mul(0.3, sub(y, M(x)))), zeros([2], { dtype: 'f64' })),
    )
  near(solve(A, f64([1, 2])), inverse([3, 1, 0.5, 2], [1, 2]))
  checkGrads(solve, [A, f64([1, 2])], { order: 2 })
  near(
    vmap(solve, { in: [null, 0] })(
      A,
      f64([
        [1, 2],
        [0, 1],
      ]),
    ),
    [...inverse([3, 1, 0.5, 2], [1, 2]), ...inverse([3, 1, 0.5, 2], [0, 1])],
  )
  near(jit(grad((b: Tensor) => sum(solve(A, b))))(f64([1, 2])), inverse([3, 0.5, 1, 2], [1, 1]))
})

/* -------------------------------------------------------------------------- JAX, lax_autodiff_test and others */

test('JAX lax_autodiff (max and min with ties): tied elements share', () => {
  near(grad((x: Tensor) => max(x) as Tensor)(f64([2, 5, 5, 1])), [0, 0.5, 0.5, 0])
  near(grad((x: Tensor) => min(x) as Tensor)(f64([2, 1, 1, 1])), [0, 1 / 3, 1 / 3, 1 / 3])
  near(grad((x: Tensor, y: Tensor) => sum(maximum(x, y)), { wrt: [0, 1] })(f64([1, 2]), f64([1, 3])), [0.5, 0, 0.5, 1])
})

test('JAX lax_autodiff (pow at zero, integer powers): no NaN where the limit is finite', () => {
  near(grad((x: Tensor) => pow(x, 2))(f64(0)), 0)
  near(grad((x: Tensor) => pow(x, 1))(f64(0)), 1)
  near(grad((x: Tensor) => pow(x, 0))(f64(0)), 0)
  near(grad(grad((x: Tensor) => pow(x, 2)))(f64(0)), 2)
})

test('JAX lax_autodiff (where with a safe branch): the double-where keeps gradients clean', () => {
  const safe = (x: Tensor): Tensor => where(greater(x, 0), log(where(greater(x, 0), x, 1)), 0)
  near(grad(safe)(f64(0)), 0)
  near(grad(safe)(f64(2)), 0.5)
})

test('JAX lax_autodiff (stop_gradient: values pass, derivatives are zero; of trees)', () => {
  near(grad((x: Tensor) => stopGradient(mul(x, x)))(f64(3)), 0)
  near(grad((x: Tensor) => mul(x, stopGradient({ a: x }).a))(f64(3)), 3)
})

test('JAX lax_autodiff (sort, take, concatenate): gradients go back to where values came from', () => {
  near(grad((x: Tensor) => dot(sort(x), f64([1, 10, 100])))(f64([3, 1, 2])), [100, 1, 10])
  near(grad((x: Tensor) => sum(take(x, i32([0, 2, 0]))))(f64([1, 2, 3])), [2, 0, 1])
  near(grad((x: Tensor) => dot(concatenate([x, slice(x, [0, 1]) as Tensor]), f64([1, 2, 3])))(f64([5, 6])), [4, 2])
})

test('JAX nn_test (softmax, logsumexp): rows of the softmax Jacobian sum to zero, extreme logits stay finite', () => {
  const J = elements(jacrev((x: Tensor) => softmax(x))(f64([1, 2, 3])) as Tensor)
  for (let i = 0; i < 3; i++)
    near(
      J.slice(3 * i, 3 * i + 3).reduce((a, b) => a + b),
      0,
      1e-15,
    )
  near(grad((x: Tensor) => logsumexp(x))(f64([1000, 0])), [1, 0])
})

test('JAX random-keys idiom: a gradient through a function of fixed random numbers is that of the numbers', () => {
  const noise = f64([0.3, -1.2, 0.8])
  const f = (m: Tensor, s: Tensor): Tensor => mean(add(m, mul(s, noise)))
  near(grad(f, { wrt: [0, 1] })(one, f64(2)), [1, -0.1 / 3])
})

test('JAX jvp of jit with unused and duplicated arguments', () => {
  const f = jit((x: Tensor, _: Tensor) => [x, x] as const)
  near(jvp(f, [f64(2), f64(3)], [1, 5]).tangent, [1, 1])
})

/* --------------------------------------------------------------------------------------------- HIPS autograd */

test('autograd test_core (grad of a constant, of the identity, of a sum of many uses)', () => {
  near(grad((_: Tensor) => f64(7))(one), 0)
  near(grad((x: Tensor) => x)(one), 1)
  near(grad((x: Tensor) => add(add(x, x), add(x, x)))(one), 4)
})

test('autograd test_core (no relation between output and input; enclosing-scope values)', () => {
  near(grad((x: Tensor) => grad((_: Tensor) => x)(one))(one), 0)
  near(grad((x: Tensor) => grad((y: Tensor) => mul(x, y))(one))(one), 1)
})

test('autograd test_wrappers (hessian_vector_product, tensor_jacobian_product) by composition', () => {
  const f = (x: Tensor): Tensor => sum(mul(mul(x, x), mul(x, sin(x))))
  const x = f64([0.3, 1.2])
  near(hvp(f)(x)(f64([1, 2])), matmul(hessian(f)(x) as Tensor, f64([1, 2])) as never, 1e-13)
  const g = (y: Tensor): Tensor => stack([sum(mul(y, y)), dot(y, f64([1, -1]))])
  near(vjp(g, [x]).pull(f64([2, 3])), matmul(f64([2, 3]), jacrev(g)(x) as Tensor) as never)
})

test('autograd test_wrappers (elementwise_grad): the gradient of the sum', () => {
  const x = [0, 0.5, 2]
  near(
    grad((y: Tensor) => sum(tanh(y)))(f64(x)),
    x.map((v) => 1 - Math.tanh(v) ** 2),
  )
})

test('autograd test_wrappers (multigrad, value and multigrad): several arguments at once', () => {
  const f = (a: Tensor, b: Tensor, c: Tensor): Tensor => add(mul(a, b), mul(b, c))
  near(grad(f, { wrt: [0, 2] })(f64(2), f64(3), f64(4)), [3, 3])
})

test('autograd test_wrappers (make_jvp, checkpoint, make_ggnvp)', () => {
  const f = (x: Tensor): Tensor => sin(mul(x, 2))
  near(jvp(f, [f64(1)], [3]).tangent, 6 * Math.cos(2))
  near(grad((x: Tensor) => mul(checkpoint(f)(x), checkpoint(f)(x)))(one), 4 * Math.sin(2) * Math.cos(2))
})

test('autograd test_numpy (norms, einsum-like sums, transposes): against differences', () => {
  checkGrads((x: Tensor) => norm(x), [f64([3, -4])])
  checkGrads(
    (x: Tensor) => sum(mul(transpose(x), matmul(transpose(x), x))),
    [
      f64([
        [1, 0.5],
        [-1, 2],
      ]),
    ],
  )
  checkGrads(
    (x: Tensor) => mean(mul(reshape(x, [4]), f64([1, 2, 3, 4]))),
    [
      f64([
        [1, 0.5],
        [-1, 2],
      ]),
    ],
  )
})

test('autograd test_scalar_ops (abs, sqrt, division at ordinary points; sign of zero slope)', () => {
  near(grad((x: Tensor) => abs(x))(f64(-2)), -1)
  near(grad((x: Tensor) => abs(x))(f64(0)), 0)
  near(grad((x: Tensor) => sqrt(x))(f64(4)), 0.25)
  near(grad((x: Tensor, y: Tensor) => div(x, y), { wrt: [0, 1] })(f64(3), f64(2)), [0.5, -0.75])
})

test('autograd test_complex-free fixed point: fixed_point of a contraction by iteration has the implicit slope', () => {
  const f = (a: Tensor): Tensor => foriLoop(0, 100, (_, x: Tensor) => mul(0.5, add(x, div(a, x))), one)
  near(grad(f)(f64(2)), 0.5 / Math.SQRT2)
})

test('autograd test_dict, test_list, test_tuple: containers of every kind pass through', () => {
  const f = (p: { a: Tensor; list: readonly [Tensor, { deep: Tensor }] }): Tensor => {
    const parts = [p.a, ...Object.values(p.list[1]), p.list[0]]
    return parts.map((x, i) => mul(x, i + 1)).reduce((x, y) => add(x, y))
  }
  near(grad(f)({ a: one, list: [one, { deep: one }] } as never), [1, 3, 2])
})

test('autograd test_jacobian (against grad, higher order, broadcast)', () => {
  const f = (x: Tensor): Tensor => mul(x, ones([2, 1], { dtype: 'f64' }))
  assert.equal((jacrev(f)(f64([1, 2, 3])) as Tensor).shape, [2, 3, 3])
  const g = (x: Tensor): Tensor => sum(mul(x, mul(x, x)))
  near(jacrev(jacrev(g))(f64([1, 2])), [6, 0, 0, 12])
})

test('autograd test_direct and README: tanh by exponentials to order 4, plotted by vmap', () => {
  const f = (x: Tensor): Tensor => {
    const y = exp(mul(-2, x))
    return div(sub(1, y), add(1, y))
  }
  let g = f
  for (let n = 1; n <= 4; n++) {
    const before = g
    g = grad(g)
    near(
      vmap(g)(f64([-1, 0.2, 1.5])),
      [-1, 0.2, 1.5].map((x) => differences((t) => elements(before(f64(x + t))), 0.01)[0]!),
      1e-9,
    )
  }
})

test('autograd README (logistic regression): training by gradients lowers the loss to that of the closed optimum', () => {
  const X = f64([
    [0.5, 1.1],
    [0.9, 0.1],
    [-1, -0.2],
    [0.1, -1],
  ])
  const y = f64([1, 1, 0, 1])
  const loss = (w: Tensor): Tensor => {
    const p = div(1, add(1, exp(neg(matmul(X, w)))))
    return add(neg(sum(add(mul(y, log(p)), mul(sub(1, y), log(sub(1, p)))))), mul(0.5, dot(w, w)))
  }
  const w = foriLoop(0, 400, (_, v: Tensor) => sub(v, mul(0.3, grad(loss)(v))), f64([0, 0]))
  near(grad(loss)(w), [0, 0], 1e-12)
  assert.ok(elements(equal(greater(loss(f64([0, 0])), loss(w)), true))[0] === 1)
})

test.run()
