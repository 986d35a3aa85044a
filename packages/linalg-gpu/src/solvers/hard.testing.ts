/** Random systems made to mislead a solver, and the count of those that one claims to have solved and has not: the figure that must be 0. */

import { array } from '../ops/creation.js'
import { jit } from '../run/jit.js'
import { scope } from '../run/scope.js'
import type { Tensor } from '../trace/tensor.js'
import { bicgstab } from './bicgstab.js'
import { cg } from './cg.js'
import { chebyshev } from './chebyshev.js'
import { exact } from './exact.js'
import { gmres } from './gmres.js'
import { lsmr } from './lsmr.js'
import { matrix } from './matrix.js'
import { minres } from './minres.js'
import { neumann } from './neumann.js'
import type { Operator } from './operator.js'
import { richardson } from './richardson.js'
import type { Solution } from './solution.js'
import {
  type Answer,
  answerOf,
  apply,
  type Dense,
  diagonalOf,
  draws,
  frobenius,
  geometric,
  minus,
  normals,
  type Precision,
  residualOf,
  roundedMatrix,
  roundedTo,
  scaled,
  size,
  times,
  tolerances,
  transposed,
  ulp,
  type Vector,
  withEigenvalues,
  withSingularValues,
} from './systems.testing.js'

export interface System {
  readonly kind: string
  readonly a: Dense
  readonly b: Vector
  readonly start: Vector
}

type Random = () => number
const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)]!

/** Symmetric or not, with the singular values given. */
const spread = (values: Vector, random: Random): number[][] =>
  random() < 0.5
    ? withEigenvalues(
        values.map((value) => (random() < 0.3 ? -value : value)),
        random,
      )
    : withSingularValues(values, values.length, values.length, random)

/** Some of the values replaced by 0. */
const holed = (values: Vector, random: Random): number[] =>
  values.map((value, i) => (i === 0 || random() < 0.4 ? 0 : value))

const skew = (n: number, random: Random): number[][] => {
  const a = diagonalOf(normals(n, random)).map((row) => row.map(() => random() - 0.5))
  return a.map((row, i) => row.map((value, j) => value - a[j]![i]!))
}

/** What each kind makes a matrix of: [A, and b where it is not A x for some x]. */
const kinds: Readonly<Record<string, (n: number, random: Random) => readonly [Dense, (Vector | undefined)?]>> = {
  singular: (n, random) => [spread(holed(geometric(n, 100), random), random)],
  inconsistent: (n, random) => [spread(holed(geometric(n, 100), random), random), normals(n, random)],
  wholeNumbers: (n, random) => {
    const draw = (): number => Math.floor(random() * 3) - 1
    const a = diagonalOf(normals(n, random)).map((row) => row.map(draw))
    return [random() < 0.5 ? a : a.map((row, i) => row.map((_, j) => a[Math.min(i, j)]![Math.max(i, j)]!)), a.map(draw)]
  },
  nearlySingular: (n, random) => [
    spread(geometric(n, 10 ** (4 + 14 * random())), random),
    random() < 0.5 ? normals(n, random) : undefined,
  ],
  indefinite: (n, random) => [
    withEigenvalues(
      geometric(n, 10 ** (6 * random())).map((value) => (random() < 0.5 ? -value : value)),
      random,
    ),
    random() < 0.5 ? normals(n, random) : undefined,
  ],
  nonNormal: (n, random) => {
    const [on, above] = [10 ** (-3 * random()), 10 ** (3 * random())]
    const a = diagonalOf(new Array<number>(n).fill(on)).map((row, i) =>
      row.map((value, j) => (j > i ? above * (random() - 0.3) : value)),
    )
    return [a, normals(n, random)]
  },
  shift: (n) => [
    diagonalOf(new Array<number>(n).fill(0)).map((row, i) => row.map((_, j) => (j === (i + 1) % n ? 1 : 0))),
    new Array<number>(n).fill(0).map((_, i) => (i === 0 ? 1 : 0)),
  ],
  nilpotent: (n, random) => [
    diagonalOf(new Array<number>(n).fill(0)).map((row, i) => row.map((_, j) => (j > i ? random() : 0))),
    normals(n, random),
  ],
  skew: (n, random) => [skew(n, random), normals(n, random)],
  large: (n, random) => [scaled(10 ** pick(random, [20, -20]), spread(geometric(n, 10), random)), normals(n, random)],
  badlyScaled: (n, random) => {
    const d = diagonalOf(normals(n, random).map(() => 10 ** (10 * (2 * random() - 1))))
    const a = spread(geometric(n, 100), random)
    return [random() < 0.5 ? times(times(d, a), d) : times(d, a), random() < 0.5 ? normals(n, random) : undefined]
  },
  nonfinite: (n, random) => {
    const a = spread(geometric(n, 10), random)
    const [row, column] = [Math.floor(random() * n), Math.floor(random() * n)]
    const poison = pick(random, [NaN, Infinity, -Infinity])
    return random() < 0.5
      ? [a, normals(n, random).map((value, i) => (i === row ? poison : value))]
      : [
          a.map((r, i) => r.map((value, j) => (i === row && j === column ? poison : value))),
          normals(n, random).map((value) => value + 3),
        ]
  },
}

/** One hard system of n equations, in numbers that the dtype holds. */
export const hardSystem = (n: number, dtype: Precision, random: Random): System => {
  const kind = pick(random, Object.keys(kinds))
  const [made, right] = kinds[kind]!(n, random)
  const a = roundedMatrix(dtype, made)
  const scale = 10 ** pick(random, [0, 0, 0, 20, -20, -13])
  const b = roundedTo(
    dtype,
    (right ?? apply(a, normals(n, random))).map((value) => value * scale),
  )
  const start = roundedTo(
    dtype,
    random() < 0.7 ? b.map(() => 0) : normals(n, random).map((value) => value * 10 ** pick(random, [0, 20, -20])),
  )
  return { kind, a, b, start }
}

export type Solve = (operator: Operator<Tensor>) => (b: Tensor, start?: Tensor) => Solution<Tensor>

export const krylov: Readonly<Record<string, Solve>> = {
  cg: cg(),
  minres: minres(),
  gmres: gmres(),
  'gmres(3)': gmres({ restart: 3 }),
  bicgstab: bicgstab(),
  lsmr: (operator) => lsmr()(operator),
}

/** Every linear solver there is. */
export const solvers: Readonly<Record<string, Solve>> = {
  ...krylov,
  exact: exact(),
  richardson: richardson({ step: 0.5, maxIterations: 60 }),
  chebyshev: chebyshev({ least: 0.05, greatest: 1, maxIterations: 60 }),
  neumann: neumann({ terms: 40 }),
}

/** Whether x solves A x = b as well as `converged` promises: within the tolerance, and what rounding can hide, c ulp ‖A‖ ‖x‖. */
export const isSolved = ({ a, b }: System, x: Vector, dtype: Precision): boolean => {
  const rounding = 4 * (b.length + 4) * ulp[dtype]
  return (
    residualOf(a, x, b) <= (tolerances[dtype] * (1 + rounding) + rounding) * size(b) + rounding * frobenius(a) * size(x)
  )
}

/** As `isSolved` for least squares: ‖Aᵀr‖ ≤ tolerance ‖A‖ ‖r‖. */
export const isLeastSquares = ({ a, b }: System, x: Vector, dtype: Precision): boolean => {
  const r = minus(b, apply(a, x))
  const long = frobenius(a)
  const rounding = 4 * (b.length + 4) * ulp[dtype]
  return (
    size(apply(transposed(a), r)) <= tolerances[dtype] * long * size(r) + rounding * long * (long * size(x) + size(b))
  )
}

export interface Tally {
  readonly answers: number
  readonly converged: number
  /** What was said to be solved and is not. */
  readonly silent: readonly string[]
}

/** `count` hard systems of these sizes, each given to every solver. A size, a dtype and a solver make one program. */
export const silentFailures = (
  count: number,
  seed: number,
  {
    among = solvers,
    sizes = Array.from({ length: 12 }, (_, i) => i + 1),
  }: { readonly among?: Readonly<Record<string, Solve>>; readonly sizes?: readonly number[] } = {},
): Tally => {
  const random = draws(seed)
  const programs = new Map<string, (a: Tensor, b: Tensor, start: Tensor) => Solution<Tensor>>()
  const silent: string[] = []
  let [answers, converged] = [0, 0]
  for (let i = 0; i < count; i++) {
    const n = pick(random, sizes)
    const dtype = pick<Precision>(random, ['f32', 'f64'])
    const system = hardSystem(n, dtype, random)
    for (const [name, solve] of Object.entries(among)) {
      const key = `${name} ${n} ${dtype}`
      const program = programs.get(key) ?? jit((a: Tensor, b: Tensor, start: Tensor) => solve(matrix(a))(b, start))
      programs.set(key, program)
      let answer: Answer | undefined
      scope(() => {
        const tensor = (x: Vector, shape: readonly number[]): Tensor => array(Float64Array.from(x), { shape, dtype })
        answer = answerOf(program(tensor(system.a.flat(), [n, n]), tensor(system.b, [n]), tensor(system.start, [n])))
      })
      answers++
      if (answer!.status !== 'converged') continue
      converged++
      const solved = isSolved(system, answer!.x, dtype) || (name === 'lsmr' && isLeastSquares(system, answer!.x, dtype))
      if (!solved) silent.push(`${key} ${system.kind} (system ${i} of seed ${seed})`)
    }
  }
  return { answers, converged, silent }
}
