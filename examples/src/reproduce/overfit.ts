/** Overfitting 50 validation images with a decay for each weight: if hypergradients are any good, so many hyperparameters learn so few labels by heart.
 *
 *  f(w, λ) = mean ℓ(w; training) + Σ λₖ wₖ²,   F(w) = mean ℓ(w; validation),   λₖ = e^rawₖ, e⁻⁷ at first as in the official code
 *
 *  Fifty images each, a linear model of 7,850 weights, or a perceptron 784-50-10 of 39,760. Warm implicit hypergradients by three Neumann terms, which are two
 *  products with the Hessian; ten inner steps of gradient descent on the whole batch between steps of RMSprop. Decays are held where a step stays stable:
 *  above λ = 1 / lr the factor 1 − 2 lr λ of a weight leaves (−1, 1); the bound is half of that.
 *  Each seed has images of its own. `retrained` is the audit of warm starts: all steps anew from the first weights, with the decays that were found.
 *  Differs  from the official code, whose seeds, epochs and batches are not stated in the paper: it takes one term of the series, we take three. */

import { setImmediate as others } from 'node:timers/promises'
import { alternation, type Bijectors, fromLoss, implicit, log, retrained, space } from '@neumann/hypergrad'
import { add, data, dispose, fullLike, jit, key, scan, type Tensor, treeMap } from '@neumann/linalg-gpu'
import { neumann, vectors } from '@neumann/linalg-gpu/solvers'
import { crossEntropy, type Model, mlp } from '@neumann/nn'
import { zeros } from '@neumann/nn/initialisers'
import { rmsprop, sgd } from '@neumann/precond'
import { onWasm } from '../onWasm.js'
import { averaged } from './averaged.js'
import { accuracy, type Labelled, mnistParts } from './mnistParts.js'
import type { Reproduction, Row } from './reproduction.js'

type Weights = ReturnType<ReturnType<typeof mlp>['init']>

const innerSteps = 10

/** What is left after tuning: accuracies on the validation images, warm and after training anew, on the training images, and without tuning; and F on the way. */
export const overfitted = ({ init: weights, apply }: Model<Weights>, lr: number, steps: number) =>
  jit((seed: Tensor, train: Labelled, validation: Labelled) => {
    const ofLogits = (w: Weights, { images, labels }: Labelled): Tensor => crossEntropy(apply(w, images), labels)
    const score = (w: Weights, { images, labels }: Labelled): Tensor => accuracy(apply(w, images), labels)
    const problem = fromLoss({
      inner: (w: Weights, decays: Weights, _: null) =>
        add(ofLogits(w, train), vectors.inner(decays, vectors.byElement(w, w))),
      outer: (w: Weights, _: Weights, _v: null) => ofLogits(w, validation),
      optimiser: sgd,
      settings: () => ({ lr }),
    })
    const own = space<Weights>(log({ min: 1e-9, max: 0.5 / lr }) as Bijectors<Weights>)
    const { init, step } = alternation({
      problem,
      estimator: implicit(neumann({ terms: 3, step: lr, tolerance: 0 })),
      optimiser: rmsprop,
      settings: { lr: 0.1 },
      space: own,
      steps: innerSteps,
    })
    const start = problem.begin(weights(seed))
    const hyper = treeMap((x: Tensor) => fullLike(x, Math.exp(-7)), start.weights as never) as Weights
    const begin = init({ inner: start, hyper })
    const [{ inner, hyper: raw }, path] = scan(
      (state: typeof begin, _: null) => {
        const [next] = step(state, { train: null, validation: null })
        return [next, score(next.inner.weights, validation)] as const
      },
      begin,
      null,
      { length: steps },
    )
    const anew = { inner, start, batches: null, steps: innerSteps * steps, validation: null }
    const at = (decays: Weights): Tensor =>
      score(retrained(problem)({ ...anew, hyper: decays }).state.weights, validation)
    return {
      path,
      train: score(inner.weights, train),
      warm: score(inner.weights, validation),
      retrained: at(own.toNatural(raw)),
      untuned: at(hyper),
    }
  })

const models = [
  // a convex problem begins at zero
  { name: 'linear', model: mlp([784, 10], { weight: zeros }), lr: 0.3 },
  { name: 'perceptron', model: mlp([784, 50, 10]), lr: 0.1 },
] as const

export const overfit: Reproduction = {
  name: 'overfit',
  title: 'Overfitting 50 validation images of MNIST with one decay for each weight',
  source: 'Lorraine, Vicol, Duvenaud 2020, section 5 (from memory): 100 % validation accuracy',
  run: ({ quick, data: folder, seeds = quick ? 2 : 10, progress }) =>
    onWasm(async (device) => {
      const { parts } = await mnistParts(folder, { sizes: [50, 50], test: 1, device })
      const rows: Row[] = []
      for (const [m, { name, model, lr }] of models.entries()) {
        if (quick && m > 0) break
        const tune = overfitted(model, lr, quick ? 150 : 500)
        const found: { readonly [k: string]: number }[] = []
        for (let seed = 1; seed <= seeds; seed++) {
          progress((m + (seed - 1) / seeds) / models.length, `${name}, seed ${seed}`)
          await others()
          const [train, validation] = parts(seed) as [Labelled, Labelled]
          const first = key(seed)
          const { path, ...ends } = tune(first, train, validation)
          const reached = (await data(path)).indexOf(1)
          const at = async (x: Tensor): Promise<number> => 100 * (await data(x))[0]!
          found.push({
            steps: reached < 0 ? Number.NaN : reached + 1,
            warm: await at(ends.warm),
            retrained: await at(ends.retrained),
            untuned: await at(ends.untuned),
            train: await at(ends.train),
          })
          dispose([train, validation, path, ends, first])
        }
        const of = (k: string): number[] => found.map((run) => run[k]!)
        const unit = '%'
        rows.push(
          averaged({ what: `${name}: validation accuracy`, paper: '100 (from memory)', values: of('warm'), unit }),
          averaged({
            what: `${name}: validation accuracy, retrained with these decays`,
            values: of('retrained'),
            unit,
          }),
          averaged({ what: `${name}: validation accuracy, all decays e⁻⁷`, values: of('untuned'), unit }),
          averaged({ what: `${name}: training accuracy`, values: of('train'), unit }),
          averaged({
            what: `${name}: steps until 100 %`,
            values: of('steps'),
            note: 'runs that never were there are counted as lost',
          }),
        )
      }
      return rows
    }),
}
