import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { batched, rowsOf } from './clarke.js'

test('runs that ended in NaN are left out of means, and counted as infinite in a median of their own', () => {
  const rows = rowsOf('Ours', [4, Number.NaN, 2, 1, Number.NaN], ['1.28', '.9'])
  assert.equal(
    rows.map(({ what, paper, ours, runs, lost, note }) => [what, paper, ours, runs, lost, note]),
    [
      ['Ours, mean', '1.28', 7 / 3, 5, 2, undefined],
      ['Ours, median', '.9', 2, 5, 2, undefined],
      ['Ours, median', undefined, 4, 5, 2, 'NaN runs as ∞'],
      ['Ours, best', undefined, 1, 5, 2, undefined],
    ],
  )
  assert.equal(rowsOf('Ours', [1, 2]).length, 3)
})

test('a loss above the bound counts as NaN', () => {
  const [mean] = rowsOf('Ours', [1, 3, 1001], [], 1e3)
  assert.is(mean!.ours, 2)
  assert.is(mean!.lost, 1)
})

test('of three the one of least validation loss is taken, never one that ended in NaN, and what is left over is left out', () => {
  const test = [1, 2, 3, 4, 5, 6, 7]
  assert.equal(batched({ test, validation: [3, 1, 2, Number.NaN, 9, Number.NaN, 0] }), [2, 5])
})

test.run()
