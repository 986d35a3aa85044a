/** Batches as a stream: shuffled by seed, loaded ahead, resumed exactly.
 *
 *      order of epoch e = permutation(seed, count, e);   batch b = order[b · size … (b + 1) · size)
 *
 *  Resumption  what comes next is a function of five numbers and two words, the `BatchState` that comes with each
 *              batch. It is plain JSON; given back as `from`, the stream goes on with the next batch as if it had not
 *              ended.
 *  Prefetch    while a batch is worked on, the next `prefetch` ones are being loaded.
 *  Errors      what `load` throws or rejects with ends the stream at that batch, after those before it.
 *  Cost        an epoch's order is 4 bytes a row. */

import { checkWhole, fail } from '../errors.js'
import { inOrder, permutation } from './permutation.js'
import type { Source } from './source.js'

export interface BatchOptions {
  readonly size: number
  /** Decides all orders; needed unless `order` is 'given'. */
  readonly seed?: number
  readonly order?: 'shuffled' | 'given'
  /** What becomes of the rows that fill no batch at the end of an epoch; kept when left out. */
  readonly last?: 'keep' | 'drop'
  /** How many epochs; 1 when left out, Infinity for a stream without end. */
  readonly epochs?: number
  /** How many batches to load ahead; 1 when left out. */
  readonly prefetch?: number
  /** Where to go on: the `next` of the last batch that was worked on. */
  readonly from?: BatchState
}

/** Which batch comes next, and of which stream. Plain JSON. */
export interface BatchState {
  readonly epoch: number
  readonly batch: number
  readonly count: number
  readonly size: number
  readonly seed: number
  readonly order: 'shuffled' | 'given'
  readonly last: 'keep' | 'drop'
}

export interface Batch<T> {
  readonly value: T
  /** The rows it is made of. */
  readonly rows: Int32Array
  /** From 0, as the number within the epoch. */
  readonly epoch: number
  readonly batch: number
  readonly batchesPerEpoch: number
  /** The part of all epochs that is done with this batch: 1 at the end; 0 always where there is no end. */
  readonly progress: number
  readonly next: BatchState
}

/** The stream. Each iteration of it begins anew, at `from`.
 *  Behaviour  a state of another stream (another count, size, seed, order or last) throws.
 *  @example
 *  const source = fromArrays({ x: { data: Float64Array.of(10, 11, 12), shape: [3] } })
 *  const seen: unknown[] = []
 *  const stream = batches(source, { size: 2, order: 'given' })
 *  for await (const { value, progress } of stream) seen.push([[...value.x.data], progress])
 *  seen // => [ [ [ 10, 11 ], 0.5 ], [ [ 12 ], 1 ] ] */
export const batches = <T>(source: Source<T>, options: BatchOptions): AsyncIterable<Batch<T>> => {
  const { prefetch = 1 } = options
  checkWhole('batches', 'prefetch', prefetch)
  const plan = planOf(source.count, options)
  return {
    async *[Symbol.asyncIterator]() {
      const planned = plan()
      const loading: Promise<Batch<T>>[] = []
      for (;;) {
        while (loading.length <= prefetch) {
          const { value, done } = planned.next()
          if (done) break
          loading.push(loaded(source, value))
        }
        const head = loading.shift()
        if (head === undefined) return
        yield await head
      }
    },
  }
}

/** How many batches an epoch has. */
export const batchesPerEpoch = (count: number, size: number, last: 'keep' | 'drop' = 'keep'): number => {
  checkWhole('batchesPerEpoch', 'the number of rows', count)
  checkWhole('batchesPerEpoch', 'the size', size, 1)
  return last === 'keep' ? Math.ceil(count / size) : Math.floor(count / size)
}

type Planned = Omit<Batch<never>, 'value'>

const loaded = <T>(source: Source<T>, planned: Planned): Promise<Batch<T>> => {
  const promise = (async () => ({ value: await source.load(planned.rows), ...planned }))()
  // it may fail while an earlier batch is worked on: then it is told when its turn comes, if it comes
  promise.catch(() => {})
  return promise
}

const planOf = (count: number, options: BatchOptions): (() => Generator<Planned, void>) => {
  const { size, order = 'shuffled', last = 'keep', epochs = 1 } = options
  checkWhole('batches', 'the size', size, 1)
  if (epochs !== Infinity) checkWhole('batches', 'the number of epochs', epochs)
  if (order === 'shuffled' && options.seed === undefined)
    fail('batches', "a shuffled order needs a seed: give one, or say order: 'given'.")
  const stream = { count, size, seed: order === 'given' ? 0 : options.seed!, order, last } as const
  const from = options.from ?? { epoch: 0, batch: 0, ...stream }
  for (const key of ['count', 'size', 'seed', 'order', 'last'] as const)
    if (from[key] !== stream[key])
      fail(
        'batches',
        `the state to go on from has ${key} ${from[key]}, the stream ${stream[key]}: it is of another stream.`,
      )
  const perEpoch = batchesPerEpoch(count, size, last)
  checkWhole('batches', "the state's epoch", from.epoch)
  checkWhole('batches', "the state's batch", from.batch)
  if (perEpoch > 0 && from.batch >= perEpoch)
    fail('batches', `the state's batch is ${from.batch}, an epoch has 0 … ${perEpoch - 1}.`)
  const total = perEpoch * epochs
  return function* () {
    if (perEpoch === 0) return
    for (let epoch = from.epoch; epoch < epochs; epoch++) {
      const rows = order === 'given' ? inOrder('batches', count) : permutation(stream.seed, count, epoch)
      for (let batch = epoch === from.epoch ? from.batch : 0; batch < perEpoch; batch++) {
        const ends = batch + 1 === perEpoch
        yield {
          rows: rows.slice(batch * size, (batch + 1) * size),
          epoch,
          batch,
          batchesPerEpoch: perEpoch,
          progress: (epoch * perEpoch + batch + 1) / total,
          next: { epoch: ends ? epoch + 1 : epoch, batch: ends ? 0 : batch + 1, ...stream },
        }
      }
    }
  }
}
