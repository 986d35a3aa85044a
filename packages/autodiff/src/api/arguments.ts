/** Arguments of a differentiated function: which are differentiated, and their trees as flat lists of tensors. */

import type { Mapped, Tensor, TensorLike } from '../language.js'
import {
  castTo,
  fail,
  flattenTree,
  isFloat,
  isTensor,
  paths,
  type Structure,
  sameStructure,
  scalarOf,
  showStructure,
  showType,
  showValue,
  type Type,
  tensorsOf,
  typeOfTensor,
  unflatten,
} from '../language.js'

/** The tree of a derivative: tensors where the argument has tensors or numbers. */
export type Gradient<T> = Mapped<T, TensorLike, Tensor>
/** A tangent: as the argument, numbers allowed. */
export type TangentOf<T> = Mapped<T, TensorLike, TensorLike>

/** Positions of the arguments to differentiate: one, or several. */
export type Positions = number | readonly number[]
/** What a derivative by those arguments looks like: one tree, or a tuple. */
export type ByPosition<A extends readonly unknown[], W extends Positions> = W extends number
  ? Gradient<A[W]>
  : { -readonly [K in keyof W]: W[K] extends number ? Gradient<A[W[K]]> : never }

export interface Differentiated {
  readonly leaves: readonly Tensor[]
  readonly types: readonly Type[]
  /** Which leaves are floats; the others pass through as constants. */
  readonly floats: readonly boolean[]
  /** All arguments, with the differentiated ones built from these leaves. */
  readonly rebuild: (leaves: readonly Tensor[]) => readonly unknown[]
  /** The differentiated arguments as trees, from one entry for each leaf: a tree for a single position, else a list. */
  readonly trees: (leaves: readonly unknown[]) => unknown
  readonly structures: readonly Structure[]
}

/** Splits arguments. Integer leaves are refused in `strict` mode (grad), else they have no derivative. */
export const differentiated = (
  name: string,
  args: readonly unknown[],
  wrt: Positions,
  strict: boolean,
): Differentiated => {
  if (!Array.isArray(args))
    fail(name, `takes the arguments of the function as a list, got ${showValue(args)}: write [x] for one argument.`)
  const list = typeof wrt === 'number' ? [wrt] : wrt
  const places = list.map((i) => {
    if (!Number.isInteger(i) || i < -args.length || i >= args.length)
      fail(name, `wrt names argument ${i}, the call has ${args.length}.`)
    return i < 0 ? i + args.length : i
  })
  places.forEach((place, i) => {
    if (places.indexOf(place) !== i)
      fail(name, `wrt names argument ${place} twice, in ${showValue(list)}: its derivative comes once.`)
  })
  const parts = places.map((i) => tensorsOf(`${name}: argument ${i}`, args[i]))
  const leaves = parts.flatMap((p) => p.leaves.map((x) => (typeOfTensor(x).weak ? castTo(x, 'f32') : x)))
  const types = leaves.map(typeOfTensor)
  const floats = types.map((type) => isFloat(type.dtype))
  if (strict) {
    const at = floats.indexOf(false)
    if (at >= 0) {
      const where = parts.flatMap((p, i) => paths(p.structure).map((path) => `argument ${places[i]}${path}`))[at]
      fail(
        name,
        `${where} is ${showType(types[at]!)}: derivatives are by floats. Cast it, or keep it out of what is differentiated.`,
      )
    }
  }
  const cut = <T>(flat: readonly T[]): T[][] => {
    let from = 0
    return parts.map((p) => flat.slice(from, (from += p.leaves.length)))
  }
  const built = (flat: readonly unknown[]): unknown[] => cut(flat).map((own, i) => unflatten(parts[i]!.structure, own))
  return {
    leaves,
    types,
    floats,
    structures: parts.map((p) => p.structure),
    rebuild: (flat) => {
      const trees = built(flat)
      const all = [...args]
      places.forEach((place, i) => {
        all[place] = trees[i]
      })
      return all
    },
    trees: (flat) => (typeof wrt === 'number' ? built(flat)[0] : built(flat)),
  }
}

/** What was given as a number (or a weak scalar) where a scalar of a dtype is expected; undefined where it was not. */
const numberAs = (name: string, given: unknown, x: Tensor, expected: Type): Tensor | undefined => {
  if (expected.shape.length !== 0 || x.shape.length !== 0) return undefined
  // from the number itself: its tensor is of f32
  if (typeof given === 'number') return scalarOf(name, given, expected.dtype)
  return typeof given === 'boolean' || typeOfTensor(x).weak ? castTo(x, expected.dtype) : undefined
}

/** The leaves of a tree that must have the form and types of another (`whose`): tangents of arguments, cotangents of results. */
export const matching = (
  name: string,
  what: string,
  tree: unknown,
  structure: Structure,
  types: readonly Type[],
  whose: string,
): readonly Tensor[] => {
  const { leaves, structure: own } = tensorsOf(name, tree)
  if (!sameStructure(own, structure))
    fail(
      name,
      `${what} has the form ${showStructure(own)}, expected ${showStructure(structure)}, the form of ${whose}.`,
    )
  const given = flattenTree(tree).leaves
  return leaves.map((x, i) => {
    const [type, expected] = [typeOfTensor(x), types[i]!]
    if (!isFloat(expected.dtype)) return x
    if (type === expected) return x
    const number = numberAs(name, given[i], x, expected)
    if (number !== undefined) return number
    const path = paths(structure)[i]
    return fail(
      name,
      `${what}${path} is ${isTensor(given[i]) ? showType(type) : `the number ${showValue(given[i])}`}, expected ${showType(expected)}, the type of ${whose}${path}.`,
    )
  })
}

/** The leaves of what a user's function returned (`what` says which, and what it is), which must have this form and these float types. */
export const returned = (
  name: string,
  what: string,
  tree: unknown,
  structure: Structure,
  types: readonly Type[],
): readonly Tensor[] => {
  const { leaves, structure: own } = tensorsOf(name, tree)
  if (!sameStructure(own, structure))
    fail(name, `${what} of the form ${showStructure(own)}, expected ${showStructure(structure)}.`)
  const given = flattenTree(tree).leaves
  return leaves.map((x, i) => {
    const [type, expected] = [typeOfTensor(x), types[i]!]
    if (!isFloat(expected.dtype) || type === expected) return x
    return (
      numberAs(name, given[i], x, expected) ??
      fail(name, `${what} as ${showType(type)}, expected ${showType(expected)}: cast or reshape it.`)
    )
  })
}
