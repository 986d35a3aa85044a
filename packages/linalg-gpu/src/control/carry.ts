/** What a loop carries from step to step: a tree whose form and types stay. */

import { type DType, isFloat } from '../dtype.js'
import { fail, showType } from '../errors.js'
import { castTo, scalarOf, tensorOf } from '../ops/operands.js'
import { type Type, typeOf } from '../program/type.js'
import { isTensor, type Tensor, typeOfTensor } from '../trace/tensor.js'
import { tensorsOf } from '../trace/treeTrace.js'
import { flatten, paths, type Structure, sameStructure, showStructure } from '../tree.js'

/** A tree in which numbers may stand for scalar tensors. */
export type Numbers<C> = C extends Tensor
  ? Tensor | number | boolean
  : C extends object
    ? { readonly [K in keyof C]: Numbers<C[K]> }
    : C

interface Carried {
  readonly types: readonly Type[]
  readonly structure: Structure
}

const number = typeOf('f64', [], true)

/** The carry before the first step. Its numbers (and number arguments of jit) take the dtype that the body gives them:
 *  `step` tries the body with such leaves weakly typed, until none of them changes any more; what stays weak is f32. */
export const begin = (
  name: string,
  init: unknown,
  step: (types: readonly Type[], structure: Structure) => Carried,
): Carried & { readonly leaves: readonly Tensor[] } => {
  const { leaves, structure } = flatten(init)
  const isOpen = (leaf: unknown): boolean => typeof leaf === 'number' || (isTensor(leaf) && typeOfTensor(leaf).weak)
  if (!leaves.some(isOpen)) {
    const tensors = tensorsOf(name, init).leaves
    return { leaves: tensors, types: tensors.map(typeOfTensor), structure }
  }
  let types = leaves.map((leaf) => (typeof leaf === 'number' ? number : typeOfTensor(tensorsOf(name, leaf).leaves[0]!)))
  for (let open = true; open && types.some((type) => type.weak); ) {
    const next = step(types, structure)
    open = false
    if (!sameStructure(structure, next.structure)) break
    types = types.map((type, i) => {
      const after = next.types[i]!
      // a number argument of jit may hold a fraction: it adopts float dtypes alone
      if (
        !type.weak ||
        after.weak ||
        after.shape.length !== type.shape.length ||
        !(isFloat(after.dtype) || !isTensor(leaves[i]))
      )
        return type
      open = true
      return after
    })
  }
  const settled = types.map((type) => (type.weak ? typeOf('f32', type.shape) : type))
  const starts = leaves.map((leaf, i) => started(name, leaf, settled[i]!.dtype))
  return { leaves: starts, types: settled, structure }
}

const started = (name: string, leaf: unknown, dtype: DType): Tensor =>
  typeof leaf === 'number'
    ? scalarOf(name, leaf, dtype)
    : typeof leaf === 'boolean'
      ? tensorOf(name, leaf)
      : castTo(leaf as Tensor, dtype)

/** Refuses a carry whose form or types the body changes, by path. */
export const sameCarry = (name: string, before: Carried, after: Carried): void => {
  if (!sameStructure(before.structure, after.structure))
    fail(
      name,
      `the body returned a carry of the form ${showStructure(after.structure)}, it began as ${showStructure(before.structure)}.`,
    )
  before.types.forEach((type, i) => {
    if (type !== after.types[i])
      fail(
        name,
        `the carry${paths(before.structure)[i]} is ${showType(type)} before a step and ${showType(after.types[i]!)} after it: cast or reshape it.`,
      )
  })
}
