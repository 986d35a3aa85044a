/** The spectrum of a symmetric operator as a measure, from Lanczos on random starts.
 *
 *    tr f(A) = n E[qᵀf(A) q] ≈ n/m Σᵢ Σⱼ weightᵢⱼ f(nodeᵢⱼ),   q uniform on the unit sphere, or of ±1/√n
 *
 *  nodes and weights are Ritz values and the squares of the first components of their vectors: Gauss' quadrature, exact for polynomials of degree < 2k
 *  in each qᵀf(A) q. The weights of a probe sum to 1.
 *
 *  Needs    A symmetric, and f defined on its spectrum: ln of an A that is not positive definite is NaN.
 *  Shapes   nodes, weights: [m, k]
 *  Cost     k products for each of m probes, one probe after the other, each a `lanczos` and an `eigh` of k × k.
 *  Error    of m samples, as they differ; what k steps leave of one of them falls as ρ⁻²ᵏ for f analytic beyond the spectrum, and does not show in it.
 *  Fails    nonfinite; converged: each probe met an invariant subspace; maxIterations: all steps were taken
 *  Source   Bai, Fahey, Golub 1996; Ubaru, Chen, Saad 2017 */

import { map } from '../../control/scan.js'
import { fail, showShape } from '../../errors.js'
import { div, mul, square, sub } from '../../ops/arithmetic.js'
import { equal } from '../../ops/comparison.js'
import { asFloat, scalarOf } from '../../ops/operands.js'
import { all, any, sum } from '../../ops/reductions.js'
import { expandDims } from '../../ops/shape.js'
import { exp } from '../../ops/transcendental.js'
import { splitKey } from '../../random/key.js'
import { eager } from '../../trace/eager.js'
import { isTensor, type Tensor, type TensorLike } from '../../trace/tensor.js'
import type { Operator } from '../operator.js'
import { unraveled } from '../ravel.js'
import { firstOf, integer } from '../refine.js'
import { code } from '../solution.js'
import { type LanczosOptions, lanczos } from './lanczos.js'
import { type TestVectors, testVector } from './probes.js'
import { ritz } from './ritz.js'
import { countOf, squareOf } from './rows.js'
import { averaged, type Estimate } from './samples.js'

export interface QuadratureOptions extends LanczosOptions {
  /** Random starts, m. */
  readonly probes: number
  /** 'rademacher' by default. */
  readonly testVectors?: TestVectors
}

export interface Quadrature {
  readonly nodes: Tensor
  readonly weights: Tensor
  /** n, in the operator's dtype. */
  readonly dimension: Tensor
  /** i32: see `statuses`. */
  readonly status: Tensor
  readonly products: Tensor
}

/** Stochastic Lanczos quadrature: what `spectralSum` and `spectralDensity` are computed from.
 *  @example const a = matrix([[2, 1], [1, 2]], { symmetric: true })
 *  const { value } = spectralSum(stochasticLanczosQuadrature({ steps: 2, probes: 50 })(a)(key(0)), log)
 *  Math.abs(item(value) - Math.log(3)) < 0.3 // => true */
export const stochasticLanczosQuadrature =
  ({ probes, testVectors = 'rademacher', ...options }: QuadratureOptions) =>
  <X>(operator: Operator<X>): ((key: Tensor) => Quadrature) => {
    const name = 'stochasticLanczosQuadrature'
    const count = countOf(name, 'probes', probes)
    const { n, dtype } = squareOf(name, operator)
    const run = lanczos(options)(operator)
    return eager((key: Tensor): Quadrature => {
      const probe = (own: Tensor): readonly [Tensor, Tensor, Tensor] => {
        const tridiagonal = run(unraveled(operator.domain, testVector(testVectors, own, n, dtype)))
        const { values, weights } = ritz(tridiagonal)
        return [values, weights, tridiagonal.status]
      }
      const [nodes, weights, ends] = map(probe, splitKey(key, count))
      return {
        nodes,
        weights,
        dimension: scalarOf(name, n, dtype),
        status: firstOf(
          [
            [any(equal(ends, code.nonfinite)), code.nonfinite],
            [all(equal(ends, code.converged)), code.converged],
          ],
          code.maxIterations,
        ),
        products: integer(count * options.steps),
      }
    })
  }

/** tr f(A), as the log-determinant for f = log. */
export const spectralSum = eager(
  ({ nodes, weights, dimension, products }: Quadrature, f: (x: Tensor) => Tensor): Estimate => ({
    ...averaged(mul(dimension, sum(mul(weights, f(nodes)), { axis: 1 }))),
    products,
  }),
)

/** The density of the eigenvalues at the points of a grid [g], each eigenvalue seen as a normal distribution of that width: its integral is 1.
 *  error: of the probes, at each point.
 *  @example const one = stochasticLanczosQuadrature({ steps: 1, probes: 2 })(matrix([[3]], { symmetric: true }))(key(0))
 *  spectralDensity(one, array([3, 4]), 1).value // => f32[2] [0.398942, 0.241971] */
export const spectralDensity = eager(
  ({ nodes, weights, products }: Quadrature, grid: TensorLike, width: TensorLike): Estimate => {
    const name = 'spectralDensity'
    const points = asFloat(name, grid)
    if (points.shape.length !== 1) fail(name, `the grid has one axis, got ${showShape(points.shape)}.`)
    if (!isTensor(width) && !(typeof width === 'number' && width > 0))
      fail(name, `width is a number > 0, got ${width}.`)
    // [m, g, k]
    const away = div(sub(expandDims(points, 1), expandDims(nodes, 1)), width)
    const bells = div(div(exp(mul(-0.5, square(away))), Math.sqrt(2 * Math.PI)), width)
    return { ...averaged(sum(mul(expandDims(weights, 1), bells), { axis: 2 })), products }
  },
)
