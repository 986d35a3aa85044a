/** What is common to kernels whose threads are alone with their points. */

import type { Loop, Store } from '../../kernel/kernel.js'
import { sizeOf } from '../../shape.js'
import { type Memory, memoryOf } from '../memory.js'
import type { Dispatch, Site } from '../rendered.js'
import { shader } from '../shader.js'
import type { Uses } from '../wgsl/library.js'
import { isNarrow, packedInside, storesOf } from './pack.js'
import type { Part } from './part.js'
import { serial } from './stages.js'
import { isMuch } from './weight.js'
import { type Writer, writerOf } from './writer.js'

export interface Frame {
  readonly memory: Memory
  readonly uses: Uses
  readonly w: Writer
  readonly part: Omit<Part, 'store'>
  /** Points of a thread. */
  readonly each: number
  readonly shader: (body: string, declarations?: string) => Dispatch
}

export interface Layout {
  readonly each: number
  /** The variable of a point. */
  readonly variable: string
  /** Operands that are seen as vectors. */
  readonly vectors: readonly number[]
  /** Narrow stores that are written by whole words, of neighbouring points. */
  readonly packed: ReadonlySet<Store>
}

const threads = 64

export const frameOf = (kernel: Loop, site: Site, { each, variable, vectors, packed }: Layout): Frame => {
  const uses = new Set<string>()
  const { groups, counts } = serial(kernel)
  const inside = packedInside(kernel, site, groups.at(-1))
  const whole = (store: Store): boolean => packed.has(store) || inside.has(store)
  const inParts = storesOf(kernel).filter((store) => isNarrow(kernel, store) && !whole(store))
  const memory = memoryOf(kernel.operands, site, uses, { vectors, atomic: inParts.map(({ operand }) => operand) })
  const w = writerOf(kernel, memory, uses, [{ first: 0, end: kernel.grid.length, variable }, ...groups])
  const tasks = Math.ceil(sizeOf(kernel.grid) / each)
  const workgroups = Math.ceil(tasks / threads)
  const guard = workgroups * threads === tasks ? '' : `if (thread >= ${tasks}) { return; }\n`
  return {
    memory,
    uses,
    w,
    each,
    part: {
      counts,
      packed: inside,
      together: site.traits.software && isMuch(kernel) ? 4 : 1,
      storeWord: ({ operand }, index, word) => w.line(memory.storeWord(operand, index, word)),
    },
    shader: (body, declarations = '') =>
      shader({ label: kernel.name, site, memory, uses, threads, workgroups, declarations, body: guard + body }),
  }
}

/** index + offset */
export const further = (index: string, offset: number): string => (offset === 0 ? index : `${index} + ${offset}`)
