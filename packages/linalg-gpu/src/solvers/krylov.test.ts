/** What all of the Krylov solvers promise: the table of cases, scale, starts, trees, and what is no system at all. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  array,
  broadcastTo,
  concatenate,
  dispose,
  jit,
  liveBuffers,
  matmul,
  mul,
  reshape,
  slice,
  type Tensor,
  transpose,
  zeros,
} from '../index.js'
import {
  bicgstab,
  cg,
  damped,
  diagonalOperator,
  gmres,
  identity,
  type LinearOptions,
  lsmr,
  matrix,
  minres,
  type Operator,
  type Solution,
  scaled,
  sumOf,
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
  withSingularValues,
} from './systems.testing.js'

type Solve = <X>(operator: Operator<X>) => (b: X, start?: X) => Solution<X>
type Kind = 'definite' | 'indefinite' | 'general'

/** Each solver, and the kinds of matrices that it is for. */
const makers: Readonly<Record<string, { make: (options?: LinearOptions) => Solve; kinds: readonly Kind[] }>> = {
  cg: { make: cg, kinds: ['definite'] },
  minres: { make: minres, kinds: ['definite', 'indefinite'] },
  gmres: { make: gmres, kinds: ['definite', 'indefinite', 'general'] },
  bicgstab: { make: bicgstab, kinds: ['definite', 'indefinite', 'general'] },
  lsmr: {
    make: (options) => (operator) => lsmr(options ?? {})(operator),
    kinds: ['definite', 'indefinite', 'general'],
  },
}
const each = Object.entries(makers)
const solvedBy = (solve: Solve, a: Dense, b: Vector, dtype: Precision = 'f64', start?: Vector): Answer =>
  answerOf(
    solve(matrix(tensorOf(a, dtype)))(tensorOf(b, dtype), start === undefined ? undefined : tensorOf(start, dtype)),
  )

const signs = (values: Vector): number[] => values.map((value, i) => (i % 2 ? -value : value))
const made = (kind: Kind, n: number, condition: number, random: () => number): number[][] =>
  kind === 'general'
    ? withSingularValues(geometric(n, condition), n, n, random)
    : withEigenvalues(kind === 'definite' ? geometric(n, condition) : signs(geometric(n, condition)), random)

/** What rounding can hide of a residual: n products and sums, each within an ulp, of entries of A, x and b. */
const rounding = (a: Dense, x: Vector, b: Vector, dtype: Precision): number =>
  2 * (b.length + 2) * ulp[dtype] * (frobenius(a) * size(x) + size(b))

/** 4 [[2, 1], [1, 3]]: eigenvalues 4 (2.5 ± √1.25) */
const small = [
  [8, 4],
  [4, 12],
] as const

for (const [name, { make, kinds }] of each)
  for (const dtype of ['f64', 'f32'] as const)
    test(`${name}: condition numbers 1 … 10⁶ in ${dtype}, against known x`, () => {
      const n = 8
      // in f32 the residuals of bicgstab stagnate near the tolerance at 10⁶, in one system of eight: it says breakdown then
      const hardest = name === 'bicgstab' && dtype === 'f32' ? 1e5 : 1e6
      const program = jit((a: Tensor, b: Tensor) => make({ maxIterations: 1000 })(matrix(a))(b))
      for (const kind of kinds)
        for (const condition of [1, 10, 1e2, 1e3, 1e4, 1e5, 1e6].filter((one) => one <= hardest)) {
          const random = draws(condition + 3)
          const a = roundedMatrix(dtype, made(kind, n, condition, random))
          const x = normals(n, random)
          const b = roundedTo(dtype, apply(a, x))
          const got = answerOf(program(tensorOf(a, dtype), tensorOf(b, dtype)))
          const where = `${kind}, κ = ${condition}`
          const left = residualOf(a, got.x, b)
          assert.is(got.status, 'converged', where)
          assert.ok(left <= tolerances[dtype] * size(b) + rounding(a, got.x, b, dtype), `${where}: ${left}`)
          assert.ok(
            Math.abs(got.residual * size(b) - left) <= rounding(a, got.x, b, dtype),
            `${where}: ${got.residual}`,
          )
          // ‖x − x*‖ ≤ ‖A⁻¹‖ (‖b − A x‖ + ‖b − A x*‖), and ‖A⁻¹‖ = κ
          const off = size(minus(got.x, x))
          assert.ok(off <= 1.01 * condition * (left + rounding(a, x, b, dtype)), `${where}: ${off}`)
        }
    })

for (const [name, { make }] of each) {
  test(`${name}: the solution of s b is s x, from 1e-30 to 1e30 in f32`, () => {
    const x = eliminated(small, [1, 2])
    for (const s of [1e-30, 1e-20, 1e-13, 1e-7, 1, 1e7, 1e20, 1e30]) {
      const got = solvedBy(make({ tolerance: 1e-6 }), small, [s, 2 * s], 'f32')
      assert.is(got.status, 'converged', `s = ${s}`)
      // κ = 2.6: an error of 1e-6 in the residual, and of an ulp in what was rounded
      got.x.forEach((value, i) => assert.ok(Math.abs(value / s / x[i]! - 1) < 2.7 * 3 * 1e-6, `s = ${s}: ${got.x}`))
    }
  })

  test(`${name}: the solution of (s A) x = b is x / s, from 1e-30 to 1e30 in f32`, () => {
    const x = eliminated(small, [1, 2])
    for (const s of [1e-30, 1e-20, 1e20, 1e30]) {
      const got = solvedBy(
        make({ tolerance: 1e-6 }),
        small.map((row) => row.map((value) => value * s)),
        [1, 2],
        'f32',
      )
      assert.is(got.status, 'converged', `s = ${s}`)
      got.x.forEach((value, i) => assert.ok(Math.abs((value * s) / x[i]! - 1) < 2.7 * 3 * 1e-6, `s = ${s}: ${got.x}`))
    }
  })

  test(`${name}: a solution that f32 cannot hold is not said to be found`, () => {
    for (const [s, t] of [
      [1e20, 1e-30],
      [1e-20, 1e30],
    ] as const) {
      const got = solvedBy(
        make(),
        small.map((row) => row.map((value) => value * s)),
        [t, 2 * t],
        'f32',
      )
      assert.is.not(got.status, 'converged', `s = ${s}`)
      assert.ok(got.x.every(Number.isFinite), String(got.x))
      assert.ok(got.residual <= 1 && got.residual > 0.9, String(got.residual))
    }
  })

  test(`${name}: b = 0 is solved by 0, without a product, whatever the start`, () => {
    const got = solvedBy(make(), small, [0, 0])
    assert.equal([got.x, got.status, got.residual, got.iterations], [[0, 0], 'converged', 0, 0])
    assert.equal(solvedBy(make(), small, [0, 0], 'f64', [3, 4]).x, [0, 0])
  })

  test(`${name}: one equation`, () => {
    const got = solvedBy(make(), [[4]], [3])
    assert.equal([got.x, got.status, got.residual, got.iterations], [[0.75], 'converged', 0, 1])
  })

  test(`${name}: no equations`, () => {
    const none: Operator<Tensor> = matrix(zeros([0, 0], { dtype: 'f64' }))
    const got = answerOf(make()(none)(zeros([0], { dtype: 'f64' })))
    assert.equal([got.x, got.status, got.residual], [[], 'converged', 0])
  })

  test(`${name}: an exact start stays as it is, in one product; a near one costs less than none`, () => {
    const random = draws(4)
    const a = withEigenvalues(geometric(6, 30), random)
    const x = normals(6, random)
    const b = apply(a, x)
    const exact = solvedBy(make(), a, b, 'f64', x)
    assert.equal([exact.x, exact.status, exact.iterations], [x, 'converged', 0])
    const near = solvedBy(
      make({ tolerance: 1e-7 }),
      a,
      b,
      'f64',
      x.map((value) => value * (1 + 1e-6)),
    )
    const cold = solvedBy(make({ tolerance: 1e-7 }), a, b)
    assert.ok(near.status === 'converged' && near.iterations < cold.iterations, `${near.iterations}`)
  })

  test(`${name}: the start may be the solution of quite another system`, () => {
    const random = draws(5)
    const a = withEigenvalues(geometric(5, 20), random)
    const x = normals(5, random)
    const b = apply(a, x)
    for (const [start, tolerance] of [
      [normals(5, random), 1e-10],
      [normals(5, random).map((value) => 1e6 * value), 1e-9],
      [normals(5, random).map((value) => 1e200 * value), 1e-10],
      [[NaN, 0, 0, 0, 0], 1e-10],
      [[1, Infinity, 0, 0, 0], 1e-10],
    ] as const) {
      const got = solvedBy(make({ tolerance }), a, b, 'f64', start)
      assert.is(got.status, 'converged', `${start}`)
      assert.ok(residualOf(a, got.x, b) <= 1.001 * tolerance * size(b), `${start}`)
    }
  })

  test(`${name}: NaN and infinity in A or in b are nonfinite`, () => {
    for (const poison of [NaN, Infinity, -Infinity]) {
      const right = solvedBy(make(), small, [1, poison])
      assert.is(right.status, 'nonfinite')
      assert.ok(right.x.every(Number.isNaN), 'there is nothing to return')
      const left = solvedBy(make(), [[8, 4], [4, poison]], [1, 2]) // biome-ignore format: a matrix
      assert.is(left.status, 'nonfinite')
      assert.ok(left.x.every(Number.isFinite), String(left.x))
    }
  })

  test(`${name}: what is spent is at most what is allowed, and the residual then is the true one`, () => {
    const random = draws(6)
    const a = withEigenvalues(geometric(12, 1000), random)
    const b = normals(12, random)
    for (const most of [0, 1, 3]) {
      const got = solvedBy(make({ maxIterations: most }), a, b)
      assert.equal([got.status, got.iterations], ['maxIterations', most])
      const left = residualOf(a, got.x, b) / size(b)
      assert.ok(Math.abs(got.residual - left) < 1e-12 * (1 + left), `${got.residual} is not ${left}`)
      assert.is(size(got.x) > 0, most > 0, 'what was found so far is returned, not 0')
    }
  })

  test(`${name}: vectors are trees of arrays of any shape`, () => {
    const random = draws(8)
    const a = withEigenvalues(geometric(7, 50), random)
    const x = normals(7, random)
    const b = apply(a, x)
    type Pair = { readonly w: Tensor; readonly v: readonly [Tensor] }
    const apart = (all: Tensor): Pair => ({ v: [slice(all, [0, 1])], w: reshape(slice(all, [1, 7]), [2, 3]) })
    const together = ({ v, w }: Pair): Tensor => concatenate([v[0], reshape(w, [6])])
    const dense = tensorOf(a, 'f64')
    const right = apart(tensorOf(b, 'f64'))
    const space = vectorSpace(right)
    const operator: Operator<Pair> = {
      domain: space,
      codomain: space,
      apply: (p) => apart(matmul(dense, together(p))),
      transpose: (p) => apart(matmul(transpose(dense), together(p))),
      facts: { symmetric: true },
    }
    const got = answerOf(make()(operator)(right))
    assert.is(got.status, 'converged')
    assert.ok(size(minus(got.x, x)) <= 50 * 1e-10 * size(b) * 2, String(got.x))
  })

  test(`${name}: a singular system with a solution is solved`, () => {
    const random = draws(9)
    const a = withEigenvalues([1, 0.7, 0.4, 0.2, 0, 0], random)
    const b = apply(a, normals(6, random))
    const got = solvedBy(make(), a, b)
    assert.is(got.status, 'converged')
    assert.ok(residualOf(a, got.x, b) <= 1.001e-10 * size(b))
  })

  test(`${name}: a tolerance may be traced`, () => {
    const random = draws(10)
    const a = withEigenvalues(geometric(8, 100), random)
    const [dense, b] = [tensorOf(a, 'f64'), normals(8, random)]
    const run = jit((tolerance: Tensor) => make({ tolerance })(matrix(dense))(tensorOf(b, 'f64')))
    const [rough, fine] = [0.5, 1e-8].map((value) => answerOf(run(array(value, { dtype: 'f64' }))))
    assert.equal([rough!.status, fine!.status], ['converged', 'converged'])
    assert.ok(rough!.iterations < fine!.iterations && fine!.residual <= 1e-8, `${rough!.iterations}`)
  })

  test(`${name}: numbers that jit was given take the dtype of the vectors`, () => {
    for (const dtype of ['f32', 'f64'] as const) {
      const run = (shift: number, s: number, tolerance: number): Solution<Tensor> => {
        const a = sumOf(matrix(tensorOf(small, dtype)), damped(matrix(tensorOf(small, dtype)), shift))
        return make({ tolerance: tolerance as never })(a)(mul(s, tensorOf([1, 2], dtype)))
      }
      assert.equal(answerOf(jit(run)(2, 3, 1e-4)), answerOf(run(2, 3, 1e-4)))
    }
    // of numbers alone
    const diagonal = (d: number, b: number): Solution<Tensor> =>
      make()(diagonalOperator(broadcastTo(d, [2])))(broadcastTo(b, [2]))
    for (const value of answerOf(jit(diagonal)(2, 3)).x) assert.ok(Math.abs(value - 1.5) <= 4 * ulp.f32, `${value}`)
  })

  test(`${name}: eagerly and under jit the same`, () => {
    const [a, b] = [tensorOf(small, 'f32'), tensorOf([1, 2], 'f32')]
    const run = (a: Tensor, b: Tensor): Solution<Tensor> => make()(matrix(a))(b)
    assert.equal(answerOf(jit(run)(a, b)), answerOf(run(a, b)))
  })

  test(`${name}: a solve leaves nothing but its results`, () => {
    const [a, b] = [matrix(tensorOf(small, 'f64')), tensorOf([1, 2], 'f64')]
    const solve = make()(a)
    dispose(solve(b))
    const before = liveBuffers().count
    dispose(solve(b, b))
    assert.is(liveBuffers().count, before)
  })

  if (name !== 'lsmr')
    test(`${name}: a preconditioner that makes nothing of every residual finds nothing, and spoils no evidence`, () => {
      const preconditioner = scaled(0, identity(vectorSpace(tensorOf([1, 2], 'f64'))))
      const got = solvedBy(make({ preconditioner } as LinearOptions), small, [1, 2])
      assert.ok(['singular', 'breakdown'].includes(got.status), got.status)
      assert.equal([got.x, got.residual, got.curvature], [[0, 0], 1, [Infinity, -Infinity]])
      assert.ok(got.iterations <= 1, `${got.iterations}`)
    })

  test(`${name}: wrong calls say what is wrong`, () => {
    const a = matrix(array(small as unknown as number[][]))
    assert.throws(() => make({ tolerance: -1 })(a)(array([1, 2])), `${name}: tolerance is a number ≥ 0, got -1.`)
    assert.throws(() => make({ maxIterations: 1.5 })(a)(array([1, 2])), 'maxIterations is an integer ≥ 0, got 1.5.')
    if (name !== 'lsmr')
      assert.throws(() => make()(matrix([[1, 2]])), `${name}: the operator maps to another space than from: f32[1] is not f32[2].`) // biome-ignore format: one line
    assert.throws(() => make()(a)(array([1, 2, 3])), `${name}: the right side has a leaf f32[3] where the operator`)
    assert.throws(() => make()(a)(array([1, 2]), array([1], { dtype: 'f64' })), `${name}: the start has a leaf f64[1]`)
  })
}

test.run()
