import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { add, array, item, jit, key, map, mul, readSync, splitKey, sum, type Tensor } from '../../index.js'
import { matrix, operator, powerIteration, type Status, statusOf, vectorSpace } from '../index.js'
import {
  apply,
  type Dense,
  diagonalOf,
  draws,
  size,
  tensorOf,
  ulp,
  type Vector,
  withEigenvalues,
} from '../systems.testing.js'
import type { PowerOptions } from './powerIteration.js'

interface Read {
  readonly value: number
  readonly low: number
  readonly high: number
  readonly bound: number
  readonly vector: number[]
  readonly residual: number
  readonly status: Status
  readonly iterations: number
  readonly products: number
}

const found = (a: Dense, dtype: 'f32' | 'f64', options: PowerOptions = {}, seed = 0): Read => {
  const run = jit((a: Tensor, own: Tensor) => powerIteration(options)(matrix(a, { symmetric: true }))(own))
  const { value, interval, bound, vector, residual, status, iterations, products } = run(tensorOf(a, dtype), key(seed))
  return {
    value: item(value),
    low: item(interval[0]),
    high: item(interval[1]),
    bound: item(bound),
    vector: Array.from(readSync(vector)),
    residual: item(residual),
    status: statusOf(item(status)),
    iterations: item(iterations),
    products: item(products),
  }
}

const near = (got: number, want: number, error: number): void =>
  assert.ok(Math.abs(got - want) <= error, `${got} is not within ${error} of ${want}`)

for (const dtype of ['f32', 'f64'] as const) {
  const one = ulp[dtype]

  test(`the eigenvalue of largest magnitude with its sign, in ${dtype}`, () => {
    for (const [values, want] of [
      [[5, 3, 1, 0.5, -2], 5],
      [[3, 1, -6, 0.5, -2], -6],
    ] as const) {
      const a = withEigenvalues(values, draws(1))
      const got = found(a, dtype)
      assert.is(got.status, 'converged')
      // the matrix is rounded to the dtype: by at most √n ulps of its norm
      near(got.value, want, 8 * one * Math.abs(want) + (got.residual * want) ** 2)
      assert.ok(got.low <= want && want <= got.high, `${want} is not in [${got.low}, ${got.high}]`)
      assert.ok(got.bound >= Math.abs(want))
      assert.is(got.products, 2 * got.iterations + 1)
      near(size(got.vector), 1, 4 * one)
      // the residual that is reported is that of the vector
      const r = apply(a, got.vector).map((x, i) => x - got.value * got.vector[i]!)
      near(got.residual, size(r) / Math.abs(got.value), 20 * one)
    }
  })

  test(`λ and −λ of one magnitude do not hide each other, in ${dtype}`, () => {
    const got = found(withEigenvalues([4, -4, 1, 0.5], draws(2)), dtype)
    assert.is(got.status, 'converged')
    near(Math.abs(got.value), 4, 16 * 4 * one)
    assert.ok(got.iterations < 40)
  })

  test(`scaled matrices have scaled eigenvalues, in as many iterations, in ${dtype}`, () => {
    const base = found(diagonalOf([3, 2, 1]), dtype)
    for (const s of [1e-30, 1e30]) {
      const got = found(diagonalOf([3 * s, 2 * s, s]), dtype)
      assert.is(got.status, 'converged')
      near(got.value / s, 3, 16 * one)
      assert.is(got.iterations, base.iterations)
      assert.ok(got.bound / s >= 3 && got.bound / s <= base.bound * (1 + 100 * one))
    }
  })

  test(`two dimensions are known after one iteration, of either sign, in ${dtype}`, () => {
    // ± (1 + √29)/2
    for (const sign of [1, -1]) {
      const got = found(
        [
          [-2 * sign, 1],
          [1, 3 * sign],
        ],
        dtype,
      )
      assert.equal([got.status, got.iterations], ['converged', 1])
      near(got.value, (sign * (1 + Math.sqrt(29))) / 2, 20 * one)
    }
  })

  test(`one element, and no operator at all, in ${dtype}`, () => {
    const single = found([[-0.1]], dtype)
    assert.is(single.status, 'converged')
    near(single.value, -0.1, one)
    assert.is(single.iterations, 1)
    const none = found(diagonalOf([0, 0, 0]), dtype)
    assert.equal(
      [none.status, none.value, none.low, none.high, none.bound, none.residual],
      ['converged', 0, 0, 0, 0, 0],
    )
    near(size(none.vector), 1, 4 * one)
  })

  test(`a start inside one eigenspace needs one iteration, in ${dtype}`, () => {
    const got = found(diagonalOf([-2, -2, -2, -2]), dtype)
    assert.equal([got.status, got.iterations], ['converged', 1])
    near(got.value, -2, 8 * one)
  })
}

test('every way to end has its status', () => {
  const slow = diagonalOf([1, 0.999, 0.5])
  const few = found(slow, 'f64', { maxIterations: 3 })
  assert.equal([few.status, few.iterations], ['maxIterations', 3])
  assert.ok(few.residual > 1e-10)
  // an interval around what was found holds some eigenvalue
  assert.ok([1, 0.999, 0.5].some((x) => few.low <= x && x <= few.high))
  const none = found(slow, 'f64', { maxIterations: 0 })
  assert.equal([none.status, none.iterations, none.bound, none.products], ['maxIterations', 0, Infinity, 1])
  const strict = found(withEigenvalues([3, 2, 1, -1], draws(3)), 'f64', { tolerance: 0, maxIterations: 200 })
  assert.ok(strict.status === 'breakdown' || strict.status === 'maxIterations')
  assert.ok(strict.residual > 0 && strict.residual < 20 * ulp.f64)
  for (const bad of [Number.NaN, Infinity]) {
    const got = found(
      [
        [1, 0],
        [0, bad],
      ],
      'f64',
    )
    assert.equal([got.status, got.iterations], ['nonfinite', 1])
    assert.ok(!Number.isFinite(got.value) && Number.isNaN(got.bound) && Number.isNaN(got.low))
    assert.ok(got.vector.every(Number.isFinite), 'the vector stays finite')
  }
})

test('the bound fails for no more keys than it says, and fails for some', () => {
  // of many small eigenvalues and one large one few starts see the large one in four powers
  const values = [1, ...Array.from({ length: 99 }, (_, i) => 0.1 + i / 1000)]
  const bounds = (confidence: number): Vector => {
    const run = jit((own: Tensor) =>
      map(
        (k: Tensor) =>
          powerIteration({ maxIterations: 2, tolerance: 0, confidence })(matrix(tensorOf(diagonalOf(values), 'f64')))(k)
            .bound,
        splitKey(own, 300),
      ),
    )
    return Array.from(readSync(run(key(5))))
  }
  for (const confidence of [0.5, 0.9]) {
    const failed = bounds(confidence).filter((bound) => bound < 1).length
    // 3 standard deviations of 300 draws
    const most = 300 * (1 - confidence) + 3 * Math.sqrt(300 * confidence * (1 - confidence))
    assert.ok(failed <= most, `${failed} of 300 failed`)
    // the argument loses nothing but the other components: about as many fail
    assert.ok(failed >= 0.25 * 300 * (1 - confidence), `${failed} of 300 failed`)
  }
})

test('vectors are trees, and the same key gives the same result', () => {
  // [[2, 1, 1], [1, 3, 0], [1, 0, 3]]: 4, 3, 1
  const space = vectorSpace({ a: array(0), b: [array([0, 0])] as const })
  const tree = operator({
    domain: space,
    apply: ({ a, b }) => ({ a: add(mul(2, a), sum(b[0])), b: [add(mul(3, b[0]), a)] as const }),
    facts: { symmetric: true },
  })
  const run = powerIteration()(tree)
  const [first, second] = [run(key(1)), run(key(1))]
  near(item(first.value), 4, 40 * ulp.f32)
  assert.is(item(first.value), item(second.value))
  const [x, y] = [item(first.vector.a), Array.from(readSync(first.vector.b[0]))]
  // (1, 1, 1)/√3
  for (const part of [...y, x]) near(Math.abs(part), 1 / Math.sqrt(3), 1e-4)
})

test('what cannot be is refused with the reason', () => {
  const a = matrix(tensorOf([[1, 2]], 'f64'))
  assert.throws(() => powerIteration()(a)(key(0)), /powerIteration: .*f64\[1\] is not f64\[2\]/)
  const square = matrix(tensorOf([[1]], 'f64'))
  assert.throws(() => powerIteration({ confidence: 1 })(square)(key(0)), 'confidence is between 0 and 1, got 1')
  assert.throws(() => powerIteration({ maxIterations: -1 })(square)(key(0)), 'maxIterations is an integer ≥ 0')
})

test.run()
