/** The one road of every operation: into the open trace, or straight to the operands' device. */

import type { Op } from '../program/op.js'
import type { Program } from '../program/program.js'
import { inline as inlineEager, runOp } from '../run/execute.js'
import { context } from './context.js'
import { type Tensor, typeOfTensor } from './tensor.js'
import { appendTo, inlineInto, record } from './trace.js'

/** All results of an operation. */
export const emit = (op: Op, inputs: readonly Tensor[]): readonly Tensor[] =>
  context.trace === null ? runOp(op, inputs) : appendTo(context.trace, op, inputs)

/** The single result of an operation. */
export const emit1 = (op: Op, ...inputs: readonly Tensor[]): Tensor => emit(op, inputs)[0]!

/** Whether operations are being recorded. */
export const isTracing = (): boolean => context.trace !== null

/** A program applied to tensors: its equations join the open trace, or run as one. */
export const inline = (program: Program, inputs: readonly Tensor[]): readonly Tensor[] =>
  context.trace === null ? inlineEager(program, inputs) : inlineInto(context.trace, program, inputs)

/** Runs `f`, which composes operations, as one program: within an open trace simply by calling it, outside by recording, simplifying and running it. */
export const staged = (
  name: string,
  inputs: readonly Tensor[],
  f: (inputs: readonly Tensor[]) => readonly Tensor[],
): readonly Tensor[] => {
  if (context.trace !== null) return f(inputs)
  const { program, captured } = record(name, inputs.map(typeOfTensor), f)
  return inlineEager(program, [...inputs, ...captured])
}
