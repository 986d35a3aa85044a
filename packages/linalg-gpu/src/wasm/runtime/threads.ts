/** The threads of a runtime: starting them, noticing those that are gone, and giving up a job whose thread is. */

import { field, record, recordOf } from './control.js'
import type { Heap } from './memory.js'
import { mathNames } from './modules.js'
import { type Helper, spawn } from './spawn.js'

export interface Threads {
  /** How many there are, the caller's included. */
  readonly count: () => number
  /** Waits until all have begun; gives up on those that have not after some seconds. */
  readonly begin: () => Promise<void>
  /** Puts a module's bytes where workers find them. */
  readonly publish: (bytes: Uint8Array, base: number) => boolean
  /** Whether the job that the caller waits for has not gone on for too long. */
  readonly late: () => number
  /** Ends the threads that are in the middle of a chunk: the caller has given it up. */
  readonly endBusy: () => void
  readonly dispose: () => void
}

/** Chunks to a thread: enough that one which comes late does not make the others wait. */
const piecesEach = 4
const secondsToStart = 10

interface Member {
  readonly thread: number
  readonly record: number
  readonly helper: Helper
}

export const startThreads = (
  heap: Heap,
  control: number,
  core: Uint8Array<ArrayBuffer>,
  {
    threads,
    patience,
    notes,
    worker,
  }: { threads: number; patience: number; notes: string[]; worker: (() => Worker) | undefined },
): Threads => {
  const members = new Map<number, Member>()
  const word = (address: number): number => address >>> 2
  const countPieces = (): void => {
    heap.views().i32[word(control + field.pieces)] = members.size === 0 ? 0 : piecesEach * (members.size + 1)
  }
  const remove = ({ thread, record: at, helper }: Member): void => {
    members.delete(thread)
    helper.end()
    const { i32 } = heap.views()
    if (Atomics.exchange(i32, word(at + record.asleep), 0) === 1) Atomics.sub(i32, word(control + field.sleepers), 1)
    countPieces()
  }
  const give = (member: Member | undefined, why: string): void => {
    if (member === undefined) return // it was given up before
    notes.push(`thread ${member.thread} is gone: ${why}.`)
    remove(member)
  }
  for (let thread = 1; thread < threads; thread++) {
    const at = recordOf(control, thread)
    const start = {
      memory: heap.memory,
      core,
      record: at,
      begun: at + record.begun,
      loaded: at + record.loaded,
      firstModule: control + field.firstModule,
      math: mathNames,
    }
    try {
      const helper = spawn(start, (why) => give(members.get(thread), why), worker)
      members.set(thread, { thread, record: at, helper })
    } catch (error) {
      notes.push(`thread ${thread} cannot be started: ${error}.`)
    }
  }

  let last = control + field.firstModule
  let seen = -1n
  let quiet = 0
  let before = 0
  return {
    count: () => members.size + 1,
    begin: async () => {
      const { i32 } = heap.views()
      const late = (): readonly Member[] =>
        [...members.values()].filter(({ record: at }) => Atomics.load(i32, word(at + record.begun)) === 0)
      const end = performance.now() + 1000 * secondsToStart
      while (late().length > 0 && performance.now() < end) await new Promise((go) => setTimeout(go, 1))
      for (const member of late()) give(member, `it did not begin within ${secondsToStart} s`)
      for (const { helper } of members.values()) helper.letGo()
      countPieces()
    },
    publish: (bytes, base) => {
      const at = heap.allocate(12 + bytes.length)
      if (at === undefined) return false
      const { u8, i32 } = heap.views()
      i32.set([0, bytes.length, base], word(at))
      u8.set(bytes, at + 12)
      Atomics.store(i32, word(last), at)
      last = at
      Atomics.add(i32, word(control + field.modules), 1)
      i32[word(recordOf(control, 0) + record.loaded)]!++
      return true
    },
    late: () => {
      const state = new BigInt64Array(heap.memory.buffer, control + field.done, 1)[0]!
      const now = performance.now()
      // no more than a little at a time: a computer that slept has not waited
      quiet = state === seen ? quiet + Math.min(now - before, 200) : 0
      seen = state
      before = now
      return quiet > patience ? 1 : 0
    },
    endBusy: () => {
      const { i32 } = heap.views()
      for (const member of [...members.values()])
        if (i32[word(member.record)] !== 0 || i32[word(member.record) + 1] !== 0)
          give(member, 'it was given up in the middle of a kernel')
    },
    dispose: () => [...members.values()].forEach(remove),
  }
}
