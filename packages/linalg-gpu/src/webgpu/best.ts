/** @neumann/linalg-gpu/best: the fastest device that is to be had where the program runs, and why it is that one.
 *
 *    webgpu            a GPU
 *    wasm              WebAssembly, with threads where memory can be shared
 *    software-webgpu   a processor that plays a GPU: right, and slower than wasm
 *    plain             JavaScript: slow, and always there
 *    gpujs             WebGL2, for what it can carry; only where the order names it, as it was never found faster than wasm
 *
 *  Devices are loaded when they are tried: a page pays for those alone. */

import type { Either } from 'fp-ts/lib/Either.js'
import { fail } from '../errors.js'
import type { GpujsDevice, GpujsOptions } from '../gpujs/device.js'
import { plain } from '../plain/device.js'
import type { Device, Failure } from '../run/device.js'
import type { WasmDevice, WasmOptions } from '../wasm/device.js'
import type { WebgpuDevice, WebgpuOptions } from './device.js'

interface Devices {
  readonly webgpu: WebgpuDevice
  readonly wasm: WasmDevice
  readonly 'software-webgpu': WebgpuDevice
  readonly plain: Device
  readonly gpujs: GpujsDevice
}
export type DeviceKind = keyof Devices

export interface BestOptions {
  /** What may be chosen, the best first: the first that is to be had is. A kind that is left out is not chosen. */
  readonly order?: readonly DeviceKind[]
  readonly webgpu?: WebgpuOptions
  readonly wasm?: WasmOptions
  readonly gpujs?: GpujsOptions
}

interface Found<K extends DeviceKind> {
  readonly kind: K
  readonly device: Devices[K]
  /** What was chosen, and why nothing before it was: sentences for a log. */
  readonly why: string
  /** Why each of those before it was not chosen, and what the device itself has to say. */
  readonly notes: readonly string[]
}
export type Best = { readonly [K in DeviceKind]: Found<K> }[DeviceKind]

const usual: readonly DeviceKind[] = ['webgpu', 'wasm', 'software-webgpu', 'plain']

/** A device of a kind and what it is called, or why there is none. */
type Trial<D extends Device> = () => Promise<
  { readonly device: D; readonly name: string; readonly notes?: readonly string[] } | string
>

/** The device for a program that has no wish of its own. Rejects where nothing of the order is to be had; `plain` always is.
 *  @example
 *  const { kind, device, why } = await bestDevice({ order: ['wasm', 'plain'], wasm: { threads: 1 } })
 *  why // => wasm, with 1 thread.
 *  kind === device.name // => true */
export const bestDevice = async ({
  order = usual,
  webgpu = {},
  wasm = {},
  gpujs = {},
}: BestOptions = {}): Promise<Best> => {
  let opened: Promise<Either<Failure, WebgpuDevice>> | undefined
  // one adapter is looked at, whatever it turns out to be
  const gpu = (): Promise<Either<Failure, WebgpuDevice>> =>
    (opened ??= import('./device.js').then((own) => own.webgpu(webgpu)()))
  const onGpu =
    (software: boolean, reason: string): Trial<WebgpuDevice> =>
    async () => {
      const outcome = await gpu()
      if (outcome._tag === 'Left') return outcome.left.message.replace(/^webgpu: /, '')
      const device = outcome.right
      const { description, architecture, vendor } = device.adapter
      const adapter = description || architecture || vendor || 'nameless'
      return device.adapter.software === software
        ? { device, name: `on ${adapter}` }
        : `the adapter, ${adapter}, ${reason}.`
    }
  const trials: { readonly [K in DeviceKind]: Trial<Devices[K]> } = {
    webgpu: onGpu(false, 'is in software, which is slower than wasm'),
    wasm: async () => {
      const outcome = await (await import('../wasm/device.js')).wasm(wasm)()
      if (outcome._tag === 'Left') return outcome.left.message.replace(/^wasm: /, '')
      const { right: device } = outcome
      const threads = device.threads()
      return { device, name: `with ${threads} thread${threads === 1 ? '' : 's'}`, notes: device.notes }
    },
    'software-webgpu': onGpu(true, 'is a GPU'),
    plain: async () => ({ device: plain, name: 'in JavaScript, which is slow' }),
    gpujs: async () => {
      const outcome = await (await import('../gpujs/device.js')).gpujs(gpujs)()
      return outcome._tag === 'Left'
        ? outcome.left.message.replace(/^gpujs: /, '')
        : { device: outcome.right, name: `in mode ${outcome.right.mode} of gpu.js` }
    },
  }
  for (const kind of order)
    if (!Object.hasOwn(trials, kind))
      fail('bestDevice', `there is no kind of device ${kind}: the order is of ${Object.keys(trials).join(', ')}.`)
  const refusals: string[] = []
  for (const kind of order) {
    const trial = await trials[kind]()
    if (typeof trial === 'string') {
      refusals.push(`${kind}: ${trial}`)
      continue
    }
    const { device, name, notes = [] } = trial
    const unused = opened && (await opened)
    if (unused?._tag === 'Right' && unused.right !== device) unused.right.dispose()
    const why = [`${kind}, ${name}.`, ...refusals.map((one) => `Not ${one}`)].join(' ')
    return { kind, device, why, notes: [...refusals, ...notes] } as Best
  }
  const unused = opened && (await opened)
  if (unused?._tag === 'Right') unused.right.dispose()
  return fail('bestDevice', `none of ${order.join(', ') || 'no kinds'} is to be had. ${refusals.join(' ')}`)
}
