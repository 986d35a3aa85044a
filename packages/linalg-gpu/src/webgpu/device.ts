/** The WebGPU device, in browsers and, through Dawn, in Node. */

import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { bytesOf, storage, type TypedArray } from '../dtype.js'
import { fail, showType } from '../errors.js'
import { withEpilogues } from '../kernel/epilogue.js'
import { schedule } from '../kernel/lower.js'
import { kernelsOf, type Schedule } from '../kernel/schedule.js'
import { outputTypes, type Program } from '../program/program.js'
import { byteSize, type Type, totalBytes } from '../program/type.js'
import { type Cache, cacheOf } from '../run/cache.js'
import type { Buffer, Device, Failure, Forecast, Timing } from '../run/device.js'
import { ledgerOf, remedy } from '../run/ledger.js'
import { left, orThrow, reasonOf, right } from '../run/outcome.js'
import type { Standing } from './runtime/bind.js'
import { type Executable, executableOf, scratchBytesOf } from './runtime/executable.js'
import { fitted } from './runtime/fit.js'
import { type Counters, type Host, hostOf } from './runtime/host.js'
import { blame, inherit, learn, type Making, makingOf, settled } from './runtime/making.js'
import { narrowed, narrowType } from './runtime/narrow.js'
import { type AdapterFacts, type Opened, type OpenOptions, open } from './runtime/open.js'
import { patiently } from './runtime/patience.js'
import { play, type Run, standing } from './runtime/play.js'
import type { Allocation } from './runtime/pool.js'
import { canMapAtOnce, type Look, lookAtOnce, lookLater, queueOf, type Task } from './runtime/queue.js'
import { stopwatchOf } from './runtime/stopwatch.js'
import { mostOperands, type Traits } from './traits.js'
import type { Store } from './tune/store.js'
import { usualStore } from './tune/tune.js'
import { type Tuning, tuningOf } from './tune/tuning.js'

export interface WebgpuOptions extends OpenOptions {
  readonly name?: string
  /** Bytes that buffers may hold together before an error names their makers; none by default. */
  readonly limit?: number
  /** How many compiled programs are kept. */
  readonly capacity?: number
  /** Bytes of buffers that are kept for the next of their size. */
  readonly idle?: number
  /** Milliseconds after which a read that is waited for in a hidden page fails with code `throttled`; none by default: it waits. */
  readonly patience?: number
  /** Whether contractions are cut into tiles as was measured to be quickest on this GPU: after the first call of a program, once for each class of
   *  shapes. What was found is kept in the user's cache folder in Node, in the page's database in browsers, or in a store of your own.
   *  Tiles change the order of sums, and so their last bits. */
  readonly tune?: boolean | Store
}

export interface WebgpuDevice extends Device {
  readonly profile: NonNullable<Device['profile']>
  /** Who the adapter is, as far as the browser tells. */
  readonly adapter: AdapterFacts
  /** What its kernels are made for. */
  readonly traits: Traits
  /** What has been made and sent so far; programs that are kept. */
  readonly counters: () => Counters & { readonly programs: number }
  /** Ends the device; it must not be used afterwards. */
  readonly dispose: () => void
}

interface WebgpuBuffer extends Buffer {
  readonly maker: string
  readonly making: Making
  /** Of which GPUDevice its memory is, once it has any: another one's is gone. */
  host: Host | undefined
  allocation: Allocation | undefined
  released: boolean
}

/** A device on WebGPU, or the reason why there is none.
 *  @example
 *  const outcome = await webgpu()()
 *  outcome._tag === 'Right' ? outcome.right.name : outcome.left.code // => webgpu */
export const webgpu = (options: WebgpuOptions = {}): TaskEither<Failure, WebgpuDevice> => {
  return async () => {
    const opened = await open(options)
    return opened._tag === 'Left' ? opened : right(deviceOf(opened.right, options))
  }
}

/** A device on WebGPU: pass it to `array(data, { device })`, or make tensors under `onDevice`. Rejects where there is none.
 *  Results are read by `await data(x)`: a page cannot wait for its GPU.
 *  @example
 *  const device = await webgpuDevice()
 *  const x = array([[1, 2], [3, 4]], { device })
 *  Array.from(await data(matmul(x, x))) // => [ 7, 10, 15, 22 ] */
export const webgpuDevice = async (options: WebgpuOptions = {}): Promise<WebgpuDevice> =>
  orThrow(await webgpu(options)())

/** What runs a program in place of `play`. */
type Around = (run: Run) => Task | undefined

/** GPUs that are lost one after another before anything is read from them: then there is no use in another. */
const mostLosses = 3

const described = ({ type, maker }: WebgpuBuffer): string => `${showType(type)}, made by ${maker},`

const deviceOf = (first: Opened, options: WebgpuOptions): WebgpuDevice => {
  const {
    name = 'webgpu',
    limit = Infinity,
    capacity = 1024,
    idle = 2 ** 28,
    patience = Infinity,
    tune = false,
  } = options
  const ledger = ledgerOf(name, limit)
  const queue = queueOf()
  const executables: Cache<Executable> = cacheOf(capacity, () => {})
  const forecasts = new WeakMap<Program, Forecast>()
  const hostFor = (opened: Opened): Host => {
    tuning = tune === false ? undefined : tuningOf(opened.device, opened.adapter, tune === true ? usualStore() : tune)
    return hostOf(opened, { idle, most: limit, tileOf: tuning?.tileOf })
  }
  let tuning: Tuning | undefined
  let host = hostFor(first)
  let disposed = false
  /** Why there is no GPU any more. */
  let gone: Failure | undefined
  /** Memory of all programs, as they run one after another. */
  let arena: Allocation[] = []
  let scratch: Allocation | undefined

  /** What was lost with a GPUDevice, by host. */
  const reasons = new WeakMap<Host, string>()
  const lost = (what: string, reason: string): Failure => ({
    code: 'deviceLost',
    message: `${what} was on ${name} when the GPU was lost (${reason}), and is gone. The device works again: upload what you need once more, or go on from your last checkpoint.`,
  })
  /** GPUs that were lost one after another, before anything was read from them. */
  let losses = 0
  const attend = (from: Host): void => {
    from.device.lost.then(({ message, reason }) => {
      if (gone !== undefined) return
      reasons.set(from, message || reason)
      losses++
      queue.put(reopen)
    })
  }
  const reopen = async (): Promise<void> => {
    const opened = losses > mostLosses ? undefined : await open(options)
    if (disposed) {
      if (opened?._tag === 'Right') opened.right.device.destroy()
      return
    }
    executables.clear()
    arena = []
    scratch = undefined
    if (opened?._tag !== 'Right') {
      const why = opened?.left.message ?? `${losses} were lost before anything was read from them.`
      const message = `${name}: the GPU was lost (${reasons.get(host)}), and no other can be had. ${why}`
      gone = { code: 'deviceLost', message }
      return
    }
    host = hostFor(opened.right)
    attend(host)
  }
  attend(host)

  const adopt = (type: Type, maker: string, making: Making): WebgpuBuffer => {
    ledger.add(maker, byteSize(type))
    return { device, type, maker, making, host: undefined, allocation: undefined, released: false }
  }
  /** Why a buffer has no elements, as far as is known. */
  const lacking = (buffer: WebgpuBuffer): Failure | undefined => {
    if (buffer.making.failure !== undefined) return buffer.making.failure
    if (gone !== undefined) return gone
    const reason = buffer.host && reasons.get(buffer.host)
    return reason === undefined ? undefined : lost(described(buffer), reason)
  }
  const own = (buffer: Buffer): WebgpuBuffer => {
    const it = buffer as WebgpuBuffer
    if (it.released) fail(name, `a buffer of ${showType(it.type)} was used after its release.`)
    return it
  }
  const release = (buffer: Buffer): void => {
    const it = buffer as WebgpuBuffer
    if (it.released) return
    it.released = true
    ledger.remove(it.maker, byteSize(it.type))
    queue.put(() => {
      if (it.allocation !== undefined && it.host === host) host.pool.give(it.allocation)
      it.allocation = undefined
      return undefined
    })
  }

  /** Gives the memory of programs back, once no program uses it. */
  const spare = (from: Host): void =>
    queue.put(() => {
      if (from !== host) return undefined
      for (const one of [...arena, scratch]) if (one !== undefined) host.pool.drop(one)
      arena = []
      scratch = undefined
      return undefined
    })
  const full = (from: Host, maker: string, { message }: GPUError): Failure => {
    spare(from)
    return {
      code: 'outOfMemory',
      message: `${maker}: the GPU has no room; ${name} holds ${ledger.bytes()} bytes in tensors. Largest makers: ${ledger.largest()}. ${remedy} (${message})`,
    }
  }

  /** Lets a making wait for what is being made while `f` runs. */
  const watching = <T>(maker: string, making: Making, f: () => T): T => {
    const from = host
    from.watch((trouble) =>
      learn(
        making,
        trouble.then((error) => (error === null ? undefined : full(from, maker, error))),
      ),
    )
    try {
      return f()
    } finally {
      from.watch(undefined)
    }
  }

  /** A task of which each stretch is watched. It ends where the GPU is lost, and what it throws is thrown by reads of its results. */
  function* attended(task: Task, program: Program, making: Making): Task {
    const from = host
    for (let go = () => task.next(); ; ) {
      let step: IteratorResult<Look, void>
      try {
        step = watching(program.name, making, go)
      } catch (error) {
        making.thrown = error
        from.flush()
        throw error
      }
      if (step.done === true) return
      try {
        const bytes = yield step.value
        go = () => task.next(bytes)
      } catch (error) {
        from.unseen(step.value)
        blame(making, gone ?? lost(`what ${program.name} computes`, reasons.get(from) ?? reasonOf(error)))
        return
      }
    }
  }

  const tooLong = (maker: string, type: Type, remedy: string): Failure | undefined =>
    byteSize(type) <= host.traits.bindingBytes && type.size < 2 ** 31
      ? undefined
      : {
          code: 'limitExceeded',
          message: `${maker}: ${showType(type)} has ${byteSize(type)} bytes, and this GPU binds ${host.traits.bindingBytes} at most to a kernel: ${remedy}`,
        }
  const inParts = 'keep it as several tensors, or on the wasm device.'

  const planOf = (program: Program): Schedule =>
    fitted(withEpilogues(schedule(narrowed(program, name)), mostOperands(host.traits)), host.traits)
  const make = (program: Program): Executable => executableOf(planOf(program), host.traits)

  const perform = (
    program: Program,
    given: readonly WebgpuBuffer[],
    donated: readonly number[],
    executable: Executable = executables.get(program, make)!,
    around?: Around,
  ): readonly WebgpuBuffer[] => {
    const { outputTypes: types } = executable
    if (limit !== Infinity) ledger.room(program.name, totalBytes(types))
    let known = gone
    for (let i = 0; i < given.length; i++) known ??= lacking(own(given[i]!))
    for (const type of types) known ??= tooLong(program.name, type, inParts)
    known ??= tooLong(program.name, executable.largest, 'it is in between, so compute in parts, as by scan.')
    const making = makingOf(known)
    const results = types.map((type) => adopt(type, program.name, making))
    if (known === undefined) {
      try {
        queue.put(() => begin(executable, program, given, results, donated, making, around))
        if (tuning !== undefined) queue.put(tuning.measure)
      } catch (error) {
        for (const result of results) release(result)
        // kernels that were sent before may have written over it
        for (const i of donated) release(given[i]!)
        throw error
      }
      ledger.during(executable.arenaBytes)
    }
    for (const i of donated) release(given[i]!)
    return results
  }

  /** Takes memory, and records. */
  const begin = (
    planned: Executable,
    program: Program,
    given: readonly WebgpuBuffer[],
    results: readonly WebgpuBuffer[],
    donated: readonly number[],
    making: Making,
    around: Around | undefined,
  ): Task | undefined => {
    let failure = gone
    for (let i = 0; i < given.length; i++) {
      inherit(making, given[i]!.making)
      failure ??= lacking(given[i]!)
    }
    if (failure !== undefined) {
      making.failure ??= failure
      return undefined
    }
    const record = (): Task | undefined => {
      // planned for a GPU that was lost meanwhile, with operands that are not
      const executable = planned.traits === host.traits ? planned : make(program)
      const places = new Array<Standing>(executable.types.length)
      given.forEach((buffer, i) => {
        const id = executable.inputs[i]!
        places[id] = standing(buffer.allocation!, 0, executable.types[id]!)
      })
      for (const i of donated) {
        const at = executable.reusable.get(i)
        if (at === undefined) continue
        // the memory goes on as a result's
        results[at]!.allocation = given[i]!.allocation
        given[i]!.allocation = undefined
      }
      results.forEach((result, i) => {
        const id = executable.outputs[i]!
        result.host = host
        result.allocation ??= host.pool.take(byteSize(executable.types[id]!))
        places[id] = standing(result.allocation, 0, executable.types[id]!)
      })
      executable.arena.bytes.forEach((bytes, piece) => {
        arena[piece] = host.larger(arena[piece], bytes)
      })
      executable.arena.homes.forEach((home, id) => {
        if (home !== undefined) places[id] = standing(arena[home.piece]!, home.offset, executable.types[id]!)
      })
      const run: Run = {
        host,
        executable,
        places,
        watch: (trouble) => learn(making, trouble),
        scratch: (bytes) => (scratch = host.larger(scratch, bytes)),
      }
      return around === undefined ? play(run) : around(run)
    }
    try {
      const task = watching(program.name, making, record)
      return task && attended(task, program, making)
    } catch (error) {
      making.thrown = error
      // what was recorded must not run when others have the memory
      host.flush()
      throw error
    }
  }

  const forecast = (program: Program): Forecast => {
    let known = forecasts.get(program)
    if (known === undefined) {
      const plan = planOf(program)
      const { arenaBytes } = executableOf(plan, host.traits)
      const kernels = kernelsOf(plan.steps)
      const scratchBytes = scratchBytesOf(kernels, host.traits)
      const outputs = totalBytes(outputTypes(program))
      known = { kernels: kernels.length, peakBytes: outputs + arenaBytes + scratchBytes }
      forecasts.set(program, known)
    }
    return known
  }

  const profile: WebgpuDevice['profile'] = (program, inputs) => {
    if (!host.device.features.has('timestamp-query'))
      fail('profile', `${name} cannot time its kernels, as this adapter has no timestamps: profile on the wasm device.`)
    // made anew: the executable that is kept may be that of an equal program, which came from other lines
    const executable = make(program)
    let told: (timings: Promise<readonly Timing[]>) => void
    const timings = new Promise<readonly Timing[]>((resolve) => {
      told = resolve
    })
    const results = perform(program, inputs as readonly WebgpuBuffer[], [], executable, (run) => {
      const stopwatch = stopwatchOf(run.host)
      const task = play({ ...run, timed: stopwatch.timed })
      // of a GPU that is lost the results tell
      const tell = (): void => told(stopwatch.timings().catch(() => []))
      if (task !== undefined) return followed(task, tell)
      tell()
      return undefined
    })
    // what failed before it began has no times
    queue.put(() => {
      told(Promise.resolve([]))
      return undefined
    })
    return { results, timings }
  }

  const disposedFailure = (buffer: WebgpuBuffer): Failure => ({
    code: 'disposed',
    message: `read: ${showType(buffer.type)} was disposed.`,
  })

  /** A look at a buffer's bytes, put in line. */
  const lookAt = (buffer: WebgpuBuffer, making: Making, then: (look: Look | Failure, from: Host) => void): void =>
    queue.put(() => {
      const failure = lacking(buffer) ?? (buffer.allocation === undefined ? disposedFailure(buffer) : undefined)
      if (failure !== undefined) then(failure, host)
      else watching('read', making, () => then(host.look(buffer.allocation!, 0, byteSize(buffer.type)), host))
      return undefined
    })
  const elements = ({ type }: WebgpuBuffer, bytes: Uint8Array): TypedArray => {
    const out = storage(type.dtype, type.size)
    new Uint8Array(out.buffer).set(bytes.subarray(0, out.byteLength))
    return out
  }

  const read = async (buffer: WebgpuBuffer): Promise<TypedArray | Failure> => {
    if (buffer.released) return disposedFailure(buffer)
    // what goes wrong with the reading alone does not with the buffer
    const making = makingOf()
    const wrong = async (): Promise<Failure | undefined> => (await settled(buffer.making)) ?? settled(making)
    const [look, from] = await new Promise<readonly [Look | Failure, Host]>((resolve) =>
      lookAt(buffer, making, (...found) => resolve(found)),
    )
    if ('code' in look) return (await wrong()) ?? look
    let bytes: Uint8Array
    try {
      bytes = await lookLater(look)
    } catch (error) {
      from.unseen(look)
      return (await wrong()) ?? lacking(buffer) ?? lost(described(buffer), reasonOf(error))
    }
    from.lookedAt(look)
    losses = 0
    return (await wrong()) ?? elements(buffer, bytes)
  }
  const readSync = (buffer: Buffer): TypedArray => {
    const it = own(buffer)
    let out: TypedArray | Failure | undefined
    lookAt(it, makingOf(), (look, from) => {
      if ('code' in look) out = look
      else {
        out = elements(it, lookAtOnce(look))
        from.lookedAt(look)
        // what is known too late is nobody's to hear, and not to be passed over
        if (it.making.pending !== undefined)
          settled(it.making).then((failure) => {
            if (failure !== undefined) throw new Error(failure.message)
          })
      }
    })
    if (out === undefined) throw new Error(`${name}: something waits for the GPU, and nothing can be read at once.`)
    if ('code' in out) throw new Error(out.message)
    return out
  }

  const device: WebgpuDevice = {
    name,
    upload: (data, type, maker) => {
      const narrow = narrowType(maker, name, type)
      ledger.room(maker, data.byteLength)
      const making = makingOf(gone ?? tooLong(maker, narrow, inParts))
      const buffer = adopt(narrow, maker, making)
      if (making.failure !== undefined) return buffer
      const bytes = uploadable(data, narrow, !queue.idle())
      queue.put(() => {
        if (gone !== undefined) return undefined
        watching(maker, making, () => {
          buffer.host = host
          buffer.allocation = host.pool.take(byteSize(narrow))
          if (bytes.byteLength > 0) host.device.queue.writeBuffer(buffer.allocation.buffer, 0, bytes)
        })
        return undefined
      })
      return buffer
    },
    execute: (program, inputs, donated) => perform(program, inputs as readonly WebgpuBuffer[], donated),
    profile,
    forecast,
    // looked up when the task runs: the buffer may be released by then
    read: (buffer) => async () => {
      const it = buffer as WebgpuBuffer
      const outcome = await patiently(read(it), described(it), patience)
      return 'code' in outcome ? left(outcome) : right(outcome)
    },
    ...(atOnce(host) ? { readSync } : {}),
    release,
    holds: (buffer) => !(buffer as WebgpuBuffer).released,
    memory: ledger.memory,
    resetPeak: ledger.resetPeak,
    get adapter() {
      return host.adapter
    },
    get traits() {
      return host.traits
    },
    counters: () => ({ ...host.counters(), programs: executables.size() }),
    dispose: () => {
      disposed = true
      gone = { code: 'disposed', message: `${name} was disposed, and what was on it is gone: read results before.` }
      host.device.destroy()
    },
  }
  return device
}

/** A task, and what is done when it has ended. */
function* followed(task: Task, end: () => void): Task {
  yield* task
  end()
}

/** Whether buffers can be mapped at once. */
const atOnce = ({ device }: Host): boolean => {
  const probe = device.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST })
  const can = canMapAtOnce(probe)
  probe.destroy()
  return can
}

/** Whole words of the type's storage: weak f64 as f32. Copied where it is not written at once. */
const uploadable = (data: TypedArray, type: Type, copy: boolean): Uint8Array<ArrayBuffer> => {
  const own = type.dtype === 'f32' && data instanceof Float64Array ? new Float32Array(data) : data
  const bytes = type.size * bytesOf(type.dtype)
  if (!copy && bytes % 4 === 0 && own.buffer instanceof ArrayBuffer)
    return new Uint8Array(own.buffer, own.byteOffset, own.byteLength)
  const out = new Uint8Array(Math.ceil(bytes / 4) * 4)
  out.set(new Uint8Array(own.buffer, own.byteOffset, own.byteLength))
  return out
}
