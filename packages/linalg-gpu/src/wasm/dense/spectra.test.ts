// Thousands of small hard matrices through the kernels of eigenvalues and singular values: ties, zeros, near ties, elements of all
// sizes and those whose squares vanish. Each gives the matrix back from orthonormal vectors, or the test says which does not.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { eighKernel } from '../../linalg/eigh.js'
import { svdKernel } from '../../linalg/svd.js'
import type { CustomKernel } from '../../program/custom.js'
import { typeOf } from '../../program/type.js'
import { load } from '../harness.testing.js'
import { randoms } from '../special/special.testing.js'

type Random = () => number
type Element = (i: number, j: number) => number

const count = 400
const kinds: Readonly<Record<string, (random: Random) => number>> = {
  'small integers': (random) => Math.floor(3 * random()) - 1,
  sparse: (random) => (random() < 0.7 ? 0 : random() - 0.5),
  'nearly equal': (random) => (random() < 0.5 ? 1 : 1 + 1e-15 * random()),
  'of sixty orders': (random) => (random() - 0.5) * 10 ** (60 * (random() - 0.5)),
  'down to the smallest': (random) => (random() - 0.5) * 10 ** (-320 * random()),
  'whose squares vanish': (random) => (random() < 0.5 ? 0 : 10 ** (-170 * random())),
}

const ran = (kernel: CustomKernel, shape: readonly number[], data: Float64Array): readonly Float64Array[] => {
  const type = typeOf('f64', shape)
  const outputs = kernel.infer([type]).map(({ size }) => new Float64Array(size))
  const loaded = load(kernel.wasm!([type]), [data, ...outputs])
  loaded.run()
  return outputs.map((_, i) => loaded.operand(i + 1) as Float64Array)
}

const total = (n: number, term: (i: number) => number): number => {
  let sum = 0
  for (let i = 0; i < n; i++) sum += term(i)
  return sum
}

/** A = U diag(s) V with orthonormal columns of U and rows of V, to so many roundings as rows are long, and a few. */
const holds = (
  note: string,
  m: number,
  n: number,
  a: Element,
  u: Element,
  s: (c: number) => number,
  v: Element,
): void => {
  const k = Math.min(m, n)
  const unit = 4 * (Math.max(m, n) + 2) * 2 ** -53
  let size = 0
  for (let c = 0; c < k; c++) size = Math.max(size, Math.abs(s(c)))
  const near = (what: string, got: number, expected: number): void => {
    if (!(Math.abs(got - expected) <= unit)) assert.unreachable(`${note}: ${what} is ${got}, not ${expected}`)
  }
  // relative to the largest value; a matrix of zeros has none
  const by = size || 1
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++)
      near(
        `A[${i}, ${j}]`,
        total(k, (c) => u(i, c) * (s(c) / by) * v(c, j)),
        a(i, j) / by,
      )
  for (let c = 0; c < k; c++)
    for (let d = 0; d <= c; d++) {
      near(
        'UᵀU',
        total(m, (i) => u(i, c) * u(i, d)),
        Number(c === d),
      )
      near(
        'VVᵀ',
        total(n, (j) => v(c, j) * v(d, j)),
        Number(c === d),
      )
    }
}

for (const [name, draw] of Object.entries(kinds)) {
  test(`eigenproblems of elements ${name}`, () => {
    for (const n of [2, 3, 4, 5, 8]) {
      const random = randoms(n)
      const data = new Float64Array(count * n * n).map(() => draw(random))
      data.forEach((_, at) => {
        const [unit, i, j] = [Math.floor(at / (n * n)), Math.floor(at / n) % n, at % n]
        if (j < i) data[at] = data[(unit * n + j) * n + i]!
      })
      const [w, vectors] = ran(eighKernel, [count, n, n], data)
      for (let unit = 0; unit < count; unit++) {
        const of = (x: Float64Array) => (i: number, j: number) => x[(unit * n + i) * n + j]!
        const v = of(vectors!)
        holds(`${n}, ${unit}`, n, n, of(data), v, (c) => w![unit * n + c]!, (c, j) => v(j, c)) // biome-ignore format: one claim
      }
    }
  })

  test(`singular values of elements ${name}`, () => {
    for (const [m, n] of [[2, 2], [3, 3], [5, 5], [3, 6], [6, 3]] as const) {
      const random = randoms(m + 10 * n)
      const k = Math.min(m, n)
      const data = new Float64Array(count * m * n).map(() => draw(random))
      const [u, s, v] = ran(svdKernel, [count, m, n], data)
      for (let unit = 0; unit < count; unit++) {
        const of = (x: Float64Array, rows: number, columns: number) => (i: number, j: number) => x[(unit * rows + i) * columns + j]!
        holds(`${m} × ${n}, ${unit}`, m, n, of(data, m, n), of(u!, m, k), (c) => s![unit * k + c]!, of(v!, k, n))
      }
    }
  }) // biome-ignore format: a table of shapes
}

test.run()
