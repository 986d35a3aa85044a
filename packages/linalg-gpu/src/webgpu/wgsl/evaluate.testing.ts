/** Evaluates an expression of WGSL over arrays, one dispatch on the software driver. */

import { softwareGpu } from '../../../../../tools/webgpu/software.mjs'
import type { DType } from '../../dtype.js'
import { valueType } from './apply.js'
import { functionsOf, type Uses } from './library.js'

let made: Promise<GPUDevice> | undefined

const device = (): Promise<GPUDevice> => {
  made ??= softwareGpu()
    .then((gpu: GPU) => gpu.requestAdapter())
    .then((adapter) => adapter!.requestDevice())
  return made
}

/** The 32 bits in which a value of the dtype stands: f16 as an f32, smaller integers sign- or zero-extended, bool as 0 or 1. */
export type Words = Float32Array | Int32Array | Uint32Array

const group = 64

/** The values of `write(names of the operands, uses)` at each index; all operands have one length. */
export const evaluate = async (
  write: (args: readonly string[], uses: Uses) => string,
  inputs: readonly (readonly [DType, Words])[],
  to: DType,
): Promise<Words> => {
  const n = inputs[0]![1].length
  const uses: Uses = new Set()
  const result = write(inputs.map((_, i) => `x${i}`), uses) // biome-ignore format: short
  const read = inputs.map(([dtype], i) => {
    const words = `operand${i}[i]`
    return `  let x${i} = ${dtype === 'bool' ? `${words} != 0u` : `bitcast<${valueType(dtype)}>(${words})`};`
  })
  const code = [
    functionsOf(uses),
    ...inputs.map((_, i) => `@group(0) @binding(${i}) var<storage, read> operand${i}: array<u32>;`),
    `@group(0) @binding(${inputs.length}) var<storage, read_write> result: array<u32>;`,
    `@compute @workgroup_size(${group}) fn main(@builtin(global_invocation_id) id: vec3<u32>) {`,
    '  let i = id.x;',
    '  if (i >= arrayLength(&result)) { return; }',
    ...read,
    `  let y = ${result};`,
    `  result[i] = ${to === 'bool' ? 'u32(y)' : 'bitcast<u32>(y)'};`,
    '}',
  ].join('\n')
  const gpu = await device()
  gpu.pushErrorScope('validation')
  const module = gpu.createShaderModule({ code })
  const { messages } = await module.getCompilationInfo()
  const lines = code.split('\n')
  const wrong = messages.filter(({ type }) => type === 'error')
  if (wrong.length > 0) throw new Error(wrong.map((m) => `${m.message}: ${lines[m.lineNum - 1]}`).join('\n'))
  const pipeline = gpu.createComputePipeline({ layout: 'auto', compute: { module } })
  const size = 4 * n
  const buffers = [...inputs, undefined].map((input) => {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC
    const buffer = gpu.createBuffer({ size, usage })
    if (input !== undefined) gpu.queue.writeBuffer(buffer, 0, input[1] as Words & ArrayBufferView<ArrayBuffer>)
    return buffer
  })
  const copy = gpu.createBuffer({ size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ })
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }))
  const commands = gpu.createCommandEncoder()
  const pass = commands.beginComputePass()
  pass.setPipeline(pipeline)
  pass.setBindGroup(0, gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }))
  pass.dispatchWorkgroups(Math.ceil(n / group))
  pass.end()
  commands.copyBufferToBuffer(buffers.at(-1)!, 0, copy, 0, size)
  gpu.queue.submit([commands.finish()])
  const failure = await gpu.popErrorScope()
  if (failure !== null) throw new Error(failure.message)
  await copy.mapAsync(GPUMapMode.READ)
  const words = copy.getMappedRange().slice(0)
  for (const buffer of [...buffers, copy]) buffer.destroy()
  const type = valueType(to)
  return type === 'f32' ? new Float32Array(words) : type === 'i32' ? new Int32Array(words) : new Uint32Array(words)
}
