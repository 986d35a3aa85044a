/** The exponential of a matrix, by scaling and squaring.
 *
 *    e^A = (e^{A/2ˢ})^{2ˢ},   e^X ≈ (V − U)⁻¹ (V + U) = I + 2 (V − U)⁻¹ U,   U + V = Σ bₖ Xᵏ: the Padé approximant of degree 13, or 7 in f32
 *
 *  Its derivative L(A, E) is the same computation on pairs x + ε dx with ε² = 0: from A + ε E comes e^A + ε L(A, E). It is the
 *  corner of a larger exponential, e^[[A, E], [0, A]] = [[e^A, L], [0, e^A]], whose derivative is the derivative of L. */

import { whileLoop } from '../control/while.js'
import { abs, add, ceil, div, maximum, mul, sub } from '../ops/arithmetic.js'
import { bitwiseAnd, isFinite as finite, greater, less, where } from '../ops/comparison.js'
import { matmul } from '../ops/contraction.js'
import { cast, eye, full, zeros, zerosLike } from '../ops/creation.js'
import { any, max, sum } from '../ops/reductions.js'
import { log2 } from '../ops/transcendental.js'
import type { CustomKernel } from '../program/custom.js'
import { range } from '../shape.js'
import { eager } from '../trace/eager.js'
import { type Tensor, type TensorLike, typeOfTensor } from '../trace/tensor.js'
import { above, beside, columnsOf, rowsOf, turned } from './blocked.js'
import { composed, held } from './composed.js'
import { inSquares, run1 } from './operands.js'
import { factorsOf, solveWith } from './solve.js'

/** e^A.
 *  Shapes    […, n, n] → […, n, n].
 *  Cost      7 products of n × n, a solve, and a product for each squaring: about log₂ of the size of A, as many as the largest of
 *            the stack needs, found when it runs. A derivative costs three times that; one of the second order works on 2n × 2n.
 *  Error     2ˢ roundings after s squarings: some ‖A‖ roundings, but where elements are c times as large as eigenvalues and no power
 *            of A is as large, as in [[1, c], [0, −1]], about c^(1/5) roundings of the others, in f32 c^(1/4).
 *  Singular  is nothing special. What overflows is ±Infinity or NaN; an element that is not finite makes that matrix NaN.
 *  Laws      expm(0) = I; det(expm(A)) = exp(tr A); expm(A) expm(−A) = I; d tr(expm(A)) = tr(expm(A) Ȧ).
 *  Source    Higham 2005; Al-Mohy, Higham 2009 (both: the choice of s by powers of A, here of |A|; derivatives).
 *  @example expm(array([[0, 2], [0, 0]])) // => f32[2,2] [[1, 2], [0, 1]] */
export const expm = eager((a: TensorLike): Tensor => inSquares('expm', a, (x) => run1(expmKernel, x)))

const expmKernel: CustomKernel = composed(
  'expm',
  ([a]) => [a!],
  ([a]) => [exponential([a!])[0]!],
  { jvp: ([a], [da]) => [da === null ? null : run1(derivativeKernel, a!, da!)] },
)

/** A, E → L(A, E), linear in E. */
const derivativeKernel: CustomKernel = composed(
  'expm derivative',
  ([, e]) => [e!],
  ([a, e]) => [exponential([a!, e!])[1]!],
  {
    jvp: ([a, e], [da, de]) => {
      const n = a!.shape.at(-1)!
      if (n === 0) return [null]
      if (da === null) return [de === null ? null : run1(derivativeKernel, a!, de!)]
      // of E only the direction: a large one would only ask for more squarings
      const largest = max(abs(held(e!)), { axis: [-1, -2], keepDims: true })
      const size = where(greater(largest, 0), largest, 1)
      const corner = (x: Tensor, y: Tensor): Tensor => above(beside(x, y), beside(zerosLike(x), x))
      const own = run1(
        derivativeKernel,
        corner(a!, div(e!, size)),
        corner(da!, de === null ? zerosLike(da!) : div(de!, size)),
      )
      return [mul(columnsOf(rowsOf(own, 0, n), n, 2 * n), size)]
    },
    transpose: (ct, [a]) => [null, run1(derivativeKernel, turned(a!), ct)],
  },
)

/** A matrix, and perhaps its derivative: x or x + ε dx. */
type Pair = readonly [Tensor] | readonly [Tensor, Tensor]

const times = ([x, dx]: Pair, [y, dy]: Pair): Pair =>
  dx === undefined ? [matmul(x, y)] : [matmul(x, y), add(matmul(x, dy!), matmul(dx, y))]

/** Σ cᵢ xᵢ. */
const combined = (...terms: readonly (readonly [number | Tensor, Pair])[]): Pair =>
  terms[0]![1].map((_, i) => terms.map(([c, x]) => mul(c, x[i]!)).reduce((p, q) => add(p, q))) as unknown as Pair

/** x + c I. */
const shifted = ([x, ...dx]: Pair, c: number): Pair =>
  [add(x, mul(c, eye(x.shape.at(-1)!, undefined, { dtype: x.dtype }))), ...dx] as unknown as Pair

/** a⁻¹ b, with one factorisation. */
const quotient = ([a, da]: Pair, [b, db]: Pair): Pair => {
  const factors = factorsOf(a)
  const x = solveWith(factors, b)
  return da === undefined ? [x] : [x, solveWith(factors, sub(db!, matmul(da, x)))]
}

/** Coefficients bₖ of U and V, the power of `squarings`, and how large X may be: so large that the derivative is exact to rounding too. */
const pade = {
  f64: {
    limit: 4.74,
    power: 5,
    b: [64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600, 670442572800,
      33522128640, 1323241920, 40840800, 960960, 16380, 182, 1],
  },
  f32: { limit: 3.23, power: 4, b: [17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1] },
} as const // biome-ignore format: a table

const exponential = (a: Pair): Pair => {
  if (a[0].shape.at(-1) === 0) return a
  const dtype = typeOfTensor(a[0]).dtype as 'f32' | 'f64'
  const s = squarings(a[0], dtype)
  const x = combined([powerOfHalf(s, dtype), a])
  const { b } = pade[dtype]
  const x2 = times(x, x)
  const x4 = times(x2, x2)
  const x6 = times(x4, x2)
  /** Of bₖ, bₖ₊₂, bₖ₊₄ and bₖ₊₆. */
  const part = (k: number): Pair => shifted(combined([b[k + 2]!, x2], [b[k + 4]!, x4], [b[k + 6]!, x6]), b[k]!)
  const high = (k: number): Pair => times(x6, combined([b[k]!, x2], [b[k + 2]!, x4], [b[k + 4]!, x6]))
  const even = dtype === 'f64' ? combined([1, part(0)], [1, high(8)]) : part(0)
  const odd = times(x, dtype === 'f64' ? combined([1, part(1)], [1, high(9)]) : part(1))
  const y = shifted(combined([2, quotient(combined([1, even], [-1, odd]), odd)]), 1)
  return whileLoop<readonly [Tensor, Pair]>(
    ([i]) => any(less(i, s)),
    ([i, z]) => {
      const more = less(i, s)
      return [add(i, 1), times(z, z).map((next, j) => where(more, next, z[j]!)) as unknown as Pair]
    },
    [zeros([], { dtype: 'i32' }), y],
  )[1]
}

/** The least s at which all powers of A/2ˢ from the one that is first left out are as small as they must be, for each matrix:
 *  ‖Aᵏ‖^(1/k) ≤ max(‖Aᵖ‖^(1/p), ‖Aᵖ⁺¹‖^(1/(p+1))) for k ≥ p (p − 1), in the 1-norm, of |A| in place of A, as these are sums of its
 *  columns. Those are divided by n times the largest before each product, so that none overflows or vanishes. */
const squarings = (a: Tensor, dtype: 'f32' | 'f64'): Tensor => {
  const { limit, power } = pade[dtype]
  const n = a.shape.at(-1)!
  const size = abs(a)
  const largest = (x: Tensor): Tensor => max(x, { axis: -1, keepDims: true })
  let sums = sum(size, { axis: -2, keepDims: true })
  const norm = largest(sums)
  let level: Tensor | number = 0
  const roots: Tensor[] = []
  for (let k = 2; k <= power + 1; k++) {
    const top = largest(sums)
    const divisor = where(greater(top, 0), top, 1)
    level = add(level, add(log2(divisor), Math.log2(n)))
    sums = matmul(div(div(sums, divisor), n), size)
    if (k >= power) roots.push(div(add(log2(largest(sums)), level), k))
  }
  const needed = sub(maximum(roots[0]!, roots[1]!), Math.log2(limit))
  return where(finite(norm), cast(maximum(ceil(needed), 0), 'i32'), 0)
}

/** 2⁻ˢ exactly, for 0 ≤ s < 2048. */
const powerOfHalf = (s: Tensor, dtype: 'f32' | 'f64'): Tensor =>
  range(11)
    .map((bit) =>
      where(greater(bitwiseAnd(s, 2 ** bit), 0), full([], 2 ** -(2 ** bit), { dtype }), full([], 1, { dtype })),
    )
    .reduce((p, q) => mul(p, q))
