import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add, array, cast, foriLoop, full, greater, iota, item, jit, map, matmul, mul, neg, print, scan, sum, type Tensor, toNested, trace, zeros,
} from '../index.js' // biome-ignore format: a list

const x = array([1, 2, 3])
/** Outside and inside a trace. */
const both = (f: () => unknown, check: (result: any) => void): void => {
  check(f())
  check(jit(f)())
}

test('the carry goes through all rows, the results are stacked', () => {
  both(
    () => scan((c: Tensor, row: Tensor) => [add(c, row), mul(c, row)], array(0), x),
    ([c, ys]) => {
      assert.is(String(c), 'f32[] 6')
      assert.is(String(ys), 'f32[3] [0, 2, 9]')
    },
  )
})

test('carries, rows and results may be trees of any form', () => {
  both(
    () =>
      scan(
        ({ s, more }: { s: Tensor; more: readonly [Tensor] }, { a, b }: { a: Tensor; b: readonly Tensor[] }) =>
          [{ s: add(s, a), more: [add(more[0], b[0]!)] as const }, { sum: add(a, b[0]!), list: [neg(a)] }] as const,
        { s: array(0), more: [array([0, 0])] },
        { a: x, b: [array([[1, 2], [3, 4], [5, 6]])] },
      ),
    ([carry, ys]) => {
      assert.is(toNested(carry.s), 6)
      assert.equal(toNested(carry.more[0]), [9, 12])
      assert.equal(toNested(ys.sum), [[2, 3], [5, 6], [8, 9]])
      assert.equal(toNested(ys.list[0]), [-1, -2, -3])
    },
  )
}) // biome-ignore format: matrices

test('backwards: the last row first, results at their rows', () => {
  both(
    () => scan((c: Tensor, row: Tensor) => [add(mul(c, 10), row), c], array(0), x, { reverse: true }),
    ([c, ys]) => {
      assert.is(item(c), 321)
      assert.equal(toNested(ys), [32, 3, 0])
    },
  )
})

test('without rows the length says how often; rows of nothing count as none', () => {
  for (const xs of [null, [], {}, { a: null }])
    assert.is(item(scan((c: Tensor) => [mul(c, 2), null], array(1), xs, { length: 5 })[0]), 32)
})

test('no steps: the carry is the first, results are empty', () => {
  both(
    () => scan((c: Tensor, row: Tensor) => [add(c, sum(row)), row], array(7), zeros([0, 2])),
    ([c, ys]) => {
      assert.is(String(c), 'f32[] 7')
      assert.is(String(ys), 'f32[0,2] []')
    },
  )
  assert.is(item(scan((c: Tensor) => [add(c, 1), null], array(7), null, { length: 0 })[0]), 7)
})

test('null stacks nothing, also in a part of a tree', () => {
  const step = (c: Tensor, row: Tensor) => [add(c, row), null] as const
  assert.is(scan(step, array(0), x)[1], null)
  assert.is(jit(() => scan(step, array(0), x))()[1], null)
  const [, ys] = scan((c: Tensor, row: Tensor) => [c, { y: row, z: null }] as const, array(0), x)
  assert.is(ys.z, null)
  assert.equal(toNested(ys.y), [1, 2, 3])
})

test('the same tensor twice in the carry, and results that are the carry, a row or from outside', () => {
  const w = array(5)
  both(
    () => scan(([a, b]: readonly [Tensor, Tensor], row: Tensor) => [[b, b] as const, [a, row, w, 1]], [w, w] as const, x),
    ([carry, ys]) => {
      assert.equal(carry.map(item), [5, 5])
      assert.equal(ys.map(toNested), [[5, 5, 5], [1, 2, 3], [5, 5, 5], [1, 1, 1]])
    },
  )
}) // biome-ignore format: a matrix

test('a number that begins the carry takes the dtype that the body gives it', () => {
  for (const dtype of ['f32', 'f64', 'f16'] as const) {
    const rows = array([0.5, 2], { dtype })
    assert.is(String(scan((c: Tensor, row: Tensor) => [add(c, row), null], 0, rows)[0]), `${dtype}[] 2.5`)
    assert.is(String(foriLoop(0, 2, (_, c: Tensor) => add(c, sum(rows)), 1)), `${dtype}[] 6`)
  }
  // what the body leaves as it is becomes f32, what it makes an integer is one
  const step = ([a, b, c]: readonly [Tensor, Tensor, Tensor]) => [[a, mul(b, 2), add(cast(c, 'i32'), 1)] as const, null] as const
  const [carry] = scan(step, [1, 2, 3] as const, null, { length: 2 })
  assert.equal(carry.map(String), ['f32[] 1', 'f32[] 8', 'i32[] 5'])
}) // biome-ignore format: a long line

test('dtypes spread through the numbers of a carry until they settle', () => {
  const rows = array([1, 2, 3], { dtype: 'f64' })
  const step = ([a, b, c]: readonly [Tensor, Tensor, Tensor], row: Tensor) => [[b, c, add(c, row)] as const, a] as const
  const [carry, ys] = scan(step, [1, 2, 3] as const, rows)
  assert.equal(carry.map(String), ['f64[] 4', 'f64[] 6', 'f64[] 9'])
  assert.is(String(ys), 'f64[3] [1, 2, 3]')
})

test('a number argument of jit may begin a carry', () => {
  const f = jit((rows: Tensor, start: number) => scan((c: Tensor, row: Tensor) => [add(c, row), null], start, rows)[0])
  assert.is(String(f(array([1, 2], { dtype: 'f64' }), 0.5)), 'f64[] 3.5')
  assert.is(String(f(x, 0.5)), 'f32[] 6.5')
  const g = jit((start: number) => scan((c: Tensor) => [cast(c, 'i32'), null], start, null, { length: 1 })[0])
  assert.throws(() => g(0.5), 'scan: the carry is f32[] before a step and i32[] after it: cast or reshape it.')
})

test('with numbers in the carry the body is recorded once more, without them once', () => {
  let calls = 0
  const f = (c: Tensor): readonly [Tensor, null] => {
    calls++
    return [add(c, 1), null]
  }
  scan(f, array(0), null, { length: 10 })
  assert.is(calls, 1)
  scan(f, 0, null, { length: 10 })
  assert.is(calls, 3)
})

test('bodies see outer values, traced or concrete, and loops nest', () => {
  const w = array([[1, 1], [0, 1]]) // biome-ignore format: a matrix
  both(
    () =>
      foriLoop(0, 3, (i, a: Tensor) => {
        const scale = add(i, 1)
        return foriLoop(0, 2, (j, b) => matmul(b, mul(w, cast(add(scale, j), 'f32'))), a)
      }, w),
    // w⁷ times (1·2)(2·3)(3·4)
    (r) => assert.equal(toNested(r), [[144, 1008], [0, 144]]),
  )
  const f = jit((v: Tensor) => scan((c: Tensor, row: Tensor) => [add(c, mul(row, sum(v))), null], array(0), v)[0])
  assert.is(item(f(x)), 36)
}) // biome-ignore format: loops

test('foriLoop: number bounds, negative and empty ranges, traced bounds', () => {
  const indices = (start: number | Tensor, stop: number | Tensor): number =>
    item(foriLoop(start, stop, (i, c: Tensor) => add(mul(c, 10), cast(i, 'f32')), 0))
  assert.is(indices(1, 4), 123)
  assert.is(indices(-1, 2), -99) // −1, then −10 + 0, then −100 + 1
  assert.is(indices(3, 3), 0)
  assert.is(indices(5, 2), 0)
  const i32 = (n: number): Tensor => array(n, { dtype: 'i32' })
  assert.is(indices(i32(1), 4), 123)
  assert.is(indices(1, i32(4)), 123)
  assert.is(indices(i32(5), i32(2)), 0)
  assert.is(jit((n: Tensor) => foriLoop(0, n, (_, c: Tensor) => mul(c, 2), 1))(i32(5)).dtype, 'f32')
  assert.throws(() => foriLoop(0, 1.5, (_, c) => c, array(0)), 'foriLoop: bounds are integers, got 0 and 1.5.')
  assert.throws(() => foriLoop(array(0.5), 3, (_, c) => c, array(0)), 'foriLoop: indices are integers, got f32[]')
})

test('map applies f to each entry', () => {
  assert.equal(toNested(map((row: Tensor) => mul(row, row), x)), [1, 4, 9])
  const both2 = map(({ a, b }: { a: Tensor; b: Tensor }) => [add(a, b), a] as const, { a: x, b: array([[1, 1], [2, 2], [3, 3]]) })
  assert.equal(both2.map(toNested), [[[2, 2], [4, 4], [6, 6]], [1, 2, 3]])
}) // biome-ignore format: matrices

test('rows that do not fit are refused', () => {
  const f = (c: Tensor): readonly [Tensor, null] => [c, null]
  assert.throws(() => scan(f, array(0)), 'scan: without xs, length must be given.')
  assert.throws(() => scan(f, array(0), array(1)), 'scan: xs has no leading axis: it is a scalar.')
  assert.throws(() => scan(f, array(0), [x, zeros([2, 3])]), 'scan: leading axes of xs differ: [3] [2, 3].')
  assert.throws(() => scan(f, array(0), [x, array(1)]), 'scan: leading axes of xs differ: [3] [].')
  assert.throws(() => scan(f, array(0), x, { length: 4 }), 'scan: length 4 does not match the leading axis 3 of xs.')
  assert.throws(() => scan(f, array(0), null, { length: -1 }), 'scan: length is a non-negative integer, got -1.')
  assert.throws(() => scan(f, array(0), null, { length: 1.5 }), 'scan: length is a non-negative integer, got 1.5.')
  assert.throws(() => scan(f, 'text' as never, x), 'scan: expected tensors, got "text".')
})

test('a body that returns something else than [carry, y] is refused with what it returned', () => {
  const refused = (result: unknown, message: string): void => {
    assert.throws(() => scan((() => result) as never, array(0), x), message)
  }
  refused(x, 'scan: the body returns [carry, y], got f32[3] [1, 2, 3]. Return [carry, null] to stack nothing.')
  refused(undefined, 'scan: the body returns [carry, y], got undefined.')
  refused([x], 'scan: the body returns [carry, y], got [f32[3] [1, 2, 3]]')
  refused([array(0), 'text'], 'scan: returned "text"')
  refused([array(0), undefined], 'scan: returned nothing')
})

test('a carry that changes its form or type is refused with its path', () => {
  const refused = (f: (c: any) => unknown, init: unknown, message: string): void => {
    assert.throws(() => scan(((c: never) => [f(c), null]) as never, init, null, { length: 2 }), message)
  }
  refused((c) => [c, c], array(0), 'scan: the body returned a carry of the form [*, *], it began as *.')
  refused(({ a }) => ({ b: a }), { a: array(0) }, 'scan: the body returned a carry of the form {b: *}, it began as {a: *}.')
  refused(() => x, array(0), 'scan: the carry is f32[] before a step and f32[3] after it: cast or reshape it.')
  refused(() => x, 0, 'scan: the carry is f32[] before a step and f32[3] after it: cast or reshape it.')
  refused((c) => [c, c], 0, 'scan: the body returned a carry of the form [*, *], it began as *.')
  refused(
    ({ layers: [w] }) => ({ layers: [cast(w, 'i32')] }),
    { layers: [array([1])] },
    'scan: the carry.layers[0] is f32[1] before a step and i32[1] after it: cast or reshape it.',
  )
  refused((c) => greater(c, 0), array(0), 'scan: the carry is f32[] before a step and bool[] after it')
}) // biome-ignore format: one case a line

test('a number that the body turns into an integer must be one', () => {
  const f = (c: Tensor) => [cast(c, 'i32'), null] as const
  assert.throws(() => scan(f, 0.5, null, { length: 1 }), 'scan: the number 0.5 is no i32')
})

test('one scan is one equation, whatever its length', () => {
  const f = (v: Tensor): unknown => scan((c: Tensor) => [neg(c), null], v, null, { length: 100000 })[0]
  assert.is(trace(f)(x).eqns.length, 1)
  assert.match(print(trace(f)(x)), 'scan[carry=1 xs=0 length=100000 reverse=false]')
})

test('constants may begin a carry and be rows', () => {
  assert.equal(toNested(scan((c: Tensor, i: Tensor) => [add(c, i), c], zeros([], { dtype: 'i32' }), iota([4]))[1]), [0, 0, 1, 3])
  assert.is(item(scan((c: Tensor, row: Tensor) => [add(c, row), null], full([], 1), full([3], 2))[0]), 7)
}) // biome-ignore format: a long line

test.run()
