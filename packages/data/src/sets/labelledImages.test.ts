import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unwrap } from '../outcome.js'
import { damaged, fails } from '../support.testing.js'
import { decodeIdxPair } from './labelledImages.js'

const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 10, 11, 12, 13)
const labels = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 9, 0)

test('a pair', () => {
  assert.equal(unwrap(decodeIdxPair(images, labels)), {
    images: { data: Uint8Array.of(10, 11, 12, 13), shape: [2, 1, 2] },
    labels: { data: Uint8Array.of(9, 0), shape: [2] },
  })
})

test('files that are no pair are refused', () => {
  const three = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3)
  fails(decodeIdxPair(images, three), 'badShape', /images \[2, 1, 2\] and labels \[3\] are no pair/)
  fails(decodeIdxPair(labels, labels), 'badShape', /images \[2\]/)
  fails(decodeIdxPair(images, images), 'badShape', /labels \[2, 1, 2\]/)
  fails(decodeIdxPair(images, damaged(labels, 2, 9)), 'unsupportedType', /are bytes/)
  const error = fails(decodeIdxPair(images, damaged(labels, 9, 10)), 'badValue', /the label of image 1 is 10/)
  assert.is(error.offset, 9)
})

test('what is wrong with either file is said', () => {
  fails(decodeIdxPair(images.slice(0, 19), labels), 'truncated', /the file has 19/)
  fails(decodeIdxPair(images, labels.slice(0, 9)), 'truncated', /the file has 9/)
})

test.run()
