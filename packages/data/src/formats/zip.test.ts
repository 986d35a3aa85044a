import { zipSync } from 'fflate'
import { isLeft } from 'fp-ts/lib/Either.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unwrap } from '../outcome.js'
import { damaged, fails, noticesEveryByte, refusesEveryCut } from '../support.testing.js'
import { zipContent, zipMembers } from './zip.js'

const text = (words: string): Uint8Array => new TextEncoder().encode(words)
const long = text('to be or not to be '.repeat(40))
const archive = zipSync({
  'a/': [new Uint8Array(0), {}],
  'a/long.txt': long,
  'b.txt': [text('short'), { level: 0 }],
  empty: [new Uint8Array(0), { level: 0 }],
})
/** All members and their contents. */
const all = (bytes: Uint8Array) => {
  const members = zipMembers('x', bytes)
  if (isLeft(members)) return members
  const contents = members.right.map((member) => zipContent('x', bytes, member))
  return contents.find(isLeft) ?? { ...members, right: contents.map((one, i) => [members.right[i]!.name, unwrap(one)]) }
}
/** Where the directory begins, as the end record says. */
const directory = new DataView(archive.buffer).getUint32(archive.length - 6, true)

test('deflated, stored and empty members in the order of the archive; folders are left out', () => {
  assert.equal(unwrap(all(archive)), [
    ['a/long.txt', long],
    ['b.txt', text('short')],
    ['empty', new Uint8Array(0)],
  ])
})

test('an archive of nothing, and a comment at the end', () => {
  assert.equal(unwrap(all(zipSync({}))), [])
  const comment = text('PK\x05\x06 is no end here')
  const commented = Uint8Array.of(...damaged(archive, archive.length - 2, comment.length), ...comment)
  assert.is((unwrap(all(commented)) as unknown[]).length, 3)
})

test('an archive that is cut off is refused wherever the cut is', () => refusesEveryCut(archive, all))

test('no damaged byte gives other contents, but for those of a name', () => {
  const contents = (bytes: Uint8Array) => {
    const outcome = all(bytes)
    return isLeft(outcome) ? outcome : { ...outcome, right: outcome.right.map((pair) => pair[1]!) }
  }
  // behind the members; a name damaged in both of its places would be another name
  noticesEveryByte(archive.slice(0, directory), (head) => contents(Uint8Array.of(...head, ...archive.slice(directory))))
})

test('what is wrong is said with its place', () => {
  const end = archive.length - 22
  fails(all(text('no archive at all, but some text')), 'truncated', /no end record of a zip archive/)
  fails(all(damaged(archive, end + 4, 1)), 'unsupportedFormat', /several disks/)
  fails(all(damaged(archive, end + 10, 255, 255)), 'unsupportedFormat', /zip64/)
  fails(all(damaged(archive, end + 10, 9, 0)), 'badHeader', /a record of the directory is expected/)
  fails(all(damaged(archive, end + 10, 3, 0)), 'badHeader', /3 members of the directory end here/)
  fails(all(damaged(archive, end + 16, 1)), 'badOffsets', /its end record begins elsewhere/)
  fails(all(damaged(archive, directory + 8, 1)), 'unsupportedFormat', /"a\/" is encrypted/)
  fails(all(damaged(archive, directory + 10, 12)), 'unsupportedFormat', /method 12; 0 \(stored\) and 8 \(deflate\)/)
  const second = directory + 46 + 2
  fails(all(damaged(archive, second + 42, 7)), 'badOffsets', /"a\/long.txt" should begin at byte 7/)
  fails(all(damaged(archive, second + 24, 0)), 'badCompression', /"a\/long.txt": expands to/)
  fails(all(damaged(archive, second + 27, 1)), 'badCompression', /cannot expand to/)
  fails(all(damaged(archive, second + 16, 0)), 'badChecksum', /"a\/long.txt": CRC-32/)
  fails(all(damaged(archive, second + 46, 98)), 'badHeader', /"b\/long.txt" has another name in its own header/)
})

test('a name that is listed twice is refused', () => {
  const two = zipSync({ a: text('1'), b: text('2') }, { level: 0 })
  const twice = two.map((byte) => (byte === 98 ? 97 : byte))
  fails(all(twice), 'duplicateName', /"a" is listed twice/)
})

test.run()
