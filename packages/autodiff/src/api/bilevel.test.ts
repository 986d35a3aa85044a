/** The shared bilevel problem R1 of the specification (0.5), whose hypergradients are known in closed form:
 *  f(w, λ) = ½ ‖X w − y‖² + ½ Σ e^λₖ wₖ²,   F(w) = ½ ‖Xv w − yv‖²,   λ = (0, ln 2).
 *  Each road must give the printed numbers. */

import {
  add,
  array,
  div,
  dot,
  exp,
  foriLoop,
  matmul,
  mul,
  scan,
  stack,
  sub,
  sum,
  type Tensor,
  transpose,
} from '@neumann/linalg-gpu'
import { test } from 'uvu'
import {
  checkpoint,
  crossVjp,
  customLinearSolve,
  customRoot,
  grad,
  hessian,
  hvp,
  jacfwd,
  jacrev,
  jvp,
} from '../index.js'
import { dotOf, elements, near } from '../support.testing.js'

type DType = 'f64' | 'f32'

interface Data {
  readonly X: Tensor
  readonly y: Tensor
  readonly s: Tensor
  readonly lambda: Tensor
}

const problem = (dtype: DType) => {
  const put = (data: readonly unknown[]): Tensor => array(data as never, { dtype })
  const Xv = put([
    [1, 1],
    [1, -1],
  ])
  const yv = put([1, 1])
  const data: Data = {
    X: put([
      [1, 0],
      [1, 1],
      [0, 2],
      [2, 1],
    ]),
    y: put([1, 2, 2, 3]),
    s: put([1, 1, 1, 1]),
    lambda: put([0, Math.log(2)]),
  }
  // with sample weights s: ½ Σ sᵢ (xᵢ · w − yᵢ)² + ½ Σ e^λₖ wₖ²
  const inner = (w: Tensor, { X, y, s, lambda }: Data): Tensor => {
    const r = sub(matmul(X, w), y)
    return add(mul(0.5, sum(mul(s, mul(r, r)))), mul(0.5, sum(mul(exp(lambda), mul(w, w)))))
  }
  const outer = (w: Tensor): Tensor => {
    const r = sub(matmul(Xv, w), yv)
    return mul(0.5, dot(r, r))
  }
  return { data, inner, outer, start: put([0, 0]) }
}

// printed in the specification, or as fractions there
const w = [45 / 47, 36 / 47]
const g = [-4 / 47, 72 / 47]
const q = [-248 / 2209, 516 / 2209]
const golden = {
  X: [
    [0.1027132716, 0.0959325005],
    [-0.1472120821, -0.0283174248],
    [-0.4998507075, -0.2484998507],
    [-0.0444988105, 0.0676150757],
  ],
  y: [-0.1122679946, 0.1213218651, 0.4671797193, 0.0090538705],
  s: [-0.0047773615, 0.0335571116, 0.2186798686, 0.0028895331],
  lambda: [11160 / 103823, -37152 / 103823],
}
// the same from the closed form, for more digits than are printed
const rows = [
  [1, 0],
  [1, 1],
  [0, 2],
  [2, 1],
]
const residuals = rows.map((x, i) => dotOf(x, w) - [1, 2, 2, 3][i]!)
const exact = {
  X: rows.map((x, i) => q.map((qk, k) => -(residuals[i]! * qk + dotOf(x, q) * w[k]!))),
  y: rows.map((x) => dotOf(x, q)),
  s: rows.map((x, i) => -dotOf(x, q) * residuals[i]!),
  lambda: golden.lambda,
}

const check = (got: Data, tolerance: number): void => {
  near(got.lambda, exact.lambda, tolerance, 'λ')
  near(got.s, exact.s, tolerance, 's')
  near(got.y, exact.y, tolerance, 'y')
  near(got.X, exact.X, tolerance, 'X')
}

/** A⁻¹ b by elimination, for an operator on vectors of two. */
const solve2 = (A: (x: Tensor) => Tensor, b: Tensor): Tensor => {
  const e = (i: number): Tensor => array(i === 0 ? [1, 0] : [0, 1], { dtype: b.dtype })
  const [[a, c], [d, f]] = [0, 1].map((i) => [0, 1].map((j) => dot(e(i), A(e(j))))) as unknown as [
    [Tensor, Tensor],
    [Tensor, Tensor],
  ]
  const [u, v] = [dot(b, e(0)), dot(b, e(1))]
  const det = sub(mul(a, f), mul(c, d))
  return div(stack([sub(mul(f, u), mul(c, v)), sub(mul(a, v), mul(d, u))]), det)
}

/** Conjugate gradients as a fixed scan. */
const cg =
  (steps: number) =>
  (A: (x: Tensor) => Tensor, b: Tensor): Tensor => {
    const safe = (a: Tensor, c: Tensor): Tensor => div(a, add(c, 1e-300))
    const tiny = b.dtype === 'f64' ? safe : (a: Tensor, c: Tensor): Tensor => div(a, add(c, 1e-30))
    const [[x]] = scan(
      ([x, r, p]: [Tensor, Tensor, Tensor]): [[Tensor, Tensor, Tensor], null] => {
        const Ap = A(p)
        const rr = dot(r, r)
        const alpha = tiny(rr, dot(p, Ap))
        const next = sub(r, mul(alpha, Ap))
        return [[add(x, mul(alpha, p)), next, add(next, mul(tiny(dot(next, next), rr), p))], null]
      },
      [mul(b, 0), b, b],
      null,
      { length: steps },
    )
    return x
  }

for (const [dtype, tolerance] of [
  ['f64', 1e-9],
  ['f32', 1e-4],
] as const) {
  const { data, inner, outer, start } = problem(dtype)
  const descend = (d: Data, steps = 400): Tensor =>
    foriLoop(0, steps, (_, v: Tensor) => sub(v, mul(0.1, grad(inner)(v, d))), start)
  const optimum = descend(data)

  test(`${dtype}: the numbers of the specification: w*, F, g, q`, () => {
    near(optimum, w, tolerance)
    near(outer(optimum), 0.5885015844, Math.max(tolerance, 1e-9))
    near(grad(outer)(optimum), g, tolerance)
    near(solve2(hvp(inner)(optimum, data), grad(outer)(optimum)), q, tolerance)
    near(hessian(inner)(optimum, data), [7, 3, 3, 8], tolerance)
    check(exact as never, 1e-12)
    for (const key of ['X', 'y', 's', 'lambda'] as const) near(exact[key], golden[key], 1e-9, key)
  })

  test(`${dtype}: implicit differentiation by hand: one solve with hvp, one crossVjp`, () => {
    for (const mode of ['forward', 'reverse'] as const) {
      const H = hvp(inner, { mode })(optimum, data)
      const adjoint = cg(4)(H, grad(outer)(optimum))
      const { hv, mv } = crossVjp(inner, { mode })(optimum, data)(adjoint)
      near(hv, g, tolerance)
      check({ X: mul(mv.X, -1), y: mul(mv.y, -1), s: mul(mv.s, -1), lambda: mul(mv.lambda, -1) }, tolerance)
    }
  })

  test(`${dtype}: through customLinearSolve on the Hessian: w* = H⁻¹ Xᵀ S y`, () => {
    const solution = (d: Data): Tensor =>
      customLinearSolve(
        (v: Tensor) => add(matmul(transpose(d.X), mul(d.s, matmul(d.X, v))), mul(exp(d.lambda), v)),
        matmul(transpose(d.X), mul(d.s, d.y)),
        cg(3),
        { symmetric: true },
      )
    near(solution(data), w, tolerance)
    check(grad((d: Data) => outer(solution(d)))(data), tolerance)
    check(jacrev((d: Data) => outer(solution(d)))(data), tolerance)
    check(jacfwd((d: Data) => outer(solution(d)))(data), tolerance)
  })

  test(`${dtype}: a Newton step by customLinearSolve whose operator is an hvp`, () => {
    // w₀ − H⁻¹ ∇f(w₀) is w* from anywhere, as f is quadratic
    const from = array([0.3, -0.4], { dtype })
    const solution = (d: Data): Tensor => {
      const H = hvp(inner)(from, d)
      return sub(
        from,
        customLinearSolve((v: Tensor) => H(v), grad(inner)(from, d), solve2),
      )
    }
    near(solution(data), w, tolerance)
    check(grad((d: Data) => outer(solution(d)))(data), tolerance)
  })

  test(`${dtype}: through customRoot of the inner gradient`, () => {
    const solution = (d: Data): Tensor =>
      customRoot(
        (v: Tensor) => grad(inner)(v, d),
        start,
        (f, v0) => foriLoop(0, 300, (_, v: Tensor) => sub(v, mul(0.1, f(v))), v0),
        cg(4),
      )
    near(solution(data), w, tolerance)
    check(grad((d: Data) => outer(solution(d)))(data), tolerance)
    const c = jvp((d: Data) => outer(solution(d)), [data], [{ ...zeroed(data), lambda: array([1, 2], { dtype }) }])
    near(c.tangent, exact.lambda[0]! + 2 * exact.lambda[1]!, tolerance)
  })

  test(`${dtype}: through 400 unrolled steps, in reverse and forward mode, plainly and with √n checkpoints`, () => {
    const loss = (d: Data): Tensor => outer(descend(d))
    check(grad(loss)(data), tolerance)
    check(grad(checkpoint(loss, { policy: 'sqrt' }))(data), tolerance)
    near(jacfwd((lambda: Tensor) => loss({ ...data, lambda }))(data.lambda), exact.lambda, tolerance)
    near(
      jvp(checkpoint(loss, { policy: 'sqrt' }), [data], [{ ...zeroed(data), y: array([1, 0, 0, 0], { dtype }) }])
        .tangent,
      exact.y[0]!,
      tolerance,
    )
  })

  test(`${dtype}: by whole Jacobians: − Mᵀ H⁻¹ g`, () => {
    const H = jacfwd(grad(inner))(optimum, data) as Tensor
    const M = jacrev(grad(inner), { wrt: 1 })(optimum, data) as Data
    const adjoint = solve2((v) => matmul(H, v), grad(outer)(optimum))
    const back = (m: Tensor): Tensor => mul(-1, sum(mul(m, reshaped(adjoint, m.shape.length)), { axis: 0 }))
    check({ X: back(M.X), y: back(M.y), s: back(M.s), lambda: back(M.lambda) }, tolerance)
  })
}

const zeroed = (d: Data): Data => ({ X: mul(d.X, 0), y: mul(d.y, 0), s: mul(d.s, 0), lambda: mul(d.lambda, 0) })
const reshaped = (v: Tensor, rank: number): Tensor =>
  array(elements(v).map((x) => nest(x, rank - 1)) as never, { dtype: v.dtype })
const nest = (x: number, depth: number): unknown => (depth === 0 ? x : [nest(x, depth - 1)])

test.run()
