/** Who works on one matrix of a stack: a single thread where matrices are small, and many or in software; or a workgroup.
 *
 *  Code is written once for both: work is dealt out by `each`, and what all must see stands in `shared` memory, or in that of a result,
 *  before a `barrier`. */

import type { Special } from '../../kernel/kernel.js'
import { sizeOf } from '../../shape.js'
import type { Memory } from '../memory.js'
import { powerAbove } from '../powers.js'
import type { Rendered, Site } from '../rendered.js'
import { dispatch, eachAlone, threadsOf, type Written } from '../special/parts.js'
import type { Uses } from '../wgsl/library.js'

export interface Crew {
  readonly threads: number
  /** The beginning of a loop over [from, to), of which each thread does its share. */
  readonly each: (i: string, from: string, to: string) => string
  /** What was written before it is seen after it. */
  readonly barrier: string
  /** The declaration of a variable that all threads see, and a single thread keeps for itself. */
  readonly shared: (name: string, type: string) => string
  /** Text for the first thread alone. */
  readonly once: (text: string) => string
}

/** Threads of a workgroup in software: what SwiftShader runs as the lanes of one vector, which are always at the same place: barriers are free. */
const four = 4

/** How many matrices there are: operand 0 is a stack of them. */
export const countOf = ({ inputs }: Special): number => sizeOf(inputs[0]!.shape.slice(0, -2))

/** One dispatch for a stack of `count` units, of which each gives work to `width` threads at once. The body knows its `unit`. */
export const byCrews = (
  kernel: Special,
  site: Site,
  { label, count, width }: { readonly label: string; readonly count: number; readonly width: number },
  write: (crew: Crew, memory: Memory, uses: Uses) => Written,
): Rendered => {
  const { software } = site.traits
  const alone = width <= 16 && (software || count >= 1024)
  const threads = alone ? 1 : software ? four : Math.min(threadsOf(site), Math.max(32, powerAbove(width)))
  const crew: Crew = alone
    ? {
        threads,
        each: (i, from, to) => `for (var ${i} = ${from}; ${i} < ${to}; ${i}++)`,
        barrier: '',
        shared: (name, type) => `var<private> ${name}: ${type};`,
        once: (text) => text,
      }
    : {
        threads,
        each: (i, from, to) => {
          const begin = from === '0' ? 'lane' : `${from} + lane`
          return `for (var ${i} = ${begin}; ${i} < ${to}; ${i} += ${threads})`
        },
        barrier: 'workgroupBarrier(); storageBarrier();',
        shared: (name, type) => `var<workgroup> ${name}: ${type};`,
        once: (text) => `if (lane == 0) { ${text} }`,
      }
  const written = (memory: Memory, uses: Uses): Written => {
    const { body, ...rest } = write(crew, memory, uses)
    return { ...rest, body: `let unit = ${alone ? 'thread' : 'group'};\n${body}` }
  }
  return {
    dispatches: [
      alone
        ? eachAlone(kernel, site, { label, items: count }, written)
        : dispatch(kernel, site, { label, threads, workgroups: count }, written),
    ],
    scratch: [],
  }
}
