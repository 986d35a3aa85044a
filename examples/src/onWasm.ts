/** Work on a device of its own, which ends with it. */

import type { Device } from '@neumann/linalg-gpu'
import { wasmDevice } from '@neumann/linalg-gpu/wasm'

/** Runs `work` with a wasm device on two cores, or so many, and ends the device's threads, also where the work fails. */
export const onWasm = async <R>(work: (device: Device) => Promise<R>, threads = 2): Promise<R> => {
  const device = await wasmDevice({ threads })
  try {
    return await work(device)
  } finally {
    device.dispose()
  }
}
