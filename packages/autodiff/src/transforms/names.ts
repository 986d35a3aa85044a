/** Values that a checkpoint keeps by name, also those in the bodies of its loops, one a step: the program that returns them too, and the one that is given them. */

import {
  type Eqn,
  emit,
  inputTypes,
  type Program,
  range,
  record,
  type Tensor,
  type Type,
  typeOfTensor,
  withShape,
} from '../language.js'
import type { CallTag } from './tags.js'

const isNamed = ({ op }: Eqn, names: readonly string[]): boolean =>
  op.kind === 'mark' && op.role === 'name' && names.includes(op.name)

/** The program with its named values behind its outputs, those of loops stacked. */
export const exposed = (program: Program, names: readonly string[]): Program => {
  if (names.length === 0) return program
  const types = [...program.types]
  const found: number[] = []
  const eqns = program.eqns.map((eqn): Eqn => {
    const { op } = eqn
    if (isNamed(eqn, names)) found.push(eqn.outputs[0]!)
    if (op.kind !== 'scan') return eqn
    const body = exposed(op.body, names)
    const stacked = body.outputs.slice(op.body.outputs.length).map((id) => {
      const type = body.types[id]!
      return types.push(withShape(type, [op.length, ...type.shape])) - 1
    })
    found.push(...stacked)
    return stacked.length === 0 ? eqn : { ...eqn, op: { ...op, body }, outputs: [...eqn.outputs, ...stacked] }
  })
  return { ...program, types, eqns, outputs: [...program.outputs, ...found] }
}

/** A value that is known already, in place of the operation that would make it: the derivative is that of the operation. */
const known = (eqn: Eqn, x: readonly Tensor[], value: Tensor): Tensor => {
  const types: readonly Type[] = [...x, value].map(typeOfTensor)
  const body: Program = { name: 'kept', types, inputs: range(types.length), eqns: [], outputs: [x.length] }
  const tag: CallTag = { rule: 'kept', op: eqn.op }
  return emit({ kind: 'call', name: 'kept', body, fence: false, tag }, [...x, value])[0]!
}

const structural = new Set(['scan', 'while', 'cond', 'call', 'opaque'])

/** [inputs…, what `exposed` returned behind its outputs…] → [outputs…]. What makes a named value counts as known with it. */
export const given = (program: Program, names: readonly string[]): Program => {
  if (names.length === 0) return program
  const whole = exposed(program, names)
  const kept = whole.outputs.slice(program.outputs.length).map((id) => whole.types[id]!)
  return record(program.name, [...inputTypes(program), ...kept], (inputs) => {
    const value = new Array<Tensor>(program.types.length)
    program.inputs.forEach((id, i) => {
      value[id] = inputs[i]!
    })
    let next = program.inputs.length
    // what each equation is given: the value of a name and of its maker, the rows of a loop
    const maker = new Map(
      program.eqns.flatMap((eqn) => (structural.has(eqn.op.kind) ? [] : eqn.outputs.map((id) => [id, eqn]))),
    )
    const own = new Map<Eqn, Tensor>()
    const rows = new Map<Eqn, readonly Tensor[]>()
    const bodies = new Map<Eqn, Program>()
    for (const eqn of program.eqns) {
      if (isNamed(eqn, names)) own.set(maker.get(eqn.inputs[0]!) ?? eqn, inputs[next++]!)
      if (eqn.op.kind !== 'scan') continue
      const body = given(eqn.op.body, names)
      const count = body.inputs.length - eqn.op.body.inputs.length
      bodies.set(eqn, body)
      rows.set(eqn, inputs.slice(next, (next += count)))
    }
    for (const eqn of program.eqns) {
      const { op } = eqn
      const x = eqn.inputs.map((id) => value[id]!)
      const at = own.get(eqn)
      let outs: readonly Tensor[]
      if (at !== undefined) outs = [known(eqn, x, at)]
      else if (op.kind === 'scan' && rows.get(eqn)!.length > 0) {
        const [body, more] = [bodies.get(eqn)!, rows.get(eqn)!]
        const k = op.carry + op.xs
        const places = [...body.inputs.slice(0, k), ...body.inputs.slice(x.length), ...body.inputs.slice(k, x.length)]
        outs = emit({ ...op, xs: op.xs + more.length, body: { ...body, inputs: places } }, [
          ...x.slice(0, k),
          ...more,
          ...x.slice(k),
        ])
      } else outs = emit(op, x)
      eqn.outputs.forEach((id, i) => {
        value[id] = outs[i]!
      })
    }
    return program.outputs.map((id) => value[id]!)
  }).program
}
