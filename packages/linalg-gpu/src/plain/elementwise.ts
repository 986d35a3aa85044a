/** Elementwise operations, one scalar function each. Floats are computed in f64 and rounded by the store; integers wrap by the store. */

import { type DType, isFloat, type TypedArray } from '../dtype.js'
import type { BinaryFn, CompareFn, OpOf, TestFn, UnaryFn } from '../program/op.js'
import type { Type } from '../program/type.js'
import { type Dense, dense, empty, expanded, view } from './dense.js'
import {
  acosh,
  cosh,
  erf,
  erfc,
  erfinv,
  lgamma,
  polygamma,
  roundHalfEven,
  sigmoid,
  sinh,
  softplus,
  tanh,
} from './special.js'
import { threefryInto } from './threefry.js'

type Scalar1 = (x: number) => number
type Scalar2 = (x: number, y: number) => number

export const unaryFns: { readonly [F in UnaryFn]: Scalar1 } = {
  neg: (x) => -x,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundHalfEven,
  trunc: Math.trunc,
  not: (x) => ~x,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  cbrt: Math.cbrt,
  square: (x) => x * x,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh,
  cosh,
  tanh,
  asinh: Math.asinh,
  acosh,
  atanh: Math.atanh,
  sigmoid,
  softplus,
  relu: (x) => (x > 0 || x !== x ? x : 0),
  erf,
  erfc,
  erfinv,
  lgamma,
}

// where JavaScript differs from IEEE 754 and C: 1 to any power, NaN included, is 1; so is −1 to an infinite one
const floatPow: Scalar2 = (x, y) => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y)

const integerPow: Scalar2 = (x, y) => {
  if (y < 0) return x === 1 ? 1 : x === -1 ? (y % 2 === 0 ? 1 : -1) : 0
  let result = 1
  for (let base = x, n = y; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) result = Math.imul(result, base)
    base = Math.imul(base, base)
  }
  return result
}

// the sign of the divisor, at zero too
const floorMod: Scalar2 = (x, y) => {
  const r = x % y
  if (r === 0) return y < 0 ? -0 : 0
  return r < 0 !== y < 0 ? r + y : r
}

export const floatFns: { readonly [F in BinaryFn]: Scalar2 } = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  pow: floatPow,
  max: Math.max,
  min: Math.min,
  atan2: Math.atan2,
  mod: floorMod,
  rem: (x, y) => x % y,
  quot: (x, y) => Math.floor(x / y),
  and: (x, y) => x & y,
  or: (x, y) => x | y,
  xor: (x, y) => x ^ y,
  shl: (x, y) => (y < 0 || y > 31 ? 0 : x << y),
  shr: (x, y) => (y < 0 || y > 31 ? (x < 0 ? -1 : 0) : x >> y),
}

// division by zero has no integer answer; 0 is what the store of a NaN gives, on every device
const integerFns: Partial<Record<BinaryFn, Scalar2>> = {
  mul: Math.imul,
  pow: integerPow,
  quot: (x, y) => (y === 0 ? 0 : Math.floor(x / y)),
  mod: (x, y) => (y === 0 ? 0 : floorMod(x, y)),
  rem: (x, y) => (y === 0 ? 0 : x % y),
}

export const compareFns: { readonly [F in CompareFn]: (x: number, y: number) => boolean } = {
  eq: (x, y) => x === y,
  ne: (x, y) => x !== y,
  lt: (x, y) => x < y,
  le: (x, y) => x <= y,
  gt: (x, y) => x > y,
  ge: (x, y) => x >= y,
}

export const testFns: { readonly [F in TestFn]: (x: number) => boolean } = {
  nan: (x) => x !== x,
  infinite: (x) => Math.abs(x) === Infinity,
  finite: Number.isFinite,
}

/** The function of one element of a dtype, before its result is rounded to that dtype; so of the next two. */
export const unaryOf = (fn: UnaryFn, dtype: DType): Scalar1 =>
  fn === 'not' && dtype === 'bool'
    ? (v) => 1 - v
    : fn === 'square' && !isFloat(dtype)
      ? (v) => Math.imul(v, v)
      : unaryFns[fn]

export const binaryOf = (fn: BinaryFn, dtype: DType): Scalar2 =>
  isFloat(dtype)
    ? floatFns[fn]
    : fn === 'shr' && dtype === 'u32'
      ? (a, b) => (b > 31 ? 0 : a >>> b)
      : (integerFns[fn] ?? floatFns[fn])

/** Floats to integers truncate and saturate, NaN gives 0, as in WGSL and saturating wasm; integers wrap; bool is "not zero". */
export const castOf = (from: DType, to: DType): Scalar1 => {
  if (to === 'bool') return (v) => Number(v !== 0)
  if (!isFloat(from) || isFloat(to)) return (v) => v
  const [low, high] = { i32: [-(2 ** 31), 2 ** 31 - 1], u32: [0, 2 ** 32 - 1], i8: [-128, 127], u8: [0, 255] }[
    to as 'i32'
  ] as [number, number]
  return (v) => (v !== v ? 0 : Math.min(high, Math.max(low, Math.trunc(v))))
}

const map1 = (x: Dense, type: Type, fn: (x: number) => number | boolean): Dense => {
  const out = empty(type)
  const from = x.data
  const to = out.data
  for (let i = 0; i < to.length; i++) to[i] = fn(from[i]!) as number
  return out
}

/** to[i] = xs[i p] ∘ ys[i q]: a step p or q of 0 repeats a scalar. */
type Loop2 = (to: TypedArray, xs: TypedArray, p: number, ys: TypedArray, q: number) => void

const loopOf =
  (fn: (x: number, y: number) => number | boolean): Loop2 =>
  (to, xs, p, ys, q) => {
    for (let i = 0; i < to.length; i++) to[i] = fn(xs[i * p]!, ys[i * q]!) as number
  }

// a loop of its own each: the engine calls no function for an element, which is four times as fast
const floatLoops: Partial<Record<BinaryFn, Loop2>> = {
  add: (to, xs, p, ys, q) => {
    for (let i = 0; i < to.length; i++) to[i] = xs[i * p]! + ys[i * q]!
  },
  sub: (to, xs, p, ys, q) => {
    for (let i = 0; i < to.length; i++) to[i] = xs[i * p]! - ys[i * q]!
  },
  mul: (to, xs, p, ys, q) => {
    for (let i = 0; i < to.length; i++) to[i] = xs[i * p]! * ys[i * q]!
  },
  div: (to, xs, p, ys, q) => {
    for (let i = 0; i < to.length; i++) to[i] = xs[i * p]! / ys[i * q]!
  },
}

const map2 = (x: Dense, y: Dense, type: Type, loop: Loop2): Dense => {
  const out = empty(type)
  const [xs, p] = x.data.length === 1 ? [x.data, 0] : [expanded(x, type.shape), 1]
  const [ys, q] = y.data.length === 1 ? [y.data, 0] : [expanded(y, type.shape), 1]
  loop(out.data, xs, p, ys, q)
  return out
}

export const unary = (op: OpOf<'unary'>, [x]: readonly Dense[], [type]: readonly Type[]): readonly Dense[] => [
  map1(x!, type!, unaryOf(op.fn, type!.dtype)),
]

export const test = (op: OpOf<'test'>, [x]: readonly Dense[], [type]: readonly Type[]): readonly Dense[] => [
  map1(x!, type!, testFns[op.fn]),
]

export const polygammaOf = (
  op: OpOf<'polygamma'>,
  [x]: readonly Dense[],
  [type]: readonly Type[],
): readonly Dense[] => [map1(x!, type!, (v) => polygamma(op.n, v))]

export const binary = (op: OpOf<'binary'>, [x, y]: readonly Dense[], [type]: readonly Type[]): readonly Dense[] => {
  const own = isFloat(type!.dtype) ? floatLoops[op.fn] : undefined
  return [map2(x!, y!, type!, own ?? loopOf(binaryOf(op.fn, type!.dtype)))]
}

export const compare = (op: OpOf<'compare'>, [x, y]: readonly Dense[], [type]: readonly Type[]): readonly Dense[] => [
  map2(x!, y!, type!, loopOf(compareFns[op.fn])),
]

export const select = (_: OpOf<'select'>, [c, x, y]: readonly Dense[], [type]: readonly Type[]): readonly Dense[] => {
  const out = empty(type!)
  const [cs, xs, ys] = [expanded(c!, type!.shape), expanded(x!, type!.shape), expanded(y!, type!.shape)]
  for (let i = 0; i < out.data.length; i++) out.data[i] = cs[i] !== 0 ? xs[i]! : ys[i]!
  return [out]
}

export const cast = (op: OpOf<'cast'>, [x]: readonly Dense[], [type]: readonly Type[]): readonly Dense[] => {
  const from = x!.type.dtype
  if (op.dtype === 'bool' || (isFloat(from) && !isFloat(op.dtype))) return [map1(x!, type!, castOf(from, op.dtype))]
  const out = empty(type!)
  out.data.set(x!.data)
  return [out]
}

export const reinterpret = {
  f32: Float32Array,
  f64: Float64Array,
  f16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  u8: Uint8Array,
  i8: Int8Array,
  bool: Uint8Array,
}

export const bitcast = (op: OpOf<'bitcast'>, [x]: readonly Dense[], [type]: readonly Type[]): readonly Dense[] => [
  view(x!, type!, new reinterpret[op.dtype](x!.data.buffer as ArrayBuffer, x!.data.byteOffset, x!.data.length)),
]

export const threefry = (_: OpOf<'threefry'>, x: readonly Dense[], [type]: readonly Type[]): readonly Dense[] => {
  const [k0, k1, c0, c1] = x.map((v) => expanded(v, type!.shape) as Uint32Array) as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ]
  const [a, b] = [new Uint32Array(type!.size), new Uint32Array(type!.size)]
  threefryInto(k0, k1, c0, c1, a, b, type!.size)
  return [dense(type!, a), dense(type!, b)]
}
