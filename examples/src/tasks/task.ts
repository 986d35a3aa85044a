/** What there is to learn: a data set in three parts, and something that learns from it. The job knows no more of a task than this.
 *
 *  A file of this folder ends with one value, `task(defaults, load)`; `index.ts` lists them by name. `load` reads files, and rejects with one clear line
 *  where they are missing or wrong. What comes of it is a `Job`:
 *
 *    data      train, validation and test, as sources of rows. A batch is what `load(rows)` gives, arrays by name, as tensors on the device.
 *    learner   given the rule by which weights move (an optimiser, and which hyperparameters are its settings), a bilevel problem, where it begins, and
 *              how well it does. Where weights go down a loss, `learnerOf` makes it of the loss; a task with statistics, carries or keys writes its own
 *              `Problem`, whose state S holds whatever it takes, and whose `weights` are what the objective sees of it.
 *
 *  The learner is used under `jit` and under `vmap` over settings, so all of it is pure, and states are trees of tensors. */

import type { NdArray, Source } from '@neumann/data'
import type { Problem } from '@neumann/hypergrad'
import type { Tensor, Tree, TypedArray } from '@neumann/linalg-gpu'
import type { Optimiser } from '@neumann/precond'

/** λ by name, natural: `lr`, `decay`, and what the optimiser has besides. Each is a scalar, or a tree like the weights. */
export type Hyper = Readonly<Record<string, Tree<Tensor>>>

export type Arrays = Readonly<Record<string, NdArray<TypedArray>>>
export type Batch = Readonly<Record<string, Tensor>>

/** Rows to learn from or to be judged by. A row need not be one example: of a text it is a sequence, and `size` 1. */
export interface Part {
  readonly source: Source<Arrays>
  /** Rows of a batch. */
  readonly size: number
  /** 'given' where one row follows from another. */
  readonly order: 'shuffled' | 'given'
}

export interface Parts {
  readonly train: Part
  readonly validation: Part
  readonly test: Part
}

/** How weights move: the whole chain, with clipping and weight decay, and its settings by λ. */
export interface Rule {
  readonly optimiser: Optimiser<unknown, unknown>
  readonly settings: (hyper: Hyper) => unknown
}

export interface Learner<S, W, B extends Batch> {
  readonly problem: Problem<S, W, Hyper, B, B>
  /** The first state, by a key. */
  readonly begin: (key: Tensor) => S
  /** What the rule moves, and hyperparameters of each weight are like, where the objective sees more than that: statistics beside the weights. */
  readonly parameters?: (state: S) => unknown
  /** Means over a batch, `loss` among them, and the state that the next batch is scored with: the same, but where sequences go on. */
  readonly score: (state: S, batch: B) => readonly [means: Readonly<Record<string, Tensor>>, next: S]
}

export interface Job<S, W, B extends Batch> {
  /** The data, in words: '50,000 images to train on, …' */
  readonly data: string
  /** What learns, in words: '784-50-10 relu network' */
  readonly model: string
  readonly parts: Parts
  readonly learner: (rule: Rule) => Learner<S, W, B>
  /** Means as they are shown, by the heads of their columns. The first one is plotted. */
  readonly show: (means: Readonly<Record<string, number>>) => Readonly<Record<string, string>>
}

/** What the options of the command leave to a task where they are not given. */
export interface TaskDefaults {
  readonly epochs: number
  /** Rows of a batch; 'all' of them. */
  readonly batch: number | 'all'
  readonly hidden: number
  /** How many random settings are trained. */
  readonly settings: number
  /** Whether all settings are trained at once, or one after the other: large models fill a machine by themselves. */
  readonly across: 'together' | 'in turn'
  /** The greatest length of a gradient. */
  readonly clip?: number
  /** Whether the name of the task goes on behind a colon, as in `uci:energy`. */
  readonly variants?: boolean
  /** Whether a package brings its files, so that it needs no folder. */
  readonly packaged?: boolean
}

/** What the options of the command say to a task. */
export interface Wanted {
  /** The folder with the files, where one is given. */
  readonly folder: string | undefined
  /** What stands behind the colon of `uci:energy`. */
  readonly variant: string | undefined
  readonly batch: number | 'all'
  readonly hidden: number
  /** At most so many rows to train on; all where it is not given. */
  readonly samples: number | undefined
}

/** A task of any types: it hands its job to whoever can do with any. */
export interface Task {
  readonly defaults: TaskDefaults
  readonly run: <R>(wanted: Wanted, use: <S, W, B extends Batch>(job: Job<S, W, B>) => Promise<R>) => Promise<R>
}

export const task = <S, W, B extends Batch>(
  defaults: TaskDefaults,
  load: (wanted: Wanted) => Promise<Job<S, W, B>>,
): Task => ({ defaults, run: async (wanted, use) => use(await load(wanted)) })

/** Rows of a batch: all that there are, or as many as are wanted.
 *  Fails    where there are not so many */
export const batchSize = (wanted: Wanted, count: number): number => {
  const size = wanted.batch === 'all' ? count : wanted.batch
  if (size > count) throw new Error(`--batch is ${size}, there are ${count} rows to train on: no batch is full.`)
  return size
}
