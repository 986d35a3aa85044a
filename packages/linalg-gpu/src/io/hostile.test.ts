// Whatever bytes come, a reader answers with a value or a FileError: no exception, no hang, no giant allocation.
import fc from 'fast-check'
import { type Either, isLeft } from 'fp-ts/lib/Either.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkEntry, type Entry, type FileError } from './entry.js'
import { decodeNpy, encodeNpy } from './npy.js'
import { readNpz, writeNpz } from './npz.js'
import { readSafetensors, writeSafetensors } from './safetensors.js'

const entries: Readonly<Record<string, Entry>> = {
  w: { dtype: 'f32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  'a.b': { dtype: 'bool', shape: [4], data: Uint8Array.of(1, 0, 0, 1) },
  s: { dtype: 'f64', shape: [], data: Float64Array.of(Math.PI) },
  zeros: { dtype: 'u8', shape: [600], data: new Uint8Array(600) },
}

const readers: Readonly<Record<string, (bytes: Uint8Array) => Either<FileError, Iterable<Entry>>>> = {
  safetensors: (bytes) => mapped(readSafetensors(bytes), (file) => file.entries.values()),
  npy: (bytes) => mapped(decodeNpy(bytes), (entry) => [entry]),
  npz: (bytes) => mapped(readNpz(bytes), (file) => file.entries.values()),
}

const files: readonly (readonly [keyof typeof readers, Uint8Array])[] = [
  ['safetensors', writeSafetensors(entries, { note: 'é' })],
  ['npy', encodeNpy(entries['w']!)],
  ['npz', writeNpz(entries)],
  ['npz', writeNpz(entries, { method: 'deflate' })],
]

const mapped = <A, B>(outcome: Either<FileError, A>, f: (a: A) => B): Either<FileError, B> =>
  isLeft(outcome) ? outcome : { _tag: 'Right', right: f(outcome.right) }

/** The outcome is well formed: a message that tells, an offset in the file, or entries without contradiction. */
const answers = (reader: string, bytes: Uint8Array): void => {
  const outcome = readers[reader]!(bytes)
  if (isLeft(outcome)) {
    const { message, offset } = outcome.left
    assert.ok(message.startsWith('decode') && message.length < 600, message)
    if (offset !== undefined) assert.ok(Number.isInteger(offset) && offset >= 0, `offset ${offset}`)
  } else for (const entry of outcome.right) checkEntry('hostile', 'the entry', entry)
}

for (const [reader, file] of files) {
  test(`${reader} of ${file.length} bytes, cut anywhere, is refused`, () => {
    for (let length = 0; length < file.length; length++) {
      const outcome = readers[reader]!(file.subarray(0, length))
      assert.ok(isLeft(outcome), `${length} bytes were accepted`)
      answers(reader, file.subarray(0, length))
    }
  })

  test(`${reader} of ${file.length} bytes, with any one bit turned, gives an answer`, () => {
    for (let bit = 0; bit < 8 * file.length; bit++) {
      const bytes = file.slice()
      bytes[bit >> 3]! ^= 1 << (bit & 7)
      answers(reader, bytes)
    }
  })

  test(`${reader} of ${file.length} bytes, with several bytes changed, moved and cut, gives an answer`, () => {
    const edit = fc.record({
      at: fc.nat(file.length - 1),
      byte: fc.oneof(fc.constantFrom(0, 0x7f, 0x80, 0xff), fc.nat(255)),
    })
    fc.assert(
      fc.property(
        fc.array(edit, { minLength: 1, maxLength: 6 }),
        fc.nat(file.length),
        fc.nat(3),
        (edits, length, drop) => {
          const bytes = file.slice()
          for (const { at, byte } of edits) bytes[at] = byte
          answers(reader, bytes)
          answers(reader, Buffer.from(bytes.buffer, drop, length - Math.min(length, drop)))
        },
      ),
      { numRuns: 1000 },
    )
  })

  test(`${reader}: a damaged header in which a size was replaced by another number gives an answer`, () => {
    const text = Buffer.from(file).toString('latin1')
    const number = fc.constantFrom(
      '0',
      '-1',
      '1e9',
      '4294967296',
      '9007199254740991',
      '9007199254740993',
      '99999999999999999999999',
      '""',
      '[]',
    )
    fc.assert(
      fc.property(fc.nat(200), number, (skip, other) => {
        const at = text.slice(skip).search(/\d/) + skip
        answers(reader, Uint8Array.from(Buffer.from(text.slice(0, at) + other + text.slice(at + 1), 'latin1')))
      }),
    )
  })
}

test('arbitrary bytes after a right beginning give an answer', () => {
  const beginnings: readonly (readonly [string, readonly number[]])[] = [
    ['safetensors', [40, 0, 0, 0, 0, 0, 0, 0, 0x7b]],
    ['npy', [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 20, 0, 0x7b]],
    ['npz', [0x50, 0x4b, 3, 4]],
  ]
  fc.assert(
    fc.property(fc.constantFrom(...beginnings), fc.uint8Array({ maxLength: 120 }), ([reader, head], rest) => {
      answers(reader, Uint8Array.from([...head, ...rest]))
      answers(reader, rest)
    }),
    { numRuns: 1000 },
  )
})

test.run()
