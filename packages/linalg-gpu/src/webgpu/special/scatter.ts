/** Rows added at indices: u […b, …i, …r], i […b, …i] → […b, size, …r]; what is out of range is dropped.
 *
 *  The updates of each batch are sorted by index, so those of one row of the result stand together, in their order; an element of the
 *  result is the sum of its column of them, and no two threads add to the same: the bits are the same from run to run. Where there
 *  are few updates, each element looks at all of them instead. Where there are many for each element, and few columns, a workgroup
 *  sums an element. */

import type { Special } from '../../kernel/kernel.js'
import type { OpOf } from '../../program/op.js'
import type { Type } from '../../program/type.js'
import { sizeOf } from '../../shape.js'
import type { Memory } from '../memory.js'
import type { Rendered, Site } from '../rendered.js'
import { valueType } from '../wgsl/apply.js'
import { dispatch, everyElement, inFours, oneByOne, threadsOf } from './parts.js'
import { type Sorted, sorted } from './sort.js'
import { sumOf } from './sums.js'
import { halving } from './tree.js'

/** Updates of a batch that an element looks at one by one, and updates for each element that are worth a workgroup. */
const few = 48
const many = 256

export const renderScatterAdd = (kernel: Special, op: OpOf<'scatterAdd'>, site: Site): Rendered => {
  const [updates, indices] = kernel.inputs as readonly [Type, Type]
  const each = sizeOf(indices.shape.slice(op.batch))
  const columns = sizeOf(updates.shape.slice(indices.shape.length))
  const crowded = !site.traits.software && columns < 32 && each >= many * op.size
  const fours = !crowded && inFours(kernel, site, columns, [0, 2]) ? [0, 2] : undefined
  const sizes: Sizes = {
    each,
    size: op.size,
    rest: fours === undefined ? columns : columns / 4,
    batches: sizeOf(indices.shape.slice(0, op.batch)),
  }
  if (each <= few)
    return {
      dispatches: [
        everyElement(kernel, site, { label: 'scatterAdd', fours }, (memory, _, type) => {
          const sum = sumOf(type, each)
          const { row, batch, column } = partsOf(sizes)
          return `let row = ${row};
let batch = ${batch};
${sum.start}
for (var j = 0; j < ${each}; j++) {
  if (${memory.load(1, `batch * ${each} + j`)} != row % ${op.size}) { continue; }
  ${sum.add(memory.load(0, cell(sizes, `batch * ${each} + j`, column)))}
${sum.close('j')}
}
return ${sum.value};`
        }),
      ],
      scratch: [],
    }
  const order = sorted(kernel, site, {
    label: 'scatterAdd, order',
    rows: { count: sizes.batches, n: each, step: 1 },
    declarations: '',
    // a negative index is a great key
    key: (memory, index) => `bitcast<u32>(${memory.load(1, index)})`,
  })
  const last = crowded
    ? byWorkgroups(kernel, site, sizes, order)
    : everyElement(kernel, site, { label: 'scatterAdd', fours }, (memory, _, type) => {
        const sum = sumOf(type, each)
        const { row, batch, column } = partsOf(sizes)
        const pairs = memory.scratch(order.piece, 'vec2<u32>')
        return `let row = ${row};
let batch = ${batch};
let wanted = u32(row % ${op.size});
let begin = batch * ${each};
${lowerBound(pairs, 'at', 'begin', each, 'wanted')}
let start = at;
${sum.start}
while (at < begin + ${each}) {
  let pair = ${pairs}[at];
  if (pair.x != wanted) { break; }
  ${sum.add(memory.load(0, cell(sizes, 'begin + i32(pair.y)', column)))}
${sum.close('(at - start)')}
  at += 1;
}
return ${sum.value};`
      })
  return { dispatches: [...order.dispatches, last], scratch: order.scratch }
}

interface Sizes {
  /** Updates of a batch, rows of its result, columns, batches. */
  readonly each: number
  readonly size: number
  readonly rest: number
  readonly batches: number
}

/** Of element `i`: its row of all, and its column. */
const partsOf = (
  { rest, size, batches }: Sizes,
  i = 'i',
): { readonly row: string; readonly batch: string; readonly column: string } => ({
  row: rest === 1 ? i : `${i} / ${rest}`,
  batch: batches === 1 ? '0' : `row / ${size}`,
  column: rest === 1 ? '0' : `${i} % ${rest}`,
})

/** The index of an element of the updates. */
const cell = ({ rest }: Sizes, update: string, column: string): string =>
  rest === 1 ? update : `(${update}) * ${rest} + ${column}`

/** The first place in a sorted row of pairs, from `begin` on, whose key is not less than `wanted`. */
const lowerBound = (
  pairs: string,
  name: string,
  begin: string,
  count: number,
  wanted: string,
): string => `var ${name} = ${begin};
var most = ${begin} + ${count};
while (${name} < most) {
  let middle = (${name} + most) / 2;
  if (${pairs}[middle].x < ${wanted}) { ${name} = middle + 1; } else { most = middle; }
}`

/** A workgroup an element: its threads sum every 256th update each, and in a tree their sums. */
const byWorkgroups = (kernel: Special, site: Site, sizes: Sizes, order: Sorted) => {
  const { dtype, size } = kernel.outputs[0]!
  const type = valueType(dtype)
  const { each } = sizes
  const threads = threadsOf(site)
  const sum = sumOf(type, Math.ceil(each / threads))
  return dispatch(
    kernel,
    site,
    { label: 'scatterAdd', threads, workgroups: size, ...oneByOne(kernel, 2) },
    (memory: Memory) => {
      const pairs = memory.scratch(order.piece, 'vec2<u32>')
      const { row, batch, column } = partsOf(sizes, 'group')
      return {
        declarations: `var<workgroup> sums: array<${type}, ${threads}>;`,
        body: `let row = ${row};
let begin = ${batch} * ${each};
let wanted = u32(row % ${sizes.size});
${lowerBound(pairs, 'at', 'begin', each, 'wanted')}
at += lane;
${sum.start}
for (var turn = 0; at < begin + ${each}; turn++) {
  let pair = ${pairs}[at];
  if (pair.x != wanted) { break; }
  ${sum.add(memory.load(0, cell(sizes, 'begin + i32(pair.y)', column)))}
${sum.close('turn')}
  at += ${threads};
}
sums[lane] = ${sum.value};
${halving(threads, 'sums[lane] += sums[lane + half];')}
if (lane == 0) { ${memory.store(2, 'group', 'sums[0]')} }`,
      }
    },
  )
}
