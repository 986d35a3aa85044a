import { encode } from 'fast-png'
import { gzipSync, zipSync } from 'fflate'
import type { Either } from 'fp-ts/lib/Either.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type DataError,
  decodeCifar10,
  decodeCsv,
  decodeIdx,
  decodeNpy,
  decodeNpz,
  decodePng,
  decodePngArchive,
  decodeTable,
  decodeUci,
  decodeWords,
} from './index.js'
import { threefry } from './prepare/threefry.js'

// Whatever the bytes are, a reader gives a result or an error value: it neither throws nor takes memory that the file cannot fill.

const text = (words: string): Uint8Array => new TextEncoder().encode(words)
const npy = Uint8Array.of(
  ...[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 62, 0],
  ...text("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 1), }\n   "),
  ...new Uint8Array(8),
)
const png = encode({ width: 5, height: 4, channels: 3, data: new Uint8Array(60).fill(7) })
const limits = { maximumBytes: 1e6 }

const samples: Readonly<Record<string, readonly [Uint8Array, (bytes: Uint8Array) => Either<DataError, unknown>]>> = {
  idx: [Uint8Array.of(0, 0, 11, 2, 0, 0, 0, 2, 0, 0, 0, 1, 1, 2, 3, 4), decodeIdx],
  'idx.gz': [gzipSync(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 1, 2)), decodeIdx],
  'cifar.gz': [gzipSync(new Uint8Array(3073)), decodeCifar10],
  npy: [npy, decodeNpy],
  npz: [zipSync({ 'a.npy': npy, 'b.npy': [npy, { level: 0 }] }), (bytes) => decodeNpz(bytes, limits)],
  png: [png, decodePng],
  'png archive': [zipSync({ 'a/b.png': png, 'c.png': png }), (bytes) => decodePngArchive(bytes, limits)],
  csv: [text('a,b\n1,"2"\n3,4\n'), (bytes) => decodeCsv(bytes, { text: ['b'] })],
  table: [text(' 1 2e3\n3 -4.5\n'), decodeTable],
  words: [text(' to be or \n not \n'), (bytes) => decodeWords(bytes)],
  uci: [
    text('0\n1\n'),
    (bytes) => decodeUci({ data: text('1 2\n3 4\n'), features: bytes, target: text('1\n'), order: bytes }),
  ],
}

/** The bytes with up to four changes: a byte replaced, a piece cut out, a piece written twice. */
const changed = (bytes: Uint8Array, seed: number): Uint8Array => {
  let now = bytes
  const [count] = threefry([seed, 0], [0, 0])
  for (let change = 0; change <= count % 4; change++) {
    const [a, b] = threefry([seed, 1], [change, 0])
    const at = a % (now.length + 1)
    const length = 1 + ((b >>> 8) % 8)
    if (b % 4 === 0) now = Uint8Array.of(...now.subarray(0, at), ...now.subarray(at + length))
    else if (b % 4 === 1) now = Uint8Array.of(...now.subarray(0, at + length), ...now.subarray(at))
    else now = now.map((byte, i) => (i === at ? b >>> 24 : byte))
  }
  return now
}

for (const [name, [bytes, decode]] of Object.entries(samples))
  test(`${name}: two thousand broken files, and noise, are refused or read, and nothing is thrown`, () => {
    assert.is(decode(bytes)._tag, 'Right', 'whole')
    let refused = 0
    for (let seed = 0; seed < 2000; seed++) {
      const outcome = decode(changed(bytes, seed))
      if (outcome._tag === 'Left') {
        refused++
        assert.ok(outcome.left.message.length < 1000, 'the message quotes no file')
      }
    }
    assert.ok(refused > 200, `only ${refused} are refused: the changes did no harm`)
    for (let seed = 0; seed < 200; seed++) {
      const noise = Uint8Array.from({ length: seed }, (_, i) => threefry([seed, 2], [i, 0])[0] & 255)
      decode(noise)
      decode(Uint8Array.of(...bytes.subarray(0, 4), ...noise))
    }
  })

test.run()
