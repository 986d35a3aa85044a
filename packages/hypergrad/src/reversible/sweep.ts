/** A run of momentum descent, and the same run backwards, in numbers that forget nothing.
 *
 *  forth, t = 1 … T                          back, t = T … 1
 *  g = ∂f(w)/∂w                              dα = ⟨dw, v⟩;   w ← w − α v
 *  v ← γ v − (1−γ) g                         g = ∂f(w)/∂w;   v ← (v + (1−γ) g) / γ
 *  w ← w + α v                               dv ← dv + α dw;   dγ = ⟨dv, v + g⟩
 *                                            dw ← dw − (1−γ) H dv;   dλ ← dλ − (1−γ) Mᵀ dv;   dv ← γ dv
 *
 *  H and M are the second derivatives of f at the w that was found again. α and γ belong to a step and a tensor of the
 *  weights; γ is the fraction that the integers are multiplied by, in the other products too.
 *  Source   Maclaurin, Duvenaud, Adams 2015, Algorithms 1 and 2 (moved by the new velocity, as their code does) */

import { addScaled, type FixedPoint, valuesOf } from './fixedPoint.js'
import { multiply } from './multiply.js'
import type { Rational } from './rational.js'
import type { Remainders } from './remainders.js'

/** Changed in place by both runs. */
export interface Motion {
  readonly weights: FixedPoint
  readonly velocity: FixedPoint
  readonly lost: Remainders
}

export interface Course {
  readonly steps: number
  /** Where the tensors of the weights begin among all numbers, and where the last one ends. */
  readonly borders: readonly number[]
  /** αₜ for each step, and in it for each tensor. */
  readonly lr: ArrayLike<number>
  readonly momentum: readonly Rational[]
  /** ∂f/∂w in step t. The same bits for the same w, each time. */
  readonly gradient: (w: Float64Array, t: number) => Float64Array
  /** H v in step t; Mᵀ v is the caller's to keep. */
  readonly product: (w: Float64Array, t: number, v: Float64Array) => Float64Array
}

/** Steps and tensors in their order; stops where `visit` returns a place. */
const each = (
  { borders, lr, momentum }: Course,
  t: number,
  visit: (alpha: number, ratio: Rational, from: number, to: number, at: number) => number,
): number => {
  const n = borders.length - 1
  for (let k = 0; k < n; k++) {
    const at = visit(lr[t * n + k]!, momentum[t * n + k]!, borders[k]!, borders[k + 1]!, t * n + k)
    if (at !== -1) return at
  }
  return -1
}

/** Where a run could not go on: a number that is not finite, or not inside ±2048. */
export interface Stop {
  readonly step: number
  readonly what: 'velocity' | 'weights'
  readonly place: number
}

/** The run, to its end, or to where it cannot go on. */
export const forth = ({ weights, velocity, lost }: Motion, course: Course): Stop | null => {
  for (let t = 0; t < course.steps; t++) {
    const g = course.gradient(valuesOf(weights), t)
    const pushed = each(course, t, (_, { n, d }, from, to) => {
      multiply(velocity, lost, { n, d }, from, to)
      return addScaled(velocity, n / d - 1, g, from, to)
    })
    if (pushed !== -1) return { step: t, what: 'velocity', place: pushed }
    const v = valuesOf(velocity)
    const moved = each(course, t, (alpha, _, from, to) => addScaled(weights, alpha, v, from, to))
    if (moved !== -1) return { step: t, what: 'weights', place: moved }
  }
  return null
}

/** The derivatives of a scalar that is ⟨dw, w⟩ at the end, by all that the run began with and was told. */
export interface Derivatives {
  readonly weights: Float64Array
  readonly velocity: Float64Array
  /** dαₜ and dγₜ, in the order of the course. */
  readonly lr: Float64Array
  readonly momentum: Float64Array
}

/** The run backwards from where `forth` ended. */
export const back = ({ weights, velocity, lost }: Motion, course: Course, end: Float64Array): Derivatives => {
  const n = course.borders.length - 1
  const dw = end.slice()
  const dv = new Float64Array(dw.length)
  const lr = new Float64Array(course.steps * n)
  const momentum = new Float64Array(course.steps * n)
  const pushed = new Float64Array(dw.length)
  for (let t = course.steps - 1; t >= 0; t--) {
    const after = valuesOf(velocity)
    each(course, t, (alpha, _, from, to, at) => {
      lr[at] = dotOf(dw, after, from, to)
      addScaled(weights, -alpha, after, from, to)
      return -1
    })
    const w = valuesOf(weights)
    const g = course.gradient(w, t)
    // the remainders lie on a stack: the last tensor first
    for (let k = n - 1; k >= 0; k--) {
      const { n: up, d: down } = course.momentum[t * n + k]!
      const [from, to] = [course.borders[k]!, course.borders[k + 1]!]
      addScaled(velocity, 1 - up / down, g, from, to)
      multiply(velocity, lost, { n: down, d: up }, from, to)
    }
    const before = valuesOf(velocity)
    each(course, t, (alpha, { n: up, d: down }, from, to, at) => {
      for (let i = from; i < to; i++) {
        dv[i]! += alpha * dw[i]!
        momentum[at]! += dv[i]! * (before[i]! + g[i]!)
        pushed[i] = (up / down - 1) * dv[i]!
        dv[i]! *= up / down
      }
      return -1
    })
    const curved = course.product(w, t, pushed)
    for (let i = 0; i < dw.length; i++) dw[i]! += curved[i]!
  }
  return { weights: dw, velocity: dv, lr, momentum }
}

const dotOf = (a: Float64Array, b: Float64Array, from: number, to: number): number => {
  let sum = 0
  for (let i = from; i < to; i++) sum += a[i]! * b[i]!
  return sum
}
