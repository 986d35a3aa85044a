/** Elementwise functions of lanes. Floats of f16 are computed in f32 and rounded. */

import type { DType } from '../../dtype.js'
import type { Scalar } from '../../kernel/kernel.js'
import type { BinaryFn, CompareFn, TestFn, UnaryFn } from '../../program/op.js'
import { type Code, call, f32x4, f64x2, i32x4, v128 } from '../assembler.js'
import { roundToHalf } from '../math/casts.js'
import { binaryF32, inlineBinaryF32, inlineUnaryF32, polygammaF32, unaryF32 } from '../math/f32.js'
import { binaryF64, inlineBinaryF64, inlineUnaryF64, polygammaF64, unaryF64 } from '../math/f64.js'
import { binaryI32, type IntegerDType, inlineBinaryI32, inlineUnaryI32 } from '../math/i32.js'
import { castLanes, wrapped } from './cast.js'
import { narrowMask, wideMask } from './lanes.js'

/** Functions of lanes but threefry, which has two results; inputs are values of locals, so that they may be written twice. */
export const applied = (
  scalar: Exclude<Scalar, { kind: 'threefry' }>,
  from: DType,
  to: DType,
  [x, y, z]: readonly Code[],
): Code => {
  switch (scalar.kind) {
    case 'cast':
      return castLanes(from, to, x!)
    case 'bitcast':
      return wrapped(to, x!)
    case 'unary':
      return unary(scalar.fn, to, x!)
    case 'test':
      return test(scalar.fn, from, x!)
    case 'polygamma':
      return polygamma(scalar.n, to, x!)
    case 'binary':
      return binary(scalar.fn, to, x!, y!)
    case 'compare':
      return compare(scalar.fn, from, x!, y!)
    case 'select':
      return v128.select(to === 'f64' ? wideMask(x!) : x!, y!, z!)
  }
}

const floated = (dtype: DType, x: Code): Code => (dtype === 'f16' ? call(roundToHalf(), x) : x)

const missing = (fn: string, dtype: DType): never => {
  throw new Error(`wasm: ${fn} has no code for ${dtype}.`)
}

const unary = (fn: UnaryFn, dtype: DType, x: Code): Code => {
  if (dtype === 'f64') return inlineUnaryF64(fn, x) ?? call(unaryF64(fn), x)
  if (dtype === 'f32' || dtype === 'f16') return floated(dtype, inlineUnaryF32(fn, x) ?? call(unaryF32(fn), x))
  if (dtype === 'bool') return fn === 'not' ? v128.not(x) : x
  return wrapped(dtype, inlineUnaryI32(fn, dtype, x) ?? missing(fn, dtype))
}

// the largest mask is true
const ofMasks: Partial<Record<BinaryFn, (x: Code, y: Code) => Code>> = {
  and: v128.and, min: v128.and, or: v128.or, max: v128.or, xor: v128.xor,
} // biome-ignore format: a table

const binary = (fn: BinaryFn, dtype: DType, x: Code, y: Code): Code => {
  if (dtype === 'f64') return inlineBinaryF64(fn, x, y) ?? call(binaryF64(fn), x, y)
  if (dtype === 'f32' || dtype === 'f16') return floated(dtype, inlineBinaryF32(fn, x, y) ?? call(binaryF32(fn), x, y))
  if (dtype === 'bool') return (ofMasks[fn] ?? missing(fn, dtype))(x, y)
  const inline = inlineBinaryI32(fn, dtype as IntegerDType, x, y)
  if (inline !== undefined) return wrapped(dtype, inline)
  return wrapped(dtype, call(binaryI32(fn, dtype as IntegerDType) ?? missing(fn, dtype), x, y))
}

const compare = (fn: CompareFn, dtype: DType, x: Code, y: Code): Code => {
  if (dtype === 'f64') return narrowMask(f64x2[fn](x, y))
  if (dtype === 'f32' || dtype === 'f16') return f32x4[fn](x, y)
  if (fn === 'eq' || fn === 'ne') return i32x4[fn](x, y)
  return i32x4[dtype === 'u32' || dtype === 'bool' ? (`${fn}U` as const) : (`${fn}S` as const)](x, y)
}

const test = (fn: TestFn, dtype: DType, x: Code): Code => {
  const is = dtype === 'f64' ? f64x2 : f32x4
  const mask = fn === 'nan' ? is.ne(x, x) : (fn === 'infinite' ? is.eq : is.lt)(is.abs(x), is.const(Infinity))
  return dtype === 'f64' ? narrowMask(mask) : mask
}

const polygamma = (n: number, dtype: DType, x: Code): Code =>
  dtype === 'f64' ? call(polygammaF64(n), x) : floated(dtype, call(polygammaF32(n), x))

/** The two high lanes as the two low ones. */
export const highHalf = (x: Code): Code =>
  v128.shuffle([8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15], x, x)
/** The low halves of two vectors. */
export const joinedHalves = (low: Code, high: Code): Code =>
  v128.shuffle([0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23], low, high)
