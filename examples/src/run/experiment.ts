/** A run from its first state, or from a checkpoint, to its end or until it is stopped. */

import { setImmediate as others } from 'node:timers/promises'
import { type Kept, stream } from '@neumann/hypergrad'
import { type Device, data, dispose, onDevice, type Tensor } from '@neumann/linalg-gpu'
import type { Choice } from '../options.js'
import type { Batch, Job, TaskDefaults } from '../tasks/task.js'
import { type History, row, rows, stepOf } from './history.js'
import { ruleOf } from './hyper.js'
import { arms, type Pair } from './pair.js'
import { type Position, samples } from './samples.js'
import { type Means, scoring } from './score.js'

/** What a checkpoint has beside the state. */
export interface Place {
  readonly choice: Choice
  readonly data: Position
  readonly history: History
}

export type Saved<S> = Kept<S, Place>

export interface Ended {
  /** Steps of the hyperparameters that were taken, and that there are. */
  readonly steps: number
  readonly of: number
  readonly seconds: number
  readonly history: History
  /** On the test part, where the run came to its end. */
  readonly test?: { readonly fixed: Means; readonly tuned: Means }
}

export interface Experiment {
  readonly choice: Choice
  readonly defaults: TaskDefaults
  readonly device: Device
  /** A checkpoint of this choice. */
  readonly from?: Saved<unknown>
  readonly signal: AbortSignal
  readonly stopAfter?: number
  /** Told after each step. */
  readonly told: (steps: number, history: History) => void
  /** Given what to keep: now and then, and at last where the run is stopped. */
  readonly keep: (saved: Saved<unknown>, why: 'scored' | 'stopped') => Promise<void>
}

/** How often all of the validation part is looked at. */
const looks = 10

/** Steps of the hyperparameters that a run has.
 *  Fails    where there is not even one */
export const stepsOf = (
  { train }: { train: { source: { count: number }; size: number } },
  { epochs, interval }: Choice,
): number => {
  const all = epochs * Math.floor(train.source.count / train.size)
  if (all < interval)
    throw new Error(
      `--interval is ${interval}, there are ${all} training steps: no step of the hyperparameters would be taken.`,
    )
  return Math.floor(all / interval)
}

export const experiment = async <S, W, B extends Batch>(
  { parts, learner }: Job<S, W, B>,
  { choice, defaults, device, from, signal, stopAfter, told, keep }: Experiment,
): Promise<Ended> => {
  const made = learner(ruleOf(choice.optimiser, defaults.clip))
  const { begin, fixed, tuned } = arms(made, choice, defaults.across)
  const score = scoring(made, device)
  const of = stepsOf(parts, choice)
  const done = from?.steps ?? 0
  const each = Math.max(1, Math.floor(of / looks))
  const state = (from?.state as Pair<S> | undefined) ?? onDevice(device, begin)

  const { steps, scores, seconds } = from?.position.history ?? {
    steps: [],
    scores: [],
    seconds: { fixed: [], tuned: [] },
  }
  const history = {
    start: from?.position.history.start ?? (await startOf(state)),
    steps: [...steps],
    scores: [...scores],
    seconds: { fixed: [...seconds.fixed], tuned: [...seconds.tuned] },
  }
  const look = async (step: number, { fixed, tuned }: Pair<S>): Promise<void> => {
    const [a, b] = [await score(fixed.inner, parts.validation), await score(tuned.run.inner, parts.validation)]
    history.scores.push({ step, fixed: rows(a), tuned: rows(b) })
  }
  if (from === undefined) await look(0, state)

  // both devices work while they are called, so that the clock tells what each took
  const timed = <R>(into: number[], f: () => R): R => {
    const begun = performance.now()
    const result = f()
    into.push((performance.now() - begun) / 1000)
    return result
  }
  const stop = new AbortController()
  const halt = (): void => stop.abort()
  if (signal.aborted) halt()
  signal.addEventListener('abort', halt)
  const run = stream({
    step: (state: Pair<S>, batches: Parameters<typeof tuned>[1]) => {
      const [plain] = timed(history.seconds.fixed, () => fixed(state.fixed, batches))
      const [other, seen] = timed(history.seconds.tuned, () => tuned(state.tuned, batches))
      dispose(batches)
      return [{ fixed: plain, tuned: other }, seen] as const
    },
    state,
    samples: samples(parts, {
      interval: choice.interval,
      seed: choice.seed,
      count: of - done,
      device,
      ...(from !== undefined && { from: from.position.data }),
    }),
    signal: stop.signal,
    ...(from !== undefined && { before: from }),
  })
  let last: {
    readonly steps: number
    readonly seconds: number
    readonly state: Pair<S>
    readonly position?: Position
  } = {
    steps: done,
    seconds: from?.seconds ?? 0,
    state,
  }
  const kept = ({ state, steps, seconds, position }: Required<typeof last>): Saved<Pair<S>> => ({
    state,
    steps,
    seconds,
    position: { choice, data: position, history },
  })
  try {
    for await (const now of run) {
      last = now
      history.steps.push(stepOf(now.report))
      if (now.steps - done === stopAfter) halt()
      if (now.steps % each === 0 || now.steps === of) {
        await look(now.steps, now.state)
        await keep(kept(now), 'scored')
      }
      told(now.steps, history)
      // timers and signals have their turn
      await others()
    }
  } finally {
    signal.removeEventListener('abort', halt)
  }
  const { position } = last
  if (last.steps < of && position !== undefined) await keep(kept({ ...last, position }), 'stopped')
  const { fixed: plain, tuned: other } = last.state
  const test = last.steps === of && {
    fixed: await score(plain.inner, parts.test),
    tuned: await score(other.run.inner, parts.test),
  }
  dispose(last.state)
  return { steps: last.steps, of, seconds: last.seconds, history, ...(test && { test }) }
}

const startOf = async <S>({ fixed }: Pair<S>): Promise<History['start']> =>
  Object.fromEntries(
    await Promise.all(
      Object.entries(fixed.hyper).map(async ([name, value]) => [name, row(await data(value as Tensor))] as const),
    ),
  )
