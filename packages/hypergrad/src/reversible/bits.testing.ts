/** For tests and tables: how many bits a training run keeps, by its momentum.
 *
 *  A net on made-up digits: ten random images with noise of their own in each example. The bits hardly depend on what is learnt: a remainder
 *  is as good as random. */

import {
  add,
  array,
  expandDims,
  iota,
  key,
  logSoftmax,
  matmul,
  mean,
  mul,
  neg,
  normal,
  randint,
  relu,
  slice,
  splitKey,
  type Tensor,
  take,
  takeAlongAxis,
  uniform,
} from '@neumann/linalg-gpu'
import { type ReversibleRun, reversible } from '../estimators/reversible.js'
import { momentumProblem } from './momentumProblem.js'

export interface BitsOptions {
  readonly momenta?: readonly number[]
  readonly steps?: number
  readonly batch?: number
  readonly hidden?: number
}

export interface BitsRow {
  readonly momentum: number
  /** log₂(1/γ) */
  readonly expected: number
  /** The loss on all examples at the end. */
  readonly loss: number
  readonly run: ReversibleRun
  readonly seconds: number
}

/** A run of 784-hidden-10 in f32, forth and back, for each momentum. */
export const bitsTable = ({
  momenta = [0.5, 0.7, 0.9, 0.95, 0.98, 0.99],
  steps = 1000,
  batch = 50,
  hidden = 50,
}: BitsOptions = {}): BitsRow[] => {
  const examples = 500
  const [images, noise, order, weights] = Array.from({ length: 4 }, (_, i) => slice(splitKey(key(1), 4), i)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ]
  const labels = array(Int32Array.from({ length: examples }, (_, i) => i % 10))
  const x = add(take(uniform(images, [10, 784]), labels, { axis: 0 }), mul(0.5, normal(noise, [examples, 784])))
  // a type and no interface: trees of parameters have an index
  type W = { readonly first: Tensor; readonly second: Tensor }
  const loss = ({ first, second }: W, at: Tensor): Tensor => {
    const logits = logSoftmax(matmul(relu(matmul(take(x, at, { axis: 0 }), first)), second))
    return neg(mean(takeAlongAxis(logits, expandDims(take(labels, at), 1), { axis: 1 })))
  }
  const problem = momentumProblem({
    inner: (w: W, _: { readonly lr: Tensor; readonly momentum: Tensor }, at: Tensor) => loss(w, at),
    outer: (w, _, at: Tensor) => loss(w, at),
    settings: ({ lr, momentum }) => ({ lr, momentum }),
  })
  const estimate = reversible()(problem)
  const start = problem.begin({
    first: mul(0.05, normal(weights, [784, hidden])),
    second: mul(0.2, normal(order, [hidden, 10])),
  })
  const batches = randint(order, [steps, batch], 0, examples)
  return momenta.map((momentum) => {
    const began = performance.now()
    const hyper = { lr: array(0.2), momentum: array(momentum) }
    const { value, run } = estimate(null, { hyper, trajectory: { start, batches }, validation: iota([examples]) })
    return {
      momentum,
      expected: Math.log2(1 / momentum),
      loss: Number(String(value).split(' ')[1]),
      run,
      seconds: (performance.now() - began) / 1000,
    }
  })
}
