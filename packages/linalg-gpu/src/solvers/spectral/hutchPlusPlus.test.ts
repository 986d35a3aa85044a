import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, item, key, mul } from '../../index.js'
import { hutchinson, hutchPlusPlus, operator, vectorSpace } from '../index.js'
import { diagonalOf, draws, normals, times, ulp, withEigenvalues } from '../systems.testing.js'
import { estimateOf, manyOf, near, spreadOf, traceOf, unbiased } from './traces.testing.js'

const random = draws(21)
/** Rank 3, not symmetric. */
const left = Array.from({ length: 12 }, () => normals(3, random))
const right = Array.from({ length: 3 }, () => normals(12, random))
const thin = times(left, right)
const decaying = withEigenvalues(
  Array.from({ length: 12 }, (_, i) => 0.5 ** i),
  draws(22),
)

test('exact for a rank up to the probes, and never exact below', () => {
  for (const dtype of ['f32', 'f64'] as const)
    for (const probes of [3, 4, 7]) {
      const { value, products } = estimateOf(hutchPlusPlus({ probes }), thin, dtype)
      // products of rank 3 and norm about 40, each rounded
      near(value, traceOf(thin), 12 * 40 * ulp[dtype])
      assert.is(products, 3 * probes)
    }
  assert.ok(Math.abs(estimateOf(hutchPlusPlus({ probes: 2 }), thin).value - traceOf(thin)) > 1e-3)
})

test('exact for as many probes as dimensions, or more, of any matrix', () => {
  const a = Array.from({ length: 5 }, () => normals(5, random))
  for (const probes of [5, 9]) {
    const { value, products } = estimateOf(hutchPlusPlus({ probes }), a)
    near(value, traceOf(a), 400 * ulp.f64)
    assert.is(products, 15)
  }
  assert.is(estimateOf(hutchPlusPlus({ probes: 1 }), [[-3]]).value, -3)
  assert.is(estimateOf(hutchPlusPlus({ probes: 2 }), diagonalOf([0, 0, 0])).value, 0)
})

test('unbiased, with each kind of vectors', () => {
  for (const testVectors of ['rademacher', 'gaussian', 'spherical'] as const)
    unbiased(manyOf(hutchPlusPlus({ probes: 2, testVectors }), thin, 300).values, traceOf(thin))
})

test('of a spectrum that decays it is far nearer than Hutchinson with the same products', () => {
  const truth = traceOf(decaying)
  const plain = spreadOf(manyOf(hutchinson({ probes: 12 }), decaying, 100).values, truth)
  const better = spreadOf(manyOf(hutchPlusPlus({ probes: 4 }), decaying, 100).values, truth)
  assert.ok(better < 0.4 * plain, `${better} and ${plain}`)
})

test('at any scale in f32, with the error that belongs to it', () => {
  const whole = estimateOf(hutchPlusPlus({ probes: 3 }), decaying, 'f32')
  assert.ok(whole.error > 0)
  for (const s of [1e-30, 1e30]) {
    const got = estimateOf(
      hutchPlusPlus({ probes: 3 }),
      decaying.map((row) => row.map((x) => s * x)),
      'f32',
    )
    near(got.value / s, whole.value, 100 * ulp.f32)
    near(got.error / s, whole.error, 100 * ulp.f32)
  }
})

test('vectors are trees; NaN shows; no probes are refused', () => {
  const tree = operator({
    domain: vectorSpace({ a: array([0]), b: array([[0, 0]]) }),
    apply: ({ a, b }) => ({ a: mul(3, a), b: mul(b, array([[4, 5]])) }),
  })
  near(item(hutchPlusPlus({ probes: 3 })(tree)(key(9)).value), 12, 100 * ulp.f32)
  assert.ok(
    Number.isNaN(
      estimateOf(hutchPlusPlus({ probes: 2 }), [
        [1, Number.NaN],
        [0, 1],
      ]).value,
    ),
  )
  assert.throws(() => hutchPlusPlus({ probes: 0.5 })(tree), 'hutchPlusPlus: probes is an integer ≥ 1, got 0.5')
})

test.run()
