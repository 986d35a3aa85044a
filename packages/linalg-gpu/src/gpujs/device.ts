/** The device on WebGL2, through gpu.js: programs whose kernels it can carry; all others run on the wasm device, whole. */

import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { storage, type TypedArray } from '../dtype.js'
import { fail, showType } from '../errors.js'
import { schedule } from '../kernel/lower.js'
import { outputTypes, type Program } from '../program/program.js'
import { byteSize, type Type, totalBytes } from '../program/type.js'
import { cacheOf } from '../run/cache.js'
import type { Buffer, Device, Failure } from '../run/device.js'
import { ledgerOf } from '../run/ledger.js'
import { left, orThrow, reasonOf, right } from '../run/outcome.js'
import { type WasmDevice, wasm } from '../wasm/device.js'
import { type Engine, type Held, letGo, type Mode } from './engine.js'
import { type Executable, executableOf, runOn } from './executable.js'
import { openEngine } from './open.js'
import type { GpuClass } from './peer.js'

export interface GpujsOptions {
  /** The class of gpu.js: `import { GPU } from 'gpu.js'`. Looked for by `import('gpu.js')` where it is not given. */
  readonly GPU?: GpuClass
  /** `cpu` is JavaScript, for tests where there is no WebGL2. By default `webgl2`. */
  readonly mode?: Mode
  /** Where programs run that gpu.js cannot carry; made where it is not given. */
  readonly fallback?: WasmDevice
  readonly name?: string
  /** Bytes that buffers may hold together before an error names their makers; none by default. */
  readonly limit?: number
  /** How many compiled programs are kept. */
  readonly capacity?: number
}

/** A program that ran on the wasm device, and why. */
export interface Fallback {
  readonly program: string
  readonly reason: string
}

export interface GpujsDevice extends Device {
  readonly readSync: (buffer: Buffer) => TypedArray
  readonly mode: Mode
  /** Why a program runs on the wasm device, naming the kernel; undefined where gpu.js carries it. */
  readonly fallbackReason: (program: Program) => string | undefined
  /** The programs that have run on the wasm device, each with its reason, the last ones where there are many. */
  readonly fallbacks: () => readonly Fallback[]
  /** Ends gpu.js, and the wasm device where it was made here; the device must not be used afterwards. */
  readonly dispose: () => void
}

interface GpujsBuffer extends Buffer {
  readonly maker: string
  /** As the host gave them; of f32 and bool until gpu.js has them. */
  array: TypedArray | undefined
  held: Held | undefined
  /** On the wasm device. */
  other: Buffer | undefined
  readonly failure: Failure | undefined
  released: boolean
}

/** What is kept of a program: `executable` where gpu.js carries it, else the reason. */
interface Entry {
  executable: Executable | undefined
  reason: string | undefined
}

/** A device on WebGL2 through gpu.js, or the reason why there is none.
 *  @example
 *  const outcome = await gpujs()()
 *  outcome._tag === 'Left' && outcome.left.code // => noAdapter */
export const gpujs = (options: GpujsOptions = {}): TaskEither<Failure, GpujsDevice> => {
  return async () => {
    const engine = await openEngine(options.GPU, options.mode ?? 'webgl2')
    if (engine._tag === 'Left') return engine
    const { fallback } = options
    if (fallback !== undefined) return right(deviceOf(engine.right, fallback, () => {}, options))
    const made = await wasm()()
    if (made._tag === 'Right') return right(deviceOf(engine.right, made.right, made.right.dispose, options))
    engine.right.end()
    return made
  }
}

/** A device on WebGL2 through gpu.js: pass it to `array(data, { device })`, or make tensors under `onDevice`. Rejects where there is none.
 *  @example
 *  const device = await gpujsDevice({ mode: 'cpu' })
 *  const x = array([[1, 2], [3, 4]], { device })
 *  matmul(x, x) // => f32[2,2] [[7, 10], [15, 22]]
 *  jit((x: Tensor) => sort(x))(array([3, 1, 2], { device })) // => f32[3] [1, 2, 3]
 *  device.fallbacks().length // => 1 */
export const gpujsDevice = async (options: GpujsOptions = {}): Promise<GpujsDevice> => orThrow(await gpujs(options)())

const deviceOf = (engine: Engine, fallback: WasmDevice, end: () => void, options: GpujsOptions): GpujsDevice => {
  const { name = 'gpujs', limit = Infinity, capacity = 1024 } = options
  const ledger = ledgerOf(name, limit)
  const entries = cacheOf<Entry>(capacity, ({ executable }) => {
    for (const play of executable?.plays ?? []) play?.end()
  })
  const fallbacks = new Map<string, Fallback>()

  const make = (program: Program): Entry => {
    const planned = executableOf(schedule(program), engine)
    return 'reason' in planned
      ? { executable: undefined, reason: planned.reason }
      : { executable: planned, reason: undefined }
  }
  const entryOf = (program: Program): Entry => entries.get(program, make)!

  const adopt = (type: Type, maker: string, place: Partial<GpujsBuffer>): GpujsBuffer => {
    ledger.add(maker, byteSize(type))
    return { array: undefined, held: undefined, other: undefined, failure: undefined, ...place, device, type, maker, released: false } // biome-ignore format: a record
  }
  const own = (buffer: Buffer): GpujsBuffer => {
    const it = buffer as GpujsBuffer
    if (it.released) fail(name, `a buffer of ${showType(it.type)} was used after its release.`)
    return it
  }
  const release = (buffer: Buffer): void => {
    const it = buffer as GpujsBuffer
    if (it.released) return
    it.released = true
    ledger.remove(it.maker, byteSize(it.type))
    if (it.held !== undefined) letGo(it.held)
    if (it.other !== undefined && fallback.holds(it.other)) fallback.release(it.other)
    it.array = it.held = it.other = undefined
  }
  /** Why a buffer has no elements, as far as is known here. */
  const lacking = ({ failure, array, other, type, maker }: GpujsBuffer): Failure | undefined =>
    failure ??
    (array === undefined && other === undefined && engine.lost()
      ? {
          code: 'deviceLost',
          message: `${showType(type)}, made by ${maker}, was on ${name} when the browser took the GPU away, and is gone. Programs run on the wasm device from now on: upload what you need once more, or make another device.`,
        }
      : undefined)

  const onWasmAlone = (it: GpujsBuffer): boolean => it.array === undefined && (it.held === undefined || engine.lost())
  /** Elements of a buffer that is not lacking; throws where the wasm device has failed to make them. */
  const elements = (it: GpujsBuffer): TypedArray =>
    onWasmAlone(it) ? fallback.readSync(it.other!) : (it.array ?? typed(it.type, engine.read(it.held!)))
  const heldOf = (it: GpujsBuffer): Held => {
    if (it.held !== undefined) return it.held
    it.held = engine.upload(floatsOf(it.type, elements(it)))
    // integers are rounded there
    if (it.type.dtype !== 'i32') it.array = undefined
    return it.held
  }
  const otherOf = (it: GpujsBuffer): Buffer => (it.other ??= fallback.upload(elements(it), it.type, it.maker))

  /** The results on gpu.js, or undefined where it turns out that it cannot; then the entry says why. */
  const tryHere = (entry: Entry, given: readonly GpujsBuffer[]): readonly Held[] | undefined => {
    const { executable } = entry
    if (executable === undefined || engine.lost()) return undefined
    let inputs: readonly Held[]
    try {
      inputs = given.map(heldOf)
    } catch {
      return undefined
    }
    try {
      const results = runOn(engine, executable, inputs)
      ledger.during(executable.peakBytes)
      return results
    } catch (error) {
      if (engine.lost()) return undefined
      entry.executable = undefined
      entry.reason = `gpu.js refused it: ${reasonOf(error)}`
      return undefined
    }
  }

  const perform = (
    program: Program,
    given: readonly GpujsBuffer[],
    donated: readonly number[],
  ): readonly GpujsBuffer[] => {
    const types = outputTypes(program)
    if (limit !== Infinity) ledger.room(program.name, totalBytes(types))
    let failure: Failure | undefined
    for (const it of given) failure ??= lacking(own(it))
    if (failure !== undefined) return types.map((type) => adopt(type, program.name, { failure }))
    const entry = entryOf(program)
    const here = tryHere(entry, given)
    if (here !== undefined) {
      for (const i of donated) release(given[i]!)
      return here.map((held, i) => adopt(types[i]!, program.name, { held }))
    }
    // what has failed on the wasm device is told by its results, and is no reason
    const reason = entry.reason ?? (engine.lost() ? `${name} has lost the GPU` : undefined)
    if (reason !== undefined) fallbacks.set(`${program.name} ${reason}`, { program: program.name, reason })
    if (fallbacks.size > capacity) fallbacks.delete(fallbacks.keys().next().value!)
    const others = given.map(otherOf)
    const results = fallback.execute(program, others, donated)
    // nothing is lost where nothing has run
    for (const i of donated) if (!fallback.holds(others[i]!)) release(given[i]!)
    return results.map((other) => adopt(other.type, program.name, { other }))
  }

  const device: GpujsDevice = {
    name,
    mode: engine.mode,
    upload: (data, type, maker) => {
      ledger.room(maker, data.byteLength)
      return adopt(type, maker, { array: data.slice() })
    },
    execute: (program, inputs, donated) => perform(program, inputs as readonly GpujsBuffer[], donated),
    forecast: (program) => {
      const { executable } = entryOf(program)
      return executable === undefined
        ? fallback.forecast(program)
        : { kernels: executable.kernels, peakBytes: executable.peakBytes }
    },
    // looked up when the task runs: the buffer may be released by then
    read: (buffer) => async () => {
      const it = buffer as GpujsBuffer
      if (it.released) return left({ code: 'disposed', message: `read: ${showType(it.type)} was disposed.` })
      const failure = lacking(it)
      if (failure !== undefined) return left(failure)
      return onWasmAlone(it) ? fallback.read(it.other!)() : right(elements(it).slice())
    },
    readSync: (buffer) => {
      const it = own(buffer)
      const failure = lacking(it)
      if (failure !== undefined) throw new Error(failure.message)
      return elements(it).slice()
    },
    release,
    holds: (buffer) => !(buffer as GpujsBuffer).released,
    memory: ledger.memory,
    resetPeak: ledger.resetPeak,
    fallbackReason: (program) => entryOf(program).reason,
    fallbacks: () => [...fallbacks.values()],
    dispose: () => {
      entries.clear()
      engine.end()
      end()
    },
  }
  return device
}

const floatsOf = ({ dtype }: Type, data: TypedArray): Float32Array =>
  dtype === 'f32' ? (data as Float32Array) : Float32Array.from(data)

const typed = ({ dtype, size }: Type, floats: Float32Array): TypedArray => {
  if (dtype === 'f32') return floats
  const out = storage(dtype, size)
  out.set(floats)
  return out
}
