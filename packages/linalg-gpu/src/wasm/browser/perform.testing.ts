/** What a page, a worker and Node do alike: open a device, run the samples, tell what came of it in plain data. */

import { type Results, runSamples } from '../../browser/samples.testing.js'
import type { Failure } from '../../index.js'
import { type WasmOptions, wasm } from '../index.js'

export interface Told extends Results {
  readonly failure?: Failure
  readonly isolated: boolean
  readonly threads: number
  readonly relaxed: boolean
  readonly notes: readonly string[]
}

/** Opens a device and runs the samples, all or those of some titles, also on the plain device where that is asked for. */
export const perform = async (
  options: WasmOptions,
  { compare = false, only }: { compare?: boolean; only?: readonly string[] | undefined } = {},
): Promise<Told> => {
  const isolated = globalThis.crossOriginIsolated === true
  const opened = await wasm(options)()
  if (opened._tag === 'Left')
    return { failure: opened.left, isolated, threads: 0, relaxed: false, notes: [], results: {}, differences: {} }
  const device = opened.right
  const told = await runSamples(device, { compare, wanted: ({ title }) => only?.includes(title) ?? true })
  const threads = device.threads()
  device.dispose()
  return { isolated, threads, relaxed: device.relaxed, notes: device.notes, ...told }
}
