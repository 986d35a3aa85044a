/** What a page, a worker and Node do alike: open a device, run the samples, tell what came of it in plain data. */

import { type Results, runSamples } from '../../browser/samples.testing.js'
import type { Failure } from '../../index.js'
import { type WebgpuOptions, webgpu } from '../index.js'

export interface Told extends Results {
  readonly failure?: Failure
  /** What the adapter calls itself. */
  readonly architecture: string
}

/** Opens a device and runs the samples that a GPU can, all or those of some titles; also on the plain device where that is asked for. */
export const perform = async (
  options: WebgpuOptions,
  { compare = false, only }: { compare?: boolean; only?: readonly string[] | undefined } = {},
): Promise<Told> => {
  const opened = await webgpu(options)()
  if (opened._tag === 'Left') return { failure: opened.left, architecture: '', results: {}, differences: {} }
  const device = opened.right
  const told = await runSamples(device, {
    compare,
    wanted: ({ title, wide }) => !wide && (only?.includes(title) ?? true),
  })
  device.dispose()
  return { architecture: device.adapter.architecture, ...told }
}
