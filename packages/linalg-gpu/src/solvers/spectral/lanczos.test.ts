import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, item, jit, mul, readSync, type Tensor, toNested } from '../../index.js'
import { lanczos, matrix, operator, ritz, type Status, statusOf, vectorSpace } from '../index.js'
import {
  apply,
  type Dense,
  diagonalOf,
  dot,
  draws,
  normals,
  size,
  tensorOf,
  ulp,
  type Vector,
  withEigenvalues,
} from '../systems.testing.js'
import type { LanczosOptions } from './lanczos.js'

interface Read {
  readonly alpha: number[]
  readonly beta: number[]
  readonly steps: number
  readonly status: Status
  readonly basis: number[][] | null
  readonly values: number[]
  readonly residuals: number[]
  readonly weights: number[]
  readonly vectors: number[][]
}

const numbers = (x: Tensor): number[] => Array.from(readSync(x))

const run = (a: Dense, start: Vector, options: LanczosOptions, dtype: 'f32' | 'f64' = 'f64'): Read => {
  const go = jit((a: Tensor, start: Tensor) => {
    const own = lanczos(options)(matrix(a, { symmetric: true }))(start)
    return { ...own, ...ritz(own) }
  })
  const got = go(tensorOf(a, dtype), tensorOf(start, dtype))
  return {
    alpha: numbers(got.alpha),
    beta: numbers(got.beta),
    steps: item(got.steps),
    status: statusOf(item(got.status)),
    basis: got.basis === null ? null : (toNested(got.basis) as number[][]),
    values: numbers(got.values),
    residuals: numbers(got.residuals),
    weights: numbers(got.weights),
    vectors: toNested(got.vectors) as number[][],
  }
}

const near = (got: number, want: number, error: number, what = ''): void =>
  assert.ok(Math.abs(got - want) <= error, `${what} ${got} is not within ${error} of ${want}`)

const spectrum = [9, 7.5, 4, 3.9, 2, 1, 0.5, -1, -3, -6]

for (const dtype of ['f32', 'f64'] as const) {
  const one = ulp[dtype]
  const a = withEigenvalues(spectrum, draws(4))
  const start = normals(10, draws(5))

  test(`A Q = Q T + βₖ qₖ₊₁ eₖᵀ with an orthonormal Q, in ${dtype}`, () => {
    const k = 6
    const { alpha, beta, basis, status, steps } = run(a, start, { steps: k }, dtype)
    assert.equal([status, steps], ['maxIterations', k])
    const q = basis!
    for (let i = 0; i < k; i++) for (let j = 0; j < k; j++) near(dot(q[i]!, q[j]!), i === j ? 1 : 0, 20 * one, 'QᵀQ')
    for (let j = 0; j < k; j++) {
      const left = apply(a, q[j]!).map((x, i) => x - alpha[j]! * q[j]![i]! - (j > 0 ? beta[j - 1]! * q[j - 1]![i]! : 0))
      // what is left is βⱼ qⱼ₊₁, of length βₖ for the last
      if (j + 1 < k) left.forEach((x, i) => near(x, beta[j]! * q[j + 1]![i]!, 40 * 9 * one, 'recurrence'))
      else near(size(left), beta[j]!, 40 * 9 * one, 'βₖ')
    }
  })

  test(`n steps have the whole spectrum, in ${dtype}`, () => {
    const { values, steps } = run(a, start, { steps: 10 }, dtype)
    assert.is(steps, 10)
    ;[...spectrum].sort((x, y) => x - y).forEach((x, i) => near(values[i]!, x, 40 * 9 * one, 'value'))
  })

  test(`every interval holds an eigenvalue, and the weights are the moments of the start, in ${dtype}`, () => {
    for (const steps of [1, 3, 5, 8]) {
      const { values, residuals, weights } = run(a, start, { steps }, dtype)
      values.forEach((theta, i) => {
        const gap = Math.min(...spectrum.map((x) => Math.abs(x - theta)))
        // what rounding the matrix to the dtype moves
        assert.ok(gap <= residuals[i]! + 10 * 9 * one, `${theta} ± ${residuals[i]}`)
      })
      near(
        weights.reduce((x, y) => x + y),
        1,
        8 * one,
      )
      // Gauss: Σ w θᵖ = qᵀAᵖq for p < 2k
      const q = start.map((x) => x / size(start))
      let power: number[] = q
      for (let p = 0; p < 2 * steps; p++) {
        const moment = weights.reduce((sum, w, i) => sum + w * values[i]! ** p, 0)
        near(moment, dot(q, power), 60 * (p + 1) * 9 ** p * one, `moment ${p} of ${steps}`)
        power = apply(a, power)
      }
    }
  })

  test(`an invariant subspace ends it, with eigenvalues that are whole, in ${dtype}`, () => {
    const b = diagonalOf([3, 1, 1, 1, -2])
    const got = run(b, [1, 2, 1, -1, 1], { steps: 5 }, dtype)
    assert.equal([got.status, got.steps], ['converged', 3])
    ;[-2, 1, 3, 3, 3].forEach((x, i) => near(got.values[i]!, x, 20 * one, 'value'))
    ;[1 / 8, 6 / 8, 1 / 8, 0, 0].forEach((x, i) => near(got.weights[i]!, x, 20 * one, 'weight'))
    assert.equal(
      [
        got.alpha.slice(3),
        got.beta.slice(3),
        got
          .basis!.slice(3)
          .flat()
          .some((x) => x !== 0),
      ],
      [[0, 0], [0, 0], false],
    )
    assert.equal(
      got.vectors.map((row) => row[4]),
      [0, 0, 0, 0, 0],
    )
    // nothing: an eigenvector each
    const none = run(diagonalOf([0, 0]), [1, 1], { steps: 2 }, dtype)
    assert.equal([none.status, none.steps, none.values, none.weights], ['converged', 1, [0, 0], [1, 0]])
    const single = run([[-4]], [0.3], { steps: 3 }, dtype)
    assert.equal([single.status, single.steps, single.values], ['converged', 1, [-4, -4, -4]])
  })

  test(`the scale of A and of the start does not matter, in ${dtype}`, () => {
    const base = run(a, start, { steps: 5 }, dtype)
    for (const [s, t] of [
      [1e-30, 1],
      [1e30, 1e-30],
      [1, 1e30],
    ] as const) {
      const got = run(
        a.map((row) => row.map((x) => s * x)),
        start.map((x) => t * x),
        { steps: 5 },
        dtype,
      )
      got.values.forEach((x, i) => near(x / s, base.values[i]!, 200 * one, 'value'))
      got.residuals.forEach((x, i) => near(x / s, base.residuals[i]!, 200 * one, 'residual'))
    }
  })
}

test('without reorthogonalisation ghosts appear, with it none', () => {
  // one eigenvalue far from the others converges at once; rounding in f32 brings it back
  const values = [100, ...Array.from({ length: 39 }, (_, i) => 1 - i / 39)]
  const a = withEigenvalues(values, draws(6))
  const start = normals(40, draws(7))
  const copies = (reorthogonalise: 'full' | 'none'): number =>
    run(a, start, { steps: 30, reorthogonalise }, 'f32').values.filter((x) => x > 50).length
  assert.is(copies('full'), 1)
  assert.ok(copies('none') > 1, `${copies('none')} copies`)
  // a ghost is a copy: its value is right, as far as it has come
  const { values: found, residuals } = run(a, start, { steps: 30, reorthogonalise: 'none' }, 'f32')
  found.forEach((x, i) => {
    if (x > 50) near(x, 100, residuals[i]! + 100 * 40 * ulp.f32)
  })
  assert.is(run(a, start, { steps: 3, reorthogonalise: 'none' }).basis, null)
})

test('a start that is zero, and what is not finite, have their statuses', () => {
  const a = diagonalOf([1, 2])
  const zero = run(a, [0, 0], { steps: 2 })
  assert.equal([zero.status, zero.steps, zero.values.every(Number.isNaN)], ['breakdown', 0, true])
  assert.is(run(a, [Number.NaN, 1], { steps: 2 }).status, 'nonfinite')
  assert.is(run(a, [Infinity, 1], { steps: 2 }).status, 'nonfinite')
  const bad = run(
    [
      [1, 1, 0],
      [1, 1, 1],
      [0, 1, Number.NaN],
    ],
    [1, 0, 0],
    { steps: 3 },
  )
  assert.equal([bad.status, bad.steps], ['nonfinite', 0])
  assert.ok([...bad.alpha, ...bad.beta, ...bad.basis!.flat()].every(Number.isFinite))
})

test('vectors are trees', () => {
  const space = vectorSpace({ u: array([0, 0]), v: array([[0]]) })
  const tree = operator({
    domain: space,
    apply: ({ u, v }) => ({ u: mul(u, array([1, 2])), v: mul(3, v) }),
    facts: { symmetric: true },
  })
  const own = lanczos({ steps: 3 })(tree)({ u: array([1, 1]), v: array([[1]]) })
  assert.equal(
    [own.basis!.u.shape, own.basis!.v.shape],
    [
      [3, 2],
      [3, 1, 1],
    ],
  )
  ;[1, 2, 3].forEach((x, i) => near(numbers(ritz(own).values)[i]!, x, 20 * ulp.f32))
})

test('bad options are refused', () => {
  const a = matrix(tensorOf(diagonalOf([1, 2]), 'f64'))
  assert.throws(() => lanczos({ steps: 0 })(a), 'lanczos: steps is an integer ≥ 1, got 0')
  assert.throws(() => lanczos({ steps: 2, reorthogonalise: 'some' as never })(a), "reorthogonalise is 'full' or 'none'")
})

test.run()
