import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readDigits, rows } from './digits.js'

test('the digits are those of MNIST: counts, and how often each occurs', async () => {
  const { train, test } = await readDigits()
  assert.equal([train.count, train.pixels, test.count], [60_000, 784, 10_000])
  const counts = new Array<number>(10).fill(0)
  for (const label of test.labels) counts[label]!++
  assert.equal(counts, [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
})

test('rows are images with their labels', async () => {
  const { test } = await readDigits()
  const few = rows(test, 3, 5)
  assert.equal([few.count, few.images.length], [2, 2 * 784])
  assert.equal([...few.labels], [0, 4])
  assert.equal(few.images.subarray(784), test.images.subarray(4 * 784, 5 * 784))
})

test('a folder that is not there is named', async () => {
  const error = await readDigits('/no/such/folder').catch((reason: Error) => reason)
  assert.match((error as Error).message, '/no/such/folder: there is no such folder.')
})

test.run()
