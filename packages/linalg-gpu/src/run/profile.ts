/** Where the time of a call goes. */

import { fail } from '../errors.js'
import { simplify } from '../simplify/simplify.js'
import { context, withContext } from '../trace/context.js'
import { isTracing } from '../trace/emit.js'
import { nameOf } from '../trace/treeTrace.js'
import { unflatten } from '../tree.js'
import type { Timing } from './device.js'
import { execute } from './execute.js'
import { recordCall } from './jit.js'

export interface Profile<R> {
  readonly value: R
  /** One entry for each kernel, the dearest first. */
  readonly timings: readonly Timing[]
  readonly milliseconds: number
  /** The timings as lines: milliseconds, share, calls, kernel, region. */
  readonly text: string
}

/** Gives what `f` computes a name, which `profile` shows beside its kernels, those of its derivatives too. Regions nest: `encoder/attention`.
 *  @example region('double', () => mul(array([1, 2]), 2)) // => f32[2] [2, 4] */
export const region = <R>(name: string, f: () => R): R =>
  withContext({ region: context.region === undefined ? name : `${context.region}/${name}` }, f)

/** Runs f(...args) as one jitted call, kernel after kernel, and says how long each took, and from which region or line of your code it comes.
 *  A promise, as a GPU tells its times later. Fused kernels name the first. The first call compiles: profile a second one. Needs a device that
 *  can time its kernels: wasm, and webgpu where the adapter has timestamps.
 *  Cost     some 0.1 µs a kernel above the call itself.
 *  @example
 *  const device = await wasmDevice()
 *  const { value, timings } = await profile((x: Tensor) => region('halve', () => mul(exp(x), 0.5)))(array([0, 1], { device }))
 *  value // => f32[2] [0.5, 1.35914]
 *  timings.map(({ kernel, calls }) => ({ kernel, calls })) // => [ { kernel: 'exp mul', calls: 1 } ]
 *  timings[0]!.region!.startsWith('halve') // => true */
export const profile =
  <A extends readonly unknown[], R>(f: (...args: A) => R): ((...args: A) => Promise<Profile<R>>) =>
  (...args) => {
    const name = nameOf(f, 'profile')
    if (isTracing()) fail('profile', `${name} is being traced: profile the outermost function.`)
    const { program, operands, out } = withContext({ locating: true, made: null }, () => recordCall(name, f, args))
    let timed: Promise<readonly Timing[]> | undefined
    const results = execute(simplify(program), operands, [], undefined, (device) => (simple, buffers) => {
      const measure = device.profile ?? fail('profile', `${device.name} cannot time its kernels.`)
      const profiled = measure(simple, buffers)
      timed = profiled.timings
      return profiled.results
    })
    return timed!.then((unsorted) => {
      const timings = unsorted.toSorted((a, b) => b.milliseconds - a.milliseconds)
      const milliseconds = timings.reduce((sum, one) => sum + one.milliseconds, 0)
      const text = timings.map((one) => lineOf(one, milliseconds)).join('\n')
      return { value: unflatten(out, results) as R, timings, milliseconds, text }
    })
  }

const lineOf = ({ kernel, region, calls, milliseconds }: Timing, total: number): string => {
  const share = (100 * milliseconds) / total || 0
  return `${milliseconds.toFixed(3).padStart(10)} ms ${share.toFixed(1).padStart(5)} % ${String(calls).padStart(6)} × ${kernel}${region === undefined ? '' : `  (${region})`}`
}
