/** Where tensors go that are put nowhere else. */

import { synchronous } from '../errors.js'
import { plain } from '../plain/device.js'
import { context } from '../trace/context.js'
import type { Device } from './device.js'

/** The device of what is put nowhere else, at this moment. */
export const defaultDevice = (): Device => context.device ?? plain

/** Runs `f`, in which `array(data)`, and work on constants alone, is done on the device unless another is named. Ends with `f`, also
 *  where it throws; `f` is synchronous, as what comes after an await would be elsewhere.
 *  @example onDevice(plain, () => array([1, 2]).device === plain) // => true */
export const onDevice = <R>(device: Device, f: () => R): R => {
  const before = context.device
  context.device = device
  try {
    return synchronous('onDevice', f())
  } finally {
    context.device = before
  }
}
