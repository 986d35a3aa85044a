import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bytesOf, type DType, dtypes, isFloat, storage, type TypedArray } from '../../dtype.js'
import { interpret } from '../../kernel/interpret.js'
import type { Loop, Node, Scalar } from '../../kernel/kernel.js'
import { validateKernel } from '../../kernel/validate.js'
import { fromHalf, toHalf } from '../../plain/half.js'
import type { BinaryFn, CompareFn, TestFn, UnaryFn } from '../../program/op.js'
import { load } from '../harness.testing.js'
import { bitsOf } from './kernels.testing.js'
import { lowerLoop } from './lower.js'

const floats = [0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3, -7, 0.1, 100.25, 127.5, -128.75, 255.9, 300, 65519, 65520, 7e4, -7e4, 2147483520, 3e9, -3e9, 5e9, 1e20, -1e20, 2 ** -14, 2 ** -25, 1.5 * 2 ** -25, 1e-40, NaN, Infinity, -Infinity] // biome-ignore format: values
const f64s = [1 + 2 ** -11 + 2 ** -40, 255.99999999999997, 127.99999999999999, 2147483647.5, 4294967295.5, -2147483648.9, 1e-310] // biome-ignore format: values
const integers = [0, 1, -1, 2, 3, -3, 5, 7, -8, 31, 32, 33, 100, 127, 128, -128, -129, 255, 256, 65535, 65536, 2147483647, -2147483648, 3000000000, 4294967295] // biome-ignore format: values

const valuesOf = (dtype: DType): TypedArray => {
  const list =
    dtype === 'bool' ? [0, 1, 1, 0, 1] : isFloat(dtype) ? [...floats, ...(dtype === 'f64' ? f64s : [])] : integers
  const x = storage(dtype, list.length)
  for (const [i, v] of list.entries()) x[i] = dtype === 'f16' ? toHalf(v) : v
  return x
}

/** Applies a scalar function to arrays, in vectors of 4, or of 2 where there is an f64. */
const applied = (
  scalar: Scalar,
  inputs: readonly (readonly [DType, TypedArray])[],
  to: DType,
  narrow: boolean,
): readonly [TypedArray, TypedArray] => {
  const n = inputs[0]![1].length
  const access = { offset: 0, strides: [1], bounds: [] }
  const nodes: Node[] = inputs.map(([dtype], operand) => ({ kind: 'load', operand, access, fill: 0, dtype }))
  nodes.push({ kind: 'apply', scalar, inputs: inputs.map((_, i) => i), dtype: to })
  if (narrow) nodes.push({ kind: 'constant', value: 0, dtype: 'f64' })
  const out = inputs.length
  const operands = [...inputs.map(([dtype]) => ({ dtype, size: n })), { dtype: to, size: n }]
  const kernel: Loop = {
    kind: 'loop', name: 'apply', grid: [n], inner: [], operands, nodes,
    stages: [{ over: 'grid', reductions: [], stores: [{ operand: out, access, node: out }] }],
  } // biome-ignore format: a form
  validateKernel(kernel)
  const data = [...inputs.map(([, x]) => x), storage(to, n)]
  const loaded = load(lowerLoop(kernel), data)
  loaded.run()
  interpret(kernel, data)
  return [loaded.operand(out), data[out]!]
}

const same = (what: string, dtype: DType, [got, expected]: readonly [TypedArray, TypedArray]): void =>
  assert.equal(bitsOf(dtype, got), bitsOf(dtype, expected), what)

const pairsOf = (dtype: DType): readonly [TypedArray, TypedArray] => {
  const x = valuesOf(dtype)
  const all = [...x].flatMap((a) => [...x].map((b) => [a, b] as const))
  const from = (k: 0 | 1): TypedArray => {
    const data = storage(dtype, all.length)
    for (const [i, pair] of all.entries()) data[i] = pair[k]
    return data
  }
  return [from(0), from(1)]
}

for (const narrow of [false, true]) {
  const how = narrow ? ', two lanes' : ''
  test(`casts between all dtypes${how}`, () => {
    for (const from of dtypes)
      for (const to of dtypes)
        same(`${from} to ${to}`, to, applied({ kind: 'cast' }, [[from, valuesOf(from)]], to, narrow))
  })

  test(`bitcasts${how}`, () => {
    for (const from of dtypes)
      for (const to of dtypes)
        if (bytesOf(from) === bytesOf(to) && (from === 'bool') === (to === 'bool'))
          same(`${from} as ${to}`, to, applied({ kind: 'bitcast' }, [[from, valuesOf(from)]], to, narrow))
  })

  test(`comparisons and choices${how}`, () => {
    for (const dtype of dtypes) {
      const [x, y] = pairsOf(dtype)
      for (const fn of ['eq', 'ne', 'lt', 'le', 'gt', 'ge'] as CompareFn[])
        same(`${fn} ${dtype}`, 'bool', applied({ kind: 'compare', fn }, [[dtype, x], [dtype, y]], 'bool', narrow)) // biome-ignore format: short
      const mask = Uint8Array.from(x, (_, i) => (i % 3) & 1)
      same(`select ${dtype}`, dtype, applied({ kind: 'select' }, [['bool', mask], [dtype, x], [dtype, y]], dtype, narrow)) // biome-ignore format: short
    }
  })

  test(`tests of floats${how}`, () => {
    for (const dtype of ['f32', 'f16', 'f64'] as const)
      for (const fn of ['nan', 'infinite', 'finite'] as TestFn[])
        same(`${fn} ${dtype}`, 'bool', applied({ kind: 'test', fn }, [[dtype, valuesOf(dtype)]], 'bool', narrow))
  })

  test(`functions of integers and bools${how}`, () => {
    for (const dtype of ['i32', 'u32', 'u8', 'i8', 'bool'] as const) {
      const storageOnly = dtype === 'u8' || dtype === 'i8' || dtype === 'bool'
      const [x, y] = pairsOf(dtype)
      const ones = storageOnly ? ['not'] : ['neg', 'abs', 'sign', 'square', 'relu', 'floor', 'round', 'not']
      for (const fn of ones as UnaryFn[])
        same(`${fn} ${dtype}`, dtype, applied({ kind: 'unary', fn }, [[dtype, x]], dtype, narrow))
      const twos = ['and', 'or', 'xor', 'max', 'min', ...(storageOnly ? [] : ['add', 'sub', 'mul', 'pow', 'mod', 'rem', 'quot', 'shl', 'shr'])] // biome-ignore format: names
      for (const fn of twos as BinaryFn[])
        same(`${fn} ${dtype}`, dtype, applied({ kind: 'binary', fn }, [[dtype, x], [dtype, y]], dtype, narrow)) // biome-ignore format: short
    }
  })

  test(`functions of floats${how}`, () => {
    const numbers = (dtype: DType, x: TypedArray): number[] => Array.from(x, (v) => (dtype === 'f16' ? fromHalf(v) : v))
    for (const dtype of ['f32', 'f16', 'f64'] as const) {
      const [x, y] = pairsOf(dtype)
      const exact = ['neg', 'abs', 'sign', 'floor', 'ceil', 'round', 'trunc', 'sqrt', 'square', 'relu']
      for (const fn of exact as UnaryFn[])
        same(`${fn} ${dtype}`, dtype, applied({ kind: 'unary', fn }, [[dtype, valuesOf(dtype)]], dtype, narrow))
      for (const fn of ['add', 'sub', 'mul', 'div', 'max', 'min'] as BinaryFn[])
        same(`${fn} ${dtype}`, dtype, applied({ kind: 'binary', fn }, [[dtype, x], [dtype, y]], dtype, narrow)) // biome-ignore format: short
      // how exact the others are is told beside them; here, that they are called with what they need
      for (const fn of ['exp', 'log', 'tanh', 'sigmoid', 'cbrt', 'erf'] as UnaryFn[]) {
        const [got, expected] = applied({ kind: 'unary', fn }, [[dtype, valuesOf(dtype)]], dtype, narrow)
        const [p, q] = [numbers(dtype, got), numbers(dtype, expected)]
        const ulp = dtype === 'f16' ? 2 ** -10 : 2 ** -20
        for (const [i, v] of p.entries())
          assert.ok(Object.is(v, q[i]) || Math.abs(v - q[i]!) <= ulp * Math.abs(q[i]!) || Math.abs(v - q[i]!) < 1e-36, `${fn} ${dtype}: ${v}, not ${q[i]}`) // biome-ignore format: one
      }
    }
  })
}

test('threefry: one word, or both at once', () => {
  const words = [1, 2, 3, 4].map((k) => Uint32Array.from({ length: 7 }, (_, i) => (i * k * 2654435761) >>> 0))
  const inputs = words.map((x) => ['u32', x] as const)
  for (const word of [0, 1] as const)
    same(`word ${word}`, 'u32', applied({ kind: 'threefry', word }, inputs, 'u32', false))
  const access = { offset: 0, strides: [1], bounds: [] }
  const nodes: Node[] = words.map((_, operand) => ({ kind: 'load', operand, access, fill: 0, dtype: 'u32' }))
  for (const word of [1, 0] as const)
    nodes.push({ kind: 'apply', scalar: { kind: 'threefry', word }, inputs: [0, 1, 2, 3], dtype: 'u32' })
  const stores = [4, 5].map((k) => ({ operand: k, access, node: k }))
  const kernel: Loop = {
    kind: 'loop', name: 'pair', grid: [7], inner: [], operands: nodes.map(() => ({ dtype: 'u32', size: 7 })), nodes,
    stages: [{ over: 'grid', reductions: [], stores }],
  } // biome-ignore format: a form
  const data = [...words, new Uint32Array(7), new Uint32Array(7)]
  const loaded = load(lowerLoop(kernel), data)
  loaded.run()
  interpret(kernel, data)
  for (const k of [4, 5]) same(`word ${5 - k}`, 'u32', [loaded.operand(k), data[k]!])
})

test('polygamma', () => {
  for (const dtype of ['f32', 'f64'] as const) {
    const x = storage(dtype, 5)
    x.set([0.5, 1, 2.25, 7, 30])
    const [got, expected] = applied({ kind: 'polygamma', n: 1 }, [[dtype, x]], dtype, false)
    for (const [i, v] of got.entries()) assert.ok(Math.abs(v - expected[i]!) <= 2 ** -22 * expected[i]!)
  }
})

test.run()
