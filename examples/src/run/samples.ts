/** What each step of the hyperparameters is taken on: some training batches, stacked, and a validation batch. */

import { type BatchState, batches } from '@neumann/data'
import type { AlternationSamples, Sampled } from '@neumann/hypergrad'
import { array, type Device } from '@neumann/linalg-gpu'
import type { Arrays, Batch, Part, Parts } from '../tasks/task.js'

/** Where in both streams the next batches begin. */
export interface Position {
  readonly train: BatchState
  readonly validation: BatchState
}

/** Arrays by name as tensors on the device. */
export const placed = (arrays: Arrays, device: Device): Batch =>
  Object.fromEntries(Object.entries(arrays).map(([name, { data, shape }]) => [name, array(data, { shape, device })]))

/** Batches without end, those that fill no batch left out. */
const endless = ({ source, size, order }: Part, seed: number, from: BatchState | undefined) =>
  batches(source, {
    size,
    order,
    ...(order === 'shuffled' && { seed }),
    last: 'drop',
    epochs: Infinity,
    ...(from !== undefined && { from }),
  })[Symbol.asyncIterator]()

/** So many samples, each with where the next one begins. They are the taker's to free. */
export async function* samples(
  { train, validation }: Pick<Parts, 'train' | 'validation'>,
  {
    interval,
    seed,
    count,
    device,
    from,
  }: {
    readonly interval: number
    readonly seed: number
    readonly count: number
    readonly device: Device
    readonly from?: Position
  },
): AsyncGenerator<Sampled<AlternationSamples<Batch, Batch>, Position>> {
  const [learnt, judged] = [endless(train, seed, from?.train), endless(validation, seed + 1, from?.validation)]
  for (let k = 0; k < count; k++) {
    const rows: Arrays[] = []
    let position = from
    let next: BatchState | undefined
    while (rows.length < interval) {
      const { value } = await learnt.next()
      rows.push(value.value)
      next = value.next
    }
    const { value: judge } = await judged.next()
    position = { train: next!, validation: judge.next }
    yield { samples: { train: placed(stacked(rows), device), validation: placed(judge.value, device) }, position }
  }
}

/** Arrays of one shape along a new leading axis. */
const stacked = (rows: readonly Arrays[]): Arrays =>
  Object.fromEntries(
    Object.entries(rows[0]!).map(([name, { data, shape }]) => {
      const all = new (data.constructor as new (length: number) => typeof data)(data.length * rows.length)
      rows.forEach((row, i) => all.set(row[name]!.data as never, i * data.length))
      return [name, { data: all, shape: [rows.length, ...shape] }]
    }),
  )
