/** For tests of random estimators: what they give for many keys, and whether that is the truth within its spread. */

import * as assert from 'uvu/assert'
import { map } from '../../control/scan.js'
import { key, splitKey } from '../../random/key.js'
import { jit } from '../../run/jit.js'
import { item, readSync } from '../../run/read.js'
import type { Tensor } from '../../trace/tensor.js'
import { matrix } from '../matrix.js'
import type { Operator } from '../operator.js'
import { type Dense, type Precision, tensorOf } from '../systems.testing.js'
import type { Estimate } from './samples.js'

type Estimator = (operator: Operator) => (key: Tensor) => Estimate

export const traceOf = (a: Dense): number => a.reduce((sum, row, i) => sum + row[i]!, 0)

export const near = (got: number, want: number, error: number, what = ''): void =>
  assert.ok(Math.abs(got - want) <= error, `${what} ${got} is not within ${error} of ${want}`)

/** The estimate of a matrix's trace by one key. */
export const estimateOf = (
  estimator: Estimator,
  a: Dense,
  dtype: Precision = 'f64',
  seed = 0,
): { readonly value: number; readonly error: number; readonly products: number } => {
  const run = jit((a: Tensor, own: Tensor) => estimator(matrix(a))(own))
  const { value, error, products } = run(tensorOf(a, dtype), key(seed))
  return { value: item(value), error: item(error), products: item(products) }
}

/** Values and errors by many keys, in one program. */
export const manyOf = (
  estimator: Estimator,
  a: Dense,
  count: number,
  seed = 1,
): { readonly values: number[]; readonly errors: number[] } => {
  const run = jit((a: Tensor, own: Tensor) =>
    map(
      (k: Tensor) => {
        const { value, error } = estimator(matrix(a))(k)
        return { value, error }
      },
      splitKey(own, count),
    ),
  )
  const { value, error } = run(tensorOf(a, 'f64'), key(seed))
  return { values: Array.from(readSync(value)), errors: Array.from(readSync(error)) }
}

export const meanOf = (x: readonly number[]): number => x.reduce((sum, value) => sum + value, 0) / x.length

/** Root mean square of the distance from the truth. */
export const spreadOf = (x: readonly number[], truth: number): number =>
  Math.sqrt(meanOf(x.map((value) => (value - truth) ** 2)))

/** The mean of independent values is the truth within 3.5 of its standard deviations; keys are fixed, so nothing fails by chance. */
export const unbiased = (values: readonly number[], truth: number): void =>
  near(meanOf(values), truth, (3.5 * spreadOf(values, meanOf(values))) / Math.sqrt(values.length), 'the mean')
