/** The border of a public function outside traces: what it made on the way is freed when it returns, only its results stay. */

import { flatten } from '../tree.js'
import { context } from './context.js'
import { isTensor, type TensorValue } from './tensor.js'

/** `f`, which frees its intermediates when it runs outside a trace. Calls within calls leave that to the outermost. */
export const eager =
  <A extends readonly unknown[], R>(f: (...args: A) => R): ((...args: A) => R) =>
  (...args) => {
    if (context.trace !== null || context.composing) return f(...args)
    const outer = context.made
    const made: TensorValue[] = []
    let result: R | undefined
    context.made = made
    context.composing = true
    try {
      result = f(...args)
      return result
    } finally {
      context.made = outer
      context.composing = false
      const kept = isTensor(result) ? [result] : flatten(result).leaves
      for (const x of made)
        if (kept.includes(x)) outer?.push(x)
        else x[Symbol.dispose]()
    }
  }
