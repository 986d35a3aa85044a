/** Batches of systems for the solvers that do no dot products, and for direct solution: what vmap gives is what a loop gives. */

import { array, jit, mul, readSync, type Tensor } from '@neumann/linalg-gpu'
import {
  block,
  chebyshev,
  compensatedDot,
  damped,
  diagonalOperator,
  exact,
  kronecker,
  lowRank,
  matrix,
  neumann,
  type Operator,
  richardson,
  type Solution,
  scaled,
  statusOf,
} from '@neumann/linalg-gpu/solvers'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { grad, vmap } from '../index.js'

type Solve = (operator: Operator) => (b: Tensor, start?: Tensor) => Solution<Tensor>
const solvers: Readonly<Record<string, Solve>> = {
  richardson: richardson({ step: 0.25 }),
  chebyshev: chebyshev({ least: 1, greatest: 5.5 }),
  neumann: neumann({ terms: 300, step: 0.25 }),
  'neumann, automatic': neumann({ terms: 300 }),
  exact: exact(),
}
const f64 = (x: unknown): Tensor => array(x as number[], { dtype: 'f64' })
const numbers = (x: Tensor): number[] => Array.from(readSync(x) as Float64Array)

/** Systems that end after different numbers of steps, and for different reasons. */
const matrices = [
  [[4, 1], [1, 3]],
  [[1, 0], [0, 5]],
  [[2, 0], [0, 2]],
  [[20, 1], [1, 3]],
  [[3, 0], [0, 0]],
  [[NaN, 0], [0, 1]],
] // biome-ignore format: matrices
const rights = [[1, 2], [3, 4], [0, 0], [1, 1], [1, 1], [1, 1]] // biome-ignore format: vectors
const fields = ({ x, status, residual, iterations, products, curvature }: Solution<Tensor>): Tensor[] => [
  x,
  status,
  residual,
  iterations,
  products,
  ...curvature,
]

for (const [name, solve] of Object.entries(solvers)) {
  test(`${name}: each member of a batch of systems ends as it does alone, with its own count`, () => {
    const one = jit((a: Tensor, b: Tensor) => fields(solve(matrix(a))(b)))
    const all = jit(vmap((a: Tensor, b: Tensor) => fields(solve(matrix(a))(b))))(f64(matrices), f64(rights)).map(
      numbers,
    )
    const statuses = new Set<string>()
    matrices.forEach((a, i) => {
      const alone = one(f64(a), f64(rights[i])).map(numbers)
      statuses.add(statusOf(alone[1]![0]!))
      alone.forEach((expected, k) => {
        const got = all[k]!.slice(i * expected.length, (i + 1) * expected.length)
        got.forEach((value, j) => {
          const same = Object.is(value, expected[j]) || Math.abs(value - expected[j]!) <= 1e-13 * Math.abs(expected[j]!)
          assert.ok(same || value === expected[j], `member ${i}, field ${k}: ${got} instead of ${expected}`)
        })
      })
    })
    assert.ok(statuses.size >= 3, [...statuses].join())
  })

  test(`${name}: a batch of right sides, with starts for a batch`, () => {
    const a = f64(matrices[0])
    const many = vmap((b: Tensor, start: Tensor) => {
      const { x, status } = solve(matrix(a))(b, start)
      return [x, status]
    })(f64([[5, 4], [10, 8], [0, 0]]), f64([[1, 1], [0, 0], [7, 7]])) // biome-ignore format: vectors
    const [x, status] = many.map((field) => numbers(field!)) as [number[], number[]]
    assert.equal(status, [0, 0, 0])
    ;[1, 1, 2, 2, 0, 0].forEach((expected, i) => assert.ok(Math.abs(x[i]! - expected) < 1e-8, String(x)))
  })
}

test('operators made of batched parts act on each member with its own', () => {
  const scales = f64([1, 2, 3])
  const squares = f64([[[1, 2], [3, 4]], [[0, 1], [1, 0]], [[2, 0], [0, 5]]]) // biome-ignore format: matrices
  const x = f64([1, -1])
  const applied = (make: (a: Tensor, c: Tensor) => Operator, v: Tensor): number[] =>
    numbers(vmap((a: Tensor, c: Tensor) => make(a, c).apply(v))(squares, scales))
  assert.equal(
    applied((a, c) => damped(scaled(c, matrix(a)), c), x),
    [0, -2, 0, 0, 9, -18],
  )
  assert.equal(applied((a) => kronecker(matrix(a), diagonalOperator(f64([1, 10]))), f64([[1, 1], [0, 2]])), [1, 50, 3, 110, 0, 20, 1, 10, 2, 20, 0, 100]) // biome-ignore format: a table
  assert.equal(
    applied((a, c) => lowRank({ diagonal: c, left: a }), x),
    [-5, -15, 3, -3, 7, -28],
  )
  const inverses = vmap((a: Tensor, c: Tensor) => lowRank({ diagonal: c, left: a }).inverse().apply(lowRank({ diagonal: c, left: a }).apply(x)))(squares, scales) // biome-ignore format: one call
  numbers(inverses).forEach((value, i) => assert.ok(Math.abs(value - (i % 2 ? -1 : 1)) < 1e-12))
  const blocks = vmap((a: Tensor) => block<readonly [Tensor, Tensor]>([[matrix(a), null], [null, matrix(a)]]).apply([x, x])[1])(squares) // biome-ignore format: one call
  assert.equal(numbers(blocks), [-1, -1, -1, 1, 2, -5])
})

test('compensated dot products of a batch', () => {
  const x = array([[1e8, 1, -1e8], [1, 2, 3]]) // biome-ignore format: vectors
  assert.equal(numbers(vmap((v: Tensor) => compensatedDot(v, array([1, 0.5, 1])))(x)), [0.5, 5])
})

test('compensated dot products have the derivatives of dot products', () => {
  const [x, y] = [f64([1, 2, 3]), f64([4, 5, -6])]
  // errors of rounding are 0 as functions: what their derivatives leave is rounding
  const slope = numbers(grad((v: Tensor) => compensatedDot(v, mul(v, y)))(x))
  slope.forEach((value, i) => assert.ok(Math.abs(value - [8, 20, -36][i]!) < 1e-13, String(slope)))
})

test.run()
