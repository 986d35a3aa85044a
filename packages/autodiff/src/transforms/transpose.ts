/** Reverse mode: the transpose of a linear program. */

import {
  atLine,
  type Eqn,
  emit,
  inputTypes,
  outputTypes,
  type Program,
  record,
  type Tensor,
  type Type,
} from '../language.js'
import { instantiate, sumTangents, type Tangent } from '../rules/raw.js'
import { transposeRule } from '../rules/transpose.js'
import { placed } from './masks.js'
import { rowOf } from './structural.js'

/** Cotangents of the operands of a linear equation. `x` holds null where an operand is linear; `types` are those of all values. */
const transposeEqn = (
  eqn: Eqn,
  cts: readonly Tangent[],
  x: readonly (Tensor | null)[],
  types: readonly Type[],
): readonly Tangent[] => {
  const { op } = eqn
  const row = rowOf(op)
  return row === undefined
    ? transposeRule(op, cts[0]!, x, at(types, eqn.inputs))
    : row.transpose(op, cts, x, at(types, eqn.outputs), at(types, eqn.inputs))
}

/** The entries of a list of all values at some of them. */
const at = <T>(list: readonly T[], ids: readonly number[]): T[] => {
  const out = new Array<T>(ids.length)
  for (let i = 0; i < ids.length; i++) out[i] = list[ids[i]!]!
  return out
}

/** Cotangents of the linear inputs (null in `values`), from cotangents of the outputs, in the open trace.
 *  Equations that do not depend on linear inputs are computed forwards first. */
export const transposeOf = (
  program: Program,
  values: readonly (Tensor | null)[],
  cts: readonly Tangent[],
): readonly Tangent[] => {
  const size = program.types.length
  // null where a value is linear
  const value = new Array<Tensor | null>(size).fill(null)
  const linear = new Uint8Array(size)
  program.inputs.forEach((id, i) => {
    if (values[i] === null) linear[id] = 1
    else value[id] = values[i]!
  })
  const backwards: Eqn[] = []
  for (const eqn of program.eqns) {
    if (eqn.inputs.some((id) => linear[id] === 1)) {
      for (const id of eqn.outputs) linear[id] = 1
      backwards.push(eqn)
      continue
    }
    const outs = emit(eqn.op, at(value, eqn.inputs) as readonly Tensor[])
    eqn.outputs.forEach((id, i) => {
      value[id] = outs[i]!
    })
  }
  const ct = new Array<Tangent>(size).fill(null)
  program.outputs.forEach((id, i) => {
    if (linear[id] === 1) ct[id] = sumTangents(ct[id]!, cts[i]!)
  })
  for (const eqn of backwards.reverse()) {
    const given = at(ct, eqn.outputs)
    if (given.every((c) => c === null)) continue
    const go = (): readonly Tangent[] => transposeEqn(eqn, given, at(value, eqn.inputs), program.types)
    const back = eqn.at === undefined ? go() : atLine(eqn.at, go)
    for (let i = 0; i < eqn.inputs.length; i++) {
      const id = eqn.inputs[i]!
      if (linear[id] === 1) ct[id] = sumTangents(ct[id]!, back[i] ?? null)
    }
  }
  return program.inputs.filter((_, i) => values[i] === null).map((id) => ct[id]!)
}

export interface TransposedProgram {
  /** [cotangents of the outputs that have one…, inputs that are not linear…] → [cotangents of the linear inputs that have one…] */
  readonly program: Program
  /** Tensors that custom rules brought along: the program takes them behind its inputs. */
  readonly captured: readonly Tensor[]
  readonly nonzero: readonly boolean[]
}

/** The transpose of a closed program in its inputs marked `linear`, for outputs whose cotangents are marked `given`.
 *  Linear inputs with `forced` get a cotangent in any case. */
export const transposeProgram = (
  program: Program,
  linear: readonly boolean[],
  given: readonly boolean[],
  forced: readonly boolean[] = [],
): TransposedProgram => {
  const types = inputTypes(program)
  const outs = outputTypes(program).filter((_, i) => given[i])
  const linearTypes = types.filter((_, i) => linear[i])
  let nonzero: readonly boolean[] = []
  const recorded = record(`transposed ${program.name}`, [...outs, ...types.filter((_, i) => !linear[i])], (inputs) => {
    const cts = placed(given, inputs)
    const values = placed(
      linear.map((l) => !l),
      inputs,
      outs.length,
    )
    const back = transposeOf(program, values, cts).map((c, i) =>
      c === null && forced[i] ? instantiate(c, linearTypes[i]!) : c,
    )
    nonzero = back.map((c) => c !== null)
    return back.filter((c): c is Tensor => c !== null)
  })
  return { ...recorded, nonzero }
}
