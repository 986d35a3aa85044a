/** For tests: numbers out of tensors, and a hypergradient that knows of a problem only how it moves. */

import { grad } from '@neumann/autodiff'
import type { Problem } from '@neumann/hypergrad'
import { array, cast, readSync, type Tensor, treeLeaves, treeMap } from '@neumann/linalg-gpu'
import { ruleOf } from '../run/hyper.js'
import type { Hyper, Rule } from './task.js'

const leaves = (tree: unknown) => treeLeaves(tree as never) as readonly Tensor[]

/** All floats of a tree in f64. */
export const double = <T>(tree: T): T =>
  treeMap((x: Tensor) => (x.dtype === 'f32' ? cast(x, 'f64') : x), tree as never) as T

export const numbers = (tree: unknown): number[] => leaves(tree).flatMap((x) => Array.from(readSync(x), Number))
export const apart = (a: unknown, b: unknown): number => {
  const other = numbers(b)
  return Math.hypot(...numbers(a).map((x, i) => x - other[i]!))
}

export const sgdHyper = (lr: number, decay: number) => ({
  lr: array(lr, { dtype: 'f64' }),
  decay: array(decay, { dtype: 'f64' }),
})

/** Plain steps down the gradient, no longer than `clip`. */
export const sgdRule = (clip?: number): Rule => ruleOf('sgd', clip)

/** Numbers in the place of those of a tree. */
const filled = <T>(tree: T, values: readonly number[]): T => {
  let at = 0
  return treeMap((x: Tensor) => {
    const n = x.shape.reduce((a, b) => a * b, 1)
    return array(values.slice(at, (at += n)), { shape: x.shape, dtype: x.dtype })
  }, tree as never) as T
}

/** c·(B + J B) by λ's entry `name`, from differences of steps:  c = ∂F/∂w₊,  B = ∂Φ/∂λ,  J = ∂Φ/∂w: two terms of the one-pass series. */
export const byDifferences = <S, W, B>(
  {
    problem: { update, weights, outer },
    state,
    hyper,
    train,
    validation,
  }: {
    readonly problem: Problem<S, W, Hyper, B, B>
    readonly state: S
    readonly hyper: Hyper
    readonly train: B
    readonly validation: B
  },
  name: string,
): readonly [one: number, two: number] => {
  const w = weights.get(state)
  const at = numbers(w)
  const step = 1e-5
  const after = (w: readonly number[], λ: Hyper): number[] =>
    numbers(weights.get(update(weights.set(state, filled(weights.get(state), w)), λ, train)))
  const slope = (f: (h: number) => number[]): number[] => {
    const [more, less] = [f(step), f(-step)]
    return more.map((x, i) => (x - less[i]!) / (2 * step))
  }
  const c = numbers(
    (grad(outer as never) as (...given: readonly unknown[]) => unknown)(
      weights.get(update(state, hyper, train)),
      hyper,
      validation,
    ),
  )
  const along = (v: readonly number[]): number => v.reduce((sum, x, i) => sum + x * c[i]!, 0)
  const value = numbers(hyper[name])[0]!
  const b = slope((h) => after(at, { ...hyper, [name]: filled(hyper[name], [value + h]) } as Hyper))
  const jb = slope((h) =>
    after(
      at.map((x, i) => x + h * b[i]!),
      hyper,
    ),
  )
  return [along(b), along(b) + along(jb)]
}
