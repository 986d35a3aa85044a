/** For tests: a GPU that tells how many bytes its storage buffers hold. */

import { wrappedGpu } from './outcomes.testing.js'

export interface Meter {
  /** Buffers that are not destroyed, and their bytes; the most bytes since `peak` was last set. */
  buffers: number
  bytes: number
  peak: number
}

/** Buffers to be mapped and uniforms are not counted: they stand for no value. */
export const meteredGpu = async (): Promise<{ readonly gpu: GPU; readonly meter: Meter }> => {
  const meter: Meter = { buffers: 0, bytes: 0, peak: 0 }
  const { gpu } = await wrappedGpu({
    device: (own) => ({
      createBuffer: (descriptor) => {
        const buffer = own.createBuffer(descriptor)
        if ((descriptor.usage & GPUBufferUsage.STORAGE) === 0) return buffer
        meter.buffers++
        meter.bytes += descriptor.size
        meter.peak = Math.max(meter.peak, meter.bytes)
        const destroy = buffer.destroy.bind(buffer)
        let there = true
        buffer.destroy = () => {
          meter.buffers -= Number(there)
          if (there) meter.bytes -= descriptor.size
          there = false
          return destroy()
        }
        return buffer
      },
    }),
  })
  return { gpu, meter }
}
