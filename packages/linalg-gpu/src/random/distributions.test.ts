/** What the numbers are distributed as, and how the functions behave. All keys are fixed: nothing fails by chance.
 *  A statistic is held below its critical value at 0.1 %: for Kolmogorov–Smirnov 1.949 / √n, for χ² by its table. */

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, full } from '../ops/creation.js'
import { slice } from '../ops/shape.js'
import { plainDevice } from '../plain/device.js'
import { erf } from '../plain/special.js'
import { jit, trace } from '../run/jit.js'
import { defaultDevice } from '../run/onDevice.js'
import { data, item, readSync, toNested } from '../run/read.js'
import { dispose, liveBuffers } from '../run/scope.js'
import type { Tensor } from '../trace/tensor.js'
import { exponential, gumbel, normal, truncatedNormal } from './continuous.js'
import { bernoulli, categorical, permutation, randint } from './discrete.js'
import { foldIn, key, splitKey } from './key.js'
import { bits, uniform } from './uniform.js'

const n = 20_000
const range = (m: number): number[] => Array.from({ length: m }, (_, i) => i)
const numbers = (x: Tensor): number[] => Array.from(readSync(x))
const phi = (x: number): number => (1 + erf(x / Math.SQRT2)) / 2

const ks = (xs: readonly number[], cdf: (x: number) => number): number =>
  [...xs]
    .sort((a, b) => a - b)
    .reduce((d, x, i) => Math.max(d, cdf(x) - i / xs.length, (i + 1) / xs.length - cdf(x)), 0) * Math.sqrt(xs.length)
const fits = (xs: readonly number[], cdf: (x: number) => number): void => {
  const d = ks(xs, cdf)
  assert.ok(d < 1.949, `√n·D = ${d}`)
}

const chiSquare = (observed: readonly number[], expected: readonly number[]): number =>
  observed.reduce((sum, o, i) => sum + (o - expected[i]!) ** 2 / expected[i]!, 0)
const counts = (xs: readonly number[], bins: number): number[] => {
  const out = new Array<number>(bins).fill(0)
  for (const x of xs) out[x]!++
  return out
}
// by degrees of freedom, at 0.1 %
const critical: Readonly<Record<number, number>> = {
  3: 16.266,
  5: 20.515,
  9: 27.877,
  15: 37.697,
  23: 49.728,
  255: 330.52,
}
const even = (observed: readonly number[], total: number): void => {
  const x = chiSquare(observed, new Array(observed.length).fill(total / observed.length))
  assert.ok(x < critical[observed.length - 1]!, `χ² = ${x}`)
}

const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length
/** Mean and variance, each within 3.29 standard errors (0.1 %), from the distribution's 2nd and 4th central moments. */
const moments = (xs: readonly number[], m: number, variance: number, fourth: number): void => {
  const got = mean(xs)
  const spread = mean(xs.map((x) => (x - m) ** 2))
  assert.ok(Math.abs(got - m) < 3.29 * Math.sqrt(variance / xs.length), `mean ${got}`)
  assert.ok(Math.abs(spread - variance) < 3.29 * Math.sqrt((fourth - variance ** 2) / xs.length), `variance ${spread}`)
}

test('every byte of the words is uniform, and they are not correlated with their neighbours', () => {
  const words = numbers(bits(key(1), [n]))
  for (const shift of [0, 8, 16, 24])
    even(
      counts(
        words.map((w) => (w >>> shift) & 255),
        256,
      ),
      n,
    )
  const xs = words.map((w) => w / 2 ** 32 - 0.5)
  for (const lag of [1, 2, 100]) {
    const r = mean(xs.slice(lag).map((x, i) => x * xs[i]!)) * 12
    assert.ok(Math.abs(r) < 3.29 / Math.sqrt(n - lag), `lag ${lag}: ${r}`)
  }
})

test('uniform numbers are uniform in each dtype, and never reach high', () => {
  for (const dtype of ['f32', 'f64', 'f16'] as const) {
    const xs = numbers(uniform(key(2), [n], { dtype }))
    assert.ok(xs.every((x) => x >= 0 && x < 1))
    // f16 has steps of 2⁻¹⁰: its middle stands for the step
    fits(dtype === 'f16' ? xs.map((x) => x + 2 ** -11) : xs, (x) => x)
    moments(xs, dtype === 'f16' ? 0.5 - 2 ** -11 : 0.5, 1 / 12, 1 / 80)
  }
  fits(numbers(uniform(key(3), [n], { low: -2, high: 5 })), (x) => (x + 2) / 7)
})

test('bounds may be tensors, which broadcast', () => {
  const low = array([[0], [10]])
  const x = uniform(key(4), [2, 1000], { low, high: array([[1], [30]]) })
  const [a, b] = toNested(x) as [number[], number[]]
  fits(a, (v) => v)
  fits(b, (v) => (v - 10) / 20)
  const plainOnes = toNested(uniform(key(4), [2, 1000])) as number[][]
  assert.equal(a, plainOnes[0])
})

test('normal, exponential and Gumbel numbers have their distributions and moments', () => {
  for (const dtype of ['f32', 'f64'] as const) {
    const x = numbers(normal(key(5), [n], { dtype }))
    fits(x, phi)
    moments(x, 0, 1, 3)
    const e = numbers(exponential(key(6), [n], { dtype }))
    fits(e, (v) => -Math.expm1(-v))
    moments(e, 1, 1, 9)
    const g = numbers(gumbel(key(7), [n], { dtype }))
    fits(g, (v) => Math.exp(-Math.exp(-v)))
    moments(g, 0.5772156649015329, Math.PI ** 2 / 6, (Math.PI ** 4 * 3) / 20)
  }
})

test('no normal number is infinite: the extreme words give ±5.4 in f32', () => {
  const x = numbers(normal(key(8), [300_000]))
  assert.ok(x.every((v) => Math.abs(v) < 5.5))
})

test('truncated normal numbers lie strictly inside and have their distribution', () => {
  for (const dtype of ['f32', 'f64'] as const)
    for (const [low, high] of [[-1, 2], [0.3, 0.4], [-Infinity, -1], [1.5, Infinity], [0, 1e-3]] as const) {
      const x = numbers(truncatedNormal(key(9), low, high, [n], { dtype }))
      const round = dtype === 'f32' ? Math.fround : (v: number): number => v
      assert.ok(x.every((v) => v > round(low) && v < round(high)), `${low} ${high}`)
      fits(x, (v) => (phi(v) - phi(low)) / (phi(high) - phi(low)))
    } // biome-ignore format: a table
})

test('where the interval is so narrow that rounding would leave it, the bounds still hold', () => {
  // between two neighbours of f32 there is nothing; between next neighbours one number
  const ulp = 2 ** -23
  for (const low of [1, -1 - 2 * ulp, 3 * 2 ** -10])
    for (const dtype of ['f32', 'f64'] as const) {
      const step =
        dtype === 'f32'
          ? ulp * 2 ** Math.floor(Math.log2(Math.abs(low)))
          : 2 ** -52 * 2 ** Math.floor(Math.log2(Math.abs(low)))
      const x = numbers(truncatedNormal(key(10), low, low + 2 * step, [50], { dtype }))
      assert.equal(new Set(x), new Set([low + step]))
    }
  // far out in a tail erf is 1: the values are held inside, whatever their distribution
  assert.ok(numbers(truncatedNormal(key(10), 7, 8, [50])).every((v) => v > 7 && v < 8))
})

test('bounds of a truncated normal may be tensors, and give the shape', () => {
  const x = truncatedNormal(key(11), array([0, 1, 2]), array([1, 2, 3]))
  assert.equal(x.shape, [3])
  assert.equal(truncatedNormal(key(11), array([0, 1, 2]), array([[5], [6]])).shape, [2, 3])
  numbers(x).forEach((v, i) => {
    assert.ok(v > i && v < i + 1)
  })
})

test('bernoulli has its frequency; 0 and 1 are certain; the shape is that of p', () => {
  for (const p of [0.1, 0.5, 0.9]) {
    const got = mean(numbers(bernoulli(key(12), p, [n])))
    assert.ok(Math.abs(got - p) < 3.29 * Math.sqrt((p * (1 - p)) / n), `${got} for ${p}`)
  }
  assert.equal(mean(numbers(bernoulli(key(12), 0, [n]))), 0)
  assert.equal(mean(numbers(bernoulli(key(12), 1, [n]))), 1)
  const x = bernoulli(key(12), array([0, 1, 0]))
  assert.is(x.dtype, 'bool')
  assert.equal(numbers(x), [0, 1, 0])
})

test('categorical has its frequencies along any axis, for logits of any level', () => {
  const p = [0.1, 0.2, 0.3, 0.4]
  for (const level of [0, -42, 1000]) {
    const logits = array(
      p.map((x) => Math.log(x) + level),
      { dtype: 'f64' },
    )
    const x = chiSquare(
      counts(numbers(categorical(key(13), logits, { shape: [n] })), 4),
      p.map((q) => q * n),
    )
    assert.ok(x < critical[3]!, `χ² = ${x}`)
  }
  const columns = array(p.map((x) => [Math.log(x), Math.log(0.5 - x)]))
  const draws = toNested(categorical(key(14), columns, { axis: 0, shape: [n, 2] })) as number[][]
  for (const c of [0, 1]) {
    const expected = p.map((x) => (c === 0 ? x : 0.5 - x) * n)
    assert.ok(
      chiSquare(
        counts(
          draws.map((row) => row[c]!),
          4,
        ),
        expected,
      ) < critical[3]!,
    )
  }
})

test('a logit of −∞ is never drawn', () => {
  const x = numbers(categorical(key(15), array([-Infinity, 0, -Infinity, 0]), { shape: [1000] }))
  assert.ok(x.every((v) => v === 1 || v === 3))
})

test('permutations are permutations, all of them equally often', () => {
  for (const m of [0, 1, 2, 7, 100, 2000])
    assert.equal(
      numbers(permutation(key(16), m)).sort((a, b) => a - b),
      range(m),
    )
  // each slice of the keys is code of its own for a GPU
  const times = defaultDevice().name === 'webgpu' ? 240 : 2400
  for (const m of [3, 4]) {
    const seen = new Map<string, number>()
    const keys = splitKey(key(17), times)
    const draw = jit((k: Tensor) => permutation(k, m))
    for (const i of range(times)) {
      const name = numbers(draw(slice(keys, i))).join('')
      seen.set(name, (seen.get(name) ?? 0) + 1)
    }
    even([...seen.values()], times)
  }
})

test('a permutation of a tensor moves whole slices', () => {
  const x = array(
    range(12).map((i) => [i, 10 * i]),
    { dtype: 'i32' },
  )
  const order = numbers(permutation(key(18), 12))
  assert.equal(
    toNested(permutation(key(18), x)),
    order.map((i) => [i, 10 * i]),
  )
  const wide = permutation(key(18), array([range(12), range(12)]), { axis: -1 })
  assert.equal(toNested(wide), [order, order])
})

test('randint is uniform and stays within its bounds', () => {
  even(
    counts(
      numbers(randint(key(19), [n], -3, 7)).map((x) => x + 3),
      10,
    ),
    n,
  )
  const wide = numbers(randint(key(20), [n], -(2 ** 31), 2 ** 31))
  even(
    counts(
      wide.map((x) => Math.floor((x + 2 ** 31) / 2 ** 28)),
      16,
    ),
    n,
  )
  const [low, high] = [array(new Int32Array([0, 100, 5])), array(new Int32Array([10, 101, 5]))]
  for (const [a, b, c] of toNested(randint(key(21), [200, 3], low, high)) as number[][]) {
    assert.ok(a! >= 0 && a! < 10)
    // a tensor's interval without a number gives low
    assert.equal([b, c], [100, 5])
  }
})

test('law: key i does not depend on how many are made; foldIn(k, i) is key i; none are equal', () => {
  const k = key(22)
  const many = toNested(splitKey(k, 1000)) as number[][]
  assert.equal(toNested(splitKey(k, 3)), many.slice(0, 3))
  assert.equal(toNested(splitKey(k)), many.slice(0, 2))
  for (const i of [0, 1, 999]) assert.equal(toNested(foldIn(k, i)), many[i])
  const grandchildren = range(20).flatMap((i) => toNested(splitKey(foldIn(k, i), 50)) as number[][])
  const all = [toNested(k), ...many, ...grandchildren].map(String)
  assert.is(new Set(all).size, 2001)
})

test('streams of different keys are not correlated', () => {
  const keys = splitKey(key(23), 3)
  const draws = [0, 1, 2].map((i) => numbers(normal(slice(keys, i), [n])))
  for (const [i, j] of [[0, 1], [0, 2], [1, 2]] as const) {
    const r = mean(draws[i]!.map((x, t) => x * draws[j]![t]!))
    assert.ok(Math.abs(r) < 3.29 / Math.sqrt(n), `${i} with ${j}: ${r}`)
  } // biome-ignore format: pairs
})

const logits = array([1, 2, 3])
const everything: readonly (readonly [string, (k: Tensor) => Tensor])[] = [
  ['splitKey', (k) => splitKey(k, [2, 3])],
  ['foldIn', (k) => foldIn(k, 7)],
  ['bits', (k) => bits(k, [2, 3])],
  ['uniform', (k) => uniform(k, [5], { low: -1, high: 2 })],
  ['uniform f64', (k) => uniform(k, [5], { dtype: 'f64' })],
  ['uniform f16', (k) => uniform(k, [5], { dtype: 'f16' })],
  ['normal', (k) => normal(k, [5])],
  ['truncatedNormal', (k) => truncatedNormal(k, -1, 1, [5])],
  ['exponential', (k) => exponential(k, [5])],
  ['gumbel', (k) => gumbel(k, [5])],
  ['bernoulli', (k) => bernoulli(k, 0.3, [5])],
  ['categorical', (k) => categorical(k, logits, { shape: [5] })],
  ['permutation', (k) => permutation(k, 9)],
  ['randint', (k) => randint(k, [5], 0, 9)],
]

test('the same key gives the same numbers, at once and in jit, as a constant, an argument, or captured', () => {
  for (const [name, f] of everything) {
    const made = slice(splitKey(key(24)), 1)
    const once = numbers(f(made))
    assert.equal(numbers(f(made)), once, name)
    assert.equal(numbers(jit(f)(made)), once, name)
    assert.equal(numbers(jit(() => f(made))()), once, name)
    assert.equal(numbers(jit(() => f(slice(splitKey(key(24)), 1)))()), once, name)
  }
})

test('everything is made of elementwise operations, shapes, and a sort', () => {
  const allowed = new Set([
    'full', 'iota', 'threefry', 'slice', 'reshape', 'broadcast', 'concatenate', 'binary', 'unary', 'cast', 'bitcast',
    'compare', 'select', 'test', 'mark', 'argsort', 'argReduce', 'gather',
  ]) // biome-ignore format: a list
  for (const [name, f] of everything)
    for (const { op } of trace(f)(key(0)).eqns) assert.ok(allowed.has(op.kind), `${name}: ${op.kind}`)
})

test('a key has no device until it is used: the draw is where the parameters are', () => {
  const other = plainDevice({ name: 'other' })
  const x = uniform(key(0), [3], { low: array([0, 1, 2], { device: other }), high: 5 })
  assert.is(x.device, other)
  assert.is(key(0).device, undefined)
  dispose(x)
})

test('nothing is left but what is returned', () => {
  for (const [name, f] of everything) {
    const k = slice(splitKey(key(25)), 0)
    const before = liveBuffers().count
    const x = f(k)
    assert.is(liveBuffers().count, before + 1, name)
    dispose([x, k])
  }
})

test('shapes with nothing in them, and scalars', async () => {
  for (const draw of [normal, uniform, exponential, gumbel]) {
    assert.equal(draw(key(0), [3, 0]).shape, [3, 0])
    assert.equal(draw(key(0)).shape, [])
  }
  assert.equal(splitKey(key(0), 0).shape, [0, 2])
  assert.equal(randint(key(0), [0], 0, 1).shape, [0])
  assert.equal(categorical(key(0), full([0, 3], 0)).shape, [0])
  assert.equal(categorical(key(0), full([1, 3], 0), { shape: [5] }).shape, [5])
  assert.is((await data(permutation(key(0), 0))).length, 0)
  assert.type(item(categorical(key(0), array([1, 2, 3]))), 'number')
})

test('wrong arguments are refused by name', () => {
  const k = key(0)
  const throws = (f: () => unknown, message: RegExp): void => assert.throws(f, message)
  for (const seed of [-1, 0.5, Number.NaN, 2 ** 53]) throws(() => key(seed), /key: a seed is a whole number/)
  throws(() => jit((s: number) => key(s))(3), /key: a seed is a JavaScript number: .* foldIn/)
  throws(() => normal(array([1, 2])), /normal: a key is u32\[2\], got f32\[2\]/)
  throws(() => normal(splitKey(k)), /normal: a key is u32\[2\], got u32\[2,2\].* slice\(keys, i\)/)
  throws(() => normal(3 as never), /normal: expected a tensor, got number/)
  throws(() => bits(k, [-1]), /bits: sizes are non-negative integers/)
  throws(() => bits(k, [2 ** 33]), /bits: .* more than 2³²/)
  throws(() => foldIn(k, -1), /foldIn: the number -1 is no u32/)
  throws(() => foldIn(k, array([1])), /foldIn: data is a whole number or a scalar of integers, got f32\[1\]/)
  throws(() => jit((i: number) => foldIn(k, i))(1), /foldIn: data is a number argument of jit, .* pass array/)
  throws(() => uniform(k, [2], { low: 2, high: 1 }), /uniform: the interval from 2 to 1 is empty/)
  throws(() => uniform(k, [2], { high: Infinity }), /uniform: the interval .* infinite/)
  throws(
    () => uniform(k, [2], { low: array([1, 2, 3]) }),
    /uniform: parameters of shape \[3\] do not broadcast to the shape \[2\]/,
  )
  throws(() => uniform(k, [1], { low: array([1], { dtype: 'f64' }) }), /uniform: a parameter is f64\[1\], the draw f32/)
  throws(() => truncatedNormal(k, 1, 1), /truncatedNormal: the interval from 1 to 1 is empty/)
  throws(() => truncatedNormal(k, array([1, 2]), array([1, 2, 3])), /truncatedNormal: parameters of shapes \[2\] \[3\]/)
  throws(() => bernoulli(k, 1.5), /bernoulli: p is a probability, got 1.5/)
  throws(
    () =>
      categorical(
        k,
        array([
          [1, 2],
          [3, 4],
        ]),
        { shape: [3] },
      ),
    /categorical: the logits without axis 1 have shape \[2\], which does not broadcast to \[3\]/,
  )
  throws(() => categorical(k, 3), /categorical: axis -1 of a scalar/)
  throws(() => permutation(k, 2.5), /permutation: sizes are non-negative integers/)
  throws(() => permutation(k, array(3)), /permutation: axis 0 of a scalar/)
  throws(() => randint(k, [2], 3, 3), /randint: there is no whole number x with 3 ≤ x < 3/)
  throws(() => randint(k, [2], 0, 0.5), /randint: bounds are whole numbers/)
  throws(() => randint(k, [2], -1, 5, { dtype: 'u32' }), /randint: bounds are whole numbers in 0/)
  throws(() => randint(k, [1], array([1]), 5), /randint: a bound is f32\[1\], the draw i32/)
})

test.run()
