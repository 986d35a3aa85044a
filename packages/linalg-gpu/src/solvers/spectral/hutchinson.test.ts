import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, item, key, mul, type Tensor } from '../../index.js'
import { hutchinson, matrix, operator, vectorSpace } from '../index.js'
import { diagonalOf, draws, normals, tensorOf, ulp } from '../systems.testing.js'
import { estimateOf, manyOf, meanOf, near, spreadOf, traceOf, unbiased } from './traces.testing.js'

const random = draws(11)
const skewed = Array.from({ length: 8 }, () => normals(8, random))
const kinds = ['rademacher', 'gaussian', 'spherical'] as const

for (const testVectors of kinds)
  test(`${testVectors} vectors give the trace on average, of a matrix that is not symmetric too`, () => {
    unbiased(manyOf(hutchinson({ probes: 4, testVectors }), skewed, 400).values, traceOf(skewed))
  })

test('the spread is the one of theory, and the error that is reported is about it', () => {
  const b = skewed.map((row, i) => row.map((x, j) => (x + skewed[j]![i]!) / 2))
  const off = b.flatMap((row, i) => row.filter((_, j) => j !== i)).reduce((total, x) => total + x * x, 0)
  const all = b.flat().reduce((total, x) => total + x * x, 0)
  for (const [testVectors, variance] of [
    ['rademacher', 2 * off],
    ['gaussian', 2 * all],
  ] as const) {
    const { values, errors } = manyOf(hutchinson({ probes: 16, testVectors }), skewed, 400)
    // the spread of 400 values is known to about 1/√800
    const want = Math.sqrt(variance / 16)
    near(spreadOf(values, traceOf(skewed)), want, 0.15 * want, testVectors)
    near(meanOf(errors), want, 0.15 * want, testVectors)
  }
})

test('vectors of ±1 are exact for a diagonal, at any scale, in both dtypes', () => {
  for (const dtype of ['f32', 'f64'] as const)
    for (const s of [1e-30, 1, 1e30]) {
      const { value, error, products } = estimateOf(hutchinson({ probes: 3 }), diagonalOf([s, -4 * s, 2.5 * s]), dtype)
      near(value / s, -0.5, 8 * ulp[dtype])
      near(error / s, 0, 8 * ulp[dtype])
      assert.is(products, 3)
    }
})

test('the error does not underflow in f32', () => {
  const scaled = skewed.map((row) => row.map((x) => 1e-30 * x))
  const [whole, small] = [skewed, scaled].map((a) => estimateOf(hutchinson({ probes: 8 }), a, 'f32'))
  near(small!.error * 1e30, whole!.error, 1e-5 * whole!.error)
  near(small!.value * 1e30, whole!.value, 1e-5 * whole!.error + 1e-5 * Math.abs(whole!.value))
})

test('one probe knows nothing of its error; one element is exact; what is not finite shows', () => {
  assert.is(estimateOf(hutchinson({ probes: 1 }), skewed).error, Infinity)
  assert.is(estimateOf(hutchinson({ probes: 2, testVectors: 'spherical' }), [[3]]).value, 3)
  assert.ok(
    Number.isNaN(
      estimateOf(hutchinson({ probes: 2 }), [
        [1, Number.NaN],
        [0, 1],
      ]).value,
    ),
  )
})

test('vectors are trees; a key gives one result', () => {
  const tree = operator({
    domain: vectorSpace({ a: array(0), b: array([0, 0]) }),
    apply: ({ a, b }) => ({ a: mul(3, a), b: mul(b, array([4, 5])) }),
  })
  assert.is(item(hutchinson({ probes: 2 })(tree)(key(9)).value), 12)
  const once = (): number => item(hutchinson({ probes: 3 })(matrix(tensorOf(skewed, 'f64')))(key(4)).value)
  assert.is(once(), once())
  assert.is.not(once(), item(hutchinson({ probes: 3 })(matrix(tensorOf(skewed, 'f64')))(key(5)).value))
})

test('what cannot be is refused with the reason', () => {
  const square = matrix(tensorOf([[1]], 'f64'))
  assert.throws(() => hutchinson({ probes: 0 })(square), 'hutchinson: probes is an integer ≥ 1, got 0')
  assert.throws(() => hutchinson({ probes: 1 })(matrix(tensorOf([[1, 2]], 'f64'))), /hutchinson: .* is not /)
  const empty = operator({ domain: vectorSpace(array([])), apply: (x: Tensor) => x })
  assert.throws(() => hutchinson({ probes: 1 })(empty), 'hutchinson: the operator has no dimension')
})

test.run()
