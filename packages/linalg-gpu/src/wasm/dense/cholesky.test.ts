// The kernel against its oracle in f64 and against the law |A − UᵀU| ≤ n roundings of √(aᵢᵢ aⱼⱼ).
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TypedArray } from '../../dtype.js'
import { choleskyKernel } from '../../linalg/cholesky.js'
import { both, type FloatName, type Stack, uniformStack, unitOf } from './dense.testing.js'

/** B Bᵀ + n/10: definite, condition numbers up to some hundreds; `skew` is added above the diagonal and taken below. */
const definite = (dtype: FloatName, batch: number, n: number, skew = 0): Stack => {
  const { shape, data: b } = uniformStack(dtype, [batch, n, n], n + 1)
  const data = b.map((_, at) => {
    const [m, i, j] = [Math.floor(at / (n * n)), Math.floor(at / n) % n, at % n]
    let sum = i === j ? n / 10 : 0
    for (let p = 0; p < n; p++) sum += b[(m * n + i) * n + p]! * b[(m * n + j) * n + p]!
    return sum + Math.sign(j - i) * skew
  })
  return { shape, data: data as TypedArray }
}

/** The largest |A − UᵀU| / √(aᵢᵢ aⱼⱼ), in roundings, of the first member. */
const residual = (dtype: FloatName, { shape, data: a }: Stack, u: TypedArray): number => {
  const n = shape[2]!
  let most = 0
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let rest = a[i * n + j]!
      for (let p = 0; p <= Math.min(i, j); p++) rest -= u[p * n + i]! * u[p * n + j]!
      most = Math.max(most, Math.abs(rest) / Math.sqrt(a[i * n + i]! * a[j * n + j]!))
    }
  return most / unitOf(dtype)
}

for (const dtype of ['f32', 'f64'] as const)
  test(`sizes that tiles divide and do not, in ${dtype}`, () => {
    for (const n of [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65]) {
      const a = definite(dtype, 3, n)
      const { got, expected } = both(choleskyKernel(true), dtype, a)
      // n products and a division each, with the error that symmetrising and storing A leave; the residual of f64 doubles it
      assert.ok(residual(dtype, a, got[0]!) <= 2 * n + 4, `${dtype} ${n}`)
      assert.ok(residual(dtype, a, expected[0]!) <= 2 * n + 4, `${dtype} ${n}, oracle`)
      const turned = both(choleskyKernel(false), dtype, a)
      for (const [u, l] of [[got, turned.got], [expected, turned.expected]])
        assert.equal(l![0], u![0]!.map((_, at) => {
          const [m, i, j] = [Math.floor(at / (n * n)), Math.floor(at / n) % n, at % n]
          return i < j ? 0 : u![0]![(m * n + j) * n + i]!
        }))
    }
  }) // biome-ignore format: a table of sizes

test('of a matrix that is not symmetric it is that of its symmetric part', () => {
  // adding and taking 1/8 rounds elements below 10 to a few times 2⁻⁵³; condition numbers multiply that
  const [a, b] = [definite('f64', 1, 9, 0), definite('f64', 1, 9, 2 ** -3)]
  const [x, y] = [a, b].map((one) => both(choleskyKernel(true), 'f64', one).got[0]!)
  x!.forEach((v, at) => {
    assert.ok(Math.abs(v - y![at]!) <= 200 * 2 ** -53, `${at}: ${v}, ${y![at]}`)
  })
})

test('a member without a positive pivot, or with NaN or Infinity anywhere, is NaN; its neighbours are not', () => {
  const n = 5
  const good = definite('f32', 1, n).data
  const alone = both(choleskyKernel(false), 'f32', { shape: [1, n, n], data: good })
  const spoil: readonly (readonly [number, number])[] = [
    [0, 0], [0, -1], [n * n - 1, 0], [n * n - 1, -5], [n * n - 1, Number.NaN], [n, Number.NaN], [1, Number.NaN],
    [0, Number.POSITIVE_INFINITY], [n * n - 1, Number.POSITIVE_INFINITY], [3, Number.NEGATIVE_INFINITY], [3, 1e30],
  ] // biome-ignore format: places and values
  for (const [at, value] of spoil) {
    const data = Float32Array.from([...good, ...good, ...good])
    data[n * n + at] = value
    const outs = both(choleskyKernel(false), 'f32', { shape: [3, n, n], data })
    for (const of of ['got', 'expected'] as const) {
      const members = [0, 1, 2].map((m) => outs[of][0]!.subarray(m * n * n, (m + 1) * n * n))
      assert.ok(members[1]!.every(Number.isNaN), `${value} at ${at}, ${of}`)
      for (const other of [members[0]!, members[2]!]) assert.equal(other, alone[of][0]!)
    }
  }
})

test('no rows, no matrices', () => {
  for (const [batch, n] of [[2, 0], [0, 3]] as const) both(choleskyKernel(true), 'f32', uniformStack('f32', [batch, n, n]))
}) // biome-ignore format: a table of shapes

test.run()
