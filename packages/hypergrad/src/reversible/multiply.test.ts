import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { addScaled, copyOf, differing, type FixedPoint, fixedPoint, valuesOf } from './fixedPoint.js'
import { fromIntegers, integers, multiplied } from './integers.testing.js'
import { multiply } from './multiply.js'
import { nearestRational, type Rational, toRational } from './rational.js'
import { bitLength, byteLength, leftOver, type Remainders, remainders } from './remainders.js'

const inverse = ({ n, d }: Rational): Rational => ({ n: d, d: n })

/** I of each number where nothing is spilled. */
const kept = ({ top }: Remainders): bigint[] => Array.from(top, BigInt)

test('worked numbers 3.7 a: times 7/8, and back', () => {
  for (const [from, to, remainder] of [
    [37n, 33n, 0n],
    [-37n, -32n, 0n],
    [1234567n, 1080240n, 1n],
    [-1234567n, -1080246n, 0n],
  ] as const) {
    const [c, rest] = [fromIntegers([from]), remainders(1)]
    multiply(c, rest, { n: 7, d: 8 })
    assert.equal([integers(c), kept(rest)], [[to], [remainder]])
    multiply(c, rest, { n: 8, d: 7 })
    assert.equal([integers(c), leftOver(rest)], [[from], 0])
  }
})

test('worked numbers 3.7 b: momenta as fractions', () => {
  assert.equal(
    [0.9, 0.5, 0.98, 0.99].map((gamma) => toRational(gamma)),
    [58983, 32769, 64226, 64881].map((n) => ({ n, d: 65536 })),
  )
})

test('momenta that cannot be undone are refused with the reason', () => {
  for (const fraction of [toRational, nearestRational])
    for (const gamma of [0, -0.5, Number.NaN, 1, 1.5, 1 - 2 ** -17])
      assert.throws(() => fraction(gamma), `the momentum is ${gamma}: at 0 a step cannot be undone`)
  assert.throws(() => nearestRational(2 ** -17), /the momentum is 0\.0000076/)
  assert.equal([2 ** -16, 1 - 2 ** -16].map(nearestRational), [
    { n: 1, d: 65536 },
    { n: 65535, d: 65536 },
  ])
})

test('the nearest fraction is the nearest of all', () => {
  assert.equal([0.5, 0.9, 0.95, 0.1, 1 / 3, Math.fround(0.9)].map(nearestRational), [
    { n: 1, d: 2 },
    { n: 9, d: 10 },
    { n: 19, d: 20 },
    { n: 1, d: 10 },
    { n: 1, d: 3 },
    { n: 9, d: 10 },
  ])
  fc.assert(
    fc.property(fc.double({ min: 2 ** -16, max: 1 - 2 ** -16, noNaN: true }), (gamma) => {
      const { n, d } = nearestRational(gamma)
      assert.ok(Number.isInteger(n) && 1 <= n && n < d && d <= 65536, `${n}/${d}`)
      let best = 1
      for (let q = 1; q <= 65536; q++) best = Math.min(best, Math.abs(Math.round(gamma * q) / q - gamma))
      // 0/1 and 1/1 are not among the answers
      if (best < Math.min(gamma, 1 - gamma)) assert.is(Math.abs(n / d - gamma), best)
    }),
    { numRuns: 100 },
  )
})

test('worked numbers 3.7 b: a hundred times .9, and back', () => {
  const ratio = toRational(0.9)
  const before = fromIntegers([1234567n, 2n ** 52n])
  const [c, rest] = [copyOf(before), remainders(2)]
  for (let i = 0; i < 100; i++) multiply(c, rest, ratio)
  assert.equal(integers(c), [6855n, 119743734997n])
  assert.ok(Math.abs(valuesOf(c)[1]! - 2.65884503e-5) < 1e-13)
  assert.equal(
    kept(rest).map((x) => x.toString(2).length),
    [14, 17],
  )
  for (let i = 0; i < 100; i++) multiply(c, rest, inverse(ratio))
  assert.is(differing(c, before), 0)
  assert.is(leftOver(rest), 0)
})

test('it is the arithmetic of unbounded integers, as long as nothing is spilled, for any fraction and any sign', () => {
  const fraction = fc.tuple(fc.integer({ min: 1, max: 65536 }), fc.integer({ min: 1, max: 65536 }))
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
      fc.bigInt({ min: 0n, max: 2n ** 35n }),
      fraction,
      (value, before, [p, q]) => {
        const ratio = { n: Math.min(p, q), d: Math.max(p, q) }
        const [c, rest] = [fromIntegers([value]), remainders(1)]
        rest.top[0] = Number(before)
        const [product, after] = multiplied([value, before], ratio)
        if (after >= 2n ** 36n) return
        multiply(c, rest, ratio)
        assert.equal([integers(c), kept(rest)], [[product], [after]])
        // and backwards
        assert.equal(multiplied([product, after], inverse(ratio)), [value, before])
        multiply(c, rest, inverse(ratio))
        assert.equal([integers(c), kept(rest)], [[value], [before]])
      },
    ),
    { numRuns: 2000 },
  )
})

/** v ← γₜ v + x, t < T, in pieces of the numbers with momenta of their own; and the same backwards. */
const there = (c: FixedPoint, rest: Remainders, momenta: readonly Rational[], moves: readonly Float64Array[]): void =>
  moves.forEach((x, t) => {
    const half = c.high.length >> 1
    multiply(c, rest, momenta[(2 * t) % momenta.length]!, 0, half)
    multiply(c, rest, momenta[(2 * t + 1) % momenta.length]!, half)
    assert.is(addScaled(c, 1, x), -1)
  })

const back = (c: FixedPoint, rest: Remainders, momenta: readonly Rational[], moves: readonly Float64Array[]): void => {
  const half = c.high.length >> 1
  for (let t = moves.length - 1; t >= 0; t--) {
    assert.is(addScaled(c, -1, moves[t]!), -1)
    multiply(c, rest, inverse(momenta[(2 * t + 1) % momenta.length]!), half)
    multiply(c, rest, inverse(momenta[(2 * t) % momenta.length]!), 0, half)
  }
}

const random = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1
}

const walk = (size: number, steps: number, next: () => number, scale: number): Float64Array[] =>
  Array.from({ length: steps }, () => Float64Array.from({ length: size }, () => scale * next()))

test('property 3.7 d: after random additions all comes back bit by bit, with the buffer empty', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 1e-4, max: 0.9999, noNaN: true }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 0, max: 200 }),
      fc.integer(),
      fc.constantFrom(1e-12, 1, 20),
      (gammas, size, steps, seed, scale) => {
        const next = random(seed)
        const momenta = gammas.flatMap((gamma) => [toRational(gamma), nearestRational(gamma)])
        // strong momenta get small moves, to stay in range
        const moves = walk(size, steps, next, scale * (1 - Math.max(...gammas)))
        const c = fixedPoint(walk(1, size, next, scale).map(([x]) => x!))
        const [before, rest] = [copyOf(c), remainders(size)]
        there(c, rest, momenta, moves)
        back(c, rest, momenta, moves)
        assert.is(differing(c, before), 0)
        assert.is(leftOver(rest), 0)
        assert.is(rest.spilled.count, 0)
      },
    ),
    { numRuns: 200 },
  )
})

test('property 3.7 d: a thousand steps take .998, .152 and .030 bits each, as with unbounded integers', () => {
  const [size, steps] = [200, 1000]
  for (const [gamma, bits] of [
    [0.5, 0.998],
    [0.9, 0.152],
    [0.98, 0.03],
  ] as const) {
    const moves = walk(size, steps, random(7), 1 - gamma)
    const ratio = toRational(gamma)
    const c = fixedPoint(moves[3]!)
    const [before, rest] = [copyOf(c), remainders(size)]
    there(c, rest, [ratio], moves)
    const length = bitLength(rest) / size
    // the lengths of single numbers differ by some bits, of which there are only 30 at .98
    assert.ok(Math.abs(length - steps * bits) <= Math.max(0.01 * steps * bits, 1.5), `γ = ${gamma}: ${length} bits`)
    assert.ok(Math.abs(length - steps * Math.log2(ratio.d / ratio.n)) < 2.5, `γ = ${gamma}: ${length} bits`)
    for (const i of [0, 99]) {
      let state: readonly [bigint, bigint] = [integers(before)[i]!, 0n]
      for (const move of moves) {
        const [product, more] = multiplied(state, ratio)
        state = [product + integers(fixedPoint([move[i]!]))[0]!, more]
      }
      const own = 16 * rest.depth[i]! + Math.log2(rest.top[i]!)
      assert.ok(Math.abs(own - Math.log2(Number(state[1]))) < 3, `γ = ${gamma}: ${own}, ${state[1].toString(2).length}`)
    }
    // twelve bytes for each number, two for each word spilled, and a quarter of room
    assert.is(
      rest.spilled.count,
      rest.depth.reduce((sum, n) => sum + n, 0),
    )
    assert.ok(byteLength(rest) <= 12 * size + 2 * (1024 + 1.25 * rest.spilled.count), `${byteLength(rest)} bytes`)
    back(c, rest, [ratio], moves)
    assert.is(differing(c, before) + leftOver(rest), 0)
  }
})

test.run()
