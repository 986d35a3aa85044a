/** Training runs that are gone backwards: what they keep to be able to, and a schedule of learning rates that was learnt through them.
 *
 *  v ← γ v − (1−γ) ∂f/∂w,   w ← w + αₜ v,   t = 1 … 100,   f: the loss of 200 of 10,000 digits, others in each step
 *
 *  bits       what a weight and step leave in the buffer at the momentum γ, log₂(1/γ) in theory; the saving is 32 over that, the velocity in f32 being the
 *             rival. The fraction for γ is the paper's; pixels are taken less their mean.
 *  schedule   a perceptron 784-50-50-50-10 (tanh), 800 learning rates: one for each step and each matrix or bias, all e⁻¹ at first; γ = ½, weights drawn with
 *             a deviation of e⁻³; 50 steps of Adam 0.04 on log α, each with new first weights and batches, by the exact hypergradient of F, the loss on all
 *             10,000 after the run. Then training losses on other draws, beside those of fixed rates: where the schedule began, and the least of a grid,
 *             which is chosen by these very losses.
 *  Differs  from the paper, which compares with a rate found by Bayesian optimisation. */

import { setImmediate as others } from 'node:timers/promises'
import { vmap } from '@neumann/autodiff'
import { momentumProblem, reversible, toRational } from '@neumann/hypergrad'
import {
  array,
  type Device,
  data,
  dispose,
  exp,
  full,
  jit,
  key,
  onDevice,
  randint,
  scan,
  scope,
  slice,
  splitKey,
  sub,
  type Tensor,
  take,
  tanh,
  treeMap,
} from '@neumann/linalg-gpu'
import { crossEntropy, mlp } from '@neumann/nn'
import { normal, zeros } from '@neumann/nn/initialisers'
import { adam, applyUpdates } from '@neumann/precond'
import { onWasm } from '../onWasm.js'
import { averaged } from './averaged.js'
import { mean } from './bootstrap.js'
import { type Labelled, mnistParts } from './mnistParts.js'
import type { Reproduction, ReproductionOptions, Row } from './reproduction.js'

export interface Sizes {
  readonly layers: readonly number[]
  readonly steps: number
  readonly batch: number
}

type Weights = ReturnType<ReturnType<typeof mlp>['init']>

interface Settings {
  /** log α of each tensor of the weights: one for all steps, or one for each. */
  readonly logs: Weights
  readonly momentum: Tensor
}

/** Training by given rates: the problem, how a run of it begins, and F where it ends. */
const trainingOf = ({ layers, steps, batch }: Sizes, digits: Labelled) => {
  const net = mlp(layers, { activation: tanh, weight: normal(Math.exp(-3)), bias: zeros })
  const loss = (w: Weights, { images, labels }: Labelled): Tensor => crossEntropy(net.apply(w, images), labels)
  const problem = momentumProblem({
    inner: (w: Weights, _: Settings, rows: Tensor) =>
      loss(w, { images: take(digits.images, rows, { axis: 0 }), labels: take(digits.labels, rows) }),
    outer: (w: Weights, _: Settings, _v: null) => loss(w, digits),
    settings: ({ logs, momentum }) => ({ lr: treeMap(exp, logs as never) as object, momentum }),
  })
  const begin = jit((seed: Tensor) => {
    const keys = splitKey(seed)
    const count = digits.labels.shape[0]!
    return {
      start: problem.begin(net.init(slice(keys, 0))),
      batches: randint(slice(keys, 1), [steps, batch], 0, count),
    }
  })
  return {
    problem,
    begin,
    /** One log α for all steps and tensors. */
    fixed: (log: Tensor): Weights => treeMap(() => log, net.init(key(0)) as never) as Weights,
    trained: (settings: Settings, seed: Tensor): Tensor => {
      const { start, batches } = begin(seed)
      const [{ weights }] = scan(
        (state: typeof start, rows: Tensor) => [problem.update(state, settings, rows), null] as const,
        start,
        batches,
      )
      return problem.outer(weights, settings, null)
    },
  }
}

const bits = (momenta: readonly number[], sizes: Sizes, digits: Labelled, device: Device): Row[] => {
  const { problem, begin, fixed } = trainingOf(sizes, digits)
  const estimate = reversible({ fraction: toRational })(problem)
  return momenta.flatMap((gamma) => {
    const { run } = onDevice(device, () =>
      scope(() => {
        const hyper = { logs: fixed(array(-1)), momentum: array(gamma) }
        const { gradient: _, ...rest } = estimate(null, { hyper, trajectory: begin(key(1)), validation: null })
        return rest
      }),
    )
    const theory = -Math.log2(gamma)
    const paper: { readonly [gamma: number]: string } = { 0.9: 'about 200', 0.98: 'a thousand' }
    return [
      { what: `bits a weight and step, γ = ${gamma}`, paper: `${theory.toFixed(4)} (theory)`, ours: run.bits },
      {
        what: `saving against 32 bits, γ = ${gamma}`,
        ...(paper[gamma] !== undefined && { paper: paper[gamma] }),
        ours: 32 / run.bits,
        unit: '×',
        note: run.astray === 0 ? 'back at the first bits' : `${run.astray} numbers astray`,
      },
    ]
  })
}

const schedule = async (
  sizes: Sizes,
  rounds: number,
  seeds: number,
  digits: Labelled,
  device: Device,
  progress: ReproductionOptions['progress'],
): Promise<Row[]> => {
  const { problem, begin, fixed, trained } = trainingOf(sizes, digits)
  const estimate = reversible()(problem)
  const half = <R>(f: (momentum: Tensor) => R): R => onDevice(device, () => scope(() => f(array(0.5))))
  const step = (state: { readonly logs: Weights; readonly memory: ReturnType<typeof adam.init> }, seed: number) =>
    half((momentum) => {
      const point = { hyper: { logs: state.logs, momentum }, trajectory: begin(key(seed)), validation: null }
      const { gradient, value } = estimate(null, point)
      const [updates, memory] = adam.update(gradient.logs, state.memory, state.logs, { lr: 0.04 })
      return { logs: applyUpdates(state.logs, updates), memory, value }
    })
  let state = half(() => {
    const logs = fixed(full([sizes.steps], -1))
    return { logs, memory: adam.init(logs) }
  })
  for (let round = 0; round < rounds; round++) {
    const { value, ...next } = step(state, 1000 + round)
    dispose(state)
    state = next
    progress(0.2 + (0.7 * round) / rounds, `schedule, round ${round + 1}: loss ${(await data(value))[0]!.toFixed(4)}`)
    await others()
    dispose(value)
  }
  // other draws than those that it was learnt on
  const judged = jit((settings: Settings, keys: Tensor) => vmap((seed: Tensor) => trained(settings, seed))(keys))
  const losses = async (logs: () => Weights): Promise<number[]> => {
    const found = half((momentum) => judged({ logs: logs(), momentum }, splitKey(key(7), seeds)))
    return Array.from(await data(found))
  }
  const grid: { readonly log: number; readonly values: readonly number[] }[] = []
  for (let log = -1; log <= 3; log += 0.5) {
    progress(0.9 + 0.02 * (log + 1), `fixed rate e^${log}`)
    await others()
    grid.push({ log, values: await losses(() => fixed(array(log))) })
  }
  const held = grid.filter(({ values }) => values.every(Number.isFinite))
  const best = held.reduce((a, b) => (mean(b.values) < mean(a.values) ? b : a))
  const learnt = await losses(() => state.logs)
  return [
    averaged({ what: 'training loss, rate e⁻¹', values: grid[0]!.values }),
    averaged({ what: 'training loss, best fixed rate of the grid', values: best.values, note: `α = e^${best.log}` }),
    averaged({ what: 'training loss, learnt schedule', values: learnt }),
    averaged({
      what: 'learnt schedule less best fixed rate, on the same draws',
      paper: 'the schedule wins (a figure without numbers)',
      values: learnt.map((loss, i) => loss - best.values[i]!),
    }),
  ]
}

/** Pixels less their mean: those that are black in all digits would leave nothing to keep, as their weights never move. */
const lifted = ({ images, labels }: Labelled): Labelled => ({ images: scope(() => sub(images, 0.1307)), labels })

export const maclaurin: Reproduction = {
  name: 'maclaurin',
  title: 'Reversible learning on MNIST: bits that a run keeps, and a learnt schedule of 800 learning rates',
  source: 'Maclaurin, Duvenaud, Adams 2015, sections 2.1 and 3.1; the factors as in its text',
  run: ({ quick, data: folder, seeds = 5, progress }) =>
    onWasm(async (device) => {
      const { parts } = await mnistParts(folder, { sizes: [quick ? 500 : 10_000], test: 1, device })
      const [digits] = parts(1) as [Labelled]
      progress(0, 'bits')
      await others()
      const steps = quick ? 30 : 100
      const momenta = quick ? [0.5, 0.9, 0.98] : [0.5, 0.7, 0.9, 0.95, 0.98, 0.99]
      const counted = bits(momenta, { layers: [784, quick ? 10 : 50, 10], steps, batch: 50 }, lifted(digits), device)
      const sizes = { layers: quick ? [784, 10, 10] : [784, 50, 50, 50, 10], steps, batch: quick ? 50 : 200 }
      return [...counted, ...(await schedule(sizes, quick ? 8 : 50, seeds, digits, device, progress))]
    }),
}
