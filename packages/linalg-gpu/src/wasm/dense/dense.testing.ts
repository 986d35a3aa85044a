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
