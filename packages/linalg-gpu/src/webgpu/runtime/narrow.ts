/** A program for a device without f64: a weak scalar, the number argument of a jitted function before it meets a tensor, is f32 there.
 *  Anything else of f64 is refused by name. */

import { fail, showType } from '../../errors.js'
import type { Op } from '../../program/op.js'
import type { Program } from '../../program/program.js'
import { type Type, typeOf } from '../../program/type.js'

const known = new WeakMap<Program, Program>()

/** The type on the device. `name` is told where there is none. */
export const narrowType = (name: string, device: string, type: Type): Type => {
  if (type.dtype !== 'f64') return type
  if (!type.weak)
    fail(
      name,
      `${showType(type)} has no place on ${device}, as WebGPU has no f64: use f32 there (cast(x, 'f32')), or the wasm device for f64.`,
    )
  return typeOf('f32', type.shape, true)
}

export const narrowed = (program: Program, device: string): Program => {
  const before = known.get(program)
  if (before !== undefined) return before
  const types = program.types.map((type) => narrowType(program.name, device, type))
  const eqns = program.eqns.map((eqn) => {
    const op = narrowedOp(eqn.op, program.name, device)
    return op === eqn.op ? eqn : { ...eqn, op }
  })
  const same = types.every((type, i) => type === program.types[i]) && eqns.every((eqn, i) => eqn === program.eqns[i])
  const result = same ? program : { ...program, types, eqns }
  known.set(program, result)
  return result
}

const narrowedOp = (op: Op, name: string, device: string): Op => {
  const body = (one: Program): Program => narrowed(one, device)
  switch (op.kind) {
    case 'full':
    case 'iota': {
      const type = narrowType(name, device, op.type)
      return type === op.type ? op : { ...op, type }
    }
    case 'cast':
      return op.dtype === 'f64' ? { ...op, dtype: 'f32' } : op
    case 'scan':
    case 'call': {
      const own = body(op.body)
      return own === op.body ? op : { ...op, body: own }
    }
    case 'while': {
      const [cond, own] = [body(op.cond), body(op.body)]
      return cond === op.cond && own === op.body ? op : { ...op, cond, body: own }
    }
    case 'cond': {
      const branches = op.branches.map(body)
      return branches.every((one, i) => one === op.branches[i]) ? op : { ...op, branches }
    }
    default:
      return op
  }
}
