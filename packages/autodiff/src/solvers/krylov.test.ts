/** The Krylov solvers under vmap and scan: a lane stands still when it is done, and says what it alone took. */
import { add, array, jit, scan, slice, squeeze, stack, type Tensor, toNested } from '@neumann/linalg-gpu'
import { bicgstab, cg, gmres, lsmr, matrix, minres, type Operator, type Solution } from '@neumann/linalg-gpu/solvers'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { vmap } from '../api/vmap.js'

type Solve = (operator: Operator<Tensor>) => (b: Tensor, start?: Tensor) => Solution<Tensor>
const solvers: Readonly<Record<string, Solve>> = {
  cg: cg(),
  'cg, preconditioned': cg({ preconditioner: matrix(array([[0.5, 0, 0], [0, 0.4, 0], [0, 0, 0.3]])) }), // biome-ignore format: a matrix
  minres: minres(),
  gmres: gmres(),
  'gmres, restarted': gmres({ restart: 2 }),
  bicgstab: bicgstab(),
  lsmr: lsmr(),
  'lsmr, damped': lsmr({ damp: 0.1 }),
}

// converged after 3 steps and after 1, indefinite, singular, not finite
const matrices = [
  [[4, 1, 0], [1, 3, 1], [0, 1, 2]],
  [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  [[1, 0, 0], [0, -1, 0], [0, 0, 3]],
  [[0, 0, 0], [0, 0, 0], [0, 0, 0]],
  [[Number.NaN, 0, 0], [0, 2, 0], [0, 0, 2]],
] // biome-ignore format: matrices
const rights = [[1, 2, 3], [0, 0, 0], [1, 1, 1], [1e-30, 2e-30, 3e-30], [1, 2, Number.NaN]] // biome-ignore format: rows

const parts = ({ x, status, iterations, products, residual }: Solution<Tensor>): readonly Tensor[] => [
  x,
  status,
  iterations,
  products,
  residual,
]
const nested = (all: readonly Tensor[]): unknown[] => all.map((one) => toNested(one))
const row = (all: Tensor, i: number): Tensor => squeeze(slice(all, [i, i + 1]), 0)

for (const [name, solve] of Object.entries(solvers)) {
  const one = (a: Tensor, b: Tensor): readonly Tensor[] => parts(solve(matrix(a))(b))
  const [a, b] = [array(matrices), array(rights)]

  test(`${name}: a batch of matrices and right sides is each of them`, () => {
    const all = jit((a: Tensor, b: Tensor) => vmap(one)(a, b))(a, b)
    matrices.forEach((_, i) => {
      assert.equal(nested(all.map((part) => row(part, i))), nested(jit(one)(row(a, i), row(b, i))), `lane ${i}`)
    })
  })

  test(`${name}: a batch of right sides of one matrix`, () => {
    const all = jit((a: Tensor, b: Tensor) => vmap((b: Tensor) => one(a, b))(b))(row(a, 0), b)
    rights.forEach((_, i) => {
      const [x, ...evidence] = nested(all.map((part) => row(part, i))) as [number[], ...number[]]
      const [y, ...alone] = nested(jit(one)(row(a, 0), row(b, i))) as [number[], ...number[]]
      // one product of matrices for all of them adds up in another order: a few ulps, and κ = 3
      const near = x.every((value, j) => Object.is(value, y[j]!) || Math.abs(value / y[j]! - 1) < 1e-5)
      assert.ok(near, `lane ${i}: ${x} is not ${y}`)
      assert.equal(evidence.slice(0, 3), alone.slice(0, 3), `lane ${i}`)
    })
  })

  test(`${name}: within scan, each from the solution before`, () => {
    const follow = (a: Tensor, b: Tensor): readonly [Tensor, Tensor] =>
      scan(
        (x: Tensor, right: Tensor) => {
          const { x: next, iterations } = solve(matrix(a))(right, x)
          return [next, iterations] as [Tensor, Tensor]
        },
        array([0, 0, 0]),
        b,
      )
    const right = array([1, 2, 3])
    const [last, steps] = jit(follow)(row(a, 0), stack([right, right, add(right, 1)]))
    const [first, second, third] = toNested(steps) as [number, number, number]
    // least squares take a step to learn what ‖A‖ is
    assert.ok(first > 1 && second <= 1 && third > 1, `${first}, ${second}, ${third}`)
    const [x] = nested(jit(one)(row(a, 0), add(right, 1))) as [number[]]
    ;(toNested(last) as number[]).forEach((value, i) => assert.ok(Math.abs(value - x![i]!) < 3e-5, `${value}`))
  })
}

test.run()
