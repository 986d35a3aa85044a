import { test } from 'uvu'
import { infer } from '../../program/infer.js'
import { typeOf } from '../../program/type.js'
import { adding, agrees, elements } from './special.testing.js'

const folds = (
  lead: readonly number[],
  size: readonly number[],
  window: readonly number[],
  strides: readonly number[],
  dilation: readonly number[],
): void => {
  for (const dtype of adding) {
    const windows = infer({ kind: 'unfold', window, strides, dilation }, [typeOf(dtype, [...lead, ...size])])[0]!
    agrees({ kind: 'fold', size, window, strides, dilation }, elements(dtype, windows.shape, 5, false))
  }
}

test('windows of one, two and three axes', () => {
  folds([3], [11], [4], [1], [1])
  folds([2, 2], [11], [3], [2], [3])
  folds([3], [7, 9], [3, 2], [2, 3], [1, 2])
  folds([], [4, 5, 6], [2, 3, 2], [1, 2, 1], [2, 1, 3])
})

test('windows that leave gaps, do not fit, or are of nothing', () => {
  folds([2], [10], [2], [5], [1])
  folds([2], [3], [4], [1], [1])
  folds([0], [5], [2], [1], [1])
  folds([2], [0], [1], [1], [1])
  folds([3, 2], [], [], [], [])
})

test.run()
