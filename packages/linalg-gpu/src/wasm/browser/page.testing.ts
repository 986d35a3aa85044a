/** The script of the test's pages: what the test may ask for. */

import { askWorker } from '../../browser/worker.testing.js'
import { drop, f64 } from '../assembler.js'
import { kernelFunction } from '../lowered.js'
import { createRuntime, type RuntimeOptions } from '../runtime/runtime.js'
import { perform, type Told } from './perform.testing.js'

export interface Ask extends Pick<RuntimeOptions, 'threads' | 'relaxed'> {
  /** Whether results are to be compared with those of the plain device, in the page. */
  readonly compare?: boolean
  /** Titles of the samples to run; all of them where it is left out. */
  readonly only?: readonly string[]
  /** Do it in a module worker of the page's own. */
  readonly inWorker?: boolean
  /** The address of a script for the device's threads. */
  readonly helper?: string
}

interface Trusted {
  readonly createPolicy: (name: string, rules: object) => { readonly createScriptURL: (url: string) => string }
}

export const answer = ({ compare = false, only, helper, threads, relaxed }: Ask): Promise<Told> => {
  // pages with a policy of trusted types take no plain text as the address of a script
  const { trustedTypes } = globalThis as unknown as { readonly trustedTypes?: Trusted }
  const rules = { createScriptURL: (url: string) => url }
  const address = helper && (trustedTypes?.createPolicy('test', rules).createScriptURL(helper) ?? helper)
  const worker = address === undefined ? undefined : () => new Worker(address, { type: 'module' })
  return perform({ threads, relaxed, worker }, { compare, only })
}

/** Compiles three kernels of 1.5 MB each at once: into how many modules? */
const compileLarge = async (): Promise<number> => {
  const runtime = await createRuntime({ threads: 1 })
  const large = (key: string) => ({
    key,
    build: () => kernelFunction(key, () => new Array(150_000).fill(drop(f64.const(1)))),
  })
  runtime.functionIndex([large('a'), large('b'), large('c')])
  runtime.dispose()
  return runtime.compilations()
}

Object.assign(globalThis, { ask: (it: Ask) => (it.inWorker ? askWorker(it) : answer(it)), compileLarge })
