/** What factorisations cost beside products of matrices, and solvers beside the products they make: `node --import tsx bench/src/solverTiming.ts` prints
 *  figures as JSON.
 *  The packages are taken as they are built; one thread of the wasm device. */

import { hessianOperator } from '@neumann/autodiff/solvers'
import {
  add,
  array,
  dispose,
  foriLoop,
  item,
  jit,
  logSoftmax,
  matmul,
  mean,
  mul,
  neg,
  softmax,
  sum,
  type Tensor,
} from '@neumann/linalg-gpu'
import { cg, statusOf } from '@neumann/linalg-gpu/solvers'
import { wasmDevice } from '@neumann/linalg-gpu/wasm'
import { caseOf, measure } from './cases.js'
import { factorisationFigures } from './factorisations.js'
import { atMost, type Figure, shown } from './figure.js'
import { elementsOf } from './inputs.js'

const device = await wasmDevice({ threads: 1 })
let seed = 1
const random = (...shape: number[]): Tensor =>
  array(elementsOf({ kind: 'uniform', shape, seed: seed++ }), { shape, device })

/** Conjugate gradients on the Hessian of softmax regression with weight decay, 1000 features and 10 classes, batch 512. The same products in a loop that
 *  does nothing else tell what they cost. */
const overhead = (): readonly Figure[] => {
  const [x, y] = [random(512, 1000), softmax(random(512, 10))]
  const [w, b] = [random(1000, 10), random(1000, 10)]
  const loss = (v: Tensor): Tensor =>
    add(neg(mean(sum(mul(y, logSoftmax(matmul(x, v))), { axis: 1 }))), mul(0.005, sum(mul(v, v))))
  const solve = jit((v: Tensor, right: Tensor) => {
    return cg({ maxIterations: 200 })(hessianOperator(loss, v))(right)
  })
  const first = solve(w, b)
  const [products, largest] = [first.products, first.curvature[1]].map((x) => item(x) as number) as [number, number]
  const status = statusOf(item(first.status) as number)
  if (status !== 'converged') throw new Error(`the solve that is measured ended as ${status}`)
  dispose(first)
  // kept from vanishing: numbers below the normal ones are slow
  const repeated = (times: number) =>
    jit((v: Tensor, u: Tensor) => {
      const { apply } = hessianOperator(loss, v)
      return foriLoop(0, times, (_: Tensor, z: Tensor) => mul(apply(z), 1 / largest), u)
    })
  const [one, all] = [repeated(1), repeated(products)]
  const cases = [caseOf(() => solve(w, b)), caseOf(() => one(w, b)), caseOf(() => all(w, b))]
  measure(cases, 80)
  const [whole, start, only] = cases.map(({ best }) => best) as [number, number, number]
  return [
    atMost('CG on a Hessian of 10,000 variables: share of its time outside the products', 1 - only / whole, 0.05),
    shown('CG on a Hessian of 10,000 variables: products', products),
    shown('ms: one of its products', (only - start) / (products - 1)),
  ]
}

console.log(JSON.stringify([256, 512].flatMap((n) => factorisationFigures(device, n)).concat(overhead())))
device.dispose()
