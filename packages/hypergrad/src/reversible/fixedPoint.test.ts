import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { addScaled, copyOf, differing, fixedPoint, valuesOf } from './fixedPoint.js'
import { integers } from './integers.testing.js'

/** The float as an integer, by exact arithmetic: its 53 bits and its exponent. */
const cut = (x: number): bigint => {
  const [sign, size] = [x < 0 ? -1n : 1n, Math.abs(x)]
  if (size < 2 ** -100) return 0n
  const exponent = Math.floor(Math.log2(size)) - 60
  const mantissa = BigInt(size / 2 ** exponent)
  const shift = exponent + 52
  return sign * (shift >= 0 ? mantissa << BigInt(shift) : mantissa >> BigInt(-shift))
}

const numbers = fc.oneof(
  fc.double({ min: -1000, max: 1000, noNaN: true }),
  fc.double({ min: -1e-10, max: 1e-10, noNaN: true }),
  fc.constantFrom(0, -0, 1, -1, 2 ** -52, -(2 ** -52), 1.5 * 2 ** -52, -1.5 * 2 ** -52, 2 ** -60, 999.75),
)

test('sums are those of unbounded integers, cut towards zero', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(numbers, numbers), { minLength: 1, maxLength: 20 }), (pairs) => {
      const c = fixedPoint(pairs.map(([a]) => a))
      assert.is(
        addScaled(
          c,
          1,
          pairs.map(([, b]) => b),
        ),
        -1,
      )
      assert.equal(
        integers(c),
        pairs.map(([a, b]) => cut(a) + cut(b)),
      )
    }),
    { numRuns: 300 },
  )
})

test('what was added and taken away again leaves nothing', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(numbers, numbers, fc.double({ min: -2, max: 2, noNaN: true })), { minLength: 1 }),
      (rows) => {
        const c = fixedPoint(rows.map(([a]) => a / 10))
        const before = copyOf(c)
        const scale = rows[0]![2] / 10
        const step = rows.map(([, x]) => x)
        addScaled(c, scale, step)
        addScaled(c, -scale, step)
        assert.is(differing(c, before), 0)
      },
    ),
  )
})

test('values are the nearest doubles of the integers', () => {
  assert.equal(Array.from(valuesOf(fixedPoint([-1, 2 ** -52, -(2 ** -52), 2047.5]))), [
    -1,
    2 ** -52,
    -(2 ** -52),
    2047.5,
  ])
  // 2⁶² + 1 has 63 bits
  assert.is(valuesOf({ high: Int32Array.of(2 ** 30), low: Uint32Array.of(1) })[0], 1024)
})

test('the range ends at ±2048, and nothing beyond is stored', () => {
  assert.equal(integers(fixedPoint([-2048])), [-(2n ** 63n)])
  assert.throws(() => fixedPoint([1, 2048]), /fixedPoint: number 1 is 2048/)
  assert.throws(() => fixedPoint([Number.NaN]), /number 0 is NaN/)
  const c = fixedPoint([1, 2000, 3])
  assert.is(addScaled(c, 1, [1, 100, 1]), 1)
  assert.equal(Array.from(valuesOf(c)), [2, 2000, 3])
  assert.is(addScaled(c, 1, [0, Infinity, 0]), 1)
})

test('only the places that are named are added to', () => {
  const c = fixedPoint([1, 1, 1, 1])
  addScaled(c, 0.5, [1, 2, 3, 4], 1, 3)
  assert.equal(Array.from(valuesOf(c)), [1, 2, 2.5, 1])
})

test.run()
