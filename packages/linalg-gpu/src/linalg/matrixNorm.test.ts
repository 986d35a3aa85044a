// Norms and condition numbers of matrices against sums by hand, laws, and what SciPy gives; corners, scales, and elements that are no numbers.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, item, readSync, zeros } from '../index.js'
import { cond } from './cond.js'
import { type MatrixNorm, matrixNorm } from './matrixNorm.js'
import { conditioned, drawn, identityRows, roundingOf, tensorOfRows } from './placed.testing.js'

const ords = ['fro', 'nuc', 1, -1, 2, -2, Infinity, -Infinity] as const
const a = [[1, -2, 3], [4, 5, -6]] // biome-ignore format: a matrix

for (const dtype of ['f32', 'f64'] as const) {
  test(`${dtype}: by SciPy`, () => {
    // scipy.linalg.norm(a, ord), with 17 digits
    const known = [9.539392014169456, 11.653785350898485, 9, 5, 9.225027715260927, 2.4287576356375586, 15, 6]
    ords.forEach((ord, i) => {
      const got = item(matrixNorm(tensorOfRows(a, dtype), ord))
      assert.ok(Math.abs(got / known[i]! - 1) <= 8 * roundingOf(dtype), `${ord}: ${got}, not ${known[i]}`)
    })
    assert.is(item(matrixNorm(tensorOfRows(a, dtype))), item(matrixNorm(tensorOfRows(a, dtype), 'fro')))
  })

  test(`${dtype}: ‖s A‖ = s ‖A‖ for s at the ends of the numbers of f32`, () => {
    for (const s of [1e30, 1e-30])
      for (const ord of ords) {
        const one = item(matrixNorm(tensorOfRows(a, dtype), ord))
        const got = item(matrixNorm(tensorOfRows(a.map((row) => row.map((x) => s * x)), dtype), ord)) // biome-ignore format: a matrix
        assert.ok(Math.abs(got / (s * one) - 1) <= 8 * roundingOf(dtype), `${ord} of ${s} A: ${got}`)
      }
  })

  test(`${dtype}: condition numbers that were placed, and cond(s A) = cond(A)`, () => {
    for (const kappa of [1, 10, 1e3, dtype === 'f32' ? 1e5 : 1e12])
      for (const s of [1, 1e30, 1e-30]) {
        const rows = conditioned(5, kappa).map((row) => row.map((x) => s * x))
        const [got, inverse] = [item(cond(tensorOfRows(rows, dtype))), item(cond(tensorOfRows(rows, dtype), -2))]
        // sₖ is off by roundings in the size of A
        const tolerance = 20 * kappa * roundingOf(dtype)
        assert.ok(Math.abs(got / kappa - 1) <= tolerance, `${kappa}: ${got}`)
        assert.ok(Math.abs(inverse * kappa - 1) <= tolerance, `1/${kappa}: ${inverse}`)
      }
  })

  test(`${dtype}: cond by the other norms is ‖A‖ ‖A⁻¹‖`, () => {
    const m = tensorOfRows([[4, 7], [2, 6]], dtype)
    // A⁻¹ = [[0.6, −0.7], [−0.2, 0.4]]
    for (const [ord, expected] of [
      ['fro', Math.sqrt(105 * 1.05)], [1, 13 * 1.1], [-1, 6 * 0.8], [Infinity, 11 * 1.3], [-Infinity, 8 * 0.6], ['nuc', 11 * 1.1],
    ] as const) {
      const got = item(cond(m, ord))
      // nuc: s₁ + s₂ = √(‖A‖² + 2|det A|), and of the inverse that over |det A|
      const wanted = ord === 'nuc' ? (105 + 20) / 10 : expected
      assert.ok(Math.abs(got / wanted - 1) <= 100 * roundingOf(dtype), `${ord}: ${got}, not ${wanted}`)
    }
  })

  test(`${dtype}: singular matrices have cond Infinity, or 0 for −2; what is no number NaN, alone`, () => {
    const stack = [[[1, 2], [2, 4]], [[0, 0], [0, 0]], [[1, NaN], [0, 1]], [[1, 0], [0, Infinity]], [[1, 0], [0, 2]]]
    const given = array(stack as never, { dtype })
    for (const ord of ['fro', 1, Infinity] as const)
      assert.equal(
        Array.from(readSync(cond(given, ord)), (x) => (Number.isFinite(x) ? 0 : x)),
        [Infinity, Infinity, NaN, NaN, 0],
      )
    const [first, second, ...rest] = readSync(cond(given))
    // 1, 2; 2, 4 is singular to rounding
    assert.ok(first! >= 0.05 / roundingOf(dtype) && second === Infinity, `${first} ${second}`)
    assert.equal(rest, [NaN, NaN, 2])
    assert.equal([...readSync(cond(given, -2))].slice(1), [0, NaN, NaN, 0.5])
  })
} // biome-ignore format: matrices

test('the norms of the identity are those of counting, and cond is 1', () => {
  const one = tensorOfRows(identityRows(4), 'f64')
  assert.equal(ords.map((ord) => item(matrixNorm(one, ord))), [2, 4, 1, 1, 1, 1, 1, 1])
  assert.equal(ords.map((ord) => item(cond(one, ord))), [4, 16, 1, 1, 1, 1, 1, 1])
}) // biome-ignore format: tables

test('the norm 2 lies between those that bound it', () => {
  const m = tensorOfRows(drawn(7, 5, 3), 'f64')
  const [fro, nuc, one, , two, , row] = ords.map((ord) => item(matrixNorm(m, ord))) as number[]
  assert.ok(two! <= fro! && fro! <= nuc! && two! ** 2 <= one! * row! && fro! <= Math.sqrt(5) * two!)
})

test('an element that is no number gives a norm that is none; infinity gives infinity where no singular values are needed', () => {
  const stack = array([[[1, NaN], [2, 3]], [[1, Infinity], [2, 3]], [[3, 0], [4, 0]]])
  const known: readonly number[][] = [
    [NaN, Infinity, 5], [NaN, NaN, 5], [NaN, Infinity, 7], [NaN, 3, 0], [NaN, NaN, 5], [NaN, NaN, 0], [NaN, Infinity, 4], [NaN, 5, 3],
  ]
  ords.forEach((ord, i) => assert.equal([...readSync(matrixNorm(stack, ord))], known[i], `${ord}`))
}) // biome-ignore format: matrices

test('stacks, and matrices without elements', () => {
  const stack = array([[[3, 4]], [[0, 5]], [[-12, 5]]])
  assert.equal(readSync(matrixNorm(stack)), Float32Array.of(5, 5, 13))
  for (const ord of ords)
    if (typeof ord === 'string' || ord > 0)
      assert.equal(readSync(matrixNorm(zeros([2, 0, 3]), ord)), Float32Array.of(0, 0))
    else
      assert.throws(() => matrixNorm(zeros([2, 0, 3]), ord), `matrixNorm: ord ${ord} is the smallest of none, of f32[2,0,3].`) // biome-ignore format: a case
  assert.equal(matrixNorm(zeros([0, 2, 3]), 2).shape, [0])
  assert.equal(cond(zeros([0, 3, 3]), 1).shape, [0])
  assert.throws(() => cond(zeros([0, 0])), 'cond: f32[0,0] has no elements, so no condition number.')
})

test('what is no norm and no matrix is refused', () => {
  const message = "ord is 'fro', 'nuc', 1, -1, 2, -2, Infinity or -Infinity, got 3."
  assert.throws(() => matrixNorm(zeros([2, 2]), 3 as MatrixNorm), `matrixNorm: ${message}`)
  assert.throws(() => cond(zeros([2, 2]), 3 as MatrixNorm), `cond: ${message}`)
  assert.throws(() => matrixNorm(zeros([2])), 'matrixNorm: needs a matrix, or a stack of them [...batch, m, n], got f32[2].')
  assert.throws(() => cond(zeros([2, 3]), 1), 'cond: needs square matrices, got f32[2,3]: 2 rows, 3 columns.')
}) // biome-ignore format: messages

test.run()
