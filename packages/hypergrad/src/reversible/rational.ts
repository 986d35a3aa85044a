/** Momenta as fractions, by which integers can be multiplied and divided again. */

import { fail } from '@neumann/linalg-gpu/program'

/** n / d, with 1 ≤ n < d ≤ 2¹⁶. */
export interface Rational {
  readonly n: number
  readonly d: number
}

const most = 2 ** 16

/** The fraction nearest to γ, within 2⁻³²: a run with it is the run with γ, for most purposes.
 *  Fails    outside of 2⁻¹⁶ … 1 − 2⁻¹⁶: a momentum of 0 forgets the velocity, and one of 1 takes in no gradient
 *  Source   continued fractions, and the last half-convergent
 *  @example nearestRational(0.9) // => { n: 9, d: 10 } */
export const nearestRational = (gamma: number): Rational => {
  inside('nearestRational', gamma, gamma * most >= 1 && (1 - gamma) * most >= 1)
  // convergents of γ = 1/(a₁ + 1/(a₂ + …)), as far as d allows, from 0/1 before and 1/0 after it
  let [before, last] = [
    { n: 1, d: 0 },
    { n: 0, d: 1 },
  ]
  for (let rest = 1 / gamma; ; rest = 1 / (rest - Math.floor(rest))) {
    const a = Math.min(Math.floor(rest), Math.floor((most - before.d) / last.d))
    const next = { n: before.n + a * last.n, d: before.d + a * last.d }
    if (a === Math.floor(rest) && distance(next, gamma) > 0) {
      ;[before, last] = [last, next]
      continue
    }
    return distance(next, gamma) < distance(last, gamma) ? next : last
  }
}

const distance = ({ n, d }: Rational, gamma: number): number => Math.abs(n / d - gamma)

/** γ ≈ n / d,   d = 2¹⁶,   n = ⌊γ d + 1⌋: above γ by at most 2⁻¹⁶. The paper's.
 *  Fails    at γ ≤ 0 and from 1 − 2⁻¹⁶ on, where n ≥ d
 *  @example toRational(0.9) // => { n: 58983, d: 65536 } */
export const toRational = (gamma: number): Rational => {
  const n = Math.floor(gamma * most + 1)
  inside('toRational', gamma, gamma > 0 && n < most)
  return { n, d: most }
}

const inside = (name: string, gamma: number, holds: boolean): void => {
  if (!holds)
    fail(
      name,
      `the momentum is ${gamma}: at 0 a step cannot be undone, from 1 on nothing fades, and both are met at a distance of 2⁻¹⁶. Take one between, such as 0.9.`,
    )
}
