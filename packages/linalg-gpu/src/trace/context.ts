/** The one piece of module state: what is ambient while synchronous code runs. Set and restored in `finally`, never across an await. */

import type { TensorValue } from './tensor.js'
import type { Trace } from './trace.js'

export interface Context {
  /** The innermost open trace, which records every operation. */
  trace: Trace | null
  /** The innermost scope's list of concrete tensors made in it. */
  made: TensorValue[] | null
  /** Whether a public function is running outside traces, which will free what it makes on the way. */
  composing: boolean
  /** Whether every recorded program is validated: on in tests. */
  validating: boolean
  /** Whether equations keep the user's line: `debugNans` turns it on, as it costs a stack trace each. */
  locating: boolean
  /** The line to keep instead of the one that is running: a transform works on behalf of an equation that has one. */
  line: string | undefined
}

export const context: Context = {
  trace: null,
  made: null,
  composing: false,
  validating: globalThis.process?.env?.NEUMANN_VALIDATE === '1',
  locating: false,
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
