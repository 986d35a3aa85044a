/** What the ways back through an equilibrium model are put through: training, testing, and the clock. */

import { grad } from '@neumann/autodiff'
import { permutation } from '@neumann/data'
import type { Backward } from '@neumann/hypergrad'
import {
  array,
  type Device,
  data,
  dispose,
  div,
  jit,
  key,
  mul,
  onDevice,
  square,
  sum,
  type Tensor,
  transfer,
} from '@neumann/linalg-gpu'
import { tensorsOf, unflatten } from '@neumann/linalg-gpu/program'
import { vectors } from '@neumann/linalg-gpu/solvers'
import { onWasm } from '../onWasm.js'
import { begin, equilibriumModel, type Inside, type TrainingState, trained, type Weights } from './equilibriumModel.js'
import { accuracy, type Labelled } from './mnistParts.js'

export interface Plan {
  readonly device: Device
  readonly steps: number
}

export const batch = 100
const chunk = 20

/** A way back through a model, compiled: training, testing, and what is timed and compared. */
export const prepared = (states: number, backward: Backward) => {
  const model = equilibriumModel(states, backward)
  const layerLoss = (u: Inside): Tensor => sum(square(model.solved(u).z))
  return {
    init: model.init,
    train: trained(model),
    score: jit((weights: Weights, { images, labels }: Labelled) => accuracy(model.logits(weights, images), labels)),
    gradient: jit((weights: Weights, digits: Labelled) => grad(model.loss)(weights, digits) as Weights),
    // every result is one number, so that reading it takes no time of its own
    timed: {
      forward: jit(model.loss),
      both: jit((weights: Weights, digits: Labelled) => added(grad(model.loss)(weights, digits))),
      layerForward: jit((weights: Weights, { images }: Labelled) => layerLoss(model.inside(weights, images))),
      layerBoth: jit((weights: Weights, { images }: Labelled) => added(grad(layerLoss)(model.inside(weights, images)))),
    },
    iterations: jit((weights: Weights, { images }: Labelled) => model.solved(model.inside(weights, images)).iterations),
  }
}

export type Prepared = ReturnType<typeof prepared>
type Timed = keyof Prepared['timed']
const timings: readonly Timed[] = ['forward', 'both', 'layerForward', 'layerBoth']

/** A number that depends on all numbers of a tree. */
const added = (tree: unknown): Tensor => vectors.inner(tree, tree)

export const number = async (x: Tensor): Promise<number> => {
  const value = (await data(x))[0]!
  dispose(x)
  return value
}

export const cosine = jit((a: Weights, b: Weights) =>
  div(vectors.inner(a, b), mul(vectors.length(a), vectors.length(b))),
)

/** Milliseconds that each way takes on one thread, by turns: of the processor's time, and the least of them, so that what else the machine does hardly
 *  counts. */
export const clocked = async (all: readonly Prepared[], weights: Weights, digits: Labelled, turns: number) =>
  onWasm(async (device) => {
    const own = [await moved(weights, device), await moved(digits, device)] as const
    const least = all.map(() => ({ forward: Infinity, both: Infinity, layerForward: Infinity, layerBoth: Infinity }))
    // the first turn compiles
    for (let turn = 0; turn <= turns; turn++)
      for (const [i, { timed }] of all.entries())
        for (const what of timings) {
          const from = process.cpuUsage()
          await number(timed[what](...own))
          const { user, system } = process.cpuUsage(from)
          least[i]![what] = Math.min(least[i]![what], (user + system) / 1000)
        }
    return least.map(({ forward, both, layerForward, layerBoth }) => ({
      forward,
      backward: both - forward,
      layer: layerBoth - layerForward,
    }))
  }, 1)

/** A tree on another device. */
const moved = async <X>(tree: X, device: Device): Promise<X> => {
  const { leaves, structure } = tensorsOf('moved', tree)
  return unflatten(structure, await Promise.all(leaves.map((x) => transfer(x, device)))) as X
}

export type Clocked = Awaited<ReturnType<typeof clocked>>

/** The weights after training, from those that belong to the seed. */
export const fitted = async (
  { init, train }: Prepared,
  digits: Labelled,
  plan: Plan,
  seed: number,
  told: (share: number) => void,
) => {
  let state = onDevice(plan.device, () => begin(init(key(seed))))
  const [count] = digits.labels.shape as [number]
  for (let step = 0; step < plan.steps; step += chunk) {
    // an order of its own for each stretch, the same for every way
    const rows = onDevice(plan.device, () =>
      array(permutation(seed, count, 1 + step).slice(0, chunk * batch), { shape: [chunk, batch] }),
    )
    const next: TrainingState = train(state, digits, rows)
    await data(next.v)
    dispose([state, rows])
    state = next
    told(Math.min(1, (step + chunk) / plan.steps))
  }
  dispose([state.optimiser, state.v])
  return state.weights
}
