/** Newton's method and its kin against the sequences they are made of. */

import { add, array, atan, dot, matmul, mul, square, stack, sub, type Tensor, take } from '@neumann/linalg-gpu'
import { cg, type LinearSolver, vectors } from '@neumann/linalg-gpu/solvers'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { broyden, newton, newtonKrylov } from '../index.js'
import { read, systems, ulp, vector } from '../problems.testing.js'
import { applied, combined, transposeOf } from '../systems.testing.js'

const root2 = (x: Tensor): Tensor => sub(square(x), 2)

test('Newton converges quadratically: for x² = 2 its steps are the Babylonian ones, e₊ = e² / 2x', () => {
  let x = 1.5
  for (let k = 1; k <= 4; k++) {
    const before = x - Math.SQRT2
    x = (x + 2 / x) / 2
    const got = read(newton({ tolerance: 0, maxIterations: k })(root2)(vector([1.5])))
    assert.ok(Math.abs(got.x[0]! - x) <= 4 * ulp.f64, `${k}: ${got.x}`)
    // at k = 4 the error is below rounding
    if (k < 4) assert.ok(Math.abs((got.x[0]! - Math.SQRT2) / before ** 2 - 1 / (2 * (before + Math.SQRT2))) <= 1e-3)
    assert.is(got.evaluations, 1 + 2 * k, 'one value and one product a step')
  }
})

test('on a linear system Newton takes one step, from anywhere', () => {
  const A = array([[2, 1], [-1, 3]], { dtype: 'f64' }) // biome-ignore format: a matrix
  const { status, iterations, x } = read(newton()((x: Tensor) => sub(matmul(A, x), vector([3, 2])))(vector([1e3, -7])))
  assert.equal([status, iterations], ['converged', 1])
  x.forEach((v) => assert.ok(Math.abs(v - 1) <= 1e-12, `${x}`))
})

test('in one dimension Broyden is Newton for a step, then the secant method', () => {
  const F = (x: number): number => x * x - 2
  const steps = [1.6, 1.6 - F(1.6) / 3.2]
  for (let i = 1; i < 5; i++) {
    const [x, y] = [steps[i - 1]!, steps[i]!]
    steps.push(y - (F(y) * (y - x)) / (F(y) - F(x)))
  }
  for (const k of [1, 2, 3, 4]) {
    const { x, evaluations } = read(broyden({ tolerance: 0, maxIterations: k })(root2)(vector([1.6])))
    // a difference of values that are close has lost digits, more at each step
    assert.ok(Math.abs(x[0]! - steps[k]!) <= 1e-12, `${k}: ${x} for ${steps[k]}`)
    assert.is(evaluations, 2 + k, 'one product in all')
  }
})

test('in two dimensions Broyden is the good one, in plain numbers', () => {
  const F = ([x, y]: readonly number[]): number[] => [3 * x! + y! + x! ** 3 - 5, 4 * y! - x! + 0.5 * x! * y! + 4]
  const residuals = (v: Tensor): Tensor => {
    const [x, y] = [take(v, 0), take(v, 1)]
    return stack([
      sub(add(add(mul(3, x), y), mul(x, square(x))), 5),
      add(add(sub(mul(4, y), x), mul(0.5, mul(x, y))), 4),
    ])
  }
  let x: readonly number[] = [1, -1]
  // the Jacobian at (1, −1) is [[6, 1], [−1.5, 4.5]]
  let H = [[4.5 / 28.5, -1 / 28.5], [1.5 / 28.5, 6 / 28.5]] // biome-ignore format: a matrix
  for (const k of [1, 2, 3, 4]) {
    const s = applied(H, F(x)).map((v) => -v)
    const next = x.map((v, i) => v + s[i]!)
    const y = F(next).map((v, i) => v - F(x)[i]!)
    const hy = applied(H, y)
    const sH = applied(transposeOf(H), s)
    const along = s[0]! * hy[0]! + s[1]! * hy[1]!
    H = combined(
      H,
      1 / along,
      s.map((v, i) => sH.map((w) => (v - hy[i]!) * w)),
    )
    x = next
    const got = read(broyden({ tolerance: 0, maxIterations: k })(residuals)(vector([1, -1])))
    // differences of values that are close have lost digits
    x.forEach((v, i) => assert.ok(Math.abs(v - got.x[i]!) <= 1e-13, `${k}: ${got.x} for ${x}`))
  }
})

test('Broyden leaves out a correction that would make its H singular', () => {
  // J = diag(1, 0.1) at 0; the step (−1, −½) leads from F = (1, 0.05) to (½, 0.15): sᵀH y = 0
  const F = (v: Tensor): Tensor => {
    const [x, y] = [take(v, 0), take(v, 1)]
    const x2 = square(x)
    const x3 = mul(x, x2)
    return stack([add(add(1, x), add(x2, mul(0.5, x3))), add(add(0.05, mul(0.1, y)), add(mul(0.25, x2), mul(0.1, x3)))])
  }
  const after = (k: number): readonly number[] => read(broyden({ tolerance: 0, maxIterations: k })(F)(vector([0, 0]))).x
  const [one, two] = [after(1), after(2)]
  one.forEach((v, i) => assert.ok(Math.abs(v - [-1, -0.5][i]!) <= 4 * ulp.f64, `${one}`))
  // the whole step of the old H; that of the other is as long as a rounded 0 makes it
  two.forEach((v, i) => assert.ok(Math.abs(v - [-1.5, -2][i]!) <= 16 * ulp.f64, `${two}`))
})

test('Broyden takes the Jacobian anew where its old one helps no more', () => {
  // from the side of small slope to that of a large one, where the secant is useless
  const F = (x: Tensor): Tensor => sub(mul(x, square(square(x))), add(mul(x, 0.01), 0.5))
  const { status, x } = read(broyden({ maxIterations: 200 })(F)(vector([0.2])))
  assert.is(status, 'converged')
  assert.ok(Math.abs(x[0]! ** 5 - 0.01 * x[0]! - 0.5) <= 2e-10)
})

test('a line search brings Newton to the root of the arctangent from where it runs away', () => {
  // full steps run away from beyond 1.39
  const { status, x } = read(newton()((x: Tensor) => atan(x))(vector([10])))
  assert.is(status, 'converged')
  assert.ok(Math.abs(x[0]!) <= 3e-10)
})

test('Newton–Krylov asks its linear solver for what Eisenstat and Walker ask, and counts its products', () => {
  // of F = x: a solver that leaves η²/25 of the residual, and says that it took 5 products
  const sloppy =
    (eta: Tensor): LinearSolver =>
    () =>
    (b) => ({
      x: vectors.times(sub(1, mul(square(eta), 1 / 25)), b),
      status: array(0, { dtype: 'i32' }),
      residual: eta,
      iterations: array(1, { dtype: 'i32' }),
      products: array(5, { dtype: 'i32' }),
      curvature: [eta, eta],
    })
  const after = (k: number) =>
    read(newtonKrylov({ linearSolver: sloppy, tolerance: 0, maxIterations: k })((x: Tensor) => x)(vector([1])))
  // η: 0.5; 0.9 · 0.5² = 0.225 > 0.1, though the residual fell to 0.01; 0.9 · 0.002025², since 0.9 · 0.225² < 0.1
  let [left, evaluations] = [1, 1]
  for (const [i, eta] of [0.5, 0.225, 0.9 * 0.002025 ** 2].entries()) {
    // x − (1 − η²/25) x loses ulps of x
    const lost = 4 * ulp.f64 * left
    left *= eta ** 2 / 25
    evaluations += 5 + 2
    const got = after(i + 1)
    assert.ok(Math.abs(got.x[0]! - left) <= lost, `${i}: ${got.x} for ${left}`)
    assert.is(got.evaluations, evaluations)
  }
})

test('Newton–Krylov spends fewer products than there are unknowns, and takes another linear solver', () => {
  // −u″ + u³ = 1 on 60 points, whose J is symmetric positive definite
  const n = 60
  const A = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => (i === j ? 4 : Math.abs(i - j) === 1 ? -1 : 0)),
  )
  const F = (x: Tensor): Tensor => sub(add(matmul(vector(A as never), x), mul(x, square(x))), 1)
  const start = vector(A.map(() => 0))
  const whole = read(newton()(F)(start))
  const conjugate = (tolerance: Tensor): LinearSolver => cg({ tolerance })
  for (const got of [read(newtonKrylov()(F)(start)), read(newtonKrylov({ linearSolver: conjugate })(F)(start))]) {
    assert.is(got.status, 'converged')
    got.x.forEach((v, i) => assert.ok(Math.abs(v - whole.x[i]!) <= 1e-8))
    assert.ok(got.evaluations < n && got.evaluations < whole.evaluations / 4, `${got.evaluations} ${whole.evaluations}`)
  }
})

test('Powell singular: Newton halves the distance, since the Jacobian is singular at the root', () => {
  const { residuals, start } = systems.powellSingular
  const at = (k: number): number => read(newton({ tolerance: 0, maxIterations: k })(residuals)(vector(start))).x[0]!
  for (const k of [3, 6, 9]) assert.ok(Math.abs(at(k + 1) / at(k) - 0.5) <= 1e-6, `${k}: ${at(k + 1) / at(k)}`)
})

test('a gradient is a map too: the saddle of x² − y² is a root of it', () => {
  const { x, status } = read(newton()((x: Tensor) => mul(vector([2, -2]), sub(x, vector([1, 3]))))(vector([5, 5])))
  assert.equal([status, ...x], ['converged', 1, 3])
  assert.is(read(newton()((x: Tensor) => mul(x, dot(x, x)))(vector([1, 1]))).status, 'converged')
})

test.run()
