import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, exp, item, jit, key, log, map, mul, readSync, splitKey, type Tensor, toNested } from '../../index.js'
import {
  matrix,
  operator,
  spectralDensity,
  spectralSum,
  statusOf,
  stochasticLanczosQuadrature,
  vectorSpace,
} from '../index.js'
import { type Dense, diagonalOf, draws, type Precision, tensorOf, ulp, withEigenvalues } from '../systems.testing.js'
import type { QuadratureOptions } from './stochasticLanczosQuadrature.js'
import { meanOf, near, spreadOf, unbiased } from './traces.testing.js'

const spectrum = [8, 6, 5, 3, 2.5, 2, 1.5, 1, 0.7, 0.5]
const a = withEigenvalues(spectrum, draws(51))
const logDeterminant = spectrum.reduce((sum, x) => sum + Math.log(x), 0)

const sumOf = (
  a: Dense,
  f: (x: Tensor) => Tensor,
  options: QuadratureOptions,
  dtype: Precision = 'f64',
): { readonly value: number; readonly error: number; readonly status: string; readonly products: number } => {
  const run = jit((a: Tensor, own: Tensor) => {
    const quadrature = stochasticLanczosQuadrature(options)(matrix(a, { symmetric: true }))(own)
    return { ...spectralSum(quadrature, f), status: quadrature.status }
  })
  const { value, error, products, status } = run(tensorOf(a, dtype), key(0))
  return { value: item(value), error: item(error), products: item(products), status: statusOf(item(status)) }
}

test('of a multiple of the identity every sum is exact, with one step and no error', () => {
  for (const dtype of ['f32', 'f64'] as const) {
    const got = sumOf(diagonalOf([3, 3, 3, 3]), log, { steps: 3, probes: 4 }, dtype)
    near(got.value, 4 * Math.log(3), 40 * ulp[dtype])
    near(got.error, 0, 40 * ulp[dtype])
    assert.equal([got.status, got.products], ['converged', 12])
  }
})

test('with n steps each probe is qᵀf(A) q itself: of ±1 vectors and a diagonal all give the trace', () => {
  const diagonal = diagonalOf([0.5, 1, 2, 4, 8])
  for (const dtype of ['f32', 'f64'] as const) {
    for (const [f, want] of [
      [log, Math.log(32)],
      [(x: Tensor) => exp(mul(-1, x)), [0.5, 1, 2, 4, 8].reduce((sum, x) => sum + Math.exp(-x), 0)],
    ] as const) {
      const got = sumOf(diagonal, f, { steps: 5, probes: 3 }, dtype)
      near(got.value, want, 400 * ulp[dtype])
      near(got.error, 0, 400 * ulp[dtype])
    }
  }
})

test('the log-determinant is unbiased, and its error is about its spread', () => {
  for (const testVectors of ['rademacher', 'spherical'] as const) {
    const run = jit((a: Tensor, own: Tensor) =>
      map(
        (k: Tensor) => {
          const options = { steps: 10, probes: 8, testVectors }
          const { value, error } = spectralSum(stochasticLanczosQuadrature(options)(matrix(a))(k), log)
          return { value, error }
        },
        splitKey(own, 150),
      ),
    )
    const got = run(tensorOf(a, 'f64'), key(3))
    const values = Array.from(readSync(got.value))
    unbiased(values, logDeterminant)
    const spread = spreadOf(values, logDeterminant)
    near(meanOf(Array.from(readSync(got.error))), spread, 0.25 * spread)
  }
})

test('few steps are enough for a smooth function: the error falls geometrically', () => {
  const truth = sumOf(a, log, { steps: 10, probes: 5 }).value
  const miss = [2, 4, 6].map((steps) => Math.abs(sumOf(a, log, { steps, probes: 5 }).value - truth))
  // κ = 16: ρ = (√κ + 1)/(√κ − 1) = 5/3, so that two steps win about ρ⁴ ≈ 8; half of it is asked for
  assert.ok(miss[1]! < miss[0]! / 4 && miss[2]! < miss[1]! / 4, String(miss))
  const none = sumOf(a, log, { steps: 10, probes: 5, reorthogonalise: 'none' }).value
  near(none, truth, 1e-6)
})

test('the density integrates to 1 and has the moments of the spectrum', () => {
  const width = 0.4
  const [low, high, count] = [-4, 13, 1701] as const
  const grid = Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1))
  const run = jit((a: Tensor, own: Tensor, points: Tensor) =>
    spectralDensity(stochasticLanczosQuadrature({ steps: 10, probes: 60 })(matrix(a))(own), points, width),
  )
  const { value, error } = run(tensorOf(a, 'f64'), key(0), tensorOf(grid, 'f64'))
  const [density, errors] = [Array.from(readSync(value)), Array.from(readSync(error))]
  const step = (high - low) / (count - 1)
  const integral = (f: (t: number) => number): number => step * density.reduce((sum, x, i) => sum + x * f(grid[i]!), 0)
  // the rule of trapezes is exact to rounding for bells that are smooth and end inside
  near(
    integral(() => 1),
    1,
    1e-12,
  )
  // means over probes of qᵀA q: the spread of one is below √(2 ‖A‖²_F)/n
  const frobenius = Math.sqrt(spectrum.reduce((sum, x) => sum + x * x, 0))
  near(
    integral((t) => t),
    meanOf(spectrum),
    (3.5 * Math.SQRT2 * frobenius) / 10 / Math.sqrt(60),
  )
  // against the bells of the true spectrum, within the errors that are reported
  const truth = grid.map((t) =>
    meanOf(spectrum.map((x) => Math.exp(-0.5 * ((t - x) / width) ** 2) / (width * Math.sqrt(2 * Math.PI)))),
  )
  grid.forEach((_, i) => near(density[i]!, truth[i]!, 4 * errors[i]! + 1e-6))
  assert.ok(Math.max(...errors) > 0.002)
})

test('a start that meets few eigenvectors has padded nodes, which count for nothing', () => {
  const run = stochasticLanczosQuadrature({ steps: 4, probes: 2 })(matrix(tensorOf(diagonalOf([2, 2, 5, 5]), 'f64')))
  const { nodes, weights, dimension } = run(key(1))
  assert.is(item(dimension), 4)
  for (const row of toNested(nodes) as number[][]) [2, 5, 5, 5].forEach((x, i) => near(row[i]!, x, 100 * ulp.f64))
  for (const row of toNested(weights) as number[][]) [0.5, 0.5, 0, 0].forEach((x, i) => near(row[i]!, x, 20 * ulp.f64))
})

test('at any scale in f32', () => {
  for (const s of [1e-30, 1e30]) {
    const scaled = a.map((row) => row.map((x) => s * x))
    const got = sumOf(scaled, (x) => mul(x, 1 / s), { steps: 6, probes: 3 }, 'f32')
    near(got.value, sumOf(a, (x) => x, { steps: 6, probes: 3 }, 'f32').value, 2000 * ulp.f32)
  }
})

test('what is not finite has its status; a function out of its domain shows', () => {
  const bad = sumOf(
    [
      [1, Number.NaN],
      [0, 1],
    ],
    log,
    { steps: 2, probes: 2 },
  )
  assert.is(bad.status, 'nonfinite')
  assert.ok(Number.isNaN(bad.value))
  assert.is(sumOf(a, log, { steps: 3, probes: 2 }).status, 'maxIterations')
  assert.ok(Number.isNaN(sumOf(diagonalOf([1, -1]), log, { steps: 2, probes: 2 }).value))
  assert.is(sumOf(a, log, { steps: 3, probes: 1 }).error, Infinity)
})

test('vectors are trees; bad options are refused', () => {
  const tree = operator({
    domain: vectorSpace({ a: array([0]), b: array([[0, 0]]) }),
    apply: ({ a, b }) => ({ a: mul(3, a), b: mul(b, array([[4, 5]])) }),
    facts: { symmetric: true },
  })
  const quadrature = stochasticLanczosQuadrature({ steps: 3, probes: 2 })(tree)(key(0))
  near(item(spectralSum(quadrature, log).value), Math.log(60), 200 * ulp.f32)
  assert.throws(() => spectralDensity(quadrature, array([1]), 0), 'spectralDensity: width is a number > 0, got 0')
  assert.throws(() => spectralDensity(quadrature, 1, 1), 'spectralDensity: the grid has one axis, got []')
  assert.throws(
    () => stochasticLanczosQuadrature({ steps: 1, probes: 0 })(tree),
    'stochasticLanczosQuadrature: probes is an integer ≥ 1, got 0',
  )
})

test.run()
