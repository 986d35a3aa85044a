/** All that is made once for a GPUDevice, and the recorder of its commands.
 *
 *  Commands gather in one pass and leave by one submit. What kernels are told at run time stands in a ring of 256-byte pieces, which
 *  is written before each submit: a full ring is a submit. */

import type { Tile } from '../contract/tile.js'
import type { Site } from '../rendered.js'
import type { Traits } from '../traits.js'
import type { KernelNode } from './executable.js'
import type { AdapterFacts, Opened } from './open.js'
import { type Pipeline, type Pipelines, pipelinesOf } from './pipelines.js'
import { type Allocation, type Pool, poolOf, type Trouble } from './pool.js'
import type { Look } from './queue.js'

/** A dispatch with all that it is bound to. */
export interface Bound {
  readonly pipeline: Pipeline
  readonly group: GPUBindGroup
  /** The second group, where the kernel is told anything. */
  readonly second: GPUBindGroup | undefined
  readonly workgroups: readonly [number, number, number]
}

export interface Counters {
  readonly submits: number
  readonly dispatches: number
  readonly bindGroups: number
  readonly buffers: number
  readonly pipelines: number
}

export interface Host {
  readonly device: GPUDevice
  readonly traits: Traits
  readonly adapter: AdapterFacts
  readonly pipelines: Pipelines
  readonly tileOf: HostOptions['tileOf']
  readonly pool: Pool
  /** Flags by which the device itself decides what runs: one word a slot. */
  readonly gates: Allocation
  readonly second: (gated: boolean) => GPUBindGroup
  readonly bindGroup: (layout: GPUBindGroupLayout, entries: GPUBindGroupEntry[]) => GPUBindGroup
  /** Words for the next dispatches, and where in the ring they stand. */
  readonly tell: (words: readonly number[]) => number
  readonly dispatch: (bound: Bound, told: number) => void
  /** The bytes of a buffer to be looked at, by way of a buffer that can be mapped: after all that was dispatched. */
  readonly look: (from: Allocation, offset: number, bytes: number) => Look
  readonly lookedAt: (look: Look) => void
  /** As `lookedAt`, where the buffer could not be mapped. */
  readonly unseen: (look: Look) => void
  /** Records what `f` dispatches between two timestamps of a set, the begin at place `at`. */
  readonly timed: (querySet: GPUQuerySet, at: number, f: () => void) => void
  /** The timestamps of a set, to be looked at. */
  readonly times: (querySet: GPUQuerySet, count: number) => Look
  /** Lets the commands go. */
  readonly flush: () => void
  /** Dispatches since the last flush. */
  readonly waiting: () => number
  readonly counters: () => Counters
  /** Gets a promise of what is wrong with whatever is made from now on. */
  readonly watch: (f: ((trouble: Trouble) => void) | undefined) => void
  /** Memory of at least so many bytes in place of what there was. */
  readonly larger: (before: Allocation | undefined, bytes: number) => Allocation
}

const piece = 256
const ringBytes = 1024 * piece
/** Slots of gates: nested loops and branches of one program. */
export const gateSlots = 16384

export interface HostOptions {
  /** Bytes of buffers that are kept for the next of their size, and bytes in all above which none are. */
  readonly idle: number
  readonly most: number
  /** How contractions are cut, where that is measured. */
  readonly tileOf?: ((node: KernelNode, site: Site) => Tile | undefined) | undefined
}

export const hostOf = ({ device, traits, adapter }: Opened, { idle, most, tileOf }: HostOptions): Host => {
  const { queue } = device
  let watcher: ((trouble: Trouble) => void) | undefined
  const told = (trouble: Trouble): void => watcher?.(trouble)
  const { STORAGE, COPY_DST, COPY_SRC, UNIFORM, MAP_READ } = GPUBufferUsage
  const maker = (usage: GPUBufferUsageFlags) => (size: number) => {
    device.pushErrorScope('out-of-memory')
    const buffer = device.createBuffer({ size, usage })
    return { buffer, trouble: device.popErrorScope() }
  }
  const longest = Math.floor(device.limits.maxBufferSize / 4) * 4
  const pool = poolOf({ make: maker(STORAGE | COPY_DST | COPY_SRC), longest, idle, most, told })
  const staging = poolOf({ make: maker(MAP_READ | COPY_DST), longest, idle: 2 ** 24, most: Infinity, told })
  const staged = new Map<GPUBuffer, Allocation>()
  const pipelines = pipelinesOf(device)
  const ring = device.createBuffer({ label: 'told', size: ringBytes, usage: UNIFORM | COPY_DST })
  const words = new Uint32Array(ringBytes / 4)
  const gates = pool.take(4 * gateSlots)
  let used = 0
  let encoder: GPUCommandEncoder | undefined
  let pass: GPUComputePassEncoder | undefined
  let [waiting, submits, dispatches, bindGroups] = [0, 0, 0, 0]
  const seconds: { plain?: GPUBindGroup; gated?: GPUBindGroup } = {}

  const bindGroup: Host['bindGroup'] = (layout, entries) => {
    bindGroups++
    return device.createBindGroup({ layout, entries })
  }
  const second = (gated: boolean): GPUBindGroup => {
    const key = gated ? 'gated' : 'plain'
    return (seconds[key] ??= bindGroup(pipelines.second(gated), [
      { binding: 0, resource: { buffer: ring, size: piece } },
      ...(gated ? [{ binding: 1, resource: { buffer: gates.buffer } }] : []),
    ]))
  }
  const endPass = (): GPUCommandEncoder => {
    pass?.end()
    pass = undefined
    return (encoder ??= device.createCommandEncoder())
  }
  const flush = (): void => {
    if (encoder === undefined) return
    pass?.end()
    pass = undefined
    if (used > 0) queue.writeBuffer(ring, 0, words, 0, used * (piece / 4))
    queue.submit([encoder.finish()])
    submits++
    encoder = undefined
    used = 0
    waiting = 0
  }
  // what is bound already need not be bound again
  let latest: GPUComputePipeline | undefined
  return {
    device,
    traits,
    adapter,
    pipelines,
    tileOf,
    pool,
    gates,
    second,
    bindGroup,
    tell: (told) => {
      if (used * piece === ringBytes) flush()
      words.set(told, used * (piece / 4))
      return used++ * piece
    },
    dispatch: ({ pipeline, group, second: own, workgroups: [x, y, z] }, told) => {
      if (pass === undefined) {
        pass = (encoder ??= device.createCommandEncoder()).beginComputePass()
        latest = undefined
      }
      if (latest !== pipeline.pipeline) pass.setPipeline((latest = pipeline.pipeline))
      pass.setBindGroup(0, group)
      if (own !== undefined) pass.setBindGroup(1, own, [told])
      pass.dispatchWorkgroups(x, y, z)
      waiting++
      dispatches++
    },
    look: (from, offset, bytes) => {
      const size = Math.max(4, Math.ceil(bytes / 4) * 4)
      const to = staging.take(size)
      staged.set(to.buffer, to)
      endPass().copyBufferToBuffer(from.buffer, offset, to.buffer, 0, size)
      flush()
      return { buffer: to.buffer, bytes }
    },
    timed: (querySet, at, f) => {
      pass = endPass().beginComputePass({
        timestampWrites: { querySet, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 },
      })
      latest = undefined
      f()
      endPass()
    },
    times: (querySet, count) => {
      const bytes = 8 * count
      const { QUERY_RESOLVE } = GPUBufferUsage
      const resolved = device.createBuffer({ size: bytes, usage: QUERY_RESOLVE | COPY_SRC })
      const to = staging.take(bytes)
      staged.set(to.buffer, to)
      const commands = endPass()
      commands.resolveQuerySet(querySet, 0, count, resolved, 0)
      commands.copyBufferToBuffer(resolved, 0, to.buffer, 0, bytes)
      flush()
      resolved.destroy()
      return { buffer: to.buffer, bytes }
    },
    unseen: ({ buffer }) => {
      staging.drop(staged.get(buffer)!)
      staged.delete(buffer)
    },
    larger: (before, bytes) => {
      // what is given back may be destroyed, and commands that wait may speak of it
      if (before !== undefined && before.bytes < bytes) flush()
      return pool.larger(before, bytes)
    },
    lookedAt: ({ buffer }) => {
      staging.give(staged.get(buffer)!)
      staged.delete(buffer)
    },
    flush,
    waiting: () => waiting,
    counters: () => ({
      submits,
      dispatches,
      bindGroups,
      buffers: pool.made() + staging.made() + 1,
      pipelines: pipelines.made(),
    }),
    watch: (f) => {
      watcher = f
    },
  }
}
