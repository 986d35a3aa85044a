/** Solvers with derivatives: against closed forms by elimination, and that no derivative is more confident than the solves behind it. */

import {
  add,
  array,
  div,
  dot,
  eye,
  foriLoop,
  item,
  jit,
  matmul,
  mul,
  sub,
  sum,
  type Tensor,
  zerosLike,
} from '@neumann/linalg-gpu'
import {
  cg,
  diagonalOperator,
  gmres,
  type LinearSolver,
  type LinearSolverOn,
  lsmr,
  matrix,
  minres,
  neumann,
  type Solution,
  statuses,
  statusOf,
} from '@neumann/linalg-gpu/solvers'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkpoint, grad, hvp, jvp, vjp, vmap } from '../index.js'
import {
  differences as central,
  countingDevice,
  dotOf,
  elements,
  f64,
  identical,
  near,
  throws,
} from '../support.testing.js'
import { differentiable, fromFunction } from './index.js'
import {
  applied,
  combined,
  type Dense,
  draws,
  eliminated,
  matrixFrom,
  product,
  transposeOf,
  vectorFrom,
} from './systems.testing.js'

/** Of functions whose higher derivatives are large. */
const differences = (f: (t: number) => readonly number[]): number[] => central(f, 0.01)

const definite = { symmetric: true, definite: 'positive' } as const
const random = draws(3)
/** B Bᵀ + I, whose condition stays small. */
const positive = (n: number): number[][] => {
  const b = matrixFrom(n, n, random)
  return combined(
    product(b, transposeOf(b)),
    1,
    matrixFrom(n, n, () => 0).map((row, i) => row.map((_, j) => (i === j ? 1 : 0))),
  )
}
const n = 4
const a0 = positive(n)
const b0 = vectorFrom(n, random)
const direction = positive(n)
const c = vectorFrom(n, random)

/** Tight, so that the tolerance is not what is compared. */
const tight = differentiable(cg({ tolerance: 1e-14 }))
const solution = (a: Tensor, b: Tensor, start?: Tensor): Solution<Tensor> => tight(matrix(a, definite))(b, start)
const statusIn = ({ status }: { readonly status: Tensor }): string => statusOf(item(status))

test('value, jvp, vjp and order 2 are those of the exact solution', () => {
  const at = (t: number): number[] =>
    eliminated(
      combined(a0, t, direction),
      b0.map((v, i) => v + t * c[i]!),
    )
  const x = (a: Tensor, b: Tensor): Tensor => solution(a, b).x
  const [args, tangents] = [[f64(a0), f64(b0)] as const, [f64(direction), f64(c)] as const]
  near(x(...args), at(0), 1e-13)
  near(jvp(x, args, tangents).tangent, differences(at), 1e-9)
  // Ā = −A⁻ᵀ c xᵀ, b̄ = A⁻ᵀ c
  const [aBar, bBar] = vjp(x, args).pull(f64(c))
  const y = eliminated(transposeOf(a0), c)
  near(bBar, y, 1e-12)
  near(
    aBar,
    y.flatMap((yi) => at(0).map((xj) => -yi * xj)),
    1e-12,
  )
  const speed = (t: number): number[] => differences((s) => at(t + s))
  const along = (a: Tensor, b: Tensor): Tensor => jvp(x, [a, b], tangents).tangent
  near(jvp(along, args, tangents).tangent, differences(speed), 1e-7, 'forward over forward')
  const pulled = (a: Tensor, b: Tensor): Tensor => dot(vjp(x, [a, b]).pull(f64(c))[1], f64(b0))
  const pulledAt = (t: number): number[] => [dotOf(eliminated(combined(a0, t, direction), c), b0)]
  near(jvp(pulled, args, tangents).tangent, differences(pulledAt), 1e-9, 'forward over reverse')
  near(
    dotOf(elements(grad((a: Tensor) => pulled(a, args[1]))(args[0])), direction.flat()),
    differences(pulledAt)[0]!,
    1e-9,
    'reverse over reverse',
  )
})

test('the evidence is that of the value, and has no derivative', () => {
  const [a, b] = [f64(a0), f64(b0)]
  const plain = cg({ tolerance: 1e-14 })(matrix(a, definite))(b)
  const traced = jit((p: Tensor, q: Tensor) => solution(p, q) as never)(a, b) as unknown as Solution<Tensor>
  for (const got of [solution(a, b), traced]) {
    near(got.x, plain.x, 1e-15)
    assert.is(statusIn(got), 'converged')
    assert.equal([got.iterations, got.products].map(item), [plain.iterations, plain.products].map(item))
  }
  const evidence = (p: Tensor): Tensor => {
    const { residual, curvature } = solution(p, b)
    return add(residual, add(curvature[0], curvature[1]))
  }
  near(
    grad(evidence)(a),
    a0.flat().map(() => 0),
  )
})

test('nothing is solved twice: a gradient takes the products of the value and of one adjoint solve, and one to move A', () => {
  const { device, count, reset } = countingDevice()
  const put = (data: readonly unknown[]): Tensor => array(data as never, { dtype: 'f64', device })
  const [a, b, weights] = [put(a0), put(b0), put(c)]
  const operator = (p: Tensor) => fromFunction((x: Tensor) => matmul(p, x), b, definite)
  const f = (p: Tensor) => {
    const { x, status, residual, products } = tight(operator(p))(b)
    return [sum(mul(weights, x)), { status, residual, products }] as const
  }
  const spent = item(tight(operator(a))(b).products)
  const adjoint = item(tight(operator(a))(weights).products)
  reset()
  const { aux } = grad(f, { aux: true })(a)
  assert.is(item(aux.products), spent)
  // Ā = −b̄ xᵀ is an outer product
  assert.ok(count('dot') <= spent + adjoint + 1, `${count('dot')} products, ${spent} and ${adjoint} were said`)
  reset()
  f(a)
  assert.is(count('dot'), spent)
})

test('a start saves iterations of the value, gets no derivative, and changes none', () => {
  const [a, b] = [f64(a0), f64(b0)]
  const x = eliminated(a0, b0)
  const started = (p: Tensor, q: Tensor): Solution<Tensor> =>
    jit((r: Tensor, s: Tensor) => solution(r, b, s) as never)(p, q) as never
  assert.is(item(started(a, f64(x)).iterations), 0)
  const f = (p: Tensor, q: Tensor): Tensor => dot(solution(p, b, q).x, f64(c))
  const [byA, byStart] = grad(f, { wrt: [0, 1] })(a, f64(x))
  near(
    byStart,
    x.map(() => 0),
  )
  near(byA, elements(grad((p: Tensor) => f(p, f64([0, 0, 0, 0])))(a)), 1e-12)
})

test('trees, an operator that closes over several tensors, and one unknown', () => {
  interface X {
    readonly p: Tensor
    readonly q: readonly [Tensor]
  }
  // [[d, k], [k, e]]
  const x = (d: Tensor, k: Tensor, e: Tensor): X =>
    tight(
      fromFunction(
        ({ p, q: [q] }: X): X => ({ p: add(mul(d, p), mul(k, q)), q: [add(mul(k, p), mul(e, q))] }),
        { p: f64(0), q: [f64(0)] },
        definite,
      ),
    )({ p: f64(1), q: [f64(2)] }).x as X
  const at = [2, 0.5, 3] as const
  const twin = ([d, k, e]: readonly number[]): number[] =>
    eliminated(
      [
        [d!, k!],
        [k!, e!],
      ],
      [1, 2],
    )
  const args = at.map(f64) as unknown as [Tensor, Tensor, Tensor]
  near(x(...args), twin(at), 1e-14)
  near(
    grad((d: Tensor, k: Tensor, e: Tensor) => x(d, k, e).q[0], { wrt: [0, 1, 2] })(...args),
    at.map((_, i) => differences((t) => twin(at.map((v, j) => (i === j ? v + t : v))))[1]!),
    1e-9,
  )
  // x = b / a: d(1/a) = −1/a²
  near(grad((a: Tensor) => sum(tight(matrix(a, definite))(f64([3])).x))(f64([[2]])), [-0.75], 1e-15)
})

test('inside jit, inside a scan, and in a Hessian product', () => {
  const b = f64(b0)
  const loop = (a: Tensor): Tensor => foriLoop(0, 3, (_, x: Tensor) => solution(a, add(x, b)).x, f64([0, 0, 0, 0]))
  const twin = (t: number): number[] => {
    let x = b0.map(() => 0)
    for (let i = 0; i < 3; i++)
      x = eliminated(
        combined(a0, t, direction),
        x.map((v, j) => v + b0[j]!),
      )
    return [dotOf(x, c)]
  }
  const value = (a: Tensor): Tensor => dot(loop(a), f64(c))
  const gradient = jit(grad(value))(f64(a0))
  near(dotOf(elements(gradient), direction.flat()), differences(twin)[0]!, 1e-9)
  const bent = elements(hvp(value)(f64(a0))(f64(direction)))
  near(dotOf(bent, direction.flat()), differences((t) => differences((s) => twin(t + s)))[0]!, 1e-7)
})

test('a loop that starts each solve from the one before has the derivative of one that does not; so has a checkpoint', () => {
  const loop =
    (warm: boolean) =>
    (a: Tensor): Tensor =>
      dot(
        foriLoop(
          0,
          3,
          (_, x: Tensor) => solution(mul(a, add(1, dot(x, x))), f64(b0), warm ? x : undefined).x,
          f64([0, 0, 0, 0]),
        ),
        f64(c),
      )
  const cold = elements(grad(loop(false))(f64(a0)))
  near(grad(loop(true))(f64(a0)), cold, 1e-12)
  near(grad(checkpoint(loop(true)))(f64(a0)), cold, 1e-12)
})

test('a batch of right sides, of matrices, of both: values, gradients, and iterations of each lane', () => {
  // two eigenvalues and three: cg takes as many steps
  const matrices = [
    [2, 2, 5, 5],
    [2, 3, 5, 5],
  ].map((values) => values.map((v, i) => values.map((_, j) => (i === j ? v : 0))))
  const rights = [
    [1, 1, 1, 1],
    [0, 0, 0, 0],
    [1, 1, 0, 0],
  ]
  const f = (a: Tensor, b: Tensor) => {
    const { x, iterations, status } = solution(a, b)
    return { x, iterations, status }
  }
  const many = vmap(f, { in: [null, 0] })(f64(matrices[1]!), f64(rights))
  near(
    many.x,
    rights.map((b) => eliminated(matrices[1]!, b)),
    1e-13,
  )
  assert.equal(elements(many.iterations), [3, 0, 2])
  assert.equal(elements(many.status), [0, 0, 0])
  const loss = (a: Tensor, b: Tensor): Tensor => dot(f(a, b).x, f64(c))
  for (const axes of [
    [0, null],
    [null, 0],
    [0, 0],
  ] as const) {
    const as = axes[0] === 0 ? matrices : [matrices[0]!, matrices[0]!]
    const bs = axes[1] === 0 ? rights.slice(0, 2) : [rights[0]!, rights[0]!]
    const given = [axes[0] === 0 ? f64(as) : f64(as[0]!), axes[1] === 0 ? f64(bs) : f64(bs[0]!)] as const
    const [byA, byB] = vmap(grad(loss, { wrt: [0, 1] }), { in: axes })(...given)
    const x = as.map((a, i) => eliminated(a, bs[i]!))
    const y = as.map((a) => eliminated(a, c))
    near(byB, y, 1e-12)
    near(
      byA,
      y.map((row, i) => row.map((yi) => x[i]!.map((xj) => -yi * xj))),
      1e-12,
    )
  }
})

test('a failing lane has no derivative, its neighbours have theirs', () => {
  const diagonals = f64([
    [1, 2],
    [1, -2],
    [4, 2],
  ])
  const loss = (d: Tensor, b: Tensor): Tensor => sum(differentiable(cg())(diagonalOperator(d))(b).x)
  near(
    vmap(grad(loss), { in: [0, null] })(diagonals, f64([1, 1])),
    [
      [-1, -0.25],
      [NaN, NaN],
      [-1 / 16, -0.25],
    ],
    1e-12,
  )
})

test('every way to fail leaves the best x with its status, and a derivative that is NaN', () => {
  const cases: readonly (readonly [string, LinearSolver, Dense, readonly number[]])[] = [
    ['maxIterations', cg({ maxIterations: 2 }), positive(n), b0],
    [
      'indefinite',
      cg(),
      [
        [1, 0],
        [0, -2],
      ],
      [1, 1],
    ],
    [
      'singular',
      cg(),
      [
        [1, 0],
        [0, 0],
      ],
      [1, 1],
    ],
    [
      'nonfinite',
      cg(),
      [
        [1, 0],
        [0, NaN],
      ],
      [1, 1],
    ],
    [
      'nonfinite',
      cg(),
      [
        [1, 0],
        [0, 2],
      ],
      [Infinity, 1],
    ],
    [
      'breakdown',
      cg({ preconditioner: diagonalOperator(f64([-1, -1])) }) as LinearSolver,
      [
        [1, 0],
        [0, 2],
      ],
      [1, 1],
    ],
  ]
  for (const [status, solver, a, b] of cases) {
    const solve = (p: Tensor, q: Tensor): Solution<Tensor> => differentiable(solver)(matrix(p, definite))(q)
    const args = [f64(a), f64(b)] as const
    assert.is(statusIn(solve(...args)), status)
    const x = (p: Tensor, q: Tensor): Tensor => solve(p, q).x
    const [out, bars] = [jvp(x, args, args).out, vjp(x, args).pull(f64(b.map(() => 1)))]
    identical(out, elements(solve(...args).x), `${status}: the value`)
    assert.ok(elements(jvp(x, args, args).tangent).every(Number.isNaN), `${status}: the tangent`)
    assert.ok(
      bars.every((bar) => elements(bar).every(Number.isNaN)),
      `${status}: the cotangents`,
    )
  }
})

test('a derivative needs both: the value solved, and its own solve', () => {
  // along the first axis one iteration solves, along both it takes two
  const a = f64([
    [1, 0],
    [0, 3],
  ])
  const [easy, mixed] = [f64([1, 0]), f64([1, 1])]
  const x =
    (accept?: readonly ('converged' | 'maxIterations')[]) =>
    (b: Tensor): Tensor =>
      differentiable(cg({ maxIterations: 1 }), accept && { accept })(matrix(a, definite))(b).x
  const pull = (f: (b: Tensor) => Tensor, b: Tensor, bar: Tensor): number[] => elements(vjp(f, [b]).pull(bar)[0])
  near(pull(x(), easy, easy), [1, 0])
  assert.equal(pull(x(), easy, mixed), [NaN, NaN], 'its own did not converge')
  assert.equal(pull(x(), mixed, easy), [NaN, NaN], 'the value did not converge')
  // on purpose: one step of steepest descent, x₁ = (bᵀb / bᵀA b) b = b / 2
  const truncated = x(['converged', 'maxIterations'])
  near(pull(truncated, mixed, mixed), [0.5, 0.5])
  near(jvp(truncated, [easy], [mixed]).tangent, [0.5, 0.5])
  const any = differentiable(cg(), { accept: statuses })
  near(
    vjp(
      (b: Tensor) =>
        any(
          matrix(
            f64([
              [1, 0],
              [0, -1],
            ]),
            definite,
          ),
        )(b).x,
      [f64([1, 0])],
    ).pull(f64([2, 0]))[0],
    [2, 0],
  )
})

test('of 300 hard systems no derivative is wrong without saying so', () => {
  // definite, indefinite and singular matrices with eigenvalues over six decades
  const kinds = ['definite', 'indefinite', 'singular'] as const
  const systems = Array.from({ length: 300 }, (_, i) => {
    const u = vectorFrom(n, random)
    const reflection = u.map((ui, j) => u.map((uk, k) => (j === k ? 1 : 0) - (2 * ui * uk) / dotOf(u, u)))
    const values = u.map((_, j) => {
      const value = 10 ** (3 * random() - 3)
      return kinds[i % 3] === 'singular' && j === 0 ? 0 : kinds[i % 3] === 'indefinite' && random() > 0 ? -value : value
    })
    const whole = product(
      reflection,
      product(
        values.map((v, j) => values.map((_, k) => (j === k ? v : 0))),
        reflection,
      ),
    )
    return whole.map((row, j) => row.map((v, k) => (j <= k ? v : whole[k]![j]!)))
  })
  const solver = { cg: cg(), minres: minres(), gmres: gmres() }
  for (const [name, own] of Object.entries(solver)) {
    const lane = (a: Tensor) => {
      const x = (p: Tensor, b: Tensor): Tensor => differentiable(own)(matrix(p, definite))(b).x
      return vjp(x, [a, f64(b0)]).pull(f64(c))
    }
    const [aBars, bBars] = jit(vmap(lane) as never as (a: Tensor) => [Tensor, Tensor])(f64(systems))
    const [byA, byB] = [elements(aBars), elements(bBars)]
    const believed = systems.filter((a, i) => {
      const own = [...byA.slice(16 * i, 16 * i + 16), ...byB.slice(4 * i, 4 * i + 4)]
      if (own.every(Number.isNaN)) return false
      const y = own.slice(16)
      const left = applied(a, y).map((v, j) => v - c[j]!)
      // the tolerance, and the rounding of a residual of A y
      const bound = 1.01e-10 * Math.hypot(...c) + 2 ** -50 * Math.hypot(...y)
      assert.ok(Math.hypot(...left) <= bound, `${name} ${i}: residual ${Math.hypot(...left)} of ${bound}`)
      return true
    })
    // it does find most of those that have a solution, and none of the singular ones
    assert.ok(believed.length > 75 && believed.length <= 200, `${name}: ${believed.length} believed`)
  }
})

test('a series that is cut off on purpose: the derivative is that series of the cotangent', () => {
  const [alpha, terms] = [0.05, 4]
  const solver = differentiable(neumann({ terms, step: alpha }), { accept: ['converged', 'maxIterations'] })
  const x = (a: Tensor, b: Tensor): Tensor => solver(matrix(a, definite))(b).x
  const series = (b: readonly number[]): number[] => {
    let [term, total] = [b, b]
    for (let k = 1; k < terms; k++) {
      const moved = applied(a0, term)
      term = term.map((v, i) => v - alpha * moved[i]!)
      total = total.map((v, i) => v + term[i]!)
    }
    return total.map((v) => alpha * v)
  }
  const [out, [aBar, bBar]] = [x(f64(a0), f64(b0)), vjp(x, [f64(a0), f64(b0)]).pull(f64(c))]
  near(out, series(b0), 1e-14)
  near(bBar, series(c), 1e-14)
  // −b̄ xᵀ, of the x and the b̄ that there are
  near(
    aBar,
    series(c).map((y) => series(b0).map((v) => -y * v)),
    1e-14,
  )
})

test('cotangents and tangents of any size in f32: s times the derivative', () => {
  const [a, b] = [array(a0), array(b0)]
  const x = (p: Tensor, q: Tensor): Tensor => differentiable(cg())(matrix(p, definite))(q).x
  const { pull } = vjp(x, [a, b])
  const { tangent } = jvp(x, [a, b], [array(direction), array(c)])
  const [, unit] = pull(array(c))
  // a power of two changes no rounding
  for (const power of [-100, -60, 60, 100]) {
    const s = 2 ** power
    identical(
      pull(mul(array(c), s))[1],
      elements(unit).map((v) => s * v),
      `pull of 2^${power}`,
    )
    const moved = jvp(x, [a, b], [mul(array(direction), s), mul(array(c), s)]).tangent
    identical(
      moved,
      elements(tangent).map((v) => s * v),
      `push of 2^${power}`,
    )
  }
  const largest = Math.max(...elements(unit).map(Math.abs))
  for (const s of [1e-30, 1e30])
    elements(pull(mul(array(c), s))[1]).forEach((v, i) => {
      // the solve is repeated on numbers rounded otherwise: its tolerance, 1e-5, by a condition of about 10
      assert.ok(Math.abs(v / s - elements(unit)[i]!) <= 1e-4 * largest, `${s}: ${v}`)
    })
})

/** x ← x + ω (b − A x), 600 times: needs no transpose. */
const richardson: LinearSolverOn<Tensor> = (operator) => (b) => {
  const x = foriLoop(0, 600, (_, x: Tensor) => add(x, mul(0.1, sub(b, operator.apply(x)))), zerosLike(b))
  const none = array(0, { dtype: 'i32' })
  return { x, status: none, residual: f64(0), iterations: none, products: none, curvature: [f64(0), f64(0)] }
}

test('an operator that is not symmetric: its own transpose, or that of its program', () => {
  const a = [
    [3, 1, 0, -1],
    [-1, 4, 1, 0],
    [0, -2, 5, 1],
    [1, 0, 0, 3],
  ]
  const at = (t: number): number[] =>
    eliminated(
      combined(a, t, direction),
      b0.map((v, i) => v + t * c[i]!),
    )
  for (const own of [true, false]) {
    const asked: string[] = []
    const f = (p: Tensor, b: Tensor): Tensor => {
      const { transpose: back, ...without } = matrix(p)
      const transpose = (y: Tensor): Tensor => {
        asked.push('transpose')
        return back!(y)
      }
      return differentiable(richardson)(own ? { ...without, transpose } : without)(b).x
    }
    near(f(f64(a), f64(b0)), at(0), 1e-13)
    near(jvp(f, [f64(a), f64(b0)], [f64(direction), f64(c)]).tangent, differences(at), 1e-8)
    near(vjp(f, [f64(a), f64(b0)]).pull(f64(c))[1], eliminated(transposeOf(a), c), 1e-13)
    assert.is(asked.length > 0, own)
  }
  // the solver of the transposed system, where it is another one
  const other: LinearSolverOn<Tensor> = (operator) => (b) => ({ ...richardson(operator)(b), x: f64([1, 2, 3, 4]) })
  const g = (b: Tensor): Tensor => differentiable(richardson, { transposeSolver: other })(matrix(f64(a)))(b).x
  near(vjp(g, [f64(b0)]).pull(f64(c))[0], [1, 2, 3, 4])
  near(jvp(g, [f64(b0)], [f64(c)]).tangent, eliminated(a, c), 1e-13)
})

test('a preconditioner that closes over the matrix serves the solves and gets no derivative', () => {
  const f =
    (precondition: boolean) =>
    (p: Tensor): Tensor => {
      const preconditioner = diagonalOperator(div(1, sum(mul(p, eye(n, n, { dtype: 'f64' })), { axis: 1 })), {
        definite: 'positive',
      })
      const solver = precondition ? cg({ tolerance: 1e-14, preconditioner }) : cg({ tolerance: 1e-14 })
      return dot(differentiable(solver)(matrix(p, definite))(f64(b0)).x, f64(c))
    }
  near(grad(f(true))(f64(a0)), elements(grad(f(false))(f64(a0))), 1e-12)
})

test('what it refuses', () => {
  const least = differentiable(lsmr())(matrix(f64(a0)))
  for (const call of [() => least(f64(b0)), () => grad((b: Tensor) => sum(least(b).x))(f64(b0))])
    throws(
      call,
      'differentiable: the solver finds least squares, whose derivative is not that of A x = b. Solve the normal equations instead: cg on composed(transposed(A), A), and Aᵀb.',
    )
  throws(
    () => differentiable(cg(), { accept: ['done' as never] }),
    `differentiable: accept names "done", which is no status: ${statuses.join(', ')}.`,
  )
  throws(
    () => differentiable(cg(), { accept: [] }),
    "differentiable: accept names no status, so every derivative would be NaN: give at least 'converged'.",
  )
  throws(
    () => differentiable(cg())(matrix(f64([[1, 2, 3]]))),
    'differentiable: the operator maps to another space than from: f64[1] is not f64[3]. Solve Aᵀ A x = Aᵀ b for least squares.',
  )
})

test.run()
