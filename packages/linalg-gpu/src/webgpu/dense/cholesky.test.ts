// The shaders against the oracle in f64 and against the law |A − UᵀU| ≤ n roundings of √(aᵢᵢ aⱼⱼ).
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TypedArray } from '../../dtype.js'
import { choleskyKernel } from '../../linalg/cholesky.js'
import { type Stack, uniformStack } from '../../wasm/dense/dense.testing.js'
import { both, unit } from './dense.testing.js'

/** B Bᵀ + n/10: definite, condition numbers up to some hundreds. */
const definite = (batch: number, n: number): Stack => {
  const { shape, data: b } = uniformStack('f32', [batch, n, n], n + 1)
  const data = b.map((_, at) => {
    const [m, i, j] = [Math.floor(at / (n * n)), Math.floor(at / n) % n, at % n]
    let sum = i === j ? n / 10 : 0
    for (let p = 0; p < n; p++) sum += b[(m * n + i) * n + p]! * b[(m * n + j) * n + p]!
    return sum
  })
  return { shape, data: data as TypedArray }
}

/** The largest |A − UᵀU| / √(aᵢᵢ aⱼⱼ), in roundings, of the first member. */
const residual = ({ shape, data: a }: Stack, u: TypedArray, upper: boolean): number => {
  const n = shape[2]!
  const at = (i: number, j: number): number => u[upper ? i * n + j : j * n + i]!
  let most = 0
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let rest = a[i * n + j]!
      for (let p = 0; p <= Math.min(i, j); p++) rest -= at(p, i) * at(p, j)
      most = Math.max(most, Math.abs(rest) / Math.sqrt(a[i * n + i]! * a[j * n + j]!))
      if (j < i) assert.is(at(i, j), 0)
    }
  return most / unit
}

test('any size, of one thread and of a workgroup', async () => {
  for (const n of [1, 2, 3, 5, 8, 17, 33, 65]) {
    const a = definite(3, n)
    for (const upper of [true, false]) {
      const { got } = await both(choleskyKernel(upper), [a])
      // n products, a root and a division each
      for (const [u] of got) assert.ok(residual(a, u!, upper) <= 2 * n + 10, `${n} ${upper}`)
    }
  }
})

test('a member without a positive pivot, or with NaN or Infinity anywhere, is NaN; its neighbours are not', async () => {
  const n = 5
  const { data: good } = definite(1, n)
  for (const [at, value] of [[0, 0], [0, -1], [n * n - 1, -5], [n * n - 1, NaN], [n, NaN], [0, Infinity], [3, -Infinity]] as const) {
    const data = Float32Array.from([...good, ...good, ...good])
    data[n * n + at] = value
    const { got, expected } = await both(choleskyKernel(false), [{ shape: [3, n, n], data }])
    for (const [out] of [...got, expected]) {
      const members = [0, 1, 2].map((m) => out!.subarray(m * n * n, (m + 1) * n * n))
      assert.ok(members[1]!.every(Number.isNaN), `${value} at ${at}`)
      assert.ok([...members[0]!, ...members[2]!].every(Number.isFinite))
    }
  }
}) // biome-ignore format: a table of places and values

test('in one arena, and begun at an element told at run time', async () => {
  const a = definite(2, 4)
  const [apart] = (await both(choleskyKernel(true), [a])).got
  assert.equal((await both(choleskyKernel(true), [a], 'arena')).got[0], apart)
})

test('no rows, no matrices', async () => {
  for (const shape of [[2, 0, 0], [0, 3, 3]]) await both(choleskyKernel(true), [uniformStack('f32', shape)])
}) // biome-ignore format: a table of shapes

test.run()
