/** The same inputs give the same bits, and nothing outlives a call but what it returns; products and maps free what they keep. */

import {
  add,
  array,
  cond,
  div,
  dot,
  foriLoop,
  greater,
  jit,
  liveBuffers,
  matmul,
  mul,
  onesLike,
  scope,
  sin,
  sub,
  sum,
  type Tensor,
  zerosLike,
} from '@neumann/linalg-gpu'
import { flattenTree, isTensor } from '@neumann/linalg-gpu/program'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  checkGrads,
  checkpoint,
  checkpointName,
  crossVjp,
  customJvp,
  customLinearSolve,
  customRoot,
  customVjp,
  gaussNewtonVp,
  grad,
  hessian,
  hvp,
  jacfwd,
  jacrev,
  jvp,
  linearize,
  linearTranspose,
  ravel,
  stopGradient,
  valueAndGrad,
  vjp,
  vmap,
} from '../index.js'
import { f64, identical, left } from '../support.testing.js'

const x = f64([0.3, -0.8, 1.2])
const A = f64([
  [1, 2, 3],
  [0, -1, 2],
  [4, 0.5, 1],
])
const integer = array([1, 2, 3], { dtype: 'i32' })

const f = (w: Tensor): Tensor =>
  sum(
    mul(
      sin(matmul(A, w)),
      foriLoop(0, 4, (_, c: Tensor) => sin(add(c, w)), w),
    ),
  )
const g = (w: Tensor): Tensor => sin(matmul(A, w))
const forward = customJvp(sin as (w: Tensor) => Tensor, ([w], [v]) => [sin(w), v])
const reverse = customVjp(
  sin as (w: Tensor) => Tensor,
  (w) => [sin(w), w],
  (w, c) => [mul(w, c)],
)
const solve = (b: Tensor): Tensor =>
  customLinearSolve(
    (v: Tensor) => add(matmul(A, v), mul(v, 9)),
    b,
    (M, y) => foriLoop(0, 20, (_, v: Tensor) => add(v, mul(0.1, sub(y, M(v)))), zerosLike(y)),
  )
const root = (a: Tensor): Tensor =>
  customRoot(
    (v: Tensor) => sub(mul(v, v), mul(a, a)),
    onesLike(a),
    (h, v0) => foriLoop(0, 20, (_, v: Tensor) => sub(v, div(h(v), mul(2, v))), v0),
    (h, y) => div(y, h(onesLike(y))),
  )

const flag = greater(sum(x), 0)

const [two, three] = [f64(2), f64(3)]

/** Calls whose result is all that stays. */
const calls: Readonly<Record<string, () => unknown>> = {
  grad: () => grad(f)(x),
  'grad of a list': () => grad((a: Tensor, b: Tensor) => dot(a, b), { wrt: [0, 1] })(x, x),
  'grad with aux': () => grad((w: Tensor) => [f(w), { a: w, b: integer }] as const, { aux: true })(x),
  'grad of grad': () => grad((w: Tensor) => sum(grad(f)(w)))(x),
  'grad of a number': () => grad((w: Tensor) => mul(w, w))(3 as never),
  valueAndGrad: () => valueAndGrad(f)(x),
  'valueAndGrad with aux': () => valueAndGrad((w: Tensor) => [f(w), w] as const, { aux: true })(x),
  jvp: () => jvp(g, [x], [x]),
  'jvp with numbers': () => jvp((w: Tensor) => mul(w, w), [two], [1]),
  'jvp of an integer': () => jvp((w: Tensor, i: Tensor) => [mul(w, i), i], [x, integer], [x, integer]),
  jacfwd: () => jacfwd(g)(x),
  jacrev: () => jacrev(g)(x),
  hessian: () => hessian(f)(x),
  vmap: () => vmap(g)(A),
  'vmap of axes': () => vmap(g, { in: [1], out: 1 })(A),
  'vmap in chunks': () => vmap(g, { chunk: 2 })(A),
  'vmap of grad': () => vmap(grad(f))(A),
  checkpoint: () => checkpoint(f)(x),
  'grad of checkpoint sqrt': () => grad(checkpoint(f, { policy: 'sqrt' }))(x),
  stopGradient: () => stopGradient({ a: x, b: A }),
  checkpointName: () => checkpointName([x], 'x'),
  customJvp: () => forward(x),
  'grad of customJvp': () => grad((w: Tensor) => sum(forward(w)))(x),
  customVjp: () => reverse(x),
  'grad of customVjp': () => grad((w: Tensor) => sum(reverse(w)))(x),
  customLinearSolve: () => solve(x),
  'grad of customLinearSolve': () => grad((b: Tensor) => sum(solve(b)))(x),
  customRoot: () => root(x),
  'grad of customRoot': () => grad((a: Tensor) => sum(root(a)))(x),
  'ravel and back': () => {
    const { flat, unravel } = ravel({ a: x, b: A })
    return [flat, unravel(flat)]
  },
  checkGrads: () => {
    checkGrads(f, [x])
    return []
  },
  linearTranspose: () => linearTranspose((w: Tensor) => matmul(A, w), x)(x),
  'a jitted gradient': (() => {
    const h = jit(grad(f))
    h(x)
    return () => h(x)
  })(),
  'grad in a branch': () =>
    cond(
      flag,
      (w: Tensor) => grad(f)(w),
      (w: Tensor) => w,
      x,
    ),
}

const buffers = (result: unknown): number =>
  new Set(flattenTree(result).leaves.filter((leaf) => isTensor(leaf) && leaf.device !== undefined)).size

for (const [name, call] of Object.entries(calls)) {
  test(`${name}: what lives after the call is what it returned`, () => {
    let result: unknown
    const { count } = left(() => {
      result = call()
    })
    assert.is(count, buffers(result))
  })
  test(`${name}: twice gives the same bits`, () => identical(call(), call()))
}

const products: Readonly<Record<string, () => { readonly apply: () => unknown; readonly own: unknown } & Disposable>> =
  {
    linearize: () => {
      const at = linearize(g, [x])
      return { apply: () => at.push(x), own: at.out, [Symbol.dispose]: at[Symbol.dispose] }
    },
    vjp: () => {
      const at = vjp(g, [x])
      return { apply: () => at.pull(x), own: at.out, [Symbol.dispose]: at[Symbol.dispose] }
    },
    'vjp with aux': () => {
      const at = vjp((w: Tensor) => [g(w), [w, sin(w)]] as const, [x], { aux: true })
      return { apply: () => at.pull(x), own: [at.out, at.aux], [Symbol.dispose]: at[Symbol.dispose] }
    },
    'vjp of numbers, pulled with numbers': () => {
      const at = vjp((w: Tensor, v: Tensor) => mul(sin(w), sin(v)), [two, three])
      return { apply: () => at.pull(1), own: at.out, [Symbol.dispose]: at[Symbol.dispose] }
    },
    'hvp forward': () => {
      const H = hvp(f)(x)
      return { apply: () => H(x), own: [], [Symbol.dispose]: H[Symbol.dispose] }
    },
    'hvp reverse': () => {
      const H = hvp(f, { mode: 'reverse' })(x)
      return { apply: () => H(x), own: [], [Symbol.dispose]: H[Symbol.dispose] }
    },
    'crossVjp forward': () => {
      const H = crossVjp((w: Tensor, h: Tensor) => mul(f(w), sum(mul(w, sin(h)))))(x, x)
      return { apply: () => H(x), own: [], [Symbol.dispose]: H[Symbol.dispose] }
    },
    'crossVjp reverse': () => {
      const H = crossVjp((w: Tensor, h: Tensor) => mul(f(w), sum(mul(w, sin(h)))), { mode: 'reverse' })(x, x)
      return { apply: () => H(x), own: [], [Symbol.dispose]: H[Symbol.dispose] }
    },
    gaussNewtonVp: () => {
      const G = gaussNewtonVp(g, (z: Tensor) => sum(mul(sin(z), z)))(x)
      return { apply: () => G(x), own: [], [Symbol.dispose]: G[Symbol.dispose] }
    },
  }

for (const [name, make] of Object.entries(products)) {
  test(`${name}: each product leaves its result alone; dispose leaves the value alone`, () => {
    const before = liveBuffers().count
    const at = make()
    const kept = liveBuffers().count
    const first = at.apply()
    assert.is(liveBuffers().count - kept, buffers(first), 'first product')
    const second = at.apply()
    assert.is(liveBuffers().count - kept, buffers(first) + buffers(second), 'second product')
    identical(first, second)
    at[Symbol.dispose]()
    assert.is(liveBuffers().count - before, buffers(first) + buffers(second) + buffers(at.own), 'after dispose')
    at[Symbol.dispose]()
    assert.throws(() => at.apply(), /disposed/)
  })

  test(`${name}: a scope frees all of it`, () => {
    const { count } = left(() =>
      scope(() => {
        const at = make()
        at.apply()
        at.apply()
      }),
    )
    assert.is(count, 0)
  })
}

test('`using` frees residuals at the end of its block', () => {
  const { count } = left(() =>
    scope(() => {
      const before = liveBuffers().count
      {
        using at = vjp(f, [x])
        at.out[Symbol.dispose]()
        assert.ok(liveBuffers().count > before)
      }
      assert.is(liveBuffers().count, before)
    }),
  )
  assert.is(count, 0)
})

test('a failing call frees what it had made', () => {
  const wrong = (w: Tensor): Tensor => mul(matmul(A, w), f64([1, 2]))
  for (const run of [
    () => grad(f)([x, integer] as never),
    () => jvp(wrong, [x], [x]),
    () => vjp(wrong, [x]),
    () => vmap(wrong)(A),
  ]) {
    const { count } = left(() =>
      scope(() => {
        assert.throws(run)
        return []
      }),
    )
    assert.is(count, 0)
  }
})

test.run()
