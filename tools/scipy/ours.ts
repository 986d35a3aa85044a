/** How functions of ours are called on the families of a matrix; what families there are is said in `matrices.py`, what SciPy does instead in `judge.py`. */

import type { Tensor } from '../../packages/linalg-gpu/src/index.js'
import * as linalg from '../../packages/linalg-gpu/src/linalg/index.js'
import {
  bicgstab,
  cg,
  gmres,
  type LinearSolver,
  lsmr,
  matrix,
  minres,
} from '../../packages/linalg-gpu/src/solvers/index.js'

export type Families = Readonly<Record<string, Tensor>>

/** The families that a function needs, a letter each, and the call. */
type Row = readonly [needs: string, call: (...operands: readonly Tensor[]) => unknown]

const row = <N extends readonly Tensor[]>(needs: string, call: (...operands: N) => unknown): Row => [
  needs,
  call as Row[1],
]

const solved = (needs: string, solver: LinearSolver, symmetric = false): Row =>
  row(needs, (a: Tensor, b: Tensor) => {
    const { x, status, iterations } = solver(matrix(a, { symmetric }))(b)
    return { x, status, iterations }
  })

const rows: Readonly<Record<string, Row>> = {
  cholesky: row('p', (p: Tensor) => linalg.cholesky(p)),
  solveTriangular: row('lb', (l: Tensor, b: Tensor) => linalg.solveTriangular(l, b)),
  solve: row('cb', (c: Tensor, b: Tensor) => linalg.solve(c, b)),
  lstsq: row('ab', (a: Tensor, b: Tensor) => linalg.lstsq(a, b).x),
  inv: row('c', (c: Tensor) => linalg.inv(c)),
  det: row('c', (c: Tensor) => linalg.det(c)),
  slogdet: row('c', (c: Tensor) => linalg.slogdet(c)),
  qr: row('a', (a: Tensor) => linalg.qr(a)),
  eigh: row('s', (s: Tensor) => linalg.eigh(s)),
  eigvalsh: row('s', (s: Tensor) => linalg.eigvalsh(s)),
  svd: row('a', (a: Tensor) => linalg.svd(a)),
  svdvals: row('a', (a: Tensor) => linalg.svdvals(a)),
  pinv: row('a', (a: Tensor) => linalg.pinv(a)),
  'matrixPower 5': row('c', (c: Tensor) => linalg.matrixPower(c, 5)),
  'matrixPower -2': row('c', (c: Tensor) => linalg.matrixPower(c, -2)),
  expm: row('e', (e: Tensor) => linalg.expm(e)),
  'matrixNorm fro': row('a', (a: Tensor) => linalg.matrixNorm(a)),
  'matrixNorm 1': row('a', (a: Tensor) => linalg.matrixNorm(a, 1)),
  'matrixNorm inf': row('a', (a: Tensor) => linalg.matrixNorm(a, Infinity)),
  'matrixNorm 2': row('a', (a: Tensor) => linalg.matrixNorm(a, 2)),
  'matrixNorm nuc': row('a', (a: Tensor) => linalg.matrixNorm(a, 'nuc')),
  cond: row('c', (c: Tensor) => linalg.cond(c)),
  'cond 1': row('c', (c: Tensor) => linalg.cond(c, 1)),
  matrixRank: row('a', (a: Tensor) => linalg.matrixRank(a)),
  cg: solved('pv', cg(), true),
  minres: solved('sv', minres(), true),
  gmres: solved('wv', gmres()),
  bicgstab: solved('wv', bicgstab()),
  lsmr: row('av', (a: Tensor, b: Tensor) => {
    const { x, status, iterations } = lsmr()(matrix(a))(b)
    return { x, status, iterations }
  }),
}

/** What every function makes of a matrix, where it has the families that the function needs. */
export const ours = (families: Families): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(rows)
      .filter(([, [needs]]) => [...needs].every((letter) => letter in families))
      .map(([name, [needs, call]]) => [name, call(...[...needs].map((letter) => families[letter]!))]),
  )
