/** Branches: which one runs, what is differentiated, what a batch makes of them. */

import {
  add,
  array,
  cond,
  cos,
  debugPrint,
  div,
  exp,
  foriLoop,
  greater,
  jit,
  log,
  mul,
  neg,
  sin,
  sqrt,
  sum,
  switchCase,
  type Tensor,
  trace,
} from '@neumann/linalg-gpu'
import { simplify } from '@neumann/linalg-gpu/program'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkpoint, grad, hessian, hvp, jvp, linearize, vjp, vmap } from '../index.js'
import { equationsOf, f64, near } from '../support.testing.js'

/** A function whose branches say when they run. */
const spied = (seen: string[]) => (x: Tensor) =>
  cond(
    greater(x, 0),
    (v: Tensor) => {
      debugPrint('yes', v, () => seen.push('yes'))
      return mul(sin(v), v)
    },
    (v: Tensor) => {
      debugPrint('no', v, () => seen.push('no'))
      return exp(v)
    },
    x,
  )

test('the branch that is not taken is not executed: eagerly, jitted, under grad, jvp, hvp and checkpoint', () => {
  const seen: string[] = []
  const f = spied(seen)
  const once = (run: (x: Tensor) => unknown, expected: string): void => {
    for (const [value, word] of [
      [0.5, 'yes'],
      [-0.5, 'no'],
    ] as const) {
      seen.length = 0
      run(f64(value))
      assert.ok(seen.length > 0 && seen.every((s) => s === word), `${expected} at ${value}: ran ${seen}`)
    }
  }
  once(f, 'value')
  once(jit(f), 'jit')
  once(grad(f), 'grad')
  once(jit(grad(f)), 'jit of grad')
  once((x) => jvp(f, [x], [1]), 'jvp')
  once((x) => hvp(f)(x)(1), 'hvp')
  once((x) => vjp(f, [x]).pull(1), 'vjp')
  once(grad(checkpoint(f)), 'checkpoint')
  once((x) => foriLoop(0, 2, (_, c: Tensor) => mul(f(x), c), f64(1)), 'in a loop')
})

test('debugPrint is seen once under grad: the derivative passes by', () => {
  const seen: string[] = []
  grad(spied(seen))(f64(0.5))
  assert.equal(seen, ['yes'])
})

test('values and derivatives on either side, to order 3', () => {
  const f = spied([])
  near(f(f64(0.5)), 0.5 * Math.sin(0.5))
  near(grad(f)(f64(0.5)), Math.sin(0.5) + 0.5 * Math.cos(0.5))
  near(grad(grad(f))(f64(0.5)), 2 * Math.cos(0.5) - 0.5 * Math.sin(0.5))
  near(grad(grad(grad(f)))(f64(0.5)), -3 * Math.sin(0.5) - 0.5 * Math.cos(0.5))
  for (const g of [f, grad(f), grad(grad(f)), grad(grad(grad(f)))]) near(g(f64(-0.5)), Math.exp(-0.5))
})

test('residuals of branches of different number and type share slots', () => {
  const f = (index: Tensor, x: Tensor, y: Tensor): Tensor =>
    switchCase(index, [
      () => sum(mul(sin(x), exp(x))),
      () => mul(y, sin(y)),
      () => add(sum(cos(x)), exp(mul(y, y))),
      () => f64(3),
    ])
  const [x, y] = [f64([0.3, -0.8]), f64(0.6)]
  const expected = [
    [[0.3, -0.8].map((v) => Math.exp(v) * (Math.sin(v) + Math.cos(v))), 0],
    [[0, 0], Math.sin(0.6) + 0.6 * Math.cos(0.6)],
    [[0.3, -0.8].map((v) => -Math.sin(v)), 1.2 * Math.exp(0.36)],
    [[0, 0], 0],
  ]
  expected.forEach((want, i) => {
    const at = array(i, { dtype: 'i32' })
    near(grad(f, { wrt: [1, 2] })(at, x, y), want)
    const h = hessian(f, { wrt: 2 })(at, x, y)
    near(h, [0, 2 * Math.cos(0.6) - 0.6 * Math.sin(0.6), (2 + 4 * 0.36) * Math.exp(0.36), 0][i]!)
    const { push } = linearize((u: Tensor, v: Tensor) => f(at, u, v), [x, y])
    near(push(f64([1, 0]), 0), (want[0] as number[])[0]!)
    near(push(f64([0, 0]), 1), want[1]!)
  })
})

test('one branch depends on the argument, the other does not; results of several types', () => {
  const f = (x: Tensor): [Tensor, Tensor, Tensor] =>
    cond(
      greater(x, 1),
      (): [Tensor, Tensor, Tensor] => [mul(x, x), array(1, { dtype: 'i32' }), f64(2)],
      (): [Tensor, Tensor, Tensor] => [f64(5), array(2, { dtype: 'i32' }), neg(x)],
    )
  near(jvp(f, [f64(3)], [1]).tangent, [6, 0, 0])
  near(jvp(f, [f64(0.5)], [1]).tangent, [0, 0, -1])
  near(vjp(f, [f64(3)]).pull([1, 0, 1]), 6)
  near(vjp(f, [f64(0.5)]).pull([1, 0, 1]), -1)
})

test('an index out of range is clamped, derivatives too', () => {
  const f = (i: Tensor, x: Tensor): Tensor => switchCase(i, [() => mul(x, 2), () => mul(x, x), () => mul(x, mul(x, x))])
  const expected = new Map([
    [-3, 2],
    [0, 2],
    [1, 6],
    [2, 27],
    [9, 27],
  ])
  for (const [i, want] of expected) near(grad(f, { wrt: 1 })(array(i, { dtype: 'i32' }), f64(3)), want)
  const indices = array([...expected.keys()], { dtype: 'i32' })
  near(vmap(grad(f, { wrt: 1 }), { in: [0, null] })(indices, f64(3)), [...expected.values()])
})

test('a batch of predicates selects between both branches; a common predicate runs one of them', () => {
  const seen: string[] = []
  const f = spied(seen)
  const at = [0.5, -0.5, 2]
  near(
    vmap(f)(f64(at)),
    at.map((x) => (x > 0 ? x * Math.sin(x) : Math.exp(x))),
  )
  assert.equal([...new Set(seen)].sort(), ['no', 'yes'])
  seen.length = 0
  const shared = (p: Tensor, x: Tensor): Tensor =>
    cond(
      greater(p, 0),
      () => {
        debugPrint('yes', p, () => seen.push('yes'))
        return mul(x, p)
      },
      () => {
        debugPrint('no', p, () => seen.push('no'))
        return x
      },
    )
  near(vmap(shared, { in: [null, 0] })(f64(2), f64([1, 2])), [2, 4])
  assert.equal(seen, ['yes'])
  const program = simplify(trace((xs: Tensor) => vmap(f)(xs))(f64(at)))
  assert.not.ok(equationsOf(program).some((eqn) => eqn.op.kind === 'cond'))
})

test('a batched cond: gradient of each lane is that of its branch', () => {
  const f = spied([])
  const at = [0.5, -0.5, 2]
  const slope = (x: number): number => (x > 0 ? Math.sin(x) + x * Math.cos(x) : Math.exp(x))
  near(vmap(grad(f))(f64(at)), at.map(slope))
  near(grad((xs: Tensor) => sum(vmap(f)(xs)))(f64(at)), at.map(slope))
  near(
    jvp(vmap(f), [f64(at)], [f64([1, 2, 3])]).tangent,
    at.map((x, i) => (i + 1) * slope(x)),
  )
})

test('a batched cond whose branch is invalid in other lanes: values and forward derivatives are clean', () => {
  const f = (x: Tensor): Tensor =>
    cond(
      greater(x, 0),
      () => log(x),
      () => sqrt(neg(x)),
    )
  const at = [0.5, -4]
  near(vmap(f)(f64(at)), [Math.log(0.5), 2])
  near(jvp(vmap(f), [f64(at)], [f64([1, 1])]).tangent, [2, -0.25])
  near(vmap(grad(f))(f64(at)), [2, -0.25])
})

test('a condition that is constant when traced leaves one branch in the program', () => {
  const f = (x: Tensor): Tensor =>
    cond(
      true,
      () => sin(x),
      () => div(x, 0),
    )
  const program = simplify(trace(grad(f))(f64(1)))
  assert.equal([...new Set(equationsOf(program).map((eqn) => eqn.op.kind))], ['unary'])
  near(grad(f)(f64(1)), Math.cos(1))
})

test('branches nested five deep cost no more than their number', () => {
  const nested =
    (depth: number) =>
    (x: Tensor): Tensor =>
      depth === 0
        ? sin(x)
        : cond(
            greater(x, depth / 10),
            () => mul(x, nested(depth - 1)(x)),
            () => neg(nested(depth - 1)(x)),
          )
  const count = (depth: number): number => equationsOf(trace(grad(nested(depth)))(f64(0.25))).length
  // each level has two copies of the one below, so equations double; a transform that ran twice a level would quadruple them
  assert.ok(count(5) / count(4) < 2.5)
  // above 0.1 and 0.2, not above 0.3 … 0.5: (−1)³ x² sin x
  near(grad(nested(5))(f64(0.25)), -(2 * 0.25 * Math.sin(0.25) + 0.25 ** 2 * Math.cos(0.25)))
})

test.run()
