/** Times of kernels, from timestamps that the GPU writes at the begin and the end of each. Long programs take several sets of them. */

import type { Timing } from '../../run/device.js'
import type { KernelNode } from './executable.js'
import type { Host } from './host.js'
import { type Look, lookLater } from './queue.js'

export interface Stopwatch {
  readonly timed: (node: KernelNode, record: () => void) => void
  /** All that was timed, by kernel: once everything is recorded. */
  readonly timings: () => Promise<readonly Timing[]>
}

/** Timestamps in a set: as many as WebGPU allows. */
const most = 4096

interface Lap {
  readonly look: Look
  readonly nodes: readonly KernelNode[]
}

export const stopwatchOf = (host: Host): Stopwatch => {
  const querySet = host.device.createQuerySet({ type: 'timestamp', count: most })
  const laps: Lap[] = []
  let nodes: KernelNode[] = []
  const close = (): void => {
    if (nodes.length === 0) return
    laps.push({ look: host.times(querySet, 2 * nodes.length), nodes })
    nodes = []
  }
  return {
    timed: (node, record) => {
      if (2 * nodes.length === most) close()
      host.timed(querySet, 2 * nodes.push(node) - 2, record)
    },
    timings: async () => {
      close()
      const times = new Map<KernelNode, { calls: number; milliseconds: number }>()
      for (const { look, nodes: own } of laps) {
        const stamps = new BigUint64Array((await lookLater(look)).buffer)
        host.lookedAt(look)
        own.forEach((node, i) => {
          const time = times.get(node) ?? { calls: 0, milliseconds: 0 }
          time.calls++
          // clocks of some adapters step back now and then
          time.milliseconds += Math.max(0, Number(stamps[2 * i + 1]! - stamps[2 * i]!) / 1e6)
          times.set(node, time)
        })
      }
      querySet.destroy()
      return [...times].map(([{ kernel, region }, time]) => ({ kernel: kernel.name, region, ...time }))
    },
  }
}
