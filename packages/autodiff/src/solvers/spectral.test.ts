/** Spectral methods on batches of operators and of keys: each lane as if it were alone; and on the Hessian of a function. */

import { add, cos, item, jit, key, log, mul, slice, splitKey, sum, type Tensor, treeLeaves } from '@neumann/linalg-gpu'
import {
  hutchinson,
  hutchPlusPlus,
  lanczos,
  matrix,
  nystrom,
  nystromPreconditioner,
  powerIteration,
  ritz,
  spectralDensity,
  spectralSum,
  statusOf,
  stochasticLanczosQuadrature,
  xDiag,
  xTrace,
} from '@neumann/linalg-gpu/solvers'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { vmap } from '../index.js'
import { elements, f64, near } from '../support.testing.js'
import { hessianOperator } from './index.js'

// gaps of different width: lanes that end after different numbers of steps; one lane that is not finite, one with an invariant subspace
const matrices = [
  [
    [4, 1, 0],
    [1, 2, 0.5],
    [0, 0.5, 1],
  ],
  [
    [3, 0.1, 0],
    [0.1, 2.9, 0],
    [0, 0, 1],
  ],
  [
    [1, Number.NaN, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  [
    [2, 0, 0],
    [0, 2, 0],
    [0, 0, 2],
  ],
]
const batch = f64(matrices)
const keys = (): Tensor => splitKey(key(5), matrices.length)

const methods: Readonly<Record<string, (a: Tensor, own: Tensor) => unknown>> = {
  powerIteration: (a, own) => powerIteration()(matrix(a))(own),
  lanczos: (a, own) => {
    const found = lanczos({ steps: 3 })(matrix(a))(mul(f64([1, 2, 1]), sum(slice(a, 0, 0))))
    return [found, ritz(found), splitKey(own)]
  },
  hutchinson: (a, own) => hutchinson({ probes: 3 })(matrix(a))(own),
  hutchPlusPlus: (a, own) => hutchPlusPlus({ probes: 2 })(matrix(a))(own),
  xTrace: (a, own) => xTrace({ probes: 2 })(matrix(a))(own),
  xDiag: (a, own) => xDiag({ probes: 2 })(matrix(a))(own),
  quadrature: (a, own) => {
    const found = stochasticLanczosQuadrature({ steps: 3, probes: 2 })(matrix(a))(own)
    return [found, spectralSum(found, log), spectralDensity(found, f64([1, 2]), 0.5)]
  },
  nystrom: (a, own) => {
    const found = nystrom({ rank: 2 })(matrix(a))(own)
    return [found.values, found.status, nystromPreconditioner(found, 0.1).apply(f64([1, 2, 3]))]
  },
}

for (const [name, method] of Object.entries(methods))
  test(`${name}: vmap over operators and keys is the loop over them`, () => {
    const together = treeLeaves(
      jit(vmap(method as never) as never)(batch as never, keys() as never),
    ) as readonly Tensor[]
    const alone = matrices.map(
      (_, i) =>
        treeLeaves(jit(method as never)(slice(batch, i) as never, slice(keys(), i) as never)) as readonly Tensor[],
    )
    together.forEach((leaf, j) => {
      const want = alone.flatMap((leaves) => elements(leaves[j]!))
      const got = elements(leaf)
      assert.is(got.length, want.length)
      // a batched product may sum in another order: some ulps, times a condition number of about 10
      got.forEach((x, i) =>
        assert.ok(
          Object.is(x, want[i]) || Math.abs(x - want[i]!) <= 1e-13 * (1 + Math.abs(want[i]!)),
          `leaf ${j}, element ${i}: ${x}, alone ${want[i]}`,
        ),
      )
    })
  })

test('lanes of a batch end on their own, each with its count and its status', () => {
  const run = jit(vmap((a: Tensor, own: Tensor) => powerIteration()(matrix(a))(own)))
  const { status, iterations, value } = run(batch, keys())
  assert.equal(elements(status).map(statusOf), ['converged', 'converged', 'nonfinite', 'converged'])
  const counts = elements(iterations)
  assert.ok(counts[0]! < counts[1]! && counts[3] === 1, String(counts))
  near(elements(value)[3]!, 2, 1e-14)
})

test('the spectrum of a Hessian on a tree', () => {
  // Σ cᵢ cos wᵢ has the Hessian −diag(cᵢ cos wᵢ)
  const f = ({ a, b }: { a: Tensor; b: Tensor }): Tensor => add(sum(mul(f64([1, 5]), cos(a))), mul(3, sum(cos(b))))
  const w = { a: f64([0.3, 0.1]), b: f64([[2]]) }
  const H = hessianOperator(f, w)
  const want = [-Math.cos(0.3), -5 * Math.cos(0.1), -3 * Math.cos(2)]
  const { value, status } = powerIteration()(H)(key(0))
  assert.is(statusOf(item(status)), 'converged')
  near(item(value), want[1]!, 1e-12)
  const { value: diagonal } = xDiag({ probes: 1 })(H)(key(1))
  near([diagonal.a, diagonal.b], want, 1e-13)
  near(item(hutchinson({ probes: 1 })(H)(key(2)).value), want[0]! + want[1]! + want[2]!, 1e-13)
})

test.run()
