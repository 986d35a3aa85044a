/** The contestant's half of the protocol: one reply for each message, in Node (`host.ts`) and in a page (`browser.ts`).
 *
 *      start    → version, tasks            prepare  → the results of one repetition, to be compared
 *      warm     → ms of a repetition        turn     → ms of each sample, a sample being the mean of `inner` repetitions
 *      release  → peak bytes, where known */

import { givenOf, type Input } from '../inputs.js'
import type { Params } from '../tasks.js'
import type { Contestant, Library, Options, Outputs, Prepared, Started } from './contestant.js'

export type Message =
  | { readonly kind: 'start'; readonly options: Options }
  | {
      readonly kind: 'prepare'
      readonly task: string
      readonly params: Params
      readonly inputs: { readonly [name: string]: Input }
    }
  | { readonly kind: 'warm'; readonly ms: number }
  | { readonly kind: 'turn'; readonly samples: number; readonly inner: number }
  | { readonly kind: 'release' }

/** A result made small: how long it is, its norm, and at most `sampled` of its elements, equally spaced. */
export interface Digest {
  readonly count: number
  readonly norm: number
  readonly sample: readonly number[]
}

export type Reply =
  | { readonly error: string }
  | { readonly missing: string }
  | { readonly version: string; readonly tasks: readonly string[] }
  | { readonly results: { readonly [name: string]: Digest } }
  | { readonly ms: number }
  | { readonly times: readonly number[] }
  | { readonly peakBytes: number | null }

const sampled = 2048

export const digest = (elements: ArrayLike<number>): Digest => {
  let squares = 0
  for (let i = 0; i < elements.length; i++) squares += elements[i]! ** 2
  const step = Math.max(1, Math.ceil(elements.length / sampled))
  const sample = Array.from({ length: Math.ceil(elements.length / step) }, (_, i) => elements[i * step]!)
  return { count: elements.length, norm: Math.sqrt(squares), sample }
}

const digests = (outputs: Outputs): Record<string, Digest> =>
  Object.fromEntries(Object.entries(outputs).map(([name, elements]) => [name, digest(elements)]))

const pending = (value: unknown): value is Promise<unknown> => value instanceof Promise

/** Mean ms of a repetition. Nothing is awaited where nothing is to be waited for. */
const sample = async ({ run }: Prepared, inner: number): Promise<number> => {
  const begun = performance.now()
  for (let i = 0; i < inner; i++) {
    const done = run()
    if (pending(done)) await done
  }
  return (performance.now() - begun) / inner
}

/** A repetition longer than this is warm enough after one. */
const patience = 3000

/** At least two repetitions, until the time is over; the quickest of the last half of the batches. */
const warm = async (prepared: Prepared, ms: number): Promise<number> => {
  const begun = performance.now()
  const times = [await sample(prepared, 1)]
  let inner = 1
  while ((times.length < 2 && times[0]! < patience) || performance.now() - begun < ms) {
    times.push(await sample(prepared, inner))
    inner = Math.max(1, Math.min(10_000, Math.round(2 / times.at(-1)!)))
  }
  return Math.min(...times.slice(Math.floor(times.length / 2)))
}

export const responder = (
  { start, needs }: Contestant,
  load: (name: string) => Promise<Library>,
): ((message: Message) => Promise<Reply>) => {
  let started: Started | undefined
  let prepared: Prepared | undefined
  const ready = (): Prepared => {
    if (prepared === undefined) throw new Error('no task is prepared')
    return prepared
  }
  const answer = async (message: Message): Promise<Reply> => {
    switch (message.kind) {
      case 'start': {
        const libraries: Library[] = []
        for (const name of needs) libraries.push(await load(name))
        started = await start(message.options, ...libraries)
        return { version: started.version, tasks: Object.keys(started.tasks) }
      }
      case 'prepare': {
        const make = started!.tasks[message.task]
        if (make === undefined) return { missing: started!.missing?.[message.task] ?? 'not written' }
        prepared = await make(givenOf(message.inputs), message.params)
        return { results: digests(await prepared.result()) }
      }
      case 'warm':
        return { ms: await warm(ready(), message.ms) }
      case 'turn': {
        const times: number[] = []
        for (let i = 0; i < message.samples; i++) times.push(await sample(ready(), message.inner))
        return { times }
      }
      case 'release': {
        const peakBytes = prepared?.peakBytes?.() ?? null
        prepared?.dispose?.()
        prepared = undefined
        return { peakBytes }
      }
    }
  }
  return (message) => answer(message).catch((error: unknown) => ({ error: textOf(error) }))
}

export const textOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0]!.slice(0, 300) || 'failed without a message'
