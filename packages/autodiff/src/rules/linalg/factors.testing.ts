/** What the tests of this folder share: matrices of small condition numbers, loops over a batch, factorisations in a program. */

import {
  add, broadcastTo, div, eye, key, readSync, slice, stack, type Tensor, trace, uniform,
} from '@neumann/linalg-gpu' // biome-ignore format: a list
import { simplify } from '@neumann/linalg-gpu/program'
import * as assert from 'uvu/assert'
import { vmap } from '../../api/vmap.js'

export const random = (seed: number, ...shape: number[]): Tensor =>
  uniform(key(seed), shape, { low: -1, high: 1, dtype: 'f64' })

/** Near twice the identity, in rows of another order where `turned`, so that rows must be interchanged: condition numbers of a few. */
export const matrixOf = (seed: number, ...shape: number[]): Tensor => {
  const [m, n] = shape.slice(-2) as [number, number]
  const near = broadcastTo(eye(m, n, { dtype: 'f64' }), shape)
  return add(div(random(seed, ...shape), Math.max(m, n)), add(near, near))
}

/** vmap of f over the operands that are batched equals a loop over them, to 64 roundings of the largest element. */
export const batchesAsLoop = (
  f: (...x: Tensor[]) => Tensor,
  operands: readonly Tensor[],
  batched: readonly boolean[],
): void => {
  const axes = batched.map((one) => (one ? 0 : null))
  const given = operands.map((x, i) => (batched[i] ? x : slice(x, 0)))
  const got = readSync(vmap(f, { in: axes } as never)(...(given as never[])) as unknown as Tensor)
  const size = operands[batched.indexOf(true)]!.shape[0]!
  const own = Array.from({ length: size }, (_, i) => f(...given.map((x, j) => (batched[j] ? slice(x, i) : x))))
  const expected = readSync(stack(own))
  const tolerance = 64 * 2 ** -53 * Math.max(...expected.map(Math.abs))
  expected.forEach((x, i) => {
    assert.ok(Math.abs(x - got[i]!) <= tolerance, `batched ${batched}: element ${i} is ${got[i]}, not ${x}`)
  })
}

/** The factorisations in the simplified program of f. */
export const factorisations = (f: (...x: Tensor[]) => unknown, ...x: readonly Tensor[]): number =>
  simplify(trace(f)(...x)).eqns.filter(({ op }) => op.kind === 'custom' && op.kernel.name === 'lu').length
