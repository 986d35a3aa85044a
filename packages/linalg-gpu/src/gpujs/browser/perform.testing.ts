/** What a page and Node do alike: open a device, run programs, tell what came of it in plain data. */

import { GPU } from 'gpu.js'
import { type Results, runSamples } from '../../browser/samples.testing.js'
import {
  array,
  cumsum,
  data,
  type Failure,
  jit,
  matmul,
  mul,
  onDevice,
  read,
  readSync,
  scope,
  softmax,
  type Tensor,
  tanh,
} from '../../index.js'
import { wasmDevice } from '../../wasm/index.js'
import { carried, given } from '../carried.testing.js'
import { distance } from '../harness.testing.js'
import { type Fallback, type GpuClass, type GpujsOptions, gpujs, gpujsDevice } from '../index.js'

export interface Told extends Results {
  readonly failure?: Failure
  readonly fallbacks: readonly Fallback[]
}

/** Opens a device and runs the samples that all devices run, also on the plain device. */
export const perform = async (options: Pick<GpujsOptions, 'mode'>): Promise<Told> => {
  const opened = await gpujs({ ...options, GPU })()
  if (opened._tag === 'Left') return { failure: opened.left, fallbacks: [], results: {}, differences: {} }
  const device = opened.right
  const told = await runSamples(device, { compare: true })
  const fallbacks = device.fallbacks()
  device.dispose()
  return { fallbacks, ...told }
}

/** By title of a program that gpu.js carries, how far it is from the plain device; and what has been on wasm after all. */
export const performCarried = async (
  options: Pick<GpujsOptions, 'mode'>,
): Promise<{ readonly off: Readonly<Record<string, number>>; readonly fallbacks: readonly Fallback[] }> => {
  const device = await gpujsDevice({ ...options, GPU })
  const off: Record<string, number> = {}
  for (const { title, run } of carried) off[title] = await distance(device, run)
  const fallbacks = device.fallbacks()
  device.dispose()
  return { off, fallbacks }
}

/** Textures that are alive after 5, 10 and 30 rounds of uploads of many sizes, of calls, and of what falls back. */
export const performRounds = async (): Promise<readonly number[]> => {
  const { prototype } = WebGL2RenderingContext
  const { createTexture, deleteTexture } = prototype
  // gpu.js deletes some twice
  const alive = new Set<WebGLTexture | null>()
  prototype.createTexture = function () {
    const made = createTexture.call(this)
    alive.add(made)
    return made
  }
  prototype.deleteTexture = function (texture) {
    alive.delete(texture)
    deleteTexture.call(this, texture)
  }
  const device = await gpujsDevice({ GPU, capacity: 4 })
  const counts: number[] = []
  for (let round = 1; round <= 30; round++) {
    onDevice(device, () =>
      scope(() => {
        const x = given([1 + (round % 5), 3])
        const made = jit((x: Tensor) => [softmax(x), mul(x, 2)])(x)
        return void [...made.map((y) => readSync(y)), readSync(jit((y: Tensor) => cumsum(y))(made[0]!))]
      }),
    )
    if ([5, 10, 30].includes(round)) counts.push(alive.size)
  }
  device.dispose()
  prototype.createTexture = createTexture
  prototype.deleteTexture = deleteTexture
  return counts
}

/** What becomes of a device whose GPU the browser takes away. */
export const performLoss = async (): Promise<readonly string[]> => {
  let made: GPU | undefined
  const watched = Object.assign(
    function (this: unknown, settings: { readonly mode: 'webgl2' }) {
      made = new GPU(settings)
      return made
    },
    { isWebGL2Supported: GPU.isWebGL2Supported },
  )
  const device = await gpujsDevice({ GPU: watched as unknown as GpuClass })
  const x = onDevice(device, () => given([3]))
  const double = jit((x: Tensor) => mul(x, 2))
  const before = double(x)
  made!.context.getExtension('WEBGL_lose_context')!.loseContext()
  const outcome = await read(before)()
  const fresh = onDevice(device, () => array([1, 2, 3]))
  const after = Array.from(await data(double(fresh))).join()
  const { reason } = device.fallbacks().at(-1)!
  return [outcome._tag === 'Left' ? `${outcome.left.code}: ${outcome.left.message}` : 'read', after, reason]
}

/** Milliseconds of a call with its result read back, on gpu.js and on one thread of wasm. */
export const performRace = async (): Promise<Readonly<Record<string, readonly [gpujs: number, wasm: number]>>> => {
  const devices = [await gpujsDevice({ GPU }), await wasmDevice({ threads: 1 })]
  const out: Record<string, [number, number]> = {}
  for (const [title, f, shape] of [
    ['a product of 128 · 128 · 128', (x: Tensor) => matmul(x, x), [128, 128]],
    ['tanh of 2¹⁸', (x: Tensor) => tanh(x), [2 ** 18]],
    ['softmax of 256 × 256', (x: Tensor) => softmax(x), [256, 256]],
    ['doubling 1000', (x: Tensor) => mul(x, 2), [1000]],
  ] as const) {
    const call = jit(f)
    out[title] = [0, 0]
    for (const [i, device] of devices.entries()) {
      const x = onDevice(device, () => given(shape))
      await data(call(x))
      out[title]![i] = Infinity
      // the least of five: another program may have the processor in between
      for (let turn = 0; turn < 5; turn++) {
        const start = performance.now()
        await data(call(x))
        out[title]![i] = Math.min(out[title]![i]!, performance.now() - start)
      }
    }
  }
  for (const device of devices) device.dispose()
  return out
}
