import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add,
  array,
  cast,
  cond,
  debugPrint,
  greater,
  item,
  jit,
  mul,
  neg,
  sub,
  sum,
  switchCase,
  type Tensor,
  type TensorLike,
  toNested,
} from '../index.js'

const x = array([1, 2, 3])
const sink: string[] = []
const said = (text: string, v: Tensor): Tensor => {
  debugPrint(text, sum(v), (line) => sink.push(line))
  return v
}
const printed = (f: () => unknown): string[] => {
  sink.length = 0
  f()
  return [...sink]
}

test('only the branch that is taken is executed', () => {
  const f = (p: TensorLike, v: Tensor): Tensor => cond(p, (u) => said('yes', mul(u, 10)), (u) => said('no', neg(u)), v) // biome-ignore format: branches
  const g = jit(f)
  for (const h of [f, g]) {
    assert.equal(printed(() => assert.equal(toNested(h(array(true), x)), [10, 20, 30])), ['yes f32[] 60']) // biome-ignore format: a line
    assert.equal(printed(() => assert.equal(toNested(h(array(false), x)), [-1, -2, -3])), ['no f32[] -6']) // biome-ignore format: a line
  }
})

test('the predicate: a bool, a number, an integer, traced or not; zero and NaN as in a cast to bool', () => {
  const f = (p: TensorLike): number => item(cond(p, () => 1, () => 0) as never) // biome-ignore format: branches
  const g = jit((p: TensorLike) => cond(p, () => 1, () => 0)) as unknown as (p: TensorLike) => Tensor // biome-ignore format: branches
  for (const [p, expected] of [
    [true, 1],
    [false, 0],
    [0, 0],
    [-2, 1],
    [0.5, 1],
    [NaN, 1],
    [-0, 0],
  ] as const) {
    // biome-ignore format: a table
    assert.is(f(p), expected)
    assert.is(item(g(p)), expected)
    if (typeof p === 'number') assert.is(f(array(p)), expected)
  }
  assert.is(f(array(3, { dtype: 'i32' })), 1)
})

test('closures: branches that use different outer values, nested', () => {
  const [a, b] = [array(10), array(20)]
  const f = (p: Tensor, q: Tensor, v: Tensor): Tensor => {
    const w = mul(v, 2)
    return cond(p, () => add(w, a), () => cond(q, () => add(b, v), () => sub(a, b))) // biome-ignore format: branches
  }
  const g = jit(f)
  for (const h of [f, g]) {
    const at = (p: boolean, q: boolean): number => item(h(array(p), array(q), array(1)))
    assert.equal([at(true, true), at(true, false), at(false, true), at(false, false)], [12, 12, 21, -10])
  }
})

test('operands and results are trees; branches may return operands, numbers, outer values', () => {
  const w = array(7)
  const f = (p: Tensor, s: { a: Tensor; b: readonly [Tensor] }): { y: Tensor; z: readonly Tensor[] } =>
    cond(
      p,
      ({ a, b }) => ({ y: a, z: [b[0], w] as readonly Tensor[] }),
      ({ a }) => ({ z: [1, 2] as never, y: neg(a) }),
      s,
    )
  for (const h of [f, jit(f)]) {
    const yes = h(array(true), { a: array(1), b: [array(2)] })
    assert.equal([yes.y, ...yes.z].map(item), [1, 2, 7])
    const no = h(array(false), { a: array(1), b: [array(2)] })
    assert.equal([no.y, ...no.z].map(item), [-1, 1, 2])
  }
})

test('switchCase: the index is clamped, one branch is enough', () => {
  const branches = [
    (v: Tensor) => said('a', v),
    (v: Tensor) => said('b', mul(v, 2)),
    (v: Tensor) => said('c', mul(v, 3)),
  ]
  const f = (i: TensorLike, v: Tensor): Tensor => switchCase(i, branches, v)
  const g = jit((i: Tensor, v: Tensor) => f(i, v))
  for (const [i, label, first] of [
    [-5, 'a', 1],
    [0, 'a', 1],
    [1, 'b', 2],
    [2, 'c', 3],
    [99, 'c', 3],
  ] as const) {
    // biome-ignore format: a table
    assert.equal(printed(() => assert.is((toNested(f(i, x)) as number[])[0], first)), [`${label} f32[] ${6 * first}`]) // biome-ignore format: a line
    assert.equal(printed(() => assert.is((toNested(g(array(i, { dtype: 'i32' }), x)) as number[])[0], first)), [`${label} f32[] ${6 * first}`]) // biome-ignore format: a line
  }
  assert.equal(toNested(switchCase(3, [neg], x)), [-1, -2, -3])
})

test('a predicate or index that is no scalar, a fraction, no branch at all', () => {
  const id = (v: Tensor): Tensor => v
  assert.throws(() => cond(greater(x, 1), id, id, x), 'cond: the predicate is a scalar, got bool[3]: use where to choose elementwise.')
  assert.throws(() => switchCase(cast(x, 'i32'), [id], x), 'switchCase: the index is a scalar, got i32[3].')
  assert.throws(() => switchCase(0.5, [id], x), 'switchCase: the number 0.5 is no i32')
  assert.throws(() => switchCase(array(1), [id], x), 'switchCase: indices are integers, got f32[]: cast them')
  assert.throws(() => switchCase(0, [], x), 'switchCase: needs at least one branch.')
  assert.throws(() => cond(true, id, id, 'text' as never), 'cond: expected tensors, got "text" at [0].')
}) // biome-ignore format: one case a line

test('branches that return another form or type are refused, and which one', () => {
  const go = (yes: () => unknown, no: () => unknown): (() => unknown) => () => cond(array(true), yes, no)
  assert.throws(go(() => [x], () => x), 'cond: branch 1 returned the form [*], branch 0 returned *.')
  assert.throws(go(() => ({ a: x }), () => ({ b: x })), 'cond: branch 1 returned the form {a: *}, branch 0 returned {b: *}.')
  assert.throws(go(() => x, () => sum(x)), 'cond: branch 1 returned f32[3] where branch 0 returned f32[]: cast or reshape one.')
  assert.throws(go(() => cast(x, 'i32'), () => x), 'cond: branch 1 returned i32[3] where branch 0 returned f32[3]')
  assert.throws(go(() => 'text', () => x), 'returned "text"')
  assert.throws(() => switchCase(0, [() => x, () => x, () => sum(x)]), 'switchCase: branch 2 returned f32[] where branch 0 returned f32[3]')
}) // biome-ignore format: one case a line

test.run()
