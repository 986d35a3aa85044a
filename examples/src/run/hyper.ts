/** Optimisers and their hyperparameters: the spaces in which these are tuned, and where they begin.
 *
 *    lr              log10, held in [1e-10, 1]      10^U(−6, −1)
 *    decay           log10                          10^U(−7, −2)
 *    momentum, beta1 logit                          U(0, 1)
 *    beta2, rho      logit                          1 − 10^U(−4, −1)
 *
 *  Source   Clarke, Oldewage, Hernández-Lobato 2022, for the first three */

import { type Bijector, log10, logit } from '@neumann/hypergrad'
import { add, exp, foldIn, full, mul, sub, type Tensor, type Tree, treeMap, uniform } from '@neumann/linalg-gpu'
import {
  type AnyOptimiser,
  adagrad,
  adam,
  chain,
  clipByGlobalNorm,
  momentum,
  nesterov,
  rmsprop,
  sgd,
  weightDecay,
} from '@neumann/precond'
import type { Hyper, Rule } from '../tasks/task.js'
import type { EstimatorName } from './estimators.js'

interface Kind {
  readonly bijector: Bijector
  /** The numbers that it takes, in words and as a test. */
  readonly range: readonly [words: string, holds: (x: number) => boolean]
  /** A natural value from one that is even in [0, 1). */
  readonly draw: (even: Tensor) => Tensor
}

const power =
  (low: number, high: number) =>
  (even: Tensor): Tensor =>
    exp(mul(Math.LN10, add(low, mul(high - low, even))))

const below1: Kind['range'] = ['a positive number below 1', (x) => x > 0 && x < 1]
const share: Kind = { bijector: logit(), range: below1, draw: (even) => even }
const longMemory: Kind = { bijector: logit(), range: below1, draw: (even) => sub(1, power(-4, -1)(even)) }
const rates = { min: 1e-10, max: 1 }

const kinds: Readonly<Record<string, Kind>> = {
  lr: {
    bijector: log10(rates),
    // what lies outside would be moved inside of it where it is tuned, and not where it is fixed
    range: [`a number from ${rates.min} to ${rates.max}`, (x) => x >= Math.fround(rates.min) && x <= rates.max],
    draw: power(-6, -1),
  },
  decay: {
    bijector: log10(),
    range: ['a positive number', (x) => x > 0 && x < Infinity],
    draw: power(-7, -2),
  },
  momentum: share,
  beta1: share,
  beta2: longMemory,
  rho: longMemory,
}

export const bijectorOf = (name: string): Bijector => kinds[name]!.bijector

/** Where a hyperparameter can begin: in words, and whether it can there. */
export const rangeOf = (name: string): string => kinds[name]!.range[0]
export const startsAt = (name: string, value: number): boolean => kinds[name]!.range[1](value)

/** An optimiser of @neumann/precond; what its hyperparameters are called here, and there. */
const known = (optimiser: AnyOptimiser, own: Readonly<Record<string, string>> = {}) => ({
  optimiser,
  names: ['lr', ...Object.keys(own), 'decay'] as readonly string[],
  settings: (hyper: Hyper): unknown => ({
    lr: hyper['lr'],
    ...Object.fromEntries(Object.entries(own).map(([here, there]) => [there, hyper[here]])),
  }),
})

export const optimisers = {
  sgd: known(sgd),
  momentum: known(momentum, { momentum: 'mu' }),
  nesterov: known(nesterov, { momentum: 'mu' }),
  adam: known(adam, { beta1: 'beta1', beta2: 'beta2' }),
  rmsprop: known(rmsprop, { rho: 'rho' }),
  adagrad: known(adagrad),
}

export type OptimiserName = keyof typeof optimisers

/** The rule of an optimiser: u = −lr · direction(clip(g) + decay · w). */
export const ruleOf = (name: OptimiserName, clip: number | undefined): Rule => {
  const { optimiser, settings } = optimisers[name]
  const behind = clip === undefined ? [] : [clipByGlobalNorm]
  return {
    optimiser: chain(...behind, weightDecay, optimiser) as Rule['optimiser'],
    settings: (hyper) => [...behind.map(() => ({ maxNorm: clip })), { weightDecay: hyper['decay'] }, settings(hyper)],
  }
}

/** A hyperparameter that is tuned: one for all weights, or one for each. */
export interface Tuned {
  readonly name: string
  readonly each: boolean
}

/** Which hyperparameters are tuned: those that are listed, or else all that the estimator can. */
export const tunedOf = (
  list: string | undefined,
  optimiser: OptimiserName,
  estimator: EstimatorName,
): readonly Tuned[] => {
  const { names } = optimisers[optimiser]
  if (list === undefined) return (estimator === 'implicit' ? ['decay'] : names).map((name) => ({ name, each: false }))
  const tuned = list.split(',').map((word): Tuned => {
    const [name = '', each, ...rest] = word.trim().split(':')
    if (!names.includes(name) || rest.length > 0 || (each !== undefined && each !== 'each'))
      throw new Error(
        `--tune is a list of ${names.join(', ')}, with :each for one of each weight, got '${word}' (--optimiser is ${optimiser}).`,
      )
    if (estimator === 'implicit' && name !== 'decay')
      throw new Error(
        `--tune ${name} is out of reach of --estimator implicit, which sees where training ends and not how it goes there: tune decay, or take onepass.`,
      )
    return { name, each: each === 'each' }
  })
  if (new Set(tuned.map(({ name }) => name)).size < tuned.length)
    throw new Error(`--tune names a hyperparameter twice: '${list}'.`)
  return tuned
}

/** Where the hyperparameters begin: as is said, or at random by the key. Natural. */
export const drawn = (
  key: Tensor,
  names: readonly string[],
  start: Readonly<Record<string, number>>,
): Readonly<Record<string, Tensor>> =>
  Object.fromEntries(
    names.map((name, i) => [name, name in start ? full([], start[name]!) : kinds[name]!.draw(uniform(foldIn(key, i)))]),
  )

/** One scalar for each weight. */
export const spreadOver = (value: Tensor, weights: unknown): Tree<Tensor> =>
  treeMap((w: Tensor) => add(mul(w, 0), value), weights as never)
