/** From digits to a classifier: shuffled batches, a falling step size, one jitted step, and `iterate`, which owns the state between steps. */

import {
  array,
  type Device,
  data,
  dispose,
  foldIn,
  iterate,
  jit,
  key,
  permutation,
  scope,
  slice,
  splitKey,
  type Tensor,
} from '@neumann/linalg-gpu'
import { apply, begin, correct, crossEntropy, init, momentumStep, type Params, type State } from './classifier.js'
import { type Digits, rows } from './digits.js'

export interface Plan {
  readonly epochs: number
  readonly batch: number
  readonly hidden: number
  readonly lr: number
  readonly seed: number
  readonly device: Device
}

/** Where the training is: after `step` of all steps, `loss` being that of the last batch. */
export interface Progress {
  readonly step: number
  readonly loss: number
  readonly params: Params
}

interface Batch {
  readonly rows: Tensor
  readonly rate: number
}

const classes = 10
const momentum = 0.9

export const stepsPerEpoch = ({ count }: Digits, { batch }: Plan): number => Math.floor(count / batch)

/** The batches of all epochs: each goes through the digits in an order of its own, and leaves out the few that fill no batch.
 *  The step size falls from `lr` to 0 along half a cosine. */
async function* batches(digits: Digits, plan: Plan, keyOfOrder: Tensor): AsyncGenerator<Batch> {
  const steps = stepsPerEpoch(digits, plan)
  for (let epoch = 0; epoch < plan.epochs; epoch++) {
    const shuffled = scope(() => permutation(foldIn(keyOfOrder, epoch), digits.count))
    const order = await data(shuffled)
    dispose(shuffled)
    for (let step = 0; step < steps; step++) {
      const done = (epoch * steps + step) / (plan.epochs * steps)
      const chosen = array(order.slice(step * plan.batch, (step + 1) * plan.batch), { device: plan.device })
      yield { rows: chosen, rate: (plan.lr / 2) * (1 + Math.cos(Math.PI * done)) }
      dispose(chosen)
    }
  }
}

const placed = ({ count, pixels, images, labels }: Digits, device: Device): { images: Tensor; labels: Tensor } => ({
  images: array(images, { shape: [count, pixels], device }),
  labels: array(Int32Array.from(labels), { device }),
})

/** Trains from random weights; tells about every tenth step, and the last of each epoch. The parameters it tells are its own: copy what should last. */
export async function* train(digits: Digits, plan: Plan): AsyncGenerator<Progress, Params> {
  const { params, keyOfOrder } = scope(() => {
    const keys = splitKey(key(plan.seed))
    return { params: init(slice(keys, 0), digits.pixels, plan.hidden, classes), keyOfOrder: slice(keys, 1) }
  })
  const { images, labels } = placed(digits, plan.device)
  // traced once: the step size is a number, an argument like any other
  const step = jit(
    (state: State, batch: Batch) => momentumStep(images, labels, momentum)(state, batch.rows, batch.rate),
    { donate: 0, name: 'step' },
  )
  const steps = stepsPerEpoch(digits, plan)
  let state = begin(params)
  for await (const now of iterate(step, state, batches(digits, plan, keyOfOrder))) {
    state = now.state
    const done = now.index + 1
    if (done % 10 === 0 || done % steps === 0)
      yield { step: done, loss: (await data(now.value))[0]!, params: state.params }
  }
  dispose([state.velocity, images, labels, keyOfOrder])
  return state.params
}

export interface Score {
  readonly loss: number
  /** Between 0 and 1. */
  readonly accuracy: number
}

/** Mean loss and accuracy, a thousand digits at a time. */
export const scoring = (device: Device): ((params: Params, digits: Digits) => Promise<Score>) => {
  const part = jit((params: Params, images: Tensor, labels: Tensor) => {
    const logits = apply(params, images)
    return { loss: crossEntropy(logits, labels), hits: correct(logits, labels) }
  })
  return async (params, digits) => {
    let loss = 0
    let hits = 0
    for (let from = 0; from < digits.count; from += 1000) {
      const some = rows(digits, from, Math.min(digits.count, from + 1000))
      const { images, labels } = placed(some, device)
      const result = part(params, images, labels)
      loss += some.count * (await data(result.loss))[0]!
      hits += (await data(result.hits))[0]!
      dispose([images, labels, result])
    }
    return { loss: loss / digits.count, accuracy: hits / digits.count }
  }
}
