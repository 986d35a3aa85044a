/** Solvers of one kind as those of another.
 *
 *  a fixed point of f is a root of f(x) − x;   a solution of A x = b is a fixed point of x ↦ x + b − A x */

import type { FixedPointSolver, RootSolver } from '@neumann/autodiff/solvers'
import { div } from '@neumann/linalg-gpu'
import type { Operator } from '@neumann/linalg-gpu/solvers'
import { frame, type LinearSolver, type Solution, vectors } from '@neumann/linalg-gpu/solvers'

const { dtypeOf, divisor, length, minus, over, plus, scaleOf, times, zeroLike } = vectors

/** A search for roots as one for fixed points. Its tolerance is relative to the residual at the start.
 *  @example const layer = fixedPointLayer((z: Tensor, u: Tensor) => mul(u, cos(z)), { forward: asFixedPoint(newtonKrylov()) })
 *  String(layer(array([1]), array([0])).z) // => f32[1] [0.739085] */
export const asFixedPoint =
  (search: RootSolver): FixedPointSolver =>
  <X>(f: (x: X) => X) =>
    search((x: X) => minus(f(x), x))

/** A search for fixed points as a linear solver. With A = I − Jᵀ the map is p ↦ Jᵀ p + b. Its tolerance is that of the search, for the b whose largest
 *  element is 1.
 *  @example const layer = fixedPointLayer((z: Tensor, u: Tensor) => add(mul(0.5, z), u), { backward: exactAdjoint(asLinear(anderson())) })
 *  grad((u: Tensor) => sum(layer(u, array([0])).z))(array([3])) // => f32[1] [2] */
export const asLinear =
  (search: FixedPointSolver): LinearSolver =>
  <X>({ apply }: Operator<X>) =>
  (b: X, start: X = zeroLike(b)): Solution<X> => {
    const scale = scaleOf(b)
    const right = over(b, scale)
    const { x, status, residual, iterations, evaluations } = search((p: X) => plus(right, minus(p, apply(p))))(
      over(start, scale),
    )
    const { least, greatest } = frame.noCurvatures(dtypeOf('asLinear', b))
    return {
      x: times(scale, x),
      status,
      residual: div(residual, divisor(length(right))),
      iterations,
      products: evaluations,
      curvature: [least, greatest],
    }
  }
