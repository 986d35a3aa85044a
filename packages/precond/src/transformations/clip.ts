/** Gradients held within bounds. */

import { div, clip as held, hypot, lessEqual, mul, neg, norm, type Tensor, where } from '@neumann/linalg-gpu'
import { castTo, eager } from '@neumann/linalg-gpu/program'
import { scalarsOf } from '../hyper.js'
import { leafwise, type Memory } from '../leafwise.js'
import type { Optimiser, PerParameter } from '../optimiser.js'
import { alike, type Leaves, parametersOf, rebuild } from '../trees.js'

export interface ClipByValueHyper {
  /** The largest magnitude of an element. */
  readonly bound: PerParameter
}

/** u = min(max(g, −bound), bound), element by element. A link of a chain, before an optimiser.
 *  State    none
 *  Zero     at a bound the slope is ½; NaN stays NaN
 *  Differs  as optax's `clip` and PyTorch's `clip_grad_value_`
 *  @example clipByValue.update(array([3, -0.5]), clipByValue.init(array([0, 0])), array([0, 0]), { bound: 1 })[0] // => f32[2] [1, -0.5] */
export const clipByValue: Optimiser<ClipByValueHyper, Memory<never>> = leafwise<ClipByValueHyper, never>(
  'clipByValue',
  {
    memory: [],
    hyper: { bound: 'required' },
    leaf: (g, _, { bound }) => [held(g, neg(bound), bound), {}],
  },
)

export interface ClipByGlobalNormHyper {
  /** The largest length of the gradient. */
  readonly maxNorm: Tensor | number
}

/** u = g · min(1, maxNorm / ‖g‖),   ‖g‖² = Σ g² over all parameters. A link of a chain, before an optimiser.
 *  State    none
 *  Zero     at g = 0 nothing is scaled; where ‖g‖ = maxNorm the slope is that of u = g. ‖g‖ neither overflows nor underflows. NaN makes all
 *           NaN, an infinite element itself: no gradient that looks healthy comes of them.
 *  Differs  as optax's `clip_by_global_norm`; PyTorch's `clip_grad_norm_` divides by ‖g‖ + 1e-6
 *  Source   Pascanu, Mikolov, Bengio 2013, Alg. 1
 *  @example clipByGlobalNorm.update(array([30, 40]), {}, array([0, 0]), { maxNorm: 5 })[0] // => f32[2] [3, 4] */
export const clipByGlobalNorm: Optimiser<ClipByGlobalNormHyper, Memory<never>> = {
  init: (params) => {
    parametersOf('clipByGlobalNorm', params)
    return {}
  },
  update: eager(<P>(gradient: P, state: Memory<never>, params: P, hyper: ClipByGlobalNormHyper) => {
    const w = parametersOf('clipByGlobalNorm', params)
    const g = alike('clipByGlobalNorm', 'the gradient', gradient, w)
    if (g.length === 0) return [gradient, state] as const
    const length = globalNormOf(g)
    const { maxNorm } = scalarsOf('clipByGlobalNorm', { maxNorm: 'required' }, hyper, length)
    const short = lessEqual(length, maxNorm) // false of NaN, which then reaches every element
    const factor = where(short, 1, div(maxNorm, where(short, 1, length)))
    return [
      rebuild<P>(
        w,
        g.map((x) => mul(castTo(factor, x.dtype), x)),
      ),
      state,
    ] as const
  }) as Optimiser<ClipByGlobalNormHyper, Memory<never>>['update'],
}

const globalNormOf = (g: readonly Tensor[]): Tensor => {
  const dtype = g.some((x) => x.dtype === 'f64') ? 'f64' : 'f32'
  return g.map((x) => norm(castTo(x, dtype))).reduce((a, b) => hypot(a, b))
}

/** ‖x‖ over all leaves of a tree: what to watch in training. Neither overflows nor underflows; its slope at 0 is 0.
 *  @example globalNorm({ w: array([3]), b: array(4) }) // => f32[] 5 */
export const globalNorm = eager((tree: unknown): Tensor => {
  const { leaves }: Leaves = parametersOf('globalNorm', tree)
  return globalNormOf(leaves)
})
