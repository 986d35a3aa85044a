import { dispose, foldIn, key, liveBuffers, matmul, reshape, type Tensor, transpose } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { close, elements, messageOf } from '../support.testing.js'
import * as initialisers from './index.js'
import { fansOf, type Initialiser } from './initialiser.js'

const { constant, normal, ones, orthogonal, truncatedNormal, uniform, varianceScaling, zeros } = initialisers

const draw = (initialiser: Initialiser, shape: readonly number[], seed = 11): number[] =>
  elements(initialiser(key(seed), shape, { dtype: 'f64' }))

/** Asserts mean 0 and this variance, to five standard deviations of their estimates from n numbers of a kurtosis of 3 or less. */
const spreadOf = (values: readonly number[], variance: number, note: string): void => {
  const n = values.length
  const mean = values.reduce((a, b) => a + b, 0) / n
  const square = values.reduce((a, b) => a + b * b, 0) / n
  assert.ok(Math.abs(mean) < 5 * Math.sqrt(variance / n), `${note}: mean ${mean}`)
  assert.ok(Math.abs(square / variance - 1) < 5 * Math.sqrt(2 / n), `${note}: variance ${square}, expected ${variance}`)
}

test('fans of a matrix and of filters', () => {
  assert.equal(fansOf('f', [784, 50]), { in: 784, out: 50 })
  assert.equal(fansOf('f', [6, 3, 5, 2]), { in: 30, out: 60 })
  assert.equal(fansOf('f', [6, 3, 5]), { in: 15, out: 30 })
})

test('each name has the variance of its paper, for matrices and filters', () => {
  for (const shape of [
    [80, 120],
    [20, 12, 7, 5],
  ]) {
    const fans = fansOf('f', shape)
    const names = { lecun: 1 / fans.in, glorot: 2 / (fans.in + fans.out), he: 2 / fans.in } as const
    for (const [name, variance] of Object.entries(names)) {
      const [gauss, flat] = [`${name}Normal`, `${name}Uniform`].map((full) =>
        draw((initialisers as never)[full], shape),
      ) as [number[], number[]]
      spreadOf(gauss, variance, `${name}Normal`)
      spreadOf(flat, variance, `${name}Uniform`)
      const bound = Math.sqrt(3 * variance)
      const most = Math.max(...flat.map(Math.abs))
      assert.ok(most <= bound && most > 0.99 * bound, `${name}Uniform reaches ${most} of ${bound}`)
      assert.ok(Math.max(...gauss.map(Math.abs)) > 3 * Math.sqrt(variance), `${name}Normal has tails`)
    }
  }
})

test('varianceScaling: fan out, and normal numbers cut at two deviations of what they are drawn with', () => {
  const cut = draw(varianceScaling({ scale: 3, mode: 'fanOut', distribution: 'truncatedNormal' }), [200, 50])
  spreadOf(cut, 3 / 50, 'truncated')
  // the standard deviation of N(0, 1) within (−2, 2), by the trapezoidal rule
  const n = 20000
  const inside = Array.from({ length: n + 1 }, (_, i) => (4 * i) / n - 2)
  const weight = (x: number): number => Math.exp((-x * x) / 2) * (Math.abs(x) === 2 ? 0.5 : 1)
  const mass = inside.reduce((a, x) => a + weight(x), 0)
  const deviation = Math.sqrt(inside.reduce((a, x) => a + x * x * weight(x), 0) / mass)
  const bound = (2 * Math.sqrt(3 / 50)) / deviation
  const most = Math.max(...cut.map(Math.abs))
  // the rule's error is of the order of the square of its step, 4e-8
  assert.ok(most < bound * (1 + 1e-7) && most > 0.99 * bound, `${most} of ${bound}`)
})

test('normal, truncatedNormal and uniform have the spread they are asked for', () => {
  spreadOf(draw(normal(0.02), [100, 100]), 4e-4, 'normal')
  spreadOf(draw(uniform(0.3), [10000]), 0.03, 'uniform')
  const cut = draw(truncatedNormal(0.5, 1), [10000])
  assert.ok(cut.every((v) => Math.abs(v) < 0.5))
  // variance of N(0, 1) within (−1, 1): 1 − 2 φ(1) / (2 Φ(1) − 1) = 0.291125
  spreadOf(cut, 0.25 * 0.2911250947, 'truncatedNormal')
})

test('orthogonal: rows or columns, whichever are fewer, are orthonormal times the gain', () => {
  for (const shape of [
    [5, 5],
    [7, 3],
    [3, 7],
    [4, 3, 2, 2],
    [1, 6],
    [6, 1],
  ]) {
    const [rows, ...rest] = shape as [number, ...number[]]
    const columns = rest.reduce((a, b) => a * b, 1)
    const w = reshape(orthogonal({ gain: 2 })(key(3), shape, { dtype: 'f64' }), [rows, columns])
    const gram: Tensor = rows < columns ? matmul(w, transpose(w)) : matmul(transpose(w), w)
    const n = Math.min(rows, columns)
    close(
      elements(gram),
      Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 4 : 0)),
    )
  }
})

test('orthogonal: signs are even, in 2 × 2 matrices every quadrant comes about as often', () => {
  const signs = [0, 0, 0, 0]
  for (let seed = 0; seed < 200; seed++) {
    const [a, , c] = draw(orthogonal(), [2, 2], seed) as [number, number, number]
    signs[(a > 0 ? 1 : 0) + (c > 0 ? 2 : 0)]!++
  }
  // 50 ± 6.1 each; without the signs of R the first would be negative always
  assert.ok(
    signs.every((n) => n > 50 - 5 * 6.2 && n < 50 + 5 * 6.2),
    `${signs}`,
  )
})

test('constants', () => {
  assert.equal(draw(constant(0.5), [2]), [0.5, 0.5])
  assert.equal(draw(zeros, [2]), [0, 0])
  assert.equal(draw(ones, [2]), [1, 1])
})

test('the same key gives the same weights, another gives others, f32 by default', () => {
  for (const [name, one] of Object.entries(initialisers)) {
    const initialiser = (
      ['constant', 'normal', 'truncatedNormal', 'uniform'].includes(name)
        ? (one as (v: number) => Initialiser)(0.5)
        : name === 'orthogonal'
          ? orthogonal()
          : name === 'varianceScaling'
            ? varianceScaling({ scale: 1, mode: 'fanIn', distribution: 'normal' })
            : one
    ) as Initialiser
    assert.is(initialiser(key(0), [3, 2]).dtype, 'f32', name)
    assert.equal(draw(initialiser, [3, 2], 1), draw(initialiser, [3, 2], 1), name)
    if (!['constant', 'zeros', 'ones'].includes(name))
      assert.not.equal(draw(initialiser, [3, 2], 1), draw(initialiser, [3, 2], 2), name)
  }
})

test('nothing is left alive but the weights', () => {
  const seed = foldIn(key(0), 1)
  for (const initialiser of [orthogonal(), normal(), truncatedNormal(), uniform(1), initialisers.heNormal]) {
    const before = liveBuffers().count
    const weights = initialiser(seed, [3, 2])
    assert.is(liveBuffers().count, before + 1)
    dispose(weights)
  }
})

test('wrong calls are errors that say so', () => {
  assert.is(
    messageOf(() => initialisers.heNormal(key(0), [3])),
    'varianceScaling: a weight [3] joins no inputs and outputs: two axes or more, or another initialiser.',
  )
  assert.is(
    messageOf(() => orthogonal()(key(0), [3])),
    'orthogonal: a weight [3] is no matrix: two axes or more, or another initialiser.',
  )
  assert.is(
    messageOf(() => normal(-1)),
    'normal: the standard deviation is a number ≥ 0, got -1.',
  )
  assert.is(
    messageOf(() => truncatedNormal(1, 0)),
    'truncatedNormal: cut is a number > 0, got 0.',
  )
  assert.is(
    messageOf(() => varianceScaling({ scale: 0, mode: 'fanIn', distribution: 'normal' })),
    'varianceScaling: scale is a number > 0, got 0.',
  )
})

test.run()
