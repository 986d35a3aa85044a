/** What factorisations cost, as multiples of what matrix products of one size spend on as many operations.
 *  Cholesky n³/3, LU 2n³/3, QR 4n³/3 for R and as many again for Q; a product of two n × n matrices 2n³. */

import { add, array, eye, jit, matmul, mul, type Tensor } from '@neumann/linalg-gpu'
import { cholesky, lu, qr } from '@neumann/linalg-gpu/linalg'
import type { WasmDevice } from '@neumann/linalg-gpu/wasm'
import { caseOf, measure } from './cases.js'
import { atMost, type Figure } from './figure.js'
import { elementsOf } from './inputs.js'

/** Name, the function of a matrix and a definite one, and its operations in n³. */
const factorisations: readonly (readonly [string, (a: Tensor, definite: Tensor) => unknown, number])[] = [
  ['cholesky', (_, definite) => cholesky(definite), 1 / 3],
  ['lu', (a) => lu(a), 2 / 3],
  ['qr', (a) => qr(a), 8 / 3],
]

/** At n × n in f32, all of them and the product in turn. */
export const factorisationFigures = (device: WasmDevice, n: number, rounds = 30): readonly Figure[] => {
  const square = array(elementsOf({ kind: 'uniform', shape: [n, n], seed: n }), { shape: [n, n], device })
  // symmetric parts have eigenvalues in about ±√n: diagonals of n make them definite
  const definite = add(square, mul(n, eye(n)))
  const product = jit((a: Tensor) => matmul(a, a))
  const cases = [
    caseOf(() => product(square)),
    ...factorisations.map(([, f]) => {
      const compiled = jit(f)
      return caseOf(() => compiled(square, definite))
    }),
  ]
  measure(cases, rounds)
  const perOperation = cases[0]!.best / 2
  return factorisations.map(([name, , operations], i) =>
    atMost(
      `${name} of ${n} × ${n}, × the same operations by matmul`,
      cases[i + 1]!.best / operations / perOperation,
      3,
    ),
  )
}
