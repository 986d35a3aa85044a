/** For tests: a GPU of which things can be made to go wrong. */

import { softwareGpu } from '../../../../tools/webgpu/software.mjs'

/** What is done in place of an object's own methods and properties. */
type Changes<T> = (own: T) => { readonly [K in keyof T]?: T[K] }

/** The object with some members changed. Objects of WebGPU take only themselves as `this`. */
const changed = <T extends object>(own: T, changes: Changes<T> | undefined): T => {
  const others: { readonly [K in keyof T]?: T[K] } = changes?.(own) ?? {}
  return new Proxy(own, {
    get: (target, key) => {
      if (key in others) return others[key as keyof T]
      const member = Reflect.get(target, key, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  })
}

export interface Mischief {
  readonly adapter?: Changes<GPUAdapter>
  readonly device?: Changes<GPUDevice>
  /** As many adapters as there are. */
  readonly adapters?: number
}

export interface WrappedGpu {
  readonly gpu: GPU
  /** All devices that were given out, in their order; `destroy` loses one. */
  readonly devices: GPUDevice[]
}

export const wrappedGpu = async ({ adapter, device, adapters = Infinity }: Mischief = {}): Promise<WrappedGpu> => {
  const real = await softwareGpu()
  const devices: GPUDevice[] = []
  let left = adapters
  const requestAdapter = async (options?: GPURequestAdapterOptions): Promise<GPUAdapter | null> => {
    const own = left-- > 0 ? await real.requestAdapter(options) : null
    if (own === null) return null
    const requestDevice = async (descriptor?: GPUDeviceDescriptor): Promise<GPUDevice> => {
      const made = await own.requestDevice(descriptor)
      devices.push(made)
      return changed(made, device)
    }
    return changed(own, (it) => ({ requestDevice, ...adapter?.(it) }))
  }
  return { gpu: { requestAdapter } as GPU, devices }
}

/** Limits with some of them lowered. */
export const lowered = (
  limits: GPUSupportedLimits,
  own: { readonly [K in keyof GPUSupportedLimits]?: GPUSupportedLimits[K] },
): GPUSupportedLimits => changed(limits, () => own)

/** A device that has room for so many bytes in buffers, as if of GPU memory: beyond, buffers are not made, and the scope that asks for
 *  it is told so. */
export const smallMemory =
  (room: number): Changes<GPUDevice> =>
  (own) => {
    let held = 0
    const scopes: (string | undefined)[] = []
    return {
      createBuffer: (descriptor) => {
        if (held + descriptor.size > room) {
          scopes[scopes.length - 1] = `${descriptor.size} bytes are too many`
          // a real buffer of which nothing may be asked, as an invalid one
          return own.createBuffer({ size: 16, usage: descriptor.usage })
        }
        held += descriptor.size
        const buffer = own.createBuffer(descriptor)
        const destroy = buffer.destroy.bind(buffer)
        let there = true
        buffer.destroy = () => {
          if (there) held -= descriptor.size
          there = false
          return destroy()
        }
        return buffer
      },
      pushErrorScope: (filter) => {
        scopes.push(filter === 'out-of-memory' ? 'fits' : undefined)
        own.pushErrorScope(filter)
      },
      popErrorScope: async () => {
        const scope = scopes.pop()
        const error = own.popErrorScope()
        if (scope === undefined || scope === 'fits') return error
        await error
        return { message: scope } as GPUError
      },
    }
  }

/** An error given as its message. */
export const messageOf = (outcome: { readonly _tag: string; readonly left?: { readonly message: string } }): string =>
  outcome.left?.message ?? `a ${outcome._tag}`
