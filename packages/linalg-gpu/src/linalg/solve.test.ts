/** solve and inv on whatever device the tests run: known solutions at placed condition numbers, stacks, singular systems, launches. */

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, jit, key, matmul, readSync, type Tensor, toNested, trace, uniform } from '../index.js'
import { kernelsOf, schedule, simplify } from '../program.js'
import { inv } from './inv.js'
import {
  apart, conditioned, drawn, identityRows, largest, type Rows, residual, roundingOf, rowsOfTensor, tensorOfRows, times,
} from './placed.testing.js' // biome-ignore format: a list
import { solve } from './solve.js'

for (const dtype of ['f32', 'f64'] as const) {
  for (const n of [1, 2, 3, 8, 20, 65, 130, 200])
    test(`${dtype} ${n} × ${n}: the residual is of the order of a few roundings a row`, () => {
      const f = jit((a: Tensor, b: Tensor) => solve(a, b))
      for (const k of [1, 7]) {
        const [a, b] = [tensorOfRows(drawn(n, n, n), dtype), tensorOfRows(drawn(n, k, 9), dtype)]
        const got = residual(rowsOfTensor(a), rowsOfTensor(f(a, b)), rowsOfTensor(b), dtype)
        // 3n roundings in |L||U||X| (Higham, Theorem 9.4), and |L||U| is below n times |A| here
        assert.ok(got <= 3 * n * Math.max(1, n / 4), `${got} roundings`)
      }
    })

  test(`${dtype}: the error is that of the condition number, from 1 to 10⁶`, () => {
    for (const n of [2, 10, 20])
      for (const kappa of [1, 10, 1e2, 1e3, 1e4, 1e5, 1e6]) {
        // what the dtype holds of A and of B = A X moves X by two roundings times κ
        const [a, x] = [conditioned(n, kappa, n), drawn(n, 2, 5)]
        const [got, back] = [
          rowsOfTensor(solve(tensorOfRows(a, dtype), tensorOfRows(times(a, x), dtype))),
          rowsOfTensor(inv(tensorOfRows(a, dtype))),
        ]
        const bound = 2 * n * roundingOf(dtype) * kappa
        assert.ok(apart(got, x) <= bound * largest(x), `solve, n ${n}, κ ${kappa}: ${apart(got, x)}`)
        const error = apart(times(back, a), identityRows(n))
        assert.ok(error <= bound * n, `inv, n ${n}, κ ${kappa}: ${error}`)
      }
  })

  test(`${dtype}: A x = s b gives s x, and s A x = b gives x / s, for s from 2⁻¹⁰⁰ to 2¹⁰⁰`, () => {
    const [a, b] = [drawn(12, 12), drawn(12, 1)].map((x) => x.map((row) => row.map(Math.fround))) as unknown as [Rows, Rows]
    const scaled = (x: Rows, s: number): Tensor => tensorOfRows(x.map((row) => row.map((v) => v * s)), dtype)
    const plain = rowsOfTensor(solve(scaled(a, 1), scaled(b, 1)))
    for (const s of [2 ** -100, 2 ** 100]) {
      assert.equal(rowsOfTensor(solve(scaled(a, 1), scaled(b, s))), plain.map((row) => row.map((v) => v * s)))
      assert.equal(rowsOfTensor(solve(scaled(a, s), scaled(b, 1))), plain.map((row) => row.map((v) => v / s)))
    }
  }) // biome-ignore format: a law a line

  test(`${dtype}: singular and odd systems are NaN, and only they`, () => {
    const n = 3
    const bad: readonly Rows[] = [
      [[1, 2, 3], [2, 4, 6], [1, 0, 1]], [[0, 0, 0], [0, 0, 0], [0, 0, 0]], [[0, 0, 0], [0, 1, 0], [0, 0, 1]],
      [[1, 0, 0], [0, 1, 0], [0, 0, 0]], [[0, 1, 0], [0, 0, 1], [0, 0, 0]],
      ...[Number.NaN, Infinity, -Infinity].flatMap((odd) => [0, 1, 2, 3, 4, 5, 6, 7, 8].map((at) =>
        [0, 1, 2].map((i) => [0, 1, 2].map((j) => (3 * i + j === at ? odd : Number(i === j)))))),
    ]
    for (const a of bad) {
      const stack = tensorOfRows([drawn(n, n, 1), a, drawn(n, n, 2)], dtype)
      for (const got of [solve(stack, tensorOfRows(drawn(n, 2), dtype)), solve(stack, tensorOfRows([1, 2, 3], dtype)), inv(stack)]) {
                const kinds = Array.from(readSync(got), (x) => Number.isNaN(x))
        const per = kinds.length / 3
        kinds.forEach((isNaN, i) => assert.is(isNaN, i >= per && i < 2 * per, `${JSON.stringify(a)}: ${toNested(got)}`))
      }
    }
    for (const odd of [0, Number.NaN, Infinity]) {
      const a = drawn(40, 40, 3)
      a[39] = a[39]!.map((x, j) => (odd === 0 ? 0 : j === 0 ? odd : x))
      const got = readSync(solve(tensorOfRows([drawn(40, 40, 1), a, drawn(40, 40, 2)], dtype), tensorOfRows(drawn(40, 2), dtype)))
      got.forEach((x, i) => assert.is(Number.isNaN(x), i >= 80 && i < 160))
    }
    // a right side that is not finite stays in its column
    const beside = rowsOfTensor(solve(tensorOfRows([[2, 0], [0, 4]], dtype), tensorOfRows([[Number.NaN, 2], [0, 4]], dtype)))
    assert.equal(beside.map((row) => row[1]), [1, 1])
  }) // biome-ignore format: a table

  test(`${dtype}: stacks broadcast, a vector is a vector, nothing is nothing`, () => {
    const [a, b] = [uniform(key(1), [2, 1, 4, 4], { dtype }), uniform(key(2), [3, 4, 2], { dtype })]
    const all = toNested(solve(a, b)) as unknown as number[][][][]
    const [as, bs] = [toNested(a) as unknown as number[][][][], toNested(b) as unknown as number[][][]]
    all.forEach((part, i) => part.forEach((x, j) => assert.ok(residual(as[i]![0]!, x, bs[j]!, dtype) <= 12)))
    const one = uniform(key(1), [4, 4], { dtype })
    const columns = toNested(solve(one, b)) as unknown as number[][][]
    columns.forEach((x, j) => assert.ok(residual(toNested(one) as number[][], x, bs[j]!, dtype) <= 12))
    assert.equal(solve(one, uniform(key(3), [4], { dtype })).shape, [4])
    assert.equal(solve(a, uniform(key(3), [4], { dtype })).shape, [2, 1, 4])
    assert.equal(solve(uniform(key(1), [0, 0], { dtype }), uniform(key(1), [0, 2], { dtype })).shape, [0, 2])
    assert.equal(solve(uniform(key(1), [0, 3, 3], { dtype }), uniform(key(1), [3, 2], { dtype })).shape, [0, 3, 2])
    assert.equal(solve(one, uniform(key(1), [4, 0], { dtype })).shape, [4, 0])
    assert.equal(inv(uniform(key(1), [2, 0, 0], { dtype })).shape, [2, 0, 0])
  }) // biome-ignore format: one check a line
}

test('a thousand systems are as many launches as one, and one factorisation', () => {
  const launches = (...lead: number[]): readonly string[] => {
    const [a, b] = [uniform(key(1), [...lead, 4, 4]), uniform(key(2), [...lead, 4, 1])]
    const program = simplify(trace((x: Tensor, y: Tensor) => solve(x, y))(a, b))
    return kernelsOf(schedule(program).steps).map((kernel) => kernel.name)
  }
  assert.equal(launches(1000), launches(1))
  assert.is(launches(1000).filter((name) => name === 'lu').length, 1)
  assert.ok(launches(1000).length <= 8, launches(1000).join(' '))
})

test('one matrix and many right sides: one factorisation, and none for two solves with the same matrix', () => {
  const [a, b] = [uniform(key(1), [5, 5]), uniform(key(2), [100, 5, 1])]
  const program = simplify(trace((x: Tensor, y: Tensor) => [solve(x, y), solve(x, matmul(x, y)), inv(x)])(a, b))
  const factored = program.eqns.filter(({ op }) => op.kind === 'custom' && op.kernel.name === 'lu')
  assert.is(factored.length, 1)
  assert.equal(program.types[factored[0]!.outputs[0]!]!.shape, [5, 5])
})

test('half and whole numbers: f16 is computed in f32 and rounded, integers are f32', () => {
  const a = array([[2, 1], [1, 3]], { dtype: 'f16' })
  assert.is(inv(a).dtype, 'f16')
  assert.equal(toNested(solve(a, array([5, 10], { dtype: 'f16' }))), [1, 3])
  assert.is(solve(array([[2, 0], [0, 2]], { dtype: 'i32' }), array([1, 2], { dtype: 'i32' })).dtype, 'f32')
  assert.equal(toNested(solve(array([[2, 0], [0, 2]], { dtype: 'f64' }), array([1, 2], { dtype: 'f64' }))), [0.5, 1])
}) // biome-ignore format: matrices in a line

test('what is wrong is said', () => {
  const a = uniform(key(1), [3, 2])
  assert.throws(() => solve(a, array([1, 2, 3])), 'solve: needs square matrices, got f32[3,2]: 3 rows, 2 columns.')
  assert.throws(() => inv(a), 'inv: needs square matrices, got f32[3,2]: 3 rows, 2 columns.')
  assert.throws(() => inv(array([1])), 'inv: needs a matrix, or a stack of them [...batch, m, n], got f32[1].')
  assert.throws(() => solve(array([[1]]), array([1, 2])), 'solve: the matrix has 1 rows, the right side 2')
  assert.throws(() => solve(array([[1]]), 2), 'solve: needs a right side of one axis or more, got a scalar.')
})

test.run()
