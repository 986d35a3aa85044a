/** Rules that close over tensors, where their calls stand in bodies that are transformed as programs of their own: loops, branches, checkpoints, pulls. */

import {
  add,
  cond,
  dispose,
  div,
  exp,
  greater,
  jit,
  less,
  liveBuffers,
  mul,
  scan,
  scope,
  sin,
  sum,
  type Tensor,
  whileLoop,
} from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkpoint, customJvp, customLinearSolve, customVjp, grad, jacfwd, jacrev, jvp, vjp, vmap } from '../index.js'
import { elements, f64, near } from '../support.testing.js'

const k = f64([2, 3])
const x0 = f64([0.4, -0.7])

const plain = (x: Tensor): Tensor => mul(k, x)
const forward = customJvp(plain, ([x], [v]) => [mul(k, x), mul(k, v)] as const, 'forward')
const reverse = customVjp(
  plain,
  (x) => [mul(k, x), null] as const,
  (_, c) => [mul(k, c)] as const,
  'reverse',
)

type Map = (x: Tensor) => Tensor
const loop = (f: Map, x: Tensor): Tensor => scan((c: Tensor) => [sin(f(c)), null], x, null, { length: 3 })[0]

const places: { readonly [name: string]: (f: Map) => Map } = {
  scan: (f) => (x) => loop(f, x),
  'scan in scan': (f) => (x) => scan((c: Tensor) => [loop(f, c), null], x, null, { length: 2 })[0],
  cond: (f) => (x) =>
    cond(
      greater(sum(x), 0),
      (y: Tensor) => sin(y),
      (y: Tensor) => sin(f(y)),
      x,
    ),
  'two branches': (f) => (x) =>
    cond(
      greater(sum(x), 0),
      (y: Tensor) => forward(y),
      (y: Tensor) => mul(f(y), f(sin(y))),
      x,
    ),
  checkpoint: (f) => checkpoint((x: Tensor) => sin(f(sin(x)))),
  'checkpoint in scan': (f) => (x) =>
    scan((c: Tensor) => [checkpoint((y: Tensor) => sin(f(y)))(c), null], x, null, { length: 2 })[0],
  'vmap of scan': (f) => (x) => sum(vmap((s: Tensor) => loop((c) => f(mul(s, c)), x))(f64([1, 2, 3])), { axis: 0 }),
  'operator of a solve': (f) => (x) =>
    customLinearSolve(
      (v: Tensor) => add(f(v), mul(exp(x), v)),
      sin(x),
      (operator, b) => div(b, operator(f64([1, 1]))),
    ),
}

for (const [place, put] of Object.entries(places))
  test(`a rule that closes over a tensor, in ${place}: first and second derivatives`, () => {
    const total =
      (f: Map) =>
      (x: Tensor): Tensor =>
        sum(mul(put(f)(x), f64([1, -2])))
    const once = (f: Map): Tensor => grad(total(f))(x0)
    const twice = (f: Map): Tensor => grad((x: Tensor) => sum(sin(grad(total(f))(x))))(x0)
    for (const f of [forward, reverse]) {
      near(once(f), once(plain))
      near(twice(f), twice(plain))
      near(jacrev(put(f))(x0), jacrev(put(plain))(x0))
      near(jit(grad(total(f)))(x0), once(plain))
    }
    near(jacfwd(put(forward))(x0), jacfwd(put(plain))(x0))
    near(jvp(grad(total(forward)), [x0], [k]).tangent, jvp(grad(total(plain)), [x0], [k]).tangent)
  })

test('a rule that closes over a tensor, pushed through a while loop', () => {
  const f = (g: Map) => (x: Tensor) =>
    whileLoop(
      (c) => less(sum(c), 20),
      (c) => g(c),
      x,
    )
  // two steps
  near(jvp(f(forward), [k], [x0]).tangent, [4 * 0.4, 9 * -0.7])
})

test('a pull-back whose rule closes over a tensor, or makes one, can be called again', () => {
  const made = customVjp(
    (x: Tensor) => mul(f64([2, 3]), x),
    (x) => [mul(f64([2, 3]), x), null] as const,
    (_, c) => [mul(f64([2, 3]), c)] as const,
  )
  for (const f of [reverse, made]) {
    const { pull } = vjp(f, [x0])
    for (const c of [f64([1, 1]), f64([1, 2])]) assert.equal(elements(pull(c)[0]), elements(mul(k, c)))
  }
  const before = liveBuffers().count
  scope(() => {
    const { pull } = vjp(made, [x0])
    dispose(pull(k))
    scope(() => pull(k))
    assert.equal(elements(pull(k)[0]), [4, 9])
  })
  assert.is(liveBuffers().count, before)
})

test.run()
