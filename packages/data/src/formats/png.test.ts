import { deflateSync } from 'node:zlib'
import { encode } from 'fast-png'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unwrap } from '../outcome.js'
import { damaged, fails, noticesEveryByte, refusesEveryCut } from '../support.testing.js'
import { crc32 } from './bytes.js'
import { decodePng } from './png.js'

const big = (value: number): readonly number[] => [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255]
const chunk = (type: string, content: ArrayLike<number>): readonly number[] => {
  const body = [...new TextEncoder().encode(type), ...Array.from(content)]
  return [...big(content.length), ...body, ...big(crc32(Uint8Array.from(body)))]
}
interface Parts {
  readonly size: readonly [number, number]
  readonly depth?: number
  readonly colour?: number
  readonly interlaced?: number
  /** Rows with their bytes of filter. */
  readonly rows: readonly number[]
  readonly more?: readonly number[]
}
/** An image put together by hand, from rows that are filtered already. */
const png = ({ size: [width, height], depth = 8, colour = 0, interlaced = 0, rows, more = [] }: Parts): Uint8Array =>
  Uint8Array.from([
    ...[137, 80, 78, 71, 13, 10, 26, 10],
    ...chunk('IHDR', [...big(width), ...big(height), depth, colour, 0, 0, interlaced]),
    ...more,
    ...chunk('IDAT', deflateSync(Uint8Array.from(rows))),
    ...chunk('IEND', []),
  ])

const small = png({ size: [3, 2], rows: [0, 1, 2, 3, 0, 4, 5, 255] })

test('bytes of grey', () => {
  assert.equal(unwrap(decodePng(small)), { data: Uint8Array.of(1, 2, 3, 4, 5, 255), shape: [2, 3] })
})

test('filters: the difference to the left and to the row above', () => {
  const filtered = png({ size: [3, 2], rows: [1, 10, 1, 1, 2, 1, 1, 250] })
  assert.equal([...unwrap(decodePng(filtered)).data], [10, 11, 12, 11, 12, 6])
})

test('samples of one, two and four bits become 0 … 255; rows are padded to bytes', () => {
  const read = (depth: number, width: number, ...bytes: readonly number[]) => [
    ...unwrap(
      decodePng(
        png({
          size: [width, 2],
          depth,
          rows: [0, ...bytes.slice(0, bytes.length / 2), 0, ...bytes.slice(bytes.length / 2)],
        }),
      ),
    ).data,
  ]
  assert.equal(read(1, 3, 0b10100000, 0b01011111), [255, 0, 255, 0, 255, 0])
  assert.equal(read(1, 9, 0xff, 0x00, 0x00, 0x80), [...new Array(8).fill(255), 0, ...new Array(8).fill(0), 255])
  assert.equal(read(2, 3, 0b00011000, 0b11111111), [0, 85, 170, 255, 255, 255])
  assert.equal(read(4, 1, 0x70, 0xff), [119, 255])
})

test('colours, alpha and palettes', () => {
  assert.equal(unwrap(decodePng(png({ size: [1, 1], colour: 2, rows: [0, 7, 8, 9] }))), {
    data: Uint8Array.of(7, 8, 9),
    shape: [1, 1, 3],
  })
  assert.equal(unwrap(decodePng(png({ size: [1, 1], colour: 6, rows: [0, 7, 8, 9, 4] }))).shape, [1, 1, 4])
  assert.equal(unwrap(decodePng(png({ size: [2, 1], colour: 4, rows: [0, 7, 8, 9, 4] }))).shape, [1, 2, 2])
  const palette = chunk('PLTE', [1, 2, 3, 40, 50, 60])
  const indexed = { size: [3, 1], depth: 1, colour: 3, rows: [0, 0b01000000] } as const
  assert.equal(unwrap(decodePng(png({ ...indexed, more: palette }))), {
    data: Uint8Array.of(1, 2, 3, 40, 50, 60, 1, 2, 3),
    shape: [1, 3, 3],
  })
  const alpha = [...palette, ...chunk('tRNS', [9])]
  assert.equal([...unwrap(decodePng(png({ ...indexed, more: alpha }))).data], [1, 2, 3, 9, 40, 50, 60, 255, 1, 2, 3, 9])
  fails(decodePng(png({ ...indexed, depth: 8, rows: [0, 0, 1, 2], more: palette })), 'badValue', /palette/)
})

test('what fast-png writes, with its own choice of filters', () => {
  const data = Uint8Array.from({ length: 20 * 30 * 3 }, (_, i) => (i * i) % 256)
  assert.equal(unwrap(decodePng(encode({ width: 20, height: 30, channels: 3, data }))), { data, shape: [30, 20, 3] })
})

test('other chunks are passed over', () => {
  const more = [...chunk('tEXt', [1, 2, 3]), ...chunk('iCCP', [0, 0, 0]), ...chunk('tIME', [1])]
  assert.equal(unwrap(decodePng(png({ size: [1, 1], rows: [0, 9], more }))).data, Uint8Array.of(9))
})

test('cut off anywhere it is refused, and every damaged byte is noticed', () => {
  refusesEveryCut(small, decodePng)
  noticesEveryByte(small, decodePng)
})

test('pixels that are lacking or too many are refused, though all checksums are right', () => {
  const rows = [0, 1, 2, 3, 0, 4, 5, 255]
  fails(
    decodePng(png({ size: [3, 2], rows: rows.slice(0, -1) })),
    'badCompression',
    /the pixels expand to 7 bytes, not 8/,
  )
  fails(decodePng(png({ size: [3, 2], rows: rows.slice(0, 4) })), 'badCompression', /expand to 4 bytes, not 8/)
  fails(decodePng(png({ size: [3, 2], rows: [...rows, 0] })), 'badCompression', /expand to more bytes, not 8/)
  fails(
    decodePng(png({ size: [60_000, 60_000], rows })),
    'badCompression',
    /bytes cannot expand to 60000 × 60000 pixels/,
  )
  fails(decodePng(png({ size: [3, 2], rows: [7, ...rows.slice(1)] })), 'badValue', /filter/)
})

test('what is wrong is said with its place', () => {
  fails(
    decodePng(Uint8Array.of(0xff, 0xd8, 0xff)),
    'badHeader',
    /not the signature with which PNG begins. \(at byte 0\)/,
  )
  fails(decodePng(Uint8Array.of(...small, 0)), 'trailingBytes', /the image ends at byte/)
  fails(decodePng(damaged(small, 20, 1)), 'badChecksum', /CRC-32 of chunk IHDR: the file is damaged. \(at byte 8\)/)
  fails(decodePng(png({ size: [1, 1], depth: 16, rows: [0, 1, 2] })), 'unsupportedFormat', /16 bits a sample/)
  fails(decodePng(png({ size: [1, 1], interlaced: 1, rows: [0, 1] })), 'unsupportedFormat', /an interlaced image/)
  fails(
    decodePng(png({ size: [0, 1], rows: [] })),
    'badHeader',
    /0 × 1 pixels of 8 bits and colour type 0 are no image/,
  )
  fails(decodePng(png({ size: [1, 1], colour: 5, rows: [0, 1] })), 'badHeader', /colour type 5/)
  fails(decodePng(png({ size: [1, 1], depth: 3, rows: [0, 1] })), 'badHeader', /3 bits/)
})

test.run()
