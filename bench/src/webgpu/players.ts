/** @jax-js/jax and ours on WebGPU, both in this process and on the same Dawn, each with a device of its own whose calls are counted.
 *
 *  @jax-js/jax 0.1.25 runs in Node on its WebGPU backend where it finds, before it is imported, `navigator.gpu` to ask for its adapter,
 *  `navigator.userAgent` (it tunes for phones, and polls for Firefox), and GPUBufferUsage, GPUShaderStage and GPUMapMode as globals. Node
 *  20 has no `navigator`, without which `init` throws; that of later Node has no `gpu`. Reading at once needs an OffscreenCanvas, which
 *  Node has not: it is never asked to. */

import { join } from 'node:path'
import { webgpuDevice } from '@neumann/linalg-gpu/webgpu'
import { softwareGpu } from '../../../tools/webgpu/software.mjs'
import type { Implementation, Library, Prepared } from '../contestants/contestant.js'
import { tasksOf } from '../contestants/jax.js'
import { tasksOn } from '../contestants/ours.js'
import { rivals } from '../harness/install.js'
import { type Meter, meterOf } from './meter.js'

export interface WebgpuPlayer {
  readonly id: 'ours' | 'jax'
  readonly version: string
  readonly meter: Meter
  /** A repetition of a task ends where its results are there to be used. */
  readonly tasks: Readonly<Record<string, Implementation>>
}

export const openJax = async (): Promise<WebgpuPlayer> => {
  const meter = meterOf((await softwareGpu()) as GPU)
  const { userAgent = 'Node', hardwareConcurrency = 1 } = globalThis.navigator ?? {}
  Object.defineProperty(globalThis, 'navigator', {
    value: { gpu: meter.gpu, userAgent, hardwareConcurrency },
    configurable: true,
  })
  const { load } = (await import(join(rivals, 'load.mjs'))) as { readonly load: (name: string) => Promise<Library> }
  const jax = await load('@jax-js/jax')
  if (!(await jax.init('webgpu')).includes('webgpu')) throw new Error('@jax-js/jax found no WebGPU')
  jax.defaultDevice('webgpu')
  return { id: 'jax', version: '0.1.25 webgpu', meter, tasks: tasksOf(jax) }
}

/** A call returns when its work is submitted: a repetition also waits until that is done. */
const waiting =
  (make: Implementation, { device, moments }: Meter): Implementation =>
  async (inputs, params): Promise<Prepared> => {
    const prepared = await make(inputs, params)
    return {
      ...prepared,
      run: async () => {
        const before = moments().length
        prepared.run()
        if (moments().length === before)
          throw new Error('the call submitted nothing: what would be waited for is not its work')
        await device().queue.onSubmittedWorkDone()
      },
    }
  }

export const openOurs = async (): Promise<WebgpuPlayer> => {
  const meter = meterOf((await softwareGpu()) as GPU)
  const device = await webgpuDevice({ gpu: meter.gpu })
  const tasks = Object.entries(tasksOn(device)).map(([name, make]) => [name, waiting(make, meter)] as const)
  return { id: 'ours', version: 'webgpu', meter, tasks: Object.fromEntries(tasks) }
}
