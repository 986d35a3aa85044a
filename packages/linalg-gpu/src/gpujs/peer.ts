/** As much of gpu.js as is used here, and how it is found: it is an optional peer, which the user imports or we do. */

import type { Native } from './library.js'

/** A result that stays on the GPU. */
export interface Texture {
  readonly toArray: () => Float32Array
  readonly delete: () => void
}

/** A kernel of gpu.js. */
export interface KernelFunction {
  (...inputs: readonly (Float32Array | Texture)[]): Float32Array | Texture
  readonly destroy: () => void
  /** Why gpu.js runs it elsewhere than it was asked to. */
  readonly fallbackReason?: string | null
}

export interface KernelSettings {
  readonly output: readonly number[]
  readonly precision: 'single'
  readonly tactic: 'precision'
  readonly immutable: boolean
  readonly pipeline: boolean
  readonly injectedNative: string
  readonly nativeFunctions: readonly Native[]
  readonly loopMaxIterations: number
}

/** What the class makes, as far as it is used here. */
export interface GpuInstance {
  readonly createKernel: (source: string, settings: KernelSettings) => KernelFunction
  readonly destroy: () => unknown
  readonly context?: WebGL2RenderingContext | null
}

/** The class `GPU` of gpu.js, of whose own types nothing is asked here. */
export interface GpuClass {
  new (settings: { readonly mode: 'cpu' | 'webgl2' }): object
  readonly isWebGL2Supported: boolean
}

// bundlers should not look for it where it is not installed
const peer = 'gpu.js'

/** The user's own, or what is installed. Rejects where nothing is. */
export const findGpu = async (given: GpuClass | undefined): Promise<GpuClass> => {
  if (given !== undefined) return given
  const module = await import(/* @vite-ignore */ /* webpackIgnore: true */ peer)
  return (module.GPU ?? module.default.GPU) as GpuClass
}
