/** The permutation that sorts a row: stable, NaN last. */

import type { Special } from '../../kernel/kernel.js'
import type { OpOf } from '../../program/op.js'
import type { Rendered, Site } from '../rendered.js'
import { keyOf } from './key.js'
import { along, firstOf, rowsOf } from './rows.js'
import { sorted } from './sort.js'

export const renderArgsort = (kernel: Special, { axis, descending }: OpOf<'argsort'>, site: Site): Rendered => {
  const [x] = kernel.inputs
  const rows = rowsOf(x!, axis)
  const { declarations, key } = keyOf(x!.dtype, descending)
  const { dispatches, scratch } = sorted(kernel, site, {
    label: 'argsort',
    rows,
    declarations,
    key: (memory, index) => key(memory.load(0, index)),
    write: (memory, row, to, place) => memory.store(1, `${firstOf(rows, row)} + ${along(rows, to)}`, place),
  })
  return { dispatches, scratch }
}
