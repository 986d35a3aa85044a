/** Compute pipelines by their code, and the layouts of their bindings. Code that the device refuses is told with the kernel's name and
 *  the line.
 *
 *  What is bound holds its pipelines: those that are forgotten here are only compiled again where something is bound anew. */

import type { Failure } from '../../run/device.js'
import type { Dispatch } from '../rendered.js'

export interface Pipeline {
  readonly pipeline: GPUComputePipeline
  readonly layout: GPUBindGroupLayout
  /** What is wrong with it, until it is known that nothing is. */
  trouble: Promise<Failure | undefined> | undefined
}

export interface Pipelines {
  /** The pipeline of a dispatch; `told` and `gated` say what its second group holds. */
  readonly get: (dispatch: Dispatch, told: boolean, gated: boolean) => Pipeline
  readonly second: (gated: boolean) => GPUBindGroupLayout
  /** Pipelines made so far. */
  readonly made: () => number
}

export type Watch = (trouble: Promise<Failure | undefined>) => void

const messages = ({ messages: all }: GPUCompilationInfo): string =>
  all
    .filter(({ type }) => type === 'error')
    .map(({ message, lineNum, linePos }) => (lineNum > 0 ? `line ${lineNum}:${linePos}: ${message}` : message))
    .join('; ')

/** The line of the code that a message speaks of. */
const lineOf = (code: string, info: GPUCompilationInfo): string => {
  const line = info.messages.find(({ type, lineNum }) => type === 'error' && lineNum > 0)?.lineNum
  return line === undefined ? '' : ` In: ${code.split('\n')[line - 1]!.trim()}`
}

/** `most` are kept for the next that asks, those asked for the longest ago gone first. */
export const pipelinesOf = (device: GPUDevice, most = 4096): Pipelines => {
  // a Map remembers the order of insertion
  const known = new Map<string, Pipeline>()
  let count = 0
  const layouts = new Map<string, GPUBindGroupLayout>()
  const visibility = GPUShaderStage.COMPUTE
  const layoutOf = (key: string, entries: () => GPUBindGroupLayoutEntry[]): GPUBindGroupLayout => {
    let layout = layouts.get(key)
    if (layout === undefined) layouts.set(key, (layout = device.createBindGroupLayout({ entries: entries() })))
    return layout
  }
  const first = ({ bindings }: Dispatch): GPUBindGroupLayout =>
    layoutOf(bindings.map(({ binding, writable }) => `${binding}${writable ? 'w' : 'r'}`).join(), () =>
      bindings.map(({ binding, writable }) => ({
        binding,
        visibility,
        buffer: { type: writable ? 'storage' : 'read-only-storage' },
      })),
    )
  const second = (gated: boolean): GPUBindGroupLayout =>
    layoutOf(gated ? 'gated' : 'told', () => [
      { binding: 0, visibility, buffer: { type: 'uniform', hasDynamicOffset: true } },
      ...(gated ? [{ binding: 1, visibility, buffer: { type: 'read-only-storage' as const } }] : []),
    ])
  const make = (dispatch: Dispatch, told: boolean, gated: boolean): Pipeline => {
    const { label, code } = dispatch
    const layout = first(dispatch)
    device.pushErrorScope('validation')
    device.pushErrorScope('internal')
    const module = device.createShaderModule({ label, code })
    const pipeline = device.createComputePipeline({
      label,
      layout: device.createPipelineLayout({ bindGroupLayouts: told || gated ? [layout, second(gated)] : [layout] }),
      compute: { module, entryPoint: 'main' },
    })
    const errors = [device.popErrorScope(), device.popErrorScope()]
    const trouble = Promise.all(errors).then(async (all): Promise<Failure | undefined> => {
      const error = all.find((one) => one !== null)
      if (error === undefined || error === null) {
        made.trouble = undefined
        return undefined
      }
      const info = await module.getCompilationInfo()
      return {
        code: 'shaderFailed',
        message: `${label}: the device refused the kernel's WGSL. ${messages(info) || error.message}.${lineOf(code, info)} For a kernel of yours correct that line; for one of ours this is an error of the library, or of the driver: the wasm device runs it.`,
      }
    })
    const made: Pipeline = { pipeline, layout, trouble: trouble.catch(() => undefined) } // a lost GPU is told elsewhere
    return made
  }
  return {
    get: (dispatch, told, gated) => {
      // code says all but which of its bindings are for writing and whether the second group is there, and that it says too
      const { code } = dispatch
      let pipeline = known.get(code)
      if (pipeline === undefined) {
        pipeline = make(dispatch, told, gated)
        count++
      } else known.delete(code)
      known.set(code, pipeline)
      if (known.size > most) known.delete(known.keys().next().value!)
      return pipeline
    },
    second,
    made: () => count,
  }
}
