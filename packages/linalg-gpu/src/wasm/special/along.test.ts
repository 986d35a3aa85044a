import { test } from 'uvu'
import { dtypes } from '../../dtype.js'
import { adding, agrees, elements } from './special.testing.js'

const shapes = [[7], [1], [5, 33], [3, 4, 5], [0, 4], [4, 1, 0]]

test('argmax and argmin: the first of equals, NaN wins, all dtypes and axes', () => {
  for (const dtype of dtypes)
    for (const fn of ['max', 'min'] as const)
      for (const shape of shapes)
        shape.forEach((n, axis) => {
          if (n > 0) agrees({ kind: 'argReduce', fn, axis }, elements(dtype, shape))
        })
})

test('argmax and argmin without NaN, of infinities and zeros of both signs', () => {
  for (const fn of ['max', 'min'] as const)
    for (const row of [[-0, 0], [0, -0], [-Infinity, -Infinity], [Infinity, 1, Infinity], [-3, -2, -2]])
      agrees({ kind: 'argReduce', fn, axis: 0 }, { ...elements('f64', [row.length]), data: Float64Array.from(row) })
}) // biome-ignore format: a table

test('cumulative sums in either direction, rounded as they are stored', () => {
  for (const dtype of adding)
    for (const reverse of [false, true])
      for (const shape of shapes)
        shape.forEach((_, axis) => {
          for (const special of [true, false])
            agrees({ kind: 'cumsum', axis, reverse }, elements(dtype, shape, 3, special))
        })
})

test.run()
