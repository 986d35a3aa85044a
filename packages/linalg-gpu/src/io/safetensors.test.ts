import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { type Either, isLeft, isRight } from 'fp-ts/lib/Either.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bytesOfEntry, type Entry, type FileError } from './entry.js'
import { readSafetensors, writeSafetensors } from './safetensors.js'

// Written by the reference implementation, safetensors 0.8.0 for Python (base64).
const reference =
  'WAIAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJ3aG8iOiLDqSJ9LCJkIjp7ImR0eXBlIjoiRjY0Iiwic2hhcGUiOlsxXSwiZGF0YV9vZmZzZXRzIjpbMCw4XX0sImUiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzAsM10sImRhdGFfb2Zmc2V0cyI6WzgsOF19LCLvvZ4gXCJxXCJcXFxuXHUwMDAxfyI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6WzgsMTJdfSwi8J+YgCI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6WzEyLDE2XX0sInUiOnsiZHR5cGUiOiJVMzIiLCJzaGFwZSI6WzFdLCJkYXRhX29mZnNldHMiOlsxNiwyMF19LCJpIjp7ImR0eXBlIjoiSTMyIiwic2hhcGUiOlsxLDNdLCJkYXRhX29mZnNldHMiOlsyMCwzMl19LCJoIjp7ImR0eXBlIjoiRjE2Iiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbMzIsMzZdfSwiYyI6eyJkdHlwZSI6Ikk4Iiwic2hhcGUiOlsxXSwiZGF0YV9vZmZzZXRzIjpbMzYsMzddfSwiYiI6eyJkdHlwZSI6IlU4Iiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbMzcsMzldfSwidCI6eyJkdHlwZSI6IkJPT0wiLCJzaGFwZSI6W10sImRhdGFfb2Zmc2V0cyI6WzM5LDQwXX19ICAAAAAAAADgPwAAAEAAAIA/BwAAAAEAAAD+////AwAAAAA8AMD//wEB'

const referenceEntries: Readonly<Record<string, Entry>> = {
  h: { dtype: 'f16', shape: [2], data: Uint16Array.of(0x3c00, 0xc000) },
  i: { dtype: 'i32', shape: [1, 3], data: Int32Array.of(1, -2, 3) },
  d: { dtype: 'f64', shape: [1], data: Float64Array.of(0.5) },
  t: { dtype: 'bool', shape: [], data: Uint8Array.of(1) },
  e: { dtype: 'f32', shape: [0, 3], data: new Float32Array(0) },
  u: { dtype: 'u32', shape: [1], data: Uint32Array.of(7) },
  c: { dtype: 'i8', shape: [1], data: Int8Array.of(-1) },
  b: { dtype: 'u8', shape: [2], data: Uint8Array.of(255, 1) },
  '\u{1f600}': { dtype: 'f32', shape: [1], data: Float32Array.of(1) },
  '\uff5e "q"\\\n\x01\x7f': { dtype: 'f32', shape: [1], data: Float32Array.of(2) },
}

/** By hand from the format's description: u64 length, header, data. */
const file = (header: string, data: readonly number[] = []): Uint8Array => {
  const text = new TextEncoder().encode(header)
  const out = new Uint8Array(8 + text.length + data.length)
  new DataView(out.buffer).setBigUint64(0, BigInt(text.length), true)
  out.set(text, 8)
  out.set(data, 8 + text.length)
  return out
}

const array = (dtype: string, shape: string, begin: number, end: number): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`

const value = <T>(outcome: Either<FileError, T>): T => {
  if (isLeft(outcome)) throw new Error(`${outcome.left.code}: ${outcome.left.message}`)
  return outcome.right
}

const fails = (bytes: Uint8Array, code: string, offset: number, text: string): void => {
  const outcome = readSafetensors(bytes)
  if (isRight(outcome)) throw new Error('a Left is expected')
  assert.is(outcome.left.code, code)
  assert.is(outcome.left.offset, offset)
  assert.match(outcome.left.message, text)
}

test('the worked example of the format', () => {
  const { entries, metadata } = value(
    readSafetensors(
      file(
        '{"test":{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]}}',
        [1, 0, 0, 0, 255, 255, 255, 255, 0, 1, 0, 0, 0, 0, 0, 0],
      ),
    ),
  )
  assert.equal([...entries], [['test', { dtype: 'i32', shape: [2, 2], data: Int32Array.of(1, -1, 256, 0) }]])
  assert.is(metadata.size, 0)
})

test('writes what the reference writes, byte for byte', () => {
  assert.is(Buffer.from(writeSafetensors(referenceEntries, { who: 'é' })).toString('base64'), reference)
  const one = (name: string, shape: readonly number[]) =>
    writeSafetensors({ [name]: { dtype: 'f32', shape, data: Float32Array.of(0, 1, 2, 3, 4, 5) } })
  // Its own test vectors: a header that is aligned, one that is not, and none.
  assert.equal(
    [...one('attn.0', [1, 2, 3]).subarray(0, 16)],
    [64, 0, 0, 0, 0, 0, 0, 0, 123, 34, 97, 116, 116, 110, 46, 48],
  )
  assert.equal([...one('attn0', [1, 1, 2, 3]).subarray(0, 8)], [72, 0, 0, 0, 0, 0, 0, 0])
  assert.equal([...one('attn0', [1, 1, 2, 3]).subarray(72, 80)], [125, 32, 32, 32, 32, 32, 32, 32])
  assert.equal([...writeSafetensors({})], [8, 0, 0, 0, 0, 0, 0, 0, 123, 125, 32, 32, 32, 32, 32, 32])
})

test('reads what the reference wrote', () => {
  const { entries, metadata } = value(readSafetensors(Uint8Array.from(Buffer.from(reference, 'base64'))))
  assert.equal(Object.fromEntries(entries), referenceEntries)
  assert.equal([...metadata], [['who', 'é']])
})

test('decode after encode gives the same entries and metadata, whatever the names', () => {
  const name = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => text !== '__metadata__')
  const entry = fc.oneof(
    fc.array(fc.float()).map((data): Entry => ({ dtype: 'f32', shape: [data.length], data: Float32Array.from(data) })),
    fc
      .array(fc.double())
      .map((data): Entry => ({ dtype: 'f64', shape: [1, data.length], data: Float64Array.from(data) })),
    fc.uint8Array().map((data): Entry => ({ dtype: 'u8', shape: [data.length], data })),
    fc.boolean().map((bit): Entry => ({ dtype: 'bool', shape: [], data: Uint8Array.of(bit ? 1 : 0) })),
  )
  fc.assert(
    fc.property(fc.dictionary(name, entry), fc.dictionary(name, name), (entries, metadata) => {
      const bytes = writeSafetensors(new Map(Object.entries(entries)), new Map(Object.entries(metadata)))
      const back = value(readSafetensors(bytes))
      deepStrictEqual(new Map(back.entries), new Map(Object.entries(entries)))
      deepStrictEqual(new Map(back.metadata), new Map(Object.entries(metadata)))
      assert.equal([...writeSafetensors(back.entries, back.metadata)], [...bytes])
      deepStrictEqual(value(readSafetensors(Buffer.concat([Buffer.of(0), bytes]).subarray(1))), back)
    }),
  )
})

test('other types are widened or narrowed without loss', () => {
  const read = (dtype: string, data: readonly number[], size: number) => {
    const { dtype: type, data: elements } = value(
      readSafetensors(file(`{"x":${array(dtype, `[${data.length / size}]`, 0, data.length)}}`, data)),
    ).entries.get('x')!
    return [type, [...elements]]
  }
  assert.equal(read('BF16', [0x80, 0x3f, 0x49, 0xc0, 0x80, 0x7f], 2), ['f32', [1, -3.140625, Infinity]])
  assert.equal(read('I16', [0, 0x80, 255, 127], 2), ['i32', [-32768, 32767]])
  assert.equal(read('U16', [0xff, 0xff], 2), ['u32', [65535]])
  assert.equal(read('I64', [0, 0, 0, 0x80, 255, 255, 255, 255, 7, 0, 0, 0, 0, 0, 0, 0], 8), ['i32', [-(2 ** 31), 7]])
  assert.equal(read('U64', [255, 255, 255, 255, 0, 0, 0, 0], 8), ['u32', [2 ** 32 - 1]])
  assert.equal(read('BOOL', [0, 1, 255], 1), ['bool', [0, 1, 1]])
})

test('a 64-bit value that does not fit is named with its place', () => {
  const header = `{"x":${array('I64', '[1]', 0, 8)}}`
  fails(
    file(header, [0, 0, 0, 0x80, 0, 0, 0, 0]),
    'unsupportedDType',
    8 + header.length,
    'array "x": element 0 is 2147483648, which i32 cannot hold',
  )
})

test('arrays may lie in any order and without padding, as other writers leave them', () => {
  const header = `{"late":${array('F32', '[1]', 1, 5)},"early":${array('U8', '[1]', 0, 1)}} \n`
  const { entries } = value(readSafetensors(file(header, [9, 0, 0, 128, 63])))
  assert.equal(
    [...entries].map(([name, { data }]) => [name, ...data]),
    [
      ['late', 1],
      ['early', 9],
    ],
  )
})

test('aligned arrays are views of the file, not copies', () => {
  const bytes = writeSafetensors(referenceEntries)
  assert.is(value(readSafetensors(bytes)).entries.get('d')!.data.buffer, bytes.buffer)
})

test('with `only`, no other array is converted', () => {
  const bytes = file(`{"new":${array('F8_E4M3', '[2]', 0, 2)},"w":${array('U8', '[1]', 2, 3)}}`, [1, 2, 3])
  fails(bytes, 'unsupportedDType', undefined as never, 'array "new" is of dtype "F8_E4M3"')
  const { entries } = value(readSafetensors(bytes, { only: ['w'] }))
  assert.equal([...entries.keys()], ['w'])
  const missing = readSafetensors(bytes, { only: ['v'] })
  assert.match(
    isLeft(missing) ? `${missing.left.code}: ${missing.left.message}` : '',
    'notFound: decodeSafetensors: no array "v"; there are "new", "w"',
  )
})

test('a header that is none', () => {
  fails(new Uint8Array(7), 'truncated', 7, '8 bytes of header length')
  fails(Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 0x7b), 'truncated', 9, 'claims 9 bytes, 1 follow')
  fails(Uint8Array.of(1, 0xe1, 0xf5, 5, 0, 0, 0, 0), 'badHeader', 0, 'claims 100000001 bytes')
  fails(new Uint8Array(8).fill(255), 'badHeader', 0, 'is this a safetensors file?')
  fails(file(''), 'badHeader', 8, "'{' is expected")
  fails(file('[]'), 'badHeader', 8, 'begins with "["')
  fails(file(' {}'), 'badHeader', 8, 'begins with " "')
  fails(file('{"é":1,}'), 'badHeader', 8 + 8, 'expected a key in quotes')
  fails(file('{} x'), 'badHeader', 8 + 3, 'expected nothing more')
  const bytes = file('{"a":1}')
  bytes[10] = 0xff
  fails(bytes, 'badHeader', 8, 'not UTF-8')
})

test('a record that is none', () => {
  fails(file('{"a":1}'), 'badHeader', 8, 'array "a": a record of dtype, shape and data_offsets')
  fails(file('{"a":{"shape":[],"data_offsets":[0,0]}}'), 'badHeader', 8, 'dtype is a string, got nothing')
  fails(file('{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}'), 'badShape', 8, 'got [-1]')
  fails(file('{"a":{"dtype":"U8","shape":3,"data_offsets":[0,0]}}'), 'badShape', 8, 'got 3')
  fails(file('{"a":{"dtype":"U8","shape":[0.5],"data_offsets":[0,0]}}'), 'badShape', 8, 'got [0.5]')
  fails(file('{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}'), 'badShape', 8, 'whole sizes')
  fails(file('{"a":{"dtype":"U8","shape":[],"data_offsets":[0]}}'), 'badOffsets', 8, 'two whole numbers, got [0]')
  fails(
    file('{"a":{"dtype":"U8","shape":[],"data_offsets":[0,9007199254740992]}}'),
    'badOffsets',
    8,
    'two whole numbers',
  )
  fails(file('{"__metadata__":{"a":1}}'), 'badHeader', 8, 'a record of strings')
  fails(file('{"__metadata__":[]}'), 'badHeader', 8, 'a record of strings')
})

test('a name or a field given twice', () => {
  const a = array('U8', '[]', 0, 1)
  fails(file(`{"a":${a},"a":${a}}`, [1]), 'duplicateName', 8 + 6 + a.length, 'key "a" is given twice')
  fails(
    file('{"a":{"dtype":"U8","dtype":"I8","shape":[],"data_offsets":[0,1]}}', [1]),
    'duplicateName',
    8 + 19,
    'key "dtype"',
  )
  fails(file('{"__metadata__":{"k":"1","k":"2"}}'), 'duplicateName', 8 + 25, 'key "k"')
})

test('data that does not fit its header', () => {
  const one = (begin: number, end: number, data: number) =>
    file(`{"a":${array('U8', '[2]', begin, end)}}`, new Array<number>(data).fill(1))
  const length = one(0, 2, 0).length
  fails(one(0, 2, 1), 'truncated', length + 1, `ends at byte ${length + 2}, the file has ${length + 1}`)
  fails(one(0, 2, 3), 'trailingBytes', length + 2, '1 bytes follow the last array')
  fails(one(1, 3, 3), 'badOffsets', 8, 'lies at [1, 3], the one before it ends at 0')
  fails(one(2, 0, 2), 'badOffsets', 8, 'lies at [2, 0]')
  fails(one(0, 3, 3), 'badShape', length, 'U8 of shape [2] does not take the 3 bytes')
  fails(file('{}', [0]), 'trailingBytes', 10, '1 bytes follow')
  const two = (x: string, y: string) => file(`{"a":${x},"b":${y}}`, [1, 2, 3, 4])
  fails(
    two(array('U8', '[2]', 0, 2), array('U8', '[3]', 1, 4)),
    'badOffsets',
    8,
    'array "b" lies at [1, 4], the one before it ends at 2',
  )
  fails(
    two(array('U8', '[1]', 0, 1), array('U8', '[2]', 2, 4)),
    'badOffsets',
    8,
    'array "b" lies at [2, 4], the one before it ends at 1',
  )
  fails(two(array('U8', '[4]', 0, 4), array('U8', '[4]', 0, 4)), 'badOffsets', 8, 'holes and overlaps')
})

test('what the format cannot write is a bug, and throws', () => {
  const one: Entry = { dtype: 'u8', shape: [1], data: Uint8Array.of(1) }
  assert.throws(() => writeSafetensors({ __metadata__: one }), /the name __metadata__ is the format's own/)
  assert.throws(() => writeSafetensors({ '\udc00': one }), /half a surrogate pair/)
  assert.throws(() => writeSafetensors({ a: one }, { k: '\ud800' }), /metadata "k" holds half a surrogate pair/)
  assert.throws(
    () => writeSafetensors({ a: { ...one, shape: [2] } }),
    /entry "a" of shape \[2\] takes 2 elements, its data has 1/,
  )
})

test('bool bytes other than 0 and 1 are written as 1', () => {
  const entry: Entry = { dtype: 'bool', shape: [2], data: Uint8Array.of(0, 9) }
  assert.equal([...bytesOfEntry(entry)], [0, 1])
  assert.equal([...writeSafetensors({ a: entry }).slice(-2)], [0, 1])
})

test.run()
