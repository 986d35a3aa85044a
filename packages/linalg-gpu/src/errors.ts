/** How the library speaks when a call is wrong: function, quantity, value, consequence, remedy. */

import type { DType } from './dtype.js'

/** Throws `name: message`. The name is the function that the user called. */
export const fail = (name: string, message: string): never => {
  throw new Error(`${name}: ${message}`)
}

export const showShape = (shape: readonly number[]): string => `[${shape.join(', ')}]`
export const showType = (type: { readonly dtype: DType; readonly shape: readonly number[] }): string =>
  `${type.dtype}[${type.shape.join(',')}]`

/** Refuses what an asynchronous function returns: its work would go on after the trace or scope that looks after it has ended. */
export const synchronous = <T>(name: string, result: T): T => {
  if (typeof (result as { readonly then?: unknown } | null | undefined)?.then !== 'function') return result
  // what it rejects with later would be an unhandled rejection beside this error
  Promise.resolve(result).catch(() => {})
  return fail(
    name,
    'the function returned a promise: it must be synchronous. Await before the call, and read results after it.',
  )
}

/** A short rendering of any value for a message. */
export const showValue = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`
  if (value instanceof Promise) return 'a promise'
  if (Array.isArray(value))
    return value.length > 8 ? `an array of ${value.length}` : `[${value.map(showValue).join(', ')}]`
  // a tensor; its class would bring an import cycle
  if (typeof value === 'object' && value !== null && 'dtype' in value && 'shape' in value)
    return showType(value as { readonly dtype: DType; readonly shape: readonly number[] })
  if (typeof value === 'object' && value !== null)
    return Object.prototype.toString.call(value) === '[object Object]'
      ? `{ ${Object.keys(value).join(', ')} }`
      : String(value)
  return String(value)
}
