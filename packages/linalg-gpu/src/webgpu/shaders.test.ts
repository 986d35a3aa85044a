import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { softwareGpu } from '../../../../tools/webgpu/software.mjs'
import {
  add,
  cond,
  foriLoop,
  greater,
  matmul,
  mul,
  softmax,
  sum,
  type Tensor,
  tanh,
  trace,
  transpose,
  zeros,
} from '../index.js'
import { eigh } from '../linalg/eigh.js'
import { type Shader, shaders, usualTraits } from './shaders.js'

const of = (f: (x: Tensor) => unknown, shape: readonly number[], software = false): readonly Shader[] =>
  shaders(trace(f)(zeros(shape)), { ...usualTraits, software })
const barriers = (all: readonly Shader[]): number => all.filter(({ code }) => /workgroupBarrier/.test(code)).length

test('shaders stand in the order of the kernels, with elementwise work in the product before it', () => {
  const names = of((x) => tanh(add(matmul(x, transpose(x)), 1)), [5, 3]).map(({ kernel }) => kernel)
  assert.equal(names, ['dot add tanh'])
  const two = of((x) => [matmul(x, transpose(x)), sum(mul(x, x))], [5, 3]).map(({ kernel }) => kernel)
  assert.equal([...new Set(two)].sort(), ['dot', 'mul sum'])
})

test('what stands in loops and in branches is shown, once', () => {
  const loop = of((x) => foriLoop(0, 9, (_, y: Tensor) => tanh(mul(y, 2)), x), [7])
  assert.is(loop.filter(({ kernel }) => /tanh/.test(kernel)).length, 1)
  const branches = of((x) => cond(greater(sum(x), 0), (y: Tensor) => tanh(y), (y: Tensor) => mul(y, 3), x), [7]) // biome-ignore format: one line
  const names = branches.map(({ kernel }) => kernel)
  assert.is(names.filter((name) => /tanh/.test(name)).length, 1)
  assert.is(names.filter((name) => /mul/.test(name)).length, 1)
})

test('a software adapter is spared barriers, others get them where they pay', () => {
  const rows = (x: Tensor): Tensor => softmax(x)
  assert.is(barriers(of(rows, [64, 300], true)), 0)
  assert.ok(barriers(of(rows, [64, 300])) > 0)
})

test('a program of nothing has no shaders; what the host computes has none; f64 is refused', () => {
  assert.equal(
    of((x) => mul(x, 2), [0, 3]),
    [],
  )
  const names = of((x) => eigh(x).values, [4, 4]).map(({ kernel }) => kernel)
  assert.not.ok(names.some((name) => /eigh|jacobi/.test(name)))
  assert.throws(() => shaders(trace((x: Tensor) => mul(x, 2))(zeros([3], { dtype: 'f64' }))), /WebGPU has no f64/)
})

test('usual traits are those that every device has that was asked for nothing more', async () => {
  const adapter = await ((await softwareGpu()) as GPU).requestAdapter()
  const device = await adapter!.requestDevice()
  const { limits } = device
  assert.is(usualTraits.invocations, limits.maxComputeInvocationsPerWorkgroup)
  assert.is(usualTraits.workgroupBytes, limits.maxComputeWorkgroupStorageSize)
  assert.is(usualTraits.workgroups, limits.maxComputeWorkgroupsPerDimension)
  assert.ok(usualTraits.bindings <= limits.maxStorageBuffersPerShaderStage)
  assert.is(usualTraits.bindingBytes, limits.maxStorageBufferBindingSize)
  for (const { code } of of((x) => [softmax(x), matmul(x, transpose(x))], [40, 33])) {
    device.pushErrorScope('validation')
    device.createShaderModule({ code })
    assert.is((await device.popErrorScope())?.message, undefined)
  }
  device.destroy()
})

test.run()
