/** Tuning as a device does it: programs run with the usual tiles until theirs are measured, which is done between two of them. */

import type { Tile } from '../contract/tile.js'
import type { Site } from '../rendered.js'
import type { KernelNode } from '../runtime/executable.js'
import type { Store } from './store.js'
import { type AdapterName, tunerOf } from './tune.js'

export interface Tuning {
  /** The tile of a contraction as far as it is known; one that is not known is measured next. */
  readonly tileOf: (node: KernelNode, site: Site) => Tile | undefined
  /** Measures what was asked for since, when the GPU has nothing else to do: a promise where there is anything. */
  readonly measure: () => Promise<void> | undefined
}

export const tuningOf = (device: GPUDevice, adapter: AdapterName, store: Store): Tuning => {
  const tuner = tunerOf(device, adapter, store)
  let asked: { readonly node: KernelNode; readonly site: Site }[] = []
  const settle = async (list: typeof asked): Promise<void> => {
    await device.queue.onSubmittedWorkDone().catch(() => {})
    for (const { node, site } of list) {
      if (node.kernel.kind !== 'contract' || (await tuner.tune(node.kernel, site)) === undefined) continue
      // bound anew the next time
      node.variants.length = 0
      node.gatedVariants.length = 0
    }
  }
  return {
    tileOf: (node, site) => {
      if (node.kernel.kind !== 'contract') return undefined
      const tile = tuner.known(node.kernel, site)
      if (tile === undefined) asked.push({ node, site })
      return tile
    },
    measure: () => {
      if (asked.length === 0) return undefined
      const list = asked
      asked = []
      return settle(list)
    },
  }
}
