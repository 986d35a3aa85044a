import { grad, hvp, vmap } from '@neumann/autodiff'
import { anderson, broyden, newtonKrylov, picard } from '@neumann/autodiff/solvers'
import { add, array, item, jit, matmul, mul, plan, sin, stack, sub, sum, type Tensor, tanh } from '@neumann/linalg-gpu'
import { gmres, neumann, richardson, statuses, statusOf } from '@neumann/linalg-gpu/solvers'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { phantom } from '../estimators/phantom.js'
import { elements, near } from '../support.testing.js'
import { asFixedPoint, asLinear } from './adapters.js'
import { type Backward, exactAdjoint, neumannPhantom, oneStep, unrolledPhantom } from './backward.js'
import { type Affine, linearExample, linearTable, tanhExample, tanhTable } from './examples.testing.js'
import { fixedPointLayer, type LayerOptions } from './fixedPointLayer.js'

const tight = { tolerance: 1e-14, absolute: 1e-14, maxIterations: 1000 }
const searches = [
  ['anderson', anderson(tight)],
  ['picard', picard(tight)],
  ['broyden', asFixedPoint(broyden({ tolerance: 1e-13, absolute: 1e-15 }))],
  ['newtonKrylov', asFixedPoint(newtonKrylov({ tolerance: 1e-13, absolute: 1e-15 }))],
] as const

type Example = ReturnType<typeof tanhExample>
const slopes = ({ cell, g, zero, hyper }: Example, options: LayerOptions): Affine =>
  grad((u: Affine) => sum(mul(g, fixedPointLayer(cell, options)(u, zero).z)))(hyper) as Affine

test('the linear example through every search: z*, the exact gradients, and the table of both phantoms', () => {
  const own = linearExample()
  for (const [name, forward] of searches) {
    const { z, status, residual } = fixedPointLayer(own.cell, { forward })(own.hyper, own.zero)
    near(z, [2.972973, 2.4324324], 5e-8, name)
    assert.is(statusOf(item(status)), 'converged', name)
    assert.ok(item(residual) < 1e-12, name)
    const { u, W } = slopes(own, { forward })
    near(u, [2.1621622, -0.8108108], 5e-8, name)
    near(W, [6.4280497, 5.2593134, -2.4105186, -1.9722425], 5e-8, name)
  }
  for (const [damping, terms, want] of linearTable)
    for (const backward of [neumannPhantom({ terms, damping }), unrolledPhantom({ terms, damping })])
      near(slopes(own, { forward: anderson(tight), backward }).u, want, 5e-8, `λ = ${damping}, k = ${terms}`)
  near(slopes(own, { backward: oneStep() }).u, [1, -1], 0)
})

test('the tanh example: every way to the exact gradient, and the table; in f32 too, and in jit', () => {
  const own = tanhExample()
  for (const [name, solver] of [
    ['gmres', gmres({ tolerance: 1e-13 })],
    ['the iteration of the transposed map', richardson({ step: 1, tolerance: 1e-13 })],
    ['anderson', asLinear(anderson(tight))],
    ['picard', asLinear(picard(tight))],
    ['many terms', neumann({ terms: 400, step: 1, tolerance: 1e-13 })],
  ] as const)
    near(
      slopes(own, { forward: anderson(tight), backward: exactAdjoint(solver) }).u,
      [2.9438127888, 1.3679417165],
      5e-11,
      name,
    )
  const single = tanhExample({ dtype: 'f32' })
  near(slopes(single, {}).u, [2.9438127888, 1.3679417165], 1e-4)
  for (const [damping, terms, want] of tanhTable)
    for (const backward of [neumannPhantom({ terms, damping }), unrolledPhantom({ terms, damping })]) {
      near(slopes(own, { forward: anderson(tight), backward }).u, want, 5e-8, `λ = ${damping}, k = ${terms}`)
      near(slopes(single, { backward }).u, want, 1e-4, `f32, λ = ${damping}, k = ${terms}`)
      if (terms > 5) continue
      const jitted = jit((u: Affine) => slopes({ ...own, hyper: u }, { forward: anderson(tight), backward }) as never)
      near((jitted(own.hyper) as unknown as Affine).u, want, 5e-8, 'jit')
    }
})

test('a phantom layer has the gradient of the phantom estimator, away from the fixed point too', () => {
  const own = tanhExample()
  const forward = picard({ maxIterations: 3 })
  const { z } = fixedPointLayer(own.cell, { forward, backward: neumannPhantom() })(own.hyper, own.zero)
  for (const [form, backward] of [
    ['neumann', neumannPhantom({ terms: 4, damping: 0.7 })],
    ['unrolled', unrolledPhantom({ terms: 4, damping: 0.7 })],
  ] as const) {
    const estimate = phantom({ terms: 4, damping: 0.7, form })(own.problem)
    const { gradient, value } = estimate(null, own.at(z))
    near(slopes(own, { forward, backward }), gradient, 1e-14)
    const found = fixedPointLayer(own.cell, { forward, backward })(own.hyper, own.zero)
    near(sum(mul(own.g, found.z)), value, 1e-14)
    // the evidence belongs to the z that is returned
    near(found.residual, Math.hypot(...elements(sub(own.cell(found.z, own.hyper), found.z))), 1e-14)
  }
})

test('the exact layer twice: against differences of its gradient', () => {
  const own = tanhExample()
  const layer = fixedPointLayer(own.cell, {
    forward: anderson(tight),
    backward: exactAdjoint(gmres({ tolerance: 1e-14 })),
  })
  const objective = (u: Tensor): Tensor => sum(sin(layer({ ...own.hyper, u }, own.zero).z))
  const direction = array([0.6, -0.8], { dtype: 'f64' })
  const h = 1e-3
  const slope = (t: number): Tensor => grad(objective)(add(own.hyper.u, mul(t * h, direction))) as Tensor
  // (8 (f(h) − f(−h)) − (f(2h) − f(−2h))) / 12 h, of order h⁴
  const [near1, far] = [sub(slope(1), slope(-1)), sub(slope(2), slope(-2))]
  const want = elements(sub(mul(8, near1), far)).map((v) => v / (12 * h))
  near(hvp(objective)(own.hyper.u)(direction), want, 1e-8)
})

test('what the cell closes over has a derivative too, and the start has none', () => {
  const own = tanhExample()
  for (const backward of [exactAdjoint(gmres({ tolerance: 1e-13 })), neumannPhantom(), unrolledPhantom()]) {
    const options = { forward: anderson(tight), backward }
    const closed = (W: Tensor): Tensor =>
      sum(
        mul(
          own.g,
          fixedPointLayer((z: Tensor, u: Tensor) => tanh(add(matmul(W, z), u)), options)(own.hyper.u, own.zero).z,
        ),
      )
    near(grad(closed)(own.hyper.W), slopes(own, options).W, 1e-12)
    const started = (z0: Tensor): Tensor => sum(fixedPointLayer(own.cell, options)(own.hyper, z0).z)
    near(grad(started)(array([0.1, 0.2], { dtype: 'f64' })), [0, 0], 0)
  }
})

test('memory does not grow with the iterations of the search', () => {
  const own = tanhExample()
  for (const backward of [exactAdjoint(), neumannPhantom(), unrolledPhantom()]) {
    const [few, many] = [2, 2000].map((maxIterations) => {
      const options = { forward: picard({ maxIterations, tolerance: 1e-13 }), backward }
      return plan(jit((u: Affine) => slopes({ ...own, hyper: u }, options) as never))(own.hyper)
    })
    // two numbers an iteration would be 32 kB more; constants of the program may be a few bytes
    assert.ok(Math.abs(many!.peakBytes - few!.peakBytes) < 64, `${few!.peakBytes} and ${many!.peakBytes}`)
  }
})

test('a search that fails says so, keeps its best iterate, and lets no gradient pass that nobody accepted', () => {
  const start = array(1, { dtype: 'f64' })
  const outcome = (cell: (z: Tensor, u: Tensor) => Tensor, backward: Backward) => {
    const layer = fixedPointLayer(cell, { forward: picard({ maxIterations: 8 }), backward })
    const { z, status } = layer(start, start)
    const slope = grad((u: Tensor) => layer(u, start).z)(start) as Tensor
    return { status: statusOf(item(status)), z: item(z), slope: item(slope) }
  }
  const runsAway = (z: Tensor, u: Tensor): Tensor => add(mul(3, z), u)
  const breaks = (z: Tensor, u: Tensor): Tensor => mul(u, mul(z, Number.NaN))
  const slow = (z: Tensor, u: Tensor): Tensor => add(mul(0.9, z), u)
  for (const backward of [exactAdjoint(), neumannPhantom()]) {
    assert.equal(outcome(runsAway, backward), { status: 'diverged', z: 1, slope: NaN })
    assert.equal(outcome(breaks, backward), { status: 'nonfinite', z: 1, slope: NaN })
  }
  assert.equal(outcome(breaks, unrolledPhantom()), { status: 'nonfinite', z: NaN, slope: NaN })
  // on its way: an exact gradient is not to be had there unless one asks for it, a phantom is what it is
  const { status, z, slope } = outcome(slow, exactAdjoint())
  assert.equal([status, slope], ['maxIterations', NaN])
  near(z, 10 - 9 * 0.9 ** 8, 1e-14)
  near(outcome(slow, exactAdjoint(gmres(), { accept: statuses })).slope, 10, 1e-14)
  near(outcome(slow, neumannPhantom({ terms: 2, damping: 1 })).slope, 1.9, 1e-14)
  assert.equal(outcome(slow, neumannPhantom({ accept: ['converged'] })).slope, NaN)
})

test('a batch by vmap is each equilibrium by itself', () => {
  const own = tanhExample()
  const inputs = [
    [0.3, -0.2],
    [1, 0.5],
    [-2, 0.1],
  ]
  for (const backward of [exactAdjoint(gmres({ tolerance: 1e-13 })), neumannPhantom(), unrolledPhantom()]) {
    const slope = grad((u: Tensor) =>
      sum(
        mul(own.g, fixedPointLayer(own.cell, { forward: anderson(tight), backward })({ ...own.hyper, u }, own.zero).z),
      ),
    ) as (u: Tensor) => Tensor
    const rows = inputs.map((u) => slope(array(u, { dtype: 'f64' })))
    near(vmap(slope)(array(inputs, { dtype: 'f64' })), stack(rows), 1e-11)
  }
})

test('a state may be a tree', () => {
  const W = linearExample().hyper.W
  const cell = ({ a, b }: { readonly a: Tensor; readonly b: Tensor }, u: Tensor) => {
    const next = add(matmul(W, stack([a, b])), u)
    return { a: matmul(array([1, 0], { dtype: 'f64' }), next), b: matmul(array([0, 1], { dtype: 'f64' }), next) }
  }
  const zero = { a: array(0, { dtype: 'f64' }), b: array(0, { dtype: 'f64' }) }
  for (const [name, forward] of searches) {
    const slope = grad((u: Tensor) => {
      const { z } = fixedPointLayer(cell, { forward })(u, zero)
      return sub(z.a, z.b)
    })(array([1, 2], { dtype: 'f64' }))
    near(slope, [2.1621622, -0.8108108], 5e-8, name)
  }
})

test.run()
