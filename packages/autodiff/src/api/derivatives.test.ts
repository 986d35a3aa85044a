/** jvp, linearize, vjp, grad on trees of all sorts, and what their linear programs cost. */

import {
  add,
  array,
  cast,
  cos,
  exp,
  foriLoop,
  jit,
  matmul,
  mul,
  sin,
  sub,
  sum,
  type Tensor,
  tanh,
  trace,
} from '@neumann/linalg-gpu'
import { simplify } from '@neumann/linalg-gpu/program'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { grad, jvp, linearize, linearTranspose, valueAndGrad, vjp, vmap } from '../index.js'
import {
  countingDevice,
  differences,
  directional,
  dotOf,
  elements,
  equationsOf,
  f64,
  flat,
  formOf,
  identical,
  near,
  type Series,
  series as s,
} from '../support.testing.js'

const i32 = (data: readonly number[]): Tensor => array(data as number[], { dtype: 'i32' })

interface Params {
  readonly w: Tensor
  readonly layers: readonly [{ readonly b: Tensor }, Tensor]
}
const params: Params = { w: f64([0.5, -1.2]), layers: [{ b: f64(0.3) }, f64([2, 1])] }
const energy = ({ w, layers: [{ b }, c] }: Params, k: Tensor): Tensor => sum(mul(sin(mul(w, b)), mul(c, k)))
// values in the order of flattening: b, c, w
const numeric = (p: readonly number[], k: readonly number[]): number => {
  const [b, c0, c1, w0, w1] = p as [number, number, number, number, number]
  return Math.sin(w0 * b) * c0 * k[0]! + Math.sin(w1 * b) * c1 * k[1]!
}
const at = [0.3, 2, 1, 0.5, -1.2]
const slopes = at.map(
  (_, i) =>
    differences((t) => [
      numeric(
        at.map((v, j) => (i === j ? v + t : v)),
        [3, -2],
      ),
    ])[0]!,
)

test('trees in: gradients, directions and cotangents have their form', () => {
  const k = f64([3, -2])
  const g = grad(energy)(params, k)
  assert.is(formOf(g), '{layers: [{b: f64[]}, f64[2]], w: f64[2]}')
  near(g, slopes, 1e-9)
  const v: Params = { w: f64([1, 2]), layers: [{ b: f64(-1) }, f64([0.5, 0.25])] }
  const { out, tangent } = jvp(energy, [params, k], [v, f64([0, 0])])
  near(out, numeric(at, [3, -2]))
  near(tangent, dotOf(slopes, flat(v)), 1e-9)
  const [gp, gk] = vjp(energy, [params, k]).pull(2)
  near(
    gp,
    slopes.map((q) => 2 * q),
    1e-9,
  )
  near(gk, [2 * Math.sin(0.15) * 2, 2 * Math.sin(-0.36)])
})

test('trees out, with integers, constants, unchanged inputs and duplicates among the results', () => {
  const f = (x: Tensor, n: Tensor) => {
    const y = mul(x, x)
    return { y, again: y, x, n, k: f64(7), up: add(n, 1), list: [sum(y), 3] as const }
  }
  const x = f64([1, 2])
  const n = i32([4, 5])
  const { out, tangent } = jvp(f, [x, n], [f64([1, 10]), n])
  const form = '{again: f64[2], k: f64[], list: [f64[], f32[]], n: i32[2], up: i32[2], x: f64[2], y: f64[2]}'
  assert.is(formOf(out), form)
  assert.is(formOf(tangent), form)
  near(out, [1, 4, 7, 5, 3, 4, 5, 5, 6, 1, 2, 1, 4])
  near(tangent, [2, 40, 0, 42, 0, 0, 0, 0, 0, 1, 10, 2, 40])
  const { out: value, pull } = vjp(f, [x, n])
  near(value, flat(out))
  const c = { y: f64([1, 1]), again: f64([10, 0]), x: f64([100, 0]), n, k: 5, up: n, list: [1000, 1] as const }
  const [gx, gn] = pull(c as never)
  near(gx, [2 * 1011 + 100, 4 * 1001])
  assert.is(formOf(gn), 'i32[2]')
  near(gn, [0, 0])
  const { push } = linearize(f, [x, n])
  near(push(f64([1, 10]), n), flat(tangent))
})

test('a result that depends on nothing, an argument that is not used', () => {
  const f = (x: Tensor, _: Tensor): Tensor => mul(f64(3), add(x, 0))
  near(grad(f, { wrt: [0, 1] })(f64(1), f64([1, 2])), [3, 0, 0])
  near(grad((_: Tensor) => f64(3))(f64([1, 2])), [0, 0])
  near(vjp((_: Tensor) => f64([3, 4]), [f64([1, 2])]).pull(f64([5, 6])), [0, 0])
  near(jvp((_: Tensor) => f64([3, 4]), [f64([1, 2])], [f64([5, 6])]).tangent, [0, 0])
  near(linearize((_: Tensor) => f64([3, 4]), [f64(1)]).push(1), [0, 0])
})

test('an argument that is returned as it is', () => {
  const x = f64([1, 2])
  near(vjp((y: Tensor) => y, [x]).pull(f64([5, 6])), [5, 6])
  near(jvp((y: Tensor) => y, [x], [f64([5, 6])]).tangent, [5, 6])
  near(grad((y: Tensor) => y)(f64(2)), 1)
  const { out } = vjp((y: Tensor) => y, [x])
  assert.is.not(out, x)
})

test('wrt: a number, a negative one, a list in any order; lists of one stay lists', () => {
  const f = (a: Tensor, b: Tensor, c: Tensor): Tensor => add(mul(a, mul(b, b)), mul(c, mul(c, c)))
  const args = [f64(2), f64(3), f64(5)] as const
  near(grad(f)(...args), 9)
  near(grad(f, { wrt: 1 })(...args), 12)
  near(grad(f, { wrt: -1 })(...args), 75)
  near(grad(f, { wrt: [2, 0] })(...args), [75, 9])
  near(grad(f, { wrt: [-2] })(...args), [12])
  assert.is(formOf(grad(f, { wrt: [1] })(...args)), '[f64[]]')
  assert.is(formOf(grad(f, { wrt: [] as number[] })(...args)), '[]')
  const { value, grad: g } = valueAndGrad(f, { wrt: [0, -1] })(...args)
  near(value, 143)
  near(g, [9, 75])
})

test('arguments that are not differentiated may be anything', () => {
  const f = (x: Tensor, power: number, { scale }: { scale: string | null }, names: readonly string[]): Tensor =>
    foriLoop(0, power, (_, c: Tensor) => mul(c, x), scale === 'twice' ? f64(2 * names.length) : f64(1))
  near(grad(f)(f64(3), 2, { scale: 'twice' }, ['a', 'b']), 24)
  near(grad(f)(f64(3), 3, { scale: null }, []), 27)
})

test('numbers as arguments are scalars', () => {
  near(grad((x: Tensor) => mul(x, x))(3 as never), 6)
  near(jvp((x: Tensor) => mul(x, x), [3 as never], [2 as never]).tangent, 12)
  near(vjp((x: Tensor, y: Tensor) => mul(x, y), [3 as never, 4 as never]).pull(1), [4, 3])
  assert.is(grad((x: Tensor) => mul(x, x))(3 as never).dtype, 'f32')
  // as number arguments of jit they are f32 too
  near(jit((x: Tensor) => grad((y: Tensor) => mul(y, y))(x))(3 as never), 6)
})

test('aux is handed out beside, of any form, without a derivative', () => {
  const f = (x: Tensor) =>
    [sum(mul(x, x)), { doubled: mul(x, 2), count: i32([7]), nothing: null, constant: 3 }] as const
  const x = f64([1, 2])
  for (const { grad: g, aux } of [grad(f, { aux: true })(x), valueAndGrad(f, { aux: true })(x)]) {
    near(g, [2, 4])
    near(aux.doubled, [2, 4])
    near(aux.count, [7])
    assert.is(aux.nothing, null)
    near(aux.constant, 3)
  }
  const at2 = vjp(f, [x], { aux: true })
  near(at2.out, 5)
  near(at2.aux.doubled, [2, 4])
  near(at2.pull(1), [2, 4])
  const forward = jvp(f, [x], [x], { aux: true })
  near([forward.out, forward.tangent, forward.aux.doubled], [5, 10, 2, 4])
  const linear = linearize(f, [x], { aux: true })
  near([linear.push(x), linear.aux.doubled], [10, 2, 4])
  // aux of an inner gradient is differentiated by an outer one
  near(grad((y: Tensor) => sum(grad(f, { aux: true })(y).aux.doubled))(x), [2, 2])
  near(
    vmap((y: Tensor) => grad(f, { aux: true })(y).aux.doubled)(
      f64([
        [1, 2],
        [3, 4],
      ]),
    ),
    [2, 4, 6, 8],
  )
})

test('a number in the result is a constant', () => {
  near(grad((_: Tensor) => 3 as never)(f64(2)), 0)
})

test('push and pull do the same work at each call, and none of the function’s own', () => {
  const { device, count, reset, total } = countingDevice()
  const put = (data: readonly unknown[]): Tensor => array(data as never, { dtype: 'f64', device })
  const W = put([
    [0.5, -1],
    [2, 0.3],
  ])
  const f = (x: Tensor): Tensor => tanh(matmul(W, exp(sin(matmul(W, x)))))
  const x = put([0.1, 0.4])
  reset()
  const { push } = linearize(f, [x])
  assert.is(count('sin', 'exp', 'tanh'), 3)
  assert.is(count('dot'), 2)
  const costs = [0, 1, 2].map(() => {
    reset()
    push(x)
    assert.is(count('sin', 'exp', 'tanh', 'cos'), 0)
    return total()
  })
  assert.ok(costs.every((c) => c === costs[0]))
  reset()
  const { pull } = vjp(f, [x])
  assert.is(count('sin', 'exp', 'tanh'), 3)
  const back = [0, 1, 2].map(() => {
    reset()
    pull(x)
    assert.is(count('sin', 'exp', 'tanh', 'cos'), 0)
    assert.is(count('dot'), 2)
    return total()
  })
  assert.ok(back.every((c) => c === back[0]))
})

test('in a jitted program the values are computed once, however often push and pull are called', () => {
  const f = (x: Tensor): Tensor => exp(sin(x))
  const program = simplify(
    trace((x: Tensor, a: Tensor, b: Tensor) => {
      const { push } = linearize(f, [x])
      const { pull } = vjp(f, [x])
      return [push(a), push(b), pull(a), pull(b)]
    })(f64([1, 2]), f64([1, 2]), f64([1, 2])),
  )
  const unary = equationsOf(program).filter((eqn) => eqn.op.kind === 'unary')
  assert.equal(unary.map((eqn) => (eqn.op.kind === 'unary' ? eqn.op.fn : '')).sort(), ['cos', 'exp', 'sin'])
})

test('the gradient of a loop runs the loop once forwards and once backwards', () => {
  const { device, count, reset } = countingDevice()
  const x = array([0.3, 0.5], { dtype: 'f64', device })
  const f = (y: Tensor): Tensor => sum(foriLoop(0, 20, (_, c: Tensor) => sin(c), y))
  const { pull } = vjp(f, [x])
  assert.is(count('sin'), 20)
  assert.is(count('cos'), 20)
  reset()
  const ct = array(1, { dtype: 'f64', device })
  pull(ct)
  pull(ct)
  assert.is(count('sin', 'cos'), 0)
})

test('residuals live until they are disposed, and are fewer than all intermediates', () => {
  const { device } = countingDevice()
  const x = array(new Float64Array(1000).fill(0.5), { dtype: 'f64', device })
  // pointwise values that are cheap are computed again: sin and exp are kept, what multiplies and adds is not
  const f = (y: Tensor): Tensor => sum(mul(add(exp(sin(y)), 3), sub(mul(y, 2), 1)))
  const before = device.memory().bytes
  const kept = vjp(f, [x])
  const bytes = device.memory().bytes - before
  assert.ok(bytes <= 4 * 8000 + 8, `${bytes} bytes`)
  kept[Symbol.dispose]()
  assert.is(device.memory().bytes - before, 8)
})

test('linearTranspose: of matrices, trees, loops, with captured values; of an affine function the linear part', () => {
  const A = f64([
    [1, 2, 3],
    [4, 5, 6],
  ])
  near(linearTranspose((x: Tensor) => matmul(A, x), f64([0, 0, 0]))(f64([1, -1])), [-3, -3, -3])
  const tree = linearTranspose(({ a, b }: { a: Tensor; b: Tensor }) => [add(mul(a, 2), b), mul(b, 3)] as const, {
    a: f64(0),
    b: f64(0),
  })
  const back = tree([5, 7] as never) as { a: Tensor; b: Tensor }
  assert.is(formOf(back), '{a: f64[], b: f64[]}')
  near(back, [10, 26])
  const loop = (x: Tensor): Tensor =>
    foriLoop(
      0,
      3,
      (_, c: Tensor) =>
        matmul(
          f64([
            [0, 1],
            [2, 3],
          ]),
          c,
        ),
      x,
    )
  const M = [
    [0, 1],
    [2, 3],
  ]
  const cube = [0, 1, 2].reduce(
    (m) => m.map((row) => [0, 1].map((j) => row[0]! * M[0]![j]! + row[1]! * M[1]![j]!)),
    [
      [1, 0],
      [0, 1],
    ],
  )
  near(linearTranspose(loop, f64([0, 0]))(f64([1, 0])), cube[0]!)
  near(linearTranspose((x: Tensor) => add(mul(x, 3), 7), f64([0, 0]))(f64([1, 2])), [3, 6])
  near(jit((k: Tensor, c: Tensor) => linearTranspose((x: Tensor) => mul(x, k), k)(c))(f64([2, 3]), f64([1, 1])), [2, 3])
  near(
    grad((k: Tensor) => sum(linearTranspose((x: Tensor) => mul(x, mul(k, k)), k)(f64([1, 10]))))(f64([2, 3])),
    [4, 60],
  )
  // and back again
  const twice = linearTranspose(
    (c: Tensor) => linearTranspose((x: Tensor) => matmul(A, x), f64([0, 0, 0]))(c),
    f64([0, 0]),
  )
  near(twice(f64([1, 0, 1])), [4, 10])
})

test('derivatives up to order 4 of scalar functions, forwards and backwards', () => {
  const cases: readonly (readonly [(x: Tensor) => Tensor, (x: Series) => Series])[] = [
    [(x) => mul(sin(x), exp(x)), (x) => s.mul(s.sin(x), s.exp(x))],
    [(x) => mul(x, mul(x, mul(x, cos(x)))), (x) => s.mul(x, s.mul(x, s.mul(x, s.cos(x))))],
    [(x) => exp(sin(mul(x, x))), (x) => s.exp(s.sin(s.mul(x, x)))],
  ]
  for (const [f, twin] of cases) {
    let [g, h] = [f, f]
    for (let n = 0; n <= 4; n++) {
      const want = directional(([x]) => [twin(x!)], [0.8], [1], n)
      near(g(f64(0.8)), want, 1e-11, `grad ${n}`)
      near(h(f64(0.8)), want, 1e-11, `jvp ${n}`)
      g = grad(g)
      const before = h
      h = (x) => jvp(before, [x], [f64(1)]).tangent
    }
  }
})

test('law: ⟨jvp(v), c⟩ = ⟨v, pull(c)⟩, push = jvp, and both are linear', () => {
  const number = fc.double({ min: -2, max: 2, noNaN: true })
  const vector = fc.array(number, { minLength: 3, maxLength: 3 })
  const W = f64([
    [0.3, -0.7, 1.1],
    [0.9, 0.2, -0.4],
  ])
  const f = (x: Tensor): readonly [Tensor, Tensor] => {
    const h = tanh(matmul(W, x))
    return [
      mul(h, exp(mul(h, 0.5))),
      sum(
        mul(
          x,
          foriLoop(0, 3, (_, c: Tensor) => sin(add(c, x)), x),
        ),
      ),
    ]
  }
  fc.assert(
    fc.property(vector, vector, vector, fc.array(number, { minLength: 3, maxLength: 3 }), number, (x, v, u, c, a) => {
      const at3 = f64(x)
      const { tangent } = jvp(f, [at3], [f64(v)])
      const { pull } = vjp(f, [at3])
      const { push } = linearize(f, [at3])
      const ct = [f64(c.slice(0, 2)), f64(c[2]!)] as const
      const [back] = pull(ct)
      near(dotOf(flat(tangent), c), dotOf(v, elements(back)), 1e-12, 'adjoint')
      near(push(f64(v)), flat(tangent), 1e-14, 'push')
      const sumOf = v.map((vi, i) => a * vi + u[i]!)
      near(
        push(f64(sumOf)),
        flat(push(f64(v))).map((p, i) => a * p + flat(push(f64(u)))[i]!),
        1e-12,
        'linear push',
      )
      near(
        pull([mul(ct[0], a), mul(ct[1], a)] as never),
        elements(back).map((b) => a * b),
        1e-12,
        'linear pull',
      )
    }),
    { numRuns: 25, seed: 1 },
  )
})

test('law: scaling and shifting a function scales its gradient and leaves it', () => {
  fc.assert(
    fc.property(fc.double({ min: -3, max: 3, noNaN: true }), fc.double({ min: -3, max: 3, noNaN: true }), (a, b) => {
      const x = f64([0.4, -0.9])
      const f = (y: Tensor): Tensor => sum(mul(sin(y), y))
      near(
        grad((y: Tensor) => add(mul(f(y), a), b))(x),
        elements(grad(f)(x)).map((g) => a * g),
        1e-12,
      )
    }),
    { numRuns: 20, seed: 1 },
  )
})

test('eager and jitted derivatives agree bit by bit', () => {
  const f = (x: Tensor): Tensor => sum(mul(tanh(x), exp(mul(x, cast(i32([2, 3]), 'f64')))))
  const x = f64([0.4, -0.9])
  identical(jit(grad(f))(x), grad(f)(x))
  identical(jit((y: Tensor) => jvp(f, [y], [y]))(x), jvp(f, [x], [x]))
  identical(jit((y: Tensor) => vjp(f, [y]).pull(1))(x), vjp(f, [x]).pull(1))
})

test.run()
