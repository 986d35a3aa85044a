import { existsSync } from 'node:fs'
import { plain, readSync } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { clarkeFashion, clarkeMnist, samplesOf } from './clarkeImages.js'

test('an epoch of training has each of the 50,000 rows once, and validation batches are of the 10,000 that follow', () => {
  const seen = new Int32Array(60_000)
  // 100 steps of 10 batches of 50 are an epoch
  for (const { train, validation } of samplesOf('split', 100, plain)) {
    assert.equal([train.shape, validation.shape], [[10, 50], [50]])
    for (const row of readSync(train)) seen[row]!++
    assert.ok(readSync(validation).every((row) => row >= 50_000 && row < 60_000))
  }
  assert.ok(seen.subarray(0, 50_000).every((count) => count === 1))
  assert.ok(seen.subarray(50_000).every((count) => count === 0))
})

test('merged, an epoch has all the 60,000', () => {
  const seen = new Int32Array(60_000)
  for (const { train } of samplesOf('merged', 120, plain)) for (const row of readSync(train)) seen[row]!++
  assert.ok(seen.every((count) => count === 1))
})

const nothing = { quick: true, seeds: 2, progress: () => {} }

test('without Fashion-MNIST it says where that is looked for, and what there is instead', async () => {
  if (existsSync('/usr/share/datasets/fashion-mnist')) return
  const outcome = await clarkeFashion.run({ ...nothing, data: '/nowhere' }).catch((error: Error) => error.message)
  assert.match(String(outcome), /DIR\/fashion-mnist .* \/usr\/share\/datasets\/fashion-mnist.* clarke-mnist/)
})

test('a slice of the comparison on MNIST: all members end in a number, near that of ten equal chances', async () => {
  const rows = await clarkeMnist.run({ ...nothing, data: undefined })
  assert.is(rows.length, 12)
  for (const { what, ours, runs, lost } of rows) {
    assert.equal([runs, lost], [2, 0], what)
    assert.ok(ours > 0.3 && ours < Math.log(10) + 0.5, `${what}: ${ours}`)
  }
})

test.run()
