/** MNIST in random parts, on a device: what the reproductions learn from. */

import { type LabelledImages, permutation, unwrap } from '@neumann/data'
import { mnist, readMnist } from '@neumann/data/node'
import { argmax, array, type Device, equal, mean, type Tensor } from '@neumann/linalg-gpu'

/** Digits as numbers: images f32[n, 784] from 0 to 1, labels i32[n]. */
export interface Labelled {
  readonly images: Tensor
  readonly labels: Tensor
}

/** These rows of the digits. */
export const placed = ({ images, labels }: LabelledImages, rows: ArrayLike<number>, device: Device): Labelled => {
  const pixels = images.data.length / labels.data.length
  const values = new Float32Array(rows.length * pixels)
  const own = new Int32Array(rows.length)
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    own[i] = labels.data[row]!
    for (let k = 0; k < pixels; k++) values[i * pixels + k] = images.data[row * pixels + k]! / 255
  }
  return {
    images: array(values, { shape: [rows.length, pixels], device }),
    labels: array(own, { device }),
  }
}

export interface Parts {
  /** Sizes of the parts that the 60,000 digits give, in a random order by the seed. */
  readonly sizes: readonly number[]
  /** How many of the digits for tests, the first ones. */
  readonly test: number
  readonly device: Device
}

/** Random parts of the digits to learn from, which have none in common, and some to be tested on. */
export const mnistParts = async (
  folder: string | undefined,
  { sizes, test: count, device }: Parts,
): Promise<{ readonly parts: (seed: number) => readonly Labelled[]; readonly test: Labelled }> => {
  const { train, test } = unwrap(await (folder === undefined ? mnist() : readMnist(folder))())
  return {
    parts: (seed) => {
      const order = permutation(seed, train.labels.data.length)
      let from = 0
      return sizes.map((size) => placed(train, order.subarray(from, (from += size)), device))
    },
    test: placed(
      test,
      Int32Array.from({ length: count }, (_, i) => i),
      device,
    ),
  }
}

/** The share of rows whose largest logit is at the label. */
export const accuracy = (logits: Tensor, labels: Tensor): Tensor => mean(equal(argmax(logits, { axis: -1 }), labels))
