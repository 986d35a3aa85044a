/** expm on whatever device the tests run: closed forms, exact sums of the series, SciPy's numbers, laws, stacks, what is odd. */

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, item, jit, key, neg, readSync, type Tensor, toNested, uniform } from '../index.js'
import { det } from './det.js'
import { expm } from './expm.js'
import {
  apart, drawn, identityRows, largest, type Rows, roundingOf, rowsOfTensor, tensorOfRows, times,
} from './placed.testing.js' // biome-ignore format: a list

const of = (a: Rows, dtype: 'f32' | 'f64' = 'f64'): number[][] => rowsOfTensor(expm(tensorOfRows(a, dtype)))

/** Off by `roundings` relative to the largest element. */
const near = (what: string, got: Rows, expected: Rows, dtype: 'f32' | 'f64', roundings: number): void => {
  const off = apart(got, expected) / (largest(expected) * roundingOf(dtype))
  assert.ok(off <= roundings, `${what}: ${off} roundings, not ${roundings}`)
}

/** Matrices with their exponentials from 60 digits of the series (mpmath), and their condition numbers (SciPy's expm_cond):
 *  of SciPy 1.17's own numbers the first is off by 26000 roundings, which is why it is not the oracle. */
const known: Readonly<Record<string, { readonly a: Rows; readonly e: Rows; readonly condition: number }>> = {
  'grows fast': {
    a: [[1, 2, 3], [4, 5, 6], [7, 8, 10]],
    e: [
      [1892793.8019664532, 2319804.348433813, 2921688.794284884],
      [4267596.877957069, 5230361.13264713, 6587401.226390882],
      [7065281.732605101, 8659197.695550991, 10905868.06409481],
    ],
    condition: 18,
  },
  'Ward 1': {
    a: [[4, 2, 0], [1, 4, 1], [1, 1, 4]],
    e: [
      [147.86662244637014, 183.76513864636843, 71.79703239999654],
      [127.78108552318248, 183.76513864636843, 91.88256932318421],
      [127.78108552318248, 163.67960172318075, 111.96810624637187],
    ],
    condition: 7.5,
  },
  'Ward 3': {
    a: [[-131, 19, 18], [-390, 56, 54], [-387, 57, 52]],
    e: [
      [-1.5096441587960896, 0.3678794391102887, 0.13533528117545907],
      [-5.632570799902596, 1.4715177585023085, 0.4060058435263772],
      [-4.9349383260981075, 1.1036383173308661, 0.54134112676299],
    ],
    condition: 15278,
  },
  'a hump': {
    a: [[-49, 24], [-64, 31]],
    e: [[-0.7357587581447531, 0.5518190996580977], [-1.4715175990882605, 1.1036382407155725]],
    condition: 441,
  },
  Grcar: {
    a: [[1, 1, 1, 1, 0], [-1, 1, 1, 1, 1], [0, -1, 1, 1, 1], [0, 0, -1, 1, 1], [0, 0, 0, -1, 1]],
    e: [
      [1.8335473650868293, 1.3403402971495122, 1.6106118014351385, 3.0385004338752872, 3.589005839109269],
      [-2.0659000588341567, 1.007637595550725, 0.4373114106910886, -0.24945538167960227, 3.0385004338752872],
      [1.1037289021613432, -1.7880809262089177, 1.4861567438788836, 0.4373114106910886, 1.6106118014351385],
      [-0.37816914047669875, 1.0033788943098834, -1.7880809262089177, 1.007637595550725, 1.3403402971495122],
      [0.10035000785145978, -0.37816914047669875, 1.1037289021613432, -2.0659000588341567, 1.8335473650868293],
    ],
    condition: 3.2,
  },
} // biome-ignore format: a table

/** Each squaring doubles what is off; before the first, the denominator loses up to 17 roundings (Higham 2005, Table 2.3). */
const few = (x: number): number => 8 + 17 * Math.abs(x)

for (const dtype of ['f32', 'f64'] as const) {
  test(`${dtype}: numbers, rotations and nilpotent matrices`, () => {
    assert.equal(of([[0, 0], [0, 0]], dtype), identityRows(2))
    for (const x of [-(2 ** -30), 2 ** -10, 0.5, 1, -1, 5, -20, 50]) {
      const roundings = few(x)
      near(`e^${x}`, of([[x]], dtype), [[Math.exp(x)]], dtype, roundings)
      const [c, s] = [Math.cos(x), Math.sin(x)]
      near(`a rotation by ${x}`, of([[0, -x], [x, 0]], dtype), [[c, -s], [s, c]], dtype, roundings)
    }
    near('a nilpotent matrix', of([[0, 4, 0], [0, 0, 4], [0, 0, 0]], dtype), [[1, 4, 8], [0, 1, 4], [0, 0, 1]], dtype, 8)
    assert.equal(of([[0, 2 ** 30], [0, 0]], dtype), [[1, 2 ** 30], [0, 1]])
  }) // biome-ignore format: matrices in a line

  test(`${dtype}: known exponentials, to their condition numbers`, () => {
    for (const [name, { a, e, condition }] of Object.entries(known)) near(name, of(a, dtype), e, dtype, 4 * a.length * condition)
  }) // biome-ignore format: one line

  test(`${dtype}: a large element off the diagonal asks for no squarings that it does not need`, () => {
    // scaled by its norm, 18 squarings would lose as many bits of the diagonal
    const got = of([[1, 1e6], [0, -1]], dtype)
    near('corner', [[got[0]![1]!]], [[1175201.1936438014]], dtype, 32)
    near('diagonal', [[got[0]![0]!, got[1]![1]!]], [[Math.E, 1 / Math.E]], dtype, 32)
  }) // biome-ignore format: matrices in a line

  test(`${dtype}: e^A e^−A = I and det e^A = e^tr A, also in blocks and in stacks`, () => {
    for (const shape of [
      [3, 3],
      [2, 3, 4, 4],
      [70, 70],
    ] as const) {
      const n = shape.at(-1)!
      const a = uniform(key(n), shape, { low: -1 / Math.sqrt(n), high: 1 / Math.sqrt(n), dtype })
      const f = jit((x: Tensor) => expm(x))
      const [up, down] = [toNested(f(a)), toNested(jit((x: Tensor) => expm(neg(x)))(a))]
      const all = (x: unknown): number[][][] => (shape.length === 2 ? [x as number[][]] : (x as number[][][][]).flat())
      all(up).forEach((p, i) => {
        assert.ok(apart(times(p, all(down)[i]!), identityRows(n)) <= 40 * n * roundingOf(dtype))
      })
    }
    const a = drawn(6, 6)
    const trace = a.reduce((sum, row, i) => sum + row[i]!, 0)
    assert.ok(Math.abs(item(det(expm(tensorOfRows(a, dtype)))) / Math.exp(trace) - 1) <= 400 * roundingOf(dtype))
  })

  test(`${dtype}: each of a stack is squared as often as it must be`, () => {
    const sizes = [0, 1e-3, 1, 30, 80]
    const got = toNested(expm(tensorOfRows(sizes.map((x) => [[-x, 0], [0, x]]), dtype))) as unknown as number[][][]
    sizes.forEach((x, i) => {
      near(`±${x}`, got[i]!, [[Math.exp(-x), 0], [0, Math.exp(x)]], dtype, few(x))
      // small beside large: relative to itself
      assert.ok(Math.abs(got[i]![0]![0]! / Math.exp(-x) - 1) <= few(x) * roundingOf(dtype))
    })
  }) // biome-ignore format: matrices in a line

  test(`${dtype}: what overflows is infinite or NaN, what is not finite is NaN, neighbours are as they were`, () => {
    const huge = dtype === 'f32' ? 1e38 : 1e308
    assert.equal(of([[-huge, 0], [0, 1]], dtype)[0], [0, 0])
    assert.is(of([[huge]], dtype)[0]![0], Infinity)
    assert.ok([Infinity, -Infinity, Number.NaN].every((x) => Number.isNaN(of([[x]], dtype)[0]![0])))
    assert.ok(of([[1, huge], [huge, 1]], dtype).flat().every((x) => !Number.isFinite(x)))
    for (const odd of [Number.NaN, Infinity, -Infinity])
      for (let at = 0; at < 4; at++) {
        const bad = [0, 0, 0, 0].map((_, i) => (i === at ? odd : 0))
        const stack = tensorOfRows([[[0, 0], [0, 0]], [bad.slice(0, 2), bad.slice(2)], [[0, 0], [0, 0]]], dtype)
        assert.equal(toNested(expm(stack)), [identityRows(2), identityRows(2).map((row) => row.map(() => Number.NaN)), identityRows(2)])
      }
  }) // biome-ignore format: matrices in a line

  test(`${dtype}: of nothing nothing`, () => {
    for (const shape of [
      [0, 0],
      [2, 0, 0],
      [0, 3, 3],
    ])
      assert.equal(expm(uniform(key(1), shape, { dtype })).shape, shape)
  })
}

test('half and whole numbers, and what is wrong', () => {
  assert.is(expm(array([[1, 2], [3, 4]], { dtype: 'f16' })).dtype, 'f16')
  assert.equal(Array.from(readSync(expm(array([[0, 2], [0, 0]], { dtype: 'i32' })))), [1, 2, 0, 1])
  assert.throws(() => expm(array([[1, 2]])), 'expm: needs square matrices, got f32[1,2]: 1 rows, 2 columns.')
}) // biome-ignore format: matrices in a line

test('an element far larger than the eigenvalues costs its fifth root in roundings, in f32 its fourth', () => {
  const [p, q] = [0.7, -0.3]
  for (const [dtype, root, sizes] of [['f32', 4, [1e5, 1e10, 1e20]], ['f64', 5, [1e10, 1e20, 1e40]]] as const)
    for (const c of sizes) {
      const [[first, beside], [below, last]] = of([[p, c], [0, q]], dtype) as [[number, number], [number, number]]
      const allowed = 8 * c ** (1 / root) * roundingOf(dtype)
      assert.is(below, 0)
      for (const [got, wanted] of [[first, Math.exp(p)], [beside, c * (Math.exp(p) - Math.exp(q))], [last, Math.exp(q)]] as const)
        assert.ok(Math.abs(got / wanted - 1) <= allowed, `${dtype} ${c}: ${got}, not ${wanted}`)
    }
}) // biome-ignore format: tables

test.run()
