/** A small equilibrium model of MNIST, and its training.
 *
 *  z = tanh(z W + x U + b),   logits = z V + c,   f = mean cross-entropy;   ‖W‖₂ ≤ 0.95, by projection after each step
 *
 *  tanh has slopes of at most 1, so the Jacobian of the cell is no longer than W, and there is one equilibrium. */

import { grad } from '@neumann/autodiff'
import { anderson } from '@neumann/autodiff/solvers'
import { type Backward, fixedPointLayer } from '@neumann/hypergrad'
import {
  add,
  div,
  jit,
  matmul,
  minimum,
  mul,
  norm,
  normal,
  scan,
  slice,
  splitKey,
  type Tensor,
  take,
  tanh,
  transpose,
  zeros,
} from '@neumann/linalg-gpu'
import { crossEntropy, type DenseParams, dense } from '@neumann/nn'
import { adam, applyUpdates } from '@neumann/precond'
import type { Labelled } from './mnistParts.js'

export interface Weights {
  readonly W: Tensor
  readonly input: DenseParams
  readonly head: DenseParams
}

/** What the layer sees: W, and x U + b. */
export interface Inside {
  readonly W: Tensor
  readonly drive: Tensor
}

const cell = (z: Tensor, { W, drive }: Inside): Tensor => tanh(add(matmul(z, W), drive))

/** The search of TorchDEQ's defaults: a residual of 10⁻³ of ‖z‖, at most 40 iterations. */
export const forward = anderson({ tolerance: 1e-3, absolute: 0, maxIterations: 40 })

const largest = 0.95

/** The model with so many numbers of state for each image. */
export const equilibriumModel = (states: number, backward: Backward) => {
  const input = dense(784, states)
  const head = dense(states, 10)
  const layer = fixedPointLayer(cell, { forward, backward })
  const solved = (u: Inside) => layer(u, zeros(u.drive.shape))
  const inside = ({ W, input: own }: Weights, images: Tensor): Inside => ({ W, drive: input.apply(own, images) })
  const logits = (weights: Weights, images: Tensor): Tensor =>
    head.apply(weights.head, solved(inside(weights, images)).z)
  return {
    init: (key: Tensor): Weights => {
      const keys = splitKey(key, 3)
      return {
        // a square matrix of n² normal numbers is about 2 √n long
        W: mul(normal(slice(keys, 0), [states, states]), largest / 2 / Math.sqrt(states)),
        input: input.init(slice(keys, 1)),
        head: head.init(slice(keys, 2)),
      }
    },
    inside,
    solved,
    logits,
    loss: (weights: Weights, { images, labels }: Labelled): Tensor => crossEntropy(logits(weights, images), labels),
  }
}

export type EquilibriumModel = ReturnType<typeof equilibriumModel>

export interface TrainingState {
  readonly weights: Weights
  readonly optimiser: ReturnType<typeof adam.init>
  /** The vector of the power iteration that follows ‖W‖₂. */
  readonly v: Tensor
}

export const begin = (weights: Weights): TrainingState => ({
  weights,
  optimiser: adam.init(weights),
  v: slice(weights.W, 0),
})

/** Steps of Adam, one for each of the rows [steps, batch] of the digits. */
export const trained = ({ loss }: EquilibriumModel) =>
  jit((state: TrainingState, { images, labels }: Labelled, rows: Tensor): TrainingState => {
    const step = ({ weights, optimiser, v }: TrainingState, own: Tensor) => {
      const some = { images: take(images, own, { axis: 0 }), labels: take(labels, own) }
      const [updates, next] = adam.update(grad(loss)(weights, some) as Weights, optimiser, weights, { lr: 2e-3 })
      const moved = applyUpdates(weights, updates)
      return [{ ...contracted(moved, v), optimiser: next }, null] as const
    }
    return scan(step, state, rows)[0]
  })

/** W divided by what ‖W‖₂ exceeds its bound by; ‖W‖₂ ≈ ‖W v‖ after one power iteration more. */
const contracted = (weights: Weights, before: Tensor): Pick<TrainingState, 'weights' | 'v'> => {
  const powered = matmul(transpose(weights.W), matmul(weights.W, before))
  const v = div(powered, norm(powered))
  const W = mul(weights.W, minimum(1, div(largest, norm(matmul(weights.W, v)))))
  return { weights: { ...weights, W }, v }
}
