/** QR factorisation by Householder's reflectors. */

import { fail, showType, showValue } from '../errors.js'
import { add, mul, sub } from '../ops/arithmetic.js'
import { matmul } from '../ops/contraction.js'
import { eye, zeros } from '../ops/creation.js'
import { sum } from '../ops/reductions.js'
import { broadcastTo, tril } from '../ops/shape.js'
import type { CustomKernel } from '../program/custom.js'
import { type Type, withShape } from '../program/type.js'
import { eager } from '../trace/eager.js'
import type { Tensor, TensorLike } from '../trace/tensor.js'
import { above, beside, columnsOf, rowsOf, turned } from './blocked.js'
import { reflect, reflected, reflectedBack, reflectOne, reflectorsOf } from './householder.js'
import { asMatrices, batchOf, checkedOperands, checkOptions, countOf, run, sizeOfMatrix } from './operands.js'
import { solveTriangular } from './solveTriangular.js'

export type QrMode = 'reduced' | 'complete' | 'r'
export type Qr<M extends QrMode = 'reduced'> = M extends 'r'
  ? { readonly r: Tensor }
  : { readonly q: Tensor; readonly r: Tensor }

const modes: readonly QrMode[] = ['reduced', 'complete', 'r']

/** A = Q R with orthonormal columns of Q and R upper triangular.
 *  Shapes    A […, m, n], k = min(m, n) → q […, m, k] and r […, k, n]; q […, m, m] and r […, m, n] where `complete`; r alone where `r`.
 *            f32 or f64; integers and f16 become f32.
 *  Signs     as LAPACK, NumPy and JAX: Rⱼⱼ may be negative. A column that is zero below its diagonal keeps its sign.
 *  Cost      4 m n² − 4 n³ / 3 operations for m ≥ n, half of them for R; most are matrix products where n is large.
 *  Singular  values exist for any rank. Derivatives need the first k columns independent, else they are infinite or NaN; that of
 *            `complete` with m > n does not exist, since the last columns of Q are any basis, and is an error.
 *            A matrix with NaN or infinity gives NaN, in all of Q and R; right of its first m columns in those columns of R alone.
 *  Laws      QᵀQ = I and QR = A to rounding, at any scale and rank.
 *  Source    Golub, Van Loan, Matrix Computations, 5.2; derivative: Walter, Lehmann, Lamour 2012.
 *  @example qr(array([[3, 1], [4, 7]])).r // => f32[2,2] [[-5, -6.2], [0, 3.4]] */
export const qr = eager(<M extends QrMode = 'reduced'>(a: TensorLike, options: { readonly mode?: M } = {}): Qr<M> => {
  checkOptions('qr', options, { mode: 'string' })
  const { mode = 'reduced' } = options
  if (!modes.includes(mode)) fail('qr', `mode is one of ${modes.join(', ')}, got ${showValue(mode)}.`)
  return factors(asMatrices('qr', a), mode) as Qr<M>
})

const factors = (a: Tensor, mode: QrMode): Qr | Qr<'r'> => {
  const [m, n] = sizeOfMatrix(a)
  if (m === 0 || n === 0) {
    const [columns, rows] = mode === 'complete' ? [m, m] : [0, 0]
    const q = broadcastTo(eye(m, columns, { dtype: a.dtype }), [...batchOf(a), m, columns])
    return mode === 'r' ? { r: zerosOf(a, rows, n) } : { q, r: zerosOf(a, rows, n) }
  }
  if (m < n) {
    // the first m columns have all of Q
    const [q, left] = run(kernels.reduced, columnsOf(a, 0, m)) as [Tensor, Tensor]
    const r = beside(left, matmul(turned(q), columnsOf(a, m, n)))
    return mode === 'r' ? { r } : { q, r }
  }
  if (mode === 'r') return { r: run(kernels.r, a)[0]! }
  if (mode === 'reduced' || m === n) {
    const [q, r] = run(kernels.reduced, a) as [Tensor, Tensor]
    return { q, r }
  }
  const [q, r] = run(kernels.complete, a) as [Tensor, Tensor]
  return { q, r: above(r, zerosOf(a, m - n, n)) }
}

/** Columns of a panel. Wider ones are no faster: what products gain, the panel and T take. */
const width = 32

/** The first `columns` columns of Q, none where 0, and R.
 *  Q = (I − V T Vᵀ) [I, 0; 0, Q₂] by the reflectors of the first columns, with Q₂ and the last rows of R from what they leave below. */
const byReflectors = (a: Tensor, columns: number): { readonly q: Tensor | undefined; readonly r: Tensor } => {
  const [m, n] = sizeOfMatrix(a)
  if (n <= width) {
    const own = reflectorsOf(a)
    const start = eye(m, columns, { dtype: a.dtype })
    return { q: columns === 0 ? undefined : reflected(own, start, turned(rowsOf(own.v, 0, columns))), r: own.r }
  }
  const own = reflectorsOf(columnsOf(a, 0, width))
  const right = reflectedBack(own, columnsOf(a, width, n))
  const next = byReflectors(rowsOf(right, width, m), Math.max(0, columns - width))
  const r = above(beside(own.r, rowsOf(right, 0, width)), beside(zerosOf(a, n - width, width), next.r))
  if (next.q === undefined) return { q: undefined, r }
  const identity = broadcastTo(eye(width, width, { dtype: a.dtype }), [...batchOf(a), width, width])
  const start = above(
    beside(identity, zerosOf(a, width, columns - width)),
    beside(zerosOf(a, m - width, width), next.q),
  )
  const products = beside(turned(rowsOf(own.v, 0, width)), matmul(turned(rowsOf(own.v, width, m)), next.q))
  return { q: reflected(own, start, products), r }
}

/** Zero matrices for a stack. */
const zerosOf = (like: Tensor, rows: number, columns: number): Tensor =>
  zeros([...batchOf(like), rows, columns], { dtype: like.dtype })

/** The derivative of Q and R. With C = Qᵀ Ȧ R⁻¹ and the skew Ω = L − Lᵀ, L the part of C below its diagonal:
 *  Q̇ = Q (Ω − C) + Ȧ R⁻¹ and Ṙ = (C − Ω) R. A square Q has nothing beside its columns: Q̇ = Q Ω. */
const moved = (q: Tensor, r: Tensor, da: Tensor): { readonly dq: Tensor; readonly dr: Tensor } => {
  const [m, n] = sizeOfMatrix(q)
  const quotient = turned(solveTriangular(r, turned(da), { lower: false, transposed: true }))
  const c = matmul(turned(q), quotient)
  const low = tril(c, -1)
  const skew = sub(low, turned(low))
  return {
    dq: m === n ? matmul(q, skew) : add(quotient, matmul(q, sub(skew, c))),
    dr: matmul(sub(c, skew), r),
  }
}

/** Sizes of the results, Q first: for m ≥ n ≥ 1. */
const kernelOf = (
  name: string,
  columnsOfQ: (m: number, n: number) => number,
  jvp: CustomKernel['rules']['jvp'],
): CustomKernel => ({
  name,
  infer: (inputs) => {
    checkedOperands('qr', inputs, 1)
    const [a] = inputs as readonly [Type]
    const [m, n] = sizeOfMatrix(a)
    if (n > m || n === 0) fail('qr', `this kernel needs 1 ≤ n ≤ m, got ${showType(a)}.`)
    const columns = columnsOfQ(m, n)
    const r = withShape(a, [...batchOf(a), n, n])
    return columns === 0 ? [r] : [withShape(a, [...batchOf(a), m, columns]), r]
  },
  oracle: ([a], outputs, { inputs: [type] }) => {
    const [m, n] = sizeOfMatrix(type!)
    const columns = columnsOfQ(m, n)
    const [q, rs] = columns === 0 ? [undefined, outputs[0]!] : [outputs[0]!, outputs[1]!]
    for (let unit = 0; unit < countOf(type!); unit++) {
      const own = a!.subarray(unit * m * n, (unit + 1) * m * n)
      const { v, tau, r } = reflect(own, m, n)
      const bad = own.some((x) => !Number.isFinite(x))
      r.forEach((column, j) => {
        for (let i = 0; i < n; i++) rs[(unit * n + i) * n + j] = bad ? NaN : column[i]!
      })
      for (let j = 0; j < columns; j++) {
        const column = new Float64Array(m)
        column[j] = 1
        for (let k = n - 1; k >= 0; k--) reflectOne(v[k]!, tau[k]!, column, k)
        for (let i = 0; i < m; i++) q![(unit * m + i) * columns + j] = bad ? NaN : column[i]!
      }
    }
  },
  blocked: ([a]) => {
    const { q, r } = byReflectors(a!, columnsOfQ(...sizeOfMatrix(a!)))
    // 0, or NaN where an entry of the matrix is not finite
    const poison = sum(mul(a!, 0), { axis: [-2, -1], keepDims: true })
    return q === undefined ? [add(r, poison)] : [add(q, poison), add(r, poison)]
  },
  rules: { jvp },
})

const kernels: Readonly<Record<QrMode, CustomKernel>> = {
  reduced: kernelOf(
    'qr',
    (_, n) => n,
    (_, [da], [q, r]) => {
      const { dq, dr } = moved(q!, r!, da!)
      return [dq, dr]
    },
  ),
  r: kernelOf(
    'qr r',
    () => 0,
    ([a], [da]) => {
      const [q, r] = run(kernels.reduced, a!) as [Tensor, Tensor]
      return [moved(q, r, da!).dr]
    },
  ),
  complete: kernelOf(
    'qr complete',
    (m) => m,
    (_, __, [q, r]) =>
      fail(
        'qr',
        `mode complete has no derivative where there are more rows than columns, ${q!.shape.at(-2)} and ${r!.shape.at(-1)}: the last columns of Q are any basis. Use mode reduced.`,
      ),
  ),
}
