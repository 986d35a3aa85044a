/** What every minimiser has to do: against problems with known minima, in batches and loops, and with each way to end. */

import {
  add,
  all,
  array,
  dot,
  equal,
  exp,
  item,
  jit,
  log,
  matmul,
  mul,
  scan,
  square,
  sub,
  sum,
  type Tensor,
  where,
  zeros,
} from '@neumann/linalg-gpu'
import { cg, statusOf } from '@neumann/linalg-gpu/solvers'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { grad, stopGradient, vmap } from '../../index.js'
import { flat, identical, messageOf } from '../../support.testing.js'
import {
  differentiableMinimum,
  type GradientDescentOptions,
  gradientDescent,
  type LbfgsOptions,
  lbfgs,
  type Minimiser,
  type Minimum,
} from '../index.js'
import {
  lengthOf,
  numbersOf,
  overdetermined,
  type Problem,
  precisions,
  readMinimum as read,
  squares,
  systems,
  tolerances,
  ulp,
  vector,
} from '../problems.testing.js'
import {
  applied,
  combined,
  diagonal,
  draws,
  eliminated,
  matrixFrom,
  product,
  transposeOf,
  vectorFrom,
} from '../systems.testing.js'

const fixed = (options: GradientDescentOptions): Minimiser => gradientDescent({ step: 0.1, ...options })
const searching = { lbfgs, gradientDescent } as const satisfies Record<string, (o: LbfgsOptions) => Minimiser>
const searches = Object.entries(searching)
const every = [...searches, ['gradientDescent', fixed] as const]

/** ½ xᵀA x − bᵀx, in plain numbers and in tensors. */
const quadratic = (n: number, spread: number) => {
  const random = draws(n)
  const B = matrixFrom(n, n, random)
  const A = combined(product(B, transposeOf(B)), 1, diagonal(Array.from({ length: n }, (_, i) => 1 + spread * i)))
  const b = vectorFrom(n, random)
  return {
    A,
    b,
    f: (x: Tensor): Tensor => {
      const dtype = x.dtype as 'f64'
      return sub(mul(0.5, dot(x, matmul(array(A, { dtype }), x))), dot(vector(b, dtype), x))
    },
  }
}

/** x⁴/4 − x²/2 + y²: minima at (±1, 0), of −¼, a saddle at 0. */
const wells = (p: Tensor): Tensor => {
  const [x2, weights] = [square(p), vector([1, 0], p.dtype as 'f64')]
  return sum(sub(mul(weights, sub(mul(0.25, square(x2)), mul(0.5, x2))), mul(sub(weights, 1), x2)))
}

/** A condition of 10⁹ and more: f32 need not reach the minimum, only say so. */
const hard = ['Powell badly scaled in f32', 'Brown badly scaled in f32']

test('sums of squares of Moré, Garbow and Hillstrom: value and gradient are what plain numbers say', () => {
  for (const dtype of precisions)
    for (const problem of Object.values<Problem>({ ...systems, ...overdetermined })) {
      const { name, start, plain, scale } = problem
      const note = `${name} in ${dtype}`
      const { x, status, value, residual } = read(lbfgs({ maxIterations: 400 })(squares(problem))(vector(start, dtype)))
      const valueAt = (x: readonly number[]): number => plain(x).reduce((sum, v) => sum + v * v, 0)
      assert.ok(status === 'converged' || hard.includes(note), `${note}: ${status}`)
      // each residual is off by ulps of its terms
      const [size, rounding] = [Math.sqrt(valueAt(x)), 16 * ulp[dtype] * scale]
      assert.ok(Math.abs(Math.sqrt(value) - size) <= rounding, `${note}: ${value} for ${size ** 2}`)
      assert.ok(value <= valueAt(start), note)
      if (dtype === 'f64') {
        const slopes = x.map((v, i) => {
          const h = 1e-6 * Math.max(1e-6, Math.abs(v))
          const at = (t: number): number => valueAt(x.map((w, j) => (i === j ? w + t : w)))
          return (at(h) - at(-h)) / (2 * h)
        })
        const start1 = lengthOf(numbersOf(grad(squares(problem))(vector(start))))
        const bound = tolerances.f64 * (1 + start1)
        assert.ok(residual <= bound, `${note}: ${residual}`)
        // differences of second order, at a point where the value is nearly 0
        assert.ok(
          Math.abs(lengthOf(slopes) - residual) <= 1e-4 * bound + 1e-4 * residual + 1e-9,
          `${note}: ${slopes} ${residual}`,
        )
      }
    }
})

test('a quadratic: the minimum is the solution of A x = b', () => {
  const { A, b, f } = quadratic(8, 1)
  const exact = eliminated(A, b)
  for (const [name, make] of searches)
    for (const dtype of precisions) {
      const { x, status, value } = read(
        make({ maxIterations: 500 })(f)(
          vector(
            b.map(() => 1),
            dtype,
          ),
        ),
      )
      assert.is(status, 'converged', `${name} ${dtype}`)
      // ‖A⁻¹‖ ≤ 1 of a gradient of tolerance · (1 + ‖∇f‖ at the start)
      const start = lengthOf(
        applied(
          A,
          b.map(() => 1),
        ).map((v, i) => v - b[i]!),
      )
      assert.ok(lengthOf(x.map((v, i) => v - exact[i]!)) <= tolerances[dtype] * (1 + start), `${name} ${dtype}`)
      const least = -0.5 * exact.reduce((sum, v, i) => sum + v * b[i]!, 0)
      assert.ok(Math.abs(value - least) <= tolerances[dtype] * (1 + start), `${name} ${dtype}: ${value} ${least}`)
    }
})

test('n = 1, scalars, n = 0 and trees', () => {
  for (const [name, make] of every) {
    for (const dtype of precisions)
      for (const start of [array(0, { dtype }), array([0], { dtype })]) {
        const { x, status } = read(make({})((x: Tensor) => sum(mul(2, square(sub(x, 3)))))(start))
        assert.is(status, 'converged', name)
        assert.ok(Math.abs(x[0]! - 3) <= tolerances[dtype] * 13, `${name} ${dtype}: ${x}`)
      }
    const none = read(make({})((x: Tensor) => add(sum(x), 7))(zeros([0])))
    assert.equal([none.status, none.value, none.iterations], ['converged', 7, 0], name)
    const tree = { w: array([[1], [2]], { dtype: 'f64' }), b: [array(3, { dtype: 'f64' })] } as const
    const { x, value } = make({ maxIterations: 1000 })(({ w, b: [b] }: { w: Tensor; b: readonly [Tensor] }) =>
      add(sum(square(sub(w, b))), add(square(sub(b, 1)), 0.5)),
    )(tree)
    assert.equal(x.w.shape, [2, 1], name)
    flat(x).forEach((v) => assert.ok(Math.abs(v - 1) <= 1e-8, `${name}: ${flat(x)}`))
    assert.ok(Math.abs(item(value) - 0.5) <= 1e-15)
  }
})

test('jit, scan and each lane of vmap give what a call gives, counts included', () => {
  const rows = [
    [1, -2],
    [3, 1],
    [0, 0],
    [NaN, 1],
  ]
  for (const [name, make] of every) {
    const search = (a: Tensor): Minimum<Tensor> =>
      make({ maxIterations: 200 })((x: Tensor) => add(sum(exp(mul(0.3, sub(x, a)))), mul(0.5, dot(x, x))))(
        vector([-0.25, 0.5]),
      )
    const alone = rows.map((row) => read(search(vector(row))))
    assert.equal(
      alone.map(({ status }) => status),
      ['converged', 'converged', 'converged', 'nonfinite'],
      name,
    )
    assert.ok(new Set(alone.map(({ iterations }) => iterations)).size > 2, name)
    const batched = vmap(search)(array(rows, { dtype: 'f64' }))
    const [, scanned] = scan((c, a: Tensor) => [c, search(a)] as const, array(0), array(rows, { dtype: 'f64' }))
    for (const [way, got] of Object.entries({ batched, scanned })) {
      assert.equal(
        numbersOf(got.status).map(statusOf),
        alone.map(({ status }) => status),
        `${name} ${way}`,
      )
      assert.equal(
        numbersOf(got.iterations),
        alone.map(({ iterations }) => iterations),
        `${name} ${way}`,
      )
      assert.equal(
        numbersOf(got.evaluations),
        alone.map(({ evaluations }) => evaluations),
        `${name} ${way}`,
      )
      const expected = alone.flatMap(({ x }) => x)
      flat(got.x).forEach((v, i) =>
        assert.ok(Object.is(v, expected[i]) || Math.abs(v - expected[i]!) <= 1e-9, `${name} ${way}`),
      )
    }
    const jitted = jit(search as never)(vector(rows[1]!) as never) as unknown as Minimum<Tensor>
    identical(jitted.x, alone[1]!.x, name)
  }
})

test('each status has a case', () => {
  for (const [name, make] of every) {
    const bowl = (x: Tensor): Tensor => sum(mul(vector([1, 3]), square(sub(x, vector([1, 2])))))
    const none = read(make({ maxIterations: 0 })(bowl)(vector([0, 0])))
    assert.equal([none.status, none.x, none.value], ['maxIterations', [0, 0], 13], name)
    const one = read(make({ maxIterations: 1 })(bowl)(vector([0, 0])))
    assert.equal([one.status, one.iterations], ['maxIterations', 1], name)
    assert.ok(one.value < 13, name)
    assert.is(read(make({})(bowl)(vector([NaN, 0]))).status, 'nonfinite', name)
    assert.is(read(make({})((x: Tensor) => sum(log(x)))(vector([0, 1]))).status, 'nonfinite', name)
    // the minimum itself, and what has the same value everywhere
    const known = read(make({})(bowl)(vector([1, 2])))
    assert.equal([known.status, known.iterations, known.evaluations], ['converged', 0, 1], name)
    assert.equal(read(make({})((x: Tensor) => add(mul(0, sum(x)), 5))(vector([1, 2]))).status, 'converged', name)
  }
  for (const [name, make] of searches) {
    assert.is(
      read(make({ maxIterations: 400 })((x: Tensor) => sum(x))(vector([1, 2]))).status,
      'diverged',
      `${name}: a plane`,
    )
    assert.is(
      read(make({ maxIterations: 400 })((x: Tensor) => mul(-1, sum(square(x))))(vector([1, 2]))).status,
      'diverged',
      `${name}: a hill`,
    )
    // a value here, and nowhere else
    const alone = (x: Tensor): Tensor => where(all(equal(x, vector([1, 2]))), sum(square(x)), Infinity)
    const { status, x } = read(make({})(alone)(vector([1, 2])))
    assert.equal([status, ...x], ['breakdown', 1, 2], name)
    // no number of f32 makes the gradient 0
    const cube = (x: Tensor): Tensor => sum(sub(mul(x, square(x)), mul(6, x)))
    const near = read(make({ tolerance: 0 })(cube)(vector([1], 'f32')))
    assert.not.equal(near.status, 'converged')
    assert.ok(Math.abs(near.x[0]! - Math.SQRT2) <= 1e-3, `${name}: ${near.x}`)
  }
  // the gradient says down where it goes up
  const lying = (x: Tensor): Tensor => sub(stopGradient(mul(3, sum(square(x)))), sum(square(x)))
  const stuck = read(lbfgs()(lying)(vector([1, 2])))
  assert.equal([stuck.status, ...stuck.x], ['breakdown', 1, 2])
  // 1 − 0.1 · 2 · 30 = −5
  const steep = read(fixed({})((x: Tensor) => mul(30, sum(square(x))))(vector([1, 2])))
  assert.equal([steep.status, ...steep.x], ['diverged', 1, 2])
})

test('a saddle: exactly on it nothing moves, beside it a minimum is found', () => {
  for (const [name, make] of searches) {
    assert.equal(read(make({})(wells)(vector([0, 0]))).x, [0, 0], name)
    const { x, value, status } = read(make({})(wells)(vector([1e-3, 1])))
    assert.is(status, 'converged', name)
    assert.ok(Math.abs(Math.abs(x[0]!) - 1) <= 1e-8 && Math.abs(x[1]!) <= 1e-8, `${name}: ${x}`)
    assert.ok(Math.abs(value + 0.25) <= 4 * ulp.f64, name)
  }
})

test('the unit of f does not count, nor where its values stop being told apart', () => {
  const { f } = quadratic(5, 2)
  for (const [name, make] of searches) {
    const at = (unit: number) =>
      read(make({ absolute: 0, maxIterations: 300 })((x: Tensor) => mul(unit, f(x)))(vector([1, 1, 1, 1, 1], 'f32')))
    const plain = at(1)
    // powers of two change no digit
    for (const unit of [2 ** -70, 2 ** 70]) {
      const got = at(unit)
      assert.is(got.status, 'converged', `${name} ${unit}`)
      if (name === 'lbfgs') assert.equal([got.x, got.iterations], [plain.x, plain.iterations], `${name} ${unit}`)
    }
    // ulps of 10⁴ are 1e-3, the whole fall is less than 10: values alone would end it at a gradient of 0.1
    const high = read(
      make({ tolerance: 1e-4, maxIterations: 300 })((x: Tensor) => add(1e4, f(x)))(vector([1, 1, 1, 1, 1], 'f32')),
    )
    assert.is(high.status, 'converged', `${name}: ${high.residual}`)
  }
})

test('steps into a region without values are drawn back', () => {
  // x − log x, whose first trials may lead below 0
  for (const [name, make] of searches) {
    const { x, status } = read(make({})((x: Tensor) => sum(sub(x, mul(vector([1, 20]), log(x)))))(vector([0.01, 100])))
    assert.is(status, 'converged', name)
    assert.ok(Math.abs(x[0]! - 1) <= 1e-6 && Math.abs(x[1]! - 20) <= 1e-5, `${name}: ${x}`)
  }
})

test('the derivative of a minimum, through the whole search', () => {
  // min ½ wᵀ(C + e^h I) w − cᵀw: dw/dh = −(C + e^h I)⁻¹ e^h w
  const { A, b, f } = quadratic(4, 0.5)
  const ridge = (h: Tensor) => (w: Tensor) => add(f(w), mul(mul(0.5, exp(h)), dot(w, w)))
  const search = differentiableMinimum(lbfgs({ tolerance: 1e-13, absolute: 1e-13 }), {
    linearSolver: cg({ tolerance: 1e-13 }),
  })
  const first = (h: Tensor): Tensor => sum(search(ridge(h))(vector([0, 0, 0, 0])).x)
  const h = 0.3
  const damped = combined(A, Math.exp(h), diagonal(b.map(() => 1)))
  const w = eliminated(damped, b)
  const slope = -Math.exp(h) * eliminated(damped, w).reduce((x, y) => x + y)
  assert.ok(Math.abs(item(grad(first)(array(h, { dtype: 'f64' }))) - slope) <= 1e-11)
})

test('bad input is named', () => {
  const says = (f: () => unknown, part: string): void => {
    const message = messageOf(f)
    assert.ok(message.includes(part), message)
  }
  says(() => lbfgs({ memory: 0 }), 'lbfgs: memory is an integer ≥ 1, got 0')
  says(() => lbfgs({ curvature: 2 }), 'lbfgs: decrease is in (0, ½)')
  says(() => gradientDescent({ step: 0 }), 'gradientDescent: step is a number > 0, got 0')
  for (const [name, make] of every) {
    says(() => make({ maxIterations: -1 })((x: Tensor) => sum(x))(vector([1])), `${name}: maxIterations`)
    says(() => make({})((x: Tensor) => x)(vector([1, 2])), 'scalar')
    says(() => make({})((x: Tensor) => sum(x))(array([1, 2], { dtype: 'i32' })), `${name}: `)
  }
})

test.run()
