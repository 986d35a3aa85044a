/** Elementwise functions as WGSL expressions, one operand each or more.
 *
 *  A value is an f32 in WGSL for f32 and f16 (which it is rounded to), an i32 for i32 and i8, a u32 for u32 and u8, a bool for bool.
 *  f64 is not here: who renders kernels has refused it. */

import { type DType, isFloat } from '../../dtype.js'
import type { Scalar } from '../../kernel/kernel.js'
import type { BinaryFn, CompareFn, TestFn, UnaryFn } from '../../program/op.js'
import { call, type Uses } from './library.js'

/** The type of a value in WGSL.
 *
 *  @example
 *  valueType('f16') // => f32
 *  valueType('u8') // => u32 */
export const valueType = (dtype: DType): 'f32' | 'i32' | 'u32' | 'bool' => {
  if (dtype === 'bool') return 'bool'
  if (isFloat(dtype)) return 'f32'
  return isSigned(dtype) ? 'i32' : 'u32'
}

/** The function of values, which are read more than once: names of `let`, or literals (but not literals alone, see literal.ts).
 *
 *  @example
 *  const uses = new Set<string>()
 *  applied({ kind: 'binary', fn: 'add' }, 'f32', 'f32', ['a', 'b'], uses) // => (a + b)
 *  applied({ kind: 'unary', fn: 'exp' }, 'f32', 'f32', ['a'], uses) // => exp_f32(a)
 *  uses.has('exp_f32') // => true */
export const applied = (
  scalar: Exclude<Scalar, { kind: 'threefry' }>,
  from: DType,
  to: DType,
  [x, y, z]: readonly string[],
  uses: Uses,
): string => {
  switch (scalar.kind) {
    case 'cast':
      return cast(from, to, x!, uses)
    case 'bitcast':
      return bitcast(from, to, x!)
    case 'unary':
      return unary(scalar.fn, to, x!, uses)
    case 'test':
      return test(scalar.fn, from, x!, uses)
    case 'polygamma':
      return narrowed(to, call(uses, 'polygamma_f32', `${scalar.n}u`, x!), uses)
    case 'binary':
      return binary(scalar.fn, to, x!, y!, uses)
    case 'compare':
      return compare(scalar.fn, from, x!, y!, uses)
    case 'select':
      return `select(${z}, ${y}, ${x})`
  }
}

/** Both words of the pair, a vector of two u32; the operands are k0, k1, c0, c1.
 *
 *  @example
 *  threefry(['k0', 'k1', 'c0', 'c1'], new Set()) // => threefry_2x32(k0, k1, c0, c1) */
export const threefry = (args: readonly string[], uses: Uses): string => call(uses, 'threefry_2x32', ...args)

const isSigned = (dtype: DType): boolean => dtype === 'i32' || dtype === 'i8'

/** A result in f32 or 32 bits as a value of the dtype. */
const narrowed = (to: DType, x: string, uses: Uses): string => {
  if (to === 'f16') return call(uses, 'round_to_half', x)
  if (to === 'u8') return `(${x} & 255u)`
  return to === 'i8' ? `((${x} << 24u) >> 24u)` : x
}

const cast = (from: DType, to: DType, x: string, uses: Uses): string => {
  if (from === to) return x
  if (to === 'bool') return isFloat(from) ? call(uses, 'bool_of', x) : `(${x} != 0)`
  if (isFloat(to)) {
    // the values of what has 8 bits are values of f16
    const exact = to === 'f32' || from === 'bool' || from === 'u8' || from === 'i8'
    const value = isFloat(from) ? x : from === 'u32' ? call(uses, 'f32_of_u32', x) : `f32(${x})`
    return exact ? value : narrowed(to, value, uses)
  }
  if (!isFloat(from)) return from === 'bool' ? `${valueType(to)}(${x})` : narrowed(to, `${valueType(to)}(${x})`, uses)
  const whole = call(uses, isSigned(to) ? 'i32_of' : 'u32_of', x)
  if (to === 'i8') return `clamp(${whole}, -128, 127)`
  return to === 'u8' ? `min(${whole}, 255u)` : whole
}

const bitcast = (from: DType, to: DType, x: string): string => {
  if (from === to || from === 'bool' || to === 'bool') return x
  if (to === 'u8') return `(u32(${x}) & 255u)`
  return to === 'i8' ? `((i32(${x}) << 24u) >> 24u)` : `bitcast<${valueType(to)}>(${x})`
}

const missing = (fn: string, dtype: DType): never => {
  throw new Error(`wgsl: ${fn} has no code for ${dtype}.`)
}

// of values of f16 these are values of f16
const closed = new Set<UnaryFn | BinaryFn>([
  'neg', 'abs', 'sign', 'floor', 'ceil', 'round', 'trunc', 'relu', 'max', 'min', 'rem',
]) // biome-ignore format: a list

const unary = (fn: UnaryFn, dtype: DType, x: string, uses: Uses): string => {
  if (isFloat(dtype)) {
    const value = floatUnary(fn, x, uses)
    return closed.has(fn) ? value : narrowed(dtype, value, uses)
  }
  if (dtype === 'bool') return fn === 'not' ? `!${x}` : x
  return narrowed(dtype, integerUnary(fn, dtype, x), uses)
}

const floatUnary = (fn: UnaryFn, x: string, uses: Uses): string => {
  switch (fn) {
    case 'neg':
      return `(-${x})`
    case 'square':
      return `(${x} * ${x})`
    case 'abs':
    case 'floor':
    case 'ceil':
    case 'round':
    case 'trunc':
      return `${fn}(${x})`
    default:
      return call(uses, `${fn}_f32`, x)
  }
}

const integerUnary = (fn: UnaryFn, dtype: DType, x: string): string => {
  const signed = isSigned(dtype)
  switch (fn) {
    case 'neg':
      return signed ? `(-${x})` : `(0u - ${x})`
    case 'not':
      return `~${x}`
    case 'square':
      return `(${x} * ${x})`
    case 'abs':
      return signed ? `abs(${x})` : x
    case 'sign':
      return signed ? `sign(${x})` : `min(${x}, 1u)`
    case 'relu':
      return signed ? `max(${x}, 0)` : x
    case 'floor':
    case 'ceil':
    case 'round':
    case 'trunc':
      return x
    default:
      return missing(fn, dtype)
  }
}

const test = (fn: TestFn, from: DType, x: string, uses: Uses): string =>
  isFloat(from) ? call(uses, `is_${fn}`, x) : fn === 'finite' ? 'true' : 'false'

const operators: Partial<Record<BinaryFn, string>> = {
  add: '+', sub: '-', mul: '*', div: '/', and: '&', or: '|', xor: '^',
} // biome-ignore format: a table

const ofBools: Partial<Record<BinaryFn, string>> = { and: '&&', min: '&&', or: '||', max: '||', xor: '!=' }

const binary = (fn: BinaryFn, dtype: DType, x: string, y: string, uses: Uses): string => {
  if (dtype === 'bool') return `(${x} ${ofBools[fn] ?? missing(fn, dtype)} ${y})`
  if (isFloat(dtype)) {
    const zero = fn === 'mul' || fn === 'div' ? ofZero(fn, x, y, uses) : undefined
    if (zero !== undefined) return zero
    const value = operators[fn] === undefined ? call(uses, `${fn}_f32`, x, y) : `(${x} ${operators[fn]} ${y})`
    return closed.has(fn) ? value : narrowed(dtype, value, uses)
  }
  const value = fn === 'div' || fn === 'atan2' ? missing(fn, dtype) : integerBinary(fn, dtype, x, y, uses)
  return narrowed(dtype, value, uses)
}

/** Of literal zeros, as literal.ts writes them. */
const signOf: ReadonlyMap<string, string> = new Map([
  ['0.0f', ''],
  ['float_of(0x80000000u)', '-'],
])

/** A product with a literal zero, or its quotient: NaN and infinity are to leave their trace there too, and compilers would drop it. */
const ofZero = (fn: 'mul' | 'div', x: string, y: string, uses: Uses): string | undefined => {
  const [first, second] = [signOf.get(x), signOf.get(y)]
  if (first !== undefined) return `(${first}${call(uses, fn === 'mul' ? 'times_zero' : 'zero_over', y)})`
  return fn === 'mul' && second !== undefined ? `(${second}${call(uses, 'times_zero', x)})` : undefined
}

const integerBinary = (fn: BinaryFn, dtype: DType, x: string, y: string, uses: Uses): string => {
  if (operators[fn] !== undefined) return `(${x} ${operators[fn]} ${y})`
  if (fn === 'max' || fn === 'min') return `${fn}(${x}, ${y})`
  // what is never below 0 leaves the same by either rule
  return call(uses, fn === 'mod' && !isSigned(dtype) ? 'rem_u32' : `${fn}_${valueType(dtype)}`, x, y)
}

const comparisons: Readonly<Record<CompareFn, string>> = { eq: '==', ne: '!=', lt: '<', le: '<=', gt: '>', ge: '>=' }

const compare = (fn: CompareFn, from: DType, x: string, y: string, uses: Uses): string => {
  if (isFloat(from)) {
    switch (fn) {
      case 'eq':
        return call(uses, 'equal', x, y)
      case 'ne':
        return `!${call(uses, 'equal', x, y)}`
      case 'lt':
        return call(uses, 'less', x, y)
      case 'le':
        return call(uses, 'less_or_equal', x, y)
      case 'gt':
        return call(uses, 'less', y, x)
      case 'ge':
        return call(uses, 'less_or_equal', y, x)
    }
  }
  const [a, b] = from === 'bool' && fn !== 'eq' && fn !== 'ne' ? [`u32(${x})`, `u32(${y})`] : [x, y]
  return `(${a} ${comparisons[fn]} ${b})`
}
