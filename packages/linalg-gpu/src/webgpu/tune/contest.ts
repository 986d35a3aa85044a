/** Times ways of doing one kernel against one another, on the device itself.
 *
 *  Rounds are interleaved, as machines speed up and slow down, and of each way the least time counts. A round does a way so often
 *  that the clock and the waiting do not matter. Operands are zeros: tiles do not ask for values. */

import { bytesOf } from '../../dtype.js'
import { type Kernel, operandsOf } from '../../kernel/kernel.js'
import { toldOf } from '../memory.js'
import { bindingsOf, type Dispatch, type Rendered, type Site } from '../rendered.js'
import { pipelinesOf } from '../runtime/pipelines.js'

export interface Contest {
  readonly rounds: number
  /** Milliseconds that one round of one way takes at least. */
  readonly least: number
}

interface Ready {
  readonly pipeline: GPUComputePipeline
  readonly group: GPUBindGroup
  readonly workgroups: Dispatch['workgroups']
}

/** Runs in a round at most. */
const mostTimes = 4096

/** The least milliseconds of one run of each way, in their order; Infinity for one that the device refuses. The site has no gate. Rejects
 *  where the device has no room for the operands. */
export const contest = async (
  gpu: GPUDevice,
  kernel: Kernel,
  site: Site,
  ways: readonly Rendered[],
  { rounds, least }: Contest,
): Promise<number[]> => {
  const made: GPUBuffer[] = []
  const troubles: Promise<GPUError | null>[] = []
  const buffer = (bytes: number, usage: number): GPUBuffer => {
    gpu.pushErrorScope('out-of-memory')
    const own = gpu.createBuffer({ size: Math.max(16, Math.ceil(bytes / 16) * 16), usage })
    troubles.push(gpu.popErrorScope())
    made.push(own)
    return own
  }
  const operands = operandsOf(kernel)
  const buffers = Array.from({ length: bindingsOf(site.places) }, (_, binding) => {
    const ends = site.places.map((place, i) =>
      place.binding === binding ? (place.offset + operands[i]!.size) * bytesOf(operands[i]!.dtype) : 0,
    )
    return buffer(Math.max(...ends), GPUBufferUsage.STORAGE)
  })
  const pipelines = pipelinesOf(gpu)
  const told = toldOf(site).length > 0
  const shifts = gpu.createBindGroup({
    layout: pipelines.second(false),
    entries: [{ binding: 0, resource: { buffer: buffer(256, GPUBufferUsage.UNIFORM), size: 256 } }],
  })

  const ready = async (way: Rendered): Promise<readonly Ready[] | undefined> => {
    const all = [...buffers, ...way.scratch.map((bytes) => buffer(bytes, GPUBufferUsage.STORAGE))]
    for (const error of await Promise.all(troubles))
      if (error !== null) throw new Error(`${kernel.name}: there is no room to measure it in. ${error.message}`)
    const list: Ready[] = []
    for (const dispatch of way.dispatches) {
      const { pipeline, layout, trouble } = pipelines.get(dispatch, told, false)
      if ((await trouble) !== undefined) return undefined
      const entries = dispatch.bindings.map(({ binding }) => ({ binding, resource: { buffer: all[binding]! } }))
      list.push({ pipeline, group: gpu.createBindGroup({ layout, entries }), workgroups: dispatch.workgroups })
    }
    return list
  }

  /** Milliseconds of so many runs, waiting included. */
  const time = async (way: readonly Ready[], times: number): Promise<number> => {
    const encoder = gpu.createCommandEncoder()
    const pass = encoder.beginComputePass()
    for (let i = 0; i < times; i++)
      for (const { pipeline, group, workgroups } of way) {
        pass.setPipeline(pipeline)
        pass.setBindGroup(0, group)
        if (told) pass.setBindGroup(1, shifts, [0])
        pass.dispatchWorkgroups(...workgroups)
      }
    pass.end()
    const commands = encoder.finish()
    const start = performance.now()
    gpu.queue.submit([commands])
    await gpu.queue.onSubmittedWorkDone()
    return performance.now() - start
  }

  try {
    const all: (readonly Ready[] | undefined)[] = []
    for (const way of ways) all.push(await ready(way))
    const best = ways.map(() => Infinity)
    const times = ways.map(() => 1)
    for (let round = -1; round < rounds; round++)
      for (const [i, way] of all.entries()) {
        if (way === undefined) continue
        // the first round warms up, and finds out how many runs it takes
        while (round < 0 && (await time(way, times[i]!)) < least && times[i]! < mostTimes) times[i]! *= 2
        if (round >= 0) best[i] = Math.min(best[i]!, (await time(way, times[i]!)) / times[i]!)
      }
    return best
  } finally {
    for (const own of made) own.destroy()
  }
}
