/** What every solver for roots and fixed points has to do: against problems with known roots, in batches and loops, and with each way to end. */

import {
  abs,
  add,
  array,
  div,
  dot,
  exp,
  item,
  jit,
  log,
  matmul,
  mul,
  scan,
  sqrt,
  square,
  sub,
  type Tensor,
  zeros,
} from '@neumann/linalg-gpu'
import { statusOf } from '@neumann/linalg-gpu/solvers'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { vmap } from '../../index.js'
import { flat, identical, left, messageOf } from '../../support.testing.js'
import {
  anderson,
  broyden,
  type FixedPointSolver,
  type Found,
  newton,
  newtonKrylov,
  picard,
  type RootSolver,
  type SearchOptions,
} from '../index.js'
import {
  lengthOf,
  numbersOf,
  type Problem,
  precisions,
  read,
  systems,
  tolerances,
  ulp,
  vector,
} from '../problems.testing.js'

const forRoots = { newton, newtonKrylov, broyden } as const satisfies Record<string, (o: SearchOptions) => RootSolver>
const forPoints = { picard, anderson } as const satisfies Record<string, (o: SearchOptions) => FixedPointSolver>
const roots = Object.entries(forRoots)
const points = Object.entries(forPoints)
const both = [...roots, ...points]

/** A root of F is a fixed point of x − F / 8. */
const onto = (name: string, f: (x: Tensor) => Tensor): ((x: Tensor) => Tensor) =>
  name in forPoints ? (x) => sub(x, div(f(x), 8)) : f

/** K x + x³ − a: K is dominated by its diagonal. */
const cubic =
  (a: Tensor) =>
  (x: Tensor): Tensor =>
    sub(
      add(
        matmul(
          array(
            [
              [3, 1],
              [-1, 4],
            ],
            { dtype: a.dtype as 'f64' },
          ),
          x,
        ),
        mul(x, square(x)),
      ),
      a,
    )
const zero2 = vector([0, 0])

test('the tensors and the plain numbers of a problem agree', () => {
  for (const { name, start, residuals, plain, scale } of Object.values<Problem>(systems)) {
    const x = start.map((v, i) => v + 0.1 * (i + 1))
    numbersOf(residuals(vector(x))).forEach((v, i) => {
      assert.ok(Math.abs(v - plain(x)[i]!) <= 8 * ulp.f64 * scale, `${name}: ${v}`)
    })
  }
})

/** What no root is found for: J is singular to the last bit at an iterate; and Newton's direction is nearly tangent to a narrow valley. */
const hard: Readonly<Record<string, string>> = {
  'newton: Brown almost linear': 'singular',
  'newtonKrylov: Powell badly scaled': 'maxIterations',
}

test('the systems of Moré, Garbow and Hillstrom: converged means that plain numbers see a root there', () => {
  for (const dtype of precisions)
    for (const { name, start, residuals, plain, scale } of Object.values<Problem>(systems))
      for (const [solver, make] of roots) {
        const note = `${solver}: ${name}`
        const { x, status, residual } = read(make({})(residuals)(vector(start, dtype)))
        assert.is(status, hard[note] ?? 'converged', `${note} in ${dtype}`)
        const [before, after] = [lengthOf(plain(start)), lengthOf(plain(x))]
        const rounding = 16 * ulp[dtype] * scale
        assert.ok(Math.abs(residual - after) <= rounding, `${note} in ${dtype}: ${residual}, in truth ${after}`)
        assert.ok(after <= (status === 'converged' ? tolerances[dtype] * (1 + before) + rounding : before), note)
      }
})

test('f32 and f64, n = 1, scalars and n = 0', () => {
  for (const [name, make] of both) {
    for (const dtype of precisions) {
      // x³ + x = 10 at 2, of slope 13 there
      const F = onto(name, (x) => div(sub(add(mul(x, square(x)), x), 10), 3))
      for (const start of [array(1.5, { dtype }), array([1.5], { dtype })]) {
        const { x, status } = read(make({})(F)(start))
        assert.is(status, 'converged', `${name} ${dtype}`)
        // of an error: |x − 2| ≤ residual / slope, a residual of x − F/8 being an eighth
        const bound = tolerances[dtype] * (1 + 6) * (name in forPoints ? 8 : 1)
        assert.ok(Math.abs(x[0]! - 2) <= bound / (13 / 3) + ulp[dtype] * 8, `${name} ${dtype}: ${x}`)
      }
    }
    const none = read(make({})((x: Tensor) => x)(zeros([0])))
    assert.equal([none.status, none.iterations, none.residual], ['converged', 0, 0], name)
  }
})

test('vectors may be trees', () => {
  interface Pair {
    readonly a: Tensor
    readonly b: readonly [Tensor]
  }
  const target = { a: array([[1, 2]], { dtype: 'f64' }), b: [array(3, { dtype: 'f64' })] } as const
  const start = { a: array([[0.5, 1]], { dtype: 'f64' }), b: [array(2, { dtype: 'f64' })] } as const
  const F = ({ a, b: [b] }: Pair): Pair => ({
    a: add(sub(a, target.a), mul(0.1, sub(b, target.b[0]))),
    b: [add(sub(b, target.b[0]), mul(0.1, square(sub(b, target.b[0]))))],
  })
  for (const [name, make] of roots) {
    const { x } = make({})(F)(start)
    assert.equal(x.a.shape, [1, 2])
    flat(x).forEach((v, i) => assert.ok(Math.abs(v - i - 1) <= 1e-9, `${name}: ${flat(x)}`))
  }
  for (const [name, make] of points) {
    const { x, status } = make({})(
      ({ b: [b] }: Pair): Pair => ({
        a: add(target.a, mul(0.2, sub(b, 3))),
        b: [add(3, mul(0.5, sub(b, target.b[0])))],
      }),
    )(start)
    assert.is(statusOf(item(status)), 'converged', name)
    flat(x).forEach((v, i) => assert.ok(Math.abs(v - i - 1) <= 1e-9, `${name}: ${flat(x)}`))
  }
})

test('jit, scan and each lane of vmap give what a call gives, counts included', () => {
  // the first lane starts at the root, the last is not finite
  const rows = [
    [0, 0],
    [1, -2],
    [30, 5],
    [NaN, 0],
  ]
  for (const [name, make] of both) {
    const search = (a: Tensor): Found<Tensor> => make({ maxIterations: 40 })(onto(name, cubic(a)))(zero2)
    const alone = rows.map((row) => read(search(vector(row))))
    assert.equal(
      alone.slice(0, 2).map(({ status }) => status),
      ['converged', 'converged'],
      name,
    )
    assert.is(alone[0]!.iterations, 0)
    assert.is(alone[3]!.status, 'nonfinite')
    const expected = alone.flatMap(({ x }) => x)
    const counts = (key: 'iterations' | 'evaluations'): number[] => alone.map((one) => one[key])
    const batched = vmap(search)(array(rows, { dtype: 'f64' }))
    const [, scanned] = scan((c, a: Tensor) => [c, search(a)] as const, array(0), array(rows, { dtype: 'f64' }))
    for (const [way, got] of Object.entries({ batched, scanned })) {
      assert.equal(
        numbersOf(got.status).map(statusOf),
        alone.map(({ status }) => status),
        `${name} ${way}`,
      )
      // a product of a batch may round otherwise
      flat(got.x).forEach((v, i) =>
        assert.ok(
          Object.is(v, expected[i]) || Math.abs(v - expected[i]!) <= 1e-9,
          `${name} ${way}: ${v} ${expected[i]}`,
        ),
      )
      assert.equal(numbersOf(got.iterations), counts('iterations'), `${name} ${way}`)
      if (name !== 'broyden' || way !== 'batched')
        assert.equal(numbersOf(got.evaluations), counts('evaluations'), `${name} ${way}`)
    }
    const jitted = jit(search as never)(vector(rows[1]!) as never) as unknown as Found<Tensor>
    identical(jitted.x, alone[1]!.x, name)
  }
})

test('a start that is the solution, or that of another problem', () => {
  for (const [name, make] of both) {
    const F = onto(name, cubic(vector([5, -4])))
    const { x } = make({ tolerance: 1e-13 })(F)(zero2)
    const again = read(make({})(F)(x))
    assert.equal([again.status, again.iterations, again.x], ['converged', 0, numbersOf(x)], name)
    assert.is(again.evaluations, name === 'broyden' ? 3 : 1)
    const moved = read(make({})(onto(name, cubic(vector([5.1, -4]))))(x))
    assert.is(moved.status, 'converged', name)
    assert.ok(moved.iterations > 0, name)
  }
})

test('outside traces nothing stays but what is returned', () => {
  const a = vector([5, -4])
  for (const [name, make] of both) assert.is(left(() => make({})(onto(name, cubic(a)))(zero2)).count, 5, name)
})

test('no root: never converged, and the best finite x is returned', () => {
  for (const [name, make] of roots)
    for (const f of [
      (x: Tensor) => add(square(x), 1),
      (x: Tensor) => exp(x),
      (x: Tensor) => add(abs(x), 1),
      (x: Tensor) => add(square(square(x)), 1e-4),
    ]) {
      const { x, status, residual } = read(make({ tolerance: 1e-9 })(f)(vector([0.7])))
      const finite = Number.isFinite(x[0]) && residual <= item(f(array(0.7, { dtype: 'f64' })))
      assert.ok(finite, `${name}: ${x} ${residual}`)
      if (status === 'converged') {
        // only of eˣ, which comes as near to 0 as one likes
        assert.ok(residual <= 1e-9 * (1 + Math.exp(0.7)) && x[0]! < -19, `${name}: ${x} ${residual}`)
      }
    }
})

test('each status has a case', () => {
  for (const [name, make] of both) {
    const F = onto(name, cubic(vector([5, -4])))
    const none = read(make({ maxIterations: 0 })(F)(zero2))
    assert.equal([none.status, none.iterations, none.x], ['maxIterations', 0, [0, 0]], name)
    const one = read(make({ maxIterations: 1 })(F)(zero2))
    assert.equal([one.status, one.iterations], ['maxIterations', 1], name)
    assert.ok(one.residual < none.residual, name)
    assert.is(read(make({})(F)(vector([0, NaN]))).status, 'nonfinite', name)
    assert.is(read(make({})(onto(name, log))(vector([-1]))).status, 'nonfinite', name)
    // infinity of one sign is no number either
    assert.is(read(make({})((x: Tensor) => add(x, Infinity))(vector([1]))).status, 'nonfinite', name)
  }
  for (const [name, make] of roots) {
    // no number of f32 squares to 2: rounding stops it
    const { status, x } = read(make({ tolerance: 0 })((x: Tensor) => sub(square(x), 2))(vector([1], 'f32')))
    assert.is(status, 'breakdown', name)
    assert.ok(Math.abs(x[0]! - Math.SQRT2) <= 2 * ulp.f32, `${name}: ${x}`)
    // parallel rows that contradict one another
    const parallel = (x: Tensor): Tensor => sub(matmul(array([[1, 2], [2, 4]], { dtype: 'f64' }), x), vector([1, 1])) // biome-ignore format: a matrix
    assert.is(read(make({})(parallel)(zero2)).status, 'singular', name)
    // the slope of √x is infinite at 0
    const edge = read(make({})((x: Tensor) => add(sqrt(x), 1))(vector([0])))
    assert.is(edge.status, 'nonfinite', name)
    assert.equal(edge.x, [0], name)
  }
  for (const [name, make] of points) {
    const { status, x } = read(make({})((x: Tensor) => add(x, add(exp(x), 1)))(vector([3])))
    assert.is(status, 'diverged', name)
    assert.equal(x, [3], `${name}: the best is the start`)
  }
})

test('a step into a region without values is shortened, or combined no more', () => {
  for (const [name, make] of roots) {
    // the first full step from 4 leads to −3.6
    const { x, status } = read(make({})((x: Tensor) => sub(sqrt(x), 0.1))(vector([4])))
    assert.is(status, 'converged', name)
    assert.ok(Math.abs(x[0]! - 0.01) <= 1e-9, `${name}: ${x}`)
  }
})

test('with no absolute tolerance the unit of F does not count', () => {
  for (const [name, make] of roots)
    for (const unit of [1e-25, 1, 1e25]) {
      const F = (x: Tensor): Tensor => mul(unit, cubic(vector([5, -4], 'f32'))(x))
      const { status, x, residual } = read(make({ absolute: 0 })(F)(vector([0, 0], 'f32')))
      assert.is(status, 'converged', `${name} ${unit}`)
      assert.ok(residual <= 1e-5 * Math.hypot(5, 4) * unit)
      const [a, b] = [3 * x[0]! + x[1]! + x[0]! ** 3 - 5, 4 * x[1]! - x[0]! + x[1]! ** 3 + 4]
      assert.ok(Math.hypot(a, b) <= 1e-5 * Math.hypot(5, 4) + 32 * ulp.f32, `${name} ${unit}: ${a} ${b}`)
    }
})

test('bad input is named', () => {
  for (const [name, make] of both) {
    const says = (f: () => unknown, part: string): void => {
      const message = messageOf(f)
      assert.ok(message.startsWith(`${name}: `) && message.includes(part), message)
    }
    says(() => make({ tolerance: -1 })((x: Tensor) => x)(zero2), 'tolerance')
    says(() => make({ maxIterations: 0.5 })((x: Tensor) => x)(zero2), 'maxIterations')
    says(() => make({})((x: Tensor) => dot(x, x))(zero2), 'the result of the function')
    says(() => make({})((x: Tensor) => x)(array([1, 2], { dtype: 'i32' })), 'f32 or f64')
  }
  assert.match(
    messageOf(() => picard({ damping: 0 })),
    'picard: damping is a number in (0, 1], got 0.',
  )
  assert.match(
    messageOf(() => anderson({ memory: 0 })),
    'anderson: memory is an integer ≥ 1, got 0',
  )
  assert.match(
    messageOf(() => anderson({ regularisation: 0 })),
    'anderson: regularisation is a number > 0, got 0',
  )
})

test.run()
