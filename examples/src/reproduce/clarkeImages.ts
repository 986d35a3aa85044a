/** Clarke et al. 2022, table of Fashion-MNIST: a perceptron of 50 relu units, batches of 50, 10 epochs, hyperparameters moved every 10 batches. And the same
 *  on MNIST, which is not in the paper, for where Fashion-MNIST is not at hand. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type LabelledImages, permutation, standardisation, type TrainAndTest, unwrap } from '@neumann/data'
import { mnist, readMnist } from '@neumann/data/node'
import { array, cast, type Device, dispose, div, sub, type Tensor, take } from '@neumann/linalg-gpu'
import { crossEntropy } from '@neumann/nn'
import { onWasm } from '../onWasm.js'
import { perceptron } from '../tasks/perceptron.js'
import { type Comparison, compared, type Figures, type Name } from './clarke.js'
import type { Part, Samples } from './clarkeMethods.js'
import type { Reproduction } from './reproduction.js'

const batch = 50
const batches = 10
/** The first rows train, the next ones validate. */
const train = 50_000
const validation = 10_000

/** Rows of shuffled batches without end, an order for each epoch. */
function* shuffled(first: number, count: number, seed: number): Generator<readonly number[], never> {
  for (let epoch = 0; ; epoch++) {
    const order = Array.from(permutation(seed, count, epoch), (row) => first + row)
    for (let at = 0; at + batch <= count; at += batch) yield order.slice(at, at + batch)
  }
}

/** What each step sees, all members the same. */
export function* samplesOf(part: Part, steps: number, device: Device): Generator<Samples> {
  const training = shuffled(0, part === 'split' ? train : train + validation, 1)
  const validating = shuffled(train, validation, 2)
  for (let step = 0; step < steps; step++) {
    const rows = Array.from({ length: batches }, () => training.next().value).flat()
    const seen = {
      train: array(Int32Array.from(rows), { shape: [batches, batch], device }),
      validation: array(Int32Array.from(validating.next().value), { device }),
    }
    yield seen
    dispose(seen)
  }
}

const pixels = 784

/** Images as rows of bytes, and labels, on the device. */
const placed = ({ images, labels }: LabelledImages, device: Device) => ({
  images: array(images.data, { shape: [labels.data.length, pixels], device }),
  labels: array(Int32Array.from(labels.data), { device }),
})

interface Size {
  readonly members: number
  readonly steps: number
}

/** The comparison on such images. Each pixel is standardised by itself. */
const imageComparison = (
  { train: known, test }: TrainAndTest<LabelledImages>,
  device: Device,
  { members, steps }: Size,
): Comparison<ReturnType<ReturnType<typeof perceptron>['init']>> => {
  const { mean, deviation } = standardisation({ data: known.images.data, shape: [train + validation, pixels] })
  const [centre, spread] = [mean, deviation].map((x) => array(Float32Array.from(x), { device })) as [Tensor, Tensor]
  const net = perceptron(pixels, 50, 10)
  type Weights = ReturnType<typeof net.init>
  const loss = (weights: Weights, images: Tensor, labels: Tensor): Tensor =>
    crossEntropy(net.apply(weights, div(sub(cast(images, 'f32'), centre), spread)), labels)
  const all = placed(known, device)
  const tested = placed(test, device)
  const onRows = (weights: Weights, rows: Tensor): Tensor =>
    loss(weights, take(all.images, rows, { axis: 0 }), take(all.labels, rows))
  const held = array(
    Int32Array.from({ length: validation }, (_, i) => train + i),
    { device },
  )
  return {
    device,
    net,
    task: () => ({ training: onRows, validation: onRows }),
    test: (weights) => loss(weights, tested.images, tested.labels),
    validation: (weights) => onRows(weights, held),
    members,
    // of 1, 2, 5, 10 and 20 the fastest on two cores
    chunk: 10,
    steps,
    samples: (part) => samplesOf(part, steps, device),
  }
}

const reproduction = (
  name: string,
  title: string,
  folder: (data: string | undefined) => string | undefined,
  figures: Figures,
): Reproduction => ({
  name,
  title,
  source:
    'Clarke, Oldewage, Hernández-Lobato 2022, arXiv 2110.10461, table of larger data (submission), rows realigned by the specification',
  run: async ({ quick, data, seeds = quick ? 3 : 20, progress }) => {
    const from = folder(data)
    const images = unwrap(await (from === undefined ? mnist() : readMnist(from))())
    return onWasm((device) =>
      compared(
        imageComparison(images, device, { members: seeds, steps: quick ? 2 : 1000 }),
        names,
        figures,
        progress,
        1e3,
      ),
    )
  },
})

/** Random, and ours. */
const names: readonly Name[] = ['random', 'WD+LR', 'WD+LR+M', 'WD+HDLR+M']

const debian = '/usr/share/datasets/fashion-mnist'

const fashionIn = (data: string | undefined): string =>
  [...(data === undefined ? [] : [join(data, 'fashion-mnist')]), debian].find((folder) => existsSync(folder)) ??
  (() => {
    throw new Error(
      `Fashion-MNIST is neither in DIR/fashion-mnist of --data DIR (or NEUMANN_DATA) nor in ${debian}: install Debian's dataset-fashion-mnist, or take clarke-mnist.`,
    )
  })()

export const clarkeFashion = reproduction(
  'clarke-fashion',
  'Fashion-MNIST: test cross-entropy, one-pass tuning against fixed hyperparameters',
  fashionIn,
  {
    random: ['.85 ± .07', '.51 ± .05', '.334'],
    'WD+LR': ['.375 ± .002', '.375 ± .003', '.336'],
    'WD+LR+M': ['.374 ± .002', '.373 ± .003', '.336'],
    'WD+HDLR+M': ['.402 ± .004', '.389 ± .003', '.358'],
  },
)

export const clarkeMnist = reproduction(
  'clarke-mnist',
  'MNIST, as the paper does Fashion-MNIST (it has no figures for MNIST): test cross-entropy, one-pass tuning against fixed hyperparameters',
  () => undefined,
  {},
)
