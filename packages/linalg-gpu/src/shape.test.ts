import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  broadcastShapes,
  checkAxes,
  checkAxis,
  checkShape,
  range,
  sameShape,
  sizeOf,
  stridesOf,
  without,
} from './shape.js'

test('sizes, strides and equality', () => {
  assert.is(sizeOf([]), 1)
  assert.is(sizeOf([2, 3, 4]), 24)
  assert.is(sizeOf([2, 0, 4]), 0)
  assert.equal(stridesOf([]), [])
  assert.equal(stridesOf([5]), [1])
  assert.equal(stridesOf([2, 3, 4]), [12, 4, 1])
  assert.equal(stridesOf([2, 0, 4]), [0, 4, 1])
  assert.ok(sameShape([1, 2], [1, 2]))
  assert.not.ok(sameShape([1, 2], [1, 2, 1]))
  assert.not.ok(sameShape([1, 2], [2, 1]))
  assert.equal(range(3), [0, 1, 2])
  assert.equal(without(['a', 'b', 'c'], [0, 2]), ['b'])
})

test('axes count from the end too', () => {
  assert.equal(
    [-3, -2, -1, 0, 1, 2].map((axis) => checkAxis('f', axis, 3)),
    [0, 1, 2, 0, 1, 2],
  )
  for (const axis of [3, -4, 0.5, NaN, Infinity])
    assert.throws(() => checkAxis('f', axis, 3), `f: axis ${axis} is out of range for rank 3: use -3 … 2.`)
  assert.throws(() => checkAxis('f', 0, 0), 'f: axis 0 of a scalar: it has no axes.')
  assert.equal(checkAxes('f', undefined, 3), [0, 1, 2])
  assert.equal(checkAxes('f', [-1, 0], 3), [0, 2])
  assert.equal(checkAxes('f', 1, 3), [1])
  assert.equal(checkAxes('f', [], 3), [])
  assert.throws(() => checkAxes('f', [1, -2], 3), 'f: axis 1 is named twice in [1, -2].')
})

test('shapes are non-negative integers that can be indexed', () => {
  assert.equal(checkShape('f', [0, 3]), [0, 3])
  assert.throws(() => checkShape('f', [1, -1]), 'f: sizes are non-negative integers, got [1, -1].')
  assert.throws(() => checkShape('f', [1.5]), 'f: sizes are non-negative integers, got [1.5].')
  assert.throws(() => checkShape('f', [NaN]), 'f: sizes are non-negative integers, got [NaN].')
  assert.throws(() => checkShape('f', 3 as never), 'f: a shape is an array of sizes, got 3.')
  assert.throws(() => checkShape('f', [2 ** 30, 2 ** 30]), 'more than can be indexed')
})

test('broadcasting is NumPy’s', () => {
  // numpy.broadcast_shapes, 2.4.6
  const cases: readonly (readonly [readonly number[], readonly number[], readonly number[] | undefined])[] = [
    [[], [], []],
    [[3], [], [3]],
    [[2, 1], [3], [2, 3]],
    [[3], [2, 1], [2, 3]],
    [
      [1, 4, 1],
      [3, 1, 5],
      [3, 4, 5],
    ],
    [[0], [1], [0]],
    [[1], [0], [0]],
    [
      [2, 0],
      [1, 1],
      [2, 0],
    ],
    [[2], [3], undefined],
    [[0], [2], undefined],
    [[2, 3], [2], undefined],
  ]
  for (const [a, b, want] of cases) assert.equal(broadcastShapes(a, b), want)
})

test('laws of broadcasting: commutative, neutral [], idempotent, associative', () => {
  const shape = fc.array(fc.constantFrom(0, 1, 2, 3), { maxLength: 4 })
  fc.assert(
    fc.property(shape, shape, shape, (a, b, c) => {
      assert.equal(broadcastShapes(a, b), broadcastShapes(b, a))
      assert.equal(broadcastShapes(a, []), a)
      assert.equal(broadcastShapes(a, a), a)
      const [ab, bc] = [broadcastShapes(a, b), broadcastShapes(b, c)]
      assert.equal(ab && broadcastShapes(ab, c), bc && broadcastShapes(a, bc))
    }),
  )
})

test.run()
