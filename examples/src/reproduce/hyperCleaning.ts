/** Hyper-cleaning of MNIST: half of the training labels are wrong, and one weight for each example is learnt, by which it counts.
 *
 *  f(w, λ) = 1/n Σ λᵢ ℓ(w; xᵢ, yᵢ) + ½ · 10⁻³ ‖w‖²,   F(w) = mean ℓ over clean validation examples,   λᵢ = σ(rawᵢ), ½ at first
 *
 *  Franceschi et al. hold Σλ ≤ R by a projection, unroll the whole training for each of 500 steps, and keep what has λᵢ > 0.
 *  Ours: weights in logit space and no budget R; warm implicit hypergradients, conjugate gradients of at most 5 iterations that go on from the last adjoint;
 *  10 inner steps of Nesterov between steps of Adam; kept is what has λᵢ > ½.
 *  Then, as there, a new softmax regression is trained on what was kept together with the validation examples, and tested:
 *  `baseline` keeps all the training examples, `oracle` exactly the right ones; we add `validation only`, which keeps none.
 *  F1 is that of calling an example wrong: 2 TP / (2 TP + FP + FN). */

import { setImmediate as others } from 'node:timers/promises'
import { vmap } from '@neumann/autodiff'
import { permutation } from '@neumann/data'
import { alternation, fromLoss, implicit, logit, space } from '@neumann/hypergrad'
import {
  add,
  array,
  cast,
  concatenate,
  type Device,
  data,
  dispose,
  div,
  full,
  greater,
  jit,
  mean,
  mul,
  onDevice,
  ones,
  scan,
  stack,
  sum,
  type Tensor,
  zeros,
} from '@neumann/linalg-gpu'
import { cg, vectors } from '@neumann/linalg-gpu/solvers'
import type { DenseParams } from '@neumann/nn'
import { adam, nesterov } from '@neumann/precond'
import { onWasm } from '../onWasm.js'
import { averaged } from './averaged.js'
import { joined, losses, score, start } from './linearClassifier.js'
import { type Labelled, mnistParts } from './mnistParts.js'
import type { Reproduction } from './reproduction.js'

const innerRate = { lr: 0.1, mu: 0.9 }

const decay = (weights: DenseParams): Tensor => mul(0.5e-3, vectors.inner(weights, weights))

const problemOf = (train: Labelled, validation: Labelled) =>
  fromLoss({
    inner: (w: DenseParams, lambda: Tensor, _: null) => add(mean(mul(lambda, losses(w, train))), decay(w)),
    outer: (w: DenseParams, _: Tensor, _v: null) => mean(losses(w, validation)),
    optimiser: nesterov,
    settings: () => innerRate,
  })

/** λ, natural, after so many outer steps. */
export const cleaned = (steps: number) =>
  jit((train: Labelled, validation: Labelled): Tensor => {
    const problem = problemOf(train, validation)
    const own = space<Tensor>(logit())
    const { init, step } = alternation({
      problem,
      estimator: implicit(cg({ maxIterations: 5 }), { start: 'warm' }),
      optimiser: adam,
      settings: { lr: 0.3 },
      space: own,
      steps: 10,
    })
    const begin = init({ inner: problem.begin(start()), hyper: full(train.labels.shape, 0.5) })
    const nothing = { train: null, validation: null }
    const [{ hyper }] = scan((state: typeof begin, _: null) => [step(state, nothing)[0], null] as const, begin, null, {
      length: steps,
    })
    return own.toNatural(hyper)
  })

/** Test accuracy after training on the examples that each row of `kept` has, 0 or 1, together with all the validation examples. */
export const tested = (steps: number) =>
  jit((kept: Tensor, train: Labelled, validation: Labelled, test: Labelled): Tensor => {
    const all = joined(train, validation)
    const { begin, update } = fromLoss({
      inner: (w: DenseParams, counts: Tensor, _: null) =>
        add(div(sum(mul(counts, losses(w, all))), sum(counts)), decay(w)),
      outer: (w: DenseParams) => mean(losses(w, validation)),
      optimiser: nesterov,
      settings: () => innerRate,
    })
    return vmap((row: Tensor) => {
      const counts = concatenate([row, ones(validation.labels.shape)])
      const [{ weights }] = scan(
        (state: ReturnType<typeof begin>, _: null) => [update(state, counts, null), null] as const,
        begin(start()),
        null,
        { length: steps },
      )
      return score(weights, test)
    })(kept)
  })

/** Half of the labels, each replaced by one of the nine others. */
export const corrupted = async ({ images, labels }: Labelled, seed: number, device: Device) => {
  const own = await data(labels)
  const right = new Float32Array(own.length).fill(1)
  const shifts = permutation(seed, own.length, 1)
  permutation(seed, own.length)
    .subarray(0, own.length / 2)
    .forEach((row, i) => {
      right[row] = 0
      own[row] = (own[row]! + 1 + (shifts[i]! % 9)) % 10
    })
  return {
    train: { images, labels: array(Int32Array.from(own), { device }) },
    right: array(right, { device }),
  }
}

/** Of calling wrong what is not kept. */
export const f1 = (kept: ArrayLike<number>, right: ArrayLike<number>): number => {
  let [hits, errors] = [0, 0]
  for (let i = 0; i < kept.length; i++) {
    if (kept[i] !== right[i]) errors++
    else if (right[i] === 0) hits++
  }
  return (2 * hits) / (2 * hits + errors)
}

export const hyperCleaning: Reproduction = {
  name: 'hyper-cleaning',
  title: 'Data hyper-cleaning of MNIST: 5,000 training digits, half of them with wrong labels, 5,000 for validation',
  source: 'Franceschi et al. 2017, section 5.1 (from memory); their F1 is the best of R = 1000, 1500, 2000, 2500',
  run: ({ quick, data: folder, seeds = quick ? 1 : 5, progress }) =>
    onWasm(async (device) => {
      const n = quick ? 500 : 5000
      const { parts, test } = await mnistParts(folder, { sizes: [n, n], test: quick ? 1000 : 10_000, device })
      const [clean, evaluate] = [cleaned(quick ? 20 : 40), tested(quick ? 60 : 400)]
      const found: { readonly accuracies: ArrayLike<number>; readonly f1: number }[] = []
      for (let seed = 1; seed <= seeds; seed++) {
        const [given, validation] = parts(seed) as [Labelled, Labelled]
        const { train, right } = await corrupted(given, seed, device)
        progress((seed - 1) / seeds, `seed ${seed}: learning the weights of ${n} examples`)
        await others()
        const weights = clean(train, validation)
        const kept = onDevice(device, () => cast(greater(weights, 0.5), 'f32'))
        const sets = onDevice(device, () => stack([zeros([n]), ones([n]), right, kept]))
        progress((seed - 0.8) / seeds, `seed ${seed}: training anew`)
        await others()
        const result = evaluate(sets, train, validation, test)
        found.push({ accuracies: await data(result), f1: f1(await data(kept), await data(right)) })
        dispose([given, validation, train, right, weights, kept, sets, result])
      }
      const percent = (k: number): number[] => found.map(({ accuracies }) => 100 * accuracies[k]!)
      const from = '(from memory)'
      return [
        averaged({ what: 'test accuracy, validation only', values: percent(0), unit: '%' }),
        averaged({
          what: 'test accuracy, baseline: trained on all',
          paper: `87.74 ${from}`,
          values: percent(1),
          unit: '%',
        }),
        averaged({
          what: 'test accuracy, oracle: wrong ones left out',
          paper: `90.46 ${from}`,
          values: percent(2),
          unit: '%',
        }),
        averaged({ what: 'test accuracy, hyper-cleaned', paper: `90.09 ${from}`, values: percent(3), unit: '%' }),
        averaged({ what: 'F1 of finding the wrong labels', paper: `.9244 ${from}`, values: found.map(({ f1 }) => f1) }),
      ]
    }),
}
