/** Where the live pages compute: what the visitor asks for, or the best that this browser has. */

import type { Device } from '@neumann/linalg-gpu'
import { bestDevice, type DeviceKind } from '@neumann/linalg-gpu/best'
import type { Traits } from '@neumann/linalg-gpu/webgpu'

export type Choice = 'best' | 'webgpu' | 'wasm'

export interface Chosen {
  readonly device: Device
  /** Which device it is, and why not another. */
  readonly why: string
  /** What its shaders are made for, where it has some. */
  readonly traits?: Traits
  /** Ends it. */
  readonly dispose: () => void
}

const orders: Readonly<Record<Choice, readonly DeviceKind[]>> = {
  best: ['webgpu', 'wasm', 'plain'],
  // also a GPU in software, slow as it is, where there is no other
  webgpu: ['webgpu', 'software-webgpu'],
  wasm: ['wasm'],
}

/** Rejects where the browser has not what was asked for. */
export const chosenDevice = async (choice: Choice): Promise<Chosen> => {
  const found = await bestDevice({ order: orders[choice], wasm: { threads: 1 } })
  const { device, why } = found
  return {
    device,
    why,
    ...('traits' in found.device ? { traits: found.device.traits } : {}),
    dispose: () => {
      if ('dispose' in found.device) found.device.dispose()
    },
  }
}
