/** Finding a GPU, its adapter and its device, or the reason why there is none. */

import type { Either } from 'fp-ts/lib/Either.js'
import type { Failure } from '../../run/device.js'
import { left, reasonOf, right } from '../../run/outcome.js'
import type { Traits } from '../traits.js'

export interface OpenOptions {
  /** Where adapters come from: `navigator.gpu` where there is one, else Dawn, from the optional peer `webgpu`, in Node. */
  readonly gpu?: GPU
  /** Of several adapters the fast one, or the one that saves power. By default the fast one. */
  readonly powerPreference?: 'high-performance' | 'low-power'
  /** Asks for the adapter in software that browsers keep for pages that need one. */
  readonly fallback?: boolean
}

/** An adapter's device, and what renderers and users ask of it. */
export interface Opened {
  readonly device: GPUDevice
  readonly traits: Traits
  readonly adapter: AdapterFacts
}

/** Who the adapter is. Browsers tell little of it. */
export interface AdapterFacts {
  readonly vendor: string
  readonly architecture: string
  readonly device: string
  readonly description: string
  /** Whether it is a processor that plays a GPU: right, and slow. */
  readonly software: boolean
}

const noAdapter = (message: string): Failure => ({ code: 'noAdapter', message: `webgpu: ${message}` })

interface Dawn {
  readonly create: (options: readonly string[]) => GPU
  readonly globals: Readonly<Record<string, unknown>>
}

// an instance of Dawn that is collected while it still works ends the process: one is kept for all
const kept = Symbol.for('@neumann/linalg-gpu/dawn')

/** The page, worker or process, as far as a GPU is to be found in it. */
export interface Surroundings {
  readonly navigator?: { readonly gpu?: GPU }
  readonly isSecureContext?: boolean
  readonly process?: { readonly versions?: { readonly node?: string } }
  [kept]?: GPU
}

// bundlers for browsers should not look for it
const peer = 'webgpu'
const importDawn = (): Promise<Dawn> => import(/* @vite-ignore */ /* webpackIgnore: true */ peer)

const inNode = ({ process }: Surroundings): boolean => typeof process?.versions?.node === 'string'

const findGpu = async (around: Surroundings, dawn: () => Promise<Dawn>): Promise<Either<Failure, GPU>> => {
  const own = around.navigator?.gpu ?? around[kept]
  if (own !== undefined) return right(own)
  if (!inNode(around))
    return left(
      noAdapter(
        around.isSecureContext === false
          ? 'the page is no secure context, and has no navigator.gpu: serve it by https, or from localhost.'
          : 'this browser has no navigator.gpu. Use one with WebGPU (Chrome and Edge 113, Safari 26, Firefox 141 and later), or the wasm device.',
      ),
    )
  try {
    const { create, globals } = await dawn()
    for (const [key, value] of Object.entries(globals)) (globalThis as Record<string, unknown>)[key] ??= value
    around[kept] = create([])
    return right(around[kept])
  } catch (error) {
    return left(
      noAdapter(
        `Node has WebGPU through the npm package webgpu (Dawn), which did not load: install it (npm install webgpu), or use the wasm device. (${reasonOf(error)})`,
      ),
    )
  }
}

/** Vendors of processors that play a GPU; `isFallbackAdapter` is not told everywhere. */
const softwareNames = /swiftshader|llvmpipe|lavapipe|basic render|warp/i

const factsOf = ({ info }: GPUAdapter): AdapterFacts => {
  const { vendor, architecture, device, description } = info
  const software = info.isFallbackAdapter === true || softwareNames.test(`${architecture} ${device} ${description}`)
  return { vendor, architecture, device, description, software }
}

const wantedFeatures = ['timestamp-query', 'shader-f16', 'subgroups'] as const

/** The limits that are asked for at their best: all that programs may run into. */
const wantedLimits = [
  'maxBufferSize', 'maxStorageBufferBindingSize', 'maxStorageBuffersPerShaderStage', 'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX', 'maxComputeWorkgroupStorageSize', 'maxComputeWorkgroupsPerDimension',
] as const // biome-ignore format: a list

/** The GPU's device, ready for use, or a Left with code `noAdapter` that says what to do about it. */
export const open = async (
  { gpu: given, powerPreference = 'high-performance', fallback = false }: OpenOptions,
  around: Surroundings = globalThis as Surroundings,
  dawn: () => Promise<Dawn> = importDawn,
): Promise<Either<Failure, Opened>> => {
  const found = given === undefined ? await findGpu(around, dawn) : right(given)
  if (found._tag === 'Left') return found
  try {
    const adapter = await found.right.requestAdapter({ powerPreference, forceFallbackAdapter: fallback })
    if (adapter === null)
      return left(
        noAdapter(
          inNode(around)
            ? 'Dawn found no adapter. On Linux it needs a Vulkan driver and its loader (libvulkan1, and the driver of your GPU or mesa-vulkan-drivers); or use the wasm device.'
            : 'the browser has no adapter for this page: the GPU may be blocked or switched off (look at chrome://gpu); or use the wasm device.',
        ),
      )
    const facts = factsOf(adapter)
    const features = wantedFeatures.filter((feature) => adapter.features.has(feature))
    const requiredLimits: Record<string, number> = {}
    for (const name of wantedLimits) requiredLimits[name] = adapter.limits[name]
    const device = await adapter.requestDevice({ requiredFeatures: features, requiredLimits })
    return right({ device, traits: traitsOf(device, facts, adapter), adapter: facts })
  } catch (error) {
    return left(noAdapter(`the adapter gave no device: ${reasonOf(error)}`))
  }
}

const traitsOf = ({ limits, features }: GPUDevice, { software }: AdapterFacts, { info }: GPUAdapter): Traits => ({
  software,
  invocations: limits.maxComputeInvocationsPerWorkgroup,
  workgroupBytes: limits.maxComputeWorkgroupStorageSize,
  workgroups: limits.maxComputeWorkgroupsPerDimension,
  subgroups: features.has('subgroups')
    ? { least: info.subgroupMinSize ?? 4, most: info.subgroupMaxSize ?? 128 }
    : undefined,
  f16: features.has('shader-f16'),
  bindings: limits.maxStorageBuffersPerShaderStage,
  // whole vectors of four words are bound
  bindingBytes: Math.floor(Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize) / 16) * 16,
})
