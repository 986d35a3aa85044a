/** The frame, shown methods that lie: what they say of themselves is never believed. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, div, mul, type Tensor } from '../index.js'
import { cg, matrix } from './index.js'
import { integer, type Method, refined } from './refine.js'
import { code, running } from './solution.js'
import { type Answer, answerOf, tensorOf } from './systems.testing.js'
import { times } from './vectors.js'

const infinity = array(Infinity, { dtype: 'f64' })
const round = (d: Tensor, stop: Tensor | number = running, norm?: Tensor): ReturnType<Method<Tensor>> => ({
  d,
  stop: typeof stop === 'number' ? integer(stop) : stop,
  iterations: integer(1),
  products: integer(1),
  least: infinity,
  greatest: mul(infinity, -1),
  ...(norm === undefined ? {} : { norm }),
})
const b = array([1, 2], { dtype: 'f64' })
const by = (method: Method<Tensor>, options = {}, start?: Tensor): Answer =>
  answerOf(refined('test', matrix(tensorOf([[4, 0], [0, 2]], 'f64')), options, method)(b, start)) // biome-ignore format: a matrix
/** A⁻¹ r */
const solve = (r: Tensor): Tensor => div(r, array([4, 2], { dtype: 'f64' }))

test('a method that finds the solution is believed by its residual', () => {
  const got = by((_, r) => round(solve(r)))
  assert.equal([got.x, got.status, got.residual, got.iterations, got.products], [[0.25, 1], 'converged', 0, 1, 2])
})

test('one that says nothing is wrong and brings nothing is a breakdown, and its x is 0 with residual 1', () => {
  const got = by((_, r) => round(times(0, r)))
  assert.equal([got.x, got.status, got.residual, got.iterations], [[0, 0], 'breakdown', 1, 1])
})

test('half of the way each round is enough to go on: 2⁻ᵏ ≤ 1e-10 after 34 rounds', () => {
  const slow = by((_, r) => round(times(0.5, solve(r))), { maxIterations: 100 })
  assert.equal([slow.status, slow.iterations, slow.residual], ['converged', 34, 2 ** -34])
  assert.equal([by((_, r) => round(times(0.5, solve(r)))).status], ['maxIterations'], '20 are allowed')
  assert.is(by((_, r) => round(times(0.4, solve(r))), { maxIterations: 100 }).status, 'breakdown', 'less is not')
})

test('what a method says of its end is said, but not where the residual is within tolerance', () => {
  const halfway = by((_, r) => round(times(0.75, solve(r)), code.indefinite))
  assert.equal([halfway.status, halfway.residual, halfway.x], ['indefinite', 0.25, [0.1875, 0.75]])
  assert.is(by((_, r) => round(solve(r), code.singular)).status, 'converged')
})

test('a step that is not finite is dropped', () => {
  const got = by((_, r) => round(times(Number.NaN, r)))
  assert.equal([got.status, got.x, got.residual], ['nonfinite', [0, 0], 1])
})

test('the first round of a method whose residual may grow counts; of one that claims it does not, only a better one', () => {
  const grows = by((_, r) => round(times(3, solve(r))), { maxIterations: 1 })
  assert.equal([grows.status, grows.residual, grows.x], ['maxIterations', 2, [0.75, 3]])
  const claims = by((_, r) => round(times(3, solve(r)), running, array(0.5, { dtype: 'f64' })), { maxIterations: 1 })
  assert.equal([claims.status, claims.residual, claims.x], ['breakdown', 1, [0, 0]])
  // on its way, as it says: ‖r − A d‖ = 0.8 ‖r‖
  const honest = by(
    (_, r) => round(times(0.2, solve(r)), running, mul(0.8, array(Math.sqrt(1.25), { dtype: 'f64' }))),
    {
      maxIterations: 1,
    },
  )
  assert.is(honest.status, 'maxIterations')
})

test('x keeps what each round adds', () => {
  const got = by((_, r) => round(times(1 - 1e-4, solve(r))), { tolerance: 1e-14 })
  assert.equal([got.status, got.iterations], ['converged', 4], '1e-4 of what is left each time')
})

test('a start is taken as far as rounding lets it be: else 0', () => {
  const stays: Method<Tensor> = (_, r) => round(times(0, r))
  assert.equal(by(stays, {}, array([3, 4], { dtype: 'f64' })).x, [3, 4])
  assert.equal(by(stays, {}, array([1e20, 0], { dtype: 'f64' })).x, [0, 0])
  assert.equal(by(stays, {}, array([Infinity, 0], { dtype: 'f64' })).x, [0, 0])
})

test('the residual is that of b − A x to the last digits, for f32 as well', () => {
  const a = [[3, 1], [1, 2]] // biome-ignore format: a matrix
  const got = answerOf(cg({ maxIterations: 1 })(matrix(tensorOf(a, 'f32')))(array([1, -1])))
  const [x, y] = got.x as [number, number]
  const left = Math.hypot(1 - 3 * x - y, -1 - x - 2 * y) / Math.SQRT2
  assert.ok(Math.abs(got.residual - left) < 8 * 2 ** -24, `${got.residual} is not ${left}`)
})

test.run()
