/** Custom rules: used where they should be, differentiable again, under every transform, and strict about what they are given. */

import {
  abs,
  add,
  array,
  cast,
  clip,
  cond,
  cos,
  div,
  exp,
  foriLoop,
  greater,
  jit,
  less,
  log,
  logaddexp,
  maximum,
  mul,
  neg,
  pow,
  scan,
  sin,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  where,
  whileLoop,
  zerosLike,
} from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
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
  stopGradient,
  vjp,
  vmap,
} from '../index.js'
import { differences, elements, f64, formOf, near, throws } from '../support.testing.js'

const one = f64(1)
const x0 = f64(0.7)

// rules that are recognisably not those of the function: value sin, derivative 3 cos; twice −9 sin if the rule is differentiated, by rule again
const tripled = customJvp(
  (x: Tensor) => sin(x),
  ([x], [v]) => [sin(x), mul(v, mul(3, cos(x)))],
  'tripled',
)
const tripledBack = customVjp(
  (x: Tensor) => sin(x),
  (x) => [sin(x), cos(x)],
  (c, ct) => [mul(ct, mul(3, c))],
  'tripledBack',
)

test('a customJvp’s rule is what each mode uses; the rule itself is differentiated by its own operations', () => {
  near(tripled(x0), Math.sin(0.7))
  near(jvp(tripled, [x0], [2]), [Math.sin(0.7), 6 * Math.cos(0.7)])
  near(grad(tripled)(x0), 3 * Math.cos(0.7))
  near(jacfwd(tripled)(x0), 3 * Math.cos(0.7))
  near(jacrev(tripled)(x0), 3 * Math.cos(0.7))
  near(grad(grad(tripled))(x0), -3 * Math.sin(0.7))
  near(jvp(grad(tripled), [x0], [1]).tangent, -3 * Math.sin(0.7))
  near(grad((x: Tensor) => jvp(tripled, [x], [one]).tangent)(x0), -3 * Math.sin(0.7))
  near(jvp((x: Tensor) => jvp(tripled, [x], [one]).tangent, [x0], [1]).tangent, -3 * Math.sin(0.7))
  near(hessian(tripled)(x0), -3 * Math.sin(0.7))
  near(linearize(tripled, [x0]).push(2), 6 * Math.cos(0.7))
})

test('a customVjp’s rule is what reverse mode uses; forward and backward are differentiated in turn', () => {
  near(tripledBack(x0), Math.sin(0.7))
  near(grad(tripledBack)(x0), 3 * Math.cos(0.7))
  near(jacrev(tripledBack)(x0), 3 * Math.cos(0.7))
  near(grad(grad(tripledBack))(x0), -3 * Math.sin(0.7))
  near(jvp(grad(tripledBack), [x0], [1]).tangent, -3 * Math.sin(0.7))
  near(grad(grad(grad(tripledBack)))(x0), -3 * Math.cos(0.7))
  near(hvp(tripledBack, { mode: 'reverse' })(x0)(2), -6 * Math.sin(0.7))
  near(hvp(tripledBack)(x0)(2), -6 * Math.sin(0.7))
})

const forwardRefused =
  "tripledBack: forward mode through its customVjp, whose rule is for reverse mode alone. jvp, linearize, jacfwd, hessian and hvp need a customJvp; hvp and crossVjp also take { mode: 'reverse' }."

test('forward mode through a customVjp is an error that says so', () => {
  for (const run of [
    () => jvp(tripledBack, [x0], [1]),
    () => jacfwd(tripledBack)(x0),
    () => linearize(tripledBack, [x0]).push(1),
    () => jvp((x: Tensor) => foriLoop(0, 2, (_, c: Tensor) => tripledBack(c), x), [x0], [1]),
    () => jvp((x: Tensor) => cond(greater(x, 0), tripledBack, sin, x), [x0], [1]),
    () => jvp(vmap(tripledBack), [f64([1, 2])], [f64([1, 2])]),
    () => jvp(checkpoint(tripledBack), [x0], [1]),
    () => jit((x: Tensor) => jvp(tripledBack, [x], [1]))(x0),
  ])
    throws(run, forwardRefused)
})

for (const [name, f] of [
  ['customJvp', tripled],
  ['customVjp', tripledBack],
] as const) {
  test(`${name} in scan, cond, vmap, jit and under checkpoint`, () => {
    const loop = (x: Tensor): Tensor => foriLoop(0, 2, (_, c: Tensor) => f(c), x)
    // d/dx s(s(x)) = 3 cos(sin x) · 3 cos x
    const slope = (x: number): number => 9 * Math.cos(Math.sin(x)) * Math.cos(x)
    const bend = (x: number): number => differences((t) => [slope(x + t)])[0]!
    near(grad(loop)(x0), slope(0.7))
    near(grad(grad(loop))(x0), bend(0.7), 1e-9)
    near(grad(checkpoint(loop))(x0), slope(0.7))
    near(grad(checkpoint(loop, { policy: 'sqrt' }))(x0), slope(0.7))
    near(grad(grad(checkpoint(loop)))(x0), bend(0.7), 1e-9)
    near(vmap(grad(loop))(f64([0.7, -1])), [slope(0.7), slope(-1)])
    near(grad((x: Tensor) => sum(vmap(loop)(x)))(f64([0.7, -1])), [slope(0.7), slope(-1)])
    near(vmap(grad(grad(loop)))(f64([0.7, -1])), [bend(0.7), bend(-1)], 1e-9)
    near(jit(grad(loop))(x0), slope(0.7))
    near(jit(vmap(grad(loop)))(f64([0.7, -1])), [slope(0.7), slope(-1)])
    const branch = (x: Tensor): Tensor => cond(greater(x, 0), f, (y: Tensor) => mul(y, y), x)
    near(vmap(grad(branch))(f64([0.7, -1])), [3 * Math.cos(0.7), -2])
    near(grad(branch)(x0), 3 * Math.cos(0.7))
    near(grad(grad(branch))(x0), -3 * Math.sin(0.7))
    near(
      vmap(vmap(grad(f)))(
        f64([
          [1, 2],
          [3, 4],
        ]),
      ),
      [1, 2, 3, 4].map((x) => 3 * Math.cos(x)),
    )
  })
}

test('a customJvp under forward mode in batches: a batch of tangents alone, of values alone', () => {
  near(
    vmap((v: Tensor) => jvp(tripled, [x0], [v]).tangent)(f64([1, 2])),
    [3, 6].map((k) => k * Math.cos(0.7)),
  )
  near(
    vmap((x: Tensor) => jvp(tripled, [x], [one]).tangent)(f64([1, 2])),
    [1, 2].map((x) => 3 * Math.cos(x)),
  )
  near(jvp(vmap(tripled), [f64([1, 2])], [f64([1, -1])]).tangent, [3 * Math.cos(1), -3 * Math.cos(2)])
})

test('a rule that calls the function itself holds at every order', () => {
  // e with e′ = 2 e: the rule goes through itself, so the n-th derivative is 2ⁿ e
  const e: (x: Tensor) => Tensor = customJvp(
    (x: Tensor) => exp(x),
    ([x], [v]) => [e(x), mul(v, mul(2, e(x)))],
    'e',
  )
  const back: (x: Tensor) => Tensor = customVjp(
    (x: Tensor) => exp(x),
    (x) => [back(x), x],
    (x, c) => [mul(c, mul(2, back(x)))],
    'back',
  )
  let [f, g, h] = [e, back, e]
  for (let n = 0; n <= 4; n++) {
    near(f(x0), 2 ** n * Math.exp(0.7), 1e-12, `customJvp ${n}`)
    near(g(x0), 2 ** n * Math.exp(0.7), 1e-12, `customVjp ${n}`)
    near(h(x0), 2 ** n * Math.exp(0.7), 1e-12, `forward ${n}`)
    ;[f, g] = [grad(f), grad(g)]
    const before = h
    h = (x) => jvp(before, [x], [one]).tangent
  }
})

test('a rule whose tangent is made by jvp of a loop is transposed all the same', () => {
  const raw = (x: Tensor): Tensor => foriLoop(0, 3, (_, c: Tensor) => sin(mul(c, x)), x)
  const f = customJvp(raw, ([x], [v]) => {
    const { out, tangent } = jvp(raw, [x], [v])
    return [out, mul(tangent, 2)]
  })
  const slope = (x: number): number => elements(grad(raw)(f64(x)))[0]!
  near(jvp(f, [x0], [1]).tangent, 2 * slope(0.7))
  near(grad(f)(x0), 2 * slope(0.7))
  near(
    grad(grad(f))(x0),
    differences((t) => [2 * slope(0.7 + t)], 0.01),
    1e-8,
  )
  near(
    grad((x: Tensor) => foriLoop(0, 2, (_, c: Tensor) => f(c), x))(x0),
    4 * slope(0.7) * slope(elements(raw(x0))[0]!),
  )
  near(vmap(grad(f))(f64([0.7, 0.2])), [2 * slope(0.7), 2 * slope(0.2)])
})

test('a rule that is not linear in its tangents is pushed as it is, and refused by reverse mode', () => {
  const f = customJvp(
    (x: Tensor) => x,
    ([x], [v]) => [x, clip(v, -1, 1)],
  )
  near(jvp(f, [x0], [5]).tangent, 1)
  near(linearize(f, [x0]).push(5), 1)
  near(linearize(f, [x0]).push(0.5), 0.5)
  throws(
    () => grad(f)(x0),
    'transpose: min is not linear. Where it stands in the rule of a customJvp, the rule must be made linear in its tangents; else this is a bug of autodiff.',
  )
})

test('trees in arguments, results and residuals; null cotangents', () => {
  interface P {
    readonly w: Tensor
    readonly b: readonly [Tensor, Tensor]
  }
  const f = customVjp(
    ({ w, b: [p, q] }: P, s: Tensor) => ({ y: mul(w, s), z: [add(p, q)] as const }),
    ({ w, b: [p, q] }: P, s: Tensor) => [{ y: mul(w, s), z: [add(p, q)] as const }, { kept: [w, { s }] as const }],
    ({ kept: [w, { s }] }, { y, z: [z] }) => [{ w: mul(y, mul(10, s)), b: [z, mul(2, z)] as const }, sum(mul(y, w))],
  )
  const args = [{ w: f64([1, 2]), b: [f64(3), f64(4)] }, f64(5)] as const
  const { out, pull } = vjp(f, [...args] as never)
  assert.is(formOf(out), '{y: f64[2], z: [f64[]]}')
  near(out as never, [5, 10, 7])
  const back = pull({ y: f64([1, -1]), z: [f64(2)] } as never) as unknown
  assert.is(formOf(back), '[{b: [f64[], f64[]], w: f64[2]}, f64[]]')
  near(back as never, [2, 4, 50, -50, -1])
  const half = customVjp(
    (x: Tensor, y: Tensor) => mul(x, y),
    (x, y) => [mul(x, y), y],
    (y, c) => [mul(c, y), null],
  )
  near(grad(half, { wrt: [0, 1] })(f64(2), f64(3)), [3, 0])
  const none = customVjp(
    (x: Tensor) => exp(x),
    (x) => [exp(x), null],
    (_, c) => [c],
  )
  near(grad(none)(x0), 1)
})

test('integer arguments and results: no tangent, no cotangent', () => {
  const n = array([3, 4], { dtype: 'i32' })
  const f = customJvp(
    (x: Tensor, k: Tensor): readonly [Tensor, Tensor] => [mul(x, cast(k, 'f64')), add(k, 1)],
    ([x, k], [v, dk]) => {
      assert.is(dk.dtype, 'i32')
      return [
        [mul(x, cast(k, 'f64')), add(k, 1)],
        [mul(v, cast(k, 'f64')), dk],
      ] as const
    },
  )
  const { out, tangent } = jvp(f, [f64([1, 2]), n], [f64([1, 1]), n])
  near(out, [3, 8, 4, 5])
  near(tangent, [3, 4, 0, 0])
  near(grad((x: Tensor) => sum(f(x, n)[0]))(f64([1, 2])), [3, 4])
  const g = customVjp(
    (x: Tensor, k: Tensor) => mul(x, cast(k, 'f64')),
    (x, k) => [mul(x, cast(k, 'f64')), k],
    (k, c) => [mul(c, cast(k, 'f64')), null],
  )
  near(grad((x: Tensor) => sum(g(x, n)))(f64([1, 2])), [3, 4])
  const pulled = vjp(g, [f64([1, 2]), n]).pull(f64([1, 1])) as readonly Tensor[]
  assert.is(formOf(pulled), '[f64[2], i32[2]]')
  near(pulled, [3, 4, 0, 0])
  near(vmap(grad(g), { in: [0, 0] })(f64([1, 2]), n), [3, 4])
})

test('in a batch, the cotangent of an argument without the batch is the sum', () => {
  const f = customVjp(
    (x: Tensor, w: Tensor) => mul(x, w),
    (x, w) => [mul(x, w), [x, w] as const],
    ([x, w], c) => [mul(c, w), mul(c, mul(100, x))],
  )
  const loss = (x: Tensor, w: Tensor): Tensor => sum(vmap(f, { in: [0, null] })(x, w))
  near(grad(loss, { wrt: [0, 1] })(f64([1, 2, 3]), f64(5)), [5, 5, 5, 600])
  near(vmap(grad(f, { wrt: [0, 1] }), { in: [0, null] })(f64([1, 2, 3]), f64(5)), [5, 5, 5, 100, 200, 300])
  const scanned = (w: Tensor): Tensor =>
    sum(
      scan(
        (c: Tensor, x: Tensor): [Tensor, Tensor] => [c, vmap(f, { in: [0, null] })(x, w)],
        f64(0),
        f64([
          [1, 2],
          [3, 4],
        ]),
      )[1],
    )
  near(grad(scanned)(f64(5)), 1000)
})

const sealed = (value: string, trace: string, rule: string): string =>
  `${rule}: uses ${value} of the enclosing trace ${trace}: a custom rule would give it no derivative. Pass it as an argument (a rule sees its arguments and what it keeps as residuals), or stopGradient it outside and pass it.`

test('a captured traced value is refused, in the function and in each rule; a concrete one is allowed', () => {
  const k = f64(4)
  const concrete = customJvp(
    (x: Tensor) => mul(x, k),
    ([x], [v]) => [mul(x, k), mul(v, k)],
  )
  near(grad(concrete)(x0), 4)
  near(vmap(grad(concrete))(f64([1, 2])), [4, 4])
  const outer = (use: (p: Tensor, x: Tensor) => Tensor) =>
    function loss(p: Tensor): Tensor {
      return use(mul(p, 2), x0)
    }
  throws(
    () =>
      grad(
        outer((p, x) =>
          customJvp(
            (y: Tensor) => mul(y, p),
            ([y], [v]) => [y, v],
            'f',
          )(x),
        ),
      )(one),
    sealed('f64[]', 'loss', 'f'),
  )
  throws(
    () =>
      grad(
        outer((p, x) =>
          customJvp(
            (y: Tensor) => y,
            ([y], [v]) => [y, mul(v, p)],
            'f',
          )(add(x, p)),
        ),
      )(one),
    sealed('f64[]', 'loss', 'rule of f'),
  )
  throws(
    () =>
      grad(
        outer((p, x) =>
          customVjp(
            (y: Tensor) => y,
            (y) => [mul(y, p), null],
            (_, c) => [c],
            'f',
          )(add(x, p)),
        ),
      )(one),
    sealed('f64[]', 'loss', 'forward of f'),
  )
  throws(
    () =>
      grad(
        outer((p, x) =>
          customVjp(
            (y: Tensor) => y,
            (y) => [y, null],
            (_, c) => [mul(c, p)],
            'f',
          )(add(x, p)),
        ),
      )(one),
    sealed('f64[]', 'loss', 'backward of f'),
  )
  // within a loop inside the rule, too
  throws(
    () =>
      grad(
        outer((p, x) =>
          customJvp(
            (y: Tensor) => y,
            ([y], [v]) => [y, foriLoop(0, 2, (_, c: Tensor) => mul(c, p), v)],
            'f',
          )(add(x, p)),
        ),
      )(one),
    sealed('f64[]', 'loss', 'rule of f'),
  )
  near(
    grad(
      outer((p, x) =>
        customJvp(
          (y: Tensor, q: Tensor) => mul(y, q),
          ([y, q], [v]) => [mul(y, q), mul(v, q)],
        )(add(x, p), stopGradient(p)),
      ),
    )(one),
    4,
  )
})

test('rules that close over concrete tensors work wherever they stand: loops, branches, checkpoints, batches, solves, pulls', () => {
  const two = f64(2)
  const five = f64(5)
  // value 2x; tangent 5 v · x: only the rules close over five
  const rules = {
    customJvp: customJvp(
      (x: Tensor) => mul(x, two),
      ([x], [v]) => [mul(x, two), mul(mul(v, five), x)],
    ),
    customVjp: customVjp(
      (x: Tensor) => mul(x, two),
      (x) => [mul(x, two), [x, add(five, 0)] as const],
      ([x, k], c) => [mul(mul(c, mul(f64(0.2), mul(five, k))), x)],
    ),
  }
  for (const [name, f] of Object.entries(rules)) {
    const twice = (g: (x: Tensor) => Tensor): readonly ((x: Tensor) => Tensor)[] => [
      g,
      (x) => foriLoop(0, 1, (_, c: Tensor) => g(c), x),
      (x) => cond(greater(x, 0), g, (y: Tensor) => g(mul(y, 2)), x),
      checkpoint(g),
      checkpoint((x: Tensor) => foriLoop(0, 4, (i, c: Tensor) => cond(greater(i, 2), g, (y: Tensor) => y, c), x), {
        policy: 'sqrt',
      }),
      (x) => foriLoop(0, 1, (_, c: Tensor) => checkpoint((y: Tensor) => cond(greater(y, 0), g, sin, y))(c), x),
      (x) =>
        customLinearSolve(
          (y: Tensor) => mul(y, 1),
          g(x),
          (_, b) => b,
        ),
    ]
    twice(f).forEach((g, i) => {
      const note = `${name} ${i}`
      near(g(f64(3)), 6, 1e-13, note)
      near(grad(g)(f64(3)), 15, 1e-13, note)
      near(vjp(g, [f64(3)]).pull(2), 30, 1e-13, note)
      near(jacrev(g)(f64(3)), 15, 1e-13, note)
      near(grad(grad(g))(f64(3)), 5, 1e-13, note)
      near(jvp(grad(g), [f64(3)], [1]).tangent, 5, 1e-13, note)
      near(vmap(grad(g))(f64([3, 1])), [15, 5], 1e-13, note)
      near(grad((x: Tensor) => sum(vmap(g)(x)))(f64([3, 1])), [15, 5], 1e-13, note)
      near(jit(grad(g))(f64(3)), 15, 1e-13, note)
      if (name === 'customVjp') return
      near(jvp(g, [f64(3)], [1]).tangent, 15, 1e-13, note)
      near(jvp(vmap(g), [f64([3, 1])], [f64([1, 1])]).tangent, [15, 5], 1e-13, note)
      near(hessian(g)(f64(3)), 5, 1e-13, note)
    })
  }
  const loop = (x: Tensor): Tensor =>
    whileLoop(
      (c: Tensor) => less(c, 10),
      (c: Tensor) => rules.customJvp(c),
      x,
    )
  // 3 → 6 → 12: 5 · 3 · 5 · 6
  near(jvp(loop, [f64(3)], [1]).tangent, 450)
  near(vmap((x: Tensor) => jvp(loop, [x], [one]).tangent)(f64([3, 6])), [450, 30])
  const operator = (k: Tensor): Tensor =>
    customLinearSolve(
      (y: Tensor) =>
        mul(
          k,
          foriLoop(0, 1, (_, c: Tensor) => scaled(c), y),
        ),
      one,
      (A, b) => div(b, A(one)),
    )
  const scaled = customJvp(
    (y: Tensor) => mul(y, two),
    ([y], [v]) => [mul(y, two), mul(v, mul(f64(0.4), five))],
  )
  near(grad(operator)(f64(4)), -1 / 32)
  near(grad(grad(operator))(f64(4)), 1 / 64)
})

test('wrong results of rules are named', () => {
  const with1 =
    (rule: unknown): (() => unknown) =>
    () =>
      grad((x: Tensor) => sum(customJvp((y: Tensor) => y, rule as never, 'f')(x)))(f64([1, 2]))
  throws(
    with1(() => x0),
    'f: the rule returns [value, tangent].',
  )
  throws(
    with1(([y]: [Tensor]) => [y, sum(y)]),
    'f: the rule returned a tangent as f64[], expected f64[2]: cast or reshape it.',
  )
  throws(
    with1(([y]: [Tensor]) => [y, [y]]),
    'f: the rule returned a tangent of the form [*], expected *.',
  )
  throws(
    with1(([y]: [Tensor]) => [{ y }, y]),
    'f: the rule returned a value of the form {y: *}, expected *.',
  )
  throws(
    with1(([y]: [Tensor]) => [y, cast(y, 'f32')]),
    'f: the rule returned a tangent as f32[2], expected f64[2]: cast or reshape it.',
  )
  const with2 =
    (forward: unknown, backward: unknown): (() => unknown) =>
    () =>
      grad((x: Tensor) => sum(customVjp((y: Tensor) => y, forward as never, backward as never, 'f')(x)))(f64([1, 2]))
  const fine = (y: Tensor): unknown => [y, y]
  throws(
    with2(
      (y: Tensor) => y,
      () => [null],
    ),
    'f: forward returns [value, residuals].',
  )
  throws(
    with2(
      (y: Tensor) => [sum(y), y],
      () => [null],
    ),
    'f: the rule returned a value as f64[], expected f64[2]: cast or reshape it.',
  )
  throws(
    with2(fine, (_: Tensor, c: Tensor) => c),
    'f: backward returns a list of 1 cotangents, one for each argument, got object.',
  )
  throws(
    with2(fine, (_: Tensor, c: Tensor) => [c, c]),
    'f: backward returns a list of 1 cotangents, one for each argument, got 2.',
  )
  throws(
    with2(fine, (_: Tensor, c: Tensor) => [sum(c)]),
    'f: the rule returned the cotangent of argument 0 as f64[], expected f64[2]: cast or reshape it.',
  )
  throws(
    with2(fine, (_: Tensor, c: Tensor) => [{ c }]),
    'f: the rule returned the cotangent of argument 0 of the form {c: *}, expected *.',
  )
})

test('a while loop inside a rule’s function is no hindrance: it is the rule that is differentiated', () => {
  // squared until 10 is passed: from 1.7 and 1.6 that is the eighth power
  const raised = (a: Tensor): Tensor =>
    whileLoop(
      (y: Tensor) => less(y, 10),
      (y: Tensor) => mul(y, y),
      a,
    )
  const slope = (a: Tensor): Tensor => mul(8, pow(a, 7))
  const back = customVjp(
    raised,
    (a) => [raised(a), a],
    (a, c) => [mul(c, slope(a))],
  )
  const forth: (a: Tensor) => Tensor = customJvp(raised, ([a], [v]) => [forth(a), mul(v, slope(a))])
  for (const f of [back, forth, checkpoint(back), checkpoint(forth)]) {
    near(grad(f)(f64(1.7)), 8 * 1.7 ** 7)
    near(grad(grad(f))(f64(1.7)), 56 * 1.7 ** 6)
    near(jvp(grad(f), [f64(1.7)], [1]).tangent, 56 * 1.7 ** 6)
    near(vmap(grad(f))(f64([1.7, 1.6])), [8 * 1.7 ** 7, 8 * 1.6 ** 7])
    near(grad((a: Tensor) => foriLoop(0, 1, (_, c: Tensor) => f(c), a))(f64(1.7)), 8 * 1.7 ** 7)
  }
})

test('uses: a stable log(1 + eˣ), a straight-through rounding, a clipped gradient', () => {
  const log1pexp = customJvp(
    (x: Tensor) => logaddexp(x, zerosLike(x)),
    ([x], [v]) => [logaddexp(x, zerosLike(x)), mul(v, sub(1, div(1, add(1, exp(x)))))],
  )
  near(grad(log1pexp)(f64(800)), 1)
  near(vmap(grad(log1pexp))(f64([0, -800, 800])), [0.5, 0, 1])
  const straight = customJvp(
    (x: Tensor) => where(greater(x, 0), 1, -1) as Tensor,
    ([x], [v]) => [cast(where(greater(x, 0), 1, -1), 'f32'), v],
  )
  near(grad((x: Tensor) => mul(straight(x), 3))(array(0.3)), 3)
  const clipped = customVjp(
    (x: Tensor) => x,
    (x) => [x, null],
    (_, c) => [clip(c, -1, 1)],
  )
  near(grad((x: Tensor) => mul(100, clipped(x)))(x0), 1)
  near(grad((x: Tensor) => square(clipped(x)))(f64(0.2)), 0.4)
})

test('a square root that is safe at zero, in a norm', () => {
  const safeSqrt = customJvp(
    (x: Tensor) => sqrt(x),
    ([x], [v]) => [sqrt(x), mul(v, where(greater(x, 0), div(0.5, sqrt(maximum(x, 1e-300))), 0))],
  )
  const norm = (x: Tensor): Tensor => safeSqrt(sum(mul(x, x)))
  near(grad(norm)(f64([0, 0])), [0, 0])
  near(grad(norm)(f64([3, -4])), [0.6, -0.8])
  near(hessian(norm)(f64([3, 4])), [16 / 125, -12 / 125, -12 / 125, 9 / 125])
  near(abs(neg(log(f64(1)))), 0)
})

test.run()
