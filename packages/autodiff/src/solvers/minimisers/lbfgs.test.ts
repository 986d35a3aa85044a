/** L-BFGS against conjugate gradients, against BFGS in plain numbers, and the count of what it spends. */

import { abs, array, dot, matmul, mul, square, sub, sum, type Tensor, take } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { gradientDescent, lbfgs } from '../index.js'
import { lengthOf, readMinimum as read, squares, systems, vector } from '../problems.testing.js'
import { applied, combined, diagonal, draws, matrixFrom, product, transposeOf, vectorFrom } from '../systems.testing.js'

const n = 6
const random = draws(11)
const B = matrixFrom(n, n, random)
const A = combined(product(B, transposeOf(B)), 1, diagonal([1, 2, 3, 4, 5, 6]))
const b = vectorFrom(n, random)
const bowl = (x: Tensor): Tensor => sub(mul(0.5, dot(x, matmul(array(A, { dtype: 'f64' }), x))), dot(vector(b), x))
const inner = (x: readonly number[], y: readonly number[]): number => x.reduce((sum, v, i) => sum + v * y[i]!, 0)
const close = (x: readonly number[], y: readonly number[], tolerance: number, note = ''): void =>
  assert.ok(lengthOf(x.map((v, i) => v - y[i]!)) <= tolerance * lengthOf(y), `${note}: ${x} for ${y}`)

/** k steps of conjugate gradients from 0. */
const conjugate = (k: number): number[] => {
  let x = b.map(() => 0)
  let r = [...b]
  let p = r
  for (let i = 0; i < k; i++) {
    const q = applied(A, p)
    const alpha = inner(r, r) / inner(p, q)
    x = x.map((v, j) => v + alpha * p[j]!)
    const next = r.map((v, j) => v - alpha * q[j]!)
    const beta = inner(next, next) / inner(r, r)
    p = next.map((v, j) => v + beta * p[j]!)
    r = next
  }
  return x
}

test('on a quadratic with exact searches its iterates are those of conjugate gradients, with one remembered step as with all', () => {
  const start = vector(b.map(() => 0))
  for (const memory of [1, 3, 10])
    for (let k = 1; k < n; k++) {
      const exact = lbfgs({ memory, curvature: 1e-9, decrease: 1e-10, tolerance: 0, maxIterations: k })
      // a search within 1e-9 of exact, and the loss of orthogonality
      close(read(exact(bowl)(start)).x, conjugate(k), 1e-7, `${k} steps, memory ${memory}`)
    }
  const { iterations, status } = read(lbfgs({ curvature: 1e-9, decrease: 1e-10, tolerance: 1e-8 })(bowl)(start))
  assert.is(status, 'converged')
  assert.ok(iterations <= n, `${iterations}`)
})

test('with all memory its direction is that of BFGS with a matrix', () => {
  // two steps; the third direction by the product form, from γ I with γ of the last pair
  const valley = squares(systems.rosenbrock)
  const gradientAt = ([x, y]: readonly number[]): number[] => [
    -400 * x! * (y! - x! * x!) - 2 * (1 - x!),
    200 * (y! - x! * x!),
  ]
  const points = [1, 2, 3].map((k) => read(lbfgs({ tolerance: 0, maxIterations: k })(valley)(vector([-1.2, 1]))).x)
  const all = [[-1.2, 1], ...points]
  const pairs = [0, 1].map((i) => {
    const s = all[i + 1]!.map((v, j) => v - all[i]![j]!)
    const y = gradientAt(all[i + 1]!).map((v, j) => v - gradientAt(all[i]!)[j]!)
    return { s, y, rho: 1 / inner(s, y) }
  })
  const last = pairs[1]!
  const identity = diagonal([1, 1])
  let H = combined(identity, inner(last.s, last.y) / inner(last.y, last.y) - 1, identity)
  for (const { s, y, rho } of pairs) {
    const left = identity.map((row, i) => row.map((v, j) => v - rho * s[i]! * y[j]!))
    H = combined(
      product(product(left, H), transposeOf(left)),
      rho,
      s.map((v) => s.map((w) => v * w)),
    )
  }
  const direction = applied(H, gradientAt(all[2]!)).map((v) => -v)
  const step = all[3]!.map((v, j) => v - all[2]![j]!)
  const cosine = inner(direction, step) / lengthOf(direction) / lengthOf(step)
  assert.ok(Math.abs(cosine - 1) <= 1e-12, `${cosine}`)
})

test('what it spends on Rosenbrock is what SciPy spends, within a third', () => {
  // scipy 1.17: minimize(rosen, [-1.2, 1], jac=rosen_der, method='L-BFGS-B', options=dict(gtol=1e-8, ftol=0)): 38 iterations, 46 values
  const { iterations, evaluations } = read(
    lbfgs({ absolute: 1e-8, tolerance: 0 })(squares(systems.rosenbrock))(vector([-1.2, 1])),
  )
  assert.ok(iterations <= 48 && evaluations <= 62, `${iterations} ${evaluations}`)
})

test('a thousand unknowns of condition 10⁴', () => {
  const size = 1000
  const curvature = vector(Array.from({ length: size }, (_, i) => 10 ** ((-4 * i) / (size - 1))))
  const { status, residual } = read(
    lbfgs({ maxIterations: 1000, tolerance: 1e-6, absolute: 0 })((x: Tensor) =>
      mul(0.5, sum(mul(curvature, square(sub(x, 1))))),
    )(vector(Array.from({ length: size }, () => 0))),
  )
  assert.is(status, 'converged')
  assert.ok(residual < 1e-4)
})

test('at kinks no step satisfies the conditions: it goes down all the same, and does not claim to have arrived', () => {
  const { status, value, residual } = read(lbfgs()((x: Tensor) => sum(abs(x)))(vector([3, -2, 0.5])))
  assert.is(status, 'maxIterations')
  // how far it comes is a matter of luck
  assert.ok(value < 1e-6, `${value}`)
  assert.ok(residual >= 1, `${residual}`)
})

test('gradient descent: with a fixed step the factors are |1 − t λ|', () => {
  const f = (x: Tensor): Tensor => mul(0.5, sum(mul(vector([1, 4]), square(x))))
  const { x, value, evaluations } = read(
    gradientDescent({ step: 0.125, tolerance: 0, maxIterations: 6 })(f)(vector([3, 5])),
  )
  assert.equal(x, [3 * 0.875 ** 6, 5 * 0.5 ** 6])
  assert.is(value, 0.5 * (x[0]! ** 2 + 4 * x[1]! ** 2))
  assert.is(evaluations, 7)
})

test('gradient descent: the first trial is the step of Barzilai and Borwein', () => {
  // on λ/2 (x − 1)² the second step is the whole way
  const { x, evaluations, iterations } = read(
    gradientDescent({ tolerance: 1e-14, absolute: 1e-14 })((x: Tensor) => mul(3.5, square(sub(take(x, 0), 1))))(
      vector([5]),
    ),
  )
  // a gradient of 1e-14 · (1 + 28), of slope 7
  assert.ok(Math.abs(x[0]! - 1) <= 1e-13)
  assert.ok(iterations <= 3 && evaluations <= 8, `${iterations} ${evaluations}`)
  // and without it a condition of 100 takes hundreds of steps
  const f = (x: Tensor): Tensor => sum(mul(vector([1, 10, 100]), square(sub(x, 1))))
  const searched = read(gradientDescent({ maxIterations: 300 })(f)(vector([0, 0, 0])))
  const fixed = read(gradientDescent({ step: 1 / 101, maxIterations: 300 })(f)(vector([0, 0, 0])))
  assert.is(searched.status, 'converged')
  assert.is(fixed.status, 'maxIterations')
})

test.run()
