/** Batching: a program on members side by side. Only what depends on a batched input is batched. */

import { atLine, type Eqn, emit, inputTypes, type Program, record, type Tensor, withShape } from '../language.js'
import { batchRule } from '../rules/batch.js'
import { spread } from '../rules/raw.js'
import { rowOf } from './structural.js'

const batchEqn = (
  eqn: Eqn,
  x: readonly Tensor[],
  batched: readonly boolean[],
  size: number,
): readonly [readonly Tensor[], readonly boolean[]] => {
  const { op } = eqn
  if (!batched.includes(true)) return [emit(op, x), eqn.outputs.map(() => false)]
  const row = rowOf(op)
  return row === undefined
    ? [batchRule(op, x, batched, size), eqn.outputs.map(() => true)]
    : row.batch(op, x, batched, size)
}

/** The program on inputs of which some carry a batch of the given size as their axis 0, in the open trace. */
export const batchOf = (
  program: Program,
  inputs: readonly Tensor[],
  batched: readonly boolean[],
  size: number,
): readonly [readonly Tensor[], readonly boolean[]] => {
  const value = new Array<Tensor>(program.types.length)
  const flag = new Array<boolean>(program.types.length).fill(false)
  program.inputs.forEach((id, i) => {
    value[id] = inputs[i]!
    flag[id] = batched[i]!
  })
  for (const eqn of program.eqns) {
    const [x, own] = [eqn.inputs.map((id) => value[id]!), eqn.inputs.map((id) => flag[id]!)]
    const go = (): readonly [readonly Tensor[], readonly boolean[]] => batchEqn(eqn, x, own, size)
    const [outs, flags] = eqn.at === undefined ? go() : atLine(eqn.at, go)
    eqn.outputs.forEach((id, i) => {
      value[id] = outs[i]!
      flag[id] = flags[i]!
    })
  }
  return [program.outputs.map((id) => value[id]!), program.outputs.map((id) => flag[id]!)]
}

export interface BatchedProgram {
  readonly program: Program
  readonly batched: readonly boolean[]
}

/** A closed program, batched. Outputs with `forced` carry the batch in any case. */
export const batchProgram = (
  program: Program,
  batched: readonly boolean[],
  size: number,
  forced: readonly boolean[] = [],
): BatchedProgram => {
  let flags: readonly boolean[] = []
  const types = inputTypes(program).map((type, i) => (batched[i] ? withShape(type, [size, ...type.shape]) : type))
  const recorded = record(program.name, types, (inputs) => {
    const [outs, own] = batchOf(program, inputs, batched, size)
    flags = own.map((f, i) => f || (forced[i] ?? false))
    return outs.map((y, i) => (flags[i] && !own[i] ? spread(y, size) : y))
  })
  return { program: recorded.program, batched: flags }
}
