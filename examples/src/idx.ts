/** Files in the IDX format, in which the MNIST digits and their kin are handed on.
 *
 *      0 0 type rank   size₀ … size_rank−1 (32 bits, big-endian)   elements, row-major
 *
 *  Bytes (type 8) only. Compressed files are recognised by what is in them.
 *  Source   http://yann.lecun.com/exdb/mnist, "the IDX file format" */

import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'

export interface Idx {
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
}

const unsignedBytes = 8

/** The contents of a file, given as bytes. `name` is for messages. */
export const parseIdx = (name: string, file: Uint8Array): Idx => {
  const raw = file[0] === 0x1f && file[1] === 0x8b ? unzipped(name, file) : file
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  const rank = raw[3] ?? 0
  const head = 4 + 4 * rank
  if (raw.length < head || view.getUint16(0) !== 0 || rank === 0)
    throw new Error(`${name} is no IDX file: it should begin with 0 0, a type, and a rank.`)
  if (raw[2] !== unsignedBytes) throw new Error(`${name} holds elements of type ${raw[2]}: only bytes (8) are read.`)
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i))
  const size = shape.reduce((a, b) => a * b, 1)
  if (raw.length !== head + size)
    throw new Error(`${name} says ${shape.join(' × ')}, which is ${size} bytes, and holds ${raw.length - head}.`)
  return { shape, bytes: raw.subarray(head) }
}

const unzipped = (name: string, file: Uint8Array): Uint8Array => {
  try {
    return gunzipSync(file)
  } catch (cause) {
    throw new Error(`${name} is a broken gzip file.`, { cause })
  }
}

export const readIdx = async (path: string): Promise<Idx> => parseIdx(path, await readFile(path))
