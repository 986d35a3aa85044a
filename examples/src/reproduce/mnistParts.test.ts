import { array, dispose, plain, readSync } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { accuracy, mnistParts } from './mnistParts.js'

test('parts are of the sizes asked for, from 0 to 1, decided by the seed, and have no digit in common', async () => {
  const { parts, test: held } = await mnistParts(undefined, { sizes: [40, 60], test: 5, device: plain })
  const [a, b] = parts(3)
  assert.equal([a!.images.shape, b!.labels.shape, held.images.shape], [[40, 784], [60], [5, 784]])
  const rows = [a!, b!].flatMap(({ images }) => {
    const pixels = readSync(images)
    assert.ok(pixels.every((x) => x >= 0 && x <= 1) && pixels.some((x) => x === 1))
    return Array.from({ length: images.shape[0]! }, (_, i) => pixels.subarray(784 * i, 784 * (i + 1)).join())
  })
  assert.is(new Set(rows).size, 100)
  assert.equal(readSync(parts(3)[0]!.labels), readSync(a!.labels))
  assert.not.equal(readSync(parts(4)[0]!.labels), readSync(a!.labels))
  // of the files: the first test digits are 7, 2, 1, 0, 4
  assert.equal([...readSync(held.labels)], [7, 2, 1, 0, 4])
  dispose([a, b, held])
})

test('accuracy is the share of rows whose largest logit is at the label', () => {
  const logits = array([
    [1, 2],
    [3, 0],
    [0, 1],
    [5, 4],
  ])
  assert.equal([...readSync(accuracy(logits, array([1, 0, 0, 0], { dtype: 'i32' })))], [0.75])
})

test.run()
