/** What a program asks of WebGPU, counted: a `GPU` whose devices are watched. It serves whoever takes it for `navigator.gpu`.
 *
 *  The objects stay those of the implementation, with methods of their own laid over them, as native methods take no proxies. Watching can
 *  be turned off, to take times: only the moments of submits are then noted. Pipelines and bind groups that are used while it is watched
 *  must have been made while it was watched.
 *
 *  bound      bytes of storage that dispatches are bound to: of each dispatch, every distinct range that its shader reads and every
 *             one that it writes, once each, both where it does both. Uniforms are not storage. A dispatch may touch less than it is
 *             bound to (a slice; an arena that is bound as a whole), so that this is the most it moves if nothing is read twice. */

import { type StorageUse, storageUses } from './access.js'

/** Of one stretch of work, see `take`. */
export interface Counts {
  readonly submits: number
  /** Submits up to the last one that dispatches: later ones only read back, or wait. */
  readonly working: number
  readonly passes: number
  readonly dispatches: number
  readonly bindGroups: number
  readonly buffers: number
  readonly pipelines: number
  readonly modules: number
  readonly bound: number
  /** Bytes from buffer to buffer, or cleared. */
  readonly copied: number
  /** Bytes from the host, by writes and by buffers that are mapped as they are made. */
  readonly written: number
  /** Bytes mapped to be read. */
  readonly read: number
}

export interface Meter {
  readonly gpu: GPU
  /** The device that was asked for last. */
  readonly device: () => GPUDevice
  readonly watch: (on: boolean) => void
  /** What was counted since the last call, and counting begins anew. */
  readonly take: () => Counts
  /** When submits returned, `performance.now()`, watched or not, since `take`. */
  readonly moments: () => readonly number[]
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type Work = Pick<Mutable<Counts>, 'passes' | 'dispatches' | 'bound' | 'copied'>

const nothing = (): Mutable<Counts> => ({
  submits: 0, working: 0, passes: 0, dispatches: 0, bindGroups: 0, buffers: 0, pipelines: 0, modules: 0, bound: 0, copied: 0, written: 0, read: 0,
}) // biome-ignore format: a list

interface Range {
  readonly name: string
  readonly bytes: number
}
type Group = ReadonlyMap<number, Range>

/** Methods of an object's own over those that it inherits. */
const lay = <T extends object>(over: T, methods: Partial<T>): void => {
  for (const [name, value] of Object.entries(methods))
    Object.defineProperty(over, name, { value, configurable: true, writable: true })
}
const lift = <T extends object>(from: T, methods: Partial<T>): void => {
  for (const name of Object.keys(methods)) Reflect.deleteProperty(from, name)
}

/** Bytes of the distinct ranges that a dispatch reads, and of those that it writes. */
const boundBytes = (uses: readonly StorageUse[], groups: ReadonlyMap<number, Group>): number => {
  const ranges = new Map<string, number>()
  for (const { group, binding, reads, writes } of uses) {
    const range = groups.get(group)?.get(binding)
    if (range === undefined) throw new Error(`meter: nothing known is bound at ${group}, ${binding}: watch() while bind groups are made.`) // biome-ignore format: one line
    if (reads) ranges.set(`read ${range.name}`, range.bytes)
    if (writes) ranges.set(`write ${range.name}`, range.bytes)
  }
  return [...ranges.values()].reduce((a, b) => a + b, 0)
}

/** A watched view of a GPU.
 *  @example
 *  const { gpu, take } = meterOf(await softwareGpu())
 *  const device = await (await gpu.requestAdapter())!.requestDevice()
 *  device.createBuffer({ size: 4, usage: GPUBufferUsage.STORAGE })
 *  take().buffers // => 1 */
export const meterOf = (real: GPU): Meter => {
  let counts = nothing()
  let moments: number[] = []
  let watching = true
  let last: GPUDevice | undefined
  const everything: { readonly watch: (on: boolean) => void }[] = []
  const codes = new WeakMap<GPUShaderModule, readonly StorageUse[]>()
  const pipelines = new WeakMap<GPUComputePipeline, readonly StorageUse[]>()
  const groups = new WeakMap<GPUBindGroup, Group>()
  const works = new WeakMap<GPUCommandBuffer, Work>()
  const numbers = new WeakMap<GPUBuffer, number>()
  let buffersSeen = 0

  const rangeOf = (resource: GPUBindingResource): Range | undefined => {
    const given = resource as GPUBufferBinding | GPUBuffer
    const { buffer, offset = 0, size } = 'buffer' in given ? given : ({ buffer: given } as GPUBufferBinding)
    if (buffer === undefined || !('mapState' in buffer)) return undefined
    if (!numbers.has(buffer)) numbers.set(buffer, buffersSeen++)
    const bytes = size ?? buffer.size - offset
    return { name: `${numbers.get(buffer)} ${offset} ${bytes}`, bytes }
  }

  const watchedPass = (pass: GPUComputePassEncoder, work: Work): GPUComputePassEncoder => {
    let uses: readonly StorageUse[] = []
    const bound = new Map<number, Group>()
    const { setPipeline, setBindGroup, dispatchWorkgroups, dispatchWorkgroupsIndirect } = pass
    const dispatched = (): void => {
      work.dispatches++
      work.bound += boundBytes(uses, bound)
    }
    lay(pass, {
      setPipeline: (pipeline: GPUComputePipeline) => {
        uses = pipelines.get(pipeline) ?? []
        return setPipeline.call(pass, pipeline)
      },
      // (index, group, offsets?) or (index, group, array, start, length)
      setBindGroup: (...words: [number, GPUBindGroup | null]) => {
        bound.set(words[0], (words[1] === null ? undefined : groups.get(words[1])) ?? new Map())
        return setBindGroup.call(pass, ...(words as unknown as [number, GPUBindGroup, Uint32Array, number, number]))
      },
      dispatchWorkgroups: (...sizes: [number]) => {
        dispatched()
        return dispatchWorkgroups.call(pass, ...sizes)
      },
      dispatchWorkgroupsIndirect: (...words: [GPUBuffer, number]) => {
        dispatched()
        return dispatchWorkgroupsIndirect.call(pass, ...words)
      },
    } as Partial<GPUComputePassEncoder>)
    return pass
  }

  const watchedEncoder = (encoder: GPUCommandEncoder): GPUCommandEncoder => {
    const work: Work = { passes: 0, dispatches: 0, bound: 0, copied: 0 }
    const { beginComputePass, copyBufferToBuffer, clearBuffer, finish } = encoder
    lay(encoder, {
      beginComputePass: (descriptor?: GPUComputePassDescriptor) => {
        work.passes++
        return watchedPass(beginComputePass.call(encoder, descriptor), work)
      },
      // (source, target, size?) or (source, offset, target, offset, size?)
      copyBufferToBuffer: (...words: [GPUBuffer, ...unknown[]]) => {
        const [at, size] = typeof words[1] === 'number' ? [words[1], words[4]] : [0, words[2]]
        work.copied += (size as number | undefined) ?? words[0].size - at
        return copyBufferToBuffer.call(encoder, ...(words as unknown as [GPUBuffer, number, GPUBuffer, number, number]))
      },
      clearBuffer: (buffer: GPUBuffer, offset = 0, size = buffer.size - offset) => {
        work.copied += size
        return clearBuffer.call(encoder, buffer, offset, size)
      },
      finish: (descriptor?: GPUCommandBufferDescriptor) => {
        const done = finish.call(encoder, descriptor)
        works.set(done, work)
        return done
      },
    } as Partial<GPUCommandEncoder>)
    return encoder
  }

  const watchedBuffer = (buffer: GPUBuffer, { mappedAtCreation, size }: GPUBufferDescriptor): GPUBuffer => {
    counts.buffers++
    if (mappedAtCreation) counts.written += size
    const { mapAsync } = buffer
    lay(buffer, {
      mapAsync: (mode: number, offset = 0, bytes = buffer.size - offset) => {
        if (watching && mode === GPUMapMode.READ) counts.read += bytes
        return mapAsync.call(buffer, mode, offset, bytes)
      },
    } as Partial<GPUBuffer>)
    return buffer
  }

  const adopt = (device: GPUDevice): GPUDevice => {
    const { queue } = device
    const { submit, writeBuffer } = queue
    const make = device as unknown as Record<string, (descriptor: never) => never>
    /** The device's method, and something more with what it made. */
    const also = <D, T>(name: string, more: (made: T, descriptor: D) => T): ((descriptor: D) => T) => {
      const method = make[name]!
      return (descriptor) => more(method.call(device, descriptor as never), descriptor)
    }
    const pipelined = (pipeline: GPUComputePipeline, { compute }: GPUComputePipelineDescriptor): GPUComputePipeline => {
      counts.pipelines++
      pipelines.set(pipeline, codes.get(compute.module) ?? [])
      return pipeline
    }
    const methods = {
      createBuffer: also('createBuffer', watchedBuffer),
      createShaderModule: also('createShaderModule', (made: GPUShaderModule, { code }: GPUShaderModuleDescriptor) => {
        counts.modules++
        codes.set(made, storageUses(code))
        return made
      }),
      createComputePipeline: also('createComputePipeline', pipelined),
      createComputePipelineAsync: also(
        'createComputePipelineAsync',
        async (made: Promise<GPUComputePipeline>, descriptor: GPUComputePipelineDescriptor) =>
          pipelined(await made, descriptor),
      ),
      createBindGroup: also('createBindGroup', (made: GPUBindGroup, { entries }: GPUBindGroupDescriptor) => {
        counts.bindGroups++
        const ranges = [...entries].map(({ binding, resource }) => [binding, rangeOf(resource)] as const)
        groups.set(made, new Map(ranges.filter((entry): entry is [number, Range] => entry[1] !== undefined)))
        return made
      }),
      createCommandEncoder: also('createCommandEncoder', watchedEncoder),
    } as Partial<GPUDevice>
    const writes = {
      writeBuffer: (...words: [GPUBuffer, number, ArrayBuffer | ArrayBufferView, number?, number?]) => {
        const [, , data, from = 0, size] = words
        const each = (data as { readonly BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1
        counts.written += size === undefined ? data.byteLength - from * each : size * each
        return writeBuffer.call(queue, ...(words as [GPUBuffer, number, ArrayBuffer]))
      },
    } as unknown as Partial<GPUQueue>
    lay(device, { queue } as Partial<GPUDevice>)
    lay(queue, {
      submit: (buffers: Iterable<GPUCommandBuffer>) => {
        const list = [...buffers]
        const done = submit.call(queue, list)
        moments.push(performance.now())
        counts.submits++
        for (const buffer of list) {
          const work = works.get(buffer)
          if (work === undefined) continue
          if (work.dispatches > 0) counts.working = counts.submits
          counts.passes += work.passes
          counts.dispatches += work.dispatches
          counts.bound += work.bound
          counts.copied += work.copied
        }
        return done
      },
    } as Partial<GPUQueue>)
    const watch = (on: boolean): void => {
      const change = on ? lay : lift
      change(device, methods)
      change(queue, writes)
    }
    watch(watching)
    everything.push({ watch })
    last = device
    return device
  }

  const requestAdapter = async (options?: GPURequestAdapterOptions): Promise<GPUAdapter | null> => {
    const adapter = await real.requestAdapter(options)
    if (adapter === null) return null
    const { requestDevice } = adapter
    lay(adapter, {
      requestDevice: async (descriptor?: GPUDeviceDescriptor) => adopt(await requestDevice.call(adapter, descriptor)),
    } as Partial<GPUAdapter>)
    return adapter
  }
  return {
    gpu: { requestAdapter, wgslLanguageFeatures: real.wgslLanguageFeatures, getPreferredCanvasFormat: () => real.getPreferredCanvasFormat() } as GPU, // biome-ignore format: one line
    device: () => {
      if (last === undefined) throw new Error('meter: no device has been asked for yet.')
      return last
    },
    watch: (on) => {
      watching = on
      for (const one of everything) one.watch(on)
    },
    take: () => {
      const taken = counts
      counts = nothing()
      moments = []
      return taken
    },
    moments: () => moments,
  }
}
