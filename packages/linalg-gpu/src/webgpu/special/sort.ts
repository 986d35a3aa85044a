/** Sorts the keys of rows, stably: pairs of a key and its place in the row.
 *
 *  Rows are first sorted in runs. Without barriers a key's place in its run is the number of those that go before it, which each thread
 *  counts for itself; with them a workgroup sorts a run in shared memory by Batcher's network. Then two runs become one, again and
 *  again: an element's place among both is its own in its run plus the number of elements of the other that go before it, found by
 *  halving. Equal keys of the earlier run go first.
 *  Cost     n/2 · run + n log² n comparisons, 1 + log₂(n / run) dispatches.
 *  Scratch  the pairs, and where there are several runs, as many again. */

import type { Special } from '../../kernel/kernel.js'
import type { Memory } from '../memory.js'
import { powerAbove } from '../powers.js'
import type { Dispatch, Site } from '../rendered.js'
import { dispatch, eachAlone, threadsOf } from './parts.js'
import { along, firstOf, type Rows } from './rows.js'

export interface Sorting {
  readonly label: string
  readonly rows: Rows
  /** Declares what `key` calls. */
  readonly declarations: string
  /** The key of the element at an index of the operand: a u32. */
  readonly key: (memory: Memory, index: string) => string
  /** Writes, of the element of `row` that goes to the place `to`, its place `place`: i32 all. Where it is absent, pairs are left. */
  readonly write?: (memory: Memory, row: string, to: string, place: string) => string
}

export interface Sorted {
  readonly dispatches: readonly Dispatch[]
  readonly scratch: readonly number[]
  /** The piece of scratch in which the pairs are left, row by row: keys in x, places in y. */
  readonly piece: number
}

/** Elements of a run: where each thread counts, in software and where rows are as short as that; and for each thread in shared memory. */
const counted = { software: 16, row: 64 }
const shared = 8

export const sorted = (kernel: Special, site: Site, sorting: Sorting): Sorted => {
  const { rows } = sorting
  const { software } = site.traits
  const counting = software || rows.n <= counted.row
  const run =
    rows.n <= counted.row
      ? rows.n
      : software
        ? counted.software
        : Math.min(shared * threadsOf(site), powerAbove(rows.n))
  const merges: number[] = []
  for (let width = run; width < rows.n; width *= 2) merges.push(width)
  const whole = merges.length === 0
  const first = counting
    ? countedRuns(kernel, site, sorting, run, whole)
    : sharedRuns(kernel, site, sorting, run, whole)
  const bytes = 8 * rows.count * rows.n
  return {
    dispatches: [
      first,
      ...merges.map((width, i) => merge(kernel, site, sorting, width, i % 2, i === merges.length - 1)),
    ],
    scratch: whole ? (sorting.write === undefined ? [bytes] : []) : [bytes, bytes],
    piece: merges.length % 2,
  }
}

/** Leaves a pair at the place `to` of its row, or writes what is wanted in the end. */
const put = (sorting: Sorting, memory: Memory, piece: number, last: boolean, pair: string): string =>
  `let pair = ${pair};
${
  last && sorting.write !== undefined
    ? sorting.write(memory, 'row', 'to', 'i32(pair.y)')
    : `${memory.scratch(piece, 'vec2<u32>')}[row * ${sorting.rows.n} + to] = pair;`
}`

const countedRuns = (kernel: Special, site: Site, sorting: Sorting, run: number, last: boolean): Dispatch => {
  const { label, rows, declarations, key } = sorting
  const items = rows.count * rows.n
  return eachAlone(kernel, site, { label: `${label}, runs of ${run}`, items, bits: true }, (memory) => {
    const at = (i: string): string => key(memory, `first + ${along(rows, i)}`)
    const begin = run === rows.n ? '0' : `place / ${run} * ${run}`
    const end = run === rows.n ? `${rows.n}` : `min(begin + ${run}, ${rows.n})`
    return {
      declarations,
      body: `let row = thread / ${rows.n};
let place = thread % ${rows.n};
let first = ${firstOf(rows, 'row')};
let begin = ${begin};
let own = ${at('place')};
var to = begin;
for (var i = begin; i < ${end}; i++) {
  let other = ${at('i')};
  to += i32(other < own || (other == own && i < place));
}
${put(sorting, memory, 0, last, 'vec2<u32>(own, u32(place))')}`,
    }
  })
}

const sharedRuns = (kernel: Special, site: Site, sorting: Sorting, run: number, last: boolean): Dispatch => {
  const { label, rows, declarations, key } = sorting
  const runs = Math.ceil(rows.n / run)
  const workgroups = rows.count * runs
  const threads = threadsOf(site)
  return dispatch(kernel, site, { label: `${label}, runs of ${run}`, threads, workgroups, bits: true }, (memory) => ({
    declarations: `${declarations}
var<workgroup> keys: array<u32, ${run}>;
var<workgroup> places: array<u32, ${run}>;`,
    body: `let row = group / ${runs};
let begin = group % ${runs} * ${run};
let first = ${firstOf(rows, 'row')};
for (var i = lane; i < ${run}; i += ${threads}) {
  let place = begin + i;
  // what is beyond the row goes last
  keys[i] = 0xffffffffu;
  places[i] = u32(place);
  if (place < ${rows.n}) { keys[i] = ${key(memory, `first + ${along(rows, 'place')}`)}; }
}
for (var width = 2; width <= ${run}; width *= 2) {
  for (var far = width / 2; far > 0; far /= 2) {
    workgroupBarrier();
    for (var i = lane; i < ${run / 2}; i += ${threads}) {
      let low = i / far * far * 2 + i % far;
      let high = low + far;
      let upward = (low & width) == 0;
      let after = keys[low] > keys[high] || (keys[low] == keys[high] && places[low] > places[high]);
      if (after == upward) {
        let was = vec2<u32>(keys[low], places[low]);
        keys[low] = keys[high];
        places[low] = places[high];
        keys[high] = was.x;
        places[high] = was.y;
      }
    }
  }
}
workgroupBarrier();
for (var i = lane; i < ${run}; i += ${threads}) {
  let to = begin + i;
  if (to < ${rows.n}) {
    ${put(sorting, memory, 0, last, 'vec2<u32>(keys[i], places[i])')}
  }
}`,
  }))
}

/** Two runs of `width` become one, from one piece of scratch to the other. */
const merge = (kernel: Special, site: Site, sorting: Sorting, width: number, from: number, last: boolean): Dispatch => {
  const { label, rows } = sorting
  const items = rows.count * rows.n
  return eachAlone(kernel, site, { label: `${label}, runs of ${2 * width}`, items, bits: true }, (memory) => {
    const pairs = memory.scratch(from, 'vec2<u32>')
    return {
      body: `let row = thread / ${rows.n};
let place = thread % ${rows.n};
let both = place / ${2 * width} * ${2 * width};
let later = place - both >= ${width};
let own = ${pairs}[thread];
// how many of the other run go before it
let base = row * ${rows.n} + both + select(${width}, 0, later);
var least = 0;
var most = select(clamp(${rows.n} - both - ${width}, 0, ${width}), ${width}, later);
while (least < most) {
  let middle = (least + most) / 2;
  let other = ${pairs}[base + middle].x;
  if (other < own.x || (later && other == own.x)) { least = middle + 1; } else { most = middle; }
}
let to = place - select(0, ${width}, later) + least;
${put(sorting, memory, 1 - from, last, 'own')}`,
    }
  })
}
