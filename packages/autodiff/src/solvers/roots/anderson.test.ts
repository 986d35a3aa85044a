/** Anderson acceleration against minimal residuals in plain numbers, and where Picard's iteration fails. */

import { add, exp, matmul, mul, sqrt, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { anderson, picard } from '../index.js'
import { lengthOf, type Precision, precisions, read, ulp, vector } from '../problems.testing.js'
import {
  applied,
  combined,
  diagonal,
  draws,
  eliminated,
  matrixFrom,
  product,
  transposeOf,
  vectorFrom,
} from '../systems.testing.js'

const n = 6
const random = draws(4)
const G = combined(
  matrixFrom(n, n, random).map((row) => row.map((v) => 0.2 * v)),
  1,
  diagonal([0.5, -0.4, 0.3, 0.1, -0.2, 0]),
)
const b = vectorFrom(n, random)
const affine =
  (dtype: Precision) =>
  (x: Tensor): Tensor =>
    add(matmul(matrixOf(dtype), x), vector(b, dtype))
const matrixOf = (dtype: Precision): Tensor => matmulable(G, dtype)
const matmulable = (a: readonly (readonly number[])[], dtype: Precision): Tensor => vector(a as never, dtype)

/** x in the Krylov space of I − G and b, of k dimensions, whose residual b − (I − G) x is least; by normal equations. */
const minimal = (k: number): number[] => {
  const A = combined(diagonal(b.map(() => 1)), -1, G)
  const basis: number[][] = []
  for (let v = b, i = 0; i < k; i++, v = applied(A, v)) basis.push(v.map((e) => e / lengthOf(v)))
  const images = basis.map((v) => applied(A, v))
  const y = eliminated(product(images, transposeOf(images)), applied(images, b))
  return applied(transposeOf(basis), y)
}

test('on an affine map with all memory, step k + 1 is one application of the map to the minimal residual of k dimensions', () => {
  // Walker, Ni 2011, theorem 2.2; normal equations square the condition of the basis, so k stays small
  for (const k of [1, 2, 3, 4]) {
    const { x } = read(
      anderson({ memory: n, tolerance: 0, maxIterations: k + 1 })(affine('f64'))(vector(b.map(() => 0))),
    )
    const expected = applied(G, minimal(k)).map((v, i) => v + b[i]!)
    assert.ok(lengthOf(x.map((v, i) => v - expected[i]!)) <= 1e-10 * lengthOf(expected), `${k}: ${x} for ${expected}`)
  }
})

test('on an affine map with all memory it ends after n + 1 steps; with one remembered step it still beats Picard', () => {
  const exact = eliminated(combined(diagonal(b.map(() => 1)), -1, G), b)
  for (const dtype of precisions) {
    const start = vector(
      b.map(() => 0),
      dtype,
    )
    const { status, iterations, x } = read(anderson({ memory: n })(affine(dtype))(start))
    assert.is(status, 'converged')
    assert.ok(iterations <= n + 1, `${iterations}`)
    // ‖(I − G)⁻¹‖ < 10 times what is left; tolerance 1e-5 or 1e-10 of ‖x‖ + 1
    const bound = 10 * (dtype === 'f32' ? 1e-5 : 1e-10) * (1 + lengthOf(exact))
    assert.ok(lengthOf(x.map((v, i) => v - exact[i]!)) <= bound)
    const one = read(anderson({ memory: 1 })(affine(dtype))(start))
    const plain = read(picard()(affine(dtype))(start))
    assert.ok(one.status === 'converged' && one.iterations < plain.iterations, `${one.iterations} ${plain.iterations}`)
  }
})

test('in one dimension it is the secant method', () => {
  const r = (x: number): number => Math.exp(-x) - x
  const steps = [0, r(0)]
  for (let i = 1; i < 6; i++) {
    const [x, y] = [steps[i - 1]!, steps[i]!]
    steps.push(y - (r(y) * (y - x)) / (r(y) - r(x)))
  }
  for (const k of [2, 3, 4, 5]) {
    const { x } = read(anderson({ tolerance: 0, maxIterations: k })((x: Tensor) => exp(mul(-1, x)))(vector([0])))
    assert.ok(Math.abs(x[0]! - steps[k]!) <= 64 * ulp.f64, `${k}: ${x} for ${steps[k]}`)
  }
})

test('it converges where Picard runs away, and where parallel differences leave γ open', () => {
  const away = (x: Tensor): Tensor => add(mul(vector([-2, 1.5, 0.5]), x), 1)
  assert.is(read(picard()(away)(vector([0, 0, 0]))).status, 'diverged')
  const { x, status } = read(anderson({ damping: 0.5 })(away)(vector([0, 0, 0])))
  assert.is(status, 'converged')
  ;[1 / 3, -2, 2].forEach((v, i) => assert.ok(Math.abs(x[i]! - v) <= 1e-8, `${x}`))
  // from a symmetric start all differences are multiples of (1, 1, 1)
  const same = read(anderson()((x: Tensor) => exp(mul(-1, x)))(vector([0, 0, 0])))
  assert.is(same.status, 'converged')
  assert.ok(same.x.every((v) => Math.abs(v - 0.5671432904097838) <= 1e-9))
})

test('a combination that leads out of the domain, or doubles the residual, is not taken', () => {
  // from 0.01 and 0.1 the secant of √x − x leads below 0
  const { status, x } = read(anderson()((x: Tensor) => sqrt(x))(vector([0.01])))
  assert.is(status, 'converged')
  assert.ok(Math.abs(x[0]! - 1) <= 1e-9, `${x}`)
  // after two steps at most one more evaluation than Picard's path to the same place
  const third = read(anderson({ tolerance: 0, maxIterations: 3 })((x: Tensor) => sqrt(x))(vector([0.01])))
  assert.ok(Math.abs(third.x[0]! - 0.01 ** 0.25) <= 4 * ulp.f64 || third.x[0] === 0.01, `${third.x}`)
})

test('small units of x do not count', () => {
  // squares of differences of 1e-25 are no numbers of f32
  const f = (x: Tensor): Tensor => add(mul(vector([0.9, -0.8, 0.5], 'f32'), x), 1e-25)
  const { status, iterations } = read(anderson({ absolute: 0 })(f)(vector([0, 0, 0], 'f32')))
  assert.is(status, 'converged')
  assert.ok(iterations <= 5, `${iterations}`)
})

test.run()
