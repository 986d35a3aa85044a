import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unwrap } from '../outcome.js'
import { damaged, fails, noticesEveryByte, refusesEveryCut } from '../support.testing.js'
import { decodeIdx } from './idx.js'

const file = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255)
const idx = (type: number, ...elements: readonly number[]): Uint8Array =>
  Uint8Array.of(0, 0, type, 1, 0, 0, 0, 2, ...elements)

test('the shape, and the bytes in row-major order, compressed or not', () => {
  const expected = { data: Uint8Array.of(1, 2, 3, 4, 5, 255), shape: [2, 3] }
  assert.equal(unwrap(decodeIdx(file)), expected)
  assert.equal(unwrap(decodeIdx(gzipSync(file))), expected)
})

test('sizes are big-endian', () => {
  const large = new Uint8Array(8 + 258)
  large.set([0, 0, 8, 1, 0, 0, 1, 2])
  assert.equal(unwrap(decodeIdx(large)).shape, [258])
})

test('no elements are legal, and no axes are one element', () => {
  assert.equal(unwrap(decodeIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 0))), { data: new Uint8Array(0), shape: [0] })
  assert.equal(unwrap(decodeIdx(Uint8Array.of(0, 0, 8, 0, 7))), { data: Uint8Array.of(7), shape: [] })
})

test('all six types of elements are big-endian', () => {
  const read = (type: number, ...elements: readonly number[]) => unwrap(decodeIdx(idx(type, ...elements))).data
  assert.equal(read(9, 255, 1), Int8Array.of(-1, 1))
  assert.equal(read(11, 255, 254, 1, 0), Int16Array.of(-2, 256))
  assert.equal(read(12, 255, 255, 255, 253, 0, 1, 0, 0), Int32Array.of(-3, 65536))
  assert.equal(read(13, 0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0), Float32Array.of(1, -2.5))
  assert.equal(read(14, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xc0, 0x04, 0, 0, 0, 0, 0, 0), Float64Array.of(1, -2.5))
})

test('a file that is cut off is refused wherever the cut is', () => {
  refusesEveryCut(file, decodeIdx)
  refusesEveryCut(idx(13, 0, 0, 0, 0, 0, 0, 0, 0), decodeIdx)
})

test('a damaged byte of a compressed file is noticed', () =>
  noticesEveryByte(new Uint8Array(gzipSync(file)), decodeIdx))

test('what is wrong is said with its place', () => {
  fails(decodeIdx(Uint8Array.of(137, 80, 78, 71)), 'badHeader', /begins with 0 0, this one with 137 80. \(at byte 0\)/)
  fails(decodeIdx(Uint8Array.of(...file, 0)), 'trailingBytes', /shape \[2, 3\] ends at byte 18, the file has 19/)
  fails(decodeIdx(damaged(file, 2, 10)), 'unsupportedType', /elements of type 10; 8, 9, 11/)
  assert.is(fails(decodeIdx(file.slice(0, 17)), 'truncated', /ends at byte 18, the file has 17/).offset, 17)
})

test('sizes that no memory holds are refused before anything is allocated', () => {
  fails(decodeIdx(Uint8Array.of(0, 0, 14, 1, 255, 255, 255, 255)), 'truncated', /ends at byte 34359738368/)
  const huge = Uint8Array.of(0, 0, 8, 3, ...new Array(12).fill(255))
  fails(decodeIdx(huge), 'badShape', /no file has the elements of shape/)
})

test.run()
