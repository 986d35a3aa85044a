/** Threads that share a point of the grid: a workgroup is `rows` points by `parts` threads of each.
 *
 *  Each goes through its part of the inner points, part + k · parts, all dimensions as one (but for those that would be too many); what they have reduced is then joined in
 *  workgroup memory by halves. Neighbouring threads are neighbours along what lies closest in memory: parts of a point, or points. */

import type { Loop } from '../../kernel/kernel.js'
import { sizeOf } from '../../shape.js'
import { memoryOf } from '../memory.js'
import type { Dispatch, Site } from '../rendered.js'
import { shader } from '../shader.js'
import { unwrapped } from './nodes.js'
import { isNarrow, packedInside, storesOf } from './pack.js'
import type { Reducer } from './reduce.js'
import { serial, stagesOf } from './stages.js'
import { writerOf } from './writer.js'

export interface Team {
  readonly rows: number
  /** A power of two. */
  readonly parts: number
  /** Whether neighbouring threads are of one point or of neighbouring points. */
  readonly along: 'inner' | 'grid'
  /** Inner dimensions of which every thread does all, so that the others are counted in i32. */
  readonly outer: number
}

export const renderTeam = (kernel: Loop, site: Site, { rows, parts, along, outer }: Team): Dispatch => {
  const uses = new Set<string>()
  const rank = kernel.grid.length
  const own = serial(kernel)
  const inner = { first: rank + outer, end: rank + kernel.inner.length, variable: 'j' }
  const packed = packedInside(kernel, site, inner)
  const atomic = storesOf(kernel).filter((store) => isNarrow(kernel, store) && !packed.has(store))
  const memory = memoryOf(kernel.operands, site, uses, { atomic: atomic.map(({ operand }) => operand) })
  const w = writerOf(kernel, memory, uses, [
    { first: 0, end: rank, variable: 'point' },
    ...own.groups.slice(0, outer),
    inner,
  ])
  const points = sizeOf(kernel.grid)
  const workgroups = Math.ceil(points / rows)
  // threads of points that are not there do the last one too, for the barriers, and keep it to themselves
  const spare = points % rows > 0
  const [row, part] =
    along === 'inner'
      ? [`lane / ${parts}`, rows === 1 ? 'lane' : `lane % ${parts}`]
      : [`lane % ${rows}`, `lane / ${rows}`]
  const number = rows === 1 ? 'group' : `group * ${rows} + ${row}`
  if (spare) w.line(`let row = ${number};`)
  w.line(`let point = ${spare ? `min(row, ${points - 1})` : number};`)
  w.line(`let part = ${part};`)
  const arrays: string[] = []
  /** Shared memory, one array for each result that is joined at once: those of later stages are used again. */
  const shared = (reducers: readonly Reducer[]): readonly string[] => {
    const free = [...arrays]
    return reducers.map(({ type }) => {
      const found = free.find((name) => name.startsWith(`${type}s`))
      if (found !== undefined) {
        free.splice(free.indexOf(found), 1)
        return found
      }
      const name = `${type}s${arrays.filter((other) => other.startsWith(`${type}s`)).length}`
      arrays.push(name)
      return name
    })
  }
  let joined = false
  const neighbour = along === 'inner' ? 'half' : `half * ${rows}`
  const first = along === 'inner' ? (rows === 1 ? '0' : `lane - part`) : `lane % ${rows}`
  const guarded = (over: 'grid' | 'inner', write: string): void => {
    const conditions = [...(spare ? [`row < ${points}`] : []), ...(over === 'grid' ? ['part == 0'] : [])]
    w.line(conditions.length === 0 ? write : `if (${conditions.join(' && ')}) { ${write} }`)
  }
  stagesOf(w, {
    counts: [
      ...own.counts.slice(0, outer),
      { variable: 'j', size: sizeOf(kernel.inner.slice(outer)), first: 'part', step: parts },
    ],
    packed,
    together: 1,
    store: ({ operand }, over, index, value) => guarded(over, memory.store(operand, index(), value)),
    storeWord: ({ operand }, index, word) => guarded('inner', memory.storeWord(operand, index, word)),
    join: (reducers, totals) => {
      if (parts === 1) return
      const own = shared(reducers)
      // until all have read what was there before
      if (joined) w.line('workgroupBarrier();')
      joined = true
      own.forEach((name, r) => w.line(`${name}[lane] = ${totals[r]};`))
      w.block(`for (var half = ${parts / 2}; half > 0; half /= 2)`, () => {
        w.line('workgroupBarrier();')
        w.block('if (part < half)', () => {
          own.forEach((name, r) => {
            w.line(`${totals[r]} = ${unwrapped(reducers[r]!.step(totals[r]!, `${name}[lane + ${neighbour}]`))};`)
            w.line(`${name}[lane] = ${totals[r]};`)
          })
        })
      })
      w.line('workgroupBarrier();')
      own.forEach((name, r) => w.line(`${totals[r]} = ${name}[${first}];`))
    },
  })
  const threads = rows * parts
  const declarations = arrays
    .map((name) => `var<workgroup> ${name}: array<${name.replace(/s\d+$/, '')}, ${threads}>;`)
    .join('\n')
  return shader({ label: kernel.name, site, memory, uses, threads, workgroups, declarations, body: w.text() })
}
