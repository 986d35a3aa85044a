/** Cumulative sums, with the roundings of a few short sums: see `sums`.
 *
 *  Either a thread goes along a row. Or workgroups do blocks: each thread sums its share, the sums of the shares are added up across
 *  the workgroup, and each share starts from what stands before it. A row of several blocks takes two dispatches before that one:
 *  the sum of each block, then what stands before each block.
 *  Scratch  the sums of the blocks, and what stands before them. */

import type { Special } from '../../kernel/kernel.js'
import type { OpOf } from '../../program/op.js'
import type { Memory } from '../memory.js'
import type { Dispatch, Rendered, Site } from '../rendered.js'
import { valueType } from '../wgsl/apply.js'
import { dispatch, eachAlone, oneByOne, threadsOf } from './parts.js'
import { along, firstOf, oneThreadEach, type Rows, rowsOf } from './rows.js'
import { sumOf } from './sums.js'

/** Elements a thread takes of a block. Odd, so that neighbouring threads look into different banks of shared memory. */
const share = 15

export const renderCumsum = (kernel: Special, { axis, reverse }: OpOf<'cumsum'>, site: Site): Rendered => {
  const [x] = kernel.inputs
  const { dtype } = x!
  const rows = rowsOf(x!, axis)
  const at = (i: string): string => `first + ${along(rows, reverse ? `${rows.n - 1} - ${i}` : i)}`
  if (oneThreadEach(rows, site.traits.software)) {
    const sum = sumOf(valueType(dtype), rows.n)
    const one = eachAlone(kernel, site, { label: 'cumsum', items: rows.count, ...oneByOne(kernel, 1) }, (memory) => ({
      body: `let first = ${firstOf(rows, 'thread')};
${sum.start}
for (var i = 0; i < ${rows.n}; i++) {
  let at = ${at('i')};
  ${sum.add(memory.load(0, 'at'))}
  ${memory.store(1, 'at', sum.value)}
${sum.close('i')}
}`,
    }))
    return { dispatches: [one], scratch: [] }
  }
  const type = valueType(dtype) as 'f32' | 'i32' | 'u32'
  const threads = threadsOf(site)
  const own = Math.min(share, Math.ceil(rows.n / threads) | 1)
  const block = own * threads
  const blocks = Math.ceil(rows.n / block)
  /** The elements of a block come to shared memory, in which each share becomes its cumulative sums. */
  const shares = (memory: Memory): string => `let row = ${blocks === 1 ? 'group' : `group / ${blocks}`};
let begin = ${blocks === 1 ? '0' : `group % ${blocks} * ${block}`};
let first = ${firstOf(rows, 'row')};
for (var i = lane; i < ${block}; i += ${threads}) {
  var x = ${type}();
  if (begin + i < ${rows.n}) { x = ${memory.load(0, at('(begin + i)'))}; }
  tile[i] = x;
}
workgroupBarrier();
var sum = ${type}();
for (var i = lane * ${own}; i < lane * ${own} + ${own}; i++) {
  sum += tile[i];
  tile[i] = sum;
}
${acrossLanes(type, threads)}`
  const declarations = `var<workgroup> tile: array<${type}, ${block}>;\n${lanesOf(type, threads)}`
  const label = 'cumsum'
  const groups = { threads, workgroups: rows.count * blocks }
  const last = dispatch(kernel, site, { label, ...groups, ...oneByOne(kernel, 1) }, (memory) => ({
    declarations,
    body: `${shares(memory)}
var before = ${blocks === 1 ? `${type}()` : `${memory.scratch(1, type)}[group]`};
if (lane > 0) { before += sums[lane - 1]; }
for (var i = lane * ${own}; i < lane * ${own} + ${own}; i++) { tile[i] += before; }
workgroupBarrier();
for (var i = lane; i < ${block}; i += ${threads}) {
  if (begin + i < ${rows.n}) { ${memory.store(1, at('(begin + i)'), 'tile[i]')} }
}`,
  }))
  if (blocks === 1) return { dispatches: [last], scratch: [] }
  const totals = dispatch(kernel, site, { label: `${label}, sums of blocks`, ...groups }, (memory) => ({
    declarations,
    body: `${shares(memory)}\nif (lane == 0) { ${memory.scratch(0, type)}[group] = sums[${threads - 1}]; }`,
  }))
  const bytes = 4 * rows.count * blocks
  return { dispatches: [totals, before(kernel, site, type, rows, blocks), last], scratch: [bytes, bytes] }
}

/** What stands before each block of a row: a workgroup a row. */
const before = (kernel: Special, site: Site, type: 'f32' | 'i32' | 'u32', rows: Rows, blocks: number): Dispatch => {
  const threads = threadsOf(site)
  return dispatch(kernel, site, { label: 'cumsum, before blocks', threads, workgroups: rows.count }, (memory) => {
    const own = Math.ceil(blocks / threads)
    const totals = memory.scratch(0, type)
    return {
      declarations: lanesOf(type, threads),
      body: `let start = group * ${blocks} + min(${own === 1 ? 'lane' : `lane * ${own}`}, ${blocks});
let stop = group * ${blocks} + min(${own === 1 ? 'lane + 1' : `lane * ${own} + ${own}`}, ${blocks});
var sum = ${type}();
for (var i = start; i < stop; i++) { sum += ${totals}[i]; }
${acrossLanes(type, threads)}
var before = ${type}();
if (lane > 0) { before = sums[lane - 1]; }
for (var i = start; i < stop; i++) {
  ${memory.scratch(1, type)}[i] = before;
  before += ${totals}[i];
}`,
    }
  })
}

const lanesOf = (type: string, threads: number): string => `var<workgroup> sums: array<${type}, ${threads}>;`

/** `sums` ← the cumulative sums of `sum` over the threads of a workgroup. */
const acrossLanes = (type: string, threads: number): string => `sums[lane] = sum;
workgroupBarrier();
for (var far = 1; far < ${threads}; far *= 2) {
  var other = ${type}();
  if (lane >= far) { other = sums[lane - far]; }
  workgroupBarrier();
  sums[lane] += other;
  workgroupBarrier();
}`
