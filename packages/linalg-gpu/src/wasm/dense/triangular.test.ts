// The kernel of all eight kinds of triangular systems against substitution in f64, by residuals: |B − op(A) X| ≤ n roundings of |A||X|.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { storage, type TypedArray } from '../../dtype.js'
import { triangularKernel } from '../../linalg/solveTriangular.js'
import { both, type FloatName, type Stack, uniformStack, unitOf } from './dense.testing.js'
import type { Triangle } from './triangular.js'

const kinds: readonly Triangle[] = [false, true].flatMap((lower) =>
  [false, true].flatMap((transposed) =>
    [false, true].map((unitDiagonal): Triangle => ({ lower, transposed, unitDiagonal })),
  ),
)

/** NaN wherever the kind does not read; pivots away from zero, the rest small enough that X stays of the size of B. */
const triangleOf = ({ lower, unitDiagonal }: Triangle, dtype: FloatName, batch: number, n: number): Stack => {
  const { shape, data } = uniformStack(dtype, [batch, n, n], n)
  const own = data.map((x, at) => {
    const [i, j] = [Math.floor(at / n) % n, at % n]
    if (i === j) return unitDiagonal ? Number.NaN : x + 2 * Math.sign(x)
    return i > j === lower ? (2 * x) / n : Number.NaN
  })
  return { shape, data: own as TypedArray }
}

/** The largest |B − op(A) X| / |op(A)| |X|, in roundings. */
const residual = (kind: Triangle, dtype: FloatName, a: Stack, b: Stack, x: TypedArray): number => {
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
  return most / unitOf(dtype)
}

for (const dtype of ['f32', 'f64'] as const)
  test(`all kinds of ${dtype}: one column, tiles of every width, tiles that are not whole`, () => {
    for (const kind of kinds)
      for (const n of [1, 2, 3, 5, 8, 33])
        for (const k of [1, 2, 4, 5, 9, 16, 37]) {
          const a = triangleOf(kind, dtype, 2, n)
          const b = uniformStack(dtype, [2, n, k], k)
          const { got, expected } = both(triangularKernel(kind), dtype, a, b)
          const note = `${JSON.stringify(kind)} n ${n} k ${k}`
          // the residual of f64 is itself computed with n roundings
          assert.ok(residual(kind, dtype, a, b, got[0]!) <= 3 * (n + 2), note)
          assert.ok(residual(kind, dtype, a, b, expected[0]!) <= 3 * (n + 2), `${note}, oracle`)
        }
  })

test('no rows, no columns, no matrices', () => {
  for (const kind of kinds)
    for (const [batch, n, k] of [[2, 0, 3], [2, 3, 0], [0, 3, 2], [2, 0, 1]] as const)
      both(triangularKernel(kind), 'f32', uniformStack('f32', [batch, n, n]), uniformStack('f32', [batch, n, k]))
}) // biome-ignore format: a table of shapes

test('integers that divide are exact', () => {
  const a: Stack = { shape: [3, 3], data: Float32Array.of(2, 9, 9, 1, 4, 9, 3, 5, 8) }
  for (const k of [1, 2, 5]) {
    const x = storage('f32', 3 * k).map((_, at) => (at % 7) - 3) as TypedArray
    const b = x.map((_, at) => {
      const [i, c] = [Math.floor(at / k), at % k]
      return [0, 1, 2].slice(0, i + 1).reduce((sum, j) => sum + a.data[3 * i + j]! * x[j * k + c]!, 0)
    }) as TypedArray
    const kind = { lower: true, transposed: false, unitDiagonal: false }
    assert.equal(both(triangularKernel(kind), 'f32', a, { shape: [3, k], data: b }).got[0], x)
  }
})

test('a zero on the diagonal spoils its own system alone, as division does', () => {
  const a: Stack = { shape: [3, 2, 2], data: Float64Array.of(1, 0, 1, 2, 1, 0, 3, 0, 4, 0, 1, 2) }
  const kind = { lower: true, transposed: false, unitDiagonal: false }
  for (const k of [1, 2]) {
    const b: Stack = { shape: [3, 2, k], data: new Float64Array(6 * k).fill(4) }
    const { got } = both(triangularKernel(kind), 'f64', a, b)
    const column = Array.from(got[0]!).filter((_, at) => at % k === 0)
    assert.equal(column, [4, 0, 4, Number.NEGATIVE_INFINITY, 1, 1.5])
  }
})

test.run()
