/** Checkpoints: what they keep and compute again is counted on a device, and nothing else about a function changes. */

import {
  add,
  array,
  cond,
  cos,
  exp,
  foriLoop,
  greater,
  jit,
  matmul,
  mul,
  scan,
  sin,
  sum,
  type Tensor,
  tanh,
  trace,
} from '@neumann/linalg-gpu'
import { simplify } from '@neumann/linalg-gpu/program'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type CheckpointPolicy,
  checkpoint,
  checkpointName,
  grad,
  hessian,
  hvp,
  jacfwd,
  jacrev,
  jvp,
  stopGradient,
  valueAndGrad,
  vjp,
  vmap,
} from '../index.js'
import { countingDevice, differences, elements, equationsOf, f64, near } from '../support.testing.js'

const counting = countingDevice()
const { device, count, reset } = counting
const put = (data: readonly number[]): Tensor => array(data as number[], { dtype: 'f64', device })
const bytesOf = (f: () => { readonly [Symbol.dispose]: () => void; readonly out: Tensor }): number => {
  const before = device.memory().bytes
  const at = f()
  at.out[Symbol.dispose]()
  const bytes = device.memory().bytes - before
  at[Symbol.dispose]()
  assert.is(device.memory().bytes, before)
  return bytes
}

// three dear functions one after the other, of 100 numbers
const chain = (x: Tensor): Tensor => tanh(checkpointName(exp(checkpointName(sin(x), 'sine')), 'power'))
const x = put(new Array(100).fill(0).map((_, i) => i / 100))
const ct = put(new Array(100).fill(1))

test('without a checkpoint each value is computed once, and the pull computes none', () => {
  reset()
  const { pull } = vjp(chain, [x])
  assert.is(count('sin', 'exp', 'tanh'), 3)
  reset()
  pull(ct)
  assert.is(count('sin', 'exp', 'tanh', 'cos'), 0)
})

const recomputed = (policy: CheckpointPolicy): Readonly<Record<string, number>> => {
  reset()
  const { pull } = vjp(checkpoint(chain, { policy }), [x])
  assert.equal([count('sin'), count('exp'), count('tanh')], [1, 1, 1])
  reset()
  pull(ct)
  return { sin: count('sin'), exp: count('exp'), tanh: count('tanh'), cos: count('cos') }
}

test('a checkpoint computes again what its policy does not keep', () => {
  assert.equal(recomputed('nothing'), { sin: 1, exp: 1, tanh: 1, cos: 1 })
  assert.equal(recomputed('everything'), { sin: 0, exp: 0, tanh: 0, cos: 0 })
  assert.equal(recomputed({ names: ['sine'] }), { sin: 0, exp: 1, tanh: 1, cos: 1 })
  assert.equal(recomputed({ names: ['power'] }), { sin: 0, exp: 0, tanh: 1, cos: 1 })
  assert.equal(recomputed({ names: ['power', 'sine'] }), { sin: 0, exp: 0, tanh: 1, cos: 1 })
  assert.equal(recomputed({ names: ['unknown'] }), { sin: 1, exp: 1, tanh: 1, cos: 1 })
})

test('what is kept, in bytes: nothing but the input, or exactly the names', () => {
  const kept = (policy: CheckpointPolicy): number => bytesOf(() => vjp(checkpoint(chain, { policy }), [x]))
  // the input is the caller's
  assert.is(kept('nothing'), 0)
  assert.is(kept({ names: ['sine'] }), 800)
  assert.is(kept({ names: ['power'] }), 800)
  // with the power at hand, nothing reads the sine: e^s is its own slope, and that of sin is cos x
  assert.is(kept({ names: ['sine', 'power'] }), 800)
  assert.is(kept({ names: [] }), 0)
  assert.is(
    kept('everything'),
    bytesOf(() => vjp(chain, [x])),
  )
  assert.ok(kept('everything') >= 2400)
})

test('names inside a loop of the checkpoint are kept for each step', () => {
  const loop = (y: Tensor): Tensor => foriLoop(0, 5, (_, c: Tensor) => exp(mul(checkpointName(sin(c), 'sine'), 0.5)), y)
  const pulled = (policy: CheckpointPolicy): number => {
    const { pull } = vjp(checkpoint(loop, { policy }), [x])
    reset()
    pull(ct)
    return count('sin')
  }
  assert.is(pulled('nothing'), 5)
  assert.is(pulled({ names: ['sine'] }), 0)
  near(
    grad((y: Tensor) => sum(checkpoint(loop, { policy: { names: ['sine'] } })(y)))(x),
    grad((y: Tensor) => sum(loop(y)))(x),
  )
})

test('nested checkpoints compute again only what they hold', () => {
  const inner = checkpoint((y: Tensor) => exp(sin(y)))
  const outer = checkpoint((y: Tensor) => tanh(inner(mul(y, 2))))
  reset()
  const { pull } = vjp(outer, [x])
  assert.equal([count('sin'), count('exp'), count('tanh')], [1, 1, 1])
  reset()
  pull(ct)
  // once for the value inside the outer one, once more for the inner derivative
  assert.equal([count('tanh'), count('sin'), count('exp')], [1, 2, 2])
  near(
    pull(ct),
    differences((t) => elements(outer(put(elements(x).map((v) => v + t))))),
    1e-8,
  )
})

test('a checkpoint in the body of a scan keeps the carry of each step alone', () => {
  const step = (c: Tensor): Tensor => tanh(exp(sin(c)))
  const plain = (y: Tensor): Tensor => foriLoop(0, 10, (_, c: Tensor) => step(c), y)
  const kept = (y: Tensor): Tensor => foriLoop(0, 10, (_, c: Tensor) => checkpoint(step)(c), y)
  assert.is(
    bytesOf(() => vjp(kept, [x])),
    10 * 800,
  )
  assert.ok(bytesOf(() => vjp(plain, [x])) >= 30 * 800)
  reset()
  const { pull } = vjp(kept, [x])
  assert.is(count('sin'), 10)
  reset()
  pull(ct)
  assert.equal([count('sin'), count('exp'), count('tanh')], [10, 10, 10])
})

/** A scan of n steps over 100 numbers with two residuals a step. */
const long =
  (n: number) =>
  (y: Tensor): Tensor =>
    foriLoop(0, n, (_, c: Tensor) => mul(sin(c), exp(mul(c, 0.1))), y)

test("'sqrt': bytes kept and the peak of a gradient grow like √n, and each step runs at most twice more", () => {
  const sizes = [100, 400, 1600]
  const measured = sizes.map((n) => {
    const f = checkpoint(long(n), { policy: 'sqrt' })
    const kept = bytesOf(() => vjp(f, [x]))
    const at = vjp(f, [x])
    device.resetPeak()
    const before = device.memory().bytes
    reset()
    at.pull(ct)
    return { kept, peak: device.memory().peak - before, sines: count('sin') }
  })
  sizes.forEach((n, i) => {
    const { kept, peak, sines } = measured[i]!
    // one carry for each of √n segments; in the pull one segment's residuals beside
    assert.ok(kept <= (Math.sqrt(n) + 1) * 800, `kept ${kept} at ${n}`)
    assert.ok(peak <= 6 * Math.sqrt(n) * 800, `peak ${peak} at ${n}`)
    assert.ok(sines <= n, `${sines} sines at ${n}`)
  })
  for (const i of [1, 2]) {
    const [a, b] = [measured[i - 1]!, measured[i]!]
    // n grows fourfold, memory twofold
    assert.ok(b.kept / a.kept > 1.8 && b.kept / a.kept < 2.2, `kept ${a.kept} → ${b.kept}`)
    assert.ok(b.peak / a.peak > 1.6 && b.peak / a.peak < 2.4, `peak ${a.peak} → ${b.peak}`)
  }
  const plain = bytesOf(() => vjp(long(400), [x]))
  assert.ok(plain > 20 * measured[1]!.kept, `plain keeps ${plain}`)
})

for (const n of [1, 2, 3, 4, 5, 7, 16, 17, 30])
  for (const reverse of [false, true])
    test(`'sqrt' over ${n} ${reverse ? 'reversed ' : ''}steps: values, stacked results and derivatives to order 2 as without`, () => {
      const rows = f64(new Array(n).fill(0).map((_, i) => Math.sin(i + 1)))
      const f = (c: Tensor, k: Tensor): Tensor => {
        const [end, ys] = scan(
          (a: Tensor, r: Tensor): [Tensor, Tensor] => [sin(add(mul(a, k), r)), mul(a, r)],
          c,
          rows,
          { reverse },
        )
        // weighted by the place, so that an order of rows that is wrong shows
        return add(mul(end, end), sum(mul(mul(ys, add(rows, 2)), cos(ys))))
      }
      const g = checkpoint(f, { policy: 'sqrt' })
      const args = [f64(0.4), f64(1.3)] as const
      near(g(...args), f(...args), 1e-15)
      near(grad(g, { wrt: [0, 1] })(...args), grad(f, { wrt: [0, 1] })(...args) as never, 1e-14)
      near(hessian(g, { wrt: [0, 1] })(...args), hessian(f, { wrt: [0, 1] })(...args), 1e-13)
      near(jacrev(jacrev(g), { wrt: 1 })(...args), jacrev(jacrev(f), { wrt: 1 })(...args), 1e-13)
    })

test("'sqrt' reaches scans inside scans, branches and jitted functions", () => {
  const nested = (y: Tensor): Tensor =>
    foriLoop(0, 9, (_, c: Tensor) => jit((d: Tensor) => foriLoop(0, 16, (__, e: Tensor) => sin(mul(e, 1.01)), d))(c), y)
  const branched = (y: Tensor): Tensor => cond(greater(sum(y), 0), long(100), long(100), y)
  for (const [f, steps] of [
    [nested, 144],
    [branched, 100],
  ] as const) {
    const g = checkpoint(f, { policy: 'sqrt' })
    near(grad((y: Tensor) => sum(g(y)))(x), grad((y: Tensor) => sum(f(y)))(x), 1e-13)
    const before = device.memory().bytes
    const at = vjp(g, [x])
    device.resetPeak()
    at.pull(ct)
    const peak = device.memory().peak - before
    // without, each step keeps 800 bytes at least
    assert.ok(peak < (steps * 800) / 2, `peak ${peak} of ${steps} steps`)
  }
})

test('values and derivatives to order 2 are those without a checkpoint, under each transform', () => {
  const w = f64([
    [0.5, -1],
    [2, 0.3],
  ])
  const f = (y: Tensor, k: Tensor): Tensor => {
    const h = tanh(matmul(w, mul(y, checkpointName(exp(k), 'k'))))
    return sum(mul(h, sin(foriLoop(0, 6, (_, c: Tensor) => sin(add(c, h)), y))))
  }
  const args = [f64([0.3, -0.7]), f64(0.2)] as const
  const v = [f64([1, 2]), f64(-1)] as const
  for (const policy of ['nothing', 'everything', 'sqrt', { names: ['k'] }] as const) {
    const g = checkpoint(f, { policy })
    near(g(...args), f(...args), 1e-15)
    near(grad(g, { wrt: [0, 1] })(...args), grad(f, { wrt: [0, 1] })(...args) as never, 1e-14)
    near(jvp(g, [...args], v as never), jvp(f, [...args], v as never) as never, 1e-14)
    near(hessian(g, { wrt: [0, 1] })(...args), hessian(f, { wrt: [0, 1] })(...args), 1e-13)
    near(hvp(g, { mode: 'reverse' })(...args)(v[0]), hvp(f)(...args)(v[0]) as never, 1e-13)
    near(
      grad((y: Tensor) => jvp((z: Tensor) => g(z, args[1]), [y], [v[0]]).tangent)(args[0]),
      hvp(f)(...args)(v[0]) as never,
      1e-13,
    )
    const batch = f64([
      [0.3, -0.7],
      [1, 0.5],
      [0, -2],
    ])
    near(
      vmap(grad(g), { in: [0, null] })(batch, args[1]),
      vmap(grad(f), { in: [0, null] })(batch, args[1]) as never,
      1e-14,
    )
    near(
      grad((b: Tensor) => sum(vmap(g, { in: [0, null] })(b, args[1])))(batch),
      vmap(grad(f), { in: [0, null] })(batch, args[1]) as never,
      1e-14,
    )
    near(jit(grad(g))(...args), grad(f)(...args) as never, 1e-14)
    near(jacfwd(grad(g))(...args), hessian(f)(...args), 1e-13)
  }
})

test('simplification does not merge a checkpoint’s second computation with the first, nor take work out of it', () => {
  const f = (y: Tensor): Tensor => exp(sin(y))
  const count2 = (g: (y: Tensor) => Tensor): number =>
    equationsOf(simplify(trace(valueAndGrad((y: Tensor) => sum(g(y))))(f64([1, 2])))).filter(
      (eqn) => eqn.op.kind === 'unary' && eqn.op.fn === 'sin',
    ).length
  assert.is(count2(f), 1)
  assert.is(count2(checkpoint(f)), 1 + 1)
  // beside a use of the same value outside, it stays on its own
  assert.is(
    count2((y) => mul(sin(y), checkpoint(f)(y))),
    3,
  )
  // in a loop, what depends on constants alone stays in the fence, too
  const loop = (y: Tensor): Tensor =>
    foriLoop(0, 4, (_, c: Tensor) => checkpoint((d: Tensor) => mul(d, exp(sin(y))))(c), y)
  const program = simplify(trace((y: Tensor) => vjp(loop, [y]).pull(y))(f64([1, 2])))
  for (const eqn of program.eqns) assert.not.ok(eqn.op.kind === 'unary', 'hoisted out of the fence')
})

test('stopGradient: values pass, derivatives do not, at any order and in any transform', () => {
  const f = (y: Tensor): Tensor => mul(y, stopGradient(mul(y, y)))
  near(grad(f)(f64(3)), 9)
  near(jvp(f, [f64(3)], [1]).tangent, 9)
  near(grad(grad(f))(f64(3)), 0)
  near(grad((y: Tensor) => grad(f)(y))(f64(3)), 0)
  near(vmap(grad(f))(f64([1, 2])), [1, 4])
  near(grad((y: Tensor) => foriLoop(0, 2, (_, c: Tensor) => mul(stopGradient(c), y), f64(1)))(f64(3)), 3)
  near(stopGradient({ a: f64(1), b: [f64(2)] }) as never, [1, 2])
  near(jacrev((y: Tensor) => stopGradient(y))(f64([1, 2])), [0, 0, 0, 0])
  near(grad(checkpoint(f))(f64(3)), 9)
})

test.run()
