import { gzipSync } from 'node:zlib'
import { right } from 'fp-ts/lib/Either.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unwrap } from '../outcome.js'
import { damaged, fails, noticesEveryByte, refusesEveryCut } from '../support.testing.js'
import { crc32 } from './bytes.js'
import { unpacked } from './gzip.js'

const content = Uint8Array.from({ length: 2000 }, (_, i) => (i * i) % 251)
const file = new Uint8Array(gzipSync(content))
const unpack = (bytes: Uint8Array) => unpacked('x', bytes)

test('the checksum of "123456789" is the known one', () => {
  assert.is(crc32(new TextEncoder().encode('123456789')), 0xcbf43926)
})

test('what zlib packs is unpacked, and a Buffer is as good', () => {
  for (const length of [0, 1, 2, 2000]) {
    const part = content.slice(0, length)
    assert.equal(unwrap(unpack(gzipSync(part))), part)
  }
})

test('what is not packed is given back, not copied', () => {
  const bytes = Uint8Array.of(0x1f, 0x8c, 1)
  assert.is(unwrap(unpack(bytes)).buffer, bytes.buffer)
  assert.equal(unpack(new Uint8Array(0)), right(new Uint8Array(0)))
})

test('an extra field, a name, a comment and a checksum in the header are passed over', () => {
  const extras = [3, 0, 65, 66, 67, ...new TextEncoder().encode('name\0comment\0'), 9, 9]
  const withExtras = Uint8Array.of(...damaged(file, 3, 2 + 4 + 8 + 16).slice(0, 10), ...extras, ...file.slice(10))
  assert.equal(unwrap(unpack(withExtras)), content)
  fails(unpack(withExtras.slice(0, 20)), 'badCompression', /cut off or damaged/)
})

test('a file that is cut off is refused wherever the cut is, from the third byte on', () => {
  refusesEveryCut(file.slice(2), (rest) => unpack(Uint8Array.of(0x1f, 0x8b, ...rest)))
})

test('a damaged byte is noticed wherever it stands behind the two that say gzip', () => {
  noticesEveryByte(file.slice(2), (rest) => unpack(Uint8Array.of(0x1f, 0x8b, ...rest)))
})

test('the errors say what was expected', () => {
  const end = file.length
  fails(unpack(damaged(file, 2, 7)), 'unsupportedFormat', /gzip method 7, 8 \(deflate\) is read. \(at byte 2\)/)
  fails(unpack(damaged(file, 3, 0x20)), 'badHeader', /gzip flags 32/)
  fails(unpack(damaged(file, end - 8, file[end - 8]! ^ 1)), 'badChecksum', /CRC-32 is .* was written/)
  fails(unpack(damaged(file, end - 4, 0)), 'badCompression', /expands to .* bytes, 1792 are announced/)
  fails(unpack(damaged(file, end - 1, 0xff)), 'badCompression', /bytes cannot expand to the/)
  assert.is(fails(unpack(Uint8Array.of(...file, ...file)), 'trailingBytes', /a second gzip member begins/).offset, end)
})

test.run()
