// The kernels of singular values against Jacobi's method on the matrix as it is, and results that do not depend on how units are dealt out.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TypedArray } from '../../dtype.js'
import { svdKernel, svdvalsKernel } from '../../linalg/svd.js'
import { both, type FloatName, type Stack, uniformStack, unitOf } from './dense.testing.js'

/** Matrices with singular values near 1, 4, 7 …: vectors are well determined. */
const separatedStack = (dtype: FloatName, count: number, m: number, n: number): Stack => {
  const stack = uniformStack(dtype, [count, m, n], m + n)
  stack.data.forEach((x, at) => {
    const [i, j] = [Math.floor(at / n) % m, at % n]
    // not in the order of the rows, so that rows are exchanged
    stack.data[at] = x / Math.max(m, n) + (i === j ? 1 + 3 * ((5 * i) % Math.min(m, n)) : 0)
  })
  return stack
}

const near = (note: string, got: TypedArray, expected: TypedArray, tolerance: number): void =>
  got.forEach((x, i) => {
    const off = Math.abs(x - expected[i]!)
    assert.ok(
      Object.is(x, expected[i]) || off <= tolerance,
      `${note}: ${i} is ${x}, not ${expected[i]}: ${off / tolerance} of the bound`,
    )
  })

const shapes = [[1, 1], [1, 5], [5, 1], [2, 2], [3, 4], [4, 3], [8, 8], [17, 9], [9, 17], [33, 33]] as const // biome-ignore format: a table

for (const dtype of ['f32', 'f64'] as const) {
  test(`${dtype}: values to as many roundings of the largest as rows are long, vectors too where values are apart`, () => {
    for (const [m, n] of shapes) {
      const [k, l] = [Math.min(m, n), Math.max(m, n)]
      const stack = separatedStack(dtype, l > 30 ? 2 : 7, m, n)
      const { got, expected } = both(svdKernel, dtype, stack)
      const unit = 4 * (l + 2) * unitOf(dtype)
      near(`values ${m} × ${n}`, got[1]!, expected[1]!, unit * 3 * k)
      // gaps are not much less than 3 unless 5 divides k
      if (k % 5 !== 0) for (const i of [0, 2]) near(`vectors ${m} × ${n}`, got[i]!, expected[i]!, unit * 3 * k)
      const alone = both(svdvalsKernel, dtype, stack)
      near(`values alone ${m} × ${n}`, alone.got[0]!, expected[1]!, unit * 3 * k)
    }
  })

  test(`${dtype}: equal values, zeros and numbers that are none`, () => {
    for (const elements of [[0, 0, 0, 0], [2, 0, 0, 2], [0, 3, -3, 0], [1, NaN, 0, 1], [Infinity, 0, 0, 1], [0, 0, 5e-324, 0]]) {
      const stack: Stack = { shape: [1, 2, 2], data: (dtype === 'f32' ? Float32Array : Float64Array).from(elements) }
      const { got, expected } = both(svdKernel, dtype, stack)
      near(`${elements}`, got[1]!, expected[1]!, 16 * unitOf(dtype))
      near(`${elements}, alone`, both(svdvalsKernel, dtype, stack).got[0]!, expected[1]!, 16 * unitOf(dtype))
    }
  }) // biome-ignore format: a table
}

test.run()
