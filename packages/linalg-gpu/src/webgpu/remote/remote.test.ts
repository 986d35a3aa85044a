import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { softwareGpu } from '../../../../../tools/webgpu/software.mjs'
import type { SyncBuffer } from './buffer.testing.js'
import { remoteGpu, startRemoteGpu } from './remote.testing.js'

const deviceOf = async (gpu: Promise<GPU> = remoteGpu()): Promise<GPUDevice> =>
  (await (await gpu).requestAdapter())!.requestDevice()

const square = `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&x)) { y[id.x] = x[id.x] * x[id.x]; }
}`

const reader = (device: GPUDevice, size: number): SyncBuffer =>
  device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST }) as SyncBuffer

/** x² of n numbers 0, 1, …: all that a kernel needs, on a device. */
const squares = (device: GPUDevice, n: number, code = square) => {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST
  const x = device.createBuffer({ size: 4 * n, usage, label: 'x' })
  const y = device.createBuffer({ size: 4 * n, usage, label: 'y' })
  const result = reader(device, 4 * n)
  const layout = device.createBindGroupLayout({
    entries: [
      { binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'read-only-storage' } },
      { binding: 1, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'storage' } },
    ],
  })
  const descriptor = {
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module: device.createShaderModule({ code }), entryPoint: 'main' },
  }
  const group = device.createBindGroup({
    layout,
    entries: [
      { binding: 0, resource: { buffer: x } },
      { binding: 1, resource: { buffer: y } },
    ],
  })
  device.queue.writeBuffer(
    x,
    0,
    Float32Array.from({ length: n }, (_, i) => i),
  )
  const run = (pipeline = device.createComputePipeline(descriptor)): void => {
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, group)
    pass.dispatchWorkgroups(Math.ceil(n / 64))
    pass.end()
    encoder.copyBufferToBuffer(y, 0, result, 0, 4 * n)
    device.queue.submit([encoder.finish()])
  }
  return { descriptor, result, run }
}

const read = (buffer: SyncBuffer): number[] => {
  buffer.mapSync(GPUMapMode.READ)
  const numbers = [...new Float32Array(buffer.getMappedRange())]
  buffer.unmap()
  return numbers
}
const message = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`
  }
  return 'nothing was thrown'
}
const messageOf = (work: () => unknown): Promise<string> => message((async () => work())())

test('the squares of a thousand numbers are read at once, in the turn that asked for them', async () => {
  const device = await deviceOf()
  const { result, run } = squares(device, 1000)
  run()
  assert.is(result.mapState, 'unmapped')
  result.mapSync(GPUMapMode.READ)
  assert.is(result.mapState, 'mapped')
  assert.equal(
    [...new Float32Array(result.getMappedRange())],
    Array.from({ length: 1000 }, (_, i) => i * i),
  )
  result.unmap()
})

test('mapAsync and an asynchronously made pipeline give the same', async () => {
  const device = await deviceOf()
  const { descriptor, result, run } = squares(device, 65)
  run(await device.createComputePipelineAsync(descriptor))
  await device.queue.onSubmittedWorkDone()
  const mapped = result.mapAsync(GPUMapMode.READ, 8, 16)
  assert.is(result.mapState, 'pending')
  await mapped
  assert.equal([...new Float32Array(result.getMappedRange(8, 16))], [4, 9, 16, 25])
  assert.match(await messageOf(() => result.getMappedRange(8, 4)), /OperationError: .* overlaps/)
  assert.match(await messageOf(() => result.getMappedRange()), /OperationError: .* not within/)
})

test('unmap detaches what was mapped and ends a mapping that is under way', async () => {
  const device = await deviceOf()
  const buffer = reader(device, 16)
  buffer.mapSync(GPUMapMode.READ)
  const range = buffer.getMappedRange()
  assert.is(range.byteLength, 16)
  buffer.unmap()
  assert.is(range.byteLength, 0)
  const mapped = message(buffer.mapAsync(GPUMapMode.READ))
  assert.match(await messageOf(() => buffer.mapSync(GPUMapMode.READ)), /OperationError: .* about to be/)
  buffer.unmap()
  assert.match(await mapped, /^AbortError/)
  const other = message(buffer.mapAsync(GPUMapMode.READ))
  read(reader(device, 4)) // by now the thread has mapped, and this one has not heard of it
  buffer.unmap()
  assert.match(await other, /^AbortError/)
  assert.equal(read(buffer), [0, 0, 0, 0])
})

test('writes happen in the order of the calls, with the data as it was at the call', async () => {
  const device = await deviceOf()
  const buffer = reader(device, 24)
  const data = new Float32Array([0, 1, 2, 3, 4, 5, 6])
  device.queue.writeBuffer(buffer, 0, data, 1)
  data.forEach((x, i) => {
    data[i] = 10 * x
  })
  device.queue.writeBuffer(buffer, 4, data.subarray(2, 6), 1, 2)
  device.queue.writeBuffer(buffer, 16, data.buffer, 8, 4)
  const encoder = device.createCommandEncoder()
  encoder.clearBuffer(buffer, 8, 4)
  device.queue.submit([encoder.finish()])
  device.queue.writeBuffer(buffer, 12, new Uint8Array(new Float32Array([7]).buffer))
  assert.equal(read(buffer), [1, 30, 0, 7, 20, 6])
  assert.throws(() => device.queue.writeBuffer(buffer, 0, data.subarray(0, 2), 1, 2), /data has 2 elements/)
})

test('an error of a shader is told by its compilation info, an error scope and the pipeline', async () => {
  const device = await deviceOf()
  device.pushErrorScope('validation')
  const module = device.createShaderModule({ code: '@compute @workgroup_size(1)\nfn main() { let x: f32 = 1u; }' })
  const [first] = (await module.getCompilationInfo()).messages
  assert.is(first!.type, 'error')
  assert.is(first!.lineNum, 2)
  assert.match(first!.message, /cannot initialize/)
  const error = await device.popErrorScope()
  assert.instance(error, GPUValidationError)
  assert.match(error!.message, /parsing WGSL/)
  device.pushErrorScope('validation')
  assert.is(await device.popErrorScope(), null)
  const made = device.createComputePipelineAsync({ layout: 'auto', compute: { module } })
  assert.match(await message(made), /^GPUPipelineError: .*Invalid ShaderModule/)
})

test('an error that no scope catches is an event of its device', async () => {
  const [device, other] = [await deviceOf(), await deviceOf()]
  other.addEventListener('uncapturederror', () => assert.unreachable('the other device has no error'))
  const error = new Promise<GPUError>((resolve) =>
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault()
      resolve((event as GPUUncapturedErrorEvent).error)
    }),
  )
  device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE })
  await device.queue.onSubmittedWorkDone()
  assert.instance(await error, GPUValidationError)
})

test('what a call throws in the thread comes out of the next promise or mapSync, once and with its name', async () => {
  const device = await deviceOf()
  const buffer = reader(device, 4)
  device.createBindGroupLayout({ entries: 3 } as unknown as GPUBindGroupLayoutDescriptor)
  assert.match(await messageOf(() => buffer.mapSync(GPUMapMode.READ)), /^Error: createBindGroupLayout: /)
  assert.equal(read(buffer), [0])
  const lost = device.createQuerySet({ type: 'none' as 'timestamp', count: 2 })
  const encoder = device.createCommandEncoder()
  encoder.resolveQuerySet(lost, 0, 2, buffer, 0)
  assert.match(
    await message(device.queue.onSubmittedWorkDone()),
    /^Error: createQuerySet: .*\nresolveQuerySet: not made, because of createQuerySet/s,
  )
  await device.queue.onSubmittedWorkDone()
  assert.throws(() => device.queue.submit([() => {}] as unknown as GPUCommandBuffer[]), /cannot go to the thread/)
})

test('a buffer that cannot be mapped throws out of mapSync, and a write mapping is refused', async () => {
  const device = await deviceOf()
  device.addEventListener('uncapturederror', () => {})
  const buffer = device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE }) as SyncBuffer
  assert.match(await messageOf(() => buffer.mapSync(GPUMapMode.READ)), /^OperationError/)
  assert.is(buffer.mapState, 'unmapped')
  assert.match(await messageOf(() => buffer.mapSync(GPUMapMode.WRITE)), /mode is 2/)
})

test('destroying one of several devices loses that one', async () => {
  const [one, other] = [await deviceOf(), await deviceOf()]
  const [a, b] = [squares(one, 3), squares(other, 5)]
  a.run()
  b.run()
  assert.equal([read(b.result), read(a.result)], [[0, 1, 4, 9, 16], [0, 1, 4]]) // biome-ignore format: one
  one.destroy()
  const { reason } = await one.lost
  assert.is(reason, 'destroyed')
  assert.match(await messageOf(() => a.result.mapSync(GPUMapMode.READ)), /Error/)
  b.run()
  assert.equal(read(b.result), [0, 1, 4, 9, 16])
})

test('an adapter and a device tell what those of this thread tell', async () => {
  const adapter = (await (await remoteGpu()).requestAdapter())!
  const here = (await (await softwareGpu()).requestAdapter())!
  assert.equal(new Set(adapter.features), new Set(here.features))
  assert.ok(Object.keys(adapter.limits).length > 30)
  for (const [name, limit] of Object.entries(adapter.limits))
    assert.is(limit, here.limits[name as keyof GPUSupportedLimits], name)
  for (const name of ['vendor', 'architecture', 'description', 'isFallbackAdapter', 'subgroupMinSize'] as const)
    assert.is(adapter.info[name], here.info[name], name)

  const maxStorageBuffersPerShaderStage = adapter.limits.maxStorageBuffersPerShaderStage
  const descriptor = { requiredFeatures: ['subgroups' as const], requiredLimits: { maxStorageBuffersPerShaderStage } }
  const device = await adapter.requestDevice(descriptor)
  assert.is(device.limits.maxStorageBuffersPerShaderStage, maxStorageBuffersPerShaderStage)
  assert.is((await deviceOf()).limits.maxStorageBuffersPerShaderStage, 8)
  assert.equal([device.features.has('subgroups'), device.features.has('timestamp-query')], [true, false])
  assert.is(device.adapterInfo.architecture, adapter.info.architecture)
  assert.is(device.lost, device.lost)
})

test('dynamic offsets, indirect dispatches and timestamps arrive', async () => {
  const adapter = (await (await remoteGpu()).requestAdapter())!
  const device = await adapter.requestDevice({ requiredFeatures: ['timestamp-query'] })
  const step = device.limits.minStorageBufferOffsetAlignment
  const { COPY_DST, COPY_SRC, INDIRECT, QUERY_RESOLVE, STORAGE } = GPUBufferUsage
  const cells = device.createBuffer({ size: 3 * step, usage: STORAGE | COPY_SRC })
  const counts = device.createBuffer({ size: 12, usage: INDIRECT | COPY_DST })
  const times = device.createBuffer({ size: 16, usage: QUERY_RESOLVE | COPY_SRC })
  const [result, clock] = [reader(device, 3 * step), reader(device, 16)]
  const layout = device.createBindGroupLayout({
    entries: [{ binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'storage', hasDynamicOffset: true } }],
  })
  const code = `@group(0) @binding(0) var<storage, read_write> y: array<f32, 2>;
    @compute @workgroup_size(1) fn main(@builtin(workgroup_id) id: vec3u) { y[id.x] += f32(id.x + 1u); }`
  const pipeline = device.createComputePipeline({
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module: device.createShaderModule({ code }) },
  })
  const group = device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer: cells, size: 8 } }] })
  const querySet = device.createQuerySet({ type: 'timestamp', count: 2 })
  device.queue.writeBuffer(counts, 0, new Uint32Array([2, 1, 1]))

  const encoder = device.createCommandEncoder()
  const timestampWrites = { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 }
  const pass = encoder.beginComputePass({ timestampWrites })
  pass.setPipeline(pipeline)
  pass.setBindGroup(0, group, [step])
  pass.dispatchWorkgroups(1)
  pass.setBindGroup(0, group, new Uint32Array([9, 2 * step]), 1, 1)
  pass.dispatchWorkgroupsIndirect(counts, 0)
  pass.end()
  encoder.resolveQuerySet(querySet, 0, 2, times, 0)
  encoder.copyBufferToBuffer(cells, 0, result, 0, 3 * step)
  encoder.copyBufferToBuffer(times, 0, clock, 0, 16)
  device.queue.submit([encoder.finish()])

  const at = step / 4
  const numbers = read(result)
  assert.equal([0, at, at + 1, 2 * at, 2 * at + 1].map((i) => numbers[i]), [0, 1, 0, 1, 2]) // biome-ignore format: one
  clock.mapSync(GPUMapMode.READ)
  const [begun, ended] = new BigUint64Array(clock.getMappedRange())
  assert.ok(0n < begun! && begun! < ended!, `${begun} < ${ended}`)
})

test('mapSync gives up after its limit, and the next one works', async () => {
  const device = await deviceOf(startRemoteGpu({ timeLimit: 200 }))
  const slow = square.replace(
    'y[id.x] = x[id.x] *',
    'var k = id.x; for (var i = 0u; i < 8000000u; i++) { k = k * 1664525u + 1013904223u; } y[id.x] = f32(k & 1u) *',
  )
  const { result, run } = squares(device, 64, slow)
  run()
  assert.match(await messageOf(() => result.mapSync(GPUMapMode.READ)), /^Error: mapAsync: no answer .* within 0.2 s/)
  assert.is(result.mapState, 'unmapped')
  await device.queue.onSubmittedWorkDone()
  assert.equal(
    read(result),
    Array.from({ length: 64 }, (_, i) => (i & 1) * i),
  )
})

/** Runs a program in a process of its own, after a device and a buffer to read were made. */
const program = (rest: string) => {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@neumann/source', '--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', `
      const { remoteGpu } = await import('${new URL('remote.testing.ts', import.meta.url)}')
      const device = await (await (await remoteGpu()).requestAdapter()).requestDevice()
      const buffer = device.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST })
      ${rest}`],
    // this process may have set the driver, which loads its library with it: that process is to do both itself
    { encoding: 'utf8', timeout: 20_000, env: { ...process.env, VK_DRIVER_FILES: undefined } },
  ) // biome-ignore format: one
  return { status, stderr }
}

test('the thread neither keeps a process alive nor lets it end before a promise', () => {
  assert.equal(program('buffer.mapSync(1)'), { status: 0, stderr: '' })
  const waits = 'await device.queue.onSubmittedWorkDone(); await buffer.mapAsync(1); process.exitCode = 3'
  assert.is(program(waits).status, 3)
})

test('an error after which nothing is asked ends the process with a failure', () => {
  const { status, stderr } = program('device.createBindGroup({})')
  assert.is(status, 1)
  assert.match(stderr, /Error: createBindGroup: /)
})

test.run()
