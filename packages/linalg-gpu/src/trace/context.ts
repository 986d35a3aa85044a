/** The one piece of module state: what is ambient while synchronous code runs. Set and restored in `finally`, never across an await. */

import type { Kernel } from '../kernel/kernel.js'
import type { Program } from '../program/program.js'
import type { Device } from '../run/device.js'
import type { TensorValue } from './tensor.js'
import type { Trace } from './trace.js'

export interface Context {
  /** The innermost open trace, which records every operation. */
  trace: Trace | null
  /** The innermost scope's list of concrete tensors made in it. */
  made: TensorValue[] | null
  /** Whether a public function is running outside traces, which will free what it makes on the way. */
  composing: boolean
  /** What looks at every program that is recorded or simplified, and every kernel that is scheduled: set in tests. */
  checks: { readonly program: (program: Program) => Program; readonly kernel: (kernel: Kernel) => Kernel } | undefined
  /** Whether equations keep the user's line: `debugNans` turns it on, as it costs a stack trace each. */
  locating: boolean
  /** Where tensors go that are put nowhere else; the plain device where it is undefined. */
  device: Device | undefined
  /** The name that equations keep as their place, by `region`. */
  region: string | undefined
  /** The line to keep instead of the one that is running: a transform works on behalf of an equation that has one. */
  line: string | undefined
}

export const context: Context = {
  trace: null,
  made: null,
  composing: false,
  checks: undefined,
  locating: false,
  device: undefined,
  region: undefined,
  line: undefined,
}

/** Runs `f` with a part of the context changed. */
export const withContext = <R>(change: Partial<Context>, f: () => R): R => {
  const before = { ...context }
  Object.assign(context, change)
  try {
    return f()
  } finally {
    Object.assign(context, before)
  }
}

/** Runs `f`, whose equations keep the given line of the user's code. */
export const atLine = <R>(line: string, f: () => R): R => withContext({ line }, f)

/** Runs functions later as if in the scope that is open now: what they make belongs there. */
export const inScopeOf = (): (<R>(f: () => R) => R) => {
  const { made } = context
  return (f) => withContext({ made }, f)
}
