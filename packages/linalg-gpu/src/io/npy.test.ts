import fc from 'fast-check'
import { type Either, isLeft, isRight } from 'fp-ts/lib/Either.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bytesOfEntry, type Entry, type EntryDType, type FileError } from './entry.js'
import { decodeNpy, encodeNpy } from './npy.js'

// Written by NumPy 2.4.6 with numpy.lib.format.write_array (base64).
const numpy = {
  f4: 'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAMA/AAAAwAAAAAAAAIB/AQAAAAAAUEA=',
  f8BigFortran:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMywgMiksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAADgPwAAAAAAAClAAAAAAAAAEkAAAAAAAIAwQAAAAAAAACFAAAAAAACANEAAAAAAAAD4PwAAAAAAACtAAAAAAAAAFkAAAAAAAIAxQAAAAAAAACNAAAAAAACANUA=',
  f2: 'k05VTVBZAQB2AHsnZGVzY3InOiAnPGYyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDQsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAPADA/3sBAA==',
  f2Big:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPmYyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDQsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAo8AMAAe/8AAQ==',
  b1Scalar:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnfGIxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoB',
  b1With255:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnfGIxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDQsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoA/wEH',
  i8: 'k05VTVBZAQB2AHsnZGVzY3InOiAnPGk4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDQsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAACA/////////38AAAAA//////////8AAAAAAAAAAA==',
  i8Large:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGk4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoFAAAAAAAAAAAAAIAAAAAA',
  u8: 'k05VTVBZAQB2AHsnZGVzY3InOiAnPHU4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAr/////AAAAAAcAAAAAAAAA',
  u8LargeBig:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPnU4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAABAAAAAA==',
  i2: 'k05VTVBZAQB2AHsnZGVzY3InOiAnPGkyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAgP9/',
  u2Big:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPnUyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAr//wAB',
  i1Empty:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnfGkxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDAsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAo=',
  i4Big:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPmk0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAB/////g==',
  u4: 'k05VTVBZAQB2AHsnZGVzY3InOiAnPHU0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAr/////',
  f4v2: 'k05VTVBZAgB0AAAAeydkZXNjcic6ICc8ZjQnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMywpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAMA/AAAAwAAAAAA=',
  f4v3: 'k05VTVBZAwB0AAAAeydkZXNjcic6ICc8ZjQnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMywpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAMA/AAAAwAAAAAA=',
  c8: 'k05VTVBZAQB2AHsnZGVzY3InOiAnPGM4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAIA/AAAAQA==',
  structured:
    'k05VTVBZAQB2AHsnZGVzY3InOiBbKCdhJywgJzxpNCcpLCAoJ2InLCAnPGY4JyldLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMSwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAAAAAAAAAAAAAEA=',
  structured3:
    'k05VTVBZAwB0AAAAeydkZXNjcic6IFsoJ8OpJywgJzxpNCcpXSwgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAAAA',
  object:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnfE8nLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMSwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqABJWLAAAAAAAAAIwWbnVtcHkuX2NvcmUubXVsdGlhcnJheZSMDF9yZWNvbnN0cnVjdJSTlIwFbnVtcHmUjAduZGFycmF5lJOUSwCFlEMBYpSHlFKUKEsBSwGFlGgDjAVkdHlwZZSTlIwCTziUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LP3SUYoldlH2UYXSUYi4=',
  text: 'k05VTVBZAQB2AHsnZGVzY3InOiAnPFUyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAphAAAAYgAAAA==',
}

const fixture = (name: keyof typeof numpy): Uint8Array => Uint8Array.from(Buffer.from(numpy[name], 'base64'))

const value = <T>(outcome: Either<FileError, T>): T => {
  if (isLeft(outcome)) throw new Error(`${outcome.left.code}: ${outcome.left.message}`)
  return outcome.right
}

const error = (outcome: Either<FileError, unknown>): FileError => {
  if (isRight(outcome)) throw new Error('a Left is expected')
  return outcome.left
}

const read = (name: keyof typeof numpy): readonly [EntryDType, readonly number[], number[]] => {
  const { dtype, shape, data } = value(decodeNpy(fixture(name)))
  return [dtype, shape, [...data]]
}

/** A .npy file of version 1 with the given header. */
const withHeader = (header: string, elements: readonly number[] = []): Uint8Array =>
  Uint8Array.from([
    ...Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
    header.length & 255,
    header.length >> 8,
    ...Buffer.from(header, 'latin1'),
    ...elements,
  ])

const headerOf = (descr: string, shape: string, order = 'False'): string =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}}`

test('reads what NumPy wrote', () => {
  assert.equal(read('f4'), ['f32', [2, 3], [1.5, -2, 0, Infinity, Math.fround(1e-45), 3.25]])
  assert.equal(read('f2'), ['f16', [4], [0x3c00, 0xc000, 0x7bff, 1]])
  assert.equal(read('f2Big'), read('f2'))
  assert.equal(read('i4Big'), ['i32', [2], [1, -2]])
  assert.equal(read('u4'), ['u32', [1], [4294967295]])
  assert.equal(read('f4v2'), ['f32', [3], [1.5, -2, 0]])
  assert.equal(read('f4v3'), ['f32', [3], [1.5, -2, 0]])
})

test('a scalar has shape () and one element; an empty array has none', () => {
  assert.equal(read('b1Scalar'), ['bool', [], [1]])
  assert.equal(read('i1Empty'), ['i8', [0, 3], []])
})

test('column-major becomes row-major', () => {
  // arange(24).reshape(2, 3, 4)[:, :, :2] + 0.5
  const expected = [0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21].map((x) => x + 0.5)
  assert.equal(read('f8BigFortran'), ['f64', [2, 3, 2], expected])
  const ones = withHeader(headerOf('|u1', '(1, 2, 1, 3, 1)', 'True'), [0, 3, 1, 4, 2, 5])
  assert.equal([...value(decodeNpy(ones)).data], [0, 1, 2, 3, 4, 5])
})

test('booleans of any non-zero byte are 1, and foreign bytes are not changed', () => {
  const bytes = fixture('b1With255')
  const before = [...bytes]
  assert.equal([...value(decodeNpy(bytes)).data], [0, 1, 1, 1])
  assert.equal([...bytes], before)
})

test('16-bit integers widen, 64-bit ones narrow where all values fit', () => {
  assert.equal(read('i2'), ['i32', [2], [-32768, 32767]])
  assert.equal(read('u2Big'), ['u32', [2], [65535, 1]])
  assert.equal(read('i8'), ['i32', [4], [-(2 ** 31), 2 ** 31 - 1, -1, 0]])
  assert.equal(read('u8'), ['u32', [2], [2 ** 32 - 1, 7]])
})

test('a 64-bit value that does not fit is named with its place', () => {
  const large = error(decodeNpy(fixture('i8Large')))
  assert.is(large.code, 'unsupportedDType')
  assert.is(large.offset, 128 + 8)
  assert.match(large.message, 'element 1 is 2147483648, which i32 cannot hold')
  assert.match(error(decodeNpy(fixture('u8LargeBig'))).message, 'element 0 is 4294967296, which u32 cannot hold')
})

test('objects, text, complex and structured types are refused by name', () => {
  for (const name of ['object', 'text', 'c8', 'structured', 'structured3'] as const)
    assert.is(error(decodeNpy(fixture(name))).code, 'unsupportedDType')
  assert.match(error(decodeNpy(fixture('object'))).message, 'allow_pickle=False')
  assert.match(error(decodeNpy(fixture('c8'))).message, "'<c8'")
})

test('writes what NumPy writes, byte for byte', () => {
  const same = (name: keyof typeof numpy, entry: Entry) => assert.equal([...encodeNpy(entry)], [...fixture(name)])
  same('f4', { dtype: 'f32', shape: [2, 3], data: Float32Array.of(1.5, -2, 0, Infinity, 1e-45, 3.25) })
  same('f2', { dtype: 'f16', shape: [4], data: Uint16Array.of(0x3c00, 0xc000, 0x7bff, 1) })
  same('u4', { dtype: 'u32', shape: [1], data: Uint32Array.of(4294967295) })
  same('b1Scalar', { dtype: 'bool', shape: [], data: Uint8Array.of(1) })
  same('i1Empty', { dtype: 'i8', shape: [0, 3], data: new Int8Array(0) })
})

test('decode after encode gives the same entry, at every alignment of the bytes, from a Buffer too', () => {
  const bits = fc.uint8Array({ minLength: 192, maxLength: 192 })
  const dtypes = fc.constantFrom<EntryDType>('f32', 'f64', 'f16', 'i32', 'u32', 'u8', 'i8', 'bool')
  fc.assert(
    fc.property(
      dtypes,
      fc.array(fc.nat(2), { maxLength: 4 }),
      bits,
      fc.nat(9),
      fc.boolean(),
      (dtype, shape, random, shift, node) => {
        const entry = entryOf(dtype, shape, random)
        const file = encodeNpy(entry)
        const moved = new Uint8Array(file.length + shift).subarray(shift)
        moved.set(file)
        const given = node ? Buffer.from(moved.buffer, shift) : moved // a Buffer's `slice` is a view
        const back = value(decodeNpy(given))
        assert.is((file.length - entry.data.byteLength) % 64, 0)
        assert.equal([back.dtype, back.shape, back.data.constructor], [dtype, shape, entry.data.constructor])
        assert.equal([...bytesOfEntry(back)], [...bytesOfEntry(entry)])
      },
    ),
  )
})

test('bytes that are no file are told with the place and what was expected', () => {
  const fails = (bytes: Uint8Array, code: string, offset: number, text: string) => {
    const found = error(decodeNpy(bytes))
    assert.is(found.code, code)
    assert.is(found.offset, offset)
    assert.match(found.message, text)
  }
  const good = fixture('f4')
  fails(new Uint8Array(0), 'truncated', 0, '10 bytes of preamble')
  fails(Uint8Array.of(0x93, 0x4e, 0x20), 'badHeader', 2, 'begins with \\x93NUMPY')
  fails(good.slice(0, 9), 'truncated', 9, '10 bytes of preamble')
  fails(fixture('f4v2').slice(0, 11), 'truncated', 11, '12 bytes of preamble')
  fails(good.slice(0, 100), 'truncated', 100, 'claims 118 bytes, 90 follow')
  fails(good.slice(0, 151), 'truncated', 151, 'ends at byte 152')
  fails(Uint8Array.from([...good, 0]), 'trailingBytes', 152, '1 bytes follow')
  fails(
    Uint8Array.from(good, (byte, i) => (i === 6 ? 4 : byte)),
    'unsupportedFormat',
    6,
    'version 4.0',
  )
  fails(
    Uint8Array.from(fixture('f4v2'), (byte, i) => (i === 10 ? 16 : byte)),
    'badHeader',
    8,
    'at most 1000000',
  )
  fails(
    Uint8Array.from(fixture('structured3'), (byte, i) => (i === 26 ? 0xff : byte)),
    'badHeader',
    12,
    'not UTF-8',
  )
  fails(withHeader('{'), 'badHeader', 11, 'expected a key in quotes, saw the end')
  fails(withHeader('{}'), 'badHeader', 10, 'a dictionary of descr, fortran_order and shape')
  fails(withHeader("{'descr': __import__('os')}"), 'badHeader', 20, 'expected a value')
  fails(withHeader(headerOf('<f4', '(3,)', '1')), 'badHeader', 10, 'fortran_order is True or False')
  fails(withHeader(headerOf('<f4', '(3)')), 'badShape', 10, 'a tuple')
  fails(withHeader(headerOf('<f4', '(-1,)')), 'badShape', 10, '[-1]')
  fails(withHeader(headerOf('<f4', '(1.5,)')), 'badShape', 10, '[1.5]')
  fails(withHeader(headerOf('<f4', "('a',)")), 'badShape', 10, '["a"]')
  fails(withHeader(headerOf('<f4', '(99999999999, 99999999999)')), 'badShape', 10, 'whole sizes')
  fails(withHeader(headerOf('<f4', `(${'1,'.repeat(65)})`)), 'badShape', 10, 'at most 64')
  fails(withHeader(headerOf('=f4', '()'), [0, 0, 0, 0]), 'unsupportedDType', 10, "'=f4'")
  fails(withHeader(headerOf('', '()')), 'unsupportedDType', 10, "''")
})

test('a shape that would take petabytes is refused before memory is asked for', () => {
  assert.is(error(decodeNpy(withHeader(headerOf('<f8', '(1000000000000000,)')))).code, 'truncated')
  assert.equal(value(decodeNpy(withHeader(headerOf('<f8', '(0, 1000000000000000)')))).shape, [0, 1000000000000000])
})

test('headers of Python 2 and other writers: long integers, double quotes, any order of keys', () => {
  const header = '{"shape": (2L,), "fortran_order": False, "descr": "<u1"}\n'
  assert.equal([...value(decodeNpy(withHeader(header, [7, 8]))).data], [7, 8])
})

test('an entry that contradicts itself is a bug, and throws', () => {
  assert.throws(
    () => encodeNpy({ dtype: 'f32', shape: [3], data: new Float32Array(2) }),
    /encodeNpy: the entry of shape \[3\] takes 3 elements, its data has 2/,
  )
  assert.throws(() => encodeNpy({ dtype: 'f16', shape: [2], data: new Float32Array(2) }), /Uint16Array is expected/)
  assert.throws(() => encodeNpy({ dtype: 'u8', shape: [-1], data: new Uint8Array(0) }), /whole sizes/)
})

const entryOf = (dtype: EntryDType, shape: readonly number[], random: Uint8Array): Entry => {
  const count = shape.reduce((a, b) => a * b, 1)
  const buffer = random.slice().buffer
  switch (dtype) {
    case 'f32':
      return { dtype, shape, data: new Float32Array(buffer, 0, count) }
    case 'f64':
      return { dtype, shape, data: new Float64Array(buffer, 0, count) }
    case 'f16':
      return { dtype, shape, data: new Uint16Array(buffer, 0, count) }
    case 'i32':
      return { dtype, shape, data: new Int32Array(buffer, 0, count) }
    case 'u32':
      return { dtype, shape, data: new Uint32Array(buffer, 0, count) }
    case 'i8':
      return { dtype, shape, data: new Int8Array(buffer, 0, count) }
    default:
      return { dtype, shape, data: new Uint8Array(buffer, 0, count) }
  }
}

test.run()
