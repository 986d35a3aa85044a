/** Attention: each query takes a mean of values, weighted by how well it meets their keys. */

import {
  iota,
  isTensor,
  lessEqual,
  logicalAnd,
  matmul,
  mul,
  reshape,
  slice,
  softmax,
  splitKey,
  swapAxes,
  type Tensor,
  where,
} from '@neumann/linalg-gpu'
import { eager, fail, showType } from '@neumann/linalg-gpu/program'
import { zeros } from '../initialisers/constant.js'
import { glorotUniform } from '../initialisers/varianceScaling.js'
import type { Model } from '../model.js'
import { type DenseOptions, type DenseParams, dense } from './dense.js'
import { count } from './sizes.js'

export interface AttentionOptions {
  /** bool, broadcast to […, queries, keys]: true where a query may see a key. All by default. */
  readonly mask?: Tensor | undefined
  /** Whether query i sees keys 0 … i alone. */
  readonly causal?: boolean | undefined
}

/** softmax(Q Kᵀ / √d) V; a query that may see no key gives 0, with slope 0.
 *  Shapes   queries […, t, d] · keys […, s, d] · values […, s, v] → […, t, v]
 *  Cost     2 t s (d + v) operations, and t s weights in memory.
 *  Source   Vaswani et al. 2017, equation 1
 *  @example attention(array([[0, 0]]), array([[1, 0], [0, 1]]), array([[2], [4]])) // => f32[1,1] [[3]] */
export const attention = eager(
  (queries: Tensor, keys: Tensor, values: Tensor, { mask, causal = false }: AttentionOptions = {}): Tensor => {
    const [t, d] = queries.shape.slice(-2)
    const [s] = keys.shape.slice(-2)
    if (queries.shape.length < 2 || keys.shape.length < 2 || values.shape.length < 2 || keys.shape.at(-1) !== d)
      fail(
        'attention',
        `queries […, t, d] and keys […, s, d] expected, got ${showType(queries)} and ${showType(keys)}, values ${showType(values)}.`,
      )
    if (values.shape.at(-2) !== s)
      fail('attention', `${s} keys and ${values.shape.at(-2)} values: one value for each key.`)
    const scores = mul(matmul(queries, swapAxes(keys, -1, -2)), 1 / Math.sqrt(d!))
    const seen = visible(t!, s!, mask, causal)
    if (seen === undefined) return matmul(softmax(scores), values)
    // finite, so that a query that sees nothing has no 0 / 0; its uniform weights are then taken away
    const least = queries.dtype === 'f16' ? -60000 : -1e30
    return matmul(where(seen, softmax(where(seen, scores, least)), 0), values)
  },
)

const visible = (t: number, s: number, mask: Tensor | undefined, causal: boolean): Tensor | undefined => {
  if (mask !== undefined && mask.dtype !== 'bool')
    fail(
      'attention',
      `mask is bool, true where a query may see a key, got ${showType(mask)}: compare, as greater(mask, 0).`,
    )
  if (!causal) return mask
  const past = lessEqual(iota([t, s], 1), iota([t, s], 0))
  return mask === undefined ? past : logicalAnd(mask, past)
}

export interface MultiHeadParams {
  readonly query: DenseParams
  readonly key: DenseParams
  readonly value: DenseParams
  readonly out: DenseParams
}

/** Queries from one sequence, keys and values from another. */
export interface CrossAttention {
  readonly queries: Tensor
  readonly keys: Tensor
  /** The keys' by default. */
  readonly values?: Tensor
  /** bool, broadcast to [batch, heads, queries, keys]. */
  readonly mask?: Tensor
}

export interface MultiHeadOptions extends DenseOptions {
  /** Whether place i sees places 0 … i alone; false by default. */
  readonly causal?: boolean
}

/** y = [head₁ … headₕ] W + b,  headᵢ = attention(x Wᵢ^Q, x Wᵢ^K, x Wᵢ^V),  each of size / heads numbers.
 *  Of one tensor self-attention, else of queries to keys and values. Head i has columns i · size / heads … of query, key and value.
 *  weight   `glorotUniform` by default, of [size, size].
 *  Shapes   x [batch, t, size] → [batch, t, size]
 *  Source   Vaswani et al. 2017, section 3.2.2
 *  @example
 *  const layer = multiHeadAttention(8, 2, { causal: true })
 *  layer.apply(layer.init(key(0)), ones([3, 5, 8])).shape // => [ 3, 5, 8 ] */
export const multiHeadAttention = (
  size: number,
  heads: number,
  { causal = false, weight = glorotUniform, bias = zeros }: MultiHeadOptions = {},
): Model<MultiHeadParams, Tensor | CrossAttention> => {
  count('multiHeadAttention', 'the size', size)
  count('multiHeadAttention', 'the number of heads', heads)
  if (size % heads !== 0) fail('multiHeadAttention', `a size of ${size} does not divide into ${heads} heads.`)
  const map = dense(size, size, { weight, bias })
  /** [batch, t, size] → [batch, heads, t, size / heads] */
  const split = (params: DenseParams, x: Tensor): Tensor => {
    if (x.shape.length !== 3 || x.shape[2] !== size)
      fail('multiHeadAttention', `[batch, places, ${size}] expected, got ${showType(x)}.`)
    const [batch, places] = x.shape as readonly [number, number]
    return swapAxes(reshape(map.apply(params, x), [batch, places, heads, size / heads]), 1, 2)
  }
  return {
    init: eager((key) => {
      const keys = splitKey(key, 4)
      const [query, own, value, out] = [0, 1, 2, 3].map((i) => map.init(slice(keys, i)))
      return { query: query!, key: own!, value: value!, out: out! }
    }),
    apply: eager((params, x) => {
      const { queries, keys, values = keys, mask }: CrossAttention = isTensor(x) ? { queries: x, keys: x } : x
      const [q, k, v] = [split(params.query, queries), split(params.key, keys), split(params.value, values)]
      const seen = swapAxes(attention(q, k, v, { mask, causal }), 1, 2)
      return map.apply(params.out, reshape(seen, queries.shape))
    }),
  }
}
