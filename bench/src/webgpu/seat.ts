/** A player of this process at the table where contestants take turns: it answers the same messages as one in a process of its own, and
 *  what one repetition of the prepared task asks of WebGPU is counted on the way. */

import type { Implementation } from '../contestants/contestant.js'
import { type Message, type Reply, responder } from '../contestants/respond.js'
import type { Player } from '../harness/contestants.js'
import { reply } from '../harness/process.js'
import type { Counts } from './meter.js'
import type { WebgpuPlayer } from './players.js'

export interface Seat extends Player {
  /** Counted in the task that was prepared last. */
  readonly counted: () => Counted
}

export interface Counted {
  /** Up to the first results, uploads and compilation included. */
  readonly first: Counts
  /** A later repetition. */
  readonly steady: Counts
  /** ms of processor time of a repetition, all threads, the least of the turns: on an adapter in software that is the whole work, and other
   *  work on the machine stretches it little. */
  readonly processor: number
}

/** Repetitions after which nothing is new: pools are full, and a state that is given up has gone through all of its buffers. */
const unsteady = 4

export const seatOf = async ({ id, version, meter, tasks }: WebgpuPlayer): Promise<Seat> => {
  let found: Omit<Counted, 'processor'> | undefined
  let processor = Infinity
  const counted =
    (make: Implementation): Implementation =>
    async (inputs, params) => {
      found = undefined
      processor = Infinity
      meter.watch(true)
      meter.take()
      const prepared = await make(inputs, params)
      return {
        ...prepared,
        result: async () => {
          const result = await prepared.result()
          const first = meter.take()
          for (let i = 0; i < unsteady; i++) await prepared.run()
          meter.take()
          await prepared.run()
          found = { first, steady: meter.take() }
          meter.watch(false)
          return result
        },
      }
    }
  const made = Object.fromEntries(Object.entries(tasks).map(([name, make]) => [name, counted(make)]))
  const respond = responder({ needs: [], start: async () => ({ version, tasks: made }) }, async () => ({}))
  const ask = async (message: Message): Promise<Reply> => {
    const begun = process.cpuUsage()
    const answer = await respond(message)
    const { user, system } = process.cpuUsage(begun)
    if (message.kind === 'turn')
      processor = Math.min(processor, (user + system) / 1000 / message.samples / message.inner)
    return answer
  }
  await reply(ask({ kind: 'start', options: { threads: 1, device: 'webgpu', relaxed: false } }), 'version')
  return {
    id,
    name: id,
    threads: 1,
    version,
    ask,
    end: async () => {},
    lost: () => false,
    // both are in this process
    markMemory: () => {},
    grown: () => null,
    counted: () => {
      if (found === undefined) throw new Error(`${id}: nothing has been counted`)
      return { ...found, processor }
    },
  }
}
