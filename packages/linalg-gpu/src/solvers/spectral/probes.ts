/** Random test vectors ω with E[ω ωᵀ] = I, by key.
 *
 *    rademacher   ±1 each
 *    gaussian     normal numbers
 *    spherical    uniform on the sphere of radius √n */

import { map } from '../../control/scan.js'
import { fail, showValue } from '../../errors.js'
import { mul } from '../../ops/arithmetic.js'
import { where } from '../../ops/comparison.js'
import { cast } from '../../ops/creation.js'
import { normal } from '../../random/continuous.js'
import { bernoulli } from '../../random/discrete.js'
import { splitKey } from '../../random/key.js'
import type { FloatDType } from '../../random/words.js'
import type { Tensor } from '../../trace/tensor.js'
import { length, over } from '../vectors.js'

const kinds = ['rademacher', 'gaussian', 'spherical'] as const
export type TestVectors = (typeof kinds)[number]

/** One test vector [n]. */
export const testVector = (kind: TestVectors, key: Tensor, n: number, dtype: FloatDType): Tensor => {
  if (!kinds.includes(kind)) fail('testVectors', `one of ${kinds.join(', ')}, got ${showValue(kind)}.`)
  if (kind === 'rademacher') return cast(where(bernoulli(key, 0.5, [n]), 1, -1), dtype)
  const x = normal(key, [n], { dtype })
  return kind === 'gaussian' ? x : over(mul(x, Math.sqrt(n)), length(x))
}

/** Test vectors [count, n]; vector i does not depend on count. */
export const testVectors = (kind: TestVectors, key: Tensor, count: number, n: number, dtype: FloatDType): Tensor =>
  map((own: Tensor) => testVector(kind, own, n, dtype), splitKey(key, count))
