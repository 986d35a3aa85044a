/** Forward mode: a program on values and tangents together. */

import { type Eqn, emit, inputTypes, outputTypes, type Program, record, type Tensor } from '../language.js'
import { jvpRule } from '../rules/jvp.js'
import { instantiate, type Tangent } from '../rules/raw.js'
import { walk } from './interpret.js'
import { placed } from './masks.js'
import { rowOf } from './structural.js'

export interface Dual {
  readonly outs: readonly Tensor[]
  readonly tangents: readonly Tangent[]
}

/** Values and tangents of an operation's results. */
export const jvpEqn = (
  eqn: Eqn,
  x: readonly Tensor[],
  dx: readonly Tangent[],
): readonly [readonly Tensor[], readonly Tangent[]] => {
  const { op } = eqn
  if (dx.every((d) => d === null)) return [emit(op, x), eqn.outputs.map(() => null)]
  const row = rowOf(op)
  if (row !== undefined) return row.jvp(op, x, dx)
  const y = emit(op, x)
  return [y, jvpRule(op, x, dx, y)]
}

/** The program applied to values and tangents, in the open trace. */
export const jvpOf = (program: Program, primals: readonly Tensor[], tangents: readonly Tangent[]): Dual => {
  const [outs, dys] = walk<Tensor>(program, primals, tangents, jvpEqn)
  return { outs, tangents: dys }
}

export interface DualProgram {
  /** [inputs…, tangents of the inputs that have one…] → [outputs…, tangents of the outputs that have one…] */
  readonly program: Program
  /** Tensors that custom rules brought along: the program takes them behind its inputs. */
  readonly captured: readonly Tensor[]
  readonly nonzero: readonly boolean[]
}

/** The tangent program of a closed program. Outputs with `forced` get a tangent in any case. */
export const jvpProgram = (
  program: Program,
  nonzero: readonly boolean[],
  forced: readonly boolean[] = [],
): DualProgram => {
  const types = inputTypes(program)
  const outs = outputTypes(program)
  let result: readonly boolean[] = []
  const recorded = record(`jvp ${program.name}`, [...types, ...types.filter((_, i) => nonzero[i])], (inputs) => {
    const dual = jvpOf(program, inputs.slice(0, types.length), placed(nonzero, inputs, types.length))
    const full = dual.tangents.map((t, i) => (t === null && forced[i] ? instantiate(t, outs[i]!) : t))
    result = full.map((t) => t !== null)
    return [...dual.outs, ...full.filter((t): t is Tensor => t !== null)]
  })
  return { ...recorded, nonzero: result }
}
