/** argmax and argmin: the first of the greatest keys. A NaN has a greater one than any number, whichever is asked for.
 *
 *  Either a thread goes along a row, or a workgroup: its threads take every 256th element each, and halve in a tree what they found.
 *  Where there are few rows and they are long, a workgroup does a piece of one, and a second dispatch looks at what the pieces gave. */

import type { Special } from '../../kernel/kernel.js'
import type { OpOf } from '../../program/op.js'
import type { Memory } from '../memory.js'
import type { Dispatch, Rendered, Site } from '../rendered.js'
import { keyOf } from './key.js'
import { dispatch, eachAlone, threadsOf, type Written } from './parts.js'
import { along, firstOf, oneThreadEach, type Rows, rowsOf } from './rows.js'
import { greatest } from './tree.js'

/** Elements that are worth a workgroup of their own, and workgroups that keep a GPU busy. */
const piece = 8192
const busy = 256

export const renderArgReduce = (kernel: Special, { fn, axis }: OpOf<'argReduce'>, site: Site): Rendered => {
  const [x] = kernel.inputs
  const rows = rowsOf(x!, axis)
  const key = keyOf(x!.dtype, fn === 'min')
  const label = `arg${fn}`
  if (oneThreadEach(rows, site.traits.software))
    return {
      dispatches: [
        eachAlone(kernel, site, { label, items: rows.count, bits: true }, (memory) => ({
          declarations: key.declarations,
          body: `let first = ${firstOf(rows, 'thread')};
var best = 0;
var most = ${key.key(memory.load(0, 'first'))};
for (var i = 1; i < ${rows.n}; i++) {
  let next = ${key.key(memory.load(0, `first + ${along(rows, 'i')}`))};
  if (next > most) { most = next; best = i; }
}
${memory.store(1, 'thread', 'best')}`,
        })),
      ],
      scratch: [],
    }
  const pieces = rows.count >= busy ? 1 : Math.min(busy, Math.ceil(rows.n / piece))
  const items = Math.ceil(rows.n / pieces)
  const first = dispatch(
    kernel,
    site,
    { label, threads: threadsOf(site), workgroups: rows.count * pieces, bits: true },
    (memory) => {
      const found = pieces === 1 ? memory.store(1, 'group', 'i32(places[0])') : undefined
      const { declarations, body } = tree(threadsOf(site), {
        before:
          pieces === 1
            ? `let first = ${firstOf(rows, 'group')};`
            : `let row = group / ${pieces};\nlet first = ${firstOf(rows, 'row')};\nlet begin = group % ${pieces} * ${items};`,
        from: pieces === 1 ? 'lane' : 'begin + lane',
        to: pieces === 1 ? `${rows.n}` : `min(begin + ${items}, ${rows.n})`,
        item: `let next = ${key.key(memory.load(0, `first + ${along(rows, 'i')}`))};\n  let place = u32(i);`,
        found: found ?? `${memory.scratch(0, 'vec2<u32>')}[group] = vec2<u32>(keys[0], places[0]);`,
      })
      return { declarations: `${key.declarations}\n${declarations}`, body }
    },
  )
  if (pieces === 1) return { dispatches: [first], scratch: [] }
  return { dispatches: [first, second(kernel, site, label, rows, pieces)], scratch: [8 * rows.count * pieces] }
}

const second = (kernel: Special, site: Site, label: string, rows: Rows, pieces: number): Dispatch =>
  dispatch(
    kernel,
    site,
    { label: `${label}, pieces`, threads: threadsOf(site), workgroups: rows.count, bits: true },
    (memory: Memory) => {
      const pair = `${memory.scratch(0, 'vec2<u32>')}[group * ${pieces} + i]`
      return tree(threadsOf(site), {
        before: '',
        from: 'lane',
        to: `${pieces}`,
        item: `let next = ${pair}.x;\n  let place = ${pair}.y;`,
        found: memory.store(1, 'group', 'i32(places[0])'),
      })
    },
  )

/** The greatest `next`, with the least `place` of equals, of the items of a workgroup. */
const tree = (
  threads: number,
  {
    before,
    from,
    to,
    item,
    found,
  }: {
    readonly before: string
    readonly from: string
    readonly to: string
    readonly item: string
    readonly found: string
  },
): Written => {
  const { declarations, body } = greatest(threads)
  return {
    declarations,
    body: `${before}
var most = 0u;
var best = 0xffffffffu;
for (var i = ${from}; i < ${to}; i += ${threads}) {
  ${item}
  if (next > most || (next == most && place < best)) { most = next; best = place; }
}
${body}
if (lane == 0) { ${found} }`.trimStart(),
  }
}
