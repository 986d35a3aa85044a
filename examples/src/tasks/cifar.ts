/** CIFAR-10, read by a ResNet-18: images of 32 × 32 in three colours, in the setting of Clarke et al. 2022.
 *
 *  Batch normalisation has statistics, which validation needs and no gradient moves. So the outer objective sees { params, statistics }:
 *
 *    Φ(s, λ)   params ← one step of the rule down the loss by the batch's own statistics (`train`);  statistics ← moved toward the batch's
 *    F         the loss by the statistics of the state (`eval`), of which no image depends on another of its batch
 *    f         the loss by the batch's own statistics: one batch, so one function, whose gradient Φ takes
 *
 *  The statistics are constants to derivatives, as the momenta of the optimiser are. Φ does not read them, so that Jᵀ leaves a vector that is zero there
 *  zero there: the series runs over the weights alone. (As variables they would bring 0.9, by which they forget, into a series that is cut after 5 terms.)
 *  What a certificate calls `stationarity` is by how much both move.
 *
 *  Pixels are standardised by mean and deviation of each colour over the images to train on, on the device. No augmentation.
 *  Source   Clarke, Oldewage, Hernández-Lobato 2022; He, Zhang, Ren, Sun 2015, in the form of torchvision: the first two layers already make 8 × 8 of an image */

import { stat } from 'node:fs/promises'
import { stopGradient } from '@neumann/autodiff'
import {
  decodeCifar10,
  fromArrays,
  type LabelledImages,
  type Standardisation,
  split,
  standardisation,
  takeRows,
  unwrap,
} from '@neumann/data'
import { readCifar10, readFile } from '@neumann/data/node'
import { field, type Training } from '@neumann/hypergrad'
import { add, cast, div, full, stack, sub, type Tensor } from '@neumann/linalg-gpu'
import { crossEntropy, type ResnetParams, type ResnetState, resnet18 } from '@neumann/nn'
import { below } from './below.js'
import { classified, showClassified } from './classified.js'
import { penalty } from './learnerOf.js'
import { stepDown } from './stepDown.js'
import { batchSize, type Learner, type Part, type Rule, task, type Wanted } from './task.js'

type Images = { readonly images: Tensor; readonly labels: Tensor }

/** What the outer objective sees. */
export interface Network {
  readonly params: ResnetParams
  readonly statistics: ResnetState
}

const classes = 10

/** z = (x − m) / s in each colour: bytes [n, 3, 32, 32] → numbers like those of the weights.
 *  (The statistics are filled in: an array would be on a device of its own, and not where the images are.) */
export const standardised = ({ mean, deviation }: Standardisation, images: Tensor, like: Tensor): Tensor => {
  const ofColours = (x: Float64Array): Tensor => stack(Array.from(x, (own) => full([1, 1], own, { dtype: like.dtype })))
  return div(sub(cast(images, like.dtype), ofColours(mean)), ofColours(deviation))
}

export const learner =
  (width: number, pixels: Standardisation) =>
  (rule: Rule): Learner<Training<Network, unknown>, Network, Images> => {
    const net = resnet18('torchvision', { classes, widths: [width, 2 * width, 4 * width, 8 * width] })
    const step = stepDown(rule)
    const apply = (mode: 'train' | 'eval', { params, statistics }: Network, images: Tensor) =>
      net.apply(params, standardised(pixels, images, params.head.weight), { mode, state: statistics })
    const learnt = (network: Network, { images, labels }: Images): readonly [Tensor, ResnetState] => {
      const [logits, next] = apply('train', network, images)
      return [crossEntropy(logits, cast(labels, 'i32')), next]
    }
    const judged = ({ params, statistics }: Network, images: Tensor): Tensor =>
      apply('eval', { params, statistics: stopGradient(statistics) }, images)[0]
    return {
      problem: {
        weights: field('weights'),
        update: ({ weights: { params, statistics }, optimiser }, hyper, batch) => {
          const loss = (own: ResnetParams) => learnt({ params: own, statistics }, batch)
          const [after, next] = step(loss, { weights: params, optimiser }, hyper)
          return { weights: { params: after.weights, statistics: next }, optimiser: after.optimiser }
        },
        outer: (network, _, { images, labels }) => crossEntropy(judged(network, images), cast(labels, 'i32')),
        inner: (network, { decay }, batch) => add(learnt(network, batch)[0], penalty(network.params, decay)),
      },
      begin: (key) => {
        const params = net.init(key)
        return { weights: { params, statistics: net.initialState() }, optimiser: rule.optimiser.init(params) }
      },
      parameters: ({ weights: { params } }) => params,
      score: (state, { images, labels }) => [classified(judged(state.weights, images), labels), state],
    }
  }

const rows = ({ images, labels }: LabelledImages, chosen: Int32Array): LabelledImages => ({
  images: takeRows(images, chosen),
  labels: takeRows(labels, chosen),
})

/** The first of these images, and the others. */
const cut = (all: LabelledImages, first: number): readonly [LabelledImages, LabelledImages] => {
  const { head, tail } = split(all.labels.data.length, { head: first, tail: 'rest' })
  return [rows(all, head), rows(all, tail)]
}

/** What is known and what is for testing: of a folder by its files, of a single file the last sixth is for testing.
 *  Fails    where the folder lacks one of the six files */
const read = async (path: string): Promise<readonly [LabelledImages, LabelledImages]> => {
  if ((await stat(path).catch(() => undefined))?.isFile()) {
    const all = unwrap(await readFile(path, decodeCifar10)())
    return cut(all, Math.floor((5 * all.labels.data.length) / 6))
  }
  const outcome = await readCifar10(await below(path, 'cifar-10'))()
  if (outcome._tag === 'Left' && outcome.left.code === 'notFound')
    throw new Error(`${outcome.left.message} --data can also be one file of such records, which is cut in three.`)
  const { train, test } = unwrap(outcome)
  return [train, test]
}

/** `--hidden` is the number of filters in the first stage, which doubles in each of the three others; `--samples` the most images of each of the three parts. */
export const cifar = task(
  { epochs: 72, batch: 100, hidden: 64, settings: 1, across: 'in turn' },
  async (wanted: Wanted) => {
    const { folder, hidden, samples } = wanted
    if (folder === undefined)
      throw new Error(
        '--task cifar needs --data DIR, a folder with data_batch_1.bin … data_batch_5.bin and test_batch.bin, the binary version of CIFAR-10.',
      )
    const [known, unseen] = await read(folder)
    // nine tenths to train on, one to validate
    const all = [...cut(known, Math.floor(0.9 * known.labels.data.length)), unseen]
    const most = ({ labels }: LabelledImages): number => Math.min(samples ?? Infinity, labels.data.length)
    const [train, validation, test] = all.map((part) => cut(part, most(part))[0]) as [
      LabelledImages,
      LabelledImages,
      LabelledImages,
    ]
    const size = batchSize(wanted, train.labels.data.length)
    const part = ({ images, labels }: LabelledImages): Part => ({
      source: fromArrays({ images, labels }),
      size: Math.min(size, labels.data.length),
      order: 'shuffled',
    })
    const [a, b, c] = [train, validation, test].map(({ labels }) => labels.data.length.toLocaleString('en'))
    return {
      data: `${a} images to train on, ${b} to validate, ${c} to test, of ${folder}`,
      model: `ResNet-18 of ${hidden} to ${8 * hidden} filters`,
      parts: { train: part(train), validation: part(validation), test: part(test) },
      learner: learner(hidden, standardisation(train.images, { per: 'channel' })),
      show: showClassified,
    }
  },
)
