import { test } from 'uvu'
import { dtypes } from '../../dtype.js'
import { agrees, elements } from './special.testing.js'

test('a stable permutation in either direction, NaN last, of short and long rows of all dtypes', () => {
  for (const dtype of dtypes)
    for (const descending of [false, true])
      for (const shape of [[0], [1], [2], [31], [32], [33], [300], [3, 0], [0, 3]])
        agrees({ kind: 'argsort', axis: shape.length - 1, descending }, elements(dtype, shape, shape[0]))
})

test('rows along any axis', () => {
  for (const dtype of dtypes)
    for (const axis of [0, 1, 2]) agrees({ kind: 'argsort', axis, descending: axis === 1 }, elements(dtype, [3, 40, 2]))
})

test('keys whose bytes are all the same, in order and out of order', () => {
  for (const dtype of ['f32', 'f64', 'i32'] as const) {
    const { type, data } = elements(dtype, [100])
    for (const of of [() => 5, (i: number) => i, (i: number) => -i, (i: number) => (i % 3) * 65536])
      agrees({ kind: 'argsort', axis: 0, descending: false }, { type, data: data.map((_, i) => of(i)) })
  }
})

test.run()
