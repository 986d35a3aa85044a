import { key, normal, readSync } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { interval, mean, median } from './bootstrap.js'

test('the median of an even number of values is between the two in the middle, and infinite values are the last', () => {
  assert.is(median([4, 1, 3, 2]), 2.5)
  assert.is(median([3, Infinity, 1]), 3)
  assert.is(median([Infinity, Infinity, 1]), Infinity)
  assert.ok(Number.isNaN(median([])))
})

test('the interval of a mean is the normal one, 2 · 1.96 s/√n long', () => {
  const values = Array.from(readSync(normal(key(3), [400])))
  const average = mean(values)
  const deviation = Math.sqrt(mean(values.map((x) => (x - average) ** 2)))
  const [low, high] = interval(values, mean)
  const length = (2 * 1.96 * deviation) / Math.sqrt(values.length)
  // a 2.5 % quantile of 1000 numbers is known to 4 % of its distance from the middle; twice that, for both ends
  assert.ok(Math.abs((high - low) / length - 1) < 0.1, `${high - low} instead of ${length}`)
  assert.ok(Math.abs((low + high) / 2 - average) < 0.1 * length)
  assert.equal(interval(values, mean), [low, high], 'the same each time')
})

test('a single value has an interval of no length, no value has none', () => {
  assert.equal(interval([7], median), [7, 7])
  assert.ok(interval([], mean).every(Number.isNaN))
})

test.run()
