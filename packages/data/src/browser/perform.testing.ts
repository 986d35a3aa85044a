/** What a page and Node do alike: decode samples of all formats, and tell what came of them as text. */

import { encode } from 'fast-png'
import { gzipSync, zipSync } from 'fflate'
import {
  batches,
  decodeCifar10,
  decodeCsv,
  decodeIdx,
  decodeNpz,
  decodePngArchive,
  decodeTable,
  decodeWords,
  fromArrays,
  permutation,
  standardisation,
  unwrap,
} from '../index.js'

const text = (words: string): Uint8Array => new TextEncoder().encode(words)

/** As `numpy.save` writes [1.5, -2] of f4. */
const npy = (): Uint8Array => {
  const header = text("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n")
  const elements = new Uint8Array(Float32Array.of(1.5, -2).buffer)
  return Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0, ...header, ...elements)
}

const images = (): Uint8Array => {
  const image = (first: number) =>
    encode({ width: 3, height: 2, channels: 1, data: Uint8Array.from({ length: 6 }, (_, i) => first + i) })
  return zipSync({ 'a/1.png': image(1), 'b/1.png': image(100) })
}

const results = async (): Promise<Readonly<Record<string, unknown>>> => {
  const idx = gzipSync(Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4))
  const order: unknown[] = []
  const source = fromArrays({ x: unwrap(decodeTable(text('1 2\n3 4\n5 6\n'))) })
  for await (const { value, next } of batches(source, { size: 2, seed: 7, epochs: 2 }))
    order.push([...value.x.data], next)
  return {
    idx: unwrap(decodeIdx(idx)),
    'idx, cut off': decodeIdx(idx.slice(0, -3)),
    cifar: unwrap(decodeCifar10(gzipSync(new Uint8Array(3073).fill(3)))).images.shape,
    npz: [...unwrap(decodeNpz(zipSync({ 'w.npy': npy() })))],
    images: unwrap(decodePngArchive(images())),
    csv: unwrap(decodeCsv(text('a,b\r\n1,"x, ""y"""\r\n'), { text: ['b'] })).text.get('b'),
    'csv, broken': decodeCsv(text('a,b\n1,"x\n')),
    words: unwrap(decodeWords(gzipSync(text(' to be \n')))),
    'not UTF-8': decodeWords(Uint8Array.of(0xe9, 10)),
    permutation: permutation(2 ** 40 + 1, 100),
    statistics: standardisation(unwrap(decodeTable(text('0.1 1\n0.2 1\n0.4 1\n')))),
    batches: order,
  }
}

// typed arrays with their types, as JSON alone would make objects of them
const plain = (_: string, value: unknown): unknown =>
  ArrayBuffer.isView(value) ? [Object.prototype.toString.call(value), ...(value as Uint8Array)] : value

/** By name, as JSON. */
export const perform = async (): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries(Object.entries(await results()).map(([name, value]) => [name, JSON.stringify(value, plain)]))
