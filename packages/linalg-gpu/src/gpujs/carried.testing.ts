/** Programs that gpu.js carries, at sizes that are awkward, with how far from the plain device they may be. */

import {
  abs, acos, acosh, add, array, asin, asinh, atan, atan2, atanh, broadcastTo, cast, cbrt, ceil, concatenate, conv, cos, cosh, div, einsum,
  equal, exp, expm1, flip, floor, full, greater, iota, isFinite, isInf, isNaN, jit, less, lessEqual, log, log1p, logicalAnd, logicalNot,
  logicalOr, logsumexp, matmul, max, maximum, maxPool, mean, min, minimum, mul, neg, notEqual, oneHot, pad, pow, relu, reshape, round,
  rsqrt, sigmoid, sign, sin, sinh, slice, softmax, softplus, sqrt, square, sub, sum, type Tensor, take, takeAlongAxis, tan, tanh, tile,
  transpose, trunc, variance, where,
} from '../index.js' // biome-ignore format: a list

export interface Carried {
  readonly title: string
  /** Units of the last place of the largest element of a result. */
  readonly near: number
  readonly run: () => readonly Tensor[]
}

/** Numbers between −4 and 4 from a seed. */
export const given = (shape: readonly number[], seed = 1): Tensor => {
  let state = Math.imul(seed, 2654435761)
  const size = shape.reduce((n, m) => n * m, 1)
  const values = Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 29 - 4
  })
  return array(values, { shape })
}
const whole = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor =>
  array(values, { shape, dtype: 'i32' })

const one = (title: string, near: number, f: (x: Tensor) => Tensor, ...shapes: readonly (readonly number[])[]): Carried => ({
  title,
  near,
  run: () => shapes.map((shape, i) => jit(f)(given(shape, i + 1))),
}) // biome-ignore format: a record
const two = (
  title: string,
  near: number,
  f: (x: Tensor, y: Tensor) => Tensor,
  ...shapes: readonly (readonly [readonly number[], readonly number[]])[]
): Carried => ({ title, near, run: () => shapes.map(([p, q], i) => jit(f)(given(p, i + 1), given(q, i + 7))) })

const few = [[3, 7]]
const positive = (f: (x: Tensor) => Tensor) => (x: Tensor) => f(add(abs(x), 0.01))
const unit = (f: (x: Tensor) => Tensor) => (x: Tensor) => f(mul(x, 0.2499))

// one operation, or a function that is exact but for its rounding
const exact = 1
// √300 halves of an epsilon, for sums of as many terms of both signs
const summed = 10
// what GLSL promises of exp at 4 is 3 + 2 · 4 units, of log 3, and quotients have 2.5
const transcendental = 16
// several functions after one another
const composed = 64

const exactFns = { abs, ceil, floor, neg, relu, round, sign, square, trunc }
const functions = { cosh, exp, expm1, sigmoid, sinh, softplus, tanh, asinh, atan, cbrt }
const ofPositive = { log, log1p, rsqrt, sqrt }
const ofUnit = { asin, acos, atanh }
const turning = { sin, cos }

export const carried: readonly Carried[] = [
  ...Object.entries(exactFns).map(([name, f]) => one(name, exact, f, ...few)),
  ...Object.entries(functions).map(([name, f]) => one(name, transcendental, f, ...few)),
  ...Object.entries(ofPositive).map(([name, f]) => one(name, transcendental, positive(f), [5], [3, 7])),
  ...Object.entries(ofUnit).map(([name, f]) => one(name, transcendental, unit(f), [5], [3, 7])),
  ...Object.entries(turning).map(([name, f]) => one(name, transcendental, f, ...few)),
  one('all sizes', transcendental, (x) => exp(neg(x)), [], [1], [0], [5], [2, 0, 3], [129]),
  one('tan and acosh', composed, (x) => add(tan(mul(x, 0.3)), acosh(add(abs(x), 1.01))), [33]),
  two('arithmetic, broadcast', 4, (x, y) => div(sub(mul(add(x, y), x), y), 3), [[3, 1], [1, 5]], [[7], [7]], [[0, 3], [3]]),
  two('maximum, minimum and choice', exact, (x, y) => where(less(x, y), maximum(x, 1), minimum(y, x)), [[33], [33]], [[2, 3], []]),
  two('atan2 and pow', composed, (x, y) => add(atan2(x, y), pow(add(abs(x), 0.5), y)), [[65], [65]]),
  one('whole powers', 8, (x) => add(pow(x, 5), pow(x, -3)), [9]),
  {
    title: 'truths',
    near: exact,
    run: () =>
      jit((x: Tensor, y: Tensor) => [
        logicalAnd(less(x, y), greater(x, -1)),
        logicalOr(lessEqual(x, y), notEqual(x, x)),
        logicalNot(equal(x, y)),
        isNaN(x),
        isInf(y),
        isFinite(x),
        cast(less(x, 0), 'f32'),
        cast(x, 'bool'),
        max(less(x, y), { axis: 0 }),
      ])(given([4, 5]), given([4, 5], 2)),
  },
  ...[{ axis: 0 }, { axis: 1 }, { axis: [0, 2] }, {}].map((options) => ({
    title: `sums, means and extremes over ${JSON.stringify(options)}`,
    near: summed,
    run: () =>
      [[3, 5, 7], [1, 300, 2], [4, 1, 129]].flatMap((shape) =>
        jit((x: Tensor) => [sum(x, options), mean(x, options), max(x, options), min(x, options)])(given(shape)),
      ),
  })),
  one('sums of nothing', exact, (x) => sum(x, { axis: 1 }), [3, 0], [0, 3]),
  one('a sum of many terms', 40, sum, [20_001], [3, 70_000]),
  one('softmax: reductions of reductions, then a store at every point', transcendental, (x) => softmax(x), [5, 33], [1, 1], [2, 3, 129]),
  one('logsumexp and variance', summed, (x) => add(logsumexp(x, { axis: 1 }), variance(x, { axis: 1 })), [3, 200]),
  ...[[1, 1, 1], [5, 3, 2], [17, 129, 9], [0, 3, 2], [2, 0, 3]].map(([m, k, n]) => ({
    title: `products of ${m} · ${k} · ${n}, in all forms`,
    near: summed,
    run: () => [
      ...jit((a: Tensor, b: Tensor) => [
        matmul(a, b),
        matmul(transpose(b), transpose(a)),
        relu(add(matmul(a, b), 1)),
      ])(given([m!, k!]), given([k!, n!], 2)),
      matmul(given([3, m!, k!]), given([3, k!, n!], 2)),
    ],
  })),
  two('einsum', summed, (x, y) => einsum('bij,bjk->ik', x, y), [[2, 3, 4], [2, 4, 5]]),
  {
    title: 'convolution, padded and strided, and pooling',
    near: summed,
    run: () => [
      conv(given([2, 3, 7, 7]), given([4, 3, 3, 3], 2), { padding: 'same' }),
      conv(given([1, 2, 9]), given([3, 2, 4], 2), { strides: 2, dilation: 2 }),
      maxPool(given([1, 2, 8, 8]), 2),
    ],
  },
  {
    title: 'views: slices, flips, padding, joining, tiling, turning',
    near: exact,
    run: () =>
      jit((x: Tensor, y: Tensor) => [
        slice(x, [1, 4], [0, 5, 2]),
        flip(x, [1]),
        pad(x, [[1, 2], [0, 3]], { value: 7 }),
        concatenate([x, y, flip(x, [0])]),
        concatenate([transpose(x), transpose(y)], 1),
        tile(x, [2, 1]),
        reshape(transpose(x), [-1]),
        broadcastTo(slice(x, 0), [3, 6]),
      ])(given([4, 6]), given([3, 6], 2)),
  },
  {
    title: 'constants and places',
    near: exact,
    run: () => jit((x: Tensor) => [full([3], -2.5), cast(iota([2, 3], 1), 'f32'), add(x, NaN), mul(x, -0)])(given([2])),
  },
  {
    // WebGL promises none of this: it holds in JavaScript, and on the driver in software that the browser test runs on; subnormal
    // numbers, which are zeros there, are left out
    title: 'NaN and infinities',
    near: exact,
    run: () =>
      jit((x: Tensor) => [
        mul(x, x), div(1, x), log(x), maximum(x, 0), relu(x), sum(x), where(greater(x, 0), x, -1), softmax(x), isNaN(x), isInf(x),
      ])(array([NaN, Infinity, -Infinity, 0, -0, 3e37])),
  },
  {
    title: 'gathers',
    near: exact,
    run: () => {
      const x = given([5, 3])
      const f = jit((x: Tensor, i: Tensor, along: Tensor) => [
        take(x, i, { axis: 0 }),
        take(x, i),
        mul(takeAlongAxis(x, along, { axis: 1 }), 2),
        take(less(x, 0), i),
      ])
      const along = whole([2, 0, -1, 1, 1, 1, 0, 0, 0, 2, 2, 2, 0, 1, 2], [5, 3])
      const odd = [0, 4, -1, -5, 2 ** 31 - 1, -(2 ** 31), 2 ** 24 + 1, -(2 ** 24) - 1]
      return [...f(x, whole(odd), along)]
    },
  },
  {
    title: 'one-hot rows of labels',
    near: exact,
    run: () => [jit((labels: Tensor) => oneHot(labels, 4))(whole([3, 0, -1, 2 ** 30, 2]))],
  },
] // biome-ignore format: a list
