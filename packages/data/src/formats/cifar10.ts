/** CIFAR-10, binary version.
 *
 *      label | 1024 red | 1024 green | 1024 blue      for each image, 32 rows of 32
 *
 *  A file of any number of records is read (the sets come in files of 10,000), compressed or not.
 *  Shapes   images [n, 3, 32, 32] · labels [n]
 *  Fails    truncated | badValue | what gzip fails with
 *  Source   Krizhevsky 2009; the page of the data set, "Binary version". */

import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { type DataError, refuse } from '../outcome.js'
import type { LabelledImages } from '../sets/labelledImages.js'
import { unpacked } from './gzip.js'

/** What the labels 0 … 9 mean. */
export const cifar10Classes = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
] as const

const pixels = 3 * 32 * 32
const record = 1 + pixels
const caller = 'decodeCifar10'

/** The images and labels of one file.
 *  @example
 *  decodeCifar10(new Uint8Array(3072))
 *  // => { _tag: 'Left', left: { code: 'truncated', message:
 *  //     'decodeCifar10: records of 3073 bytes are expected, 3072 bytes follow the last whole one. (at byte 0)',
 *  //     offset: 0 } } */
export const decodeCifar10 = (file: Uint8Array): Either<DataError, LabelledImages> => {
  const content = unpacked(caller, file)
  if (isLeft(content)) return content
  const bytes = content.right
  const count = Math.floor(bytes.length / record)
  const rest = bytes.length - count * record
  if (rest > 0 || count === 0)
    return refuse(
      'truncated',
      `${caller}: records of ${record} bytes are expected, ${rest} bytes follow the last whole one.`,
      count * record,
    )
  const labels = new Uint8Array(count)
  const images = new Uint8Array(count * pixels)
  for (let i = 0; i < count; i++) {
    const label = bytes[i * record]!
    if (label > 9) return refuse('badValue', `${caller}: the label of image ${i} is ${label}, 0 … 9 are.`, i * record)
    labels[i] = label
    images.set(bytes.subarray(i * record + 1, (i + 1) * record), i * pixels)
  }
  return right({ images: { data: images, shape: [count, 3, 32, 32] }, labels: { data: labels, shape: [count] } })
}
