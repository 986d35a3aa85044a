// Eigenproblems whose spectra are known beforehand: closed forms, clusters, grades, equal values, sizes that no vector divides, scales at the ends of f32.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, readSync, type Tensor, toNested, zeros } from '../index.js'
import { eigh, eigvalsh } from './eigh.js'
import {
  apart, drawn, identityRows, orthogonal, type Rows, roundingOf, rowsOfTensor, tensorOfRows, times,
} from './placed.testing.js' // biome-ignore format: a list

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
const transposed = (a: Rows): number[][] => a[0]!.map((_, j) => a.map((row) => row[j]!))
const symmetrised = (a: Rows): number[][] => a.map((row, i) => row.map((x, j) => (x + a[j]![i]!) / 2))
const scaledColumns = (a: Rows, by: readonly number[]): number[][] => a.map((row) => row.map((x, j) => x * by[j]!))

/** Q diag(λ) Qᵀ. */
const placed = (spectrum: readonly number[], seed = 1): number[][] => {
  const q = orthogonal(spectrum.length, seed)
  return symmetrised(times(scaledColumns(q, spectrum), transposed(q)))
}

/** A = V Λ Vᵀ, VᵀV = 1, λ ascending and as known: each to n roundings in the size of A, with a factor for what they add up to. */
const checked = (note: string, a: Tensor, spectrum?: readonly number[]): void => {
  const given = rowsOfTensor(a)
  const n = given.length
  const { values, vectors } = eigh(a)
  const [w, v] = [Array.from(readSync(values)), rowsOfTensor(vectors)]
  const size = Math.max(...w.map(Math.abs))
  const unit = 4 * n * roundingOf(a.dtype)
  const back = times(scaledColumns(v, w), transposed(v))
  assert.ok(apart(back, given) <= unit * size, `${note}: A is ${apart(back, given) / (size * unit)} of the bound away`)
  const gram = apart(times(transposed(v), v), identityRows(n))
  assert.ok(gram <= unit, `${note}: VᵀV is ${gram / unit} of the bound away from 1`)
  w.forEach((x, i) => {
    assert.ok(i === 0 || x >= w[i - 1]!, `${note}: ascending`)
    if (spectrum !== undefined)
      assert.ok(Math.abs(x - spectrum[i]!) <= unit * size, `${note}: λ${i} is ${x}, not ${spectrum[i]}`)
  })
  readSync(eigvalsh(a)).forEach((x, i) => {
    assert.ok(Math.abs(x - w[i]!) <= unit * size, `${note}: alone, λ${i} is ${x}, not ${w[i]}`)
  })
}

const sizes = [1, 2, 3, 5, 16, 33, 65]

for (const dtype of ['f32', 'f64'] as const) {
  test(`${dtype}: the path with 2 on the diagonal and −1 beside it has 2 − 2 cos(kπ/(n + 1)), and its vectors are sines`, () => {
    for (const n of sizes) {
      const a = numbers(n).map((i) => numbers(n).map((j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0)))
      const own = tensorOfRows(a, dtype)
      checked(`path ${n}`, own, numbers(n).map((k) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)))) // biome-ignore format: the formula
      const first = rowsOfTensor(eigh(own).vectors).map((row) => row[0]!)
      const norm = Math.sqrt(2 / (n + 1))
      // a vector is as good as its value is away from the next
      const gap = n === 1 ? 1 : (3 * Math.PI ** 2) / (n + 1) ** 2 / 2
      first.forEach((x, i) => {
        const sine = norm * Math.sin(((i + 1) * Math.PI) / (n + 1))
        assert.ok(Math.abs(x - sine) <= (4 * n * 4 * roundingOf(dtype)) / gap, `${n}: ${x}, not ${sine}`)
      })
    }
  })

  test(`${dtype}: placed spectra: spread, clustered, graded, equal, deficient, of both signs`, () => {
    const small = dtype === 'f32' ? 1e-6 : 1e-12
    for (const n of [2, 5, 16, 33])
      for (const [name, spectrum] of [
        ['spread', numbers(n).map((i) => i + 1)],
        ['clustered', numbers(n).map((i) => 1 + 1e-6 * i)],
        ['graded', numbers(n).map((i) => small ** (1 - i / (n - 1)))],
        ['equal', numbers(n).map(() => 3)],
        ['in pairs', numbers(n).map((i) => Math.floor(i / 2))],
        ['deficient', numbers(n).map((i) => Math.max(0, i - n + 3))],
        ['of both signs', numbers(n).map((i) => i - (n - 1) / 2)],
      ] as const)
        checked(`${name} ${n}`, tensorOfRows(placed(spectrum, n), dtype), spectrum)
  })

  test(`${dtype}: random matrices of sizes that no vector divides, zeros, diagonals, and one coupled by what underflows`, () => {
    for (const n of [7, 65]) checked(`random ${n}`, tensorOfRows(symmetrised(drawn(n, n, n)), dtype))
    checked('zeros', tensorOfRows(numbers(4).map(() => [0, 0, 0, 0]), dtype), [0, 0, 0, 0]) // biome-ignore format: a matrix
    const diagonal = [3, -1, 0, 2, 2]
    const rows = diagonal.map((x, i) => diagonal.map((_, j) => (i === j ? x : 0)))
    checked('diagonal', tensorOfRows(rows, dtype), [-1, 0, 2, 2, 3])
    // squares of some are 0, of some they have lost their digits
    for (const low of dtype === 'f32' ? [1e-40] : [1e-150, 1e-155, 1e-158, 1e-160, 1e-161, 1e-200])
      for (const own of [0, 1]) {
        const weak = numbers(6).map((i) =>
          numbers(6).map((j) => (i === j ? (i === 0 ? 1 : own) : low * (1 + ((i * j) % 3)))),
        )
        checked(
          `coupled by ${low}`,
          tensorOfRows(weak, dtype),
          numbers(6).map((i) => (i === 5 ? 1 : own)),
        )
      }
  })

  test(`${dtype}: s A has s times the values and the same vectors, for powers of two as far as numbers go`, () => {
    const a = symmetrised(drawn(6, 6, 3))
    const one = eigh(tensorOfRows(a, dtype))
    for (const exponent of dtype === 'f32' ? [-100, 100, 126] : [-900, 900, 1022]) {
      const s = 2 ** exponent
      const given = tensorOfRows(rowsOfTensor(tensorOfRows(a, dtype)).map((row) => row.map((x) => s * x)), dtype) // biome-ignore format: one tensor
      const { values, vectors } = eigh(given)
      assert.equal(Array.from(readSync(values)), Array.from(readSync(one.values), (x) => (dtype === 'f32' ? Math.fround(s * x) : s * x))) // biome-ignore format: the law
      assert.equal(readSync(vectors), readSync(one.vectors))
      assert.equal(readSync(eigvalsh(given)), readSync(values))
    }
  })

  test(`${dtype}: NaN and infinity spoil their own matrix alone`, () => {
    const good = symmetrised(drawn(3, 3, 9))
    const bad = (x: number): number[][] => good.map((row, i) => row.map((y, j) => (i === 1 && j === 2 ? x : y)))
    for (const spoiled of [NaN, Infinity, -Infinity]) {
      const stack = array([good, bad(spoiled), good] as never, { dtype })
      const { values, vectors } = eigh(stack)
      const alone = eigh(tensorOfRows(good, dtype))
      const [w, v] = [toNested(values) as number[][], toNested(vectors) as number[][][]]
      for (const i of [0, 2]) {
        assert.equal(w[i], toNested(alone.values))
        assert.equal(v[i], toNested(alone.vectors))
      }
      assert.ok([...w[1]!, ...v[1]!.flat(), ...(toNested(eigvalsh(stack)) as number[][])[1]!].every(Number.isNaN))
    }
    const one = eigh(tensorOfRows([[NaN]], dtype))
    assert.equal([...readSync(one.values), ...readSync(one.vectors)], [NaN, NaN])
  })
}

test('Wilkinson’s W21+: a pair of values 7e-14 apart is found', () => {
  const w = numbers(21).map((i) => numbers(21).map((j) => (i === j ? Math.abs(i - 10) : Number(Math.abs(i - j) === 1))))
  checked('W21+', tensorOfRows(w, 'f64'))
  const values = readSync(eigvalsh(tensorOfRows(w, 'f64')))
  // by mpmath, with 40 digits
  for (const [i, known] of [[0, -1.1254415221199842], [19, 10.746194182903322], [20, 10.746194182903393]] as const)
    assert.ok(Math.abs(values[i]! - known) <= 21 * 2 ** -53 * 11, `λ${i}: ${values[i]}, not ${known}`)
}) // biome-ignore format: a table

test('the sign of a vector is that of its first large component, and only the symmetric part counts', () => {
  // in (1, −1)/√2 both components are equally large, but for rounding
  const signs = rowsOfTensor(eigh(array([[0, 1], [1, 0]])).vectors).map((row) => row.map(Math.sign))
  assert.equal(signs, [[1, 1], [-1, 1]])
  const a = drawn(5, 5, 4)
  const [whole, part] = [eigh(tensorOfRows(a, 'f64')), eigh(tensorOfRows(symmetrised(a), 'f64'))]
  assert.equal(readSync(whole.values), readSync(part.values))
  assert.equal(readSync(whole.vectors), readSync(part.vectors))
  for (const column of transposed(rowsOfTensor(part.vectors))) {
    const top = Math.max(...column.map(Math.abs))
    assert.ok(column.find((x) => Math.abs(x) >= 0.85 * top)! > 0)
  }
}) // biome-ignore format: matrices

test('stacks, empty ones too, are matrix by matrix; integers are f32', () => {
  const stack = numbers(2).map((i) => numbers(3).map((j) => symmetrised(drawn(4, 4, 10 * i + j))))
  const { values, vectors } = eigh(array(stack as never, { dtype: 'f64' }))
  assert.equal([values.shape, vectors.shape], [[2, 3, 4], [2, 3, 4, 4]]) // biome-ignore format: shapes
  stack.forEach((row, i) => {
    row.forEach((a, j) => {
      const alone = eigh(tensorOfRows(a, 'f64'))
      assert.equal((toNested(values) as number[][][])[i]![j], toNested(alone.values))
      assert.equal((toNested(vectors) as number[][][][])[i]![j], toNested(alone.vectors))
    })
  })
  for (const shape of [[0, 0], [0, 3, 3], [2, 0, 0]]) {
    const empty = eigh(zeros(shape))
    assert.equal([empty.values.shape, empty.vectors.shape], [shape.slice(0, -1), shape])
    assert.equal(readSync(eigvalsh(zeros(shape))).length, 0)
  }
  const whole = eigvalsh(array([[2, 1], [1, 2]], { dtype: 'i32' }))
  assert.is(whole.dtype, 'f32')
  assert.is(eigvalsh(array([[2, 1], [1, 2]], { dtype: 'f16' })).dtype, 'f16')
}) // biome-ignore format: shapes

test('numbers near the largest are symmetrised without overflow', () => {
  const a = array([[3e38, 0], [0, 2e38]])
  assert.equal(readSync(eigvalsh(a)), Float32Array.of(2e38, 3e38))
}) // biome-ignore format: a matrix

test('what is no square matrix is refused', () => {
  assert.throws(() => eigh(zeros([2, 3])), 'eigh: needs square matrices, got f32[2,3]: 2 rows, 3 columns.')
  assert.throws(
    () => eigvalsh(zeros([3])),
    'eigvalsh: needs a matrix, or a stack of them [...batch, m, n], got f32[3].',
  )
})

test('a spectrum that is of rounding size but for a few values is found: cos(ij/n), of which n turns of QL find the first', () => {
  const n = 100
  checked(
    'cos(ij/n)',
    tensorOfRows(
      numbers(n).map((i) => numbers(n).map((j) => Math.cos((i * j) / n))),
      'f64',
    ),
  )
})

test('the sum of the squares of the values is that of the elements: nothing is lost in a matrix of 100', () => {
  const a = symmetrised(drawn(100, 100, 5))
  const squares = a.flat().reduce((sum, x) => sum + x * x, 0)
  const found = Array.from(readSync(eigvalsh(tensorOfRows(a, 'f64')))).reduce((sum, x) => sum + x * x, 0)
  assert.ok(Math.abs(found - squares) <= 100 * 2 ** -53 * squares, `${found}, not ${squares}`)
})

test.run()
