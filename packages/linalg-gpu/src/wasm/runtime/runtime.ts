/** What the wasm device runs on: one memory, the functions of kernels in a table, threads, and the machine that runs tapes. */

import { assemble } from '../assembler.js'
import type { Lowered } from '../lowered.js'
import { field, record, recordOf } from './control.js'
import { forkJoin } from './fork.js'
import { type Heap, heap } from './memory.js'
import { library } from './modules.js'
import { relaxedSimd } from './relaxed.js'
import { canShare, canWait, processors } from './spawn.js'
import { machine } from './tape.js'
import { startThreads } from './threads.js'

export interface RuntimeOptions {
  /** Threads that compute, the caller's included. Left out: the processors that the host names, at most 8 in Node. There is 1 where
   *  memory cannot be shared: in a page that is not cross-origin isolated. */
  readonly threads?: number | undefined
  /** Use relaxed SIMD, whose sums of products may round once; not in use where the engine has none. Left out: false. */
  readonly relaxed?: boolean | undefined
  /** The memory never becomes larger than this. Left out: 4 GiB. */
  readonly maximumBytes?: number | undefined
  /** What the tape's HOST instruction calls. What it throws comes out of `run`. */
  readonly call?: ((id: number) => void) | undefined
  /** Makes a worker of a page whose policy forbids those from blobs: see worker.ts. */
  readonly worker?: (() => Worker) | undefined
  /** Milliseconds after which a kernel of which no chunk has become done is given up: its thread may be dead. Left out: 10,000. */
  readonly patience?: number | undefined
  /** Turns of a loop for which a thread looks for work before it sleeps, a nanosecond or two each. Left out: 20,000. */
  readonly spins?: number | undefined
}

/** 0 done; 1 a kernel trapped; 2 a thread was lost in the middle of a kernel. Results of a run that failed are undefined. */
export type RunCode = 0 | 1 | 2

export interface Runtime {
  /** Memory for buffers, cells, descriptors and tapes: all addresses are of it. */
  readonly heap: Heap
  /** Numbers for a tape's KERNEL instruction. Kernels whose key is not known are compiled, all into one module.
   *  A number is opaque: its sign bit says that the kernel needs functions which only the caller's thread has. */
  readonly functionIndex: (kernels: readonly Pick<Lowered, 'key' | 'build'>[]) => readonly number[]
  /** Runs the tape at this address to its END. */
  readonly run: (tape: number) => RunCode
  /** Runs one instruction: the address of the next, 0 at END, or a run code (1, 2: never an address) where it failed. */
  readonly step: (instruction: number) => number
  /** What the last run that failed died of. */
  readonly failure: () => string
  /** Makes sure that every thread has so many bytes of scratch; to be called before a run. False when memory has run out:
   *  there is none then. */
  readonly ensureScratch: (bytes: number) => boolean
  /** Threads that can work now, the caller's included: fewer than at the start where some were lost. */
  readonly threads: () => number
  readonly relaxed: boolean
  /** Modules compiled by `functionIndex`. */
  readonly compilations: () => number
  /** Why there are fewer threads, or no relaxed SIMD, although they were asked for. */
  readonly notes: readonly string[]
  /** Ends the threads. The memory goes when nothing refers to the runtime any more. */
  readonly dispose: () => void
}

const coreModule = (control: number, shared: boolean): Uint8Array<ArrayBuffer> => {
  const threads = shared ? forkJoin(control, canWait()) : undefined
  const functions = [
    ...machine(control, threads?.fork),
    ...(threads === undefined ? [] : [threads.work, threads.trapped, threads.drain]),
  ]
  return assemble({ functions, shared, pages: { initial: 0, maximum: 65536 }, table: true })
}

type Core = Readonly<Record<'run' | 'step', (address: number) => number>> & { readonly drain?: () => number }

/** More than a machine has; each has a record in shared memory and a stack of its own. */
const mostThreads = 256

/** A runtime, when its threads have begun. */
export const createRuntime = async ({
  threads: wanted = canShare() ? processors() : 1,
  relaxed = false,
  maximumBytes,
  call = () => {},
  worker,
  patience = 10_000,
  spins = 20_000,
}: RuntimeOptions = {}): Promise<Runtime> => {
  const notes: string[] = []
  const hasRelaxed = relaxed && relaxedSimd()
  if (relaxed && !hasRelaxed) notes.push('this engine has no relaxed SIMD.')
  if (wanted > 1 && !canShare())
    notes.push('memory cannot be shared with threads here: a page must be cross-origin isolated.')
  const threads = canShare() ? Math.min(mostThreads, Math.max(1, Math.floor(wanted))) : 1
  if (threads < wanted && canShare()) notes.push(`${wanted} threads were asked for: ${threads} are the most.`)
  const shared = threads > 1

  const memory = heap({ shared, maximumBytes })
  const control = memory.allocate(recordOf(0, threads))
  if (control === undefined) throw new Error(`createRuntime: ${threads} threads are too many for the memory's limit.`)
  memory.views().u8.fill(0, control, control + recordOf(0, threads))
  memory.views().u32[(control + field.spins) >>> 2] = spins
  const own = recordOf(control, 0)

  const bytes = coreModule(control, shared)
  const core = new WebAssembly.Module(bytes) // before there are threads: a page's policy may forbid it
  const team = startThreads(memory, control, bytes, { threads, patience, notes, worker })
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: 0 })
  const host = { memory: memory.memory, table, call, late: team.late }
  const { run, step, drain } = new WebAssembly.Instance(core, { host }).exports as unknown as Core
  const { functionIndex, compilations } = library(host, shared, shared ? team.publish : () => true)

  let failure = ''
  const thrown = (error: unknown): RunCode => {
    const { u32 } = memory.views()
    // in the middle of a job: other threads may be at work on it, and must be done before anything else is
    if ((u32[own >>> 2]! | u32[(own + 4) >>> 2]!) !== 0 && drain!() === 2) team.endBusy()
    if (!(error instanceof WebAssembly.RuntimeError)) throw error
    failure = error.message
    return 1
  }
  const told = (code: number): number => {
    if (code === 1) failure = 'a kernel trapped on another thread'
    if (code === 2) {
      failure = `a thread was lost in the middle of a kernel, or a part of one took longer than ${patience} ms`
      team.endBusy()
    }
    return code
  }

  let scratch: number | undefined
  let scratchBytes = 0
  await team.begin()
  return {
    heap: memory,
    functionIndex,
    run: (tape) => {
      try {
        const code = run(tape) as RunCode
        return code === 0 ? 0 : (told(code) as RunCode)
      } catch (error) {
        return thrown(error)
      }
    },
    step: (instruction) => {
      try {
        const next = step(instruction) >>> 0
        return next === 1 || next === 2 ? told(next) : next
      } catch (error) {
        return thrown(error)
      }
    },
    failure: () => failure,
    ensureScratch: (bytes) => {
      if (bytes <= scratchBytes) return true
      if (scratch !== undefined) memory.release(scratch)
      // a multiple of two cache lines, so that no two threads share what is fetched together
      const each = 128 * Math.ceil(bytes / 128)
      scratch = memory.allocate(each * threads)
      scratchBytes = scratch === undefined ? 0 : each
      for (let thread = 0; thread < threads; thread++)
        memory.views().u32[(recordOf(control, thread) + record.scratch) >>> 2] = (scratch ?? 0) + thread * scratchBytes
      return scratch !== undefined
    },
    threads: team.count,
    relaxed: hasRelaxed,
    compilations,
    notes,
    dispose: team.dispose,
  }
}
