import { readFileSync } from 'node:fs'
import { zipSync } from 'fflate'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unwrap } from '../outcome.js'
import { fails, noticesEveryByte, refusesEveryCut, withRealFile } from '../support.testing.js'
import { decodeNpz } from './npz.js'

// numpy.savez_compressed(file, a=arange(4), b=[[True, False]]), by NumPy 2
const packed = Uint8Array.from(
  Buffer.from(
    'UEsDBC0AAAAIAAAAIQDDw9rR//////////8FABQAYS5ucHkBABAAoAAAAAAAAABPAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TaaGuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GiY6mjoKtQoUAC4GKGCE0kxQmhlKAwBQSwMELQAAAAgAAAAhABAZOhn//////////wUAFABiLm5weQEAEACCAAAAAAAAAEgAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgXpNkqK6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkahjoKRpo6CrUKZAMuRgYAUEsBAi0DLQAAAAgAAAAhAMPD2tFPAAAAoAAAAAUAAAAAAAAAAAAAAIABAAAAAGEubnB5UEsBAi0DLQAAAAgAAAAhABAZOhlIAAAAggAAAAUAAAAAAAAAAAAAAIABhgAAAGIubnB5UEsFBgAAAAACAAIAZgAAAAUBAAAAAA==',
    'base64',
  ),
)

test('what NumPy packs, by name and in order', () => {
  const arrays = unwrap(decodeNpz(packed))
  assert.equal([...arrays.keys()], ['a', 'b'])
  assert.equal(arrays.get('a'), { data: Int32Array.of(0, 1, 2, 3), shape: [4] })
  assert.equal(arrays.get('b'), { data: Uint8Array.of(1, 0), shape: [1, 2] })
})

test('only what is asked for is read, and a name that is not there is refused', () => {
  assert.equal([...unwrap(decodeNpz(packed, { only: ['b'], maximumBytes: 130 })).keys()], ['b'])
  fails(decodeNpz(packed, { only: ['c'] }), 'notFound', /no array "c"; there are "a", "b"/)
  fails(decodeNpz(packed, { maximumBytes: 289 }), 'tooLarge', /290 bytes when expanded, 289 are allowed/)
})

test('other files in the archive are left out, and what is wrong with a member is said with its name', () => {
  assert.is(unwrap(decodeNpz(zipSync({ 'read.me': new Uint8Array(3) }))).size, 0)
  const error = fails(decodeNpz(zipSync({ 'a.npy': Uint8Array.of(1, 2) })), 'badHeader', /^a.npy: decodeNpy: /)
  assert.equal([error.file, error.offset], ['a.npy', 0])
})

test('cut off it is refused, and damaged it is refused or unchanged', () => {
  refusesEveryCut(packed, decodeNpz)
  // up to the directory, where the names stand a second time
  noticesEveryByte(packed.slice(0, 261), (head) => decodeNpz(Uint8Array.of(...head, ...packed.slice(261))))
})

withRealFile(test, ['omniglot', 'images_evaluation.npz'], 'Omniglot: labels are read without expanding the images', (path) => {
  const labels = unwrap(decodeNpz(readFileSync(path), { only: ['labels'], maximumBytes: 200_000 })).get('labels')!
  assert.equal(labels.shape, [659, 20])
  assert.is(new Set(labels.data).size, 659)
}) // biome-ignore format: one line

test.run()
