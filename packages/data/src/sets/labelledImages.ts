/** Images and what they show. */

import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { decodeIdx } from '../formats/idx.js'
import type { NdArray } from '../ndarray.js'
import { type DataError, refuse } from '../outcome.js'

export interface LabelledImages {
  /** Rows of pixels, 0 … 255; the first axis counts the images. */
  readonly images: NdArray<Uint8Array>
  /** One number for each image. */
  readonly labels: NdArray<Uint8Array>
}

/** A data set in the parts that its authors chose. */
export interface TrainAndTest<T> {
  readonly train: T
  readonly test: T
}

/** Images and labels from a pair of IDX files, as MNIST, Fashion-MNIST and their kin come.
 *  Shapes   images [n, rows, columns] · labels [n]
 *  Fails    badShape: they do not belong together | unsupportedType: no bytes | badValue: a label over 9 | as
 *           `decodeIdx`
 *  @example
 *  const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 5, 6)
 *  decodeIdxPair(images, Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 3))
 *  // => { _tag: 'Right', right: { images: { data: Uint8Array(2) [ 5, 6 ], shape: [ 1, 1, 2 ] },
 *  //      labels: { data: Uint8Array(1) [ 3 ], shape: [ 1 ] } } } */
export const decodeIdxPair = (imageFile: Uint8Array, labelFile: Uint8Array): Either<DataError, LabelledImages> => {
  const images = decodeIdx(imageFile)
  if (isLeft(images)) return images
  const labels = decodeIdx(labelFile)
  return isLeft(labels) ? labels : paired(images.right, labels.right)
}

/** The pair, if the arrays are one. */
export const paired = (images: NdArray, labels: NdArray): Either<DataError, LabelledImages> => {
  if (images.shape.length !== 3 || labels.shape.length !== 1 || images.shape[0] !== labels.shape[0])
    return refuse(
      'badShape',
      `images [${images.shape.join(', ')}] and labels [${labels.shape.join(', ')}] are no pair: [n, …, …] and [n] are.`,
    )
  if (!isBytes(images) || !isBytes(labels))
    return refuse('unsupportedType', 'images and labels of this kind are bytes, type 8 of IDX.')
  const wrong = labels.data.findIndex((label) => label > 9)
  if (wrong >= 0)
    return refuse('badValue', `the label of image ${wrong} is ${labels.data[wrong]}, 0 … 9 are expected.`, 8 + wrong)
  return right({ images, labels })
}

const isBytes = (x: NdArray): x is NdArray<Uint8Array> => x.data instanceof Uint8Array
