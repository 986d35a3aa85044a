/** Householder's reflectors of a panel of columns, in one compact form:
 *
 *    A = (I − V T Vᵀ) [R; 0],   V unit lower trapezoidal [m, b], T and R upper triangular [b, b],   m ≥ b
 *
 *  Signs   those of LAPACK: Rⱼⱼ = −sign(α)‖x‖ where x = [α; y] is what is left of column j; α itself where y = 0.
 *  Source  Schreiber, Van Loan 1989. */

import type { TypedArray } from '../dtype.js'
import { fail, showType } from '../errors.js'
import { sub } from '../ops/arithmetic.js'
import { matmul } from '../ops/contraction.js'
import type { CustomKernel } from '../program/custom.js'
import { withShape } from '../program/type.js'
import type { Tensor } from '../trace/tensor.js'
import { householderPanel as panelOnWasm } from '../wasm/dense/householder.js'
import { turned } from './blocked.js'
import { batchOf, checkedOperands, countOf, run, sizeOfMatrix } from './operands.js'

export interface Reflectors {
  readonly v: Tensor
  readonly t: Tensor
  readonly r: Tensor
}

/** The reflectors of a stack of panels. */
export const reflectorsOf = (a: Tensor): Reflectors => {
  const [v, t, r] = run(householderPanel, a) as [Tensor, Tensor, Tensor]
  return { v, t, r }
}

/** (I − V T Vᵀ) B, given VᵀB. */
export const reflected = ({ v, t }: Reflectors, b: Tensor, products: Tensor): Tensor =>
  sub(b, matmul(v, matmul(t, products)))

/** (I − V Tᵀ Vᵀ) B: what made R of A, done to other columns. */
export const reflectedBack = ({ v, t }: Reflectors, b: Tensor): Tensor =>
  sub(b, matmul(v, matmul(turned(t), matmul(turned(v), b))))

/** ‖x‖ over x[from…], without overflow. */
const norm = (x: Float64Array, from: number): number => {
  let top = 0
  for (let i = from; i < x.length; i++) top = Math.max(top, Math.abs(x[i]!))
  if (top === 0) return 0
  let sum = 0
  for (let i = from; i < x.length; i++) sum += (x[i]! / top) ** 2
  return top * Math.sqrt(sum)
}

const dot = (x: Float64Array, y: Float64Array, from: number): number => {
  let sum = 0
  for (let i = from; i < x.length; i++) sum += x[i]! * y[i]!
  return sum
}

/** Columns of V and R and the factors τ of one matrix in f64, column after column: the reference. */
export const reflect = (
  a: TypedArray,
  m: number,
  n: number,
): { readonly v: readonly Float64Array[]; readonly tau: readonly number[]; readonly r: readonly Float64Array[] } => {
  const v = Array.from({ length: n }, (_, j) => Float64Array.from({ length: m }, (_, i) => a[i * n + j]!))
  const tau: number[] = []
  const r = v.map(() => new Float64Array(n))
  v.forEach((x, j) => {
    r[j]!.set(x.subarray(0, j))
    // v and τ know no scale, so they need not suffer from what is too small or too large for quotients
    const size = norm(x, j)
    const scale = size < 2 ** -900 ? 2 ** 600 : size > 2 ** 900 ? 2 ** -600 : 1
    if (scale !== 1) for (let i = j; i < m; i++) x[i]! *= scale
    const alpha = x[j]!
    const below = norm(x, j + 1)
    const beta = below === 0 ? alpha : -(alpha < 0 ? -1 : 1) * norm(x, j)
    tau.push(below === 0 ? 0 : (beta - alpha) / beta)
    r[j]![j] = beta / scale
    x.fill(0, 0, j)
    x[j] = 1
    if (below !== 0) for (let i = j + 1; i < m; i++) x[i]! /= alpha - beta
    for (const y of v.slice(j + 1)) reflectOne(x, tau[j]!, y, j)
  })
  return { v, tau, r }
}

/** y ← (I − τ v vᵀ) y, where v is zero above `from`. */
export const reflectOne = (v: Float64Array, tau: number, y: Float64Array, from: number): void => {
  const times = tau * dot(v, y, from)
  for (let i = from; i < y.length; i++) y[i]! -= times * v[i]!
}

/** Panels [..., m, b] with b ≤ m → V, T, R. Stands in compiled programs alone, where no transform sees it. */
export const householderPanel: CustomKernel = {
  name: 'householderPanel',
  infer: (inputs) => {
    checkedOperands('householderPanel', inputs, 1)
    const [a] = inputs as readonly [(typeof inputs)[0]]
    const [m, b] = sizeOfMatrix(a)
    if (b > m || b === 0) fail('householderPanel', `needs at least one column and as many rows, got ${showType(a)}.`)
    const square = withShape(a, [...batchOf(a), b, b])
    return [a, square, square]
  },
  oracle: ([a], [vs, ts, rs], { inputs: [type] }) => {
    const [m, b] = sizeOfMatrix(type!)
    for (let unit = 0; unit < countOf(type!); unit++) {
      const { v, tau, r } = reflect(a!.subarray(unit * m * b, (unit + 1) * m * b), m, b)
      const t = new Float64Array(b * b)
      for (let j = 0; j < b; j++) {
        const products = v.slice(0, j).map((x) => dot(x, v[j]!, j))
        for (let i = 0; i < j; i++) {
          let sum = 0
          for (let k = i; k < j; k++) sum += t[i * b + k]! * products[k]!
          t[i * b + j] = -tau[j]! * sum
        }
        t[j * b + j] = tau[j]!
        for (let i = 0; i < b; i++) rs![unit * b * b + i * b + j] = r[j]![i]!
        for (let i = 0; i < m; i++) vs![unit * m * b + i * b + j] = v[j]![i]!
      }
      ts!.set(t, unit * b * b)
    }
  },
  wasm: ([a]) => panelOnWasm(a!),
  dense: { kind: 'householder' },
  rules: { jvp: () => fail('householderPanel', 'has no derivative of its own: use qr.') },
}
