/** For tests: a `GPU` whose buffers can be read at once, by `mapSync`. Dawn and its software driver run in a worker thread, and the
 *  objects here are proxies that send their calls there; a blocking call sleeps until the thread has answered.
 *
 *  Differs from a GPU of this thread: a call that WebGPU would refuse with an exception (a descriptor of the wrong type) fails later,
 *  as the rejection of the next promise, or the exception of the next `mapSync`.
 *
 *    const device = await (await (await remoteGpu()).requestAdapter())!.requestDevice()
 *    const buffer = device.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST }) as SyncBuffer
 *    device.queue.writeBuffer(buffer, 0, new Float32Array([7]))
 *    buffer.mapSync(GPUMapMode.READ)
 *    new Float32Array(buffer.getMappedRange())[0]   // 7
 *
 *  Cost   0.2 ms from a small dispatch to its four bytes, of which 0.1 ms Dawn's own; 2 µs of this thread a forwarded dispatch. */

import { useSoftwareVulkan } from '../../../../../tools/webgpu/software.mjs'
import { connect } from './connection.testing.js'
import { type Abilities, remoteDevice } from './device.testing.js'

/** A GPU in a thread of its own; a blocking call waits `timeLimit` milliseconds at most. */
export const startRemoteGpu = async ({ timeLimit = 60_000 }: { readonly timeLimit?: number } = {}): Promise<GPU> => {
  useSoftwareVulkan()
  const { globals } = await import('webgpu')
  Object.assign(globalThis, globals)
  const connection = connect(timeLimit)
  const { adopt, ask, number } = connection

  const requestAdapter = async (options?: GPURequestAdapterOptions): Promise<GPUAdapter | null> => {
    const id = number()
    const abilities = (await ask(0, 'requestAdapter', [options], id)) as Abilities | null
    if (abilities === null) return null
    return adopt<GPUAdapter>(id, {
      features: abilities.features as GPUSupportedFeatures,
      limits: abilities.limits,
      info: abilities.info,
      requestDevice: async (descriptor?: GPUDeviceDescriptor) => {
        const device = number()
        const own = (await ask(id, 'requestDevice', [descriptor], device)) as Abilities
        return remoteDevice(connection, device, own, descriptor?.label ?? '')
      },
    })
  }
  await ask(0, 'settle', []) // the thread runs, and has its driver
  const gpu: Partial<GPU> = { requestAdapter }
  return gpu as GPU
}

let kept: Promise<GPU> | undefined

/** The one that this process shares. */
export const remoteGpu = (): Promise<GPU> => {
  kept ??= startRemoteGpu()
  return kept
}
