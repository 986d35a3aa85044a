import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { binaryOf, unaryOf } from '../../plain/elementwise.js'
import { polygamma } from '../../plain/special.js'
import type { BinaryFn, UnaryFn } from '../../program/op.js'
import { func, get } from '../assembler.js'
import { binaryF32, expandedUnaryF32, inlineUnaryF32, polygammaF32, unaryF32 } from './f32.js'
import { everyExponent, mapper, ulpsF32 } from './math.testing.js'

// The oracle is the plain device's function in f64, which is within a few of its own last places.
// The limits are those that the exhaustive sweep found, see the headers, and a little: 2 is what is promised.

const exact: readonly UnaryFn[] = ['neg', 'abs', 'sign', 'floor', 'ceil', 'round', 'trunc', 'sqrt', 'square', 'relu']
const nearest: readonly UnaryFn[] = [
  'expm1', 'log', 'log1p', 'cbrt', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'asinh',
  'acosh', 'atanh', 'softplus', 'sigmoid', 'tanh', 'erfc', 'lgamma', 'erfinv',
] // biome-ignore format: a list
const fast: readonly UnaryFn[] = ['exp', 'erf', 'rsqrt', 'tanh']
const unaries: readonly UnaryFn[] = [...exact, ...nearest, ...fast]
const binaries: readonly BinaryFn[] = ['add', 'sub', 'mul', 'div', 'pow', 'max', 'min', 'atan2', 'mod', 'rem', 'quot']

const limit = (fn: string): number => (exact.includes(fn as UnaryFn) ? 0.5 : fast.includes(fn as UnaryFn) ? 1.5 : 0.55)

// where something happens, with both neighbours
const bits = new Uint32Array(1)
const float = new Float32Array(bits.buffer)
const neighbours = (x: number): readonly number[] => {
  float[0] = x
  const own = bits[0]!
  return [-1, 0, 1].map((step) => {
    bits[0] = own + step
    return float[0]!
  })
}
const corners: readonly number[] = [
  0, 1.4e-45, 1.1754944e-38, 1e-20, 3e-8, 6e-8, 1e-4, 0.25, Math.SQRT1_2, 0.5, 0.625, 1, 1.5, Math.SQRT2, 2, Math.E, 3, 3.9, 4,
  5, 7.5, 8, 9, 10, 10.05, 10.3, 15, 16.6, 17, 20, 22, 32, 64, 87, 87.3, 88, 88.7, 88.72283, 89.4, 100, 103, 103.9, 104, 110, 127, 128, 255,
  1000, 8388607.5, 8388608, 2 ** 20, 2 ** 21, 2 ** 24, 2 ** 31, 1e10, 1e20, 1e30, 3.4028235e38,
  ...[1, 2, 3, 4, 5, 6, 7, 8, 100, 101, 1e4, 1e5].map((n) => (n * Math.PI) / 2), ...[1, 2, 3, 50, 126, 127, 149].map((n) => n * Math.LN2),
].flatMap(neighbours) // biome-ignore format: a list
const special: readonly number[] = [...corners, ...corners.map((x) => -x), 0, -0, NaN, Infinity, -Infinity]
const ordinary = Array.from({ length: 40_000 }, (_, i) => (i - 20_000) / 371)

const compare = (
  fn: string,
  xs: Float32Array,
  found: Float32Array,
  wanted: (i: number) => number,
  most: number,
): void => {
  let [worst, at] = [0, 0]
  for (let i = 0; i < xs.length; i++) {
    const error = ulpsF32(found[i]!, wanted(i))
    if (error > worst) [worst, at] = [error, i]
  }
  assert.ok(worst <= most, `${fn}(… ${xs[at]} …) = ${found[at]}, not ${Math.fround(wanted(at))}: off by ${worst} ulp`)
}

for (const fn of unaries) {
  test(`${fn} of f32 is near the true value at every exponent, and right at the special arguments`, () => {
    const count = fn === 'erfinv' || fn === 'lgamma' ? 10 : 300
    const xs = Float32Array.from([...special, ...ordinary, ...everyExponent(count)])
    const found = new Float32Array(mapper(unaryF32(fn))(xs)[0]!)
    const oracle = unaryOf(fn, 'f32')
    compare(fn, xs, found, (i) => oracle(xs[i]!), limit(fn))
  })
}

for (const fn of binaries) {
  test(`${fn} of f32 is near the true value, and right at the special arguments`, () => {
    const some = [
      0, 1e-45, 1e-38, 1e-5, 0.25, 1 / 3, 0.5, 0.9999999, 1, 1.0000001, 1.5, 2, 2.5, 3, 4, 5, 7, 10, 33, 127, 128, 149, 150, 1000, 1001,
      8388607.5, 16777215, 16777216, 2 ** 28, 2 ** 29, 1e9, 1e30, 3.4028235e38, Infinity,
    ] // biome-ignore format: a list
    const all = [...some, ...some.map((x) => -x), NaN]
    const random = everyExponent(100).map((x) => x)
    const others = random.map((_, i) => random[(i * 7919 + 13) % random.length]!)
    const near = others.map((_, i) => Math.sin(i) * 2 ** (i % 9))
    const middle = near.map((_, i) => Math.abs(Math.cos(i)) * 2 ** (i % 11))
    const xs = Float32Array.from([...all.flatMap((x) => all.map(() => x)), ...random, ...middle])
    const ys = Float32Array.from([...all.flatMap(() => all), ...others, ...near])
    const found = new Float32Array(mapper(binaryF32(fn))(xs, ys)[0]!)
    const oracle = binaryOf(fn, 'f32')
    compare(fn, xs, found, (i) => oracle(xs[i]!, ys[i]!), fn === 'pow' || fn === 'atan2' ? 0.55 : 0.5)
  })
}

test('polygamma of f32 is the plain one, rounded', () => {
  const xs = Float32Array.from([0.5, 1, 2, 30, -0.5, -3, 0, NaN, Infinity, 1e-3, 1e5, -7.25])
  for (const n of [0, 1, 4]) {
    const found = new Float32Array(mapper(polygammaF32(n))(xs)[0]!)
    compare('polygamma', xs, found, (i) => polygamma(n, xs[i]!), 0.5)
  }
})

test('a lane has the same bits, whatever stands in the others', () => {
  const some = [0.3, -2.5, 1e30, -1e30, NaN, Infinity, -Infinity, 1e-40, 0, -0, 88.9, -103, 3, 0.7, -0.7, 1.5]
  const lanes = (x: number, place: number, other: number): readonly number[] =>
    [0, 1, 2, 3].map((lane) => (lane === place ? x : other))
  const each = some.flatMap((x) => some.flatMap((other) => [0, 1, 2, 3].map((place) => ({ x, place, other }))))
  const xs = Float32Array.from(each.flatMap(({ x, place, other }) => lanes(x, place, other)))
  const alone = Float32Array.from(each.flatMap(({ x }) => [x, x, x, x]))
  const bitsOf = (buffer: ArrayBuffer): Int32Array => new Int32Array(buffer)
  const same = (fn: string, mixed: Int32Array, pure: Int32Array): void => {
    each.forEach(({ x, place, other }, i) => {
      assert.is(mixed[4 * i + place], pure[4 * i], `${fn}(${x}) beside ${other}`)
    })
  }
  for (const fn of unaries) {
    const run = mapper(unaryF32(fn))
    same(fn, bitsOf(run(xs)[0]!), bitsOf(run(alone)[0]!))
  }
  for (const fn of binaries) {
    const run = mapper(binaryF32(fn))
    for (const y of some) {
      const ys = Float32Array.from(each.flatMap(({ place, other }) => lanes(y, place, other)))
      const ysAlone = ys.map(() => y)
      same(fn, bitsOf(run(xs, ys)[0]!), bitsOf(run(alone, ysAlone)[0]!))
    }
  }
})

test('in place a function gives the bits that a call gives', () => {
  const xs = Float32Array.from([...special, ...ordinary])
  for (const fn of unaries) {
    const expanded = func('f', ['v128'], ['v128'], ([x], local) => expandedUnaryF32(fn, get(x!), local))
    assert.equal(new Int32Array(mapper(expanded)(xs)[0]!), new Int32Array(mapper(unaryF32(fn))(xs)[0]!), fn)
  }
})

test('what is one instruction or two is written in place', () => {
  assert.equal(
    unaries.filter((fn) => inlineUnaryF32(fn, []) !== undefined),
    ['neg', 'abs', 'floor', 'ceil', 'round', 'trunc', 'sqrt', 'square', 'relu', 'rsqrt'],
  )
})

test.run()
