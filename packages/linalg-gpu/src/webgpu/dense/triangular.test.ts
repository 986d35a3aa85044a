// All eight kinds of triangular systems, by residuals: |B − op(A) X| ≤ n roundings of |A||X|.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TypedArray } from '../../dtype.js'
import { triangularKernel } from '../../linalg/solveTriangular.js'
import { type Stack, uniformStack } from '../../wasm/dense/dense.testing.js'
import type { Triangle } from '../../wasm/dense/triangular.js'
import { both, unit } from './dense.testing.js'

const kinds: readonly Triangle[] = [false, true].flatMap((lower) =>
  [false, true].flatMap((transposed) =>
    [false, true].map((unitDiagonal): Triangle => ({ lower, transposed, unitDiagonal })),
  ),
)

/** NaN wherever the kind does not read; pivots away from zero, the rest small enough that X stays of the size of B. */
const triangleOf = ({ lower, unitDiagonal }: Triangle, batch: number, n: number): Stack => {
  const { shape, data } = uniformStack('f32', [batch, n, n], n)
  const own = data.map((x, at) => {
    const [i, j] = [Math.floor(at / n) % n, at % n]
    if (i === j) return unitDiagonal ? Number.NaN : x + 2 * Math.sign(x)
    return i > j === lower ? (2 * x) / n : Number.NaN
  })
  return { shape, data: own as TypedArray }
}

/** The largest |B − op(A) X| / |op(A)| |X|, in roundings. */
const residual = (kind: Triangle, a: Stack, b: Stack, x: TypedArray): number => {
  const [batch, n, k] = b.shape as [number, number, number]
  const forward = kind.lower !== kind.transposed
  let most = 0
  for (let m = 0; m < batch; m++)
    for (let i = 0; i < n; i++)
      for (let c = 0; c < k; c++) {
        const at = (row: number): number => (m * n + row) * k + c
        let [rest, size] = [b.data[at(i)]!, Number.MIN_VALUE]
        for (let j = forward ? 0 : i; j < (forward ? i + 1 : n); j++) {
          const place = m * n * n + (kind.transposed ? j * n + i : i * n + j)
          const value = i === j && kind.unitDiagonal ? 1 : a.data[place]!
          rest -= value * x[at(j)]!
          size += Math.abs(value * x[at(j)]!)
        }
        most = Math.max(most, Math.abs(rest) / size)
        if (Number.isNaN(rest)) most = Number.POSITIVE_INFINITY
      }
  return most / unit
}

test('all kinds, one column and several, of a thread each and of workgroups', async () => {
  for (const kind of kinds)
    for (const [n, k] of [[1, 1], [5, 3], [33, 1], [64, 1], [70, 2]] as const) {
      const [a, b] = [triangleOf(kind, 2, n), uniformStack('f32', [2, n, k], k)]
      const { got, expected } = await both(triangularKernel(kind), [a, b])
      for (const [x] of [...got, expected]) assert.ok(residual(kind, a, b, x!) <= 3 * (n + 4), `${JSON.stringify(kind)} n ${n} k ${k}`)
    }
}) // biome-ignore format: a table of sizes

test('a zero on the diagonal spoils its own system alone', async () => {
  const a: Stack = { shape: [3, 2, 2], data: Float32Array.of(1, 0, 1, 2, 1, 0, 3, 0, 4, 0, 1, 2) }
  const b: Stack = { shape: [3, 2, 1], data: new Float32Array(6).fill(4) }
  const { got } = await both(triangularKernel({ lower: true, transposed: false, unitDiagonal: false }), [a, b])
  for (const [x] of got) {
    assert.equal([...x!.subarray(0, 2), ...x!.subarray(4)], [4, 0, 1, 1.5])
    assert.not(Number.isFinite(x![3]))
  }
})

test('no rows, no columns, no matrices', async () => {
  const kernel = triangularKernel({ lower: true, transposed: true, unitDiagonal: false })
  for (const [batch, n, k] of [[2, 0, 3], [2, 3, 0], [0, 3, 2]] as const)
    await both(kernel, [uniformStack('f32', [batch, n, n]), uniformStack('f32', [batch, n, k])])
}) // biome-ignore format: a table of shapes

test.run()
