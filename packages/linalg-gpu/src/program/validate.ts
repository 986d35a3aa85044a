/** Checks that a Program is well formed: every value defined once and before its use, types as the shape rules say, bodies too.
 *  Tests switch it on everywhere; it throws with the equation that is wrong. */

import { fail, showType } from '../errors.js'
import { infer } from './infer.js'
import { bodiesOf } from './op.js'
import { showOp } from './print.js'
import type { Program } from './program.js'

export const validate = (program: Program): Program => {
  const name = `validate ${program.name}`
  const defined = new Uint8Array(program.types.length)
  const define = (id: number): void => {
    if (program.types[id] === undefined) fail(name, `value ${id} has no type.`)
    if (defined[id]) fail(name, `value ${id} is defined twice.`)
    defined[id] = 1
  }
  program.inputs.forEach(define)
  program.eqns.forEach((eqn, at) => {
    const where = `equation ${at} (${showOp(eqn.op)})`
    for (const id of eqn.inputs) if (!defined[id]) fail(name, `${where} reads value ${id} before it is defined.`)
    bodiesOf(eqn.op).forEach(validate)
    const types = infer(
      eqn.op,
      eqn.inputs.map((id) => program.types[id]!),
    )
    if (types.length !== eqn.outputs.length)
      fail(name, `${where} has ${eqn.outputs.length} results, its rule says ${types.length}.`)
    eqn.outputs.forEach((id, i) => {
      define(id)
      if (program.types[id] !== types[i])
        fail(name, `${where}: result ${i} is ${showType(program.types[id]!)}, its rule says ${showType(types[i]!)}.`)
    })
  })
  for (const id of program.outputs) if (!defined[id]) fail(name, `output ${id} is not defined.`)
  return program
}
