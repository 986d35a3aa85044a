/** Dot products as if computed in twice the precision.
 *
 *  Each product and each sum is split without error in what rounding gives and what it leaves out:  x y = p + e,  a + b = s + f.  The s are added in a tree of
 *  pairs, the errors beside them, and the errors' sum corrects the result at the end.
 *
 *  Bound    |result − xᵀy| ≤ u |xᵀy| + (2 + log₂ n)² u² Σ|xᵢ yᵢ| to first order, u = 2⁻²⁴ in f32 and 2⁻⁵³ in f64: the plain sum has n u Σ|xᵢ yᵢ|, in pairs log₂ n u.
 *           Nothing of it is lost while xᵢ yᵢ is above 2⁻¹⁰² (f32), and |xᵢ| below 2¹¹⁴; beyond that it is the plain sum in pairs. f64: 2⁻⁹⁶⁹ and 2⁹⁹⁶.
 *  Needs    operations that round as they are written. Both devices here do: the simplifier reassociates nothing, and wasm has fused products in contractions
 *           alone, not in elementwise kernels. WGSL lets every compiler reassociate (gpuweb/gpuweb#2402), after which the errors may be found to be 0 and the
 *           result is the plain sum: there this is no promise.
 *  Cost     about 17 operations for a product and 8 for a sum in log₂ n steps, instead of 2. In f32, where f64 is to be had, a dot product of `cast(x, 'f64')`
 *           is as good and cheaper.
 *  Source   Ogita, Rump, Oishi 2005 (Dot2); Dekker 1971, Knuth (two-sum) */

import { add, mul, neg, sub } from '../ops/arithmetic.js'
import { isFinite, where } from '../ops/comparison.js'
import { pad, reshape, sliceAxis } from '../ops/shape.js'
import { eager } from '../trace/eager.js'
import { staged } from '../trace/emit.js'
import type { Tensor } from '../trace/tensor.js'
import { meet } from './operators/spaces.js'
import { raveled } from './ravel.js'
import { type Dot, dtypeOf, vectorSpace } from './vectors.js'

/** A value and its error: their exact sum is what is meant. */
type Pair = readonly [value: Tensor, error: Tensor]

/** a + b = s + e without error. */
const twoSum = (a: Tensor, b: Tensor): Pair => {
  const s = add(a, b)
  const z = sub(s, a)
  return [s, add(sub(a, sub(s, z)), sub(b, z))]
}

/** The upper and the lower half of the digits. */
const halves = (x: Tensor): Pair => {
  const c = mul(x, x.dtype === 'f64' ? 2 ** 27 + 1 : 2 ** 12 + 1)
  const high = sub(c, sub(c, x))
  return [high, sub(x, high)]
}

/** x y = p + e without error. */
const twoProduct = (x: Tensor, y: Tensor): Pair => {
  const p = mul(x, y)
  const [xh, xl] = halves(x)
  const [yh, yl] = halves(y)
  const rest = sub(sub(sub(p, mul(xh, yh)), mul(xl, yh)), mul(xh, yl))
  return [p, add(mul(xl, yl), neg(rest))]
}

/** Left and right half of a vector; a zero stands in where the right one is shorter. */
const cut = (x: Tensor): readonly [Tensor, Tensor] => {
  const [n] = x.shape as unknown as readonly [number]
  const middle = Math.ceil(n / 2)
  const right = sliceAxis(x, 0, middle, n)
  return [sliceAxis(x, 0, 0, middle), n % 2 === 0 ? right : pad(right, [[0, 1]])]
}

const added = ([values, errors]: Pair): Pair => {
  if (values.shape[0]! <= 1) return [values, errors]
  const [s, e] = twoSum(...cut(values))
  return added([s, add(e, add(...cut(errors)))])
}

/** ⟨x, y⟩ of two vectors, which may be trees.
 *  @example compensatedDot(array([1e8, 1, -1e8]), array([1, 0.5, 1])) // => f32[] 0.5 */
export const compensatedDot: Dot = eager((x: unknown, y: unknown): Tensor => {
  dtypeOf('compensatedDot', x)
  dtypeOf('compensatedDot', y)
  meet('compensatedDot', 'the vectors are of two spaces', vectorSpace(y), vectorSpace(x))
  const [left, right] = [raveled(x), raveled(y)]
  return staged('compensatedDot', [left, right], ([a, b]) => {
    const [value, error] = added(twoProduct(a!, b!))
    if (value.shape[0] === 0) return [reshape(pad(value, [[0, 1]]), [])]
    // the halves of an infinite number are none
    return [reshape(where(isFinite(error), add(value, error), value), [])]
  })[0]!
})
