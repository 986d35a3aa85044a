/** Hyperparameters as they are given: numbers or tensors, for all parameters or for each, with defaults. */

import type { Tensor } from '@neumann/linalg-gpu'
import {
  broadcastShapes,
  castTo,
  fail,
  isTensor,
  sameShape,
  scalarOf,
  showType,
  showValue,
  typeOfTensor,
} from '@neumann/linalg-gpu/program'
import { at, type Leaves, spread } from './trees.js'

/** A default for each hyperparameter, or that it is required, of the user or of `counted`. */
export type Defaults<H> = { readonly [K in keyof H]-?: number | 'required' | 'counted' }

/** The hyperparameters for each leaf of the parameters, as tensors of its dtype: their dtype is not the user's concern, and the
 *  derivative goes through the cast. */
export const hyperOf = <H>(name: string, defaults: Defaults<H>, hyper: H, params: Leaves): readonly Tensors<H>[] => {
  const keys = Object.keys(defaults) as (keyof H & string)[]
  const known = keys.filter((key) => defaults[key] !== 'counted')
  const given = (hyper ?? {}) as Partial<Record<string, unknown>>
  for (const key of Object.keys(given))
    if (!Object.hasOwn(defaults, key))
      fail(
        name,
        `there is no hyperparameter ${key}: ${known.length === 0 ? 'it has none' : `there are ${known.join(', ')}`}.`,
      )
  const columns = keys.map((key) => {
    const value = given[key] ?? defaults[key]
    if (value === 'required')
      fail(name, `the hyperparameter ${key} is missing, and has no default: pass { ${key}: … }.`)
    return spread(name, key, value, params)
  })
  return params.leaves.map(
    (leaf, i) =>
      Object.fromEntries(
        keys.map((key, k) => [key, fitting(name, `${key}${at(params.structure, i)}`, columns[k]![i], leaf)]),
      ) as Tensors<H>,
  )
}

/** The same names, each with its tensor. */
export type Tensors<H> = { readonly [K in keyof H]-?: Tensor }

/** A number or tensor as a tensor of the leaf's dtype that broadcasts to it. */
const fitting = (name: string, what: string, value: unknown, leaf: Tensor): Tensor => {
  const { dtype } = typeOfTensor(leaf)
  if (typeof value === 'number') return scalarOf(name, value, dtype)
  if (!isTensor(value)) return fail(name, `${what} is a number or a tensor, got ${showValue(value)}.`)
  const joint = broadcastShapes(value.shape, leaf.shape)
  if (joint === undefined || !sameShape(joint, leaf.shape))
    fail(
      name,
      `${what} is ${showType(typeOfTensor(value))}, which does not broadcast to its parameter, ${showType(typeOfTensor(leaf))}: give a scalar, or one value for each element.`,
    )
  return castTo(value, dtype)
}

/** Hyperparameters that are one scalar for the whole tree. */
export const scalarsOf = <H>(name: string, defaults: Defaults<H>, hyper: H, like: Tensor): Tensors<H> =>
  hyperOf(name, defaults, hyper, { leaves: [like], structure: { kind: 'leaf' } })[0]!
