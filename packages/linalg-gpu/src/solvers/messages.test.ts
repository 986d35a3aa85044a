import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, key, zeros } from '../index.js'
import { throws } from '../ops/arrays.testing.js'
import * as s from './index.js'

// What each function says to a wrong call: function, operand, value, remedy. Change a text here when you change it there, and read it once more.

const a = s.matrix([[2, 1], [1, 3]], { symmetric: true }) // biome-ignore format: a matrix
const wide = s.matrix([[1, 2, 3], [4, 5, 6]]) // biome-ignore format: a matrix
const notSquare = wide as s.Operator
const v2 = array([1, 2])
const v3 = array([1, 2, 3])
const f64 = array([1, 2], { dtype: 'f64' })
const whole = array([1, 2], { dtype: 'i32' })
const oneWay: s.Operator = { domain: a.domain, codomain: a.codomain, apply: a.apply, facts: {} }
const longer: s.Operator = { ...oneWay, apply: () => v3 }
const empty = s.matrix(zeros([0, 0]))
const quadrature: s.Quadrature = {
  nodes: zeros([1, 2]),
  weights: zeros([1, 2]),
  dimension: array(2),
  status: whole,
  products: whole,
}

const calls: readonly (readonly [() => unknown, string])[] = [
  [() => s.cg()(a)(v3), 'cg: the right side has a leaf f32[3] where the operator expects f32[2].'],
  [() => s.cg()(a)({ w: v2, b: v3 } as never), 'cg: the right side has the form {b: *, w: *}, the operator expects *.'],
  [() => s.minres()(a)(f64), 'minres: the right side has a leaf f64[2] where the operator expects f32[2].'],
  [() => s.gmres()(a)(v2, whole as never), 'gmres: the start has a leaf i32[2] where the operator expects f32[2].'],
  [() => s.bicgstab()(a)(v2, [v2] as never), 'bicgstab: the start has the form [*], the operator expects *.'],
  [() => s.exact()(a)([1, 2] as never), 'exact: the right side has the form [*, *], the operator expects *.'],
  [() => s.lsmr()(wide)(v3), 'lsmr: the right side has a leaf f32[3] where the operator expects f32[2].'],
  [() => s.lsmr()(wide)(v2, v2), 'lsmr: the start has a leaf f32[2] where the operator expects f32[3].'],
  [
    () => s.neumann({ terms: 2 })(a)(v3),
    'neumann: the right side has a leaf f32[3] where the operator expects f32[2].',
  ],
  [() => s.cg()(notSquare), 'cg: the operator maps to another space than from: f32[2] is not f32[3].'],
  [() => s.exact()(notSquare), 'exact: the operator maps to another space than from: f32[2] is not f32[3].'],
  [
    () => s.richardson({ step: 1 })(notSquare),
    'richardson: the operator maps to another space than from: f32[2] is not f32[3].',
  ],
  [
    () => s.chebyshev({ least: 1, greatest: 2 })(notSquare),
    'chebyshev: the operator maps to another space than from: f32[2] is not f32[3].',
  ],
  [
    () => s.neumann({ terms: 1 })(notSquare)(v2 as never),
    'neumann: the operator maps to another space than from: f32[2] is not f32[3].',
  ],
  [() => s.cg()(longer)(v2), 'cg: the product has a leaf f32[3] where the operator expects f32[2].'],
  [
    () => s.lsmr()(oneWay)(v2),
    'lsmr: the operator has no transpose, and Aᵀ is needed: give it one, or say that it is symmetric.',
  ],
  [() => s.cg({ tolerance: -1 })(a)(v2), 'cg: tolerance is a number ≥ 0, got -1.'],
  [() => s.cg({ tolerance: NaN })(a)(v2), 'cg: tolerance is a number ≥ 0, got NaN.'],
  [() => s.cg({ tolerance: v2 })(a)(v2), 'cg: tolerance is a number or f32[], the dtype of the vectors, got f32[2].'],
  [
    () => s.cg({ tolerance: array(1e-3, { dtype: 'f64' }) })(a)(v2),
    'cg: tolerance is a number or f32[], the dtype of the vectors, got f64[].',
  ],
  [() => s.minres({ maxIterations: -1 })(a)(v2), 'minres: maxIterations is an integer ≥ 0, got -1.'],
  [() => s.minres({ maxIterations: 2.5 })(a)(v2), 'minres: maxIterations is an integer ≥ 0, got 2.5.'],
  [
    () => s.cg({ preconditioner: s.diagonalOperator(v3) })(a)(v2),
    'cg: the preconditioner maps from another space than the operator: f32[3] is not f32[2].',
  ],
  [
    () => s.minres({ preconditioner: s.diagonalOperator(v3) })(a)(v2),
    'minres: the preconditioner maps from another space than the operator: f32[3] is not f32[2].',
  ],
  [() => s.gmres({ restart: 0 }), 'gmres: restart is an integer > 0, got 0: how many directions to keep.'],
  [() => s.lsmr({ damp: -1 })(a), 'lsmr: damp is a number ≥ 0, got -1.'],
  [() => s.richardson({ step: 0 }), 'richardson: step is a finite number other than 0, got 0.'],
  [() => s.richardson({ step: v2 }), 'richardson: step is a number or a scalar, got a tensor of shape [2].'],
  [
    () => s.chebyshev({ least: 2, greatest: 1 }),
    'chebyshev: the interval [2, 1] goes from a number to a greater one of the same sign. For a spectrum on both sides of 0 use minres.',
  ],
  [
    () => s.chebyshev({ least: -1, greatest: 1 }),
    'chebyshev: the interval [-1, 1] goes from a number to a greater one of the same sign. For a spectrum on both sides of 0 use minres.',
  ],
  [() => s.neumann({ terms: 0 }), 'neumann: terms is an integer ≥ 1, got 0.'],
  [() => s.neumann({ terms: 3, powerSteps: 1.5 }), 'neumann: powerSteps is an integer ≥ 1, got 1.5.'],
  [() => s.neumann({ terms: 3, step: Infinity }), 'neumann: step is a finite number other than 0, got Infinity.'],
  [
    () => s.matrix(v3),
    'matrix: needs a matrix of two axes, got f32[3]. For a stack of them, vmap over the function that makes the operator.',
  ],
  [
    () => s.matrix(zeros([2, 2, 2])),
    'matrix: needs a matrix of two axes, got f32[2,2,2]. For a stack of them, vmap over the function that makes the operator.',
  ],
  [
    () => s.matrix([[1, 2, 3]], { symmetric: true }),
    'matrix: f32[1,3] is not square: it has no facts, got { symmetric }.',
  ],
  [
    () => s.cg()(s.matrix(array([[1]], { dtype: 'f16' })))(array([1], { dtype: 'f16' })),
    'cg: a vector has leaves of one dtype, f32 or f64, got f16[1].',
  ],
  [
    () => s.operator({ domain: a.domain, apply: () => v3 }).apply(v2),
    'operator: the product has a leaf f32[3] where the operator expects f32[2].',
  ],
  [
    () => s.operator({ domain: a.domain, apply: (x) => x }).apply(v3),
    'operator: the vector has a leaf f32[3] where the operator expects f32[2].',
  ],
  [
    () => s.operator({ domain: a.domain, codomain: wide.domain, apply: () => v3, facts: { diagonal: true } }),
    'operator: facts that only a square operator has, of one from f32[2] to f32[3].',
  ],
  [
    () => s.operator({ domain: s.vectorSpace([v2, f64]), apply: (x) => x }),
    'operator: a vector has leaves of one dtype, f32 or f64, got f32[2] f64[2].',
  ],
  [
    () => s.operator({ domain: s.vectorSpace(whole), apply: (x) => x }),
    'operator: a vector has leaves of one dtype, f32 or f64, got i32[2].',
  ],
  [() => s.vectorSpace('x' as never), 'vectorSpace: expected tensors, got "x".'],
  [
    () => s.transposed(oneWay),
    'transposed: the transpose of the operator is not known. Give `transpose` where it is made (`linearTranspose` finds that of a linear function), or say facts.symmetric where it holds.',
  ],
  [() => s.scaled(NaN, a), 'scaled: the factor is a finite number or a scalar, got NaN.'],
  [() => s.scaled(v2, a), 'scaled: the factor is a finite number or a scalar, got [2].'],
  [() => s.sumOf(a, notSquare), 'sumOf: term 1 maps from another space: f32[3] is not f32[2].'],
  [
    () => s.sumOf(a, s.damped(s.matrix([[1]]), 1) as never),
    'sumOf: term 1 maps from another space: f32[1] is not f32[2].',
  ],
  [() => s.damped(notSquare, 1), 'damped: the operator maps to another space than from: f32[2] is not f32[3].'],
  [() => s.damped(a, v2), 'damped: λ is a finite number or a scalar, got [2].'],
  [
    () => s.composed(a, s.transposed(wide) as never),
    'composed: the second maps to another space than the first from: f32[3] is not f32[2].',
  ],
  [
    () => s.composed(wide, notSquare),
    'composed: the second maps to another space than the first from: f32[2] is not f32[3].',
  ],
  [() => s.block([[a], [a, a]] as never), 'block: rows have one number of blocks, at least one, got 1, 2.'],
  [() => s.block([] as never), 'block: rows have one number of blocks, at least one, got none.'],
  [
    () =>
      s.block([
        [a, null],
        [a, null],
      ] as never),
    'block: column 1 has null blocks only: put an operator there, as scaled(0, …).',
  ],
  [
    () =>
      s.block([
        [a, wide],
        [wide, a],
      ] as never),
    'block: column 0 has blocks of two domains: f32[3] is not f32[2].',
  ],
  [() => s.diagonalOperator(whole), 'diagonalOperator: a vector has leaves of one dtype, f32 or f64, got i32[2].'],
  [
    () => s.kronecker(a, s.identity(s.vectorSpace(zeros([2, 2])))),
    'kronecker: factors act on vectors [n], got one on f32[2,2].',
  ],
  [
    () => s.kronecker(a, s.identity(s.vectorSpace(f64))),
    'kronecker: the factors have two dtypes, f32 and f64: cast one.',
  ],
  [() => s.lowRank({ diagonal: 1, left: v2 }), 'lowRank: the left side is a matrix [n, r], got [2].'],
  [
    () => s.lowRank({ diagonal: v3, left: zeros([2, 1]) }),
    'lowRank: the diagonal is [] or [2] for 1 directions of 2 elements, got [3].',
  ],
  [
    () => s.lowRank({ diagonal: 1, left: zeros([2, 1]), center: v2 }),
    'lowRank: the center is [1] or [1, 1] for 1 directions of 2 elements, got [2].',
  ],
  [
    () => s.lowRank({ diagonal: 1, left: zeros([2, 1]), right: zeros([2, 2]) }),
    'lowRank: the right side is [2, 1] for 1 directions of 2 elements, got [2, 2].',
  ],
  [
    () => s.lowRank({ diagonal: f64, left: zeros([2, 1]) }).apply(v2),
    'lowRank: a vector has leaves of one dtype, f32 or f64, got f32[2,1] f32[2,1] f64[2].',
  ],
  [() => s.compensatedDot(whole, whole), 'compensatedDot: a vector has leaves of one dtype, f32 or f64, got i32[2].'],
  [() => s.compensatedDot(v2, v3), 'compensatedDot: the vectors are of two spaces: f32[3] is not f32[2].'],
  [
    () => s.adjointGap(oneWay, key(1)),
    'adjointGap: the operator has no transpose to compare with. Give `transpose` where it is made.',
  ],
  [
    () =>
      s.checkOperator(
        s.matrix(
          [
            [1, 2],
            [3, 4],
          ],
          { symmetric: true },
        ),
        key(1),
      ),
    'checkOperator: facts.symmetric, ⟨y, A x⟩ = ⟨A y, x⟩, does not hold: off by 0.140 where 0.0000169 is allowed.',
  ],
  [() => s.statusOf(7), 'statusOf: 7 is no status: codes are 0 to 6.'],
  [
    () => s.powerIteration()(notSquare)(key(1)),
    'powerIteration: the operator maps to another space than from: f32[2] is not f32[3].',
  ],
  [
    () => s.powerIteration()(empty)(key(1)),
    'powerIteration: the operator has no dimension: its vectors have no elements.',
  ],
  [() => s.powerIteration({ confidence: 1 })(a)(key(1)), 'powerIteration: confidence is between 0 and 1, got 1.'],
  [() => s.powerIteration({ tolerance: -1 })(a)(key(1)), 'powerIteration: tolerance is a number ≥ 0, got -1.'],
  [() => s.lanczos({ steps: 0 })(a), 'lanczos: steps is an integer ≥ 1, got 0.'],
  [
    () => s.lanczos({ steps: 2, reorthogonalise: 'some' as never })(a),
    "lanczos: reorthogonalise is 'full' or 'none', got \"some\".",
  ],
  [() => s.lanczos({ steps: 2 })(a)(v3), 'lanczos: the start has a leaf f32[3] where the operator expects f32[2].'],
  [() => s.hutchinson({ probes: 0 })(a), 'hutchinson: probes is an integer ≥ 1, got 0.'],
  [
    () => s.hutchinson({ probes: 2 })(notSquare),
    'hutchinson: the operator maps to another space than from: f32[2] is not f32[3].',
  ],
  [
    () => s.hutchinson({ probes: 2, testVectors: 'x' as never })(a)(key(0)),
    'testVectors: one of rademacher, gaussian, spherical, got "x".',
  ],
  [() => s.hutchPlusPlus({ probes: 1.5 })(a), 'hutchPlusPlus: probes is an integer ≥ 1, got 1.5.'],
  [() => s.xTrace({ probes: 0 })(a), 'xTrace: probes is an integer ≥ 1, got 0.'],
  [
    () => s.xDiag({ probes: 2 })(oneWay),
    'xDiag: needs products with Aᵀ: give the operator a transpose, or the fact that it is symmetric.',
  ],
  [() => s.nystrom({ rank: 0 })(a), 'nystrom: rank is an integer ≥ 1, got 0.'],
  [
    () => s.nystromPreconditioner({ vectors: zeros([2, 2]), values: v2 }, -1),
    'nystromPreconditioner: damping is a number ≥ 0, got -1.',
  ],
  [
    () => s.stochasticLanczosQuadrature({ steps: 2, probes: 0 })(a),
    'stochasticLanczosQuadrature: probes is an integer ≥ 1, got 0.',
  ],
  [() => s.spectralDensity(quadrature, zeros([2, 2]), 1), 'spectralDensity: the grid has one axis, got [2, 2].'],
  [() => s.spectralDensity(quadrature, v2, 0), 'spectralDensity: width is a number > 0, got 0.'],
  [
    () => s.hutchinson({ probes: 2 })(longer)(key(0)),
    'hutchinson: the product has a leaf f32[3] where the operator expects f32[2].',
  ],
]

test('what wrong calls say', () => {
  for (const [call, message] of calls) throws(call, message)
})

test('each function of the entry is asked for its messages', () => {
  // what refuses nothing of its own
  const silent = ['identity', 'materialise', 'ritz', 'spectralSum']
  const called = new Set(
    calls.flatMap(([call]) => [...String(call).matchAll(/\bs\d*\.(\w+)\(/g)].map((match) => match[1])),
  )
  const missing = Object.entries(s).flatMap(([name, value]) =>
    typeof value === 'function' && !silent.includes(name) && !called.has(name) ? [name] : [],
  )
  assert.equal(missing, [])
})

test.run()
