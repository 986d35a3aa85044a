/** The wasm device: one memory, kernels generated as SIMD WebAssembly, threads where the host shares memory. */

import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { storage, type TypedArray } from '../dtype.js'
import { fail, showType } from '../errors.js'
import { schedule } from '../kernel/lower.js'
import { kernelsOf } from '../kernel/schedule.js'
import { outputTypes, type Program } from '../program/program.js'
import { byteSize, type Type, totalBytes } from '../program/type.js'
import { type Cache, cacheOf } from '../run/cache.js'
import { decoded } from '../run/decode.js'
import type { Buffer, Device, Failure, Forecast, Timing } from '../run/device.js'
import { ledgerOf, remedy } from '../run/ledger.js'
import { left, orThrow, right } from '../run/outcome.js'
import { showElements } from '../run/show.js'
import { buildExecutable, type Executable, type HostTask, layOut } from './executable.js'
import { createRuntime, type RunCode, type Runtime, type RuntimeOptions } from './runtime/runtime.js'
import { whyUnavailable } from './unavailable.js'

export interface WasmOptions extends Omit<RuntimeOptions, 'call'> {
  readonly name?: string
  /** Bytes that buffers may hold together before an error names their makers; none by default. */
  readonly limit?: number
  /** How many compiled programs are kept. */
  readonly capacity?: number
}

export interface WasmDevice extends Device {
  readonly readSync: (buffer: Buffer) => TypedArray
  readonly profile: NonNullable<Device['profile']>
  /** Threads that can work now, the caller's included. */
  readonly threads: () => number
  /** Whether products and sums may round once, by relaxed SIMD. */
  readonly relaxed: boolean
  /** Modules of kernels that have been compiled, and programs that are kept. */
  readonly compilations: () => { readonly modules: number; readonly programs: number }
  /** Bytes that the device has taken from its memory at this moment, and at the most: buffers, intermediates, scratch, tapes. */
  readonly heap: () => { readonly bytes: number; readonly peak: number }
  /** Why there are fewer threads, or no relaxed SIMD, although they were asked for. */
  readonly notes: readonly string[]
  /** Ends the threads; the device must not be used afterwards. */
  readonly dispose: () => void
}

interface WasmBuffer extends Buffer {
  readonly maker: string
  /** 0 once released, or where there never was memory. */
  address: number
  /** Why its elements do not exist. */
  readonly failure: Failure | undefined
}

/** A device on WebAssembly, or the reason why there is none. Fewer threads than were asked for are no reason: see `notes`.
 *  @example
 *  const outcome = await wasm({ threads: 2 })()
 *  outcome._tag === 'Right' ? outcome.right.threads() : outcome.left.message // => 2 */
export const wasm = (options: WasmOptions = {}): TaskEither<Failure, WasmDevice> => {
  return async () => {
    try {
      return right(await open(options))
    } catch (error) {
      return left({ code: 'deviceLost', message: `wasm: ${whyUnavailable(error)}` })
    }
  }
}

/** A device on WebAssembly: pass it to `array(data, { device })`, or make tensors under `onDevice`. Rejects where there is none.
 *  @example
 *  const device = await wasmDevice()
 *  const x = array([[1, 2], [3, 4]], { device })
 *  matmul(x, x) // => f32[2,2] [[7, 10], [15, 22]]
 *  sum(x).device === device // => true */
export const wasmDevice = async (options: WasmOptions = {}): Promise<WasmDevice> => orThrow(await wasm(options)())

const open = async ({
  name = 'wasm',
  limit = Infinity,
  capacity = 1024,
  ...options
}: WasmOptions): Promise<WasmDevice> => {
  let tasks: readonly HostTask[] = []
  let running = false
  /** Whether the last program got as far as to run. */
  let begun = false
  const runtime: Runtime = await createRuntime({ ...options, call: (id) => byHost(tasks[id]!) })
  const { heap } = runtime
  const ledger = ledgerOf(name, limit)
  const forecasts = new WeakMap<Program, Forecast>()
  const executables: Cache<Executable> = cacheOf(capacity, (gone) => heap.release(gone.block))
  // one arena for all programs, as they run one after another
  let arena = { number: 0, address: 0, bytes: 0 }

  const elements = (address: number, type: Type): TypedArray => {
    const out = storage(type.dtype, type.size)
    new Uint8Array(out.buffer).set(heap.views().u8.subarray(address, address + byteSize(type)))
    return out
  }
  const byHost = (task: HostTask): void => {
    const at = (cell: number): number => heap.views().u32[cell >>> 2]!
    if (task.kind === 'print') {
      const { label, sink, type, cell } = task
      sink(`${label} ${showType(type)} ${showElements(type, decoded(type, elements(at(cell), type)))}`)
      return
    }
    const { kernel, custom, cells } = task
    const given = kernel.inputs.map((type, i) => elements(at(cells[i]!), type))
    const made = kernel.outputs.map((type) => storage(type.dtype, type.size))
    custom.oracle(given, made, kernel)
    made.forEach((result, i) => {
      heap.views().u8.set(new Uint8Array(result.buffer), at(cells[kernel.inputs.length + i]!))
    })
  }
  const adopt = (type: Type, maker: string, address: number | undefined, failure?: Failure): WasmBuffer => {
    if (address !== undefined) ledger.add(maker, byteSize(type))
    return {
      device,
      type,
      maker,
      address: address ?? 0,
      failure: address === undefined ? (failure ?? full(maker, byteSize(type))) : undefined,
    }
  }
  const full = (maker: string, bytes: number): Failure => ({
    code: 'outOfMemory',
    message: `${maker}: ${name} has no room for ${bytes} bytes more; it holds ${heap.bytes()}. Largest makers: ${ledger.largest()}. ${remedy}`,
  })
  const own = (buffer: Buffer): WasmBuffer => {
    const it = buffer as WasmBuffer
    if (it.address === 0 && it.failure === undefined)
      fail(name, `a buffer of ${showType(it.type)} was used after its release.`)
    return it
  }
  const release = (buffer: Buffer): void => {
    const it = buffer as WasmBuffer
    if (it.address === 0) return
    ledger.remove(it.maker, byteSize(it.type))
    heap.release(it.address)
    it.address = 0
  }

  /** Gives the arena back, which waits for the next program. */
  const parted = (): boolean => {
    if (running || arena.address === 0) return false
    heap.release(arena.address)
    arena = { number: arena.number + 1, address: 0, bytes: 0 }
    return true
  }

  /** Lets the cells of a program's temporaries point into an arena that is large enough. */
  const ready = (executable: Executable): boolean => {
    const { scratchBytes } = executable
    if (!runtime.ensureScratch(scratchBytes) && !(parted() && runtime.ensureScratch(scratchBytes))) return false
    if (executable.arenaBytes > arena.bytes) {
      if (arena.address !== 0) heap.release(arena.address)
      const address = heap.allocate(executable.arenaBytes)
      arena = {
        number: arena.number + 1,
        address: address ?? 0,
        bytes: address === undefined ? 0 : executable.arenaBytes,
      }
      if (address === undefined) return false
    }
    if (executable.arena !== arena.number) {
      const { u32 } = heap.views()
      for (const [cell, offset] of executable.temporaries) u32[cell >>> 2] = arena.address + offset
      executable.arena = arena.number
    }
    return true
  }

  /** Memory for a result; an arena that is larger than the program needs gives way. */
  const room = (executable: Executable, bytes: number): number | undefined => {
    const address = heap.allocate(bytes)
    if (address !== undefined || arena.bytes <= executable.arenaBytes) return address
    return parted() && ready(executable) ? heap.allocate(bytes) : undefined
  }

  const threadLost = (maker: string): Failure => ({
    code: 'threadLost',
    message: `${maker}: a thread of ${name} was lost in the middle of a kernel (${runtime.failure()}): the results do not exist. Run it again; the device goes on with ${runtime.threads()} threads.`,
  })

  const giveUp = (addresses: readonly number[]): void => {
    for (const address of addresses) heap.release(address)
  }

  const make = (program: Program): Executable | undefined => {
    const plan = schedule(program)
    return buildExecutable(plan, runtime) ?? (parted() ? buildExecutable(plan, runtime) : undefined)
  }
  /** The results of a program that did not run; where no reason is given there was no memory for it. */
  const failed = (
    program: Program,
    outputs: readonly Type[],
    failure: Failure = full(program.name, forecast(program).peakBytes),
  ): readonly WasmBuffer[] => outputs.map((type) => adopt(type, program.name, undefined, failure))

  /** Runs a program; `go` runs a tape. */
  const perform = (
    program: Program,
    inputs: readonly Buffer[],
    donated: readonly number[],
    go: (executable: Executable) => RunCode,
  ): readonly WasmBuffer[] => {
    if (running)
      fail(
        program.name,
        `was called while ${name} runs a program: a sink of debugPrint and the oracle of a kernel must not compute.`,
      )
    begun = false
    const executable = executables.get(program, make)
    const outputs = executable?.outputs ?? outputTypes(program)
    if (limit !== Infinity) ledger.room(program.name, totalBytes(outputs))
    const given = inputs as readonly WasmBuffer[]
    for (let i = 0; i < given.length; i++) {
      const { failure } = own(given[i]!)
      if (failure !== undefined) return failed(program, outputs, failure)
    }
    if (executable === undefined || !ready(executable)) return failed(program, outputs)
    const addresses = new Array<number>(outputs.length).fill(0)
    const reused = donated.length === 0 ? donated : donated.filter((i) => executable.reusable.has(i))
    for (const i of reused) addresses[executable.reusable.get(i)!] = given[i]!.address
    const fresh: number[] = []
    for (let i = 0; i < addresses.length; i++) {
      if (addresses[i] !== 0) continue
      const address = room(executable, executable.outputBytes[i]!)
      if (address === undefined) {
        giveUp(fresh)
        return failed(program, outputs)
      }
      addresses[i] = address
      fresh.push(address)
    }
    const { u32 } = heap.views()
    for (let i = 0; i < given.length; i++) u32[executable.inputCells[i]! >>> 2] = given[i]!.address
    for (let i = 0; i < addresses.length; i++) u32[executable.outputCells[i]! >>> 2] = addresses[i]!
    running = true
    begun = true
    tasks = executable.tasks
    let code: RunCode
    try {
      code = go(executable)
    } catch (error) {
      giveUp(fresh)
      // their elements may be written over by now
      for (const i of reused) release(given[i]!)
      throw error
    } finally {
      running = false
    }
    if (code !== 0) {
      giveUp(fresh)
      if (code === 1) fail(program.name, `a kernel failed (${runtime.failure()}): this is an error of the library.`)
      return failed(program, outputs, threadLost(program.name))
    }
    for (const i of reused) {
      // the memory goes on as a result's
      ledger.remove(given[i]!.maker, byteSize(given[i]!.type))
      given[i]!.address = 0
    }
    const results = new Array<WasmBuffer>(outputs.length)
    for (let i = 0; i < outputs.length; i++) results[i] = adopt(outputs[i]!, program.name, addresses[i])
    ledger.during(executable.arenaBytes)
    return results
  }

  const forecast = (program: Program): Forecast => {
    let known = forecasts.get(program)
    if (known === undefined) {
      const plan = schedule(program)
      const { arena: own, words, scratchBytes } = layOut(plan, runtime.relaxed)
      const outputs = totalBytes(outputTypes(program))
      const beside = 4 * words.length + scratchBytes * runtime.threads()
      known = { kernels: kernelsOf(plan.steps).length, peakBytes: outputs + own.bytes + beside }
      forecasts.set(program, known)
    }
    return known
  }

  const profile = (
    program: Program,
    inputs: readonly Buffer[],
  ): { results: readonly Buffer[]; timings: Promise<readonly Timing[]> } => {
    const times = new Map<number, { calls: number; milliseconds: number }>()
    let marks: Executable['marks'] = new Map()
    const results = perform(program, inputs, [], (executable) => {
      // the executable may be that of an equal program, which came from other lines
      const own = layOut(schedule(program), runtime.relaxed).marks
      marks = new Map([...executable.marks.keys()].map((at, i) => [at, own[i]![1]]))
      let at = executable.tape
      while (at !== 0) {
        const timed = marks.has(at)
        const begun = timed ? performance.now() : 0
        const next = runtime.step(at)
        if (timed) {
          const time = times.get(at) ?? { calls: 0, milliseconds: 0 }
          time.calls++
          time.milliseconds += performance.now() - begun
          times.set(at, time)
        }
        if (next === 1 || next === 2) return next
        at = next
      }
      return 0
    })
    const timings = [...times].map(([at, time]): Timing => {
      const { name: kernel, region } = marks.get(at)!
      return { kernel, region, ...time }
    })
    return { results, timings: Promise.resolve(timings) }
  }

  const lost = (buffer: WasmBuffer): Failure | undefined =>
    buffer.failure ??
    (buffer.address === 0 ? { code: 'disposed', message: `read: ${showType(buffer.type)} was disposed.` } : undefined)

  const device: WasmDevice = {
    name,
    upload: (data, type, maker) => {
      ledger.room(maker, data.byteLength)
      const address = heap.allocate(data.byteLength) ?? (parted() ? heap.allocate(data.byteLength) : undefined)
      if (address !== undefined)
        heap.views().u8.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), address)
      return adopt(type, maker, address)
    },
    execute: (program, inputs, donated) => {
      const results = perform(program, inputs, donated, (executable) => runtime.run(executable.tape))
      // nothing is lost where nothing has run
      if (begun) for (const i of donated) release(inputs[i]!)
      return results
    },
    profile,
    forecast,
    // looked up when the task runs: the buffer may be released by then
    read: (buffer) => async () => {
      const it = buffer as WasmBuffer
      const failure = lost(it)
      return failure === undefined ? right(elements(it.address, it.type)) : left(failure)
    },
    readSync: (buffer) => {
      const it = own(buffer)
      if (it.failure !== undefined) throw new Error(it.failure.message)
      return elements(it.address, it.type)
    },
    release,
    holds: (buffer) => (buffer as WasmBuffer).address !== 0,
    memory: ledger.memory,
    resetPeak: () => {
      ledger.resetPeak()
      heap.resetPeak()
    },
    threads: runtime.threads,
    relaxed: runtime.relaxed,
    compilations: () => ({ modules: runtime.compilations(), programs: executables.size() }),
    heap: () => ({ bytes: heap.bytes(), peak: heap.peak() }),
    notes: runtime.notes,
    dispose: () => {
      executables.clear()
      runtime.dispose()
    },
  }
  return device
}
