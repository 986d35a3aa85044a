/** The device that ours are measured on. */

import { type Device, plain } from '@neumann/linalg-gpu'
import { wasmDevice } from '@neumann/linalg-gpu/wasm'

export interface DeviceChoice {
  readonly device: string
  readonly threads: number
  readonly relaxed: boolean
}

export interface Opened {
  readonly device: Device
  /** What was got: threads and fused multiply-add are asked for, not promised. */
  readonly version: string
}

export const openDevice = async ({ device, threads, relaxed }: DeviceChoice): Promise<Opened> => {
  if (device === 'plain') {
    if (threads > 1) throw new Error('the plain device has one thread')
    return { device: plain, version: 'plain' }
  }
  if (device !== 'wasm') throw new Error(`no device '${device}': wasm or plain`)
  const made = await wasmDevice({ threads, relaxed })
  if (made.threads() !== threads)
    throw new Error(`asked for ${threads} threads, got ${made.threads()}: ${made.notes.join('; ')}`)
  return { device: made, version: `wasm, ${made.threads()} threads${made.relaxed ? ', relaxed' : ''}` }
}
