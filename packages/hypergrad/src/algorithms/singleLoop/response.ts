/** The parts of double loops: inner steps, and an adjoint that is estimated from scratch, by products at fresh minibatches.
 *
 *  v = −η Σ_{k<terms} rₖ,  r₀ = ∇₁F,  rₖ = (I − η ∇²₁₁G_{iₖ}) rₖ₋₁         the Neumann series
 *  v = −terms · η r_p,     p uniform on 0 … terms − 1                       one term of it at random: the same expectation at half the price
 *
 *  Needs    η λmax < 2; independent minibatches for the factors, or the product of means is not the mean of products
 *  Cost     terms − 1 products, or p
 *  Source   Ghadimi, Wang 2018 (truncated); Ji, Yang, Liang 2021 (series) */

import { foriLoop, randint, scan, type Tensor, take, treeMap } from '@neumann/linalg-gpu'
import { fail, showShape, tensorsOf } from '@neumann/linalg-gpu/program'
import { vectors } from '@neumann/linalg-gpu/solvers'
import { innerGradient, innerProduct, type Losses } from './oracle.js'
import { negated } from './rates.js'
import type { LoopBegin } from './singleLoop.js'

const { addScaled, plus, times } = vectors

type Inner<W, H, T> = Losses<W, H, T, never>['inner']

/** Minibatches for the factors: terms − 1 of them, stacked, or one for all. */
export type Factors<T> = { readonly stacked: T } | { readonly same: T }

export interface Series {
  readonly terms: number
  /** η */
  readonly rate: number | Tensor
}

export const checkCount = (name: string, counts: { readonly [key: string]: number }): void => {
  for (const [key, count] of Object.entries(counts))
    if (!Number.isInteger(count) || count < 1) fail(name, `${key} is an integer ≥ 1, got ${count}.`)
}

/** Refuses a stack of minibatches of another length than is needed. */
export const checkStack = (name: string, what: string, batches: unknown, count: number): void => {
  for (const { shape } of tensorsOf(name, batches).leaves)
    if (shape[0] !== count)
      fail(
        name,
        `samples.${what} stacks ${count} minibatches along its leading axis, got the shape ${showShape(shape)}.`,
      )
}

/** (I − η ∇²₁₁G) r */
const shrunk = <W, H, T>(inner: Inner<W, H, T>, at: LoopBegin<W, H>, rate: number | Tensor, r: W, batch: T): W =>
  addScaled(r, negated(rate), innerProduct(inner, { ...at, adjoint: r }, batch))

/** v by the series. */
export const seriesAdjoint = <W, H, T>(
  inner: Inner<W, H, T>,
  at: LoopBegin<W, H>,
  byWeights: W,
  factors: Factors<T>,
  { terms, rate }: Series,
): W => {
  const stacked = 'stacked' in factors ? factors.stacked : null
  const [[, sum]] = scan<readonly [W, W], T | null, null>(
    ([r, sum], batch) => {
      const next = shrunk(inner, at, rate, r, 'same' in factors ? factors.same : (batch as T))
      return [[next, plus(sum, next)], null]
    },
    [byWeights, byWeights],
    stacked,
    { length: terms - 1 },
  )
  return times(negated(rate), sum)
}

/** v by one term, and the products that it took. */
export const truncatedAdjoint = <W, H, T>(
  inner: Inner<W, H, T>,
  at: LoopBegin<W, H>,
  byWeights: W,
  batches: T,
  { terms, rate }: Series,
  key: Tensor,
): { readonly adjoint: W; readonly products: Tensor } => {
  const p = randint(key, [], 0, terms)
  const r = foriLoop<W>(
    0,
    p,
    (k, r) => shrunk(inner, at, rate, r, treeMap((x: Tensor) => take(x, k, { axis: 0 }), batches as never) as T),
    byWeights as never,
  )
  return { adjoint: times(-terms, times(rate, r)), products: p }
}

/** z ← z − ρ ∇₁G(z, x; batch) for each batch. */
export const innerSteps = <W, H, T>(
  inner: Inner<W, H, T>,
  { weights, hyper }: LoopBegin<W, H>,
  batches: T,
  { steps, rate }: { readonly steps: number; readonly rate: number | Tensor },
): W =>
  scan<W, T, null>(
    (z, batch) => [addScaled(z, negated(rate), innerGradient(inner, z, hyper, batch)), null],
    weights as never,
    batches,
    { length: steps },
  )[0]
