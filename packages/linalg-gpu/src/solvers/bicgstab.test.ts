import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Tensor } from '../index.js'
import { bicgstab, type LinearOptions, matrix, type Operator } from './index.js'
import {
  type Answer,
  answerOf,
  apply,
  type Dense,
  diagonalOf,
  dot,
  draws,
  eliminated,
  minus,
  normals,
  type Precision,
  residualOf,
  size,
  tensorOf,
  transposed,
  type Vector,
  withSingularValues,
} from './systems.testing.js'

type Options = LinearOptions & { readonly preconditioner?: Operator<Tensor> }
const solved = (a: Dense, b: Vector, options: Options = {}, dtype: Precision = 'f64'): Answer =>
  answerOf(bicgstab(options as LinearOptions)(matrix(tensorOf(a, dtype)))(tensorOf(b, dtype)))
const near = (x: Vector, y: Vector, bound: number): void =>
  assert.ok(size(minus(x, y)) <= bound * size(y), `${x} is not ${y}`)
const along = (x: Vector, c: number, y: Vector): number[] => x.map((value, i) => value + c * y[i]!)

/** The paper's loop, in plain numbers. */
const textbook = (a: Dense, b: Vector, steps: number): { readonly x: number[]; readonly residuals: number[] } => {
  let x = b.map(() => 0)
  let r = [...b]
  let p = [...b]
  const residuals: number[] = []
  for (let k = 0; k < steps; k++) {
    const v = apply(a, p)
    const rho = dot(b, r)
    const alpha = rho / dot(b, v)
    const s = along(r, -alpha, v)
    const t = apply(a, s)
    const omega = dot(t, s) / dot(t, t)
    x = along(along(x, alpha, p), omega, s)
    r = along(s, -omega, t)
    p = along(r, (dot(b, r) / rho) * (alpha / omega), along(p, -omega, v))
    residuals.push(size(r))
  }
  return { x, residuals }
}

test('the iterates are those of the paper; where residuals grow, the shortest is returned', () => {
  const random = draws(1)
  let grew = 0
  for (let seed = 0; seed < 6; seed++) {
    const a = withSingularValues([5, 3, 2, 1, 0.5, 0.2], 6, 6, random)
    const b = normals(6, random)
    for (const k of [1, 2, 3]) {
      const { x, residuals } = textbook(a, b, k)
      const got = solved(a, b, { maxIterations: k })
      const least = Math.min(size(b), ...residuals)
      assert.is(got.status, 'maxIterations')
      near([got.residual * size(b)], [least], 1e-9)
      if (residuals.at(-1) === least) near(got.x, x, 1e-9)
      else grew++
    }
  }
  assert.ok(grew > 0, 'some residual grew on the way')
})

test('an iteration is two products, the residual at the end one more', () => {
  const random = draws(2)
  const a = withSingularValues([3, 2, 1], 3, 3, random)
  const got = solved(a, normals(3, random), { maxIterations: 2 })
  assert.is(got.products, 5)
})

test('a right preconditioner: its inverse in one step, the residual is the true one', () => {
  const random = draws(3)
  const a = withSingularValues([300, 100, 20, 5, 1, 0.1], 6, 6, random)
  const b = normals(6, random)
  const inverse = transposed(a.map((_, i) => eliminated(a, a.map((_, j) => (i === j ? 1 : 0))))) // biome-ignore format: short
  const got = solved(a, b, { preconditioner: matrix(tensorOf(inverse, 'f64')) })
  assert.equal([got.status, got.iterations], ['converged', 1])
  near(got.x, eliminated(a, b), 1e-8)
})

test('r̃ᵀA p = 0 at the first step is no end: another shadow finds the solution', () => {
  // bᵀA b = 0, and A is neither skew nor singular
  const a = [
    [1, 2],
    [0, -3],
  ]
  const b = [1, 1]
  assert.is(dot(b, apply(a, b)), 0)
  const got = solved(a, b)
  assert.is(got.status, 'converged')
  near(got.x, eliminated(a, b), 1e-12)
})

test('(A s)ᵀs = 0 for all s: a skew matrix is a breakdown, and nothing is claimed', () => {
  const got = solved([[0, 1], [-1, 0]], [1, 2]) // biome-ignore format: a matrix
  assert.is(got.status, 'breakdown')
  assert.ok(got.residual <= 1 && got.x.every(Number.isFinite))
})

test('a direction that A maps to nothing is singular; a part that A does not reach is never solved', () => {
  const lost = solved([[0, 1], [0, 0]], [1, 0]) // biome-ignore format: a matrix
  assert.equal([lost.status, lost.x, lost.residual], ['singular', [0, 0], 1])
  assert.is(solved(diagonalOf([0, 0]), [1, 2]).status, 'singular')
  const none = solved(diagonalOf([1, 2, 0]), [1, 1, 1])
  assert.is.not(none.status, 'converged')
  near([none.residual], [residualOf(diagonalOf([1, 2, 0]), none.x, [1, 1, 1]) / Math.sqrt(3)], 1e-6)
  assert.ok(none.residual < 0.9, 'what A does reach was solved on the way')
})

test('more than rounding allows is a breakdown, with the best x', () => {
  const random = draws(5)
  const a = withSingularValues([1, 0.3, 0.1], 3, 3, random)
  const b = normals(3, random)
  const got = solved(a, b, { tolerance: 0, maxIterations: 1000 })
  assert.is.not(got.status, 'converged')
  near(got.x, eliminated(a, b), 10 * 1e3 * 2 ** -52)
})

test('in f32 too', () => {
  const random = draws(6)
  const a = withSingularValues([3, 2, 1, 1], 4, 4, random)
  const x = normals(4, random)
  const got = solved(a, apply(a, x), {}, 'f32')
  assert.is(got.status, 'converged')
  near(got.x, x, 3 * 2e-5)
})

test.run()
