/** Spaces in which hyperparameters are tuned: raw numbers without bounds, natural ones where they are used.
 *
 *  log        natural = e^raw            (0, ∞)
 *  log10      natural = 10^raw           (0, ∞)
 *  logit      natural = low + (high − low) σ(raw)    (low, high), (0, 1) by default
 *  softplus   natural = ln(1 + e^raw)    (0, ∞), linear far out
 *  linear     natural = raw
 *
 *  A bound { min, max }, in natural units, holds raw values back after each outer step; derivatives know nothing of it.
 *  Derivatives by raw values follow from the chain rule: lr ln 10 for log10, μ(1 − μ) for logit. */

import {
  add,
  clip,
  div,
  exp,
  expm1,
  log as ln,
  log1p,
  logaddexp,
  mul,
  neg,
  sigmoid,
  sub,
  type Tensor,
} from '@neumann/linalg-gpu'
import { fail } from '@neumann/linalg-gpu/program'

/** A monotone map between raw and natural values, element by element. */
export interface Bijector {
  readonly kind: 'bijector'
  readonly toNatural: (raw: Tensor) => Tensor
  readonly toRaw: (natural: Tensor) => Tensor
  /** Raw values held within the bounds. */
  readonly clip: (raw: Tensor) => Tensor
}

/** Bounds in natural units. */
export interface Bounds {
  readonly min?: number
  readonly max?: number
}

const bijector = (
  name: string,
  { min = -Infinity, max = Infinity }: Bounds,
  rawOf: (natural: number) => number,
  toNatural: (raw: Tensor) => Tensor,
  toRaw: (natural: Tensor) => Tensor,
): Bijector => {
  if (!(min < max)) fail(name, `min is below max, got ${min} and ${max}.`)
  const [low, high] = [rawOf(min), rawOf(max)]
  const bounded = Number.isFinite(low) || Number.isFinite(high)
  if (Number.isNaN(low) || Number.isNaN(high))
    fail(name, `the bounds ${min} and ${max} are not among its values: they are in natural units.`)
  return {
    kind: 'bijector',
    toNatural,
    toRaw,
    clip: bounded ? (raw) => clip(raw, low, high) : (raw) => raw,
  }
}

/** Of a bound of (0, ∞): none at all is none in raw values. */
const aboveZero = (f: (x: number) => number) => (x: number) => (x === -Infinity ? -Infinity : f(x))

/** natural = e^raw. @example log().toNatural(array(0)) // => f32[] 1 */
export const log = (bounds: Bounds = {}): Bijector => bijector('log', bounds, aboveZero(Math.log), exp, ln)

/** natural = 10^raw. @example log10({ max: 1 }).clip(array([-3, 2])) // => f32[2] [-3, 0] */
export const log10 = (bounds: Bounds = {}): Bijector =>
  bijector(
    'log10',
    bounds,
    aboveZero(Math.log10),
    (raw) => exp(mul(raw, Math.LN10)),
    (natural) => mul(ln(natural), Math.LOG10E),
  )

/** natural = ln(1 + e^raw). @example softplus().toRaw(softplus().toNatural(array(3))) // => f32[] 3 */
export const softplus = (bounds: Bounds = {}): Bijector =>
  bijector(
    'softplus',
    bounds,
    aboveZero((y) => (y > 30 ? y : Math.log(Math.expm1(y)))),
    (raw) => logaddexp(raw, 0),
    // y + ln(1 − e^−y), which neither overflows nor cancels
    (natural) => add(natural, ln(neg(expm1(neg(natural))))),
  )

/** natural = low + (high − low) σ(raw), between `low` and `high`. Bounds lie inside.
 *  @example logit().toNatural(array(0)) // => f32[] 0.5 */
export const logit = ({
  low = 0,
  high = 1,
  ...bounds
}: Bounds & { readonly low?: number; readonly high?: number } = {}): Bijector => {
  if (!(low < high) || !Number.isFinite(high - low))
    fail('logit', `low is below high, both finite, got ${low} and ${high}.`)
  const share = (x: number): number => (x - low) / (high - low)
  return bijector(
    'logit',
    bounds,
    (x) => (Number.isFinite(x) ? Math.log(share(x)) - Math.log1p(-share(x)) : x),
    (raw) => add(low, mul(high - low, sigmoid(raw))),
    (natural) => {
      const part = div(sub(natural, low), high - low)
      return sub(ln(part), log1p(neg(part)))
    },
  )
}

/** natural = raw. @example linear({ min: 0 }).clip(array([-1, 2])) // => f32[2] [0, 2] */
export const linear = (bounds: Bounds = {}): Bijector =>
  bijector(
    'linear',
    bounds,
    (x) => x,
    (raw) => raw,
    (natural) => natural,
  )
