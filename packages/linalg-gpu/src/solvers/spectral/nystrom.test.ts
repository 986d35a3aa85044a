import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, item, jit, key, mul, readSync, type Tensor, toNested } from '../../index.js'
import { cg, matrix, nystrom, nystromPreconditioner, operator, type Status, statusOf, vectorSpace } from '../index.js'
import {
  apply,
  type Dense,
  diagonalOf,
  dot,
  draws,
  geometric,
  minus,
  normals,
  type Precision,
  size,
  tensorOf,
  ulp,
  withEigenvalues,
} from '../systems.testing.js'
import { near } from './traces.testing.js'

const found = (
  a: Dense,
  rank: number,
  dtype: Precision = 'f64',
): { readonly vectors: number[][]; readonly values: number[]; readonly status: Status; readonly products: number } => {
  const run = jit((a: Tensor, own: Tensor) => nystrom({ rank })(matrix(a, { symmetric: true }))(own))
  const { vectors, values, status, products } = run(tensorOf(a, dtype), key(0))
  return {
    vectors: toNested(vectors) as number[][],
    values: Array.from(readSync(values)),
    status: statusOf(item(status)),
    products: item(products),
  }
}

for (const dtype of ['f32', 'f64'] as const) {
  const one = ulp[dtype]

  test(`exact for a rank up to the one asked for, in ${dtype}`, () => {
    const values = [5, 2, 1, ...new Array<number>(9).fill(0)]
    const a = withEigenvalues(values, draws(61))
    for (const rank of [3, 4, 8, 12, 20]) {
      const got = found(a, rank, dtype)
      assert.is(got.status, 'converged')
      assert.is(got.values.length, Math.min(rank, 12))
      assert.is(got.products, Math.min(rank, 12))
      // values move by the shift, √n ‖A‖ ulps, times ‖(UᵀΩ)⁺‖²: more where the sketch has no direction to spare
      const lost = (rank === 3 ? 8000 : 400) * 5 * one
      got.values.forEach((x, i) => near(x, values[i]!, lost, `rank ${rank}, value ${i}:`))
      for (let i = 0; i < got.vectors.length; i++)
        for (let j = 0; j <= i; j++) near(dot(got.vectors[i]!, got.vectors[j]!), i === j ? 1 : 0, 40 * one, 'UᵀU')
      for (let i = 0; i < 3; i++) {
        const left = minus(
          apply(a, got.vectors[i]!),
          got.vectors[i]!.map((x) => values[i]! * x),
        )
        near(size(left), 0, 4 * lost, 'A u − λ u')
      }
    }
  })

  test(`of a decaying spectrum the large eigenvalues, from below, in ${dtype}`, () => {
    const values = Array.from({ length: 16 }, (_, i) => 0.4 ** i)
    const a = withEigenvalues(values, draws(62))
    const got = found(a, 8, dtype)
    got.values.forEach((x, i) => assert.ok(x <= values[i]! + 100 * one, `${x} above ${values[i]}`))
    // the bound for the whole, with k = 3 of l = 8: (1 + 3/4) λ₄ + e² 8/24 Σ_{j>3} λⱼ, on average; one key stays below it
    const left = a.map((row, i) =>
      row.map((x, j) => x - got.values.reduce((sum, v, p) => sum + v * got.vectors[p]![i]! * got.vectors[p]![j]!, 0)),
    )
    const tail = values.slice(3).reduce((sum, x) => sum + x, 0)
    assert.ok(Math.hypot(...left.flat()) < 1.75 * values[3]! + (Math.E ** 2 / 3) * tail)
    near(got.values[0]!, 1, 1e-3)
  })

  test(`at any scale, in ${dtype}`, () => {
    const a = withEigenvalues(geometric(10, 1e3), draws(63))
    const whole = found(a, 5, dtype)
    for (const s of [1e-30, 1e30]) {
      const got = found(
        a.map((row) => row.map((x) => s * x)),
        5,
        dtype,
      )
      got.values.forEach((x, i) => near(x / s, whole.values[i]!, 1000 * one))
    }
  })

  test(`nothing, one element, and what is not semidefinite or not finite, in ${dtype}`, () => {
    const none = found(diagonalOf([0, 0, 0]), 2, dtype)
    assert.equal([none.status, none.values], ['converged', [0, 0]])
    const single = found([[4]], 3, dtype)
    near(single.values[0]!, 4, 40 * one)
    for (const below of [-1, -100 * one]) {
      const bent = found(diagonalOf([1, 1, below]), 3, dtype)
      assert.is(bent.status, 'indefinite')
      ;[1, 1, 0].forEach((x, i) => near(bent.values[i]!, x, 100 * one))
    }
    assert.is(found(diagonalOf([1, Number.NaN]), 1, dtype).status, 'nonfinite')
  })
}

test('the shift is taken back: of a multiple of the identity the values are it', () => {
  // the shift is √30 ‖5 Ω‖ ε ≈ 50 ulps of 5
  for (const x of found(diagonalOf(new Array<number>(30).fill(5)), 20, 'f32').values) near(x, 5, 24 * 5 * ulp.f32)
})

test('the preconditioner is (λ + μ) U (Λ + μ)⁻¹ Uᵀ + (I − U Uᵀ)', () => {
  const vectors = tensorOf(
    [
      [0.6, 0.8, 0],
      [-0.8, 0.6, 0],
    ],
    'f64',
  )
  const approximation = { vectors, values: tensorOf([9, 3], 'f64') }
  const p = nystromPreconditioner(approximation, 1)
  assert.equal(p.facts, { symmetric: true, definite: 'positive' })
  const at = (x: readonly number[], own = p): number[] => Array.from(readSync(own.apply(tensorOf(x, 'f64'))))
  // 4 / 10 along the first, 1 along the second and beside them
  ;[
    [[0.6, 0.8, 0], 0.4],
    [[-0.8, 0.6, 0], 1],
    [[0, 0, 2], 1],
  ].forEach(([x, factor]) =>
    at(x as number[]).forEach((y, i) => near(y, (factor as number) * (x as number[])[i]!, 10 * ulp.f64)),
  )
  // without damping a direction of eigenvalue 0 is left as it is
  const flat = nystromPreconditioner({ vectors, values: tensorOf([9, 0], 'f64') }, 0)
  at([-0.8, 0.6, 0], flat).forEach((y, i) => near(y, [-0.8, 0.6, 0][i]!, 10 * ulp.f64))
  const zero = nystromPreconditioner({ vectors, values: tensorOf([0, 0], 'f64') }, 0)
  assert.equal(at([1, 2, 3], zero), [1, 2, 3])
  assert.throws(() => nystromPreconditioner(approximation, -1), 'damping is a number ≥ 0, got -1')
})

test('conjugate gradients need fewer iterations with it', () => {
  const n = 60
  // 10 large eigenvalues, the rest small beside the damping
  const values = Array.from({ length: n }, (_, i) => (i < 10 ? 1e4 / (i + 1) ** 2 : 0.05))
  const a = withEigenvalues(values, draws(65))
  const b = normals(n, draws(66))
  const run = jit((a: Tensor, shifted: Tensor, b: Tensor, own: Tensor) => {
    const preconditioner = nystromPreconditioner(nystrom({ rank: 14 })(matrix(a))(own), 1)
    const A = matrix(shifted, { symmetric: true })
    const [plain, better] = [cg()(A)(b), cg({ preconditioner })(A)(b)]
    return [plain.iterations, better.iterations, plain.status, better.status]
  })
  const damped = a.map((row, i) => row.map((x, j) => x + (i === j ? 1 : 0)))
  const [plain, better, ...ends] = run(tensorOf(a, 'f64'), tensorOf(damped, 'f64'), tensorOf(b, 'f64'), key(0)).map(
    item,
  )
  assert.equal(ends.map(statusOf), ['converged', 'converged'])
  // condition 10⁴ against about 2
  assert.ok(better! <= 8 && plain! >= 2 * better!, `${better} and ${plain}`)
})

test('vectors are trees', () => {
  const tree = operator({
    domain: vectorSpace({ a: array([0]), b: array([[0, 0]]) }),
    apply: ({ a, b }) => ({ a: mul(3, a), b: mul(b, array([[4, 5]])) }),
    facts: { symmetric: true, definite: 'positive' },
  })
  const own = nystrom({ rank: 3 })(tree)(key(0))
  assert.equal(
    [own.vectors.a.shape, own.vectors.b.shape],
    [
      [3, 1],
      [3, 1, 2],
    ],
  )
  ;[5, 4, 3].forEach((x, i) => near(readSync(own.values)[i]!, x, 400 * ulp.f32))
  // of all of A with damping 0 it is 3 A⁻¹
  const { a, b } = nystromPreconditioner(own, 0).apply({ a: array([1]), b: array([[1, 1]]) })
  near(item(a), 1, 400 * ulp.f32)
  ;[3 / 4, 3 / 5].forEach((x, i) => near(readSync(b)[i]!, x, 400 * ulp.f32))
  assert.throws(() => nystrom({ rank: 0 })(tree), 'nystrom: rank is an integer ≥ 1, got 0')
})

test.run()
