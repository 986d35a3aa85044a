/** The memory of hypergradients as the devices account for it, beside what `plan` foretold. */

import { fromLoss, type Point, plan, type WayName } from '@neumann/hypergrad'
import {
  array,
  type Device,
  dispose,
  jit,
  key,
  normal,
  onDevice,
  plainDevice,
  randint,
  type Tensor,
} from '@neumann/linalg-gpu'
import { wasmDevice } from '@neumann/linalg-gpu/wasm'
import { crossEntropy, mlp } from '@neumann/nn'
import { momentum } from '@neumann/precond'
import { atMost, exactly, type Figure } from './figure.js'

interface Batch {
  readonly x: Tensor
  readonly y: Tensor
}

/** A perceptron 100-50-10 trained by momentum on so many batches of 20, and λ, its learning rate. */
const runOf = (steps: number) => {
  const model = mlp([100, 50, 10])
  const loss = (w: ReturnType<typeof model.init>, _: unknown, { x, y }: Batch): Tensor =>
    crossEntropy(model.apply(w, x), y)
  const problem = fromLoss({
    inner: loss,
    outer: loss,
    optimiser: momentum,
    settings: ({ lr }: { readonly lr: Tensor }) => ({ lr, mu: 0.9 }),
  })
  const batch = (rows: readonly number[]): Batch => ({
    x: normal(key(1), [...rows, 100]),
    y: randint(key(2), rows, 0, 10),
  })
  // a velocity of zeros would be no memory, but numbers
  const [weights, v] = [model.init(key(0)), model.init(key(3))]
  const state = { weights, optimiser: { v } } as unknown as ReturnType<typeof problem.begin>
  const point: Point<typeof state, { readonly lr: Tensor }, Batch, Batch> = {
    state,
    previous: state,
    hyper: { lr: array(0.05) },
    train: batch([20]),
    validation: batch([20]),
    trajectory: { start: state, batches: batch([steps, 20]) },
  }
  return { problem, point }
}

interface Bytes {
  readonly planned: number
  readonly measured: number
}

const measured = (device: Device, steps: number): ReadonlyMap<WayName, Bytes> =>
  onDevice(device, () => {
    const { problem, point } = runOf(steps)
    const rows = plan(problem)(point).ways.map(({ name, bytes, estimator }) => {
      const needed = Object.fromEntries(
        estimator.needs.map((field) => [field, point[field]]),
      ) as unknown as typeof point
      const run = jit((p: typeof point) => estimator(estimator.init(p), p))
      // the first call records, and what it captures stays
      dispose(run(needed))
      device.resetPeak()
      const before = device.memory().bytes
      dispose(run(needed))
      return [name, { planned: bytes, measured: device.memory().peak - before }] as const
    })
    return new Map(rows)
  })

/** On both devices, over 16, 64 and 256 steps. */
export const hypergradMemory = async (): Promise<readonly Figure[]> => {
  const wasm = await wasmDevice({ threads: 1 })
  const figures = [plainDevice(), wasm].flatMap((device) => {
    const [few, some, many] = [16, 64, 256].map((steps) => measured(device, steps)) as [
      ReadonlyMap<WayName, Bytes>,
      ReadonlyMap<WayName, Bytes>,
      ReadonlyMap<WayName, Bytes>,
    ]
    const off = [few, some, many].map((table) => {
      const { planned, measured } = table.get('unrolled, sqrt')!
      return Math.abs(planned / measured - 1)
    })
    const growth = (name: WayName): number => many.get(name)!.measured / few.get(name)!.measured
    return [
      atMost(
        `bytes of unrolling with √n checkpoints, plan against ${device.name}: share that is off, n = 16, 64, 256`,
        Math.max(...off),
        0.1,
      ),
      exactly(
        `bytes of an implicit estimate on ${device.name}, after 256 inner steps by those after 16`,
        growth('implicit'),
        1,
      ),
      exactly(`bytes of a one-pass estimate on ${device.name}, likewise`, growth('onePass'), 1),
    ]
  })
  wasm.dispose()
  return figures
}
