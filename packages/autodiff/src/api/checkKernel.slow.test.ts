/** checkKernel passes kernels that are right, and names what is wrong with others: each fault here must be seen by the check that is meant for it. */

import { array, mul, plain, type Tensor, tanh } from '@neumann/linalg-gpu'
import { wasmDevice } from '@neumann/linalg-gpu/wasm'
import { type KernelFunction, type KernelOptions, kernel, webgpuDevice } from '@neumann/linalg-gpu/webgpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { softwareGpu } from '../../../../tools/webgpu/software.mjs'
import { histogram, logCosh, logSumExpRows, moments, tiled } from '../../../linalg-gpu/src/custom/kernels.testing.js'
import { checkKernel } from '../check.js'

const gpu = await webgpuDevice({ gpu: await softwareGpu() })
const wasm = await wasmDevice({ threads: 1 })

const matrices = (n: number) => ({ a: [n, n + 1], b: [n + 1, 3] })
const sizes = [0, 1, 7, 9]

test('right kernels pass: with rules for both modes, for one, for none', async () => {
  for (const device of [gpu, wasm, plain]) {
    assert.ok((await checkKernel(tiled, { device, inputs: matrices, sizes })).ok)
    assert.ok((await checkKernel(logSumExpRows, { device, inputs: (n) => ({ x: [n, 2 * n + 1] }), sizes })).ok)
    assert.ok((await checkKernel(moments, { device, sizes: [1, 7, 33] })).ok)
  }
  const bins = (n: number) => ({ x: array(Float32Array.from({ length: n }, (_, i) => ((i * 7) % 10) / 10 + 0.05)) })
  const report = await checkKernel(histogram, { device: gpu, inputs: bins })
  assert.ok(report.ok)
  assert.not.match(report.text, /derivatives/)
})

test('without shapes it takes vectors, to more than the workgroups of one dimension, and says how large the errors were', async () => {
  const report = await checkKernel(logCosh, { device: gpu })
  assert.is(report.kernel, 'logCosh')
  assert.is(report.device, 'webgpu')
  const names = report.checks.map(({ name }) => name)
  assert.equal(
    names.slice(0, 10),
    [0, 1, 2, 3, 7, 31, 64, 65, 257, 4194241].map((n) => `size ${n}: [${n}]`),
  )
  assert.equal(names.slice(10), [
    'in a loop', 'behind a condition', 'behind a condition that is false', 'vmap', 'derivatives at size 1, to order 2',
    'gradient at size 1 on webgpu', 'derivatives at size 3, to order 2', 'gradient at size 3 on webgpu',
  ]) // biome-ignore format: a list
  const { error } = report.checks[9]!
  assert.ok(error! > 0 && error! < 1e-6, `${error}`)
  assert.match(report.text, /^✓ size 0: \[0\]: error 0\.0e\+0\n/)
})

test('it leaves nothing behind on the device, also where the kernel fails', async () => {
  const { count, bytes } = gpu.memory()
  await checkKernel(tiled, { device: gpu, inputs: matrices, sizes: [3] })
  await checkKernel(squared({ wgsl: shader('y[id.x] = z;') }), { device: gpu, sizes: [3], onFailure: 'report' })
  assert.equal([gpu.memory().count, gpu.memory().bytes], [count, bytes])
})

/** x², with something wrong. */
const squared = (changed: Partial<KernelOptions<['x'], ['y']>>): KernelFunction<['x'], ['y']> =>
  kernel({
    name: 'squared',
    bindings: { inputs: ['x'], outputs: ['y'] },
    shape: ({ x }) => ({ y: x }),
    wgsl: `@compute @workgroup_size(8) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
      if (id.x < x_size) { y[id.x] = x[id.x] * x[id.x]; }
    }`,
    oracle: ({ x, y }) => {
      x.forEach((value, i) => {
        y[i] = value * value
      })
    },
    ...changed,
  })
const shader = (body: string, before = '') =>
  `${before}@compute @workgroup_size(8) fn main(@builtin(global_invocation_id) id: vec3<u32>) { ${body} }`

/** The names of the checks that fail. */
const failing = async (changed: Partial<KernelOptions<['x'], ['y']>>): Promise<readonly string[]> => {
  const report = await checkKernel(squared(changed), { device: gpu, sizes: [0, 1, 7, 8, 9], onFailure: 'report' })
  assert.is(
    report.ok,
    report.checks.every(({ ok }) => ok),
  )
  return report.checks.filter(({ ok }) => !ok).map(({ name }) => name)
}

test('the kernel that the faults are put in is right', async () => {
  assert.equal(await failing({}), [])
  assert.equal(await failing({ jvp: ({ x }, { x: dx }) => ({ y: mul(2, mul(x, dx)) }), batch: 'leading' }), [])
})

test('wrong values are seen, and elements that are not written', async () => {
  const last = await failing({ wgsl: shader('if (id.x < x_size - 1u) { y[id.x] = x[id.x] * x[id.x]; }') })
  assert.equal(last.slice(0, 4), ['size 1: [1]', 'size 7: [7]', 'size 8: [8]', 'size 9: [9]'])
  const whole = await failing({
    workgroups: ({ x }) => [Math.floor(x.size / 8)],
    wgsl: shader('y[id.x] = x[id.x] * x[id.x];'),
  })
  assert.ok(whole.includes('size 1: [1]') && whole.includes('size 9: [9]') && !whole.includes('size 8: [8]'))
  assert.ok(
    (await failing({ wgsl: shader('if (id.x < x_size) { y[id.x] = 1.0001 * x[id.x] * x[id.x]; }') })).includes(
      'size 7: [7]',
    ),
  )
})

test('an oracle that is wrong is seen as well, and WGSL that does not compile', async () => {
  assert.ok((await failing({ oracle: ({ y }) => y.fill(1) })).includes('size 7: [7]'))
  const report = await checkKernel(squared({ wgsl: shader('y[id.x] = z;') }), {
    device: gpu,
    sizes: [3],
    onFailure: 'report',
  })
  assert.match(report.checks[0]!.message, /unresolved value 'z'/)
})

test('a batch that is none is seen', async () => {
  const reversed = squared({ batch: ({ x }) => ({ y: mul(x, 2) }) })
  const { checks } = await checkKernel(reversed, { device: gpu, sizes: [7], onFailure: 'report' })
  assert.equal(
    checks.filter(({ ok }) => !ok).map(({ name }) => name),
    ['vmap'],
  )
  const rows = squared({
    shape: ({ x }) => {
      if (x.shape.length !== 1) throw new Error('squared: a vector is needed.')
      return { y: x }
    },
    batch: 'leading',
  })
  await checkKernel(rows, { device: plain, sizes: [7] }).then(
    () => assert.unreachable('it takes no batch'),
    (error: Error) =>
      assert.match(error.message, /checkKernel: squared on plain:\n✘ vmap, squared: a vector is needed/),
  )
})

test('rules that are wrong are seen, at the order at which they are', async () => {
  const rule = async (changed: Partial<KernelOptions<['x'], ['y']>>): Promise<string> => {
    const report = await checkKernel(squared(changed), { device: plain, sizes: [3], onFailure: 'report' })
    return report.text
  }
  assert.match(
    await rule({ jvp: ({ x }, { x: dx }) => ({ y: mul(x, dx) }) }),
    /✘ derivatives at size 3.*order 1, forward/,
  )
  assert.match(
    await rule({ vjp: ({ x }, { y: c }) => ({ x: mul(x, c) }) }),
    /✘ derivatives at size 3.*order 1, reverse/,
  )
  // right in its value, wrong where it is differentiated
  const constant = (x: Tensor): Tensor => squared({ oracle: ({ x: v, y }) => y.set(v), jvp: () => ({}) })(x)
  assert.match(
    await rule({ jvp: ({ x }, { x: dx }) => ({ y: mul(2, mul(constant(x), dx)) }) }),
    /✘ derivatives at size 3.*order 2/,
  )
  assert.match(await rule({ jvp: ({ x }, { x: dx }) => ({ y: mul(2, mul(x, tanh(dx))) }) }), /✘ derivatives/)
  assert.match(
    await rule({ vjp: () => ({ y: array(1) }) as never }),
    /✘ derivatives at size 3, squared: vjp returns y, and knows only x here/,
  )
  assert.match(
    await rule({ jvp: () => ({ y: array(1) }) }),
    /✘ derivatives at size 3, squared: jvp returns f32\[\] for y: it must be f64\[3\]/,
  )
})

test('a kernel that takes no size says so, and one that refuses some is not blamed', async () => {
  const pairs = squared({
    shape: ({ x }) => {
      if (x.size % 2 === 1) throw new Error('squared: an even number is needed.')
      return { y: x }
    },
  })
  const report = await checkKernel(pairs, { device: plain, sizes: [0, 1, 2] })
  assert.match(report.text, /✓ size 1, refused: squared: an even number is needed/)
  const none = await checkKernel(pairs, { device: plain, sizes: [1, 3], onFailure: 'report' })
  assert.match(none.text, /✘ sizes, it refused them all/)
})

test.run()
