/** What is particular to scans: direction, length, what is carried, what is closed over, and what their linear halves keep. */

import {
  add,
  array,
  cast,
  cos,
  dot,
  exp,
  foriLoop,
  greater,
  jit,
  less,
  logicalXor,
  map,
  mul,
  ones,
  outer,
  scan,
  sin,
  sum,
  type Tensor,
  trace,
  where,
  zeros,
} from '@neumann/linalg-gpu'
import { inputTypes, simplify } from '@neumann/linalg-gpu/program'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { grad, hessian, hvp, jacfwd, jacrev, jvp, linearize, vjp, vmap } from '../index.js'
import {
  differences,
  directional,
  elements,
  equationsOf,
  f64,
  jacobianOf,
  near,
  type Series,
  series as s,
  second,
  unit,
  valueOf,
} from '../support.testing.js'

for (const n of [0, 1, 2, 5])
  for (const reverse of [false, true])
    test(`a ${reverse ? 'reversed ' : ''}scan of ${n} steps: carry, rows and constants differentiated, in both modes`, () => {
      const xs = Array.from({ length: n }, (_, i) => 0.3 * i - 0.4)
      // (c, k, xs) ↦ (c_n, Σ ys²)
      const f = (c: Tensor, k: Tensor, rows: Tensor): [Tensor, Tensor] =>
        scan((a: Tensor, x: Tensor): [Tensor, Tensor] => [sin(add(mul(a, k), x)), mul(a, mul(x, k))], c, rows, {
          reverse,
        })
      const loss = (c: Tensor, k: Tensor, rows: Tensor): Tensor => {
        const [end, ys] = f(c, k, rows)
        return add(end, sum(mul(ys, ys)))
      }
      const twin = ([c, k, ...rows]: readonly Series[]): readonly Series[] => {
        let a = c!
        let squares = s.scale(c!, 0)
        for (const x of reverse ? [...rows].reverse() : rows) {
          const y = s.mul(a, s.mul(x, k!))
          squares = s.add(squares, s.mul(y, y))
          a = s.sin(s.add(s.mul(a, k!), x))
        }
        return [s.add(a, squares)]
      }
      const at = [0.7, 1.2, ...xs]
      const args = [f64(0.7), f64(1.2), n === 0 ? zeros([0], { dtype: 'f64' }) : f64(xs)] as const
      const gradient = jacobianOf(twin, at)[0]!
      const g = grad(loss, { wrt: [0, 1, 2] })(...args)
      near(loss(...args), valueOf(twin, at))
      near(g, gradient)
      const v = at.map((_, i) => 0.5 - 0.3 * i)
      const direction = [f64(v[0]!), f64(v[1]!), n === 0 ? zeros([0], { dtype: 'f64' }) : f64(v.slice(2))] as const
      near(jvp(loss, args, direction).tangent, directional(twin, at, v))
      const second2 = at.map((_, i) => second(twin, at, unit(at.length, i), v)[0]!)
      const along = jvp(
        (...a: readonly [Tensor, Tensor, Tensor]) => grad(loss, { wrt: [0, 1, 2] })(...a),
        args,
        direction,
      ).tangent
      near(along, second2, 1e-10)
      near(jacfwd(loss, { wrt: [0, 1, 2] })(...args), gradient)
      near(jacrev(loss, { wrt: [0, 1, 2] })(...args), gradient)
    })

test('a carry that begins without a tangent gains one after several steps (a delay line)', () => {
  // a ← b, b ← c, c ← x a: three constants, the tangent arrives in a only after three steps
  const f = (x: Tensor): Tensor =>
    scan(
      ([a, b, c]: [Tensor, Tensor, Tensor]): [[Tensor, Tensor, Tensor], null] => [[b, c, mul(x, add(a, 1))], null],
      [f64(1), f64(2), f64(3)],
      null,
      { length: 4 },
    )[0][0]
  // step t: c_t = x (a + 1) with a the carry two steps back: after 4 steps a = c₂ = x (a₁ + 1) = x (2 + 1)
  near(f(f64(0.5)), 1.5)
  near(grad(f)(f64(0.5)), 3)
  near(jvp(f, [f64(0.5)], [f64(2)]).tangent, 6)
  near(vmap(grad(f))(f64([0.5, 2])), [3, 3])
  near(vmap(f)(f64([0.5, 2])), [1.5, 6])
})

test('stacked results alone: the carry is an integer counter', () => {
  const f = (x: Tensor): Tensor =>
    scan((i: Tensor): [Tensor, Tensor] => [add(i, 1), mul(cast(i, 'f64'), x)], array(3, { dtype: 'i32' }), null, {
      length: 4,
    })[1]
  near(f(f64(2)), [6, 8, 10, 12])
  near(grad((x: Tensor) => sum(f(x)))(f64(2)), 18)
  near(jacfwd(f)(f64(2)), [3, 4, 5, 6])
  near(vmap(f)(f64([1, 2])), [3, 4, 5, 6, 6, 8, 10, 12])
})

test('integer and bool carries go along with float ones', () => {
  // odd steps multiply, even steps add
  const f = (x: Tensor): Tensor =>
    scan(
      ([odd, count, c]: [Tensor, Tensor, Tensor]): [[Tensor, Tensor, Tensor], null] => [
        [logicalXor(odd, true), add(count, 2), where(odd, mul(c, x), add(c, mul(x, cast(count, 'f64'))))],
        null,
      ],
      [array(false), array(1, { dtype: 'i32' }), f64(1)],
      null,
      { length: 4 },
    )[0][2]
  // c: 1 → 1 + x → x + x² → x + x² + 5x → 6x² + x³
  near(f(f64(2)), 32)
  near(grad(f)(f64(2)), 24 + 12)
  near(grad(grad(f))(f64(2)), 12 + 12)
  near(jvp(grad(f), [f64(2)], [f64(1)]).tangent, 24)
  near(vmap(f)(f64([2, 1])), [32, 7])
  near(grad((xs: Tensor) => sum(vmap(f)(xs)))(f64([2, 1])), [36, 15])
})

test('rows that are not differentiated, rows that are integers', () => {
  const rows = { a: f64([1, 2, 3]), i: array([0, 1, 2], { dtype: 'i32' }) }
  const f = (x: Tensor): Tensor =>
    scan(
      (c: Tensor, r: { a: Tensor; i: Tensor }): [Tensor, null] => [add(mul(c, x), mul(r.a, cast(r.i, 'f64'))), null],
      f64(1),
      rows,
    )[0]
  // 1 → x → x² + 2 → x³ + 2x + 6
  near(f(f64(3)), 27 + 6 + 6)
  near(grad(f)(f64(3)), 29)
  near(grad(grad(f))(f64(3)), 18)
})

test('closures over traced values of three enclosing functions', () => {
  const f = (p: Tensor): Tensor =>
    sum(
      map(
        (q: Tensor) => {
          const r = mul(p, q)
          return foriLoop(0, 2, (_, c: Tensor) => foriLoop(0, 2, (__, d: Tensor) => add(mul(d, r), mul(p, q)), c), q)
        },
        f64([0.5, -1.5]),
      ),
    )
  const twin = ([p]: readonly Series[]): readonly Series[] => [
    [0.5, -1.5]
      .map((value) => {
        const q = s.of(value, p!)
        const r = s.mul(p!, q)
        let c = q
        for (let i = 0; i < 4; i++) c = s.add(s.mul(c, r), r)
        return c
      })
      .reduce(s.add),
  ]
  const n = (k: number): number => directional(twin, [0.8], [1], k)[0]!
  near(f(f64(0.8)), valueOf(twin, [0.8]))
  near(grad(f)(f64(0.8)), n(1))
  near(grad(grad(f))(f64(0.8)), n(2))
  near(grad(grad(grad(f)))(f64(0.8)), n(3), 1e-10)
  near(jvp((x: Tensor) => jvp(f, [x], [f64(1)]).tangent, [f64(0.8)], [f64(1)]).tangent, n(2))
})

test('trees in carry, rows and results; results that are constants, rows unchanged and duplicates', () => {
  interface C {
    readonly w: readonly [Tensor, Tensor]
    readonly b: Tensor
  }
  const f = (x: Tensor): { readonly end: C; readonly ys: readonly Tensor[] } => {
    const [end, ys] = scan(
      (c: C, row: { r: Tensor }): [C, Tensor[]] => [
        { w: [add(c.w[0], mul(c.b, x)), c.w[1]], b: sin(c.b) },
        [row.r, row.r, f64(7), c.b, c.b],
      ],
      { w: [f64(0), x], b: x },
      { r: mul(f64([1, 2, 3]), x) },
    )
    return { end, ys }
  }
  const twin = ([x]: readonly Series[]): readonly Series[] => {
    let [a, b] = [s.of(0, x!), x!]
    const bs: Series[] = []
    for (let i = 0; i < 3; i++) {
      bs.push(b)
      a = s.add(a, s.mul(b, x!))
      b = s.sin(b)
    }
    const rows = [1, 2, 3].map((k) => s.scale(x!, k))
    const seven = [0, 1, 2].map(() => s.of(7, x!))
    return [b, a, x!, ...rows, ...rows, ...seven, ...bs, ...bs]
  }
  near(f(f64(0.6)), valueOf(twin, [0.6]))
  near(jvp(f, [f64(0.6)], [f64(1)]).tangent, directional(twin, [0.6], [1]))
  near(jacrev(f)(f64(0.6)), directional(twin, [0.6], [1]))
  near(jacfwd(f)(f64(0.6)), directional(twin, [0.6], [1]))
})

test('nested scans of length 0 and 1 keep types and derivatives', () => {
  const f =
    (n: number, m: number) =>
    (x: Tensor): Tensor =>
      foriLoop(0, n, (_, c: Tensor) => foriLoop(0, m, (__, d: Tensor) => mul(d, x), mul(c, x)), x)
  for (const [n, m, power] of [
    [0, 0, 1],
    [0, 3, 1],
    [3, 0, 4],
    [1, 1, 3],
    [2, 2, 7],
  ] as const) {
    near(f(n, m)(f64(1.3)), 1.3 ** power)
    near(grad(f(n, m))(f64(1.3)), power * 1.3 ** (power - 1))
    near(grad(grad(f(n, m)))(f64(1.3)), power * (power - 1) * 1.3 ** Math.max(0, power - 2))
    near(
      vmap(grad(f(n, m)))(f64([1.3, 0.5])),
      [1.3, 0.5].map((x) => power * x ** (power - 1)),
    )
  }
})

test('400 steps: gradient and Hessian product of a recurrence, against series', () => {
  const f = (w: Tensor): Tensor => {
    const end = foriLoop(0, 400, (_, x: Tensor) => add(mul(x, 0.99), mul(0.01, sin(add(x, w)))), mul(w, 0.1))
    return dot(end, end)
  }
  const twin = (w: readonly Series[]): readonly Series[] => [
    w
      .map((wi) => {
        let x = s.scale(wi, 0.1)
        for (let i = 0; i < 400; i++) x = s.add(s.scale(x, 0.99), s.scale(s.sin(s.add(x, wi)), 0.01))
        return s.mul(x, x)
      })
      .reduce(s.add),
  ]
  const [w, v] = [
    [0.5, -0.8],
    [1, 0.3],
  ]
  near(grad(f)(f64(w!)), jacobianOf(twin, w!)[0]!)
  near(
    hvp(f)(f64(w!))(f64(v!)),
    w!.map((_, i) => second(twin, w!, unit(2, i), v!)[0]!),
    1e-10,
  )
  near(
    hvp(f, { mode: 'reverse' })(f64(w!))(f64(v!)),
    w!.map((_, i) => second(twin, w!, unit(2, i), v!)[0]!),
    1e-10,
  )
})

test('derivatives up to order 4 of a scalar recurrence, in every sequence of modes', () => {
  const f = (x: Tensor): Tensor => foriLoop(0, 5, (_, c: Tensor) => mul(sin(c), x), x)
  const twin = ([x]: readonly Series[]): readonly Series[] => {
    let c = x!
    for (let i = 0; i < 5; i++) c = s.mul(s.sin(c), x!)
    return [c]
  }
  const forward =
    (g: (x: Tensor) => Tensor) =>
    (x: Tensor): Tensor =>
      jvp(g, [x], [f64(1)]).tangent
  const modes = [forward, grad]
  const check = (g: (x: Tensor) => Tensor, order: number): void => {
    near(g(f64(1.1)), directional(twin, [1.1], [1], order), 1e-10, `order ${order}`)
    if (order < 4) for (const mode of modes) check(mode(g), order + 1)
  }
  check(f, 0)
})

test('a batch of rows, of carries and of constants: each alone and together equals the loop', () => {
  const f = (c: Tensor, k: Tensor, xs: Tensor): [Tensor, Tensor] =>
    scan((a: Tensor, x: Tensor): [Tensor, Tensor] => [add(mul(a, k), x), mul(a, x)], c, xs)
  const [cs, ks, rows] = [
    [0.5, 1.5],
    [2, -1],
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
  ] as const
  for (const flags of [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [1, 1, 0],
    [0, 1, 1],
    [1, 1, 1],
  ]) {
    const pick = (i: number): [Tensor, Tensor, Tensor] => [
      f64(cs[flags[0] ? i : 0]!),
      f64(ks[flags[1] ? i : 0]!),
      f64(rows[flags[2] ? i : 0]!),
    ]
    const args: [Tensor, Tensor, Tensor] = [
      flags[0] ? f64(cs) : f64(cs[0]),
      flags[1] ? f64(ks) : f64(ks[0]),
      flags[2] ? f64(rows) : f64(rows[0]),
    ]
    const axes = flags.map((b) => (b ? 0 : null))
    const [ends, ys] = vmap(f, { in: axes })(...args)
    near(
      ends,
      [0, 1].map((i) => elements(f(...pick(i))[0])),
    )
    near(
      ys,
      [0, 1].flatMap((i) => elements(f(...pick(i))[1])),
    )
    const loss = (c: Tensor, k: Tensor, xs: Tensor): Tensor => {
      const [end, y] = f(c, k, xs)
      return add(mul(end, end), sum(mul(y, y)))
    }
    const whole = grad((...a: [Tensor, Tensor, Tensor]) => sum(vmap(loss, { in: axes })(...a)), { wrt: [0, 1, 2] })(
      ...args,
    )
    const each = [0, 1].map((i) => grad(loss, { wrt: [0, 1, 2] })(...pick(i)))
    // what both members share gets the sum of their gradients
    whole.forEach((g, j) =>
      near(
        g,
        flags[j]
          ? each.flatMap((e) => elements(e[j]!))
          : elements(each[0]![j]!).map((v, q) => v + elements(each[1]![j]!)[q]!),
      ),
    )
  }
})

test('grad inside the body of a scan: gradient descent, differentiated by its data and its step size', () => {
  // w ← w − a ∇(½ (w − y)²): wₙ = y + (w₀ − y)(1 − a)ⁿ
  const train = (y: Tensor, a: Tensor, w0: Tensor): Tensor =>
    foriLoop(
      0,
      6,
      (_, w: Tensor) =>
        add(w, mul(mul(a, -1), grad((v: Tensor) => mul(0.5, mul(add(v, mul(y, -1)), add(v, mul(y, -1)))))(w))),
      w0,
    )
  const [y, a, w0] = [f64(2), f64(0.3), f64(-1)]
  near(train(y, a, w0), 2 - 3 * 0.7 ** 6)
  near(grad(train, { wrt: [0, 1, 2] })(y, a, w0), [1 - 0.7 ** 6, 3 * 6 * 0.7 ** 5, 0.7 ** 6])
  near(hessian(train, { wrt: 1 })(y, a, w0), -3 * 30 * 0.7 ** 4)
  near(jvp(train, [y, a, w0], [1, 0, 0]).tangent, 1 - 0.7 ** 6)
})

test('a jitted gradient of a scan equals the eager one bit by bit', () => {
  const f = (x: Tensor): Tensor =>
    sum(
      scan(
        (c: Tensor, r: Tensor): [Tensor, Tensor] => [sin(mul(c, r)), cos(c)],
        x,
        outer(ones([4], { dtype: 'f64' }), x),
      )[1],
    )
  const x = f64([0.4, 1.3])
  assert.equal(elements(jit(grad(f))(x)), elements(grad(f)(x)))
})

test('what a scan keeps for its linear half: no constants, nothing that all steps share', () => {
  // per step only cos(c) and c are needed: 3 · x and exp(k) belong outside
  const f = (c: Tensor, k: Tensor): Tensor =>
    foriLoop(0, 100, (_, a: Tensor) => add(mul(sin(a), mul(3, exp(k))), mul(a, 0.5)), c)
  const body = simplify(trace((c: Tensor, k: Tensor) => grad(f, { wrt: [0, 1] })(c, k))(f64(0.1), f64(0.2)))
  const loops = equationsOf(body).filter((eqn) => eqn.op.kind === 'scan')
  assert.is(loops.length, 2)
  const backward = loops[1]!.op
  if (backward.kind !== 'scan') return
  const kept = inputTypes(backward.body).slice(backward.carry, backward.carry + backward.xs)
  assert.is(kept.length, 2, `kept ${kept.length} values a step`)
})

test('a linearised scan is pushed and pulled as often as wanted', () => {
  const f = (x: Tensor): Tensor =>
    scan((c: Tensor, r: Tensor): [Tensor, Tensor] => [mul(c, sin(r)), mul(c, r)], f64(1), x)[1]
  const x = [0.5, 1.5, -0.7]
  const numeric = (v: readonly number[]): number[] =>
    differences((t) => elements(f(f64(x.map((xi, i) => xi + t * v[i]!)))))
  const { push } = linearize(f, [f64(x)])
  const { pull } = vjp(f, [f64(x)])
  const columns = [0, 1, 2].map((i) => numeric(unit(3, i)))
  for (let again = 0; again < 2; again++)
    for (let i = 0; i < 3; i++) {
      near(push(f64(unit(3, i))), columns[i]!, 1e-9)
      near(
        pull(f64(unit(3, i))),
        columns.map((column) => column[i]!),
        1e-9,
      )
    }
})

test('a comparison in the body selects per step; its kink is nobody’s derivative', () => {
  const f = (x: Tensor): Tensor =>
    foriLoop(
      0,
      4,
      (i, c: Tensor) => where(less(cast(i, 'f64'), 1.5), mul(c, x), where(greater(c, 1), add(c, x), c)),
      f64(2),
    )
  // 2 → 2x → 2x² → + x → + x where above 1
  near(f(f64(1.5)), 4.5 + 3)
  near(grad(f)(f64(1.5)), 6 + 2)
  near(f(f64(0.5)), 0.5)
  near(grad(f)(f64(0.5)), 2)
})

test.run()
