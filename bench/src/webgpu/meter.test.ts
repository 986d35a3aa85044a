import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { softwareGpu } from '../../../tools/webgpu/software.mjs'
import { type Meter, meterOf } from './meter.js'

const code = `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(4) fn main(@builtin(global_invocation_id) id: vec3u) { y[id.x] = x[id.x] * w[id.x]; }
@compute @workgroup_size(4) fn grow(@builtin(global_invocation_id) id: vec3u) { y[id.x] = x[id.x] * w[id.x]; }`

const opened = async (): Promise<{ readonly meter: Meter; readonly device: GPUDevice }> => {
  const meter = meterOf((await softwareGpu()) as GPU)
  const device = await (await meter.gpu.requestAdapter())!.requestDevice()
  assert.is(meter.device(), device)
  return { meter, device }
}

const bufferOf = (device: GPUDevice, size: number): GPUBuffer =>
  device.createBuffer({ size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST })

const pipelineOf = (device: GPUDevice, text = code): GPUComputePipeline =>
  device.createComputePipeline({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code: text }), entryPoint: 'main' },
  })

const bind = (device: GPUDevice, pipeline: GPUComputePipeline, ...resources: GPUBufferBinding[]): GPUBindGroup =>
  device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: resources.map((resource, binding) => ({ binding, resource })),
  })

const go = (device: GPUDevice, pipeline: GPUComputePipeline, group: GPUBindGroup, dispatches: number): void => {
  const encoder = device.createCommandEncoder()
  const pass = encoder.beginComputePass()
  pass.setPipeline(pipeline)
  pass.setBindGroup(0, group)
  for (let i = 0; i < dispatches; i++) pass.dispatchWorkgroups(1)
  pass.end()
  device.queue.submit([encoder.finish()])
}

test('a program is counted: objects, submits, passes, dispatches, and bytes by their way', async () => {
  const { meter, device } = await opened()
  const [x, w, y] = [16, 1024, 32].map((size) => bufferOf(device, size)) as [GPUBuffer, GPUBuffer, GPUBuffer]
  device.queue.writeBuffer(x, 0, new Float32Array([1, 2, 3, 4]))
  device.queue.writeBuffer(w, 256, new Float32Array([9, 5, 6, 7, 8, 9]), 1, 4)
  const pipeline = pipelineOf(device)
  const group = bind(device, pipeline, { buffer: x }, { buffer: w, offset: 256, size: 16 }, { buffer: y })
  go(device, pipeline, group, 3)
  const staging = device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST })
  const encoder = device.createCommandEncoder()
  encoder.copyBufferToBuffer(y, 0, staging, 0, 16)
  device.queue.submit([encoder.finish()])
  await staging.mapAsync(GPUMapMode.READ)
  // the program itself is what it would be without
  assert.equal([...new Float32Array(staging.getMappedRange())], [5, 12, 21, 32])
  assert.is(meter.moments().length, 2)
  assert.equal(meter.take(), {
    submits: 2,
    working: 1,
    passes: 1,
    dispatches: 3,
    bindGroups: 1,
    buffers: 4,
    pipelines: 1,
    modules: 1,
    bound: 3 * (16 + 16 + 32),
    copied: 16,
    written: 32,
    read: 16,
  })
  assert.is(meter.take().submits, 0)
})

test('a range that is bound twice counts once; one that is read and written counts as both', async () => {
  const { meter, device } = await opened()
  const [x, y] = [bufferOf(device, 16), bufferOf(device, 32)]
  const square = pipelineOf(device)
  const added = pipelineOf(device, code.replaceAll('y[id.x] =', 'y[id.x] +='))
  meter.take()
  go(device, square, bind(device, square, { buffer: x }, { buffer: x }, { buffer: y }), 1)
  assert.is(meter.take().bound, 16 + 32)
  go(device, added, bind(device, added, { buffer: x }, { buffer: x }, { buffer: y }), 1)
  assert.is(meter.take().bound, 16 + 2 * 32)
  await device.queue.onSubmittedWorkDone()
})

test('unwatched, only submits are noted; what was not seen being made cannot be counted', async () => {
  const { meter, device } = await opened()
  const [x, y] = [bufferOf(device, 16), bufferOf(device, 16)]
  const pipeline = pipelineOf(device)
  meter.take()
  meter.watch(false)
  const group = bind(device, pipeline, { buffer: x }, { buffer: x }, { buffer: y })
  go(device, pipeline, group, 1)
  const counts = meter.take()
  assert.is(counts.submits, 1)
  assert.is(counts.dispatches + counts.bindGroups, 0)
  meter.watch(true)
  assert.throws(() => go(device, pipeline, group, 1), 'nothing known is bound')
  await device.queue.onSubmittedWorkDone()
})

test.run()
