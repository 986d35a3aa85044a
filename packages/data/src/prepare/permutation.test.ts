import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { permutation } from './permutation.js'

test('every number once, at all sizes', () => {
  for (const count of [0, 1, 2, 3, 100, 1001])
    assert.equal(
      [...permutation(5, count)].sort((a, b) => a - b),
      Array.from({ length: count }, (_, i) => i),
    )
})

test('the orders are those of a second implementation, with integers of any size', () => {
  // the same in Python, j = ((high << 21) + (low >> 11)) * (i + 1) >> 53
  assert.equal([...permutation(1, 8)], [6, 7, 0, 3, 1, 2, 4, 5])
  assert.equal([...permutation(2 ** 40 + 1, 10, 3)], [9, 2, 7, 3, 1, 0, 8, 5, 4, 6])
})

test('seed and round decide it; seeds that differ above 32 bits differ', () => {
  assert.equal(permutation(5, 50, 2), permutation(5, 50, 2))
  const orders = [permutation(5, 50), permutation(6, 50), permutation(5, 50, 1), permutation(5 + 2 ** 32, 50)]
  assert.is(new Set(orders.map(String)).size, 4)
})

test('the six orders of three come equally often', () => {
  const counts = new Map<string, number>()
  const seeds = 6000
  for (let seed = 0; seed < seeds; seed++) {
    const order = String(permutation(seed, 3))
    counts.set(order, (counts.get(order) ?? 0) + 1)
  }
  assert.is(counts.size, 6)
  // χ² of five degrees is over 20.5 once in a thousand times, and the seeds are fixed
  const expected = seeds / 6
  const chi = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  assert.ok(chi < 20.5, String(chi))
})

test('a seed or count that is no whole number throws', () => {
  assert.throws(() => permutation(0.5, 3), /permutation: the seed is 0.5: a whole number ≥ 0 is expected/)
  assert.throws(() => permutation(-1, 3), /the seed is -1/)
  assert.throws(() => permutation(1, 2.5), /the number of rows is 2.5/)
})

test.run()
