/** Adam, and Adam with a weight decay of its own. */

import { add, mul, neg, reciprocal, type Tensor, type TensorLike } from '@neumann/linalg-gpu'
import { type Counted, counted, leafwise, type Memory } from '../leafwise.js'
import type { Optimiser, PerParameter } from '../optimiser.js'
import { averaged, averagedSquare, correction, overRoot } from './moments.js'

export interface AdamHyper {
  /** The step size. */
  readonly lr: PerParameter
  /** How much of the mean of gradients stays: 0.9. */
  readonly beta1?: PerParameter
  /** How much of the mean of their squares stays: 0.999. */
  readonly beta2?: PerParameter
  /** Added to the root, which makes the step of small gradients proportional to them: 1e-8. */
  readonly epsilon?: PerParameter
}
export interface AdamWHyper extends AdamHyper {
  /** How much of the weights is taken off, times lr: 0.01. */
  readonly weightDecay?: PerParameter
}
export type AdamState = Counted<Memory<'m' | 'v'>>

type Step = { readonly t: TensorLike }
const defaults = { lr: 'required', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, t: 'counted' } as const

/** The direction m̂ / (√v̂ + ε), and the new moments. */
const direction = (
  g: Tensor,
  { m, v }: { readonly m: Tensor; readonly v: Tensor },
  { beta1, beta2, epsilon, t }: { readonly [K in 'beta1' | 'beta2' | 'epsilon' | 't']: Tensor },
): readonly [Tensor, { readonly m: Tensor; readonly v: Tensor }] => {
  const next = { m: averaged(beta1, m, g), v: averagedSquare(beta2, v, g) }
  // by the reciprocals: two divisions in all instead of two for each weight, which is a quarter of the time of a step
  const mean = mul(next.m, reciprocal(correction(beta1, t)))
  const spread = mul(next.v, reciprocal(correction(beta2, t)))
  return [overRoot(mean, spread, epsilon), next]
}

/** m₊ = β₁ m + (1 − β₁) g,   v₊ = β₂ v + (1 − β₂) g²
 *  u = −lr m̂ / (√v̂ + ε),   m̂ = m₊ / (1 − β₁ᵗ),   v̂ = v₊ / (1 − β₂ᵗ),   t = 1, 2, …
 *  State    m and v, 0 at first, and the number of steps
 *  Zero     at v = 0, where every gradient so far was 0, √v has slope 0. Since m = 0 there, ∂u/∂g = −lr (1 − β₁) / ((1 − β₁ᵗ) ε) is
 *           the exact slope: at t = 1 that of −lr g / (|g| + ε). With ε = 0 too, u = 0.
 *  Differs  the defaults are those of the paper, PyTorch and optax (lr: none, as in optax); 1 − βᵗ is computed without cancellation,
 *           so that f32 steps are right to a few ulp where those of both lose 3 digits at first.
 *           A β that changes from step to step enters βᵗ as it is at step t.
 *  Source   Kingma, Ba 2015, Alg. 1
 *  @example adam.update(array([3, -2]), adam.init(array([0, 0])), array([0, 0]), { lr: 0.1 })[0] // => f32[2] [-0.1, 0.1] */
export const adam: Optimiser<AdamHyper, AdamState> = counted(
  leafwise<AdamHyper & Step, 'm' | 'v'>('adam', {
    memory: ['m', 'v'],
    hyper: defaults,
    leaf: (g, memory, hyper) => {
      const [d, next] = direction(g, memory, hyper)
      return [neg(mul(hyper.lr, d)), next]
    },
  }),
)

/** u = −lr (m̂ / (√v̂ + ε) + weightDecay · w),   m̂ and v̂ as in `adam`
 *  Laws     weightDecay = 0 is `adam`
 *  Differs  from decay by the loss, `chain(weightDecay, adam)`, whose gradient 2nd moments divide out again. Decay is times lr, as in PyTorch and
 *           optax; the paper has it without. Default 0.01 as in PyTorch; optax has 1e-4.
 *  Source   Loshchilov, Hutter 2019, Alg. 2
 *  @example adamw.update(array([3]), adamw.init(array([2])), array([2]), { lr: 0.1, weightDecay: 0.5 })[0] // => f32[1] [-0.2] */
export const adamw: Optimiser<AdamWHyper, AdamState> = counted(
  leafwise<AdamWHyper & Step, 'm' | 'v'>('adamw', {
    memory: ['m', 'v'],
    hyper: { ...defaults, weightDecay: 0.01 },
    leaf: (g, memory, hyper, w) => {
      const [d, next] = direction(g, memory, hyper)
      return [neg(mul(hyper.lr, add(d, mul(hyper.weightDecay, w)))), next]
    },
  }),
)
