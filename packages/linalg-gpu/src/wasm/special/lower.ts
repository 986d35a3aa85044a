/** Special kernels on the wasm device, each an operation of the Program on contiguous operands. */

import { fail } from '../../errors.js'
import type { Special } from '../../kernel/kernel.js'
import type { Type } from '../../program/type.js'
import type { Lowered } from '../lowered.js'
import { argReduce, cumsum } from './along.js'
import { argsort } from './argsort.js'
import { fold } from './fold.js'
import { gather } from './gather.js'
import { scatterAdd } from './scatter.js'

type Rules = {
  readonly [K in Special['op']['kind']]: (op: Extract<Special['op'], { kind: K }>, inputs: readonly Type[]) => Lowered
}

const rules: Rules = {
  argReduce,
  cumsum,
  argsort,
  gather,
  scatterAdd,
  fold,
  custom: ({ kernel }, inputs) =>
    kernel.wasm?.(inputs) ?? fail(kernel.name, 'has neither code for wasm nor a blocked form at this size.'),
}

export const lowerSpecial = ({ op, inputs }: Special): Lowered =>
  (rules[op.kind] as (op: Special['op'], inputs: readonly Type[]) => Lowered)(op, inputs)
