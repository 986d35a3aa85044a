import { zipSync } from 'fflate'
import { type Either, isLeft } from 'fp-ts/lib/Either.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { FileError } from './entry.js'
import { crc32, zipContent, zipMembers } from './zip.js'

// What archives say of arrays, and how they can lie, is tested in npz.test.ts; here is what only the format knows.

const value = <T>(outcome: Either<FileError, T>): T => {
  if (isLeft(outcome)) throw new Error(`${outcome.left.code}: ${outcome.left.message}`)
  return outcome.right
}

const little = (width: number, x: number): number[] =>
  Array.from({ length: width }, (_, i) => Math.floor(x / 2 ** (8 * i)) % 256)
const text = (name: string): number[] => [...new TextEncoder().encode(name)]

/** A stored member `a` in an archive whose sizes all stand in zip64 fields (APPNOTE 4.3.14, 4.3.15 and 4.5.3). */
const zip64 = (content: readonly number[]): Uint8Array => {
  const crc = little(4, crc32(Uint8Array.from(content)))
  const none = little(4, 0xffffffff)
  const shared = [...little(2, 45), 0, 0, 0, 0, 0, 0, 0x21, 0, ...crc, ...none, ...none, 1, 0]
  const sizes = [...little(8, content.length), ...little(8, content.length)]
  const local = [...text('PK\x03\x04'), ...shared, 20, 0, ...text('a'), 1, 0, 16, 0, ...sizes, ...content]
  const strange = [0x99, 0x99, 2, 0, 7, 7] // another extra field before the one that counts
  const extra = [...strange, 1, 0, 24, 0, ...sizes, ...little(8, 0)]
  const record = [
    ...text('PK\x01\x02'),
    45,
    0,
    ...shared,
    extra.length,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    ...none,
    ...text('a'),
    ...extra,
  ]
  const end64 = [
    ...text('PK\x06\x06'),
    ...little(8, 44),
    45,
    0,
    45,
    0,
    ...little(8, 0),
    ...little(8, 1),
    ...little(8, 1),
  ]
  const span = [...little(8, record.length), ...little(8, local.length)]
  const locator = [...text('PK\x06\x07'), ...little(4, 0), ...little(8, local.length + record.length), ...little(4, 1)]
  const end = [...text('PK\x05\x06'), 0, 0, 0, 0, 255, 255, 255, 255, ...none, ...none, 0, 0]
  return Uint8Array.from([...local, ...record, ...end64, ...span, ...locator, ...end])
}

test('the check sum is the one of the standard', () => {
  assert.is(crc32(new TextEncoder().encode('123456789')), 0xcbf43926)
  assert.is(crc32(new Uint8Array(0)), 0)
})

test('zip64: sizes and places from the wide fields', () => {
  const archive = zip64([1, 2, 3])
  const members = value(zipMembers(archive, 'test'))
  assert.equal(
    members.map(({ name, size }) => [name, size]),
    [['a', 3]],
  )
  assert.equal([...value(zipContent(archive, members[0]!, 'test'))], [1, 2, 3])
})

test('zip64 cut or with any bit turned gives an answer', () => {
  const archive = zip64([1, 2, 3])
  for (let length = 0; length < archive.length; length++)
    assert.ok(isLeft(zipMembers(archive.subarray(0, length), 'test')))
  for (let bit = 0; bit < 8 * archive.length; bit++) {
    const bytes = archive.slice()
    bytes[bit >> 3]! ^= 1 << (bit & 7)
    const members = zipMembers(bytes, 'test')
    if (!isLeft(members)) for (const member of members.right) zipContent(bytes, member, 'test')
  }
})

test('an archive with a comment is read; the comment may look like an end', () => {
  const plain = zipSync({ a: Uint8Array.of(1) }, { level: 0 })
  const comment = [...text('PK\x05\x06'), ...new Array<number>(20).fill(7)]
  const archive = Uint8Array.from([...plain.subarray(0, -2), comment.length, 0, ...comment])
  assert.is(value(zipMembers(archive, 'test')).length, 1)
})

test.run()
