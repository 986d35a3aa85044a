import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { averaged } from './averaged.js'

test('runs that ended in no number are counted, and are not in the mean', () => {
  const { ours, runs, lost, interval, what } = averaged({ what: 'loss', values: [1, 3, Number.NaN, Infinity] })
  assert.equal([ours, runs, lost, what], [2, 4, 2, 'loss'])
  assert.ok(interval![0] >= 1 && interval![1] <= 3)
})

test('one run has no interval, and none at all no mean', () => {
  const one = averaged({ what: 'loss', values: [2] })
  assert.equal([one.ours, one.interval, one.lost], [2, undefined, 0])
  const none = averaged({ what: 'loss', values: [Number.NaN] })
  assert.equal([Number.isNaN(none.ours), none.lost], [true, 1])
})

test.run()
