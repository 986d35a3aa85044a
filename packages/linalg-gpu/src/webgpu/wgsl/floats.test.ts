import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { binaryOf, unaryOf } from '../../plain/elementwise.js'
import { lgamma, polygamma } from '../../plain/special.js'
import type { BinaryFn, UnaryFn } from '../../program/op.js'
import { everyExponent } from '../../wasm/math/math.testing.js'
import { sweep, worstOf } from './sweep.testing.js'

// The oracle is the plain device's function in f64. The limits are what was measured, which the headers state, and a little: 2 is what is
// promised of all but erfinv, lgamma and polygamma.

type Range = readonly [number, number]
type Row = readonly [limit: number, ...ranges: Range[]]

const unaries: Readonly<Partial<Record<UnaryFn, Row>>> = {
  neg: [0], abs: [0], sign: [0], floor: [0, [-9, 9]], ceil: [0, [-9, 9]], round: [0, [-9, 9]], trunc: [0, [-9, 9]],
  square: [0.5], relu: [0], sqrt: [0.5, [0, 4]], rsqrt: [1.5, [0, 4]], cbrt: [0.8, [-8, 8]],
  exp: [1, [-104, 89], [-1, 1]], expm1: [1.5, [-26, 89], [-1, 1]],
  sinh: [1.65, [-90, 90], [-3, 3]], cosh: [1.4, [-90, 90], [-3, 3]], tanh: [1.55, [-10, 10], [-1, 1]],
  sigmoid: [1.6, [-104, 20], [-4, 4]], softplus: [1.6, [-104, 20], [-4, 4]],
  log: [0.85, [0, 3], [0.5, 2]], log1p: [0.85, [-1, 3], [-0.5, 1]], asinh: [1.35, [-5, 5]], acosh: [1.45, [1, 5]], atanh: [1.05, [-1, 1]],
  sin: [1.05, [-30, 30], [-1e5, 1e5]], cos: [1.05, [-30, 30], [-1e5, 1e5]], tan: [1.65, [-30, 30], [-1e5, 1e5]],
  asin: [0.75, [-1, 1]], acos: [0.9, [-1, 1]], atan: [1.65, [-5, 5]],
  erf: [1.5, [-4, 4], [-1, 1]], erfc: [1.6, [-4, 10.2], [-1, 1]], erfinv: [5, [-1, 1], [0.999, 1]],
} // biome-ignore format: a table

for (const [fn, [limit, ...ranges]] of Object.entries(unaries) as [UnaryFn, Row][]) {
  test(`${fn} is near the true value at every exponent, and right at the special arguments`, async () => {
    const { error, where } = await worstOf({ kind: 'unary', fn }, [sweep(...ranges)], unaryOf(fn, 'f32'))
    assert.ok(error <= limit, `${fn}${where} ulp`)
  })
}

test('lgamma is near right of 0, and left of it but for a millionth of the larger of its values at x, -x and 1', async () => {
  const xs = sweep([0, 12], [-10, 0], [-300, 0])
  const right = await worstOf({ kind: 'unary', fn: 'lgamma' }, [xs.filter((x) => !(x < 0))], lgamma)
  assert.ok(right.error <= 8, `lgamma${right.where} ulp`)
  const relative = (found: number, wanted: number, x: number): number =>
    Math.abs(found - wanted) / Math.max(1, Math.abs(wanted), lgamma(-x))
  // a subnormal argument may count as the pole at 0
  const negative = xs.filter((x) => x <= -(2 ** -126))
  const left = await worstOf({ kind: 'unary', fn: 'lgamma' }, [negative], lgamma, relative)
  assert.ok(left.error <= 1e-6, `lgamma${left.where}`)
})

const some = [
  0, 2 ** -126, 2e-38, 1e-30, 1e-5, 0.25, 1 / 3, 0.5, 0.9999999, 1, 1.0000001, 1.5, 2, 2.5, 3, 4, 5, 7, 10, 33, 127, 128, 149, 150, 1000, 1001,
  8388607.5, 16777215, 16777216, 2 ** 28, 2 ** 29, 1e9, 1e30, 3.4028235e38, Infinity,
] // biome-ignore format: a list
const all = [...some, ...some.map((x) => -x), NaN]
const random = [...everyExponent(100)]
const others = random.map((_, i) => random[(i * 7919 + 13) % random.length]!)
const near = others.map((_, i) => Math.sin(i) * 2 ** (i % 9))
const middle = near.map((_, i) => Math.abs(Math.cos(i)) * 2 ** (i % 11))
// about 1, where a power has a large exponent
const unit = near.map((_, i) => Math.SQRT1_2 * (1 + i / near.length))
const steep = near.map((y, i) => y * (1 + (i % 200)))
const xs = Float32Array.from([...all.flatMap((x) => all.map(() => x)), ...random, ...middle, ...unit])
const ys = Float32Array.from([...all.flatMap(() => all), ...others, ...near, ...steep])

const binaries: Readonly<Partial<Record<BinaryFn, number>>> = {
  add: 0.5, sub: 0.5, mul: 0.5, div: 0.5, max: 0, min: 0, pow: 1, atan2: 1.65, rem: 0, mod: 0.5, quot: 0.5,
} // biome-ignore format: a table

for (const [fn, limit] of Object.entries(binaries) as [BinaryFn, number][]) {
  test(`${fn} of two floats is near the true value, and right at the special arguments`, async () => {
    const oracle = binaryOf(fn, 'f32')
    // a remainder that is subnormal may be lost in the sum with the divisor
    const used = xs.map((_, i) => i).filter((i) => fn !== 'mod' || !(Math.abs(ys[i]!) < 2 ** -102))
    const pick = (from: Float32Array): Float32Array => Float32Array.from(used, (i) => from[i]!)
    const { error, where } = await worstOf({ kind: 'binary', fn }, [pick(xs), pick(ys)], oracle)
    assert.ok(error <= limit, `${fn}${where} ulp`)
  })
}

test('polygamma is near the true value, and its poles are where they are', async () => {
  const right = Array.from({ length: 1000 }, (_, i) => (i + 0.5) / 25)
  const far = Array.from({ length: 380 }, (_, i) => 10 ** (i / 10))
  const ends = [0, -0, -1, -2, -7, -1e10, 1, 2, 3, 1e-6, 1e-20, NaN, Infinity, -Infinity]
  for (const [n, limit] of [[0, 4], [1, 4], [2, 4], [3, 5], [4, 6], [7, 8], [30, 20]] as const) {
    const args = Float32Array.from([...right, ...far, ...ends])
    const { error, where } = await worstOf({ kind: 'polygamma', n }, [args], (x) => polygamma(n, x))
    assert.ok(error <= limit, `polygamma(${n}, …)${where} ulp`)
  } // biome-ignore format: short
})

test('polygamma left of 0 is right but for a millionth of its value, or of that on the other side', async () => {
  const args = Float32Array.from({ length: 1500 }, (_, i) => -(i + 0.5) / 50)
  for (const n of [0, 1, 2, 3, 4, 36]) {
    const measure = (found: number, wanted: number, x: number): number => {
      // the terms of both sides that are added, at the distance to the nearest pole
      const r = Math.abs(x - Math.round(x))
      const scale = Math.max(Math.abs(wanted), Math.abs(polygamma(n, 1 - r)), Math.abs(polygamma(n, 1 - x)))
      return Math.abs(found - wanted) / scale
    }
    const { error, where } = await worstOf({ kind: 'polygamma', n }, [args], (x) => polygamma(n, x), measure)
    assert.ok(error <= 1e-6, `polygamma(${n}, …)${where}`)
  }
})

test.run()
