import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseIdx } from './idx.js'

const file = Uint8Array.from([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255])

test('the shape, and the bytes in row-major order', () => {
  const { shape, bytes } = parseIdx('a', file)
  assert.equal(shape, [2, 3])
  assert.equal([...bytes], [1, 2, 3, 4, 5, 255])
})

test('a compressed file is the same', () => {
  assert.equal([...parseIdx('a', gzipSync(file)).bytes], [1, 2, 3, 4, 5, 255])
})

test('sizes are big-endian', () => {
  const large = new Uint8Array(8 + 258)
  large.set([0, 0, 8, 1, 0, 0, 1, 2])
  assert.equal(parseIdx('a', large).shape, [258])
})

test('no elements are legal', () => {
  assert.is(parseIdx('a', Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 0])).bytes.length, 0)
})

test('what is no IDX file is refused by name', () => {
  const refused = (bytes: readonly number[], message: RegExp): void => {
    assert.throws(() => parseIdx('digits', Uint8Array.from(bytes)), message)
  }
  refused([], /^digits is no IDX file/)
  refused([0, 0, 8], /no IDX file/)
  refused([0, 0, 8, 0], /no IDX file/)
  refused([137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 0], /no IDX file/)
  refused([...file.slice(0, 10)], /no IDX file/)
  refused([...file.slice(0, 17)], /says 2 × 3, which is 6 bytes, and holds 5/)
  refused([...file, 0], /holds 7/)
  refused([0, 0, 13, 1, 0, 0, 0, 1, 0, 0, 0, 0], /type 13: only bytes/)
  refused([0x1f, 0x8b, 8, 0, 1], /broken gzip/)
})

test.run()
