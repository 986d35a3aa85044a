/** For tests: a `GPUDevice` whose objects are in another thread: what computing needs of it, and nothing of drawing. */

import { remoteBuffer } from './buffer.testing.js'
import { type Connection, gpuError } from './connection.testing.js'

export interface Abilities {
  readonly features: ReadonlySet<string>
  readonly limits: GPUSupportedLimits
  readonly info: GPUAdapterInfo
}

/** The part of `data` that `writeBuffer` writes, in bytes: offset and size count elements where data has them. */
const bytesToWrite = (data: AllowSharedBufferSource, offset = 0, size?: number): Uint8Array => {
  const view = ArrayBuffer.isView(data) ? data : new Uint8Array(data)
  const unit = 'BYTES_PER_ELEMENT' in view ? (view.BYTES_PER_ELEMENT as number) : 1
  const length = size === undefined ? view.byteLength - unit * offset : unit * size
  if (length < 0 || unit * offset + length > view.byteLength)
    throw new DOMException(`writeBuffer: data has ${view.byteLength / unit} elements`, 'OperationError')
  return new Uint8Array(view.buffer, view.byteOffset + unit * offset, length)
}

export const remoteDevice = (
  connection: Connection,
  device: number,
  { features, limits, info }: Abilities,
  label: string,
): GPUDevice => {
  const { adopt, ask, call, flush, number, watch } = connection
  const forward =
    (target: number, method: string) =>
    (...args: readonly unknown[]): undefined =>
      void call(target, method, args)

  /** Calls a method that makes an object, and gives its proxy. */
  const make = <T extends GPUObjectBase>(
    target: number,
    method: string,
    args: readonly unknown[],
    proxy: (id: number) => Partial<T> = () => ({}),
  ): T => {
    const id = number()
    call(target, method, args, id)
    const { label = '' } = (args[0] ?? {}) as GPUObjectDescriptorBase
    return adopt<T>(id, { label, ...proxy(id) })
  }

  const pass = (id: number): Partial<GPUComputePassEncoder> => ({
    setPipeline: forward(id, 'setPipeline'),
    setBindGroup: forward(id, 'setBindGroup'),
    dispatchWorkgroups: forward(id, 'dispatchWorkgroups'),
    dispatchWorkgroupsIndirect: forward(id, 'dispatchWorkgroupsIndirect'),
    end: forward(id, 'end'),
  })
  const encoder = (id: number): Partial<GPUCommandEncoder> => ({
    beginComputePass: (...args) => make(id, 'beginComputePass', args, pass),
    copyBufferToBuffer: forward(id, 'copyBufferToBuffer'),
    clearBuffer: forward(id, 'clearBuffer'),
    resolveQuerySet: forward(id, 'resolveQuerySet'),
    finish: (...args) => make(id, 'finish', args),
  })
  const module = (id: number): Partial<GPUShaderModule> => ({
    getCompilationInfo: async () =>
      ({ messages: await ask(id, 'getCompilationInfo', []) }) as unknown as GPUCompilationInfo,
  })
  const pipeline = (id: number): Partial<GPUComputePipeline> => ({
    getBindGroupLayout: (index) => make(id, 'getBindGroupLayout', [index]),
  })
  const queue = make<GPUQueue>(device, 'queue', [], (id) => ({
    submit: (list) => {
      call(id, 'submit', [list])
      flush()
    },
    writeBuffer: (buffer: GPUBuffer, at: number, data: AllowSharedBufferSource, offset?: number, size?: number) =>
      void call(id, 'writeBuffer', [buffer, at, bytesToWrite(data, offset, size)]),
    onSubmittedWorkDone: () => ask(id, 'onSubmittedWorkDone', []) as Promise<undefined>,
  }))

  const own: Partial<GPUDevice> = {
    label,
    features: features as GPUSupportedFeatures,
    limits,
    adapterInfo: info,
    queue,
    lost: watch(device, 'lost') as Promise<GPUDeviceLostInfo>,
    createBuffer: (descriptor) => remoteBuffer(connection, device, descriptor),
    createShaderModule: (...args) => make(device, 'createShaderModule', args, module),
    createBindGroupLayout: (...args) => make(device, 'createBindGroupLayout', args),
    createPipelineLayout: (...args) => make(device, 'createPipelineLayout', args),
    createBindGroup: (...args) => make(device, 'createBindGroup', args),
    createComputePipeline: (...args) => make(device, 'createComputePipeline', args, pipeline),
    createComputePipelineAsync: async (descriptor) => {
      const id = number()
      await ask(device, 'createComputePipelineAsync', [descriptor], id)
      return adopt<GPUComputePipeline>(id, { label: descriptor.label ?? '', ...pipeline(id) })
    },
    createQuerySet: (...args) =>
      make<GPUQuerySet>(device, 'createQuerySet', args, (id) => ({
        type: args[0].type,
        count: args[0].count,
        destroy: forward(id, 'destroy'),
      })),
    createCommandEncoder: (...args) => make(device, 'createCommandEncoder', args, encoder),
    pushErrorScope: forward(device, 'pushErrorScope'),
    popErrorScope: async () => {
      const error = (await ask(device, 'popErrorScope', [])) as Parameters<typeof gpuError>[0] | null
      return error && gpuError(error)
    },
    destroy: forward(device, 'destroy'),
  }
  const target = Object.assign(new EventTarget(), own)
  connection.uncaptured(device, (error) =>
    target.dispatchEvent(new GPUUncapturedErrorEvent('uncapturederror', { error })),
  )
  return adopt<GPUDevice>(device, target as Partial<GPUDevice>)
}
