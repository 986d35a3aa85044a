/** Derivatives where they are decided and not found: kinks, ties, zeros, borders of domains, tails. Closed forms, in both modes, in f64.
 *  What the comments say of JAX and PyTorch is from memory: it was not run against them. */

import type { Tensor } from '@neumann/linalg-gpu'
import * as la from '@neumann/linalg-gpu'
import { emit1 } from '@neumann/linalg-gpu/program'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { grad, jvp } from '../api/derivatives.js'
import { f64 } from './derivatives.testing.js'

const { add, concatenate, mul, sum } = la
type Scalar = (x: Tensor) => Tensor

/** |got − expected| within `ulps` of the larger of expected and `scale`; NaN is NaN, ∞ is ∞; 0 and −0 are one slope. */
const same = (what: string, got: ArrayLike<number>, expected: readonly number[], ulps: number, scale = 0): void => {
  assert.is(got.length, expected.length, what)
  expected.forEach((wanted, i) => {
    const own = got[i]!
    const exact = own === wanted || (own !== own && wanted !== wanted)
    const unit = 2 ** -52 * Math.max(Math.abs(wanted), scale)
    if (!exact && !(Math.abs(own - wanted) <= ulps * unit))
      assert.unreachable(`${what}: element ${i} is ${own}, expected ${wanted}`)
  })
}

/** The derivative of order n of an elementwise function: forward n times, and reverse n times. */
const both = (
  what: string,
  f: Scalar,
  x: readonly number[],
  order: number,
  expected: readonly number[],
  { ulps = 0, scale = 0 } = {},
): void => {
  let forward: Scalar = f
  let reverse: Scalar = f
  for (let k = 0; k < order; k++) {
    const [g, h] = [forward, reverse]
    forward = (y) => jvp(g, [y], [la.onesLike(y)]).tangent
    reverse = (y) => grad((z: Tensor) => sum(h(z)))(y)
  }
  same(`${what}, forward`, la.readSync(forward(f64(x))), expected, ulps, scale)
  same(`${what}, reverse`, la.readSync(reverse(f64(x))), expected, ulps, scale)
}

/** Slopes by both operands of a function of two scalars. */
const pair = (
  what: string,
  f: (x: Tensor, y: Tensor) => Tensor,
  [x, y]: readonly [number, number],
  [dx, dy]: readonly [number, number],
): void => {
  const [p, q] = [f64(x), f64(y)]
  const [gx, gy] = [grad((a: Tensor) => f(a, q))(p), grad((b: Tensor) => f(p, b))(q)]
  same(`${what}, reverse`, [la.item(gx), la.item(gy)], [dx, dy], 1)
  same(
    `${what}, forward`,
    [la.item(jvp((a: Tensor) => f(a, q), [p], [1]).tangent), la.item(jvp((b: Tensor) => f(p, b), [q], [1]).tangent)],
    [dx, dy],
    1,
  )
}

/** The matrix of second derivatives of a scalar function of a vector, forward over reverse and reverse over reverse. */
const hessian = (
  what: string,
  f: Scalar,
  x: readonly number[],
  expected: readonly (readonly number[])[],
  ulps = 0,
): void => {
  const unit = (i: number): Tensor => f64(x.map((_, j) => (i === j ? 1 : 0)))
  expected.forEach((row, i) => {
    same(`${what}, row ${i}, forward over reverse`, la.readSync(jvp(grad(f), [f64(x)], [unit(i)]).tangent), row, ulps)
    const along = (y: Tensor): Tensor => sum(mul(grad(f)(y), unit(i)))
    same(`${what}, row ${i}, reverse over reverse`, la.readSync(grad(along)(f64(x))), row, ulps)
  })
}

const gradient = (what: string, f: Scalar, x: readonly number[], expected: readonly number[], ulps = 0): void => {
  same(what, la.readSync(grad(f)(f64(x))), expected, ulps)
  const forward = x.map((_, i) => la.item(jvp(f, [f64(x)], [f64(x.map((__, j) => (i === j ? 1 : 0)))]).tangent))
  same(`${what}, forward`, forward, expected, ulps)
}

/* ------------------------------------------------------------------ kinks */

test('|x| has slope 0 at 0, and curvature 0 beside it', () => {
  both('abs', la.abs, [0, -0, -2, 3], 1, [0, 0, -1, 1]) // JAX and PyTorch agree
  both('abs', la.abs, [0, -2, 3], 2, [0, 0, 0])
})

test('relu has slope 0 at 0', () => {
  both('relu', la.relu, [0, -0, -1, 2], 1, [0, 0, 0, 1]) // JAX and PyTorch agree
  both('relu', la.relu, [0, 2], 2, [0, 0])
})

test('what is constant between its jumps has slope 0, on them too', () => {
  for (const [name, f] of Object.entries({
    sign: la.sign,
    floor: la.floor,
    ceil: la.ceil,
    round: la.round,
    trunc: la.trunc,
  }))
    both(name, f, [0, 0.5, 1, -1.5, 2.3], 1, [0, 0, 0, 0, 0])
})

test('maximum and minimum share the slope at a tie', () => {
  // JAX and PyTorch: ½ each as well
  pair('maximum', la.maximum, [2, 2], [0.5, 0.5])
  pair('minimum', la.minimum, [2, 2], [0.5, 0.5])
  pair('maximum', la.maximum, [0, -0], [0.5, 0.5])
  pair('maximum', la.maximum, [3, 2], [1, 0])
  pair('minimum', la.minimum, [3, 2], [0, 1])
  both('max(x, x)', (x) => la.maximum(x, x), [2], 1, [1])
  pair('maximum of infinities', la.maximum, [Infinity, Infinity], [0.5, 0.5])
})

test('clip has slope ½ at its bounds', () => {
  // JAX: ½ too (min of max); PyTorch's clamp: 1 at its bounds
  both('clip', (x) => la.clip(x, -1, 2), [-1, 2, 0, -3, 5], 1, [0.5, 0.5, 1, 0, 0])
})

test('max and min over axes share the slope among all that attain them', () => {
  // as JAX, and PyTorch's amax; PyTorch's max(dim) gives all to one
  gradient('max', (x) => la.max(x), [3, 1, 3, 3], [1 / 3, 0, 1 / 3, 1 / 3])
  gradient('min', (x) => la.min(x), [3, 1, 1, 3], [0, 0.5, 0.5, 0])
  gradient('max of equal rows', (x) => sum(la.max(la.reshape(x, [2, 2]), { axis: 0 })), [1, 2, 1, 0], [0.5, 1, 0.5, 0])
  gradient('max of one', (x) => la.max(x), [7], [1])
  gradient('max of infinities', (x) => la.max(x), [-Infinity, -Infinity], [0.5, 0.5])
  hessian(
    'max²',
    (x) => la.square(la.max(x)),
    [3, 3, 1],
    [
      [0.5, 0.5, 0],
      [0.5, 0.5, 0],
      [0, 0, 0],
    ],
  )
})

test('a pool shares ties in each window; padding takes nothing', () => {
  const pool =
    (options: object) =>
    (x: Tensor): Tensor =>
      sum(la.maxPool(la.reshape(x, [1, 1, 4]), 2, options))
  gradient('maxPool', pool({}), [1, 1, 2, 0], [0.5, 0.5, 1, 0]) // JAX and PyTorch give the first of equals all
  gradient('maxPool, overlapping', pool({ strides: 1 }), [1, 1, 1, 0], [0.5, 1, 1.5 - 0.5 + 0.5, 0])
  gradient('maxPool, padded', pool({ padding: [[1, 1]] }), [-1, -2, -2, -5], [1, 0.5, 0.5, 1])
})

test('mod and remainder: slope 1 in x, minus the whole quotient in y, from the side that the value is of', () => {
  pair('mod', la.mod, [6, 3], [1, -2])
  pair('mod', la.mod, [-7, 3], [1, 3])
  pair('mod', la.mod, [7, -3], [1, 3])
  pair('remainder', la.remainder, [-7, 3], [1, 2])
  pair('remainder', la.remainder, [6, 3], [1, -2])
})

/* ------------------------------------------------------------------ powers and roots */

test('powers at zero and of negative numbers', () => {
  pair('0⁰', la.pow, [0, 0], [0, 0])
  pair('0¹', la.pow, [0, 1], [1, 0])
  both('x² at 0', (x) => la.pow(x, f64(2)), [0, -3], 1, [0, -6])
  both('x² at 0', (x) => la.pow(x, f64(2)), [0, -3], 2, [2, 2])
  both('x² at 0', (x) => la.pow(x, f64(2)), [0, -3], 3, [0, 0])
  both('x³', (x) => la.pow(x, f64(3)), [-2, 0], 1, [12, 0])
  both('x³', (x) => la.pow(x, f64(3)), [-2, 0], 2, [-12, 0])
  both('x³', (x) => la.pow(x, f64(3)), [-2, 0], 3, [6, 6])
  both('x⁰', (x) => la.pow(x, f64(0)), [0, 3, -2], 1, [0, 0, 0])
  both('x⁰', (x) => la.pow(x, f64(0)), [0, 3, -2], 2, [0, 0, 0])
  both('x^½ at 0', (x) => la.pow(x, f64(0.5)), [0, 4], 1, [Infinity, 0.25])
  both('1/x at 0', (x) => la.pow(x, f64(-1)), [0, 2], 1, [-Infinity, -0.25])
  // in y at x = 0: 0 for y > 0, the limit; JAX the same, PyTorch too
  both('0ʸ in y', (y) => la.pow(f64(0), y), [0, 1, 2.5], 1, [0, 0, 0])
  both('0ʸ in y', (y) => la.pow(f64(0), y), [0, 1, 2.5], 2, [0, 0, 0])
  both('2ʸ in y', (y) => la.pow(f64(2), y), [3], 2, [8 * Math.LN2 ** 2], { ulps: 4 })
  both('1ʸ in y', (y) => la.pow(f64(1), y), [3, -2], 1, [0, 0])
  // no real power lies beside (−2)³
  both('(−2)ʸ in y', (y) => la.pow(f64(-2), y), [3], 1, [NaN])
})

test('roots and logarithms are steep at the border of their domain', () => {
  both('√x', la.sqrt, [0], 1, [Infinity])
  both('x^−½', la.rsqrt, [0], 1, [-Infinity])
  both('∛x', la.cbrt, [0], 1, [Infinity])
  both('ln x', la.log, [0], 1, [Infinity])
  both('ln x', la.log, [0], 2, [-Infinity])
  both('ln(1 + x)', la.log1p, [-1], 1, [Infinity])
  both('asin', la.asin, [-1, 1], 1, [Infinity, Infinity])
  both('acos', la.acos, [-1, 1], 1, [-Infinity, -Infinity])
  both('acosh', la.acosh, [1], 1, [Infinity])
  both('atanh', la.atanh, [-1, 1], 1, [Infinity, Infinity])
  both('erfinv', la.erfinv, [-1, 1], 1, [Infinity, Infinity])
  both('1/x', la.reciprocal, [0], 1, [-Infinity])
})

/* ------------------------------------------------------------------ norms and logarithms of sums */

test('norms have slope 0 at 0', () => {
  // as PyTorch's norm; JAX's gives NaN
  gradient('norm', (x) => la.norm(x), [0, 0, 0], [0, 0, 0])
  gradient('norm by 3', (x) => la.norm(x, { ord: 3 }), [0, 0], [0, 0])
  gradient('norm by 1', (x) => la.norm(x, { ord: 1 }), [0, -2], [0, -1])
  gradient('norm by ∞', (x) => la.norm(x, { ord: Infinity }), [2, -2], [0.5, -0.5])
  gradient('norm', (x) => la.norm(x), [3, -4], [0.6, -0.8], 1)
  gradient('norm of large numbers', (x) => la.norm(x), [3e200, 4e200], [0.6, 0.8], 2)
  gradient('norm of small numbers', (x) => la.norm(x), [3e-200, 4e-200], [0.6, 0.8], 2)
  hessian(
    'norm',
    (x) => la.norm(x),
    [3, 4],
    [
      [16 / 125, -12 / 125],
      [-12 / 125, 9 / 125],
    ],
    4,
  )
  pair('hypot', la.hypot, [0, 0], [0, 0]) // PyTorch: NaN
  pair('hypot', la.hypot, [3, -4], [0.6, -0.8])
  pair('hypot of small numbers', la.hypot, [3e-200, 4e-200], [0.6, 0.8])
  pair('hypot beside 0', la.hypot, [0, 2], [0, 1])
  hessian(
    'hypot',
    (x) => la.hypot(la.slice(x, 0), la.slice(x, 1)),
    [3, 4],
    [
      [16 / 125, -12 / 125],
      [-12 / 125, 9 / 125],
    ],
    4,
  )
  pair('atan2', la.atan2, [0, 0], [NaN, NaN]) // the angle of no direction; JAX the same
  pair('atan2', la.atan2, [0, 2], [0.5, 0])
})

test('std has slope 0 where nothing varies', () => {
  // a norm of the deviations; PyTorch the same, JAX NaN
  gradient('std', (x) => la.std(x), [2, 2, 2], [0, 0, 0])
  gradient('std of one', (x) => la.std(x), [5], [0])
  gradient('std', (x) => la.std(x), [1, 3], [-0.5, 0.5])
  gradient('std of one by n − 1', (x) => la.std(x, { ddof: 1 }), [5], [NaN])
})

test('logsumexp, softmax: ties, and rows of −∞', () => {
  gradient('logsumexp', (x) => la.logsumexp(x), [5, 5], [0.5, 0.5])
  gradient('logsumexp beside −∞', (x) => la.logsumexp(x), [0, -Infinity], [1, 0])
  // no element has a weight: 0/0
  gradient('logsumexp of −∞', (x) => la.logsumexp(x), [-Infinity, -Infinity], [NaN, NaN])
  gradient('softmax', (x) => sum(mul(la.softmax(x), f64([1, 2]))), [3, 3], [-0.25, 0.25])
  gradient('softmax', (x) => sum(mul(la.softmax(x), f64([1, 2]))), [1000, 0], [0, 0])
  gradient('logSoftmax', (x) => sum(mul(la.logSoftmax(x), f64([1, 3]))), [-4, -4], [-1, 1])
  gradient('logSoftmax, masked', (x) => la.slice(la.logSoftmax(x), 0), [1, 1, -Infinity], [0.5, -0.5, 0])
  hessian(
    'logsumexp',
    (x) => la.logsumexp(x),
    [0, 0],
    [
      [0.25, -0.25],
      [-0.25, 0.25],
    ],
  )
})

test('logaddexp: ties, distances, infinities', () => {
  pair('tie', la.logaddexp, [2, 2], [0.5, 0.5])
  pair('zeros', la.logaddexp, [0, -0], [0.5, 0.5])
  pair('far', la.logaddexp, [1000, 0], [1, 0])
  pair('beside −∞', la.logaddexp, [1, -Infinity], [1, 0])
  both('logaddexp(x, x)', (x) => la.logaddexp(x, x), [3], 1, [1])
  hessian(
    'logaddexp',
    (x) => la.logaddexp(la.slice(x, 0), la.slice(x, 1)),
    [1, 1],
    [
      [0.25, -0.25],
      [-0.25, 0.25],
    ],
  )
})

test('x ln y at x = 0: the slope in x is ln y, 0 where that is −∞', () => {
  pair('xlogy', la.xlogy, [0, 0], [0, 0]) // PyTorch the same, JAX −∞ in x
  pair('xlogy', la.xlogy, [0, 2], [Math.LN2, 0])
  pair('xlogy', la.xlogy, [0, -1], [0, 0])
  pair('xlogy', la.xlogy, [3, 2], [Math.LN2, 1.5])
  pair('xlogy', la.xlogy, [3, 0], [-Infinity, Infinity])
  hessian(
    'xlogy',
    (x) => la.xlogy(la.slice(x, 0), la.slice(x, 1)),
    [0, 2],
    [
      [0, 0.5],
      [0.5, 0],
    ],
  )
})

test('sinc at 0 to order 4, and beside it', () => {
  const z = Math.PI
  both('sinc', la.sinc, [0], 1, [0])
  both('sinc', la.sinc, [0], 2, [-(z ** 2) / 3], { ulps: 4 })
  both('sinc', la.sinc, [0], 3, [0])
  both('sinc', la.sinc, [0], 4, [z ** 4 / 5], { ulps: 8 })
  // where the quotient cancels: −π²x/3 + π⁴x³/30 − …, −π²/3 + π⁴x²/10 − …
  const x = [1e-3, 1e-6, -1e-9]
  const first = x.map((v) => (-(z ** 2) / 3) * v + (z ** 4 / 30) * v ** 3 - (z ** 6 / 840) * v ** 5)
  const second = x.map((v) => -(z ** 2) / 3 + (z ** 4 / 10) * v ** 2 - (z ** 6 / 168) * v ** 4)
  both('sinc', la.sinc, x, 1, first, { ulps: 16 })
  both('sinc', la.sinc, x, 2, second, { ulps: 16 })
  // cos πx / x − sin πx / πx²
  both('sinc', la.sinc, [1, 30], 1, [-1, 1 / 30], { ulps: 64 })
})

/* ------------------------------------------------------------------ products, order */

test('products with zeros, to order 2', () => {
  gradient('prod, no zero', (x) => la.prod(x), [2, 3, 5], [15, 10, 6])
  gradient('prod, one zero', (x) => la.prod(x), [0, 3, 5], [15, 0, 0])
  gradient('prod, two zeros', (x) => la.prod(x), [0, 3, 0], [0, 0, 0])
  hessian(
    'prod, one zero',
    (x) => la.prod(x),
    [0, 3, 5],
    [
      [0, 5, 3],
      [5, 0, 0],
      [3, 0, 0],
    ],
  )
  hessian(
    'prod, two zeros',
    (x) => la.prod(x),
    [0, 3, 0],
    [
      [0, 0, 3],
      [0, 0, 0],
      [3, 0, 0],
    ],
  )
  const running = (x: Tensor): Tensor => sum(mul(la.cumprod(x), f64([1, 10, 100])))
  // y = x₀ + 10 x₀x₁ + 100 x₀x₁x₂
  gradient('cumprod, one zero', running, [2, 0, 5], [1, 20 + 1000, 0])
  gradient('cumprod, two zeros', running, [0, 0, 5], [1, 0, 0])
  hessian(
    'cumprod, two zeros',
    running,
    [0, 0, 5],
    [
      [0, 10 + 500, 0],
      [10 + 500, 0, 0],
      [0, 0, 0],
    ],
  )
  hessian(
    'cumprod, zeros at the end',
    running,
    [2, 0, 0],
    [
      [0, 10, 0],
      [10, 0, 200],
      [0, 200, 0],
    ],
  )
})

test('cummax and cummin share ties', () => {
  const running = (x: Tensor): Tensor => sum(mul(la.cummax(x), f64([1, 10, 100])))
  gradient('cummax', running, [1, 3, 2], [1, 110, 0])
  // the second of equals takes half of its own place
  gradient('cummin', (x) => sum(mul(la.cummin(x), f64([1, 10]))), [2, 2], [6, 5])
})

test('sorting moves the slope with its element; of equals the first stays first', () => {
  const weighted =
    (f: Scalar) =>
    (x: Tensor): Tensor =>
      sum(mul(f(x), f64([1, 10, 100])))
  gradient('sort', weighted(la.sort), [2, 1, 2], [10, 1, 100])
  gradient(
    'sort, descending',
    weighted((x) => la.sort(x, { descending: true })),
    [2, 1, 2],
    [1, 100, 10],
  )
  gradient(
    'topK',
    weighted((x) => la.topK(x, 3).values),
    [2, 3, 2],
    [10, 1, 100],
  )
  hessian(
    'sort of equals, squared',
    (x) => sum(mul(la.square(la.sort(x)), f64([1, 10]))),
    [2, 2],
    [
      [2, 0],
      [0, 20],
    ],
  )
})

/* ------------------------------------------------------------------ special functions */

test('lgamma and digamma left of 0', () => {
  // ψ(−½) = ψ(½) + 2, ψ(−3/2) = ψ(½) + 2 + 2/3;  ψ(½) = −γ − 2 ln 2;  ψ′(−½) = π²/2 + 4
  const half = -0.5772156649015329 - 2 * Math.LN2
  both('lgamma', la.lgamma, [-0.5, -1.5, 0.5], 1, [half + 2, half + 2 + 2 / 3, half], { ulps: 8, scale: 2 })
  both('lgamma', la.lgamma, [-0.5, 0.5], 2, [Math.PI ** 2 / 2 + 4, Math.PI ** 2 / 2], { ulps: 4 })
  both('digamma', la.digamma, [-0.5, 0.5], 1, [Math.PI ** 2 / 2 + 4, Math.PI ** 2 / 2], { ulps: 4 })
  // ψ″(½) = −14 ζ(3)
  both('digamma', la.digamma, [0.5], 2, [-14 * 1.2020569031595942], { ulps: 4 })
  both('polygamma 2', (x) => la.polygamma(2, x), [1], 1, [Math.PI ** 4 / 15], { ulps: 4 })
  both('lgamma at a pole', la.lgamma, [0, -1], 1, [NaN, NaN])
})

test('erfinv near the ends of its domain', () => {
  // d erfinv = √π/2 e^(y²), d² = 2y (√π/2 e^(y²))², with an error of y² ulps
  const x = [1 - 2 ** -40, -(1 - 2 ** -50), 0.5]
  const y = Array.from(la.readSync(la.erfinv(f64(x))))
  const slope = y.map((v) => (Math.sqrt(Math.PI) / 2) * Math.exp(v * v))
  both('erfinv', la.erfinv, x, 1, slope, { ulps: 4 })
  both(
    'erfinv',
    la.erfinv,
    x,
    2,
    slope.map((s, i) => 2 * y[i]! * s * s),
    { ulps: 16 },
  )
})

test('the tails of softplus, sigmoid and tanh', () => {
  const tail = [-800, -100, 100, 800]
  both('softplus', la.softplus, tail, 1, [0, Math.exp(-100), 1, 1], { ulps: 4 })
  // σ (1 − σ) and 1 − tanh²: to ulps of 1 where the function is 1, as JAX and PyTorch; exact on the other side
  both('sigmoid', la.sigmoid, tail, 1, [0, Math.exp(-100), Math.exp(-100), 0], { ulps: 4, scale: 1 })
  both('softplus', la.softplus, tail, 2, [0, Math.exp(-100), Math.exp(-100), 0], { ulps: 4, scale: 1 })
  both('sigmoid', la.sigmoid, [-100, -40], 1, [Math.exp(-100), Math.exp(-40)], { ulps: 4 })
  both('tanh', la.tanh, tail, 1, [0, 0, 0, 0])
  both('sigmoid', la.sigmoid, [0], 1, [0.25])
  both('sigmoid', la.sigmoid, [0], 2, [0])
  both('sigmoid', la.sigmoid, [0], 3, [-0.125])
  both('exp', la.exp, [-800, 800], 1, [0, Infinity])
})

test('silu and gelu to order 3', () => {
  const x = [-800, -3, 0, 0.7, 800]
  const s = x.map((v) => 1 / (1 + Math.exp(-v)))
  const d1 = s.map((v) => v * (1 - v))
  const d2 = s.map((v, i) => d1[i]! * (1 - 2 * v))
  const d3 = s.map((v, i) => d1[i]! * (1 - 6 * v + 6 * v * v))
  // (x σ)⁽ⁿ⁾ = x σ⁽ⁿ⁾ + n σ⁽ⁿ⁻¹⁾
  both(
    'silu',
    la.silu,
    x,
    1,
    x.map((v, i) => v * d1[i]! + s[i]!),
    { ulps: 8, scale: 0.1 },
  )
  both(
    'silu',
    la.silu,
    x,
    2,
    x.map((v, i) => v * d2[i]! + 2 * d1[i]!),
    { ulps: 8, scale: 0.1 },
  )
  both(
    'silu',
    la.silu,
    x,
    3,
    x.map((v, i) => v * d3[i]! + 3 * d2[i]!),
    { ulps: 16, scale: 0.1 },
  )
  const phi = x.map((v) => Math.exp((-v * v) / 2) / Math.sqrt(2 * Math.PI))
  const Phi = la.readSync(mul(la.erfc(mul(f64(x), -Math.SQRT1_2)), 0.5))
  // (x Φ)′ = Φ + x φ, ″ = (2 − x²) φ, ‴ = (x³ − 4x) φ
  both(
    'gelu',
    la.gelu,
    x,
    1,
    x.map((v, i) => Phi[i]! + v * phi[i]!),
    { ulps: 8, scale: 0.1 },
  )
  both(
    'gelu',
    la.gelu,
    x,
    2,
    x.map((v, i) => (2 - v * v) * phi[i]!),
    { ulps: 16, scale: 0.1 },
  )
  both(
    'gelu',
    la.gelu,
    x,
    3,
    x.map((v, i) => (v ** 3 - 4 * v) * phi[i]!),
    { ulps: 32, scale: 0.1 },
  )
})

/* ------------------------------------------------------------------ selection, indices, constants */

test('an untaken branch with an infinite slope: zero times infinity, unless its operand is made harmless first', () => {
  // forward mode selects the tangent, reverse mode multiplies the zero cotangent by ∞; JAX and PyTorch the same
  const f = (x: Tensor): Tensor => la.where(la.greater(x, 0), la.sqrt(x), 0)
  same('forward', la.readSync(jvp(f, [f64([0, 4])], [f64([1, 1])]).tangent), [0, 0.25], 0)
  same('reverse', la.readSync(grad((x: Tensor) => sum(f(x)))(f64([0, 4]))), [NaN, 0.25], 0)
  both(
    'where(x > 0, √ of where(x > 0, x, 1), 0)',
    (x) => la.where(la.greater(x, 0), la.sqrt(la.where(la.greater(x, 0), x, 1)), 0),
    [0, 4],
    1,
    [0, 0.25],
  )
})

test('cond runs the taken branch alone: the infinite slope of the other does not show', () => {
  both(
    'cond(x > 0, √x, 0)',
    (x) => la.map((v: Tensor) => la.cond(la.greater(v, 0), la.sqrt, (w: Tensor) => mul(w, 0), v), x),
    [0, 4],
    1,
    [0, 0.25],
  )
})

test('what is read out of range has no slope, whatever it reads', () => {
  const index = la.array([1, -9, 7], { dtype: 'i32' })
  // NaN is read there, and a NaN value is no NaN slope
  gradient('take', (x) => sum(la.take(x, index)), [5, 6, 7], [0, 1, 0])
  const back = la.readSync(
    grad((x: Tensor) =>
      sum(la.scatterAdd(la.zeros([3], { dtype: 'f64' }), la.array([[0], [9], [-4]], { dtype: 'i32' }), x)),
    )(f64([1, 2, 3])),
  )
  same('scatterAdd', back, [1, 0, 0], 0)
})

test('bits, integers and held values have no derivative', () => {
  const through =
    (dtype: 'i32' | 'bool') =>
    (x: Tensor): Tensor =>
      la.cast(la.cast(x, dtype), 'f64')
  both('cast to i32', through('i32'), [2, 1.5], 1, [0, 0])
  both('cast to bool', through('bool'), [0, 1.5], 1, [0, 0])
  const bits = (x: Tensor): Tensor => la.cast(la.bitcast(la.bitcast(la.cast(x, 'f32'), 'i32'), 'f32'), 'f64')
  both('bitcast', bits, [2, 1.5], 1, [0, 0])
  const held = (x: Tensor): Tensor => emit1({ kind: 'mark', role: 'constant', name: '' }, x)
  both('x · held(x)', (x) => mul(x, held(x)), [3], 1, [3])
  both('x · held(x)', (x) => mul(x, held(x)), [3], 2, [0])
})

test('a rounding to f32 on the way has slope 1', () => {
  both('f64 → f32 → f64', (x) => la.cast(la.cast(x, 'f32'), 'f64'), [0.1, 3], 1, [1, 1])
})

test('one value in several places collects its slopes', () => {
  gradient(
    'x + x, joined with x',
    (x) => sum(mul(concatenate([add(x, x), x]), f64([1, 10, 100, 1000]))),
    [1, 2],
    [102, 1020],
  )
})

test.run()
