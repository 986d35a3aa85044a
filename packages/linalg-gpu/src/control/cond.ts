/** Choosing what to run. Only the branch taken is executed (under `vmap` with differing predicates: all, then selected). */

import { fail, showType } from '../errors.js'
import { asIndex, castTo, tensorOf } from '../ops/operands.js'
import type { Program } from '../program/program.js'
import { eager } from '../trace/eager.js'
import { emit } from '../trace/emit.js'
import { type Tensor, type TensorLike, type TensorValue, typeOfTensor } from '../trace/tensor.js'
import { nameOf, rebuilt, recordTree, type Traced, tensorsOf } from '../trace/treeTrace.js'
import { sameStructure, showStructure, unflatten } from '../tree.js'

/** The branch `whenTrue(...operands)` or `whenFalse(...operands)`; both return trees of the same form and types. Closures over outer values just work.
 *  @example cond(greater(array(2), 1), (x) => mul(x, 10), (x) => neg(x), array(3)) // => f32[] 30 */
export const cond = <A extends readonly unknown[], R>(
  predicate: TensorLike,
  whenTrue: (...operands: A) => R,
  whenFalse: (...operands: A) => R,
  ...operands: A
): R => {
  const flag = tensorOf('cond', predicate)
  if (flag.shape.length !== 0)
    fail('cond', `the predicate is a scalar, got ${showType(typeOfTensor(flag))}: use where to choose elementwise.`)
  return indexed(() => choose('cond', castTo(castTo(flag, 'bool'), 'i32'), [whenFalse, whenTrue], operands)) as R
}

/** The branch of the index, clamped to 0 … branches.length − 1. @example switchCase(1, [() => 10, () => 20, () => 30]) // => f32[] 20 */
export const switchCase = <A extends readonly unknown[], R>(
  index: TensorLike,
  branches: readonly ((...operands: A) => R)[],
  ...operands: A
): R => {
  const value = tensorOf('switchCase', index)
  if (value.shape.length !== 0) fail('switchCase', `the index is a scalar, got ${showType(typeOfTensor(value))}.`)
  if (branches.length === 0) fail('switchCase', 'needs at least one branch.')
  return indexed(() => choose('switchCase', asIndex('switchCase', index), branches, operands)) as R
}

/** Frees the index, which is a cast of what the user gave. */
const indexed = eager((run: () => unknown) => run())

const choose = <A extends readonly unknown[], R>(
  name: string,
  index: Tensor,
  branches: readonly ((...operands: A) => R)[],
  operands: A,
): R => {
  const { leaves, structure } = tensorsOf(name, operands)
  const types = leaves.map(typeOfTensor)
  const traced = branches.map((branch, i) =>
    recordTree(nameOf(branch, `${name} branch ${i}`), types, (inputs) =>
      branch(...(unflatten(structure, inputs) as A)),
    ),
  )
  const first = traced[0]!
  traced.forEach((other, i) => {
    if (!sameStructure(first.out, other.out))
      fail(
        name,
        `branch ${i} returned the form ${showStructure(other.out)}, branch 0 returned ${showStructure(first.out)}.`,
      )
    other.outTypes.forEach((type, j) => {
      if (type !== first.outTypes[j])
        fail(
          name,
          `branch ${i} returned ${showType(type)} where branch 0 returned ${showType(first.outTypes[j]!)}: cast or reshape one.`,
        )
    })
  })
  const { programs, captured } = joined(traced)
  return rebuilt(first.out, emit({ kind: 'cond', branches: programs }, [index, ...leaves, ...captured]))
}

/** Branches with one list of captured values, each taking all of it. */
const joined = (
  traced: readonly Traced[],
): { readonly programs: readonly Program[]; readonly captured: readonly Tensor[] } => {
  const captured = [...new Set(traced.flatMap((t) => t.captured))]
  const programs = traced.map(({ program, captured: own }) => {
    const declared = program.inputs.length - own.length
    const types = [...program.types]
    const extra = captured.map((x) => {
      const at = own.indexOf(x)
      return at >= 0 ? program.inputs[declared + at]! : types.push((x as TensorValue).type) - 1
    })
    return { ...program, types, inputs: [...program.inputs.slice(0, declared), ...extra] }
  })
  return { programs, captured }
}
