/** Steepest descent with a strong Wolfe search: the step of Cauchy, and the conditions at every step. What all minimisers do is tested in `minimisers.test.ts`. */

import { array, dot, matmul, mul, sub, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { vmap } from '../../index.js'
import { messageOf } from '../../support.testing.js'
import { gradientDescent } from '../index.js'
import { numbersOf, readMinimum as read, vector } from '../problems.testing.js'

// eigenvalues 1 and 10, turned by the angle of (3, 4)/5
const A = [
  [6.76, 4.32],
  [4.32, 4.24],
] as const
const b = [1, -2] as const
const f = (x: Tensor): Tensor => sub(mul(0.5, dot(x, matmul(array(A, { dtype: 'f64' }), x))), dot(vector(b), x))

const product = (x: readonly number[]): number[] => A.map((row) => row[0] * x[0]! + row[1] * x[1]!)
const along = (x: readonly number[], y: readonly number[]): number => x[0]! * y[0]! + x[1]! * y[1]!
const slope = (x: readonly number[]): number[] => product(x).map((v, i) => v - b[i]!)
const valueAt = (x: readonly number[]): number => 0.5 * along(x, product(x)) - along(b, x)

test('a search that is exact takes the step of Cauchy, gᵀg / gᵀA g', () => {
  let x: readonly number[] = [2, 1]
  for (let steps = 1; steps <= 4; steps++) {
    const g = slope(x)
    const t = along(g, g) / along(g, product(g))
    x = x.map((v, i) => v - t * g[i]!)
    const options = { search: 'wolfe', decrease: 1e-10, curvature: 1e-9, maxIterations: steps } as const
    const got = read(gradientDescent(options)(f)(vector([2, 1])))
    assert.is(got.iterations, steps)
    // each search stops at a slope of 1e-9 of the first: t is off by as much
    got.x.forEach((v, i) => {
      assert.ok(Math.abs(v - x[i]!) < steps * 1e-8, `${steps}: ${got.x} is not ${x}`)
    })
  }
})

test('at every step the strong Wolfe conditions hold, in plain numbers', () => {
  let [x, far]: [readonly number[], number] = [[2, 1], 0]
  for (let steps = 1; steps <= 12; steps++) {
    const { x: next } = read(gradientDescent({ search: 'wolfe', maxIterations: steps })(f)(vector([2, 1])))
    const d = next.map((v, i) => v - x[i]!)
    const [before, after] = [along(slope(x), d), along(slope(next), d)]
    assert.ok(before < 0, `${steps}`)
    assert.ok(valueAt(next) <= valueAt(x) + 1e-4 * before, `${steps}: does not fall enough`)
    assert.ok(Math.abs(after) <= 0.9 * -before, `${steps}: is not flat enough`)
    far += Math.hypot(...d)
    x = next
  }
  assert.ok(far > 1)
})

test('it finds the minimum, alone and in a batch', () => {
  const minimum = [(4.24 + 2 * 4.32) / 10, (-2 * 6.76 - 4.32) / 10]
  const search = gradientDescent({ search: 'wolfe', maxIterations: 300 })
  const one = read(search(f)(vector([2, 1])))
  assert.is(one.status, 'converged')
  one.x.forEach((v, i) => {
    assert.ok(Math.abs(v - minimum[i]!) < 1e-8, `${one.x}`)
  })
  const { x, iterations } = vmap((start: Tensor) => search(f)(start))(
    array([[2, 1], [0, 0], minimum], { dtype: 'f64' }),
  )
  const lanes = numbersOf(x)
  assert.equal(lanes.slice(0, 2), one.x)
  assert.equal([numbersOf(iterations)[0], numbersOf(iterations)[2]], [one.iterations, 0])
})

test('a search of another name is refused', () => {
  assert.is(
    messageOf(() => gradientDescent({ search: 'exact' } as never)),
    "gradientDescent: search is 'spectral' or 'wolfe', got \"exact\".",
  )
})

test.run()
