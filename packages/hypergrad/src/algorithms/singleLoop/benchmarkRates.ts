/** Step sizes as the benchmark of bilevel optimisation has them: two numbers, a first inner step and the ratio of inner to outer, and the powers that each
 *  algorithm's theory asks for.
 *
 *  ρₜ = inner / (t + 1)^p,   γₜ = inner / ratio / (t + 1)^q,   ηₜ = momentum / (t + 1)^r
 *  The adjoint's are those of the algorithms themselves: as z where v moves along with it, a constant 0.5 in series.
 *  Source   Dagréou et al. 2022, appendix; F2SA's from Kwon et al. 2023, λ growing as t^(1/7) so that α λ falls with ρ */

import { div, type Tensor } from '@neumann/linalg-gpu'
import { decaying, type Rate } from './rates.js'

/** p of z, q of x, r of momentum. */
const powers = {
  soba: [0.5, 0.5, 0],
  saba: [0, 0, 0],
  srba: [0, 0, 0],
  amigo: [0, 0, 0],
  stocBiO: [0, 0, 0],
  vrbo: [0, 0, 0],
  bsa: [0.5, 0.5, 0],
  ttsa: [0.4, 0.6, 0],
  mrbo: [1 / 3, 1 / 3, 2 / 3],
  sustain: [1 / 3, 1 / 3, 2 / 3],
  fsla: [0.5, 0.5, 0.5],
  f2sa: [4 / 7, 4 / 7, 0],
} as const

export interface BenchmarkSizes {
  /** Of z at the first step. */
  readonly inner: number | Tensor
  /** inner / ratio is that of x. */
  readonly ratio: number | Tensor
  /** Of momentum; 0.5 by default. */
  readonly momentum?: number
}

export interface BenchmarkRates {
  readonly innerRate: Rate
  readonly outerRate: Rate
  readonly momentum: Rate
}

const falling = (from: number | Tensor, power: number): Rate => (power === 0 ? from : decaying({ from, power }))

/** The step sizes of an algorithm.
 *  @example const { outerRate } = benchmarkRates('soba', { inner: 0.3, ratio: 0.1 })
 *  typeof outerRate === 'function' && outerRate(array(3)) // => f32[] 1.5 */
export const benchmarkRates = (
  name: keyof typeof powers,
  { inner, ratio, momentum = 0.5 }: BenchmarkSizes,
): BenchmarkRates => {
  const [p, q, r] = powers[name]
  const outer = typeof inner === 'number' && typeof ratio === 'number' ? inner / ratio : div(inner, ratio)
  return { innerRate: falling(inner, p), outerRate: falling(outer, q), momentum: falling(momentum, r) }
}

/** The further step sizes of F2SA: α of y and δ, the growth of λ.
 *  @example const { growth } = f2saRates({ inner: 0.1 })
 *  typeof growth === 'function' && growth(array(0)) // => f32[] 0.142857 */
export const f2saRates = ({
  inner,
}: Pick<BenchmarkSizes, 'inner'>): { readonly perturbedRate: Rate; readonly growth: Rate } => ({
  perturbedRate: falling(inner, 5 / 7),
  // (t + 2)^(1/7) − (t + 1)^(1/7) ≈ 1/7 (t + 1)^(−6/7)
  growth: falling(1 / 7, 6 / 7),
})
