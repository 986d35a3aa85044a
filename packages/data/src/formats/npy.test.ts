import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unwrap } from '../outcome.js'
import { damaged, fails, refusesEveryCut } from '../support.testing.js'
import { decodeNpy } from './npy.js'

/** As `numpy.save` writes it. */
const npy = (header: string, elements: ArrayBufferView | readonly number[], major = 1): Uint8Array => {
  const text = new TextEncoder().encode(`${header}\n`)
  const length = major === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0]
  const bytes = ArrayBuffer.isView(elements) ? new Uint8Array(elements.buffer) : elements
  return Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, major, 0, ...length, ...text, ...bytes)
}
const header = (descr: string, shape: string, order = 'False'): string =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`
const fromBase64 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'))

// written by NumPy 2: arange(6).reshape(2, 3), halved as f4; as f8 in column-major order; as big-endian i2
const head = 'k05VTVBZAQB2AHsnZGVzY3InOiAn'
const blanks = 'ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg'
const written = {
  f4: `${head}PGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9${blanks.slice(0, 76)}IAoAAAAAAAAAPwAAgD8AAMA/AAAAQAAAIEA=`,
  f8: `${head}PGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMyksIH0g${blanks.slice(0, 76)}IAoAAAAAAAAAAAAAAAAAAAhAAAAAAAAA8D8AAAAAAAAQQAAAAAAAAABAAAAAAAAAFEA=`,
  i2: `${head}PmkyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9${blanks.slice(0, 76)}IAoAAAABAAIAAwAEAAU=`,
}

test('what NumPy writes: little and big endian, rows and columns first', () => {
  assert.equal(unwrap(decodeNpy(fromBase64(written.f4))), {
    data: Float32Array.of(0, 0.5, 1, 1.5, 2, 2.5),
    shape: [2, 3],
  })
  assert.equal(unwrap(decodeNpy(fromBase64(written.f8))), { data: Float64Array.of(0, 1, 2, 3, 4, 5), shape: [2, 3] })
  assert.equal(unwrap(decodeNpy(fromBase64(written.i2))), { data: Int16Array.of(0, 1, 2, 3, 4, 5), shape: [2, 3] })
})

test('every type of elements, in either order of bytes', () => {
  for (const [code, data] of [
    ['u1', Uint8Array.of(1, 255)],
    ['i1', Int8Array.of(1, -1)],
    ['u2', Uint16Array.of(1, 65535)],
    ['i2', Int16Array.of(1, -2)],
    ['u4', Uint32Array.of(1, 2 ** 32 - 1)],
    ['i4', Int32Array.of(1, -3)],
    ['f4', Float32Array.of(0.1, -2)],
    ['f8', Float64Array.of(0.1, -2)],
  ] as const) {
    assert.equal(unwrap(decodeNpy(npy(header(`<${code}`, '(2,)'), data))).data, data, code)
    const turned = [...new Uint8Array(data.buffer)]
    const width = data.BYTES_PER_ELEMENT
    const swapped = [turned.slice(0, width).reverse(), turned.slice(width).reverse()].flat()
    assert.equal(unwrap(decodeNpy(npy(header(`>${code}`, '(2,)'), swapped))).data, data, code)
  }
  assert.equal(unwrap(decodeNpy(npy(header('|b1', '(3,)'), [0, 1, 255]))).data, Uint8Array.of(0, 1, 1))
})

test('64-bit integers become 32 bits wide where they fit, and are refused where they do not', () => {
  const wide = (...values: readonly bigint[]) =>
    decodeNpy(npy(header('<i8', `(${values.length},)`), BigInt64Array.of(...values)))
  assert.equal(unwrap(wide(-(2n ** 31n), 2n ** 31n - 1n)).data, Int32Array.of(-(2 ** 31), 2 ** 31 - 1))
  for (const value of [2n ** 31n, -(2n ** 31n) - 1n, 2n ** 63n - 1n])
    fails(wide(0n, value), 'unsupportedType', /values of i8 that 32 bits do not hold/)
  const unsigned = (value: bigint) => decodeNpy(npy(header('<u8', '(1,)'), BigUint64Array.of(value)))
  assert.equal(unwrap(unsigned(2n ** 32n - 1n)).data, Uint32Array.of(2 ** 32 - 1))
  fails(unsigned(2n ** 32n), 'unsupportedType', /values of u8/)
})

test('numbers alone, no elements, versions 2 and 3, three axes column-major', () => {
  assert.equal(unwrap(decodeNpy(npy(header('|u1', '()'), [7]))), { data: Uint8Array.of(7), shape: [] })
  assert.equal(unwrap(decodeNpy(npy(header('<f8', '(0, 3)'), []))), { data: new Float64Array(0), shape: [0, 3] })
  for (const major of [2, 3])
    assert.equal(unwrap(decodeNpy(npy(header('|u1', '(1,)'), [7], major))).data, Uint8Array.of(7))
  // element (i, j, k) of shape (2, 2, 3) is 100 i + 10 j + k; the first index runs fastest
  const columns = [0, 100, 10, 110, 1, 101, 11, 111, 2, 102, 12, 112]
  const rows = [0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112]
  assert.equal([...unwrap(decodeNpy(npy(header('|u1', '(2, 2, 3)', 'True'), columns))).data], rows)
})

test('a file that is cut off is refused wherever the cut is', () => refusesEveryCut(fromBase64(written.f8), decodeNpy))

test('what is wrong is said with its place', () => {
  const file = fromBase64(written.f4)
  fails(decodeNpy(damaged(file, 1, 1)), 'badHeader', /begins with \\x93NUMPY, this one does not. \(at byte 1\)/)
  fails(decodeNpy(damaged(file, 6, 4)), 'unsupportedFormat', /version 4.0; 1.0, 2.0 and 3.0/)
  fails(decodeNpy(Uint8Array.of(...file, 0)), 'trailingBytes', /ends at byte 152, the file has 153/)
  fails(decodeNpy(npy('{}', [])), 'badHeader', /a dictionary of descr, fortran_order and shape is expected, not "{}"/)
  fails(decodeNpy(npy(header('<f8', '(2.5,)'), [])), 'badHeader', /a dictionary/)
  fails(decodeNpy(npy(header('<f8', '(99999999, 99999999, 99999999)'), [])), 'badShape', /no file has the elements/)
  for (const descr of ['|O', '<U3', '<c8', '<M8[s]', '=f8', '<f2', '|f4', '<constructor'])
    fails(decodeNpy(npy(header(descr, '(1,)'), [])), 'unsupportedType', /convert with astype/)
  fails(
    decodeNpy(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", [])),
    'unsupportedType',
    /elements of/,
  )
})

test.run()
