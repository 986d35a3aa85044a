/** Trees in calls of optimisers: the parameters, trees that must be like them, and values that are spread over them. */

import { mul, type Tensor } from '@neumann/linalg-gpu'
import {
  fail,
  flattenTree,
  isFloat,
  leafCount,
  paths,
  type Structure,
  sameStructure,
  showStructure,
  showType,
  tensorsOf,
  typeOfTensor,
  unflatten,
} from '@neumann/linalg-gpu/program'

/** A tree of parameters, flattened. */
export interface Leaves {
  readonly leaves: readonly Tensor[]
  readonly structure: Structure
}

/** The parameters' tensors, all of them floats. */
export const parametersOf = (name: string, params: unknown): Leaves => {
  const { leaves, structure } = tensorsOf(name, params)
  leaves.forEach((leaf, i) => {
    const type = typeOfTensor(leaf)
    // in f16 squares of gradients underflow, and small steps vanish beside the weights
    if (!isFloat(type.dtype) || type.dtype === 'f16')
      fail(
        name,
        `the parameter${at(structure, i)} is ${showType(type)}: parameters are f32 or f64. Keep it out of the tree; of f16 keep f32 weights, and cast them in the model.`,
      )
  })
  return { leaves, structure }
}

/** The tensors of a tree that has the form and types of the parameters. */
export const alike = (name: string, what: string, tree: unknown, params: Leaves): readonly Tensor[] => {
  const { leaves, structure } = tensorsOf(name, tree)
  if (!sameStructure(structure, params.structure))
    fail(
      name,
      `${what} has the form ${showStructure(structure)}, the parameters have ${showStructure(params.structure)}.`,
    )
  leaves.forEach((leaf, i) => {
    const [own, expected] = [showType(typeOfTensor(leaf)), showType(typeOfTensor(params.leaves[i]!))]
    if (own !== expected) fail(name, `${what} has ${own}${at(structure, i)}, where the parameters have ${expected}.`)
  })
  return leaves
}

/** A tree of the parameters' form. */
export const rebuild = <P>(params: Leaves, leaves: readonly unknown[]): P => unflatten(params.structure, leaves) as P

/** Tensors of their own with the same values: a state that shares them with the parameters could neither be disposed nor donated beside them. */
export const copied = <P>(params: Leaves): P =>
  rebuild(
    params,
    params.leaves.map((x) => mul(x, 1)),
  )

/** Weights that a state keeps, in the form of the parameters. */
export const keptWeights = <P>(name: string, kept: unknown, params: P): P => {
  const w = parametersOf(name, params)
  return rebuild(w, alike(name, 'the tree of kept weights', kept, w))
}

/** One value for each parameter, from a tree that is like them or ends earlier: a leaf goes for all that is below it.
 *  Where the parameters have nothing (null), the tree may have anything. */
export const spread = (
  name: string,
  what: string,
  tree: unknown,
  { structure }: Pick<Leaves, 'structure'>,
): readonly unknown[] => {
  const { leaves, structure: form } = flattenTree(tree)
  const out: unknown[] = []
  let next = 0
  const visit = (own: Structure, params: Structure): void => {
    if (params.kind === 'nothing') next += leafCount(own)
    else if (own.kind === 'leaf') {
      for (let count = leafCount(params); count > 0; count--) out.push(leaves[next])
      next++
    } else if (params.kind === 'leaf' || !sameBranch(own, params))
      fail(
        name,
        `${what} has the form ${showStructure(form)}, the parameters have ${showStructure(structure)}: give one value for all, or a tree like the parameters.`,
      )
    else own.items.forEach((item, i) => visit(item, params.items[i]!))
  }
  visit(form, structure)
  return out
}

type Branch = Exclude<Structure, { readonly kind: 'leaf' }>
const sameBranch = (a: Branch, b: Branch): boolean =>
  a.kind === b.kind &&
  a.items.length === b.items.length &&
  (a.kind !== 'record' || a.keys.every((key, i) => key === (b as typeof a).keys[i]))

/** ` .layers[0].w`, or nothing where the tree is one tensor. */
export const at = (structure: Structure, i: number): string => {
  const path = paths(structure)[i]!
  return path === '' ? '' : ` ${path}`
}
