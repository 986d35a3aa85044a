/** What a call will cost, before it runs. */

import { countEquations, inputTypes, outputTypes, type Program } from '../program/program.js'
import { totalBytes } from '../program/type.js'
import { simplify } from '../simplify/simplify.js'
import { nameOf } from '../trace/treeTrace.js'
import type { Device, Forecast } from './device.js'
import { deviceOf } from './execute.js'
import { recordCall } from './jit.js'
import { defaultDevice } from './onDevice.js'

export interface Plan extends Forecast {
  readonly equations: number
  readonly inputBytes: number
  readonly outputBytes: number
}

/** The plan of a simplified program on a device. */
export const planOf = (program: Program, device: Device = defaultDevice()): Plan => ({
  equations: countEquations(program),
  inputBytes: totalBytes(inputTypes(program)),
  outputBytes: totalBytes(outputTypes(program)),
  ...device.forecast(program),
})

/** What f(...args) would cost as one jitted call on the device of its arguments, without running it: bytes of the arguments, of the
 *  results, and the most beyond the arguments at once; equations, and kernels that the device makes of them (those in loops once).
 *  @example plan((x: Tensor) => sum(mul(x, 2)))(zeros([1000])).outputBytes // => 4 */
export const plan =
  <A extends readonly unknown[]>(f: (...args: A) => unknown) =>
  (...args: A): Plan => {
    const name = nameOf(f)
    const { program, operands } = recordCall(name, f, args)
    return planOf(simplify(program), deviceOf(name, operands))
  }
