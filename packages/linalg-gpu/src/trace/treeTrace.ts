/** Recording functions of trees: arguments are flattened, results are flattened, their form is kept. */

import { fail, showValue, synchronous } from '../errors.js'
import { castTo, tensorOf } from '../ops/operands.js'
import type { Program } from '../program/program.js'
import type { Type } from '../program/type.js'
import { flatten, isBranch, paths, type Structure, unflatten } from '../tree.js'
import { isTensor, type Tensor, typeOfTensor } from './tensor.js'
import { record } from './trace.js'

/** A recorded function: its program, what it captured, and the form of its result. */
export interface Traced {
  readonly program: Program
  readonly captured: readonly Tensor[]
  readonly out: Structure
  readonly outTypes: readonly Type[]
}

/** A tree of tensors, flattened. */
export interface Flat {
  readonly leaves: readonly Tensor[]
  readonly structure: Structure
}

/** The tensors of a result; numbers and booleans become scalars, anything else is refused with its path. */
export const resultOf = (name: string, result: unknown): Flat => {
  const { leaves, structure } = weakResultOf(name, result)
  return { leaves: leaves.map(strong), structure }
}

/** As `resultOf`, but weak scalars stay weak. */
export const weakResultOf = (name: string, result: unknown): Flat => {
  const { leaves, structure } = flatten(synchronous(name, result))
  const tensors = leaves.map((leaf, i) => {
    if (isTensor(leaf)) return leaf
    if (typeof leaf === 'number' || typeof leaf === 'boolean') return tensorOf(name, leaf)
    return fail(
      name,
      `returned ${leaf === undefined ? 'nothing' : showValue(leaf)}${isBranch(result) ? ` at result${paths(structure)[i]}` : ''}: a traced function returns tensors, or trees of tensors${leaf === undefined ? '. Is a return missing?' : '.'}`,
    )
  })
  return { leaves: tensors, structure }
}

/** A weak scalar leaves its function as f32. */
export const strong = (x: Tensor): Tensor => (typeOfTensor(x).weak ? castTo(x, 'f32') : x)

export const nameOf = (f: unknown, otherwise = 'function'): string => (f as { name?: string }).name || otherwise

/** Records `f` on tensors of the given types; `f` takes the flat list and returns any tree. */
export const recordTree = (
  name: string,
  types: readonly Type[],
  f: (inputs: readonly Tensor[]) => unknown,
  sealed?: string,
): Traced => {
  let out: Structure = { kind: 'leaf' }
  const { program, captured } = record(
    name,
    types,
    (inputs) => {
      const { leaves, structure } = resultOf(name, f(inputs))
      out = structure
      return leaves
    },
    sealed,
  )
  return { program, captured, out, outTypes: program.outputs.map((id) => program.types[id]!) }
}

/** The tensors of a tree of tensors and numbers, and its form. */
export const tensorsOf = (name: string, tree: unknown): Flat => {
  const { leaves, structure } = flatten(tree)
  const tensors = leaves.map((leaf, i) =>
    isTensor(leaf) || typeof leaf === 'number' || typeof leaf === 'boolean'
      ? tensorOf(name, leaf)
      : leaf instanceof Promise
        ? fail(name, 'got a promise: await it before the call.')
        : fail(
            name,
            `expected tensors, got ${showValue(leaf)}${structure.kind === 'leaf' ? '' : ` at ${paths(structure)[i]}`}.`,
          ),
  )
  return { leaves: tensors, structure }
}

export const rebuilt = (structure: Structure, leaves: readonly unknown[]): never =>
  unflatten(structure, leaves) as never
