import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add,
  array,
  debugPrint,
  div,
  greater,
  item,
  jit,
  less,
  logicalAnd,
  mul,
  neg,
  sum,
  type Tensor,
  toNested,
  whileLoop,
} from '../index.js'

const x = array([1, 2, 3])

test('steps while the condition holds', () => {
  const f = (v: Tensor): Tensor => whileLoop((c) => less(sum(c), 100), (c) => mul(c, 2), v) // biome-ignore format: a loop
  assert.equal(toNested(f(x)), [32, 64, 96])
  assert.equal(toNested(jit(f)(x)), [32, 64, 96])
})

test('no step where the condition fails at once: the body is not run', () => {
  const printed: string[] = []
  const body = (c: Tensor): Tensor => {
    debugPrint('step', c, (text) => printed.push(text))
    return neg(c)
  }
  const f = (v: Tensor): Tensor => whileLoop((c) => less(sum(c), 0), body, v)
  assert.equal(toNested(f(x)), [1, 2, 3])
  assert.equal(toNested(jit(f)(x)), [1, 2, 3])
  assert.equal(printed, [])
})

test('condition and body close over outer values, each over its own', () => {
  const [limit, factor] = [array(50), array(3)]
  const f = jit((v: Tensor, w: Tensor) => whileLoop((c) => less(c, mul(limit, w)), (c) => mul(c, add(factor, v)), v)) // biome-ignore format: a loop
  assert.is(item(f(array(1), array(2))), 256)
})

test('carries are trees, a loop in a loop', () => {
  type State = { readonly n: Tensor; readonly inner: readonly [Tensor] }
  const body = ({ n, inner: [s] }: State): State => ({
    n: add(n, 1),
    inner: [whileLoop((c) => less(c, mul(n, 10)), (c) => add(c, 4), s)],
  }) // biome-ignore format: a loop
  const { n, inner } = whileLoop<State>(({ n }) => less(n, 4), body, { n: 0, inner: [0] })
  assert.equal([n, inner[0]].map(String), ['f32[] 4', 'f32[] 32'])
})

test('numbers take the dtype of the body', () => {
  const half = array(0.5, { dtype: 'f64' })
  const [c, n] = whileLoop(([c]: readonly [Tensor, Tensor]) => greater(c, 0.1), ([c, n]) => [mul(c, half), add(n, 1)], [1, 0]) // biome-ignore format: a loop
  assert.is(String(c), 'f64[] 0.0625')
  assert.is(String(n), 'f32[] 4')
})

test('newton’s iteration for a root', () => {
  const root = jit(
    (a: Tensor) =>
      whileLoop(
        ([y, before]: readonly [Tensor, Tensor]) => greater(mul(add(before, neg(y)), add(before, neg(y))), 1e-12),
        ([y]) => [mul(0.5, add(y, div(a, y))), y] as const,
        [a, mul(a, 2)] as const,
      )[0],
  )
  // quadratic: an error of 1e-6 before the last step is 1e-12 after it
  assert.ok(Math.abs(item(root(array(2, { dtype: 'f64' }))) - Math.SQRT2) < 1e-12)
})

test('a condition that is not one bool is refused', () => {
  const message = 'whileLoop: the condition returns one bool[], got '
  assert.throws(() => whileLoop((c) => c, (c) => c, x), `${message}f32[3].`) // biome-ignore format: a loop
  assert.throws(() => whileLoop((c) => less(c, 1), (c) => c, x), `${message}bool[3].`) // biome-ignore format: a loop
  assert.throws(() => whileLoop(() => [] as never, (c) => c, x), `${message}nothing.`) // biome-ignore format: a loop
  assert.throws(() => whileLoop((c) => [less(c, 1), less(c, 1)] as never, (c) => c, array(1)), `${message}bool[] bool[].`) // biome-ignore format: a loop
  assert.is(item(whileLoop(() => false as never, (c: Tensor) => c, array(1))), 1) // biome-ignore format: a loop
})

test('a body that changes the carry is refused with its path', () => {
  const go = (c: { a: Tensor }): Tensor => logicalAnd(less(c.a, 1), true)
  assert.throws(
    () => whileLoop(go, () => ({ a: x }), { a: array(0) }),
    'whileLoop: the carry.a is f32[] before a step and f32[3] after it: cast or reshape it.',
  )
  assert.throws(
    () => whileLoop(go, () => ({}) as never, { a: array(0) }),
    'whileLoop: the body returned a carry of the form {}, it began as {a: *}.',
  )
})

test.run()
