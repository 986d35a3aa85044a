/** Picard's iteration against what it is: powers of the contraction factor. */

import { add, cos, item, log, mul, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { picard } from '../index.js'
import { read, vector } from '../problems.testing.js'

test('the residual falls by the contraction factor, to the last bit where that is a power of two', () => {
  for (const steps of [1, 7, 20]) {
    const { residual, evaluations } = read(
      picard({ tolerance: 0, maxIterations: steps })((x: Tensor) => add(mul(0.5, x), 1))(vector([0])),
    )
    assert.is(residual, 0.5 ** steps)
    assert.is(evaluations, steps + 1)
  }
})

test('damping: 1 − β (1 − slope) is the factor, and what diverges without it converges', () => {
  const f = (x: Tensor): Tensor => sub5(mul(-1.5, x))
  const sub5 = (x: Tensor): Tensor => add(x, 5)
  // 1 − ½ · 2.5 = −¼; r₀ = 5
  assert.is(read(picard({ damping: 0.5, tolerance: 0, maxIterations: 9 })(f)(vector([0]))).residual, 5 / 4 ** 9)
  assert.is(read(picard({ damping: 0.5 })(f)(vector([0]))).status, 'converged')
  assert.is(read(picard()(f)(vector([0]))).status, 'diverged')
})

test('the rate at the fixed point of the cosine is its slope there', () => {
  const after = (steps: number): number =>
    item(picard({ tolerance: 0, maxIterations: steps })((x: Tensor) => cos(x))(vector([1])).residual)
  // sin 0.7390851332151607; the next term of the rate is of the size of the error
  assert.ok(Math.abs(after(41) / after(40) - 0.6736120291832148) <= 1e-6)
})

test('a start close to a fixed point that repels is left for one that attracts', () => {
  // 2.5 x (1 − x): 0 repels with factor 2.5, 0.6 attracts with −½; the residual grows a millionfold on the way
  const { x, status } = read(picard()((x: Tensor) => mul(mul(2.5, x), add(1, mul(-1, x))))(vector([1e-7])))
  assert.is(status, 'converged')
  assert.ok(Math.abs(x[0]! - 0.6) <= 1e-9, `${x}`)
  // slowly away, and no end of iterations would help
  const slow = (x: Tensor): Tensor => mul(1.01, x)
  assert.is(read(picard({ maxIterations: 10 })(slow)(vector([1]))).status, 'diverged')
})

test('the residual is measured against x, which may be large, but not without end', () => {
  // 1.5 of 10⁶ in f32
  const near = read(picard()((x: Tensor) => add(mul(0.5, x), 5e5))(vector([1e6 - 3], 'f32')))
  assert.equal([near.status, near.iterations, near.residual], ['converged', 0, 1.5])
  // the length of x is no number of f32: everything would be small beside it
  const far = read(picard({ maxIterations: 0 })((x: Tensor) => mul(0.5, x))(vector([3e38, 3e38], 'f32')))
  assert.is(far.status, 'maxIterations')
})

test('an iterate that is not finite ends it, and the last one that was is returned', () => {
  const { status, x, iterations } = read(picard()((x: Tensor) => log(x))(vector([0.5])))
  assert.equal([status, iterations, ...x], ['nonfinite', 1, 0.5])
})

test.run()
