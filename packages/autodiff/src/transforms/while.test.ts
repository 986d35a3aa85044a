/** While loops: forward mode to any order, reverse mode refused with its remedy, lanes that finish at different times. */

import {
  abs,
  add,
  array,
  cast,
  cond,
  div,
  foriLoop,
  greater,
  less,
  log,
  mul,
  notEqual,
  sqrt,
  sub,
  sum,
  type Tensor,
  where,
  whileLoop,
} from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkpoint, grad, hessian, hvp, jacfwd, jacrev, jvp, linearize, stopGradient, vjp, vmap } from '../index.js'
import { directional, elements, f64, near, type Series, series as s, throws } from '../support.testing.js'

const one = f64(1)

// x ← x² until x > 10, from a
const squares = (a: Tensor): Tensor =>
  whileLoop(
    (x: Tensor) => less(x, 10),
    (x: Tensor) => mul(x, x),
    a,
  )
const squaresTwin = ([a]: readonly Series[]): readonly Series[] => {
  let x = a!
  while (x[0]! < 10) x = s.mul(x, x)
  return [x]
}

test('forward mode to order 4, linearize and jacfwd', () => {
  const forward =
    (f: (x: Tensor) => Tensor) =>
    (x: Tensor): Tensor =>
      jvp(f, [x], [one]).tangent
  let f = squares
  for (let order = 0; order <= 4; order++) {
    near(f(f64(1.7)), directional(squaresTwin, [1.7], [1], order), 1e-11, `order ${order}`)
    f = forward(f)
  }
  const { out, push } = linearize(squares, [f64(1.7)])
  near(out, 1.7 ** 8)
  near(push(2), 2 * 8 * 1.7 ** 7)
  near(push(-1), -8 * 1.7 ** 7)
  near(jacfwd(squares)(f64(1.7)), 8 * 1.7 ** 7)
  near(jacfwd(jacfwd(squares))(f64(1.7)), 56 * 1.7 ** 6)
})

test('a carry that begins constant, constants of the condition and of the body, integer and bool carries', () => {
  // counts k while k·r < limit; c ← c r, both closed over
  const f = (r: Tensor, limit: Tensor): Tensor => {
    const [, , c] = whileLoop(
      ([k, go]: [Tensor, Tensor, Tensor]) => where(go, less(mul(k, r), limit), false),
      ([k, , c]: [Tensor, Tensor, Tensor]): [Tensor, Tensor, Tensor] => [add(k, 1), notEqual(k, 7), mul(c, r)],
      [array(0, { dtype: 'i32' }), array(true), f64(2)],
    )
    return c
  }
  // k = 0, 1, 2, 3: r⁴ · 2 at r = 1.5, limit 5
  near(f(f64(1.5), f64(5)), 2 * 1.5 ** 4)
  near(jvp(f, [f64(1.5), f64(5)], [1, 1]).tangent, 8 * 1.5 ** 3)
  near(
    jvp((r: Tensor) => jvp((q: Tensor) => f(q, f64(5)), [r], [one]).tangent, [f64(1.5)], [one]).tangent,
    24 * 1.5 ** 2,
  )
  near(jacfwd(f, { wrt: [0, 1] })(f64(1.5), f64(5)), [8 * 1.5 ** 3, 0])
  // the bool stops it at k = 8
  near(f(f64(1.1), f64(1e9)), 2 * 1.1 ** 8)
})

test('a loop that does not run at all, and one whose carry does not depend on the argument', () => {
  near(squares(f64(11)), 11)
  near(jvp(squares, [f64(11)], [one]).tangent, 1)
  const unaffected = (x: Tensor): Tensor =>
    mul(
      x,
      whileLoop(
        (c: Tensor) => less(c, 100),
        (c: Tensor) => mul(c, 3),
        f64(1),
      ),
    )
  near(unaffected(f64(2)), 486)
  // no tangent flows through the loop, so reverse mode is no question
  near(grad(unaffected)(f64(2)), 243)
  near(hessian(unaffected)(f64(2)), 0)
})

const refusal =
  'whileLoop: reverse mode through step: a while loop does not know how many steps to keep. Use scan or foriLoop with a fixed number of steps, customRoot for what the loop converges to, or forward mode (jvp, jacfwd).'

test('reverse mode is refused with its remedies, wherever the loop stands', () => {
  const f = (a: Tensor): Tensor =>
    whileLoop(
      (x: Tensor) => less(x, 10),
      function step(x: Tensor) {
        return mul(x, x)
      },
      a,
    )
  const x = f64(1.7)
  throws(() => grad(f)(x), refusal)
  throws(() => vjp(f, [x]).pull(one), refusal)
  throws(() => jacrev(f)(x), refusal)
  throws(() => hvp(f)(x)(one), refusal)
  throws(() => grad((y: Tensor) => foriLoop(0, 2, (_, c: Tensor) => f(c), y))(x), refusal)
  throws(() => grad((y: Tensor) => cond(greater(y, 0), f, f, y))(x), refusal)
  throws(() => grad(checkpoint(f))(x), refusal)
  throws(() => grad((y: Tensor) => sum(vmap(f)(y)))(f64([1.5, 2])), refusal)
  throws(() => grad((y: Tensor) => jvp(f, [y], [one]).tangent)(x), refusal)
  // a bound that is traced makes a while loop of a foriLoop
  assert.throws(
    () => grad((y: Tensor) => foriLoop(0, array(3, { dtype: 'i32' }), (_, c: Tensor) => mul(c, y), y))(x),
    /whileLoop: reverse mode .* scan .* customRoot/,
  )
  near(
    jvp((y: Tensor) => foriLoop(0, array(3, { dtype: 'i32' }), (_, c: Tensor) => mul(c, y), y), [x], [one]).tangent,
    4 * 1.7 ** 3,
  )
})

test('lanes finish at different times: values and tangents of each are those of its own loop', () => {
  const starts = [11, 3.3, 1.7, 1.05, 1.3]
  near(
    vmap(squares)(f64(starts)),
    starts.map((a) => elements(squares(f64(a)))[0]!),
  )
  near(
    vmap((a: Tensor) => jvp(squares, [a], [one]).tangent)(f64(starts)),
    starts.map((a) => directional(squaresTwin, [a], [1])[0]!),
  )
  near(
    jvp(vmap(squares), [f64(starts)], [f64(starts.map(() => 1))]).tangent,
    starts.map((a) => directional(squaresTwin, [a], [1])[0]!),
  )
  near(
    jvp(
      (a: Tensor) => jvp(vmap(squares), [a], [f64(starts.map(() => 1))]).tangent,
      [f64(starts)],
      [f64(starts.map(() => 1))],
    ).tangent,
    starts.map((a) => directional(squaresTwin, [a], [1], 2)[0]!),
  )
})

test('a finished lane is frozen, though its body would make NaN or infinity of it, and its tangent too', () => {
  // sqrt(2 − x) is NaN one step after the end; x − … counts down
  const f = (x: Tensor): Tensor => {
    const [, y] = whileLoop(
      ([c]: [Tensor, Tensor]) => greater(c, 0),
      ([c, v]: [Tensor, Tensor]): [Tensor, Tensor] => [sub(c, 1), add(div(v, c), mul(log(c), x))],
      [x, f64(0)],
    )
    return y
  }
  const twin = ([x]: readonly Series[]): readonly Series[] => {
    let [c, v] = [x!, s.of(0, x!)]
    while (c[0]! > 0) {
      v = s.add(s.div(v, c), s.mul(s.log(c), x!))
      c = s.shift(c, -1)
    }
    return [v]
  }
  const at = [0.5, 3.5, 1.25, -1]
  near(
    vmap(f)(f64(at)),
    at.map((x) => directional(twin, [x], [1], 0)[0]!),
  )
  near(
    vmap((x: Tensor) => jvp(f, [x], [one]).tangent)(f64(at)),
    at.map((x) => directional(twin, [x], [1])[0]!),
  )
  near(
    jvp(vmap(f), [f64(at)], [f64([1, 1, 1, 1])]).tangent,
    at.map((x) => directional(twin, [x], [1])[0]!),
  )
  // lanes that hold NaN and infinity themselves stay what they are
  near(vmap(squares)(f64([NaN, Infinity, 3.3])), [NaN, Infinity, 3.3 ** 2])
})

test('a batch in the condition alone, in the body alone, in a constant alone', () => {
  const f = (a: Tensor, r: Tensor, limit: Tensor): Tensor =>
    whileLoop(
      (x: Tensor) => less(x, limit),
      (x: Tensor) => mul(x, r),
      a,
    )
  const single = (a: number, r: number, limit: number): number => {
    let x = a
    while (x < limit) x *= r
    return x
  }
  const [A, R, L] = [
    [1, 0.5, 20],
    [2, 3, 1.5],
    [10, 30, 5],
  ] as const
  for (const flags of [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [1, 1, 1],
    [1, 0, 1],
  ]) {
    const put = (list: readonly number[], i: number): Tensor => (flags[i] ? f64(list) : f64(list[0]!))
    const at = (list: readonly number[], i: number, k: number): number => list[flags[i] ? k : 0]!
    near(
      vmap(f, { in: flags.map((b) => (b ? 0 : null)) })(put(A, 0), put(R, 1), put(L, 2)),
      [0, 1, 2].map((k) => single(at(A, 0, k), at(R, 1, k), at(L, 2, k))),
    )
  }
})

test('a batch that does not reach the condition keeps one flag: every lane runs as often', () => {
  const f = (x: Tensor): Tensor => {
    const [, c] = whileLoop(
      ([i]: [Tensor, Tensor]) => less(i, 3),
      ([i, v]: [Tensor, Tensor]): [Tensor, Tensor] => [add(i, 1), mul(v, x)],
      [array(0, { dtype: 'i32' }), f64(1)],
    )
    return c
  }
  near(vmap(f)(f64([2, 3])), [8, 27])
  near(vmap((x: Tensor) => jvp(f, [x], [one]).tangent)(f64([2, 3])), [12, 27])
})

test('a while loop whose values alone matter stands under reverse mode: stopped, of integers, in a branch’s other side of jvp', () => {
  // f = a² · (what the loop makes of a), the loop being constant to derivatives
  const f = (a: Tensor): Tensor => mul(a, mul(a, squares(stopGradient(a))))
  near(grad(f)(f64(1.7)), 2 * 1.7 * 1.7 ** 8)
  near(hvp(f)(f64(1.7))(1), 2 * 1.7 ** 8)
  near(vmap(grad(f))(f64([1.7, 1.2])), [2 * 1.7 ** 9, 2 * 1.2 * 1.2 ** 16])
  const counted = (a: Tensor): Tensor =>
    foriLoop(
      0,
      3,
      (i, c: Tensor) =>
        mul(
          c,
          cast(
            whileLoop(
              (k: Tensor) => less(k, 3),
              (k: Tensor) => add(k, 1),
              i,
            ),
            'f64',
          ),
        ),
      a,
    )
  near(grad(counted)(f64(1.2)), 27)
})

test('Newton’s square root: the tangent of the loop converges to that of the root', () => {
  const root = (a: Tensor): Tensor => {
    const [x] = whileLoop(
      ([x, before]: [Tensor, Tensor]) => greater(abs(sub(x, before)), 1e-14),
      ([x]: [Tensor, Tensor]): [Tensor, Tensor] => [mul(0.5, add(x, div(a, x))), x],
      [a, add(a, 1)],
    )
    return x
  }
  const at = [2, 9, 0.3]
  near(vmap(root)(f64(at)), at.map(Math.sqrt))
  near(
    vmap((a: Tensor) => jvp(root, [a], [one]).tangent)(f64(at)),
    at.map((a) => 0.5 / Math.sqrt(a)),
  )
  near(jacfwd(root)(f64(2)), jacfwd(sqrt as (x: Tensor) => Tensor)(f64(2)))
})

test('nested batches of a loop whose length depends on both', () => {
  const f = (a: Tensor, limit: Tensor): Tensor =>
    whileLoop(
      (x: Tensor) => less(x, limit),
      (x: Tensor) => mul(x, 2),
      a,
    )
  near(vmap((a: Tensor) => vmap((l: Tensor) => f(a, l))(f64([5, 50])))(f64([1, 3, 100])), [8, 64, 6, 96, 100, 100])
})

test.run()
