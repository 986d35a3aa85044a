/** For tests and figures: the bytes that estimates of one network really use, beside those that were planned. */

import {
  add,
  type Device,
  dispose,
  jit,
  key,
  matmul,
  mean,
  mul,
  normal,
  onDevice,
  plainDevice,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
} from '@neumann/linalg-gpu'
import { momentum } from '@neumann/precond'
import { fromLoss } from '../problem/fromLoss.js'
import type { Point } from '../problem/problem.js'
import { plan, type WayName } from './plan.js'

// a type and no interface: trees of parameters have an index
type Weights = { readonly a: Tensor; readonly b: Tensor }
interface Hyper {
  readonly decay: Tensor
  readonly lr: Tensor
}
interface Batch {
  readonly x: Tensor
  readonly y: Tensor
}

export interface NetworkSizes {
  readonly inputs?: number
  readonly hidden?: number
  readonly batch?: number
  /** How many decays there are among the hyperparameters. */
  readonly decays?: 'one' | 'one for each weight of the first layer'
}

/** A network of one hidden layer, trained by momentum on `steps` batches; its rate and its decay are hyperparameters. */
export const networkRun = (
  steps: number,
  { inputs = 20, hidden = 30, batch = 10, decays = 'one' }: NetworkSizes = {},
) => {
  const draw = (seed: number, shape: readonly number[], scale = 1): Tensor => mul(scale, normal(key(seed), shape))
  const error = (w: Weights, { x, y }: Batch): Tensor => mean(square(sub(matmul(tanh(matmul(x, w.a)), w.b), y)))
  const problem = fromLoss({
    inner: (w: Weights, { decay }: Hyper, data: Batch) => add(error(w, data), sum(mul(decay, square(w.a)))),
    outer: (w: Weights, _: Hyper, data: Batch) => error(w, data),
    optimiser: momentum,
    settings: ({ lr }) => ({ lr, mu: 0.9 }),
  })
  // velocities of zero would be no memory, but numbers
  const [weights, v] = [0, 10].map((seed) => ({
    a: draw(seed, [inputs, hidden], 0.2),
    b: draw(seed + 1, [hidden, 1], 0.2),
  })) as [Weights, Weights]
  const state: ReturnType<typeof problem.begin> = { weights, optimiser: { v } }
  const data = { x: draw(2, [batch, inputs]), y: draw(3, [batch, 1]) }
  const point: Point<typeof state, Hyper, Batch, Batch> = {
    state,
    previous: state,
    hyper: { decay: draw(4, decays === 'one' ? [] : [inputs, hidden], 0.01), lr: mul(0.05, square(draw(5, []))) },
    train: data,
    validation: data,
    trajectory: { start: state, batches: { x: draw(6, [steps, batch, inputs]), y: draw(7, [steps, batch, 1]) } },
  }
  return { problem, point }
}

export interface MemoryRow {
  readonly steps: number
  readonly way: WayName
  /** Bytes, by `plan`. */
  readonly planned: number
  /** Bytes, by the device's own account of a run. */
  readonly measured: number
}

/** Each way at each number of steps. */
export const memoryTable = (
  lengths: readonly number[],
  { device = plainDevice(), ...sizes }: NetworkSizes & { readonly device?: Device } = {},
): readonly MemoryRow[] =>
  onDevice(device, () =>
    lengths.flatMap((steps) => {
      const { problem, point } = networkRun(steps, sizes)
      return plan(problem)(point).ways.map(({ name, bytes, estimator }) => {
        const needed = Object.fromEntries(
          estimator.needs.map((field) => [field, point[field]]),
        ) as unknown as typeof point
        const run = jit((p: typeof point) => estimator(estimator.init(p), p))
        // the first call records, and what it captures stays
        dispose(run(needed))
        device.resetPeak()
        const before = device.memory().bytes
        dispose(run(needed))
        return { steps, way: name, planned: bytes, measured: device.memory().peak - before }
      })
    }),
  )
