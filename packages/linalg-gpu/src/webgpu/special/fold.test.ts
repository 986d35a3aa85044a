import { test } from 'uvu'
import { infer } from '../../program/infer.js'
import { typeOf } from '../../program/type.js'
import { adding, elements } from '../../wasm/special/special.testing.js'
import { agrees, type Standing } from './special.testing.js'

const folds = async (
  lead: readonly number[],
  size: readonly number[],
  window: readonly number[],
  strides: readonly number[],
  dilation: readonly number[],
  rest: { readonly standing?: Standing; readonly gated?: boolean; readonly open?: boolean } = {},
): Promise<void> => {
  for (const dtype of adding) {
    if (dtype === 'f64') continue
    const windows = infer({ kind: 'unfold', window, strides, dilation }, [typeOf(dtype, [...lead, ...size])])[0]!
    const given = [elements(dtype, windows.shape, 5, false)]
    // elements below 64, of which an element of the result gets one of each window place at the most
    const terms = window.reduce((a, k) => a * k, 1)
    const tolerance = dtype === 'f32' ? 64 * terms * terms * 2 ** -24 : 64 * terms * 2 ** -11
    await agrees(
      { op: { kind: 'fold', size, window, strides, dilation }, given, ...rest },
      dtype === 'f32' || dtype === 'f16' ? () => tolerance : undefined,
    )
  }
}

test('windows of one, two and three axes', async () => {
  await folds([3], [11], [4], [1], [1])
  await folds([2, 2], [11], [3], [2], [3])
  await folds([3], [7, 9], [3, 2], [2, 3], [1, 2])
  await folds([], [4, 5, 6], [2, 3, 2], [1, 2, 1], [2, 1, 3])
})

test('windows that leave gaps, do not fit, or are of nothing', async () => {
  await folds([2], [10], [2], [5], [1])
  await folds([2], [3], [4], [1], [1])
  await folds([0], [5], [2], [1], [1])
  await folds([2], [0], [1], [1], [1])
  await folds([3, 2], [], [], [], [])
})

test('in one arena, begun at an element told at run time, and behind a gate', async () => {
  for (const rest of [{ standing: 'arena' }, { standing: 'shifted' }, { gated: true }, { gated: true, open: false }] as const)
    await folds([3], [7, 9], [3, 2], [2, 3], [1, 2], rest)
}) // biome-ignore format: a list of cases

test.run()
