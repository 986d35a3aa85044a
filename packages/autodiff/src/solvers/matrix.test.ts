/** Solver × kind of operator × {as it is, transposed, a batch of b, of A, of both} × {value, jvp, vjp, order 2} × dtype, after Lineax:
 *  against elimination on matrices written by hand, and the closed forms x = A⁻¹ b, dx = A⁻¹ (db − dA x), b̄ = A⁻ᵀ c, p̄ = −b̄ᵀ (∂A/∂p) x.
 *
 *  Every pair of solver and kind is tested as it is in f64; of the further six ways each pair takes two in turn. */

import { add, array, cosh, dot, flip, matmul, mul, sin, sum, type Tensor, tanh } from '@neumann/linalg-gpu'
import {
  bicgstab,
  block,
  cg,
  chebyshev,
  composed,
  damped,
  diagonalOperator,
  exact,
  gmres,
  kronecker,
  type LinearSolver,
  lowRank,
  matrix,
  minres,
  neumann,
  type Operator,
  richardson,
  scaled,
  sumOf,
  transposed,
} from '@neumann/linalg-gpu/solvers'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jvp, ravel, vjp, vmap } from '../index.js'
import { differences, dotOf, elements, near, unit } from '../support.testing.js'
import { differentiable, fromFunction, gaussNewtonOperator, hessianOperator, jacobianOperator } from './index.js'
import {
  applied,
  combined,
  type Dense,
  diagonal,
  draws,
  eliminated,
  matrixFrom,
  product,
  transposeOf,
  vectorFrom,
} from './systems.testing.js'

type DType = 'f32' | 'f64'
/** Data in the dtype of the test. */
type Put = (data: number | readonly number[] | Dense) => Tensor

interface Kind {
  readonly is: 'positive' | 'symmetric' | 'general'
  /** Vectors of four elements, as the tree that the operator is on. */
  readonly like?: (put: Put) => unknown
  readonly operator: (p: Tensor, q: Tensor, put: Put) => Operator<never>
  /** The same, by hand. */
  readonly dense: (p: number, q: number) => Dense
}

const n = 4
const random = draws(11)
const identity = diagonal([1, 1, 1, 1])
const K = combined(matrixFrom(n, n, random), 4, identity)
const L = matrixFrom(n, n, random)
const S = combined(product(L, transposeOf(L)), 2, identity)
const U = matrixFrom(n, 2, random)
const d = [1.5, 0.8, 2, 1.1]
const w = [0.7, -0.4, 0.3, 0.9]
const times = (c: number, a: Dense): number[][] => a.map((row) => row.map((v) => c * v))
/** I − 2 u uᵀ / uᵀu, which turns a diagonal into a matrix of the same eigenvalues. */
const reflection = combined(
  identity,
  -2 / dotOf(w, w),
  product(
    w.map((v) => [v]),
    [w],
  ),
)
const indefinite = product(reflection, product(diagonal([3, 2, -1.5, -2.5]), reflection))
const positive = { symmetric: true, definite: 'positive' } as const
const on = <X>(operator: Operator<X>): Operator<never> => operator as unknown as Operator<never>

const kinds: Readonly<Record<string, Kind>> = {
  'a positive definite matrix': {
    is: 'positive',
    operator: (p, _, put) => on(matrix(add(put(S), mul(p, put(diagonal(d)))), positive)),
    dense: (p) => combined(S, p, diagonal(d)),
  },
  'an indefinite symmetric matrix': {
    is: 'symmetric',
    operator: (p, _, put) => on(matrix(add(put(indefinite), mul(mul(p, 0.1), put(S))), { symmetric: true })),
    dense: (p) => combined(indefinite, 0.1 * p, S),
  },
  'a general matrix': {
    is: 'general',
    operator: (p, q, put) => on(matrix(add(mul(q, put(K)), mul(p, put(L))))),
    dense: (p, q) => combined(times(q, K), p, L),
  },
  'a function': {
    is: 'general',
    operator: (p, q, put) =>
      on(fromFunction((x: Tensor) => add(mul(3, x), mul(p, mul(put(w), flip(mul(q, x))))), put([0, 0, 0, 0]))),
    dense: (p, q) => identity.map((row, i) => row.map((v, j) => 3 * v + (i + j === n - 1 ? p * q * w[i]! : 0))),
  },
  // ½ wᵀ S w + p Σ w⁴ at q w
  'a Hessian of a tree': {
    is: 'positive',
    like: (put) => ({ a: put([0, 0, 0]), b: put(0) }),
    operator: (p, q, put) => {
      const f = (tree: { readonly a: Tensor; readonly b: Tensor }): Tensor => {
        const { flat } = ravel(tree)
        const square = mul(flat, flat)
        return add(mul(0.5, dot(flat, matmul(put(S), flat))), mul(p, dot(square, square)))
      }
      const at = { a: mul(q, put(w.slice(0, 3))), b: mul(q, put(w[3]!)) }
      return on({ ...hessianOperator(f, at), facts: positive })
    },
    dense: (p, q) => combined(S, 12 * p, diagonal(w.map((v) => (q * v) ** 2))),
  },
  // z = tanh(K q w), loss p Σ cosh z
  'Gauss–Newton, damped': {
    is: 'positive',
    operator: (p, q, put) =>
      on(
        damped(
          gaussNewtonOperator(
            (x: Tensor) => tanh(matmul(put(K), x)),
            (z: Tensor) => mul(p, sum(cosh(z))),
          )(mul(q, put(w))),
          1,
        ),
      ),
    dense: (p, q) => {
      const z = applied(K, w).map((v) => Math.tanh(q * v))
      const J = z.map((v, i) => K[i]!.map((k) => (1 - v * v) * k))
      return combined(
        identity,
        p,
        product(
          transposeOf(J),
          z.map((v, i) => J[i]!.map((k) => Math.cosh(v) * k)),
        ),
      )
    },
  },
  'a Jacobian': {
    is: 'general',
    operator: (p, q, put) =>
      on(jacobianOperator((x: Tensor) => add(matmul(put(K), x), mul(p, sin(x))), mul(q, put(w)))),
    dense: (p, q) => combined(K, p, diagonal(w.map((v) => Math.cos(q * v)))),
  },
  'a Kronecker product': {
    is: 'general',
    like: (put) =>
      put([
        [0, 0],
        [0, 0],
      ]),
    operator: (p, q, put) =>
      on(
        kronecker(
          matrix(
            add(
              put([
                [3, 1],
                [-1, 2],
              ]),
              mul(
                p,
                put([
                  [1, 0],
                  [1, 0],
                ]),
              ),
            ),
          ),
          matrix(
            mul(
              q,
              put([
                [2, -0.5],
                [0.7, 1],
              ]),
            ),
          ),
        ),
      ),
    dense: (p, q) => {
      const [a, b] = [
        [
          [3 + p, 1],
          [-1 + p, 2],
        ],
        [
          [2 * q, -0.5 * q],
          [0.7 * q, q],
        ],
      ]
      return identity.map((_, i) => identity.map((__, j) => a[i >> 1]![j >> 1]! * b[i & 1]![j & 1]!))
    },
  },
  'low rank and a diagonal': {
    is: 'positive',
    operator: (p, q, put) => on(lowRank({ diagonal: add(p, put(d)), left: mul(q, put(U)) }, positive)),
    dense: (p, q) => combined(diagonal(d.map((v) => v + p)), q * q, product(U, transposeOf(U))),
  },
  'a sum of a product and a diagonal': {
    is: 'positive',
    operator: (p, q, put) => {
      const k = matrix(put(K))
      return on({ ...sumOf(composed(k, transposed(k)), scaled(p, diagonalOperator(mul(q, put(d))))), facts: positive })
    },
    dense: (p, q) => combined(product(K, transposeOf(K)), p * q, diagonal(d)),
  },
  blocks: {
    is: 'general',
    like: (put) => [put([0, 0, 0]), put([0])],
    operator: (p, q, put) =>
      on(
        block<[Tensor, Tensor]>([
          [
            matrix(add(put(K.slice(0, 3).map((row) => row.slice(0, 3))), mul(p, put(diagonal(d.slice(0, 3)))))),
            matrix(put(K.slice(0, 3).map((row) => row.slice(3)))),
          ],
          [null, diagonalOperator(mul(q, put([2])))],
        ]),
      ),
    dense: (p, q) =>
      K.map((row, i) => row.map((v, j) => (i === 3 ? (j === 3 ? 2 * q : 0) : j < 3 && i === j ? v + p * d[i]! : v))),
  },
}

const serves: Readonly<Record<Kind['is'], readonly Kind['is'][]>> = {
  positive: ['positive'],
  symmetric: ['positive', 'symmetric'],
  general: ['positive', 'symmetric', 'general'],
}

interface Solver {
  readonly of: Kind['is']
  /** `least` and `greatest` are bounds of the spectrum. */
  readonly make: (tolerance: number, least: number, greatest: number) => LinearSolver
}

const solvers: Readonly<Record<string, Solver>> = {
  cg: { of: 'positive', make: (tolerance) => cg({ tolerance }) },
  minres: { of: 'symmetric', make: (tolerance) => minres({ tolerance }) },
  gmres: { of: 'general', make: (tolerance) => gmres({ tolerance }) },
  bicgstab: { of: 'general', make: (tolerance) => bicgstab({ tolerance }) },
  exact: { of: 'general', make: (tolerance) => exact({ tolerance }) },
  richardson: {
    of: 'positive',
    make: (tolerance, least, greatest) => richardson({ tolerance, step: 2 / (least + greatest) }),
  },
  neumann: { of: 'positive', make: (tolerance) => neumann({ tolerance, terms: 1000 }) },
  chebyshev: { of: 'positive', make: (tolerance, least, greatest) => chebyshev({ tolerance, least, greatest }) },
}

/** Bounds of the eigenvalues of positive definite matrices: by iteration from both ends, and a fifth for what it has not reached. */
const boundsOf = (matrices: readonly Dense[]): readonly [number, number] => {
  const ends = matrices.map((a) => {
    const rate = (f: (x: readonly number[]) => number[]): number => {
      let x = b0
      for (let i = 0; i < 50; i++) x = f(x).map((v, _, y) => v / Math.hypot(...y))
      return Math.hypot(...f(x))
    }
    return [1 / rate((x) => eliminated(a, x)), rate((x) => applied(a, x))] as const
  })
  return [Math.min(...ends.map(([least]) => least)) / 1.2, Math.max(...ends.map(([, greatest]) => greatest)) * 1.2]
}

/** Of the solves; what is compared is allowed the condition of the systems (at most 10) and of their derivatives beside. */
const tolerances = { f32: { solve: 1e-6, value: 5e-5 }, f64: { solve: 1e-13, value: 1e-11 } } as const

const b0 = vectorFrom(n, random)
const c = vectorFrom(n, random)
const p0 = [0.6, 1.2]
const lanes = [
  { p: p0, b: b0 },
  { p: [0.9, 0.8], b: vectorFrom(n, random) },
]
const direction = { p: [0.4, -0.3], b: vectorFrom(n, random) }

/** What is compared: x, dx along the direction, and the cotangents of p and of b. */
const exactly = (kind: Kind, back: boolean, p: readonly number[], b: readonly number[]) => {
  const at = (r: readonly number[]): Dense => (back ? transposeOf(kind.dense(r[0]!, r[1]!)) : kind.dense(r[0]!, r[1]!))
  const A = at(p)
  const x = eliminated(A, b)
  const y = eliminated(transposeOf(A), c)
  const moved = (v: readonly number[]): number[] =>
    differences((t) => applied(at(p.map((r, i) => r + t * v[i]!)), x), 0.01)
  const along = moved(direction.p)
  return {
    x,
    dx: eliminated(
      A,
      direction.b.map((db, i) => db - along[i]!),
    ),
    pBar: p.map((_, i) => -dotOf(y, moved(unit(2, i)))),
    bBar: y,
  }
}

interface Way {
  readonly name: string
  readonly dtype: DType
  readonly run: (kind: Kind, solver: LinearSolver, dtype: DType) => void
}

/** (p, b) ↦ x and its status, on flat vectors. */
const system = (kind: Kind, solver: LinearSolver, put: Put, back = false) => {
  const { unravel } = ravel(kind.like?.(put) ?? put([0, 0, 0, 0]))
  return (p: Tensor, b: Tensor): { readonly x: Tensor; readonly status: Tensor } => {
    const [first, second] = [dot(p, put([1, 0])), dot(p, put([0, 1]))]
    const operator = kind.operator(first, second, put)
    const { x, status } = differentiable(solver)(back ? transposed(operator) : operator)(unravel(b) as never)
    return { x: ravel(x).flat, status }
  }
}

const putIn =
  (dtype: DType): Put =>
  (data) =>
    array(data as number[], { dtype })

const asItIs =
  (back: boolean) =>
  (kind: Kind, solver: LinearSolver, dtype: DType): void => {
    const put = putIn(dtype)
    const solve = system(kind, solver, put, back)
    const { value: tolerance } = tolerances[dtype]
    const args = [put(p0), put(b0)] as const
    const want = exactly(kind, back, p0, b0)
    const x = (p: Tensor, b: Tensor): Tensor => solve(p, b).x
    const { out, tangent } = jvp((p: Tensor, b: Tensor) => solve(p, b), args, [put(direction.p), put(direction.b)])
    assert.equal(elements(out.status), [0])
    near(out.x, want.x, tolerance, 'value')
    near(tangent.x, want.dx, tolerance, 'jvp')
    const [pBar, bBar] = vjp(x, args).pull(put(c))
    near(pBar, want.pBar, tolerance, 'vjp by A')
    near(bBar, want.bBar, tolerance, 'vjp by b')
  }

const batched =
  (axes: readonly [0 | null, 0 | null]) =>
  (kind: Kind, solver: LinearSolver, dtype: DType): void => {
    const put = putIn(dtype)
    const solve = system(kind, solver, put)
    const lane = (p: Tensor, b: Tensor) => {
      const { out, pull, aux } = vjp(
        (r: Tensor, s: Tensor) => {
          const { x, status } = solve(r, s)
          return [x, status] as const
        },
        [p, b],
        { aux: true },
      )
      return [out, aux, ...pull(put(c))] as const
    }
    const [ps, bs] = [lanes.map(({ p }) => p), lanes.map(({ b }) => b)]
    const [x, status, pBar, bBar] = vmap(lane, { in: axes })(put(axes[0] === 0 ? ps : p0), put(axes[1] === 0 ? bs : b0))
    const want = lanes.map(({ p, b }) => exactly(kind, false, axes[0] === 0 ? p : p0, axes[1] === 0 ? b : b0))
    const { value: tolerance } = tolerances[dtype]
    assert.equal(elements(status), [0, 0])
    near(
      x,
      want.map((one) => one.x),
      tolerance,
      'value',
    )
    near(
      pBar,
      want.map((one) => one.pBar),
      tolerance,
      'vjp by A',
    )
    near(
      bBar,
      want.map((one) => one.bBar),
      tolerance,
      'vjp by b',
    )
  }

const order2 = (kind: Kind, solver: LinearSolver, dtype: DType): void => {
  const put = putIn(dtype)
  const solve = system(kind, solver, put)
  const bars = (p: Tensor, b: Tensor): readonly Tensor[] =>
    vjp((r: Tensor, s: Tensor) => solve(r, s).x, [p, b]).pull(put(c))
  const got = jvp(bars, [put(p0), put(b0)], [put(direction.p), put(direction.b)]).tangent
  const want = differences((t) => {
    const { pBar, bBar } = exactly(
      kind,
      false,
      p0.map((v, i) => v + t * direction.p[i]!),
      b0.map((v, i) => v + t * direction.b[i]!),
    )
    return [...pBar, ...bBar]
  }, 0.02)
  // two more solves, and what the differences leave
  near(got, want, 1e-8, 'forward over reverse')
}

const plain: Way = { name: 'as it is', dtype: 'f64', run: asItIs(false) }
const further: readonly Way[] = [
  { name: 'transposed', dtype: 'f64', run: asItIs(true) },
  { name: 'a batch of b', dtype: 'f64', run: batched([null, 0]) },
  { name: 'a batch of A', dtype: 'f64', run: batched([0, null]) },
  { name: 'a batch of both, f32', dtype: 'f32', run: batched([0, 0]) },
  { name: 'order 2', dtype: 'f64', run: order2 },
  { name: 'f32', dtype: 'f32', run: asItIs(false) },
]
// a device that compiles takes every second pair, one way each: nearly all the time would go into some hundreds of programs of one use
const sampled = process.env['NEUMANN_DEVICE'] !== undefined
const waysOf = (s: number, k: number): readonly Way[] =>
  sampled ? [[plain, ...further][(s + k) % 7]!] : [plain, further[(s + k) % 6]!, further[(s + k + 3) % 6]!]

Object.entries(solvers).forEach(([solverName, { of, make }], s) => {
  Object.entries(kinds)
    .filter(([, kind]) => serves[of].includes(kind.is))
    .forEach(([kindName, kind], k) => {
      if (sampled && (s + k) % 2 === 1) return
      const ways = waysOf(s, k)
      const bounds = boundsOf([p0, ...lanes.map(({ p }) => p)].map(([p, q]) => kind.dense(p!, q!)))
      test(`${solverName} on ${kindName}: ${ways.map(({ name }) => name).join('; ')}`, () => {
        for (const { run, dtype } of ways) run(kind, make(tolerances[dtype].solve, ...bounds), dtype)
      })
    })
})

test.run()
