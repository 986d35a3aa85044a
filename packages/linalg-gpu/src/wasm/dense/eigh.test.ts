// The kernels of eigenvalues against Jacobi's method: two algorithms that share nothing, and results that do not depend on how units are dealt out.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TypedArray } from '../../dtype.js'
import { eighKernel, eigvalshKernel } from '../../linalg/eigh.js'
import { both, type FloatName, type Stack, uniformStack, unitOf } from './dense.testing.js'

/** Symmetric matrices with eigenvalues near 0, 4, 8 …: vectors are well determined. */
const symmetricStack = (dtype: FloatName, count: number, n: number, spread = 4): Stack => {
  const stack = uniformStack(dtype, [count, n, n], n)
  stack.data.forEach((_, at) => {
    const [unit, i, j] = [Math.floor(at / (n * n)), Math.floor(at / n) % n, at % n]
    const other = (unit * n + j) * n + i
    stack.data[at] =
      i === j ? spread * i : (stack.data[other]! + (i < j ? stack.data[at]! : stack.data[other]!)) / 2 / n
    stack.data[other] = stack.data[at]!
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

for (const dtype of ['f32', 'f64'] as const) {
  test(`${dtype}: values to n roundings of the largest, vectors too where values are apart`, () => {
    for (const n of [1, 2, 3, 4, 5, 8, 9, 17, 32, 65]) {
      const stack = symmetricStack(dtype, n > 30 ? 2 : 7, n)
      const { got, expected } = both(eighKernel, dtype, stack)
      const unit = 4 * (n + 1) * unitOf(dtype)
      near(`values ${n}`, got[0]!, expected[0]!, unit * 4 * n)
      // gaps are about 4, so that the error of a vector is the relative one of A
      near(`vectors ${n}`, got[1]!, expected[1]!, unit * n)
      const alone = both(eigvalshKernel, dtype, stack)
      near(`values alone ${n}`, alone.got[0]!, expected[0]!, unit * 4 * n)
    }
  })

  test(`${dtype}: equal values, zeros and numbers that are none`, () => {
    for (const elements of [[0, 0, 0, 0], [2, 0, 0, 2], [0, 3, 3, 0], [1, NaN, NaN, 1], [Infinity, 0, 0, 1], [5e-324, 0, 0, 0]]) {
      const stack: Stack = { shape: [1, 2, 2], data: (dtype === 'f32' ? Float32Array : Float64Array).from(elements) }
      const { got, expected } = both(eighKernel, dtype, stack)
      near(`${elements}`, got[0]!, expected[0]!, 16 * unitOf(dtype))
      near(`${elements}, alone`, both(eigvalshKernel, dtype, stack).got[0]!, expected[0]!, 16 * unitOf(dtype))
    }
  }) // biome-ignore format: a table
}

test.run()
