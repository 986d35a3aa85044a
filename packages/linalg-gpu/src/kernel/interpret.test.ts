import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TypedArray } from '../dtype.js'
import { toHalf } from '../plain/half.js'
import { typeOf } from '../program/type.js'
import { interpret } from './interpret.js'
import type { Access, Bound, Contract, Kernel, Loop, Node } from './kernel.js'

const at = (strides: readonly number[], offset = 0, bounds: readonly Bound[] = []): Access => ({
  offset,
  strides,
  bounds,
})
const load = (operand: number, access: Access, dtype: Node['dtype'] = 'f32', fill = 0): Node =>
  ({ kind: 'load', operand, access, fill, dtype }) as Node
const binary = (fn: 'add' | 'sub' | 'mul' | 'div' | 'max', x: number, y: number, dtype: Node['dtype'] = 'f32'): Node =>
  ({ kind: 'apply', scalar: { kind: 'binary', fn }, inputs: [x, y], dtype }) as Node
const unary = (fn: 'exp' | 'neg', x: number, dtype: Node['dtype'] = 'f32'): Node =>
  ({ kind: 'apply', scalar: { kind: 'unary', fn }, inputs: [x], dtype }) as Node

const ran = <T extends TypedArray>(kernel: Kernel, inputs: readonly TypedArray[], out: T): number[] => {
  interpret(kernel, [...inputs, out])
  return [...out]
}

/** One stage over the grid that stores one node in the last operand, row-major. */
const map = (grid: readonly number[], operands: Loop['operands'], nodes: readonly Node[], strides: readonly number[]): Loop => ({
  kind: 'loop', name: 'map', grid, inner: [], operands, nodes,
  stages: [{ over: 'grid', reductions: [], stores: [{ operand: operands.length - 1, access: at(strides), node: nodes.length - 1 }] }],
}) // biome-ignore format: a form

const f32 = (size: number): Loop['operands'][number] => ({ dtype: 'f32', size })

test('each node is rounded once to its dtype', () => {
  const kernel = map([1], [f32(1), f32(1), f32(1)], [load(0, at([0])), load(1, at([0])), binary('add', 0, 1), binary('sub', 2, 0)], [0]) // biome-ignore format: a form
  // 2²⁴ + 1 is no f32: it is lost in the sum
  assert.equal(ran(kernel, [Float32Array.of(2 ** 24), Float32Array.of(1)], new Float32Array(1)), [0])
})

test('integers wrap, and f16 nodes are rounded to f16', () => {
  const i32 = { dtype: 'i32', size: 1 } as const
  const int = map([1], [i32, i32], [load(0, at([0]), 'i32'), binary('mul', 0, 0, 'i32')], [0])
  assert.equal(ran(int, [Int32Array.of(65537)], new Int32Array(1)), [131073])
  const f16 = { dtype: 'f16', size: 1 } as const
  const half = map([1], [f16, f16], [load(0, at([0]), 'f16'), binary('add', 0, 0, 'f16')], [0])
  assert.equal(ran(half, [Uint16Array.of(toHalf(40000))], new Uint16Array(1)), [toHalf(Infinity)])
})

test('out of bounds a load is its fill, and inside tells so', () => {
  const bound = { offset: -1, coefficients: [1], size: 2 }
  const inside: Node = { kind: 'inside', bounds: [bound], dtype: 'bool' }
  const nodes = [load(0, at([1], -1, [bound]), 'f32', 9)]
  assert.equal(ran(map([4], [f32(2), f32(4)], nodes, [1]), [Float32Array.of(5, 6)], new Float32Array(4)), [9, 5, 6, 9])
  assert.equal(ran(map([4], [{ dtype: 'bool', size: 4 }], [inside], [1]), [], new Uint8Array(4)), [0, 1, 1, 0])
})

test('an access that leaves its operand without a bound is an error', () => {
  const kernel = map([4], [f32(3), f32(4)], [load(0, at([1]))], [1])
  assert.throws(
    () => interpret(kernel, [new Float32Array(3), new Float32Array(4)]),
    /map: element 3 of operand 0, which has 3, at \[3\]/,
  )
  assert.throws(() => interpret(kernel, [new Float32Array(2)]), /operand 0 has 3 elements, got 2/)
})

test('a dynamic offset is clamped', () => {
  const dynamic = { starts: 0, limits: [3], strides: [1] }
  const kernel = map([2], [{ dtype: 'i32', size: 1 }, f32(5), f32(2)], [load(1, { ...at([1]), dynamic })], [1])
  const x = Float32Array.of(0, 1, 2, 3, 4)
  assert.equal(ran(kernel, [Int32Array.of(2), x], new Float32Array(2)), [2, 3])
  assert.equal(ran(kernel, [Int32Array.of(9), x], new Float32Array(2)), [3, 4])
  assert.equal(ran(kernel, [Int32Array.of(-9), x], new Float32Array(2)), [0, 1])
})

const softmax: Loop = {
  kind: 'loop', name: 'softmax', grid: [2], inner: [3], operands: [f32(6), f32(6)],
  nodes: [
    load(0, at([3, 1])),
    { kind: 'reduced', reduction: 0, dtype: 'f32' }, binary('sub', 0, 1), unary('exp', 2),
    { kind: 'reduced', reduction: 1, dtype: 'f32' }, binary('div', 3, 4),
  ],
  stages: [
    { over: 'inner', reductions: [{ fn: 'max', node: 0, dtype: 'f32' }], stores: [] },
    { over: 'inner', reductions: [{ fn: 'sum', node: 3, dtype: 'f32' }], stores: [] },
    { over: 'inner', reductions: [], stores: [{ operand: 1, access: at([3, 1]), node: 5 }] },
  ],
} // biome-ignore format: a form

test('stages read the reductions of those before', () => {
  const x = Float32Array.of(0, Math.log(2), Math.log(5), 100, 100, 100)
  const out = ran(softmax, [x], new Float32Array(6))
  const expected = [1 / 8, 2 / 8, 5 / 8, 1 / 3, 1 / 3, 1 / 3]
  // three rounded steps, each of half a unit
  out.forEach((p, i) => assert.ok(Math.abs(p - expected[i]!) < 4 * 2 ** -24))
})

test('reductions over nothing are neutral elements', () => {
  const reduced = (fn: 'sum' | 'max' | 'min', dtype: 'f32' | 'i32' | 'u32'): Loop => ({
    kind: 'loop', name: fn, grid: [1], inner: [0], operands: [{ dtype, size: 0 }, { dtype, size: 1 }],
    nodes: [load(0, at([0, 1]), dtype), { kind: 'reduced', reduction: 0, dtype }],
    stages: [
      { over: 'inner', reductions: [{ fn, node: 0, dtype }], stores: [] },
      { over: 'grid', reductions: [], stores: [{ operand: 1, access: at([1, 0]), node: 1 }] },
    ],
  }) // biome-ignore format: a form
  assert.equal(ran(reduced('sum', 'f32'), [new Float32Array(0)], new Float32Array(1)), [0])
  assert.equal(ran(reduced('max', 'f32'), [new Float32Array(0)], new Float32Array(1)), [-Infinity])
  assert.equal(ran(reduced('max', 'i32'), [new Int32Array(0)], new Int32Array(1)), [-(2 ** 31)])
  assert.equal(ran(reduced('min', 'u32'), [new Uint32Array(0)], new Uint32Array(1)), [2 ** 32 - 1])
})

test('sums are rounded once, at their end', () => {
  const kernel: Loop = {
    ...softmax, name: 'sum', grid: [1], inner: [3], operands: [f32(3), f32(1)],
    nodes: [load(0, at([0, 1])), { kind: 'reduced', reduction: 0, dtype: 'f32' }],
    stages: [
      { over: 'inner', reductions: [{ fn: 'sum', node: 0, dtype: 'f32' }], stores: [] },
      { over: 'grid', reductions: [], stores: [{ operand: 1, access: at([0, 0]), node: 1 }] },
    ],
  } // biome-ignore format: a form
  assert.equal(ran(kernel, [Float32Array.of(2 ** 24, 1, 1)], new Float32Array(1)), [2 ** 24 + 2])
})

const convolution = (dtype: Contract['dtype']): Contract => ({
  kind: 'contract', name: 'conv', dtype, batch: [], m: [3], n: [1], k: [3],
  operands: [{ dtype, size: 3 }, { dtype, size: 3 }, { dtype, size: 3 }],
  a: at([1, 1], -1, [{ offset: -1, coefficients: [1, 1], size: 3 }]),
  b: at([1, 0]),
  out: at([1, 0]),
}) // biome-ignore format: a form

test('a contraction counts elements out of bounds as 0, and integers wrap', () => {
  assert.equal(
    ran(convolution('f32'), [Float32Array.of(1, 2, 3), Float32Array.of(1, 10, 100)], new Float32Array(3)),
    [210, 321, 32],
  )
  assert.equal(ran(convolution('i32'), [Int32Array.of(1, 2, 3), Int32Array.of(0, 2 ** 30, 0)], new Int32Array(3)), [
    2 ** 30,
    -(2 ** 31),
    3 * 2 ** 30 - 2 ** 32,
  ])
})

test('a special kernel is the operation of the plain device', () => {
  const kernel: Kernel = {
    kind: 'special', name: 'cumsum', op: { kind: 'cumsum', axis: 0, reverse: false },
    inputs: [typeOf('f16', [3])], outputs: [typeOf('f16', [3])],
  } // biome-ignore format: a form
  const halves = (...x: number[]): Uint16Array => Uint16Array.from(x, toHalf)
  assert.equal(ran(kernel, [halves(1, 2, 3)], new Uint16Array(3)), [...halves(1, 3, 6)])
})

test.run()
