/** A tree of hyperparameters in a space of its own for each of them, and problems seen from there. */

import { type Tensor, treeMap } from '@neumann/linalg-gpu'
import { eager, fail, showValue } from '@neumann/linalg-gpu/program'
import type { Problem } from '../problem/problem.js'
import type { Bijector } from './bijector.js'

/** One bijector for all of a tree, or a tree of them that may end early: a bijector goes for all that is below it. */
export type Bijectors<H> = Bijector | (H extends Tensor ? never : { readonly [K in keyof H]: Bijectors<H[K]> })

/** Trees of hyperparameters between raw and natural values. */
export interface Space<H> {
  readonly toNatural: (raw: H) => H
  readonly toRaw: (natural: H) => H
  /** Raw values held within the bounds. */
  readonly clip: (raw: H) => H
}

const isBijector = (x: unknown): x is Bijector => (x as { kind?: unknown } | null)?.kind === 'bijector'

const through = (bijectors: unknown, hyper: unknown, way: 'toNatural' | 'toRaw' | 'clip', path: string): unknown => {
  if (isBijector(bijectors)) return treeMap(bijectors[way], hyper as never)
  if (typeof bijectors !== 'object' || bijectors === null || typeof hyper !== 'object' || hyper === null)
    return fail(
      'space',
      `λ${path} has ${showValue(bijectors)} for a bijector: give log10(), logit(), … or a tree of them.`,
    )
  const own = bijectors as { readonly [key: string]: unknown }
  for (const key of Object.keys(own))
    if (!Object.hasOwn(hyper, key)) fail('space', `there is a bijector for ${path}.${key}, which λ does not have.`)
  const entry = ([key, value]: readonly [string, unknown]): unknown =>
    Object.hasOwn(own, key)
      ? through(own[key], value, way, `${path}.${key}`)
      : fail('space', `λ${path}.${key} has no bijector: linear() leaves it as it is.`)
  return Array.isArray(hyper)
    ? hyper.map((value, i) => entry([String(i), value]))
    : Object.fromEntries(Object.entries(hyper).map(([key, value]) => [key, entry([key, value])]))
}

/** The space of such hyperparameters, whose type is to be said: one bijector may stand for a tensor or for a tree.
 *  Laws     toRaw(toNatural(raw)) = raw to rounding
 *  Fails    where the tree of bijectors does not cover that of the hyperparameters
 *  @example const own = space<{ lr: Tensor; momentum: Tensor }>({ lr: log10(), momentum: logit() })
 *  own.toRaw({ lr: array(0.01), momentum: array(0.5) }) // => { lr: f32[] -2, momentum: f32[] 0 } */
export const space = <H>(bijectors: Bijectors<H>): Space<H> => {
  const way = (name: 'toNatural' | 'toRaw' | 'clip') => eager((hyper: H) => through(bijectors, hyper, name, '') as H)
  return { toNatural: way('toNatural'), toRaw: way('toRaw'), clip: way('clip') }
}

/** Any problem with these hyperparameters. */
interface AnyProblem<H> {
  readonly update: (state: never, hyper: H, train: never) => unknown
  readonly outer: (weights: never, hyper: H, validation: never) => Tensor
  readonly inner?: (weights: never, hyper: H, train: never) => Tensor
  readonly start?: (hyper: H) => unknown
  /** Of a `momentumProblem`. */
  readonly settings?: (hyper: H) => unknown
}

/** The problem by raw hyperparameters: gradients of it are by raw values.
 *  @example const { problem, hyper } = momentumR1()
 *  const raw = inSpace(space<typeof hyper>({ lr: log10(), momentum: logit(), decay: log10() }))(problem)
 *  raw.outer(array([1, 0], { dtype: 'f64' }), { lr: array(0), momentum: array(0), decay: array(0) }, null) // => f64[] 0 */
export const inSpace =
  <H>({ toNatural }: Space<H>) =>
  <P extends AnyProblem<H>>(problem: P): P => {
    const { update, outer, inner, start, settings } = problem as unknown as Problem<
      unknown,
      unknown,
      H,
      unknown,
      unknown
    > &
      Pick<AnyProblem<H>, 'settings'>
    return {
      ...problem,
      update: eager((state: unknown, raw: H, train: unknown) => update(state, toNatural(raw), train)),
      outer: eager((weights: unknown, raw: H, validation: unknown) => outer(weights, toNatural(raw), validation)),
      ...(inner !== undefined && {
        inner: eager((weights: unknown, raw: H, train: unknown) => inner(weights, toNatural(raw), train)),
      }),
      ...(start !== undefined && { start: eager((raw: H) => start(toNatural(raw))) }),
      ...(settings !== undefined && { settings: eager((raw: H) => settings(toNatural(raw))) }),
    }
  }
