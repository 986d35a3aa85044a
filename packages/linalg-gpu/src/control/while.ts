/** A loop until a traced condition fails. */

import { fail, showType } from '../errors.js'
import { typeOf } from '../program/type.js'
import { emit } from '../trace/emit.js'
import { type Tensor, type TensorLike, typeOfTensor } from '../trace/tensor.js'
import { record } from '../trace/trace.js'
import { type Flat, nameOf, rebuilt, recordTree, strong, weakResultOf } from '../trace/treeTrace.js'
import { type Structure, unflatten } from '../tree.js'
import { begin, type Numbers, sameCarry } from './carry.js'

/** While condition(c): c ← body(c). Differentiable in forward mode; reverse mode cannot know how many steps to keep:
 *  use `scan` with a fixed number of steps, or `customRoot` for what the loop converges to.
 *  Numbers in `init` take the dtype that the body gives them; to find it, the body is recorded once more.
 *  @example whileLoop((x: Tensor) => less(x, 100), (x) => mul(x, 2), 3) // => f32[] 192 */
export const whileLoop: {
  (condition: (carry: Tensor) => Tensor, body: (carry: Tensor) => Tensor, init: TensorLike): Tensor
  <C>(condition: (carry: C) => Tensor, body: (carry: C) => C, init: C | Numbers<C>): C
} = <C>(condition: (carry: C) => Tensor, body: (carry: C) => C, init: C | Numbers<C>): C => {
  const name = 'whileLoop'
  const bodyName = nameOf(body, 'while body')
  const step = (inputs: readonly Tensor[], form: Structure): Flat =>
    weakResultOf(name, body(unflatten(form, inputs) as C))
  const carry = begin(name, init, (types, form) => {
    let after: Flat = { leaves: [], structure: form }
    record(bodyName, types, (inputs) => {
      after = step(inputs, form)
      return []
    })
    return { types: after.leaves.map(typeOfTensor), structure: after.structure }
  })
  const { types, structure } = carry
  const test = recordTree(nameOf(condition, 'while condition'), types, (inputs) =>
    condition(unflatten(structure, inputs) as C),
  )
  if (test.outTypes.length !== 1 || test.outTypes[0] !== typeOf('bool', []))
    fail(name, `the condition returns one bool[], got ${test.outTypes.map(showType).join(' ') || 'nothing'}.`)
  const { program, captured } = record(bodyName, types, (inputs) => {
    const next = step(inputs, structure)
    const leaves = next.leaves.map(strong)
    sameCarry(name, carry, { structure: next.structure, types: leaves.map(typeOfTensor) })
    return leaves
  })
  const outs = emit(
    { kind: 'while', carry: types.length, condConsts: test.captured.length, cond: test.program, body: program },
    [...carry.leaves, ...test.captured, ...captured],
  )
  return rebuilt(structure, outs)
}
