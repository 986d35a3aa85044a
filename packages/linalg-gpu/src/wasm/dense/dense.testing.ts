/** Runs the kernel of a factorisation on wasm and its oracle, for the tests of this folder. */

import * as assert from 'uvu/assert'
import { storage, type TypedArray } from '../../dtype.js'
import type { CustomKernel } from '../../program/custom.js'
import { typeOf } from '../../program/type.js'
import { sizeOf } from '../../shape.js'
import { load } from '../harness.testing.js'
import { randoms } from '../special/special.testing.js'

export type FloatName = 'f32' | 'f64'

export interface Stack {
  readonly shape: readonly number[]
  readonly data: TypedArray
}

/** Roundings to nearest are off by at most this, relatively. */
export const unitOf = (dtype: FloatName): number => (dtype === 'f32' ? 2 ** -24 : 2 ** -53)

/** Numbers in [−1, 1) with a seed. */
export const uniformStack = (dtype: FloatName, shape: readonly number[], seed = 1): Stack => {
  const random = randoms(seed)
  return { shape, data: storage(dtype, sizeOf(shape)).map(() => 2 * random() - 1) as TypedArray }
}

/** The results of the kernel's wasm, the same bits however its units are dealt out, and those of its oracle. */
export const both = (
  kernel: CustomKernel,
  dtype: FloatName,
  ...inputs: readonly Stack[]
): { readonly got: readonly TypedArray[]; readonly expected: readonly TypedArray[] } => {
  const types = inputs.map(({ shape }) => typeOf(dtype, shape))
  const outputs = kernel.infer(types)
  const empty = (): TypedArray[] => outputs.map((type) => storage(type.dtype, type.size).fill(77))
  const data = inputs.map((x) => x.data)
  const expected = empty()
  kernel.oracle(data, expected, { inputs: types, outputs })
  const runs = ([[undefined, false], [1, true], [3, false]] as const).map(([chunk, backwards]) => {
    const loaded = load(kernel.wasm!(types), [...data, ...empty()])
    loaded.run(chunk, backwards)
    return outputs.map((_, i) => loaded.operand(data.length + i))
  }) // biome-ignore format: a table of chunks
  for (const one of runs.slice(1))
    one.forEach((out, i) =>
      out.forEach((x, at) => {
        assert.ok(
          Object.is(x, runs[0]![i]![at]),
          `${kernel.name}: ${x}, not ${runs[0]![i]![at]}, when dealt out otherwise`,
        )
      }),
    )
  return { got: runs[0]!, expected }
}

const sizes = (shape: readonly number[]): readonly [number, number, number] => [
  shape.slice(0, -2).reduce((x, y) => x * y, 1),
  ...(shape.slice(-2) as [number, number]),
]

/** Of an elimination: the largest of |P A − L U| over max(|L||U|), matrix by matrix. */
export const eliminationDefect = (
  { shape, data }: Stack,
  packed: ArrayLike<number>,
  order: ArrayLike<number>,
): number => {
  const [count, m, n] = sizes(shape)
  let worst = 0
  for (let s = 0; s < count; s++) {
    const at = (x: ArrayLike<number>, i: number, j: number): number => x[(s * m + i) * n + j]!
    let [off, size] = [0, 0]
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let [sum, absolute] = [0, 0]
        for (let k = 0; k <= Math.min(i, j, n - 1); k++) {
          const term = (k === i ? 1 : at(packed, i, k)) * at(packed, k, j)
          sum += term
          absolute += Math.abs(term)
        }
        off = Math.max(off, Math.abs(sum - at(data, order[s * m + i]!, j)))
        size = Math.max(size, absolute)
      }
    worst = Math.max(worst, size === 0 ? off : off / size)
  }
  return worst
}
