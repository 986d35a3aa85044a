/** Runs one rendered kernel on arrays, on Dawn itself, for tests: no device, no cache. Guard words stand around every operand. */

import { softwareGpu } from '../../../../tools/webgpu/software.mjs'
import type { TypedArray } from '../dtype.js'
import { storage } from '../dtype.js'
import { type Kernel, operandsOf } from '../kernel/kernel.js'
import { toldOf } from './memory.js'
import { bindingsOf, type Place, type Rendered, type Site } from './rendered.js'
import { writtenBy } from './runtime/executable.js'
import type { Traits } from './traits.js'

/** As SwiftShader is, but for what tests set otherwise: `software: false` asks for the kernels of real GPUs, with barriers. */
export const softwareTraits: Traits = {
  software: true, invocations: 256, workgroupBytes: 32768, workgroups: 65535, subgroups: undefined, f16: false, bindings: 12,
  bindingBytes: 2 ** 30,
} // biome-ignore format: a table

let device: Promise<GPUDevice> | undefined
/** One device for all kernels of a test file, with subgroups. */
export const testDevice = (): Promise<GPUDevice> => (device ??= open())
const open = async (): Promise<GPUDevice> => {
  const adapter = await (await softwareGpu()).requestAdapter()
  const { maxStorageBuffersPerShaderStage, maxStorageBufferBindingSize, maxBufferSize } = adapter!.limits
  return adapter!.requestDevice({
    requiredFeatures: ['subgroups'],
    requiredLimits: { maxStorageBuffersPerShaderStage, maxStorageBufferBindingSize, maxBufferSize },
  })
}

/** A binding of its own for each operand, but for those that stand over another: pairs of the other and its equal in place. */
export const placesOf = (kernel: Kernel, over: readonly (readonly [number, number])[] = []): readonly Place[] => {
  const written = writtenBy(kernel)
  const binding: number[] = []
  operandsOf(kernel).forEach((_, i) => {
    const pair = over.find(([, later]) => later === i)
    binding.push(pair === undefined ? Math.max(-1, ...binding) + 1 : binding[pair[0]]!)
  })
  return binding.map((own) => ({
    binding: own,
    offset: 0,
    writable: binding.some((other, i) => other === own && written[i]!),
    shifted: false,
  }))
}

export interface Harness {
  /** Elements at which shifted operands begin, by operand. */
  readonly shifts?: Readonly<Record<number, number>>
  /** Whether the gate is open; it is where nothing is said. */
  readonly open?: boolean
}

const guard = 256
const canary = 0xaaaaaaaa

/** Runs a rendered kernel; gives what then stands in the operands. Shifted operands are given whole. */
export const perform = async (
  rendered: Rendered,
  site: Site,
  operands: readonly TypedArray[],
  { shifts = {}, open: opened = true }: Harness = {},
): Promise<TypedArray[]> => {
  const gpu = await testDevice()
  const count = bindingsOf(site.places)
  const padded = (bytes: number): number => Math.max(16, Math.ceil(bytes / 16) * 16)
  const sizes = Array.from({ length: count }, (_, binding) =>
    padded(
      Math.max(
        ...site.places.flatMap((place, i) =>
          place.binding === binding ? [operands[i]!.byteLength + place.offset * operands[i]!.BYTES_PER_ELEMENT] : [],
        ),
      ),
    ),
  ).concat(rendered.scratch.map(padded))
  gpu.pushErrorScope('validation')
  gpu.pushErrorScope('out-of-memory')
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC
  const buffers = sizes.map((size) => {
    const buffer = gpu.createBuffer({ size: size + 2 * guard, usage })
    gpu.queue.writeBuffer(buffer, 0, new Uint32Array(size / 4 + guard / 2).fill(canary))
    return buffer
  })
  site.places.forEach(({ binding, offset }, i) => {
    const data = operands[i]!
    const bytes = new Uint8Array(padded(data.byteLength)).fill(0xaa)
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    const whole = bytes.subarray(0, Math.ceil(data.byteLength / 4) * 4)
    gpu.queue.writeBuffer(buffers[binding]!, guard + offset * data.BYTES_PER_ELEMENT, whole)
  })
  const told = gpu.createBuffer({ size: 256, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST })
  gpu.queue.writeBuffer(told, 0, new Uint32Array([1, ...toldOf(site).map((operand) => shifts[operand] ?? 0)]))
  const gates = gpu.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST })
  gpu.queue.writeBuffer(gates, 0, new Uint32Array([0, opened ? 1 : 0, 0, 0]))
  const encoder = gpu.createCommandEncoder()
  const pass = encoder.beginComputePass()
  for (const { code, bindings, workgroups, label } of rendered.dispatches) {
    const module = gpu.createShaderModule({ code, label })
    const wrong = (await module.getCompilationInfo()).messages.filter(({ type }) => type === 'error')
    if (wrong.length > 0)
      throw new Error(`${wrong.map(({ message, lineNum }) => `line ${lineNum}: ${message}`).join('\n')}\n${code}`)
    const layout = gpu.createBindGroupLayout({
      entries: bindings.map(({ binding, writable }) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: writable ? 'storage' : 'read-only-storage' },
      })),
    })
    const hasTold = code.includes('@group(1) @binding(0)')
    const entries: GPUBindGroupLayoutEntry[] = [
      ...(hasTold ? [{ binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'uniform' as const } }] : []),
      ...(site.gated
        ? [{ binding: 1, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'read-only-storage' as const } }]
        : []),
    ]
    const second = gpu.createBindGroupLayout({ entries })
    const pipeline = gpu.createComputePipeline({
      layout: gpu.createPipelineLayout({ bindGroupLayouts: [layout, second] }),
      compute: { module },
    })
    pass.setPipeline(pipeline)
    pass.setBindGroup(
      0,
      gpu.createBindGroup({
        layout,
        entries: bindings.map(({ binding }) => ({
          binding,
          resource: { buffer: buffers[binding]!, offset: guard, size: sizes[binding]! },
        })),
      }),
    )
    pass.setBindGroup(
      1,
      gpu.createBindGroup({
        layout: second,
        entries: entries.map(({ binding }) => ({ binding, resource: { buffer: binding === 0 ? told : gates } })),
      }),
    )
    pass.dispatchWorkgroups(...workgroups)
  }
  pass.end()
  const staging = sizes.map((size, i) => {
    const buffer = gpu.createBuffer({
      size: size + 2 * guard,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    })
    encoder.copyBufferToBuffer(buffers[i]!, 0, buffer, 0, size + 2 * guard)
    return buffer
  })
  gpu.queue.submit([encoder.finish()])
  const [memoryError, error] = [await gpu.popErrorScope(), await gpu.popErrorScope()]
  if (memoryError !== null || error !== null) throw new Error((memoryError ?? error)!.message)
  const contents = await Promise.all(
    staging.map(async (buffer) => {
      await buffer.mapAsync(GPUMapMode.READ)
      return new Uint8Array(buffer.getMappedRange().slice(0))
    }),
  )
  contents.forEach((bytes, i) => {
    const words = new Uint32Array(bytes.buffer)
    const end = words.length - guard / 4
    if (words.subarray(0, guard / 4).some((x) => x !== canary) || words.subarray(end).some((x) => x !== canary))
      throw new Error(`${rendered.dispatches.map(({ label }) => label).join()} wrote outside of binding ${i}`)
  })
  for (const buffer of [...buffers, ...staging, told, gates]) buffer.destroy()
  return site.places.map(({ binding, offset }, i) => {
    const like = operands[i]!
    const from = guard + offset * like.BYTES_PER_ELEMENT
    const out = like.slice() as TypedArray
    new Uint8Array(out.buffer).set(contents[binding]!.subarray(from, from + like.byteLength))
    return out
  })
}

/** Typed arrays for a kernel's operands, of a dtype's storage. */
export const blank = (kernel: Kernel): TypedArray[] => operandsOf(kernel).map(({ dtype, size }) => storage(dtype, size))
