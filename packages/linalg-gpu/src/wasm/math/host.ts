/** Functions of f64 that the host lends to kernels: those of the plain device, so that f64 results are the same on both.
 *
 *  Those that are Math.* must stay the very functions: V8 knows them as imports and calls its own code without a detour. */

import { floatFns, unaryFns } from '../../plain/elementwise.js'
import { polygamma } from '../../plain/special.js'

export const hostMath: Readonly<Record<string, (x: number, y: number) => number>> = {
  ...unaryFns,
  ...floatFns,
  polygamma,
}
