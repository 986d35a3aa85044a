/** What richardson, chebyshev, neumann and exact promise alike: known solutions, scale, starts, trees, what is no system at all, and that none lies. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, dispose, jit, liveBuffers, mul, scan, type Tensor, toNested } from '../index.js'
import { defaultDevice } from '../run/onDevice.js'
import { silentFailures } from './hard.testing.js'
import {
  block,
  chebyshev,
  diagonalOperator,
  exact,
  type LinearOptions,
  matrix,
  neumann,
  type Operator,
  operator,
  richardson,
  type Solution,
  vectorSpace,
} from './index.js'
import {
  type Answer,
  answerOf,
  apply,
  type Dense,
  draws,
  eliminated,
  frobenius,
  geometric,
  minus,
  normals,
  type Precision,
  residualOf,
  roundedMatrix,
  roundedTo,
  size,
  tensorOf,
  tolerances,
  ulp,
  type Vector,
  withEigenvalues,
} from './systems.testing.js'

type Solve = <X>(operator: Operator<X>) => (b: X, start?: X) => Solution<X>

/** Each solver, told that the spectrum is in [least, greatest]. */
const makers: Readonly<Record<string, (least: number, greatest: number, options?: LinearOptions) => Solve>> = {
  richardson: (least, greatest, options) => richardson({ step: 2 / (least + greatest), ...options }),
  chebyshev: (least, greatest, options) => chebyshev({ least, greatest, ...options }),
  neumann: (least, greatest, { maxIterations = 1000, ...options } = {}) =>
    neumann({ terms: maxIterations, step: 2 / (least + greatest), ...options }),
  'neumann, automatic': (_, __, { maxIterations = 1000, ...options } = {}) =>
    neumann({ terms: maxIterations, ...options }),
  exact: (_, __, options) => exact(options),
}

/** 4 [[2, 1], [1, 3]]: eigenvalues 4 (2.5 ± √1.25) */
const small = [[8, 4], [4, 12]] as const // biome-ignore format: a matrix
const bounds = [4 * (2.5 - Math.sqrt(1.25)), 4 * (2.5 + Math.sqrt(1.25))] as const
const times = (s: number, a: Dense): Dense => a.map((row) => row.map((value) => s * value))
const solvedBy = (solve: Solve, a: Dense, b: Vector, dtype: Precision = 'f64', start?: Vector): Answer =>
  answerOf(
    solve(matrix(tensorOf(a, dtype)))(tensorOf(b, dtype), start === undefined ? undefined : tensorOf(start, dtype)),
  )
/** What rounding can hide of a residual: n products and sums, each within an ulp, of entries of A, x and b. */
const rounding = (a: Dense, x: Vector, b: Vector, dtype: Precision): number =>
  2 * (b.length + 2) * ulp[dtype] * (frobenius(a) * size(x) + size(b))

for (const [name, make] of Object.entries(makers)) {
  for (const dtype of ['f64', 'f32'] as const)
    test(`${name}: condition numbers 1 … 100 in ${dtype}, against known x`, () => {
      for (const condition of [1, 3, 10, 100]) {
        const random = draws(condition + 3)
        const a = roundedMatrix(dtype, withEigenvalues(geometric(8, condition), random))
        const x = normals(8, random)
        const b = roundedTo(dtype, apply(a, x))
        // a hair wider than the spectrum, which rounding moves
        const solve = make(0.9999 / condition, 1.0001, name === 'exact' ? {} : { maxIterations: 3000 })
        const got = answerOf(jit((b: Tensor) => solve(matrix(tensorOf(a, dtype)))(b))(tensorOf(b, dtype)))
        const left = residualOf(a, got.x, b)
        assert.is(got.status, 'converged', `κ = ${condition}`)
        assert.ok(left <= tolerances[dtype] * size(b) + rounding(a, got.x, b, dtype), `κ = ${condition}: ${left}`)
        assert.ok(Math.abs(got.residual * size(b) - left) <= rounding(a, got.x, b, dtype), `${got.residual}`)
        // ‖x − x*‖ ≤ ‖A⁻¹‖ (‖b − A x‖ + ‖b − A x*‖), and ‖A⁻¹‖ = κ
        const off = size(minus(got.x, x))
        assert.ok(off <= 1.01 * condition * (left + rounding(a, x, b, dtype)), `κ = ${condition}: ${off}`)
      }
    })

  test(`${name}: the solution of s b is s x, and of (s A) x = b is x / s, from 1e-30 to 1e30 in f32`, () => {
    const x = eliminated(small, [1, 2])
    for (const s of [1e-30, 1e-20, 1e-13, 1, 1e7, 1e20, 1e30]) {
      const right = solvedBy(make(...bounds, { tolerance: 1e-6 }), small, [s, 2 * s], 'f32')
      assert.is(right.status, 'converged', `b times ${s}`)
      // κ = 2.6: an error of 1e-6 in the residual, and of an ulp in what was rounded
      right.x.forEach((value, i) => assert.ok(Math.abs(value / s / x[i]! - 1) < 2.7 * 3 * 1e-6, `${s}: ${right.x}`))
      const left = solvedBy(make(bounds[0] * s, bounds[1] * s, { tolerance: 1e-6 }), times(s, small), [1, 2], 'f32')
      assert.is(left.status, 'converged', `A times ${s}`)
      left.x.forEach((value, i) => assert.ok(Math.abs((value * s) / x[i]! - 1) < 2.7 * 3 * 1e-6, `${s}: ${left.x}`))
    }
  })

  test(`${name}: a solution that f32 cannot hold is not said to be found`, () => {
    for (const [s, t] of [[1e20, 1e-30], [1e-20, 1e30]] as const) {
      const got = solvedBy(make(bounds[0] * s, bounds[1] * s), times(s, small), [t, 2 * t], 'f32')
      assert.is.not(got.status, 'converged', `s = ${s}`)
    } // biome-ignore format: a table
  })

  test(`${name}: b = 0 is solved by 0, whatever the start`, () => {
    const got = solvedBy(make(...bounds), small, [0, 0])
    assert.equal([got.x, got.status, got.residual, got.iterations], [[0, 0], 'converged', 0, 0])
    assert.equal(solvedBy(make(...bounds), small, [0, 0], 'f64', [3, 4]).x, [0, 0])
  })

  test(`${name}: one equation, and none`, () => {
    const one = solvedBy(make(4, 4), [[4]], [6])
    assert.equal([one.x, one.status], [[1.5], 'converged'])
    const none = vectorSpace(array([], { dtype: 'f64' }))
    const empty = operator({ domain: none, apply: (x) => x, facts: { symmetric: true } })
    const got = answerOf(make(1, 1)(empty)(array([], { dtype: 'f64' })))
    assert.equal([got.x, got.status, got.residual], [[], 'converged', 0])
  })

  test(`${name}: an exact start costs no step, the solution of another system is a start like any`, () => {
    const b = apply(small, [3, -2])
    const there = solvedBy(make(...bounds), small, b, 'f64', [3, -2])
    assert.equal([there.x, there.status, there.iterations], [[3, -2], 'converged', 0])
    const from = solvedBy(make(...bounds), small, b, 'f64', eliminated([[1, 5], [2, -3]], [1, 1])) // biome-ignore format: a matrix
    assert.is(from.status, 'converged')
    assert.ok(size(minus(from.x, [3, -2])) < 3 * 1e-10 * size(b))
  })

  test(`${name}: trees of vectors, in a jitted function, with a traced matrix`, () => {
    const program = jit((a: Tensor, w: Tensor, b: Tensor) => {
      const whole = block<readonly [Tensor, { readonly w: Tensor }]>([
        [matrix(a), null],
        [null, diagonalOperator({ w: mul(w, 0.5) })],
      ])
      return make(...bounds)(whole)([b, { w }])
    })
    const got = answerOf(program(tensorOf(small, 'f64'), tensorOf([[12, 16, 20]], 'f64'), tensorOf([12, 16], 'f64')))
    assert.is(got.status, 'converged')
    assert.ok(size(minus(got.x, [1, 1, 2, 2, 2])) < 1e-9, String(got.x))
  })

  test(`${name}: what is not finite is nonfinite`, () => {
    for (const poison of [NaN, Infinity, -Infinity]) {
      const right = solvedBy(make(...bounds), small, [poison, 1])
      assert.is(right.status, 'nonfinite', `b with ${poison}`)
      const left = solvedBy(make(...bounds), [[8, 4], [4, poison]], [1, 1]) // biome-ignore format: a matrix
      assert.is(left.status, 'nonfinite', `A with ${poison}`)
      assert.ok(left.x.every(Number.isFinite), String(left.x))
    }
  })

  test(`${name}: vectors that do not fit the operator are refused`, () => {
    const own = name.split(',')[0]
    assert.throws(
      () => solvedBy(make(...bounds), small, [1, 2, 3]),
      new RegExp(`${own}: the right side has a leaf f64\\[3\\] where the operator expects f64\\[2\\]`),
    )
    assert.throws(
      () => solvedBy(make(...bounds), small, [1, 2], 'f64', [1]),
      new RegExp(`${own}: the start has a leaf`),
    )
    assert.throws(
      () => make(...bounds, { tolerance: -1 })(matrix(tensorOf(small, 'f64')))(tensorOf([1, 2], 'f64')),
      /tolerance is a number ≥ 0/,
    )
  })

  test(`${name}: non-symmetric systems are solved where the spectrum is as told`, () => {
    // eigenvalues 2 ± i/2: of |1 − μ/2| = 1/4
    const got = solvedBy(make(2, 2), [[2, 0.5], [-0.5, 2]], [1, 2]) // biome-ignore format: a matrix
    assert.is(got.status, 'converged')
    assert.ok(residualOf([[2, 0.5], [-0.5, 2]], got.x, [1, 2]) <= 1e-10 * size([1, 2]) + 1e-15) // biome-ignore format: a matrix
  })
}

test('solves within a scan, each from the solution of the one before', () => {
  const a = tensorOf(small, 'f64')
  for (const [name, make] of Object.entries(makers)) {
    const solve = make(...bounds)
    const rights = tensorOf([[12, 16], [12, 16], [24, 32]], 'f64') // biome-ignore format: vectors
    const [last, spent] = scan(
      (x: Tensor, b: Tensor) => {
        const solution = solve(matrix(a))(b, x)
        return [solution.x, solution.iterations] as const
      },
      tensorOf([0, 0], 'f64'),
      rights,
    )
    assert.ok(size(minus(toNested(last) as number[], [2, 2])) < 1e-9, name)
    const [first, again] = toNested(spent) as number[]
    assert.ok(first! > 0 && again === 0, `${name}: ${first}, ${again}`)
  }
})

test('none of hundreds of hard systems is said to be solved and is not', () => {
  const count = defaultDevice().name === 'webgpu' ? 8 : 100
  const { silent, converged } = silentFailures(count, 11, {
    sizes: [1, 2, 3, 5, 8, 12],
    among: {
      // steps that suit some of the systems, and bounds that hold for few
      richardson: richardson({ step: 1, maxIterations: 200 }),
      chebyshev: chebyshev({ least: 0.01, greatest: 1.1, maxIterations: 200 }),
      neumann: neumann({ terms: 200 }),
      exact: exact(),
    },
  })
  assert.equal(silent, [])
  // were nothing ever solved, nothing could be wrong
  assert.ok(converged > 0.4 * count, String(converged))
})

test('a solve leaves nothing but its results', () => {
  const [a, b] = [matrix(tensorOf(small, 'f64')), tensorOf([1, 2], 'f64')]
  for (const [name, make] of Object.entries(makers)) {
    const solve = make(...bounds)(a)
    dispose(solve(b))
    const before = liveBuffers().count
    const solution = solve(b, b)
    dispose(solution)
    assert.is(liveBuffers().count, before, name)
  }
})

test.run()
