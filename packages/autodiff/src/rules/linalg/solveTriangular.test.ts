// Derivatives of triangular solves: orders 1 and 2 in both modes against differences, batches against a loop.
import {
  add, array, broadcastTo, div, eye, key, mul, readSync, slice, stack, sum, type Tensor, tanh, uniform,
} from '@neumann/linalg-gpu' // biome-ignore format: a list
import { solveTriangular, type TriangularOptions } from '@neumann/linalg-gpu/linalg'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkGrads } from '../../api/checkGrads.js'
import { grad } from '../../api/derivatives.js'
import { vmap } from '../../api/vmap.js'

const kinds: readonly TriangularOptions[] = [false, true].flatMap((lower) =>
  [false, true].flatMap((transposed) => [false, true].map((unitDiagonal) => ({ lower, transposed, unitDiagonal }))),
)
const random = (seed: number, ...shape: number[]): Tensor =>
  uniform(key(seed), shape, { low: -1, high: 1, dtype: 'f64' })
/** Pivots near 2, the rest small: condition numbers of a few. */
const matrixOf = (seed: number, ...shape: number[]): Tensor => {
  const n = shape[shape.length - 1]!
  return add(div(random(seed, ...shape), n), broadcastTo(mul(2, eye(n, n, { dtype: 'f64' })), shape))
}

test('orders 1 and 2 in both modes, of all kinds', () => {
  for (const kind of kinds)
    for (const [a, b] of [[[3, 3], [3, 2]], [[2, 3, 3], [2, 3, 1]]] as const)
      checkGrads((p: Tensor, q: Tensor) => solveTriangular(p, q, kind), [matrixOf(1, ...a), random(2, ...b)])
}) // biome-ignore format: a table of shapes

test('one row, a vector, one matrix for a stack, one operand that is constant', () => {
  const f = (a: Tensor, b: Tensor): Tensor => solveTriangular(a, b)
  for (const [a, b] of [[[1, 1], [1]], [[3, 3], [3]], [[3, 3], [2, 3, 1]]] as const)
    checkGrads(f, [matrixOf(1, ...a), random(2, ...b)])
  checkGrads((a: Tensor) => f(a, array([1, 2], { dtype: 'f64' })), [matrixOf(3, 2, 2)])
  checkGrads((b: Tensor) => f(matrixOf(3, 2, 2), b), [random(4, 2)])
}) // biome-ignore format: a table of shapes

test('what is not read has no derivative', () => {
  const a = matrixOf(1, 3, 3)
  const loss = (p: Tensor): Tensor => sum(solveTriangular(p, random(2, 3), { unitDiagonal: true }))
  const g = readSync(grad(loss)(a))
  ;[0, 1, 2, 4, 5, 8].forEach((at) => {
    assert.is(g[at], 0)
  })
  assert.ok([3, 6, 7].every((at) => g[at] !== 0))
})

test('in blocks: a gradient along a direction is the difference along it', () => {
  const n = 260
  checkGrads((a: Tensor, b: Tensor) => sum(tanh(solveTriangular(a, b))), [matrixOf(1, n, n), random(2, n, 3)])
})

test('a batch of matrices, of right sides, of both, and the same of gradients, equal a loop', () => {
  const [as, bs] = [matrixOf(1, 3, 4, 4), random(2, 3, 4, 2)]
  const at = (x: Tensor, i: number): Tensor => slice(x, i)
  for (const kind of kinds) {
    const f = (a: Tensor, b: Tensor): Tensor => solveTriangular(a, b, kind)
    const byA = (a: Tensor, b: Tensor): Tensor => grad((p: Tensor) => sum(tanh(f(p, b))))(a)
    const byB = (a: Tensor, b: Tensor): Tensor => grad((q: Tensor) => sum(tanh(f(a, q))))(b)
    for (const h of [f, byA, byB])
      for (const [inA, inB] of [[0, 0], [0, null], [null, 0]] as const) {
        const [a, b] = [inA === null ? at(as, 0) : as, inB === null ? at(bs, 0) : bs]
        const got = readSync(vmap(h, { in: [inA, inB] } as never)(a, b) as Tensor)
        const own = [0, 1, 2].map((i) => h(inA === null ? a : at(a, i), inB === null ? b : at(b, i)))
        // a batch in the columns is solved by other loops: sums of 4 are off by 4 roundings, of numbers below 10
        readSync(stack(own)).forEach((x, i) => {
          assert.ok(Math.abs(x - got[i]!) < 40 * 2 ** -53, `${JSON.stringify(kind)}: ${got[i]}, not ${x}`)
        })
      }
  }
}) // biome-ignore format: a table of axes

test.run()
