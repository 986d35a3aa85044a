import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, item, key, mul } from '../../index.js'
import { hutchinson, hutchPlusPlus, operator, vectorSpace, xTrace } from '../index.js'
import { diagonalOf, draws, normals, times, ulp, withEigenvalues } from '../systems.testing.js'
import { estimateOf, manyOf, meanOf, near, spreadOf, traceOf, unbiased } from './traces.testing.js'

const random = draws(31)
/** Rank 3, not symmetric. */
const thin = times(
  Array.from({ length: 12 }, () => normals(3, random)),
  Array.from({ length: 3 }, () => normals(12, random)),
)
const full = Array.from({ length: 6 }, () => normals(6, random))
const decaying = withEigenvalues(
  Array.from({ length: 12 }, (_, i) => 0.5 ** i),
  draws(32),
)
const kinds = ['rademacher', 'gaussian', 'spherical'] as const

for (const testVectors of kinds) {
  test(`${testVectors}: exact for a rank below the probes, and never exact above`, () => {
    for (const dtype of ['f32', 'f64'] as const)
      for (const probes of [4, 5, 9]) {
        const { value, products } = estimateOf(xTrace({ probes, testVectors }), thin, dtype)
        // sums of 12 · 12 products of numbers up to 40
        near(value, traceOf(thin), 12 * 40 * ulp[dtype], `${probes} in ${dtype}:`)
        assert.is(products, 2 * probes)
      }
    assert.ok(Math.abs(estimateOf(xTrace({ probes: 3, testVectors }), thin).value - traceOf(thin)) > 1e-3)
  })

  test(`${testVectors}: unbiased, whatever the number of probes`, () => {
    for (const probes of [1, 2, 3]) unbiased(manyOf(xTrace({ probes, testVectors }), thin, 300).values, traceOf(thin))
    unbiased(manyOf(xTrace({ probes: 4, testVectors }), full, 300).values, traceOf(full))
  })
}

test('spherical vectors are exact for as many probes as dimensions: the sphere of one dimension is two points', () => {
  for (const probes of [6, 8]) {
    const { value, products } = estimateOf(xTrace({ probes }), full)
    near(value, traceOf(full), 2000 * ulp.f64)
    assert.is(products, 12)
  }
  near(estimateOf(xTrace({ probes: 1 }), [[-3]]).value, -3, 8 * ulp.f64)
})

test('of a spectrum that decays: nearer than Hutch++ and Hutchinson with the same products', () => {
  const truth = traceOf(decaying)
  const spread = (values: readonly number[]): number => spreadOf(values, truth)
  const first = spread(manyOf(hutchinson({ probes: 12 }), decaying, 100).values)
  const second = spread(manyOf(hutchPlusPlus({ probes: 4 }), decaying, 100).values)
  const { values, errors } = manyOf(xTrace({ probes: 6 }), decaying, 100)
  const third = spread(values)
  assert.ok(third < 0.7 * second && second < first, `${third}, ${second}, ${first}`)
  // the error that is reported is that of the values
  assert.ok(meanOf(errors) > 0.4 * third && meanOf(errors) < 2.5 * third, `${meanOf(errors)} for ${third}`)
})

test('at any scale in f32; nothing is nothing', () => {
  const whole = estimateOf(xTrace({ probes: 4 }), decaying, 'f32')
  for (const s of [1e-30, 1e30]) {
    const got = estimateOf(
      xTrace({ probes: 4 }),
      decaying.map((row) => row.map((x) => s * x)),
      'f32',
    )
    // R of condition about 10
    near(got.value / s, whole.value, 500 * ulp.f32)
    near(got.error / s, whole.error, 500 * ulp.f32)
  }
  const none = estimateOf(xTrace({ probes: 2 }), diagonalOf([0, 0, 0]))
  assert.equal([none.value, none.error], [0, 0])
})

test('dependent sketches do no harm, however many', () => {
  for (const dtype of ['f32', 'f64'] as const) {
    const one = times(
      Array.from({ length: 40 }, (_, i) => [1 + i / 40]),
      [Array.from({ length: 40 }, (_, i) => 2 - i / 20)],
    )
    near(estimateOf(xTrace({ probes: 30 }), one, dtype).value, traceOf(one), 40 * 60 * ulp[dtype])
  }
})

test('vectors are trees; NaN shows; no probes are refused', () => {
  const tree = operator({
    domain: vectorSpace({ a: array([0]), b: array([[0, 0]]) }),
    apply: ({ a, b }) => ({ a: mul(3, a), b: mul(b, array([[4, 5]])) }),
  })
  near(item(xTrace({ probes: 3 })(tree)(key(9)).value), 12, 500 * ulp.f32)
  assert.ok(
    Number.isNaN(
      estimateOf(xTrace({ probes: 2 }), [
        [1, Number.NaN],
        [0, 1],
      ]).value,
    ),
  )
  assert.throws(() => xTrace({ probes: -1 })(tree), 'xTrace: probes is an integer ≥ 1, got -1')
})

test.run()
