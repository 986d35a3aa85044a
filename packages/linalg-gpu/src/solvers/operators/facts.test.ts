import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Definite, Facts } from '../operator.js'
import { type Dense, draws, times, transposed, withEigenvalues } from '../systems.testing.js'
import { identityFacts, joinedFacts, scaledFacts, transposedFacts } from './facts.js'

interface Known {
  readonly facts: Facts
  readonly a: Dense
}

const definites: readonly Definite[] = ['positive', 'nonnegative', 'negative', 'nonpositive']
/** Eigenvalues of each sign; those that may be zero have one. */
const spectra: { readonly [D in Definite]: readonly number[] } = {
  positive: [3, 0.5],
  nonnegative: [2, 0],
  negative: [-1, -4],
  nonpositive: [0, -3],
}
const diag = ([a, d]: readonly number[]): Dense => [
  [a!, 0],
  [0, d!],
]

/** One 2 × 2 matrix of every kind that facts can tell. */
const kinds = (seed: number): readonly Known[] => {
  const random = draws(seed)
  const [p, q, r, s] = Array.from({ length: 4 }, () => 4 * random() - 2) as [number, number, number, number]
  return [
    ...definites.flatMap((definite) => [
      { facts: { symmetric: true, definite }, a: withEigenvalues(spectra[definite], random) },
      { facts: { symmetric: true, diagonal: true, definite }, a: diag(spectra[definite]) },
    ]),
    { facts: { symmetric: true }, a: withEigenvalues([3, -2], random) },
    { facts: { diagonal: true }, a: diag([p, q]) },
    { facts: { triangular: 'lower' }, a: [[p, 0], [q, r]] },
    { facts: { triangular: 'upper' }, a: [[p, q], [0, r]] },
    { facts: {}, a: [[p, q], [r, s]] },
  ] // biome-ignore format: matrices
}

const plus = (a: Dense, b: Dense): Dense => a.map((row, i) => row.map((x, j) => x + b[i]![j]!))
const product = (a: Dense, b: Dense): Dense =>
  a.flatMap((row) => b.map((other) => row.flatMap((x) => other.map((y) => x * y))))
const blocks = (a: Dense, b: Dense): Dense => [
  ...a.map((row) => [...row, ...b.map(() => 0)]),
  ...b.map((row) => [...a.map(() => 0), ...row]),
]

/** Eigenvalues of a symmetric matrix by Jacobi's rotations. */
const eigenvalues = (matrix: Dense): readonly number[] => {
  let a = matrix
  const n = a.length
  for (let sweep = 0; sweep < 12; sweep++)
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        const angle = 0.5 * Math.atan2(2 * a[p]![q]!, a[q]![q]! - a[p]![p]!)
        const turn = a.map((row, i) => row.map((_, j) => (i === j ? 1 : 0))) as number[][]
        turn[p]![p] = turn[q]![q] = Math.cos(angle)
        turn[p]![q] = Math.sin(angle)
        turn[q]![p] = -Math.sin(angle)
        a = times(transposed(turn), times(a, turn))
      }
  return a.map((row, i) => row[i]!)
}

/** Rounding of sums and products of a few numbers below 16. */
const slack = 1e-12
const zero = (x: number): boolean => Math.abs(x) <= slack
const every = (a: Dense, holds: (x: number, i: number, j: number) => boolean): boolean =>
  a.every((row, i) => row.every((x, j) => holds(x, i, j)))

/** The facts that do not hold of a matrix. */
const wrong = (a: Dense, { symmetric, diagonal, triangular, definite }: Facts): readonly string[] => {
  const values = definite === undefined ? [] : eigenvalues(a)
  const holds: { readonly [D in Definite]: (x: number) => boolean } = {
    positive: (x) => x > slack,
    nonnegative: (x) => x > -slack,
    negative: (x) => x < -slack,
    nonpositive: (x) => x < slack,
  }
  return [
    ...(symmetric && !every(a, (x, i, j) => zero(x - a[j]![i]!)) ? ['symmetric'] : []),
    ...(diagonal && !every(a, (x, i, j) => i === j || zero(x)) ? ['diagonal'] : []),
    ...(triangular === 'lower' && !every(a, (x, i, j) => i >= j || zero(x)) ? ['lower'] : []),
    ...(triangular === 'upper' && !every(a, (x, i, j) => i <= j || zero(x)) ? ['upper'] : []),
    ...(definite !== undefined && !(symmetric && values.every(holds[definite])) ? [definite] : []),
  ]
}

const ways = { sum: plus, compose: times, kronecker: product, blockDiagonal: blocks } as const

test('the facts of each kind hold of its matrix, so that the check of facts can be believed', () => {
  for (const { facts, a } of kinds(1)) {
    const own = facts.diagonal ? { ...facts, symmetric: true } : facts
    assert.equal(wrong(a, own), [], JSON.stringify(facts))
  }
  assert.equal(wrong([[1, 2], [3, 4]], { symmetric: true, diagonal: true, triangular: 'lower', definite: 'positive' }), [
    'symmetric', 'diagonal', 'lower', 'positive',
  ]) // biome-ignore format: a matrix
})

for (const [how, join] of Object.entries(ways) as [keyof typeof ways, (a: Dense, b: Dense) => Dense][])
  test(`no rule of '${how}' claims what a matrix refutes`, () => {
    for (let seed = 1; seed <= 8; seed++)
      for (const one of kinds(seed))
        for (const other of kinds(seed + 100)) {
          const facts = joinedFacts(how, [one.facts, other.facts])
          assert.equal(
            wrong(join(one.a, other.a), facts),
            [],
            `${JSON.stringify(one.facts)} ${JSON.stringify(other.facts)} gives ${JSON.stringify(facts)}`,
          )
        }
  })

test('what can be known is claimed', () => {
  const positive: Facts = { symmetric: true, definite: 'positive' }
  const flat: Facts = { symmetric: true, definite: 'nonnegative' }
  const below: Facts = { symmetric: true, definite: 'negative' }
  assert.equal(joinedFacts('sum', [flat, positive]), positive)
  assert.equal(joinedFacts('sum', [flat, flat]), flat)
  assert.equal(joinedFacts('sum', [positive, below]), { symmetric: true })
  assert.equal(joinedFacts('blockDiagonal', [flat, positive]), flat)
  assert.equal(joinedFacts('kronecker', [below, below]), positive)
  assert.equal(joinedFacts('kronecker', [below, flat]), { symmetric: true, definite: 'nonpositive' })
  assert.equal(joinedFacts('compose', [positive, positive]), {})
  assert.equal(joinedFacts('compose', [identityFacts, identityFacts]), identityFacts)
  assert.equal(joinedFacts('compose', [{ triangular: 'lower' }, identityFacts]), { triangular: 'lower' })
  assert.equal(joinedFacts('compose', [{ triangular: 'lower' }, { triangular: 'upper' }]), {})
  assert.equal(joinedFacts('compose', [{ triangular: 'lower' }, {}]), {})
})

test('a multiple keeps its form, and its sign where that of the number is known', () => {
  for (const { facts, a } of kinds(3))
    for (const c of [2, -3, 0, undefined]) {
      const scaled = scaledFacts(c, facts)
      for (const value of c === undefined ? [2, -3, 0] : [c])
        assert.equal(
          wrong(
            a.map((row) => row.map((x) => value * x)),
            scaled.diagonal ? { ...scaled, symmetric: true } : scaled,
          ),
          [],
          `${c} ${JSON.stringify(facts)}`,
        )
    }
  assert.equal(scaledFacts(-1, { symmetric: true, definite: 'nonnegative' }).definite, 'nonpositive')
  assert.equal(scaledFacts(NaN, { symmetric: true, definite: 'nonnegative' }).definite, undefined)
})

test('a transpose has the other triangle', () => {
  assert.equal(transposedFacts({ triangular: 'lower' }), { triangular: 'upper' })
  assert.equal(transposedFacts({ triangular: 'upper' }), { triangular: 'lower' })
  assert.equal(transposedFacts(identityFacts), identityFacts)
})

test.run()
