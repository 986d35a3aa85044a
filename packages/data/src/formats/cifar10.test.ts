import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unwrap } from '../outcome.js'
import { damaged, fails, withRealFile } from '../support.testing.js'
import { cifar10Classes, decodeCifar10 } from './cifar10.js'

const record = 3073
const two = Uint8Array.from({ length: 2 * record }, (_, i) => (i % record === 0 ? 3 + i / record : i % 256))

test('labels and planes of red, green and blue, compressed or not', () => {
  for (const file of [two, gzipSync(two)]) {
    const { images, labels } = unwrap(decodeCifar10(file))
    assert.equal([...labels.data], [3, 4])
    assert.equal(images.shape, [2, 3, 32, 32])
    // the first pixel's three colours in the first image, the last byte of the second
    assert.equal(
      [0, 1024, 2048].map((at) => images.data[at]),
      [1, 1 + 1024, 1 + 2048].map((at) => at % 256),
    )
    assert.is(images.data.at(-1), two.at(-1))
  }
})

test('a file of no or of part of a record is refused, with the byte where the part begins', () => {
  fails(decodeCifar10(new Uint8Array(0)), 'truncated', /records of 3073 bytes are expected, 0 bytes follow/)
  for (const length of [record - 1, record + 1, 2 * record - 1])
    assert.is(
      fails(decodeCifar10(two.slice(0, length)), 'truncated', /follow the last whole one/).offset,
      length < record ? 0 : record,
    )
})

test('a label over 9 is refused with its image: the file is of another set, as CIFAR-100 is', () => {
  const error = fails(decodeCifar10(damaged(two, record, 10)), 'badValue', /the label of image 1 is 10, 0 … 9 are/)
  assert.is(error.offset, record)
})

withRealFile(test, ['cifar-10', 'test_batch.first1000.bin.gz'], 'CIFAR-10: the first test image is a cat', (path) => {
  const { images, labels } = unwrap(decodeCifar10(readFileSync(path)))
  assert.equal(images.shape, [1000, 3, 32, 32])
  assert.is(cifar10Classes[labels.data[0]!], 'cat')
  assert.equal([0, 1024, 2048].map((at) => images.data[at]), [158, 112, 49]) // biome-ignore format: one line
})

test.run()
