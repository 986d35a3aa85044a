import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fromHalf, toHalf } from './half.js'

// The oracle knows whole numbers only. A binary16 is m · 2⁻²⁴, an f64 is k · 2⁻¹⁰⁷⁴, both with whole m, k.
const wholeOfHalf = (bits: number): bigint => {
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  return exponent === 0 ? BigInt(fraction) : BigInt(1024 + fraction) << BigInt(exponent - 1)
}

const wholeOfDouble = (x: number): bigint => {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, Math.abs(x))
  const bits = view.getBigUint64(0)
  const exponent = bits >> 52n
  const fraction = bits & 0xfffffffffffffn
  return exponent === 0n ? fraction : (fraction + 0x10000000000000n) << (exponent - 1n)
}

const halves = Array.from({ length: 0x7c01 }, (_, bits) => wholeOfHalf(bits) << 1050n) // 0 … ∞, where ∞ counts as 2¹⁶

/** Nearest by bisection and comparison of distances; a tie to the even pattern. */
const oracle = (x: number): number => {
  const k = wholeOfDouble(x)
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0
  if (k >= halves[0x7c00]!) return sign | 0x7c00
  let low = 0
  let high = 0x7c00
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (halves[middle]! <= k) low = middle
    else high = middle
  }
  const below = k - halves[low]!
  const above = halves[high]! - k
  return sign | (below < above || (below === above && low % 2 === 0) ? low : high)
}

const view = new DataView(new ArrayBuffer(8))
/** The f64 next above (1) or below (−1) a positive one. */
const neighbour = (x: number, way: 1n | -1n): number => {
  view.setFloat64(0, x)
  view.setBigUint64(0, view.getBigUint64(0) + way)
  return view.getFloat64(0)
}

test('every pattern that is not NaN comes back as itself', () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const x = fromHalf(bits)
    if ((bits & 0x7fff) > 0x7c00) assert.ok(Number.isNaN(x))
    else if (toHalf(x) !== bits) assert.unreachable(`${bits} became ${x} and ${toHalf(x)}`)
  }
})

test('every finite pattern has the value m · 2⁻²⁴', () => {
  for (let bits = 0; bits < 0x7c00; bits++) {
    const value = Number(wholeOfHalf(bits)) / 2 ** 24
    if (fromHalf(bits) !== value) assert.is(fromHalf(bits), value)
    if (!Object.is(fromHalf(bits | 0x8000), -value)) assert.is(fromHalf(bits | 0x8000), -value)
  }
})

test('every tie goes to the even pattern, and its two neighbours in f64 to the nearer one', () => {
  for (let bits = 0; bits < 0x7c00; bits++) {
    const next = bits === 0x7bff ? 65536 : fromHalf(bits + 1)
    const tie = (fromHalf(bits) + next) / 2 // exact: both have 11 bits
    const found = [toHalf(tie), toHalf(neighbour(tie, -1n)), toHalf(neighbour(tie, 1n)), toHalf(-tie)]
    const even = bits + (bits % 2)
    const wanted = [even, bits, bits + 1, even | 0x8000]
    if (found.join() !== wanted.join()) assert.equal(found, wanted, `tie above pattern ${bits}`)
  }
})

test('the f64 beside every binary16 round to it', () => {
  for (let bits = 1; bits < 0x7c00; bits++) {
    const x = fromHalf(bits)
    const found = [toHalf(neighbour(x, -1n)), toHalf(neighbour(x, 1n))]
    if (found.join() !== [bits, bits].join()) assert.equal(found, [bits, bits], `beside pattern ${bits}`)
  }
})

test('20,000 values of all sizes agree with the whole-number oracle', () => {
  let state = 12345
  const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
  for (let i = 0; i < 20000; i++) {
    const x = (uniform() < 0.5 ? -1 : 1) * (1 + uniform()) * 2 ** Math.floor(uniform() * 46 - 28)
    if (toHalf(x) !== oracle(x)) assert.is(toHalf(x), oracle(x), `at ${x}`)
  }
})

test('zeros, the smallest, the largest, infinities and NaN', () => {
  const table: readonly (readonly [number, number])[] = [
    [0, 0],
    [-0, 0x8000],
    [5e-324, 0],
    [-5e-324, 0x8000],
    [2 ** -25, 0], // the tie between 0 and the smallest
    [2 ** -25 * (1 + 2 ** -52), 1],
    [2 ** -24, 1],
    [2 ** -14 - 2 ** -25, 0x400], // the tie between the largest subnormal, odd, and the smallest normal
    [2 ** -14, 0x400],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65519.99999999999, 0x7bff],
    [65520, 0x7c00],
    [1e308, 0x7c00],
    [-Infinity, 0xfc00],
    [NaN, 0x7e00],
    [1 + 2 ** -11 + 2 ** -40, 0x3c01], // by way of an f32 this would become a tie, and 0x3c00
  ]
  for (const [x, bits] of table) {
    assert.is(toHalf(x), bits, `toHalf(${x})`)
    assert.is(oracle(Number.isNaN(x) ? 0 : x), Number.isNaN(x) ? 0 : bits, `the oracle at ${x}`)
  }
  assert.is(fromHalf(0x7c00), Infinity)
  assert.is(fromHalf(0xfc00), -Infinity)
  assert.ok(Object.is(fromHalf(0x8000), -0))
})

test.run()
