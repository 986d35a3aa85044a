/** Kernels of a user's own under derivatives: by jvp, by vjp, by both, and by neither. The same function by operations is the oracle. */

import {
  array, cond, type Device, data, exp, expandDims, foriLoop, item, jit, log, map, matmul, mean, mul, plain, reshape, scan, square, stack, sub, sum, type Tensor, tanh, transpose,
} from '@neumann/linalg-gpu' // biome-ignore format: a list
import { type KernelFunction, kernel, webgpuDevice } from '@neumann/linalg-gpu/webgpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { softwareGpu } from '../../../../tools/webgpu/software.mjs'
import { logCosh, logSumExpRows, moments, tiled } from '../../../linalg-gpu/src/custom/kernels.testing.js'
import { checkGrads, checkpoint, crossVjp, grad, hvp, jvp, linearize, vjp, vmap } from '../index.js'

const gpu = await webgpuDevice({ gpu: await softwareGpu() })

const values = (shape: readonly number[]): Float64Array =>
  Float64Array.from({ length: shape.reduce((n, one) => n * one, 1) }, (_, i) => Math.sin(1 + 2.3 * i))
/** Where tensors go that are put nowhere else. */
const f64 = (...shape: number[]): Tensor => array(values(shape), { dtype: 'f64', shape })
const put = (device: Device, dtype: 'f32' | 'f64', shape: readonly number[]): Tensor =>
  array(values(shape), { device, dtype, shape })

/** f by kernels and g by operations, on plain in f64 and on WebGPU in f32. */
const alike = async (
  f: (...x: Tensor[]) => Tensor,
  g: (...x: Tensor[]) => Tensor,
  ...shapes: readonly (readonly number[])[]
): Promise<void> => {
  const wanted = await data(g(...shapes.map((shape) => put(plain, 'f64', shape))))
  for (const [device, dtype, bound] of [[plain, 'f64', 1e-12], [gpu, 'f32', 1e-5]] as const) {
    const got = await data(f(...shapes.map((shape) => put(device, dtype, shape))))
    assert.is(got.length, wanted.length)
    // sums of some ten numbers about 1
    got.forEach((x, i) => assert.ok(Math.abs(x - wanted[i]!) <= bound * (1 + Math.abs(wanted[i]!)), `${device.name}, ${i}: ${x}, not ${wanted[i]}`))
  } // biome-ignore format: a table
}

const rows = (x: Tensor): Tensor => log(sum(exp(x), { axis: 1 }))
const spread = (x: Tensor): Tensor => mean(square(sub(x, mean(x))))
const softAbs = (x: Tensor): Tensor => sub(log(sum(exp(stack([x, mul(x, -1)])), { axis: 0 })), Math.log(2))

test('gradients, and gradients of gradients', async () => {
  const twice = (f: (x: Tensor) => Tensor) =>
    grad((x: Tensor) => sum(square(grad((y: Tensor) => sum(mul(f(y), f(y))))(x))))
  await alike(
    jit(grad((x: Tensor) => sum(square(logCosh(x))))),
    grad((x: Tensor) => sum(square(softAbs(x)))),
    [7],
  )
  await alike(jit(twice(logCosh)), twice(softAbs), [7])
  await alike(twice(logSumExpRows), twice(rows), [3, 5])
  await alike(
    twice((x) => moments(x)[1]),
    twice(spread),
    [5],
  )
  const loss = (product: (a: Tensor, b: Tensor) => Tensor) => (a: Tensor, b: Tensor) => sum(square(tanh(product(a, b))))
  await alike(jit(grad(loss(tiled))), grad(loss(matmul)), [3, 4], [4, 9])
})

test('products with second derivatives: forward over reverse where there is a jvp, reverse over reverse where there is none', async () => {
  const along =
    (f: (x: Tensor) => Tensor, mode: 'forward' | 'reverse' = 'forward') =>
    (x: Tensor) =>
      hvp((y: Tensor) => sum(square(f(y))), { mode })(x)(x)
  const own = (x: Tensor): Tensor => tiled(x, transpose(x))
  const theirs = (x: Tensor): Tensor => matmul(x, transpose(x))
  await alike(jit(along(own)), along(theirs), [3, 2])
  await alike(along(own, 'reverse'), along(theirs), [3, 2])
  await alike(along(logSumExpRows, 'reverse'), along(rows), [3, 4])
  const cross = (f: (x: Tensor, y: Tensor) => Tensor) => (x: Tensor, y: Tensor) =>
    crossVjp((v: Tensor, u: Tensor) => sum(square(f(v, u))))(x, y)(x).mv
  await alike(cross(tiled), cross(matmul), [3, 2], [2, 4])
})

test('forward mode pushes through kernels, and what is pushed is transposed by their vjp', async () => {
  const pushed = (f: (a: Tensor, b: Tensor) => Tensor) => (a: Tensor, b: Tensor) => jvp(f, [a, b], [b, a]).tangent
  await alike(pushed(tiled), pushed(matmul), [3, 3], [3, 3])
  const reversed = (f: (a: Tensor, b: Tensor) => Tensor) => grad((a: Tensor, b: Tensor) => sum(square(pushed(f)(a, b))))
  await alike(reversed(tiled), reversed(matmul), [3, 3], [3, 3])
  const kept = (f: (a: Tensor, b: Tensor) => Tensor) => (a: Tensor, b: Tensor) => linearize(f, [a, b]).push(b, a)
  await alike(kept(tiled), kept(matmul), [3, 3], [3, 3])
})

test('gradients of batches are batches of gradients', async () => {
  const each = (f: (x: Tensor) => Tensor) => vmap(grad((x: Tensor) => sum(square(f(x)))))
  const all = (f: (x: Tensor) => Tensor) => grad((x: Tensor) => sum(square(vmap(f)(x))))
  for (const over of [each, all]) {
    await alike(over(logCosh), over(softAbs), [3, 5])
    await alike(over(logSumExpRows), over(rows), [2, 3, 4])
    await alike(
      over((x) => moments(x)[1]),
      over(spread),
      [3, 5],
    )
    await alike(
      over((x) => tiled(x, transpose(x))),
      over((x) => matmul(x, transpose(x))),
      [2, 3, 3],
    )
  }
  // an operand without the batch gets the sum of its members' cotangents
  const shared = (product: (a: Tensor, b: Tensor) => Tensor) =>
    grad((w: Tensor, x: Tensor) => sum(square(vmap((row: Tensor) => product(row, w))(x))))
  await alike(shared(tiled), shared(matmul), [3, 2], [4, 2, 3])
  const inner = (product: (a: Tensor, b: Tensor) => Tensor) => (w: Tensor, x: Tensor) =>
    vmap((row: Tensor) => grad((v: Tensor) => sum(square(product(row, v))))(w))(x)
  await alike(inner(tiled), inner(matmul), [3, 2], [4, 2, 3])
  const forward = (product: (a: Tensor, b: Tensor) => Tensor) => (w: Tensor, x: Tensor) =>
    vmap((row: Tensor) => jvp((v: Tensor) => product(row, v), [w], [w]).tangent)(x)
  await alike(forward(tiled), forward(matmul), [3, 2], [4, 2, 3])
})

test('in loops, branches and checkpoints', async () => {
  const looped = (f: (x: Tensor) => Tensor) => jit(grad((x: Tensor) => sum(square(map(f, x)))))
  await alike(
    looped((x) => moments(x)[1]),
    looped(spread),
    [3, 5],
  )
  await alike(
    looped((x) => tiled(x, transpose(x))),
    looped((x) => matmul(x, transpose(x))),
    [2, 3, 3],
  )
  const carried = (product: (a: Tensor, b: Tensor) => Tensor) =>
    jit(
      grad((w: Tensor, x: Tensor) =>
        sum(scan((c: Tensor, row: Tensor) => [tanh(product(w, c)), sum(row)] as const, x, x)[0]),
      ),
    )
  await alike(carried(tiled), carried(matmul), [3, 3], [3, 3])
  const branch = (f: (x: Tensor) => Tensor) => jit(grad((x: Tensor) => cond(true, () => sum(f(x)), () => sum(x)))) // biome-ignore format: one call
  await alike(branch(logSumExpRows), branch(rows), [3, 4])
  const again = (f: (x: Tensor) => Tensor) => jit(grad((x: Tensor) => sum(checkpoint((y: Tensor) => f(mul(y, 2)))(x))))
  await alike(again(logSumExpRows), again(rows), [3, 4])
  await alike(again(logCosh), again(softAbs), [4])
  const power = (product: (a: Tensor, b: Tensor) => Tensor) =>
    grad((x: Tensor) => sum(foriLoop(0, 3, (_, y) => tanh(product(x, y)), x)))
  await alike(power(tiled), power(matmul), [3, 3])
})

test('a rule may use another kernel on its tangents, which then is transposed by its own vjp', () => {
  const own = kernel({
    name: 'quadratic',
    bindings: { inputs: ['a', 'x'], outputs: ['y'] },
    shape: ({ x }) => ({ y: x }),
    wgsl: '@compute @workgroup_size(1) fn main() {}',
    oracle: ({ a, x, y }, { x: { shape } }) => {
      const [n] = shape as [number]
      for (let i = 0; i < n; i++) {
        let total = 0
        for (let j = 0; j < n; j++) total += a[i * n + j]! * x[j]!
        y[i] = total * x[i]!
      }
    },
    jvp: ({ a, x }, { a: da, x: dx }) => {
      const times = (m: Tensor, v: Tensor): Tensor => sum(tiled(m, expandDims(v, 1)), { axis: 1 })
      const along = sum(stack([times(da, x), times(a, dx)]), { axis: 0 })
      return { y: sum(stack([mul(along, x), mul(times(a, x), dx)]), { axis: 0 }) }
    },
  })
  checkGrads(own, [f64(3, 3), f64(3)])
})

test('an operation that is linear has its derivative in itself', () => {
  const doubled: KernelFunction<['x'], ['y']> = kernel({
    name: 'doubled',
    bindings: { inputs: ['x'], outputs: ['y'] },
    shape: ({ x }) => ({ y: x }),
    wgsl: '@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) { if (id.x < x_size) { y[id.x] = 2.0 * x[id.x]; } }',
    oracle: ({ x, y }) => {
      x.forEach((value, i) => {
        y[i] = 2 * value
      })
    },
    jvp: (_, { x }) => ({ y: doubled(x) }),
    vjp: (_, { y }) => ({ x: doubled(y) }),
  })
  checkGrads((x: Tensor) => square(doubled(x)), [f64(3)])
})

test('a batch by a rule of its own: rows of all members are rows of one product', async () => {
  const own: KernelFunction<['a', 'b'], ['c']> = kernel({
    name: 'batched',
    bindings: { inputs: ['a', 'b'], outputs: ['c'] },
    shape: ({ a, b }) => ({ c: [a.shape[0]!, b.shape[1]!] }),
    wgsl: '@compute @workgroup_size(1) fn main() { c[0] = nothing; }', // not to be run
    oracle: () => assert.unreachable('members are not computed by themselves'),
    vjp: ({ a, b }, { c }) => ({ a: tiled(c, transpose(b)), b: tiled(transpose(a), c) }),
    batch: ({ a, b }, batched, size) => {
      assert.equal([batched, size], [{ a: true, b: false }, 4])
      const [, m, k] = a.shape as readonly [number, number, number]
      return { c: reshape(tiled(reshape(a, [size * m, k]), b), [size, m, b.shape[1]!]) }
    },
  })
  const over = (product: (a: Tensor, b: Tensor) => Tensor) => (a: Tensor, b: Tensor) =>
    vmap(product, { in: [0, null] })(a, b)
  await alike(over(own), over(matmul), [4, 2, 3], [3, 2])
  const slopes = (product: (a: Tensor, b: Tensor) => Tensor) =>
    grad((a: Tensor, b: Tensor) => sum(square(over(product)(a, b))))
  await alike(jit(slopes(own)), slopes(matmul), [4, 2, 3], [3, 2])
})

test('a rule may close over tensors, and not over what is traced: that would get no derivative', () => {
  const half = array(0.5, { dtype: 'f64' })
  for (const rules of [
    { vjp: (_: unknown, { y }: { y: Tensor }) => ({ x: mul(half, y) }) },
    { jvp: (_: unknown, { x }: { x: Tensor }) => ({ y: mul(half, x) }) },
    {
      jvp: (_: unknown, { x }: { x: Tensor }) => ({ y: mul(half, x) }),
      vjp: (_: unknown, { y }: { y: Tensor }) => ({ x: mul(half, y) }),
    },
  ])
    assert.is(item(sum(grad((x: Tensor) => sum(withRules(rules)(x)))(f64(3)))), 1.5)
  const inside = (x: Tensor): Tensor =>
    sum(withRules({ vjp: (_: unknown, { y }: { y: Tensor }) => ({ x: mul(x, y) }) })(x))
  assert.throws(
    () => jit(grad((x: Tensor) => inside(mul(x, 2))))(f64(3)),
    /vjp of own: uses f64\[3\] of the enclosing trace.*the rule of a kernel would give it no derivative/,
  )
})

// ── what is compiled ──────────────────────────────────────────────────────────────────────────────────────────────────

test('a gradient that is taken again compiles nothing', async () => {
  const step = async (): Promise<void> => {
    const [a, b] = [put(gpu, 'f32', [3, 4]), put(gpu, 'f32', [4, 2])]
    await data(grad((x: Tensor, y: Tensor) => sum(square(tiled(x, y))))(a, b))
    await data(jvp(tiled, [a, b], [a, b]).tangent)
  }
  await step()
  const { pipelines } = gpu.counters()
  await step()
  assert.is(gpu.counters().pipelines, pipelines)
})

// ── what is wrong ─────────────────────────────────────────────────────────────────────────────────────────────────────

const identity = {
  name: 'own',
  bindings: { inputs: ['x'], outputs: ['y'] },
  shape: ({ x }: { x: { shape: readonly number[] } }) => ({ y: x }),
  wgsl: '@compute @workgroup_size(1) fn main() {}',
  oracle: ({ x, y }: Record<string, Float64Array>) => y!.set(x!),
}
const withRules = (rules: object): ((x: Tensor) => Tensor) => kernel({ ...identity, ...rules } as never) as never

test('a kernel without rules has no derivative, and says what to do', () => {
  const own = withRules({})
  assert.throws(
    () => grad((x: Tensor) => sum(own(x)))(f64(3)),
    /own: the kernel has no derivative. Give it jvp or vjp, or stopGradient its operands/,
  )
  assert.throws(() => jvp(own, [f64(3)], [f64(3)]), /own: the kernel has no derivative/)
  assert.is(item(sum(own(f64(3)))), item(sum(f64(3))))
  // where nothing depends on it there is nothing to differentiate
  const beside = grad((x: Tensor, y: Tensor) => sum(mul(x, own(y))))(f64(3), f64(3))
  assert.equal([...new Set(beside.shape)], [3])
})

test('forward mode through vjp alone is an error that names the kernel', () => {
  const message =
    /logSumExpRows: forward mode through its vjp, whose rule is for reverse mode alone. Give the kernel a jvp too; hvp and crossVjp also take \{ mode: 'reverse' \}/
  assert.throws(() => jvp(logSumExpRows, [f64(2, 2)], [f64(2, 2)]), message)
  assert.throws(() => hvp((x: Tensor) => sum(logSumExpRows(x)))(f64(2, 2))(f64(2, 2)), message)
  assert.throws(
    () => jvp((x: Tensor) => grad((y: Tensor) => sum(logSumExpRows(y)))(x), [f64(2, 2)], [f64(2, 2)]),
    message,
  )
})

test('rules that return something else are refused by the name of what is wrong', () => {
  const of = (rules: object) => (): unknown => vjp(withRules(rules), [f64(3)]).pull(f64(3))
  assert.throws(of({ jvp: () => 1 }), /own: jvp returns \{ y \}, got 1/)
  assert.throws(of({ jvp: () => f64(3) }), /own: jvp returns \{ y \}, got f64\[3\]/)
  assert.throws(of({ jvp: () => ({ y: 1 }) }), /own: jvp returns 1 for y: it must be f64\[3\]/)
  assert.throws(of({ vjp: () => ({ y: 1 }) }), /own: vjp returns y, and knows only x here/)
  assert.throws(of({ vjp: async () => ({}) }), /own: the function returned a promise/)
  assert.throws(of({ jvp: (_: unknown, { x }: { x: Tensor }) => ({ y: square(x) }) }), /is not linear/)
  assert.throws(() => vmap(withRules({ batch: () => ({}) }))(f64(2, 3)), /own: batch gives nothing for y/)
  assert.throws(
    () => vmap(withRules({ batch: ({ x }: { x: Tensor }) => ({ y: sum(x) }) }))(f64(2, 3)),
    /own: batch returns f64\[\] for y: it must be f64\[2,3\]/,
  )
})

test('what a rule leaves out is zero', () => {
  const zero = withRules({ vjp: () => ({}) })
  assert.equal([item(sum(square(grad((x: Tensor) => sum(zero(x)))(f64(3)))))], [0])
  assert.is(item(sum(jvp(withRules({ jvp: () => ({ y: null }) }), [f64(3)], [f64(3)]).tangent)), 0)
})

test.run()
