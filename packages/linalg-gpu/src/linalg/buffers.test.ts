import { test } from 'uvu'
import { flat, put, sample } from '../ops/arrays.testing.js'
import { leavesNothing, type Rows } from '../ops/buffers.testing.js'
import { plainDevice } from '../plain/device.js'
import * as linalg from './index.js'

const device = plainDevice({ name: 'counted' })
const s = put(flat([2, 3, 3], sample([2, 3, 3], 1).data), 'f32', device)
const x = put(sample([4, 3], 2), 'f32', device)
const b = put(sample([3], 3), 'f32', device)
const c = put(sample([4], 4), 'f32', device)
const h = put(sample([3, 3], 5), 'f16', device)
const packed = put(sample([3, 3], 6), 'f32', device)
const permutation = put(flat([3], [2, 0, 1]), 'i32', device)

const rows: Rows = {
  cholesky: () => [linalg.cholesky(s), linalg.cholesky(h, { upper: true })],
  cond: () => linalg.cond(s),
  det: () => [linalg.det(s), linalg.det(h)],
  eigh: () => linalg.eigh(s),
  eigvalsh: () => linalg.eigvalsh(h),
  expm: () => linalg.expm(s),
  inv: () => linalg.inv(s),
  lstsq: () => linalg.lstsq(x, c),
  lu: () => linalg.lu(x),
  luSolve: () => linalg.luSolve({ lu: packed, permutation }, b),
  matrixNorm: () => [linalg.matrixNorm(s), linalg.matrixNorm(x, 2), linalg.matrixNorm(x, 1)],
  matrixPower: () => [linalg.matrixPower(s, 3), linalg.matrixPower(s, -1), linalg.matrixPower(s, 0)],
  matrixRank: () => linalg.matrixRank(x),
  pinv: () => linalg.pinv(x),
  qr: () => [linalg.qr(x), linalg.qr(x, { mode: 'complete' }), linalg.qr(h, { mode: 'r' })],
  slogdet: () => linalg.slogdet(s),
  solve: () => [linalg.solve(s, b), linalg.solve(h, b)],
  solveTriangular: () => linalg.solveTriangular(s, b, { lower: false }),
  svd: () => linalg.svd(x),
  svdvals: () => linalg.svdvals(s),
}

leavesNothing(test, linalg, rows, device, [s, x, b, c, h, packed, permutation])

test.run()
