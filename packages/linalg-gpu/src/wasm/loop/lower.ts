/** Loop kernels in WebAssembly. */

import type { Loop } from '../../kernel/kernel.js'
import { lifted, normalise } from '../../kernel/normalise.js'
import type { Lowered } from '../lowered.js'
import { chosen } from './choose.js'
import { costOfUnit } from './cost.js'
import { emit } from './emit.js'
import { planOf } from './plan.js'

export const lowerLoop = (kernel: Loop): Lowered => {
  const plain = normalise(kernel)
  // a scalar is an array of one element
  const whole = plain.grid.length + plain.inner.length > 0 ? plain : lifted(plain)
  const { kernel: ordered, ...choices } = chosen(whole)
  const { form, words } = planOf(ordered, choices)
  const { grid } = ordered
  const onGrid = choices.across === 'grid'
  const outer = (onGrid ? grid.slice(0, -1) : grid).reduce((n, size) => n * size, 1)
  const units = onGrid ? outer * Math.ceil(grid.at(-1)! / choices.block) : outer
  const perUnit = costOfUnit(ordered, choices)
  return {
    key: JSON.stringify(form),
    build: () => emit(kernel.name, form),
    words,
    units,
    grain: Math.max(1, Math.round(8_000 / perUnit)),
    scratch: 64,
  }
}
