// Singular values that are known beforehand, of matrices of all shapes: closed forms, clusters, grades, deficient ranks, zeros, scales at the ends of f32.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, readSync, type Tensor, toNested, zeros } from '../index.js'
import {
  apart, drawn, identityRows, orthogonal, type Rows, roundingOf, rowsOfTensor, tensorOfRows, times,
} from './placed.testing.js' // biome-ignore format: a list
import { svd, svdvals } from './svd.js'

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
const transposed = (a: Rows): number[][] => a[0]!.map((_, j) => a.map((row) => row[j]!))
const scaledColumns = (a: Rows, by: readonly number[]): number[][] => a.map((row) => row.map((x, j) => x * by[j]!))

/** An m × n matrix with these singular values, min(m, n) of them. */
const placed = (m: number, n: number, values: readonly number[], seed = 1): number[][] => {
  const first = (q: Rows): number[][] => q.map((row) => row.slice(0, values.length))
  return times(scaledColumns(first(orthogonal(m, seed)), values), transposed(first(orthogonal(n, seed + 50))))
}

/** A = U diag(s) Vᵀ, both bases orthonormal, s descending and as known: each to as many roundings in the size of A as rows are long, and a few. */
const checked = (note: string, a: Tensor, known?: readonly number[]): void => {
  const given = rowsOfTensor(a)
  const longest = Math.max(given.length, given[0]!.length)
  const { u: left, s: values, vh: right } = svd(a)
  const [u, s, v] = [rowsOfTensor(left), Array.from(readSync(values)), rowsOfTensor(right)]
  const unit = 4 * (longest + 2) * roundingOf(a.dtype)
  const size = s[0]!
  const off = apart(times(scaledColumns(u, s), v), given)
  assert.ok(off <= unit * size, `${note}: A is ${off / (size * unit)} of the bound away`)
  for (const [name, gram] of [['UᵀU', times(transposed(u), u)], ['VᵀV', times(v, transposed(v))]] as const) {
    const bend = apart(gram, identityRows(s.length))
    assert.ok(bend <= unit, `${note}: ${name} is ${bend / unit} of the bound away from 1`)
  }
  s.forEach((x, i) => {
    assert.ok(x >= 0 && (i === 0 || x <= s[i - 1]!), `${note}: descending`)
    if (known !== undefined)
      assert.ok(Math.abs(x - known[i]!) <= unit * size, `${note}: s${i} is ${x}, not ${known[i]}`)
  })
  readSync(svdvals(a)).forEach((x, i) => {
    assert.ok(Math.abs(x - s[i]!) <= unit * size, `${note}: alone, s${i} is ${x}, not ${s[i]}`)
  })
} // biome-ignore format: a table of products

const shapes = [[1, 1], [1, 4], [4, 1], [2, 2], [3, 5], [5, 3], [16, 16], [33, 20], [20, 33]] as const // biome-ignore format: a table

for (const dtype of ['f32', 'f64'] as const) {
  test(`${dtype}: placed values in matrices of all shapes: spread, clustered, graded, equal, deficient`, () => {
    const small = dtype === 'f32' ? 1e-6 : 1e-12
    for (const [m, n] of shapes) {
      const k = Math.min(m, n)
      for (const [name, values] of [
        ['spread', numbers(k).map((i) => k - i)],
        ['clustered', numbers(k).map((i) => 1 + 1e-6 * (k - i))],
        ['graded', numbers(k).map((i) => small ** (i / k))],
        ['equal', numbers(k).map(() => 3)],
        ['deficient', numbers(k).map((i) => Math.max(0, 3 - i))],
      ] as const)
        checked(`${name} ${m} × ${n}`, tensorOfRows(placed(m, n, values, m + n), dtype), values)
    }
  })

  test(`${dtype}: the bidiagonal matrix of ones has 2 cos(kπ/(2n + 1))`, () => {
    for (const n of [1, 2, 3, 10, 65]) {
      const rows = numbers(n).map((i) => numbers(n).map((j) => Number(j === i || j === i + 1)))
      checked(`${n}`, tensorOfRows(rows, dtype), numbers(n).map((k) => 2 * Math.cos(((k + 1) * Math.PI) / (2 * n + 1)))) // biome-ignore format: the formula
    }
  })

  test(`${dtype}: random matrices of sizes that no vector divides, zeros, exact zeros among others, and elements whose squares vanish`, () => {
    for (const [m, n] of [[7, 7], [65, 65], [100, 3], [3, 100], [67, 40]] as const) // biome-ignore format: a table
      checked(`random ${m} × ${n}`, tensorOfRows(drawn(m, n, m), dtype))
    checked('zeros', tensorOfRows([[0, 0, 0], [0, 0, 0]], dtype), [0, 0]) // biome-ignore format: a matrix
    checked('a row', tensorOfRows([[0, 0, 0], [3, 0, 4], [0, 0, 0], [0, 0, 0]], dtype), [5, 0, 0]) // biome-ignore format: a matrix
    checked('a column', tensorOfRows(transposed([[0, 0, 0], [3, 0, 4], [0, 0, 0], [0, 0, 0]]), dtype), [5, 0, 0]) // biome-ignore format: a matrix
    checked('permuted', tensorOfRows([[0, 0, 2], [7, 0, 0], [0, -1, 0]], dtype), [7, 2, 1]) // biome-ignore format: a matrix
    for (const low of dtype === 'f32' ? [1e-40] : [1e-140, 1e-155, 1e-160, 1e-200]) {
      checked('small elements', tensorOfRows([[1, low, 0], [low, low, low], [0, low, 1]], dtype), [1, 1, 0]) // biome-ignore format: a matrix
      checked('a small last row', tensorOfRows([[1, 0.5, 0.3], [0, 1, 0.2], [low, 3 * low, low]], dtype)) // biome-ignore format: a matrix
    }
  })

  test(`${dtype}: s A has s times the values and the same vectors, for powers of two as far as numbers go`, () => {
    const own = tensorOfRows(drawn(6, 4, 3), dtype)
    const one = svd(own)
    for (const exponent of dtype === 'f32' ? [-100, 100, 126] : [-900, 900, 1022]) {
      const times = 2 ** exponent
      const given = tensorOfRows(rowsOfTensor(own).map((row) => row.map((x) => times * x)), dtype) // biome-ignore format: one tensor
      const { u, s, vh } = svd(given)
      assert.equal(Array.from(readSync(s)), Array.from(readSync(one.s), (x) => (dtype === 'f32' ? Math.fround(times * x) : times * x))) // biome-ignore format: the law
      assert.equal([readSync(u), readSync(vh)], [readSync(one.u), readSync(one.vh)])
    }
  })

  test(`${dtype}: NaN and infinity spoil their own matrix alone`, () => {
    const good = drawn(3, 2, 9)
    const bad = (x: number): number[][] => good.map((row, i) => row.map((y, j) => (i === 1 && j === 1 ? x : y)))
    const alone = svd(tensorOfRows(good, dtype))
    for (const spoiled of [NaN, Infinity, -Infinity]) {
      const stack = array([good, bad(spoiled), good] as never, { dtype })
      const parts = Object.entries(svd(stack)) as ['u' | 's' | 'vh', Tensor][]
      for (const [name, part] of parts) {
        const [before, own, after] = toNested(part) as unknown as number[][]
        assert.equal([before, after], [toNested(alone[name]), toNested(alone[name])])
        assert.ok(own!.flat().every(Number.isNaN), name)
      }
      assert.ok((toNested(svdvals(stack)) as number[][])[1]!.every(Number.isNaN))
    }
    assert.ok(Number.isNaN(readSync(svdvals(tensorOfRows([[NaN]], dtype)))[0]))
  })
}

test('small values of a tall matrix whose columns differ in size, and of a wide one whose rows do, have digits of their own', () => {
  // B D with well conditioned B: relative errors are those of B, not of B D
  const b = placed(5, 4, [1, 0.9, 0.8, 0.7])
  const scales = [1, 1e-20, 1e-40, 1e-60]
  const one = scaledColumns(b, scales)
  const expected = readSync(svdvals(tensorOfRows(one, 'f64')))
  // columns in another order, and the transpose, have the same values
  for (const order of [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]]) {
    const given = one.map((row) => order.map((j) => row[j]!))
    for (const rows of [given, transposed(given)]) {
      const got = Array.from(readSync(svdvals(tensorOfRows(rows, 'f64'))))
      // √det AᵀA is the product of the values
      const product = got.reduce((p, x) => p * x, 1) / (0.9 * 0.8 * 0.7) / 1e-120
      assert.ok(Math.abs(product - 1) <= 4 * 16 * 2 ** -52, `${order}: ${product}`)
      got.forEach((x, i) => {
        assert.ok(Math.abs(x / scales[i]! - 0.85) <= 0.16, `s${i} is ${x}`)
        assert.ok(Math.abs(x / expected[i]! - 1) <= 16 * 2 ** -52, `${order}: s${i} is ${x}, not ${expected[i]}`)
      })
    }
  }
}) // biome-ignore format: a table

test('a row of vh has a positive first large element', () => {
  for (const [m, n] of shapes)
    for (const row of rowsOfTensor(svd(tensorOfRows(drawn(m, n, 4), 'f64')).vh)) {
      const top = Math.max(...row.map(Math.abs))
      assert.ok(row.find((x) => Math.abs(x) >= 0.85 * top)! > 0)
    }
})

test('stacks, empty ones too, are matrix by matrix; integers are f32', () => {
  const stack = numbers(2).map((i) => numbers(3).map((j) => drawn(3, 4, 10 * i + j)))
  const parts = svd(array(stack as never, { dtype: 'f64' }))
  assert.equal([parts.u.shape, parts.s.shape, parts.vh.shape], [[2, 3, 3, 3], [2, 3, 3], [2, 3, 3, 4]])
  stack.forEach((row, i) => {
    row.forEach((a, j) => {
      const alone = svd(tensorOfRows(a, 'f64'))
      for (const name of ['u', 's', 'vh'] as const)
        assert.equal((toNested(parts[name]) as unknown as number[][][])[i]![j], toNested(alone[name]))
    })
  })
  for (const [m, n] of [[0, 0], [0, 3], [3, 0]] as const) {
    const empty = svd(zeros([2, m, n]))
    assert.equal([empty.u.shape, empty.s.shape, empty.vh.shape], [[2, m, 0], [2, 0], [2, 0, n]])
    assert.equal(svdvals(zeros([2, m, n])).shape, [2, 0])
  }
  assert.equal(svd(zeros([0, 3, 2])).u.shape, [0, 3, 2])
  assert.is(svd(array([[2, 1], [1, 2]], { dtype: 'i32' })).u.dtype, 'f32')
  assert.is(svdvals(array([[2, 1], [1, 2]], { dtype: 'f16' })).dtype, 'f16')
}) // biome-ignore format: shapes

test('the sum of the squares of the values is that of the elements: tens of thousands of turns make no row longer', () => {
  const a = drawn(100, 100, 5)
  const squares = a.flat().reduce((sum, x) => sum + x * x, 0)
  const found = Array.from(readSync(svdvals(tensorOfRows(a, 'f64')))).reduce((sum, x) => sum + x * x, 0)
  // two roundings for each of the ten elements that squares of a hundred may add up to at random, and as many for each value
  assert.ok(Math.abs(found - squares) <= 20 * 2 ** -53 * squares, `${found}, not ${squares}`)
})

test('what is no matrix is refused', () => {
  assert.throws(() => svd(zeros([3])), 'svd: needs a matrix, or a stack of them [...batch, m, n], got f32[3].')
  assert.throws(() => svdvals(1), 'svdvals: needs a matrix, or a stack of them [...batch, m, n], got f32[].')
})

test.run()
