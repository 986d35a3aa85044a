/** Rows at indices: x […b, n, …r], i […b, …i] → […b, …i, …r], and `fill` where an index is out of range. Elements are moved as they
 *  stand. A thread an element, or the elements of a word; four at once where rows are made of fours. */

import type { Special } from '../../kernel/kernel.js'
import type { OpOf } from '../../program/op.js'
import type { Type } from '../../program/type.js'
import { sizeOf } from '../../shape.js'
import type { Rendered, Site } from '../rendered.js'
import type { Uses } from '../wgsl/library.js'
import { literal } from '../wgsl/literal.js'
import { everyElement, inFours } from './parts.js'

export const renderGather = (kernel: Special, op: OpOf<'gather'>, site: Site): Rendered => {
  const [x, indices] = kernel.inputs as readonly [Type, Type]
  const n = x.shape[op.batch]!
  const columns = sizeOf(x.shape.slice(op.batch + 1))
  const fours = inFours(kernel, site, columns, [0, 2]) ? [0, 2] : undefined
  const rest = fours === undefined ? columns : columns / 4
  const each = sizeOf(indices.shape.slice(op.batch))
  const batches = sizeOf(indices.shape.slice(0, op.batch))
  return {
    dispatches: [
      everyElement(kernel, site, { label: 'gather', bits: true, fours }, (memory, uses, type) => {
        const fill = `${type}(${fillOf(x, op.fill, uses)})`
        const row = rest === 1 ? 'i' : `i / ${rest}`
        if (n === 0) return `return ${fill};`
        const base = batches === 1 ? 'at' : `row / ${each} * ${n} + at`
        const from = rest === 1 ? base : `(${base}) * ${rest} + i % ${rest}`
        return `let row = ${row};
let at = ${memory.load(1, 'row')};
if (at < 0 || at >= ${n}) { return ${fill}; }
return ${memory.load(0, from)};`
      }),
    ],
    scratch: [],
  }
}

/** The fill as an element: of f32 its bits. */
const fillOf = ({ dtype }: Type, fill: number, uses: Uses): string =>
  dtype === 'f32' ? `0x${new Uint32Array(Float32Array.of(fill).buffer)[0]!.toString(16)}u` : literal(fill, dtype, uses)
