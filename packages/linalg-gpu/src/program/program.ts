/** A traced function as a value: typed single assignment.
 *
 *  Values are dense numbers 0 … types.length − 1, each defined once, by `inputs` or by one equation, before its first use.
 *  `inputs` are the declared ones, then what the function captured. */

import { bodiesOf, type Op } from './op.js'
import type { Type } from './type.js'

export interface Eqn {
  readonly op: Op
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  /** The line of the user's code, where the trace was asked to keep it. */
  readonly at?: string | undefined
}

export interface Program {
  readonly name: string
  readonly types: readonly Type[]
  readonly inputs: readonly number[]
  readonly eqns: readonly Eqn[]
  readonly outputs: readonly number[]
}

export const inputTypes = (program: Program): Type[] => program.inputs.map((id) => program.types[id]!)
export const outputTypes = (program: Program): Type[] => program.outputs.map((id) => program.types[id]!)

/** The position in `eqns` of each value's last use; −1 where it is never used, `eqns.length` where it is an output. */
export const lastUses = (program: Program): Int32Array => {
  const last = new Int32Array(program.types.length).fill(-1)
  program.eqns.forEach((eqn, at) => {
    for (const id of eqn.inputs) last[id] = at
  })
  for (const id of program.outputs) last[id] = program.eqns.length
  return last
}

/** Equations, those of the programs that they hold too. */
export const countEquations = (program: Program): number =>
  program.eqns.reduce(
    (sum, { op }) => sum + 1 + bodiesOf(op).reduce((inner, body) => inner + countEquations(body), 0),
    0,
  )
