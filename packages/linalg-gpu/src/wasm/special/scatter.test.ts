import { test } from 'uvu'
import { adding, agrees, elements, places } from './special.testing.js'

test('rows of all dtypes that add, out of range dropped', () => {
  for (const dtype of adding)
    for (const rest of [[], [3], [2, 5], [16], [71], [0]])
      for (const special of [false, true])
        agrees(
          { kind: 'scatterAdd', batch: 0, size: 9 },
          elements(dtype, [5, 7, ...rest], 2, special),
          places([5, 7], 9),
        )
})

test('sums are in f64, in the order of the updates', () => {
  const { type } = elements('f32', [5])
  const data = Float32Array.of(1, 2 ** 60, 1, -(2 ** 60), 1)
  agrees(
    { kind: 'scatterAdd', batch: 0, size: 2 },
    { type, data },
    { ...places([5], 1), data: new Int32Array(5).fill(1) },
  )
})

test('batches of their own indices', () => {
  for (const dtype of adding)
    for (const rest of [[], [40]])
      agrees({ kind: 'scatterAdd', batch: 2, size: 5 }, elements(dtype, [2, 3, 4, ...rest]), places([2, 3, 4], 5))
})

test('nowhere to add, nothing to add, one index', () => {
  for (const [size, shape] of [[0, [5]], [3, [0]], [3, []], [1, [4]]] as const)
    for (const rest of [[], [4]]) agrees({ kind: 'scatterAdd', batch: 0, size }, elements('f32', [...shape, ...rest]), places(shape, size))
  agrees({ kind: 'scatterAdd', batch: 1, size: 3 }, elements('f32', [0, 2]), places([0, 2], 3))
}) // biome-ignore format: a table

test.run()
