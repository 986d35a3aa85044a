/** Random systems, most of them hard: singular, nearly so, badly scaled, not finite, without a root. What says `converged` has to be a root. */

import { add, array, matmul, mul, sin, square, sub, type Tensor } from '@neumann/linalg-gpu'
import { type Status, statuses } from '@neumann/linalg-gpu/solvers'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { vmap } from '../../index.js'
import { anderson, broyden, newton, newtonKrylov, picard, type RootSolver } from '../index.js'
import { lengthOf, numbersOf, ulp } from '../problems.testing.js'
import { applied, draws, matrixFrom, vectorFrom } from '../systems.testing.js'

const n = 4
const count = 160

interface Case {
  readonly A: readonly (readonly number[])[]
  readonly b: readonly number[]
  readonly c: number
  readonly w: readonly number[]
}

const kinds = [
  'plain',
  'singular',
  'nearly singular',
  'not finite',
  'of any size',
  'badly scaled',
  'linear',
  'bent',
] as const

const random = draws(77)
const rounded = (x: readonly number[]): number[] => Array.from(Float32Array.from(x))
const cases: readonly Case[] = Array.from({ length: count }, (_, i): Case => {
  const kind = kinds[i % kinds.length]!
  const A = matrixFrom(n, n, random)
  if (kind === 'singular') A[3] = A[2]!.map((v) => v * 2)
  if (kind === 'nearly singular') A[3] = A[2]!.map((v) => v * (1 + 1e-6 * random()))
  if (kind === 'not finite') A[1]![1] = i % 3 === 0 ? Infinity : NaN
  const rows = A.map((row) => rounded(kind === 'badly scaled' ? row.map((v) => v * 1e3 ** random()) : row))
  const size = kind === 'of any size' ? 10 ** (20 * random()) : 1
  const c = { linear: 0, bent: 5 * random() }[kind as 'linear'] ?? 0.3 * random()
  return {
    A: rows,
    b: rounded(vectorFrom(n, () => size * random())),
    c: Math.fround(c),
    w: rounded(vectorFrom(n, random)),
  }
})

/** A x − b + c (x³ + sin w x) */
const system =
  (A: Tensor, b: Tensor, c: Tensor, w: Tensor) =>
  (x: Tensor): Tensor =>
    add(sub(matmul(A, x), b), mul(c, add(mul(x, square(x)), sin(mul(w, x)))))
const plain = ({ A, b, c, w }: Case, x: readonly number[]): number[] =>
  applied(A, x).map((v, i) => v - b[i]! + c * (x[i]! ** 3 + Math.sin(w[i]! * x[i]!)))
/** The size of the terms, whose ulps are lost. */
const terms = ({ A, b, c }: Case, x: readonly number[]): number =>
  lengthOf(
    applied(
      A.map((row) => row.map(Math.abs)),
      x.map(Math.abs),
    ).map((v, i) => v + Math.abs(b[i]!) + Math.abs(c) * (Math.abs(x[i]!) ** 3 + 1)),
  )

const solvers: Readonly<Record<string, RootSolver>> = {
  newton: newton(),
  newtonKrylov: newtonKrylov(),
  broyden: broyden(),
  // of x − F
  picard: (f) => picard({ damping: 0.5 })((x) => sub(x as Tensor, f(x) as Tensor) as never),
  anderson: (f) => anderson()((x) => sub(x as Tensor, f(x) as Tensor) as never),
}

test('of hard systems none is said to be solved that is not, and the residual that is reported is that of x', () => {
  for (const [name, solver] of Object.entries(solvers)) {
    // a batch of iterative solves within a batch is slow on the plain device
    const some = name === 'newtonKrylov' ? cases.slice(0, 16) : cases
    const stacked = [
      array(some.map(({ A }) => A)),
      array(some.map(({ b }) => b)),
      array(some.map(({ c }) => c)),
      array(some.map(({ w }) => w)),
    ] as const
    const found = vmap((A: Tensor, b: Tensor, c: Tensor, w: Tensor) => solver(system(A, b, c, w))(mul(0, w)))(
      ...stacked,
    )
    const [xs, codes, residuals] = [found.x, found.status, found.residual].map(numbersOf) as [
      number[],
      number[],
      number[],
    ]
    const ends = new Map<Status, number>()
    for (const [i, one] of some.entries()) {
      const x = xs.slice(n * i, n * i + n)
      const status = statuses[codes[i]!]!
      ends.set(status, (ends.get(status) ?? 0) + 1)
      const note = `${name} of system ${i}, ${kinds[i % kinds.length]}: ${status}, ${residuals[i]} at ${x}`
      assert.ok(x.every(Number.isFinite), note)
      const [truth, lost] = [lengthOf(plain(one, x)), 32 * ulp.f32 * terms(one, x)]
      const unit = name === 'picard' || name === 'anderson' ? lengthOf(x) : lengthOf(one.b)
      if (status === 'converged') assert.ok(truth <= 1e-5 * (1 + unit) + lost, `${note}, in truth ${truth}`)
      if (Number.isFinite(truth)) {
        assert.ok(Math.abs(truth - residuals[i]!) <= lost + 8 * ulp.f32 * truth, `${note}, in truth ${truth}`)
        assert.ok(truth <= lengthOf(one.b) + lost, `${note}: worse than the start`)
      }
    }
    assert.ok(ends.get('converged')! >= (name === 'picard' ? 0.1 : 0.5) * some.length, `${name}: ${[...ends]}`)
    assert.ok(ends.get('nonfinite')! >= some.length / kinds.length, `${name}: ${[...ends]}`)
  }
})

test.run()
