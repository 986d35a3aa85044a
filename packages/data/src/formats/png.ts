/** PNG images as bytes 0 … 255.
 *
 *      signature | length type content crc32 | … | IEND
 *
 *  fast-png decodes. It takes a stream that ends early for one of zeros, so the chunks, their checksums and the length
 *  of the expanded stream are checked here first, and it sees only those chunks that make the pixels.
 *  Read      grey of 1, 2, 4 and 8 bits (scaled to 0 … 255), grey with alpha, RGB, RGBA, palettes (as RGB, or RGBA
 *            where they have alpha).
 *  Refused   16 bits, interlaced images. A colour key (tRNS of grey and RGB) is ignored.
 *  Shapes    [rows, columns] for grey, else [rows, columns, channels]
 *  Fails     truncated | trailingBytes | badHeader | badCompression | badChecksum | badValue | unsupportedFormat
 *  Source    W3C, Portable Network Graphics, third edition. */

import { convertIndexedToRgb, decode } from 'fast-png'
import { unzlibSync } from 'fflate'
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import type { NdArray } from '../ndarray.js'
import { type DataError, refuse } from '../outcome.js'
import { crc32, plainBytes, viewOf } from './bytes.js'
import { expansion } from './inflate.js'

const caller = 'decodePng'

/** The pixels of a PNG image. */
export const decodePng = (file: Uint8Array): Either<DataError, NdArray<Uint8Array>> => {
  const chunks = chunksOf(plainBytes(file))
  if (isLeft(chunks)) return chunks
  const header = headerOf(chunks.right)
  if (isLeft(header)) return header
  const { width, height, depth, channels } = header.right
  const wrong = streamTrouble(chunks.right, header.right)
  if (wrong !== undefined)
    return refuse('badCompression', `${caller}: ${wrong}: the file is damaged.`, chunks.right[0]!.at)
  try {
    const image = decode(
      joined([signature, ...chunks.right.filter(({ type }) => forPixels.has(type)).map(({ bytes }) => bytes)]),
    )
    if (image.palette !== undefined) {
      const data = convertIndexedToRgb(image)
      return right({ data, shape: [height, width, data.length / (width * height)] })
    }
    const data = depth < 8 ? scaled(image.data, width, height, depth) : new Uint8Array(image.data)
    return right({ data, shape: channels === 1 ? [height, width] : [height, width, channels] })
  } catch (error) {
    return refuse('badValue', `${caller}: ${(error as Error).message}.`)
  }
}

interface Chunk {
  readonly type: string
  readonly at: number
  /** Length, type, content and checksum. */
  readonly bytes: Uint8Array
}

const signature = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10)
const forPixels = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'])

const chunksOf = (bytes: Uint8Array): Either<DataError, readonly Chunk[]> => {
  const head = signature.findIndex((byte, i) => i < bytes.length && bytes[i] !== byte)
  if (head >= 0) return refuse('badHeader', `${caller}: not the signature with which PNG begins.`, head)
  const view = viewOf(bytes)
  const chunks: Chunk[] = []
  for (let at = 8; ; ) {
    if (at + 12 > bytes.length)
      return refuse('truncated', `${caller}: a chunk is expected, the file ends.`, bytes.length)
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    const end = at + 12 + view.getUint32(at)
    if (end > bytes.length)
      return refuse(
        'truncated',
        `${caller}: chunk ${type} ends at byte ${end}, the file has ${bytes.length}.`,
        bytes.length,
      )
    if (crc32(bytes.subarray(at + 4, end - 4)) !== view.getUint32(end - 4))
      return refuse('badChecksum', `${caller}: CRC-32 of chunk ${type}: the file is damaged.`, at)
    chunks.push({ type, at, bytes: bytes.subarray(at, end) })
    if (type === 'IEND') {
      if (end === bytes.length) return right(chunks)
      return refuse('trailingBytes', `${caller}: the image ends at byte ${end}, the file has ${bytes.length}.`, end)
    }
    at = end
  }
}

interface Header {
  readonly width: number
  readonly height: number
  readonly depth: number
  readonly channels: number
}

const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }

const headerOf = ([first]: readonly Chunk[]): Either<DataError, Header> => {
  if (first?.type !== 'IHDR' || first.bytes.length !== 25)
    return refuse('badHeader', `${caller}: IHDR of 13 bytes is expected as the first chunk.`, 8)
  const view = viewOf(first.bytes)
  const [width, height, depth, colour] = [view.getUint32(8), view.getUint32(12), first.bytes[16]!, first.bytes[17]!]
  const channels = channelsOf[colour]
  if (width === 0 || height === 0 || channels === undefined || ![1, 2, 4, 8, 16].includes(depth))
    return refuse(
      'badHeader',
      `${caller}: ${width} × ${height} pixels of ${depth} bits and colour type ${colour} are no image.`,
      16,
    )
  if (depth === 16 || first.bytes[20] !== 0)
    return refuse(
      'unsupportedFormat',
      `${caller}: ${depth === 16 ? '16 bits a sample' : 'an interlaced image'}: save it with 8 bits, not interlaced.`,
      24,
    )
  return right({ width, height, depth, channels })
}

/** What is wrong with the compressed stream: it must expand to a byte of filter and the samples for each row. */
const streamTrouble = (chunks: readonly Chunk[], { width, height, depth, channels }: Header): string | undefined => {
  const packed = joined(chunks.filter(({ type }) => type === 'IDAT').map(({ bytes }) => bytes.subarray(8, -4)))
  const size = height * (1 + Math.ceil((width * channels * depth) / 8))
  if (size > expansion * packed.length) return `${packed.length} bytes cannot expand to ${width} × ${height} pixels`
  try {
    const { length } = unzlibSync(packed, { out: new Uint8Array(size + 1) })
    return length === size ? undefined : `the pixels expand to ${length > size ? 'more' : length} bytes, not ${size}`
  } catch (error) {
    return (error as Error).message
  }
}

/** Samples of less than a byte, packed from the left and padded to whole bytes in each row, as 0 … 255. */
const scaled = (packed: ArrayLike<number>, width: number, height: number, depth: number): Uint8Array => {
  const most = 2 ** depth - 1
  const line = Math.ceil((width * depth) / 8)
  const data = new Uint8Array(width * height)
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const bit = column * depth
      const sample = (packed[row * line + (bit >> 3)]! >> (8 - depth - (bit & 7))) & most
      data[row * width + column] = (sample * 255) / most
    }
  return data
}

const joined = (parts: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
