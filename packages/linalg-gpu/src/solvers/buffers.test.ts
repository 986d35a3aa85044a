import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { add, exp, key, scope, type Tensor } from '../index.js'
import { flat, put, sample } from '../ops/arrays.testing.js'
import { aliveOn, leavesNothing, type Rows } from '../ops/buffers.testing.js'
import { plainDevice } from '../plain/device.js'
import * as solvers from './index.js'

const device = plainDevice({ name: 'counted' })
const definite = { symmetric: true, definite: 'positive' } as const
// biome-ignore format: a matrix
const s = put(flat([3, 3], [4, 1, 0, 1, 3, 1, 0, 1, 2]), 'f32', device)
const x = put(sample([3], 1), 'f32', device)
const b = put(sample([3], 2), 'f32', device)
const y = put(sample([4], 3), 'f32', device)
const tall = put(sample([4, 3], 4), 'f32', device)
const square = put(sample([3, 3], 5), 'f32', device)
const u = put(sample([3, 2], 6), 'f32', device)
const c = put(sample([2], 7), 'f32', device)
const seed = key(1)

const a = solvers.matrix(s, definite)
const general = solvers.matrix(tall)
const inverse = solvers.diagonalOperator(put(flat([3], [0.25, 0.3, 0.5]), 'f32', device), { definite: 'positive' })

/** Both ways of an operator. */
const used = <X, Y>(
  { apply, transpose, dense }: solvers.Operator<X, Y>,
  one: X,
  other: Y,
): readonly [Y, X | undefined, Tensor | undefined] => {
  const matrixOf = dense?.()
  return [apply(one), transpose?.(other), matrixOf]
}
/** Cold, and from a start. */
const solved = (solver: solvers.LinearSolver): unknown => [solver(a)(b), solver(a)(b, x)]

type Pair = readonly [Tensor, Tensor]
const rows: Rows = {
  adjointGap: () => solvers.adjointGap(general, seed),
  bicgstab: () => [solved(solvers.bicgstab()), solvers.bicgstab({ preconditioner: inverse })(a)(b)],
  // biome-ignore format: a matrix
  block: () => used<Pair, Pair>(solvers.block<Pair>([[a, null], [a, a]]), [x, b], [b, x]),
  cg: () => [
    solved(solvers.cg()),
    solvers.cg({ preconditioner: inverse, dot: solvers.compensatedDot, maxIterations: 1 })(a)(b),
  ],
  chebyshev: () => solved(solvers.chebyshev({ least: 1, greatest: 5 })),
  checkOperator: () => solvers.checkOperator(a, seed),
  compensatedDot: () => solvers.compensatedDot({ x, y }, { x: b, y }),
  composed: () => used(solvers.composed(general, a), x, y),
  damped: () => used(solvers.damped(a, 2), x, b),
  diagonalOperator: () => used(solvers.diagonalOperator(x), x, b),
  exact: () => [
    solved(solvers.exact()),
    solvers.exact()(solvers.matrix(square))(b),
    solvers.exact()(inverse)(b),
    solvers.exact()(solvers.matrix(square, { triangular: 'upper' }))(b),
    solvers.exact()(solvers.composed(a, a))(b),
  ],
  gmres: () => [solved(solvers.gmres()), solvers.gmres({ restart: 2, preconditioner: inverse })(a)(b)],
  hutchPlusPlus: () => solvers.hutchPlusPlus({ probes: 2 })(a)(seed),
  hutchinson: () => solvers.hutchinson({ probes: 2 })(a)(seed),
  identity: () => used(solvers.identity(a.domain), x, b).slice(2),
  kronecker: () => used(solvers.kronecker(general, solvers.composed(a, a)), square, tall),
  lanczos: () => [solvers.lanczos({ steps: 2 })(a)(b), solvers.lanczos({ steps: 2, reorthogonalise: 'none' })(a)(b)],
  lowRank: () => {
    const own = solvers.lowRank({ diagonal: 2, left: u, right: u })
    const made = used(own, x, b)
    // its factors are kept: by the scope around it
    scope(() => void used(own.inverse(), x, b))
    scope(() => void used(solvers.lowRank({ diagonal: x, left: u, center: c }), x, b))
    return made
  },
  lsmr: () => [
    solvers.lsmr()(general)(y),
    solvers.lsmr({ damp: 0.1, maxIterations: 1 })(general)(y, x),
    solvers.lsmr({ damp: 2 })(general)(y),
  ],
  materialise: () => solvers.materialise(solvers.composed(general, a)),
  matrix: () => used(general, x, y).slice(0, 2),
  minres: () => [solved(solvers.minres()), solvers.minres({ preconditioner: inverse })(a)(b)],
  neumann: () => [solvers.neumann({ terms: 3 })(a)(b, x), solvers.neumann({ terms: 3, step: 0.2, trust: true })(a)(b)],
  nystrom: () => solvers.nystrom({ rank: 2 })(a)(seed),
  nystromPreconditioner: () => solvers.nystromPreconditioner({ vectors: square, values: x }, 0.1).apply(b),
  operator: () => used(solvers.operator<Tensor, Tensor>({ ...general, transpose: general.transpose! }), x, y),
  powerIteration: () => solvers.powerIteration({ maxIterations: 3 })(a)(seed),
  richardson: () => [
    solved(solvers.richardson({ step: 0.2 })),
    solvers.richardson({ step: 0.2, preconditioner: inverse })(a)(b),
  ],
  ritz: () => solvers.ritz(tridiagonal),
  scaled: () => used(solvers.scaled(3, a), x, b),
  spectralDensity: () => solvers.spectralDensity(quadrature, x, 0.5),
  spectralSum: () => solvers.spectralSum(quadrature, (nodes) => exp(add(nodes, 1))),
  statusOf: () => solvers.statusOf(0),
  stochasticLanczosQuadrature: () => solvers.stochasticLanczosQuadrature({ steps: 2, probes: 2 })(a)(seed),
  sumOf: () => used(solvers.sumOf(a, solvers.matrix(square)), x, b),
  transposed: () => used(solvers.transposed(general), y, x),
  vectorSpace: () => solvers.vectorSpace({ x, y }),
  xDiag: () => solvers.xDiag({ probes: 2 })(a)(seed),
  xTrace: () => solvers.xTrace({ probes: 2 })(a)(seed),
}
const tridiagonal = solvers.lanczos({ steps: 2 })(a)(b)
const quadrature = solvers.stochasticLanczosQuadrature({ steps: 2, probes: 2 })(a)(seed)

leavesNothing(test, solvers, rows, device, [s, x, b, y, tall, square, u, c, seed])

test('a solve that throws on the way leaves nothing', () => {
  const alive = aliveOn(device)
  const broken: solvers.Operator = { ...a, apply: (v) => add(v, y) }
  const before = alive()
  for (const solver of [solvers.cg(), solvers.minres(), solvers.gmres(), solvers.bicgstab(), solvers.exact()])
    for (const call of [
      () => solver({ ...broken, dense: undefined } as never)(b),
      () => solver(a)(y),
      () => solver(a)(b, y),
    ])
      assert.throws(call)
  assert.throws(() => solvers.lsmr()(broken)(b))
  assert.throws(() => solvers.neumann({ terms: 2 })(broken)(b))
  assert.throws(() => solvers.richardson({ step: 1 })(broken)(b))
  assert.throws(() => solvers.powerIteration()(broken)(seed))
  assert.throws(() => solvers.hutchinson({ probes: 2 })(broken)(seed))
  assert.throws(() => solvers.checkOperator(solvers.matrix(square, { symmetric: true }), seed))
  assert.is(alive() - before, 0)
})

test.run()
