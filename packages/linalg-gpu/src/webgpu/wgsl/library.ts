/** The functions of WGSL that our kernels may call, and the text of those that a kernel does call.
 *
 *  A kernel's renderer collects names in `uses` while it writes expressions (apply.ts) and puts `functionsOf(uses)` above them.
 *
 *  WGSL's own functions of this kind are as exact as their device likes. These are written with what the specification does promise: sums
 *  and products that are correctly rounded or fused with one another, conversions, integers and bits. It also lets a compiler reorder sums,
 *  factor them, and take it that there is no NaN and no infinity: Dawn over Vulkan was seen to make x of (x + 1) − 1. Hence
 *
 *    special values   are told and made by bits (bits.ts)
 *    exact parts      of a constant are multiplied by a whole number as integers, of a product cut by masks (pair.ts)
 *    what a sum lost  is told from the `blunt` sum, which cannot be taken apart
 *
 *  Worst errors stand in the headers: in ulp of the true value, measured on the software driver, whose division is correctly rounded.
 *  A division may be off by 2.5 ulp elsewhere. Subnormal numbers may count as 0, as arguments and as results. */

import { fail } from '../../errors.js'
import { arc } from './arc.js'
import { bits } from './bits.js'
import { casts } from './casts.js'
import { circle } from './circle.js'
import { error } from './error.js'
import { exponential } from './exponential.js'
import { gamma } from './gamma.js'
import { half } from './half.js'
import { integers } from './integers.js'
import { logarithm } from './logarithm.js'
import { pair } from './pair.js'
import { power } from './power.js'
import { remainder } from './remainder.js'
import { roots } from './roots.js'
import { threefryText } from './threefry.js'

/** Names of functions of the library. */
export type Uses = Set<string>

// what a function calls stands before it
const library: ReadonlyMap<string, string> = new Map(
  [
    bits,
    half,
    casts,
    integers,
    remainder,
    pair,
    roots,
    exponential,
    logarithm,
    power,
    circle,
    arc,
    error,
    gamma,
    threefryText,
  ].flatMap((texts) => Object.entries(texts)),
)

/** A call, noted in `uses`.
 *
 *  @example
 *  const uses = new Set<string>()
 *  call(uses, 'is_nan', 'x') // => is_nan(x)
 *  uses.has('is_nan') // => true */
export const call = (uses: Uses, name: string, ...args: readonly string[]): string => {
  if (!library.has(name)) throw new Error(`wgsl: the library has no function ${name}.`)
  uses.add(name)
  return `${name}(${args.join(', ')})`
}

/** The named functions and those that they call, each once, dependencies first, in an order that is always the same.
 *
 *  @example
 *  functionsOf(new Set(['is_nan'])).split('\n').filter((line) => line.startsWith('fn'))
 *  // => [ 'fn magnitude(x: f32) -> u32 {', 'fn is_nan(x: f32) -> bool {' ] */
export const functionsOf = (uses: Uses): string => {
  const all = new Set<string>()
  const visit = (name: string): void => {
    if (all.has(name)) return
    all.add(name)
    const text = library.get(name) ?? fail('functionsOf', `the library has no function ${name}.`)
    for (const [word] of text.matchAll(/\b[a-z]\w*\b/gi)) if (library.has(word)) visit(word)
  }
  for (const name of uses) visit(name)
  return [...library].flatMap(([name, text]) => (all.has(name) ? [text.trim()] : [])).join('\n\n')
}
