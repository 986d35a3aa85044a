import { deepStrictEqual } from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { zipSync } from 'fflate'
import { type Either, isLeft, isRight } from 'fp-ts/lib/Either.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Entry, FileError } from './entry.js'
import { encodeNpy } from './npy.js'
import { npzNames, readNpz, writeNpz } from './npz.js'

// Written by NumPy 2.4.6 with savez and savez_compressed (base64).
const numpy = {
  npzStored:
    'UEsDBC0AAAAAAAAAIQAp3qQj//////////8FABQAdy5ucHkBABAAmAAAAAAAAACYAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxmNCcsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgyLCAzKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAADAPwAAAMAAAAAAAACAfwEAAAAAAFBAUEsDBC0AAAgAAAAAIQAM/Bzp//////////8OABQAbGF5ZXIuMC7DqS5ucHkBABAAkAAAAAAAAACQAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxpOCcsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgyLCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAQAAAAAAAAACAAAAAAAAAFBLAQItAy0AAAAAAAAAIQAp3qQjmAAAAJgAAAAFAAAAAAAAAAAAAACAAQAAAAB3Lm5weVBLAQItAy0AAAgAAAAAIQAM/BzpkAAAAJAAAAAOAAAAAAAAAAAAAACAAc8AAABsYXllci4wLsOpLm5weVBLBQYAAAAAAgACAG8AAACfAQAAAAA=',
  npzDeflated:
    'UEsDBC0AAAAIAAAAIQDkebDZ//////////8JABQAemVyb3MubnB5AQAQAIAZAAAAAAAAaQAAAAAAAADtyCEOgzAYQOFiOcXv/pFUIKoIem4LBjFFmlGCWMbSEszCKbgw7AqT5H3uve3e3ppHZhbz1T6kZ9RKtB6cWtFhinP0726Kffj9q3+lcPw0+k84+uJKK64srKzyp9wAAAAAAAAAAACczA5QSwMELQAAAAgAAAAhAG/Kfo7//////////wUAFABrLm5weQEAEACBAAAAAAAAAEMAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgXlNqqK6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkamjoKtQoUAS5mAFBLAQItAy0AAAAIAAAAIQDkebDZaQAAAIAZAAAJAAAAAAAAAAAAAACAAQAAAAB6ZXJvcy5ucHlQSwECLQMtAAAACAAAACEAb8p+jkMAAACBAAAABQAAAAAAAAAAAAAAgAGkAAAAay5ucHlQSwUGAAAAAAIAAgBqAAAAHgEAAAAA',
}

const fixture = (name: keyof typeof numpy): Uint8Array => Uint8Array.from(Buffer.from(numpy[name], 'base64'))

const value = <T>(outcome: Either<FileError, T>): T => {
  if (isLeft(outcome)) throw new Error(`${outcome.left.code}: ${outcome.left.message}`)
  return outcome.right
}

const fails = (outcome: Either<FileError, unknown>, code: string, text: string): void => {
  if (isRight(outcome)) throw new Error('a Left is expected')
  assert.is(outcome.left.code, code)
  assert.match(outcome.left.message, text)
}

const bytes = (...values: number[]): Entry => ({ dtype: 'u8', shape: [values.length], data: Uint8Array.from(values) })
const patched = (file: Uint8Array, at: number, ...values: number[]): Uint8Array => {
  const out = file.slice()
  out.set(values, at)
  return out
}
const u32 = (x: number): number[] => [x & 255, (x >> 8) & 255, (x >> 16) & 255, x >>> 24]
/** Where the record of the k-th member stands in the central directory. */
const recordAt = (file: Uint8Array, k: number): number => {
  let at = new DataView(file.buffer).getUint32(file.length - 6, true)
  for (; k > 0; k--) at += 46 + file[at + 28]! + file[at + 30]! + file[at + 32]!
  return at
}

test('reads what NumPy stored, its zip64 local headers and a name outside of ASCII', () => {
  const { entries, skipped } = value(readNpz(fixture('npzStored')))
  assert.equal([...entries.keys()], ['w', 'layer.0.é'])
  assert.equal(entries.get('w')!.shape, [2, 3])
  assert.equal([...entries.get('w')!.data], [1.5, -2, 0, Infinity, Math.fround(1e-45), 3.25])
  assert.equal([...entries.get('layer.0.é')!.data], [1, 2])
  assert.equal(skipped, [])
})

test('reads what NumPy deflated', () => {
  const { entries } = value(readNpz(fixture('npzDeflated')))
  assert.equal([...entries.get('zeros')!.data], new Array(1600).fill(0))
  assert.equal([entries.get('k')!.shape, [...entries.get('k')!.data]], [[], [3]])
})

test('decode after encode gives the same entries in the same order, by both methods', () => {
  const names = fc.uniqueArray(fc.string({ unit: 'grapheme', maxLength: 6 }), { maxLength: 4 })
  const entry = fc
    .array(fc.float(), { maxLength: 50 })
    .map((data): Entry => ({ dtype: 'f32', shape: [data.length, 1], data: Float32Array.from(data) }))
  fc.assert(
    fc.property(names, entry, fc.constantFrom('store' as const, 'deflate' as const), (keys, one, method) => {
      const entries = new Map(keys.map((key) => [key, one]))
      const file = writeNpz(entries, { method })
      assert.equal([...file], [...writeNpz(entries, { method })])
      assert.equal(value(npzNames(file)), keys)
      deepStrictEqual([...value(readNpz(file)).entries], [...entries])
      deepStrictEqual([...value(readNpz(Buffer.from(file))).entries], [...entries])
    }),
  )
})

test('an empty archive holds nothing', () => {
  assert.is(value(readNpz(writeNpz({}))).entries.size, 0)
})

test('only the wanted members are expanded: another one may be broken', () => {
  const file = writeNpz({ a: bytes(1, 2, 3), b: bytes(4, 5) })
  const broken = patched(file, file.indexOf(0x93), 0) // the content of a
  assert.equal([...value(readNpz(broken, { only: ['b'] })).entries.keys()], ['b'])
  fails(readNpz(broken), 'badChecksum', 'member "a.npy": CRC-32 is')
  fails(readNpz(file, { only: ['b', 'c'] }), 'notFound', 'no array "c"; there are "a", "b"')
})

test('members that are not .npy files are named, not read', () => {
  const file = zipSync({ 'a.npy': encodeNpy(bytes(1)), 'notes.txt': Uint8Array.of(65), folder: {} })
  const { entries, skipped } = value(readNpz(file))
  assert.equal([...entries.keys()], ['a'])
  assert.equal(skipped, ['notes.txt', 'folder/'])
})

test('an error inside a member names the member', () => {
  fails(
    readNpz(zipSync({ 'a.npy': Uint8Array.of(1, 2) })),
    'badHeader',
    'decodeNpz: member "a.npy": a .npy file begins with',
  )
})

test('archives that lie are refused', () => {
  const file = writeNpz({ a: bytes(1, 2, 3), b: bytes(1, 2, 3) })
  const [a, b] = [recordAt(file, 0), recordAt(file, 1)]
  fails(readNpz(new Uint8Array(0)), 'truncated', 'no end record')
  fails(readNpz(file.slice(0, -1)), 'truncated', 'no end record')
  fails(readNpz(file.slice(1)), 'badOffsets', 'the directory')
  fails(readNpz(patched(file, a + 8, 1)), 'unsupportedFormat', 'encrypted')
  fails(readNpz(patched(file, a + 10, 12)), 'unsupportedFormat', 'method 12')
  fails(readNpz(patched(file, a + 16, 0, 0, 0, 0)), 'badChecksum', 'the directory says 00000000')
  fails(readNpz(patched(file, a + 46, 0x62)), 'badHeader', 'another name in its own header')
  fails(readNpz(patched(file, a + 46, 0xff)), 'badHeader', 'not UTF-8')
  fails(readNpz(patched(file, a, 0)), 'badHeader', 'a record of the directory is expected')
  fails(readNpz(patched(file, b + 28, 200)), 'badHeader', 'the directory ends at')
  fails(readNpz(patched(file, b + 42, 1)), 'badOffsets', 'no member begins there')
  fails(readNpz(patched(file, a + 20, ...u32(1e9), ...u32(1e9))), 'badOffsets', 'inside the directory')
  fails(readNpz(patched(file, file.length - 14, 1, 0, 1, 0)), 'badHeader', '1 members of the directory end here')
  fails(readNpz(patched(file, file.length - 18, 1)), 'unsupportedFormat', 'several disks')
  const twice = writeNpz({ a: bytes(1), b: bytes(1) })
  const start = twice.findIndex((byte, i) => byte === 0x62 && twice[i + 1] === 0x2e) // 'b.'
  fails(
    readNpz(patched(patched(twice, recordAt(twice, 1) + 46, 0x61), start, 0x61)),
    'duplicateName',
    '"a.npy" is listed twice',
  )
})

test('members that share bytes are refused: such archives expand without bound', () => {
  const file = writeNpz({ a: bytes(1, 2, 3), b: bytes(1, 2, 3) })
  const size = new DataView(file.buffer).getUint32(recordAt(file, 0) + 20, true)
  fails(
    readNpz(patched(file, recordAt(file, 0) + 20, ...u32(size + 1), ...u32(size + 1))),
    'badOffsets',
    '"a.npy" and "b.npy" overlap',
  )
})

test('a member that announces too little, too much or the impossible is refused', () => {
  const file = writeNpz(
    { zeros: { dtype: 'u8', shape: [10_000], data: new Uint8Array(10_000) } },
    { method: 'deflate' },
  )
  const at = recordAt(file, 0)
  fails(readNpz(patched(file, at + 24, ...u32(10_127))), 'badCompression', 'expands to more bytes, 10127 are announced')
  fails(
    readNpz(patched(file, at + 24, ...u32(10_129))),
    'badCompression',
    'expands to 10128 bytes, 10129 are announced',
  )
  fails(readNpz(patched(file, at + 24, ...u32(2 ** 31))), 'badCompression', 'claims to expand')
  fails(readNpz(patched(file, at + 20, 0, 0, 0, 0, 0, 0, 0, 0)), 'badCompression', 'expands to')
  fails(readNpz(patched(file, 30 + 'zeros.npy'.length, 7)), 'badCompression', 'invalid block type')
  fails(readNpz(file, { maximumBytes: 10_000 }), 'tooLarge', '10128 bytes when expanded, 10000 are allowed')
})

test('what an archive cannot hold is a bug, and throws', () => {
  assert.throws(() => writeNpz({ [`${'x'.repeat(65_532)}`]: bytes() }), /a name of 65536 bytes/)
  assert.throws(() => writeNpz({ '\ud800': bytes() }), /half a surrogate pair/)
  assert.throws(
    () => writeNpz({ a: { ...bytes(1), shape: [2] } }),
    /encodeNpz: entry "a" of shape \[2\] takes 2 elements/,
  )
})

const folder = process.env['NEUMANN_DATA'] ?? fileURLToPath(new URL('../../../../../shared/data', import.meta.url))
const omniglot = join(folder, 'omniglot', 'images_background.npz')

if (existsSync(omniglot)) {
  test('Omniglot: labels alone are read without expanding the images', () => {
    const { entries } = value(readNpz(readFileSync(omniglot), { only: ['labels'], maximumBytes: 200_000 }))
    const { dtype, shape, data } = entries.get('labels')!
    assert.equal([dtype, shape], ['i32', [964, 20]])
    assert.equal([...entries.keys()], ['labels'])
    assert.ok(
      data.every((label, i) => label === data[i - (i % 20)]),
      'the 20 drawings of a character share its label',
    )
    assert.is(new Set(data).size, 964)
  })

  test('Omniglot: the bytes 0 and 255 of the images become 0 and 1', () => {
    const { entries } = value(readNpz(readFileSync(omniglot), { only: ['images'] }))
    const { dtype, shape, data } = entries.get('images')!
    assert.equal([dtype, shape], ['bool', [964, 20, 105, 105]])
    let [ones, others] = [0, 0]
    for (let i = 0; i < data.length; i++) {
      if (data[i] === 1) ones++
      else if (data[i] !== 0) others++
    }
    assert.is(others, 0)
    assert.is(ones, 195_994_993) // counted by NumPy
  })
} else {
  const why = `skipped: no ${omniglot}; set NEUMANN_DATA to the folder that holds omniglot/`
  console.log(why)
  test.skip(`Omniglot (${why})`, () => {})
}

test.run()
