/** Cells on a GPU, or in the CPU mode of gpu.js: what the device does with gpu.js, and all that it knows of it. */

import type { Cell } from './cell.js'
import { libraryFor } from './library.js'
import type { GpuClass, GpuInstance, KernelFunction, Texture } from './peer.js'

export type Mode = 'cpu' | 'webgl2'

/** Floats that gpu.js holds, and how many have them. They never change. */
export interface Held {
  readonly floats: Float32Array | Texture
  users: number
  /** Told when nobody has them any more. */
  readonly gone: () => void
}

export interface Play {
  readonly run: (inputs: readonly Held[]) => Held
  /** No more runs; what it has made stays until it is let go of. */
  readonly end: () => void
}

export interface Engine {
  readonly mode: Mode
  readonly compile: (cell: Pick<Cell, 'source' | 'size'>) => Play
  readonly upload: (floats: Float32Array) => Held
  readonly read: (held: Held) => Float32Array
  /** What one kernel may read. */
  readonly mostReads: number
  /** The most cells that one kernel has. */
  readonly mostCells: number
  readonly lost: () => boolean
  readonly end: () => void
}

// gpu.js binds textures that it makes to the unit after these
const mostUnits = 15

const mostUploads = 64

export const letGo = (held: Held): void => {
  held.users--
  if (held.users === 0) held.gone()
}

export const engineOf = (GPU: GpuClass, mode: Mode): Engine => {
  const gpu = new GPU({ mode }) as GpuInstance
  // there is none before the first kernel
  const context = (): WebGL2RenderingContext | undefined => (mode === 'webgl2' ? (gpu.context ?? undefined) : undefined)
  const limit = (of: (gl: WebGL2RenderingContext) => number): number => {
    const gl = context()
    return gl === undefined ? Infinity : gl.getParameter(of(gl))
  }
  const make = (source: string, size: number): KernelFunction => {
    const { text, natives } = libraryFor(source, mode)
    return gpu.createKernel(source, {
      output: [size],
      precision: 'single',
      tactic: 'precision',
      immutable: true,
      pipeline: true,
      injectedNative: text,
      nativeFunctions: natives,
      loopMaxIterations: 2 ** 31,
    })
  }
  const compile = ({ source, size }: Pick<Cell, 'source' | 'size'>): Play => {
    const kernel = make(source, size)
    // textures are read through the kernel that made them
    let [alive, ended] = [0, false]
    const perhapsDestroy = (): void => {
      if (ended && alive === 0) kernel.destroy()
    }
    return {
      run: (inputs) => {
        const floats = kernel(...inputs.map((held) => held.floats))
        if (mode === 'webgl2' && !('toArray' in floats))
          throw new Error(kernel.fallbackReason ?? 'gpu.js did not run a kernel on the GPU.')
        alive++
        const gone = (): void => {
          alive--
          if ('toArray' in floats) floats.delete()
          perhapsDestroy()
        }
        return { floats, users: 1, gone }
      },
      end: () => {
        ended = true
        perhapsDestroy()
      },
    }
  }
  /** Kernels that copy an array of a size into a texture, the last ones used where there are many. */
  const uploads = new Map<number, Play>()
  const upload = (floats: Float32Array): Held => {
    const own: Held = { floats, users: 1, gone: () => {} }
    if (mode === 'cpu' || floats.length === 0) return own
    const play =
      uploads.get(floats.length) ??
      compile({ source: 'function (x0) {\n  return x0[this.thread.x];\n}', size: floats.length })
    uploads.delete(floats.length)
    uploads.set(floats.length, play)
    if (uploads.size > mostUploads) {
      const [oldest] = uploads.keys()
      uploads.get(oldest!)!.end()
      uploads.delete(oldest!)
    }
    return play.run([own])
  }
  return {
    mode,
    compile,
    upload,
    read: ({ floats }) => ('toArray' in floats ? floats.toArray() : floats),
    get mostReads() {
      return Math.min(
        mostUnits,
        limit((gl) => gl.MAX_TEXTURE_IMAGE_UNITS),
      )
    },
    get mostCells() {
      return limit((gl) => gl.MAX_TEXTURE_SIZE) ** 2
    },
    lost: () => context()?.isContextLost() === true,
    end: () => void gpu.destroy(),
  }
}
