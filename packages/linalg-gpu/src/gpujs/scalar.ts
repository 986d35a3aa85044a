/** Elementwise functions as calls of the library, as far as it has them. */

import type { DType } from '../dtype.js'
import type { Scalar } from '../kernel/kernel.js'

// their series are long, or they need a division that is exact: GLSL has none
const missing: ReadonlySet<string> = new Set(['erf', 'erfc', 'erfinv', 'lgamma', 'mod', 'rem', 'quot', 'shl', 'shr'])

/** Why there is no such function, if there is none. */
export const whyNoScalar = (scalar: Scalar, from: DType, to: DType): string | undefined => {
  switch (scalar.kind) {
    case 'bitcast':
      return from === to ? undefined : `it looks at the bits of ${from}`
    case 'polygamma':
    case 'threefry':
      return `it needs ${scalar.kind}, which is not written for gpu.js`
    case 'unary':
    case 'binary':
      return missing.has(scalar.fn) ? `it needs ${scalar.fn}, which is not written for gpu.js` : undefined
    default:
      return undefined
  }
}

/** The call; only where `whyNoScalar` has no objection. */
export const callOf = (scalar: Scalar, to: DType, inputs: readonly string[]): string => {
  const list = inputs.join(', ')
  switch (scalar.kind) {
    case 'cast':
      return to === 'bool' ? `k_bool(${list})` : `k_same(${list})`
    case 'test':
      return `k_is${scalar.fn}(${list})`
    case 'unary':
    case 'binary':
    case 'compare':
      return `k_${scalar.fn}(${list})`
    case 'select':
      return `k_select(${list})`
    default:
      return `k_same(${list})`
  }
}

/** A number as an argument: decimal, and without a sign of its own. */
export const literal = (value: number): string => {
  if (value !== value) return 'k_nan()'
  if (value < 0 || Object.is(value, -0)) return `k_neg(${literal(-value)})`
  return value === Infinity ? 'k_infinity()' : `${Math.fround(value)}`
}
