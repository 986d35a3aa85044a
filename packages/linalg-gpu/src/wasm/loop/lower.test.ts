import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type DType, dtypes, type TypedArray } from '../../dtype.js'
import { interpret } from '../../kernel/interpret.js'
import type { Access, Bound, Loop, Node, Reduction, Scalar, Stage } from '../../kernel/kernel.js'
import { validateKernel } from '../../kernel/validate.js'
import type { BinaryFn, ReduceFn, UnaryFn } from '../../program/op.js'
import { sizeOf, stridesOf } from '../../shape.js'
import { load } from '../harness.testing.js'
import { bitsOf, dice, filled } from './kernels.testing.js'
import { lowerLoop } from './lower.js'

const at = (strides: readonly number[], offset = 0, bounds: readonly Bound[] = []): Access => ({
  offset,
  strides,
  bounds,
})
const read = (operand: number, access: Access, dtype: DType = 'f32', fill = 0): Node => ({ kind: 'load', operand, access, fill, dtype }) // biome-ignore format: one
const apply = (scalar: Scalar, inputs: readonly number[], dtype: DType): Node => ({ kind: 'apply', scalar, inputs, dtype }) // biome-ignore format: one
const binary = (fn: BinaryFn, x: number, y: number, dtype: DType = 'f32'): Node => apply({ kind: 'binary', fn }, [x, y], dtype) // biome-ignore format: one
const unary = (fn: UnaryFn, x: number, dtype: DType = 'f32'): Node => apply({ kind: 'unary', fn }, [x], dtype)
const result = (reduction: number, dtype: DType = 'f32'): Node => ({ kind: 'reduced', reduction, dtype })
const reduce = (fn: ReduceFn, node: number, dtype: DType = 'f32'): Reduction => ({ fn, node, dtype })
const over = (where: Stage['over'], reductions: readonly Reduction[], stores: Stage['stores'] = []): Stage => ({ over: where, reductions, stores }) // biome-ignore format: one

/** The last operand is the output. */
const form = (
  grid: readonly number[],
  inner: readonly number[],
  operands: readonly (readonly [DType, number])[],
  nodes: readonly Node[],
  stages: readonly Stage[],
): Loop => ({ kind: 'loop', name: 'k', grid, inner, operands: operands.map(([dtype, size]) => ({ dtype, size })), nodes, stages }) // biome-ignore format: one

const sameBytes = (x: TypedArray, y: TypedArray): boolean =>
  Buffer.compare(new Uint8Array(x.buffer), new Uint8Array(y.buffer)) === 0

/** The output in one go; that it is the same bits in chunks of any size and in any order; and what the form says. */
const ran = (kernel: Loop, inputs: readonly TypedArray[], out: TypedArray): readonly [TypedArray, TypedArray] => {
  const data = [...inputs, out]
  validateKernel(kernel)
  const lowered = lowerLoop(kernel)
  const last = inputs.length
  const loaded = load(lowered, data)
  loaded.run()
  const whole = loaded.operand(last)
  for (const [chunk, backwards] of [
    [1, true],
    [3, false],
    [Math.max(1, lowered.grain), true],
  ] as const) {
    // biome-ignore format: one
    const again = load(lowered, data)
    again.run(chunk, backwards)
    assert.ok(sameBytes(again.operand(last), whole))
  }
  const expected = data.map((x) => x.slice() as TypedArray)
  interpret(kernel, expected)
  return [whole, expected[last]!]
}

const same = (kernel: Loop, inputs: readonly TypedArray[], out: TypedArray): void => {
  const [got, expected] = ran(kernel, inputs, out)
  const { dtype } = kernel.operands.at(-1)!
  assert.equal(bitsOf(dtype, got), bitsOf(dtype, expected))
}

const close = (kernel: Loop, inputs: readonly TypedArray[], out: TypedArray, relative: number): void => {
  const [got, expected] = ran(kernel, inputs, out)
  for (const [i, v] of got.entries())
    assert.ok(Object.is(v, expected[i]) || Math.abs(v - expected[i]!) <= relative * Math.abs(expected[i]!), `[${i}]: ${v}, not ${expected[i]}`) // biome-ignore format: one
}

const roll = dice(7)
const sizes = [0, 1, 3, 4, 5, 7, 16, 17, 4097]
const random = (size: number): Float32Array => Float32Array.from({ length: size }, () => roll(20001) / 1000 - 10)

test('one dimension of every size and dtype', () => {
  for (const dtype of dtypes)
    for (const n of sizes) {
      const nodes = [read(0, at([1]), dtype), read(1, at([1]), dtype), binary('max', 0, 1, dtype)]
      const kernel = form([n], [], [[dtype, n], [dtype, n], [dtype, n]], nodes, [over('grid', [], [{ operand: 2, access: at([1]), node: 2 }])]) // biome-ignore format: a form
      const x = filled(dtype, n, roll)
      same(kernel, [x, filled(dtype, n, roll)], filled(dtype, n, roll))
    }
})

test('a scalar is one unit', () => {
  const kernel = form([], [], [['f32', 1], ['f32', 1]], [read(0, at([])), unary('neg', 0)], [over('grid', [], [{ operand: 1, access: at([]), node: 1 }])]) // biome-ignore format: a form
  assert.is(lowerLoop(kernel).units, 1)
  same(kernel, [Float32Array.of(3)], new Float32Array(1))
})

test('strides that are negative, 0, more than 1, and transposed', () => {
  for (const n of [1, 3, 5, 16, 33])
    for (const [strides, offset] of [
      [[n, -1], n - 1],
      [[0, 1], 0],
      [[1, 0], 0],
      [[1, n], 0],
      [[2 * n, 2], 0],
      [[-1, -n], n * n - 1],
    ] as const) {
      // biome-ignore format: cases
      const size = 2 * n * n
      const nodes = [read(0, at(strides, offset)), unary('square', 0)]
      const out = at([n, 1])
      same(form([n, n], [], [['f32', size], ['f32', n * n]], nodes, [over('grid', [], [{ operand: 1, access: out, node: 1 }])]), [random(size)], new Float32Array(n * n)) // biome-ignore format: a form
    }
})

test('a copy of all and a fill with zeros are done in bulk', () => {
  for (const dtype of dtypes)
    for (const n of [0, 1, 5, 4097, 9000]) {
      const store = over('grid', [], [{ operand: 1, access: at([1]), node: 0 }])
      const operands = [[dtype, n], [dtype, n]] as const // biome-ignore format: a form
      same(
        form([n], [], operands, [read(0, at([1]), dtype)], [store]),
        [filled(dtype, n, roll)],
        filled(dtype, n, roll),
      )
      const zero: Node = { kind: 'constant', value: 0, dtype }
      same(form([n], [], operands, [zero], [store]), [filled(dtype, n, roll)], filled(dtype, n, roll))
    }
  const minus: Node = { kind: 'constant', value: -0, dtype: 'f32' }
  same(form([5], [], [['f32', 5]], [minus], [over('grid', [], [{ operand: 0, access: at([1]), node: 0 }])]), [], new Float32Array(5)) // biome-ignore format: a form
})

test('bounds along lanes, across them, and both: padding, and windows at the edges', () => {
  for (const n of [1, 2, 5, 8, 19, 40])
    for (const dtype of ['f32', 'u8', 'f16', 'f64', 'bool'] as const) {
      const bound = (d: 0 | 1, offset: number): Bound => ({ offset, coefficients: d === 0 ? [1, 0] : [0, 1], size: n })
      const access = at([n, 1], -2 * n - 3, [bound(0, -2), bound(1, -3)])
      const [h, w] = [n + 3, n + 5]
      const kernel = form([h, w], [], [[dtype, n * n], [dtype, h * w]], [read(0, access, dtype, 1)], [over('grid', [], [{ operand: 1, access: at([w, 1]), node: 0 }])]) // biome-ignore format: a form
      same(kernel, [filled(dtype, n * n, roll)], filled(dtype, h * w, roll))
    }
})

test('an offset that is read at run time is clamped', () => {
  for (const [i, j] of [
    [0, 0],
    [2, 1],
    [-5, 99],
  ] as const) {
    // biome-ignore format: cases
    const access: Access = { ...at([6, 1]), dynamic: { starts: 1, limits: [2, 3], strides: [6, 1] } }
    const kernel = form([3, 3], [], [['f32', 30], ['i32', 2], ['f32', 9]], [read(0, access), unary('neg', 0)], [over('grid', [], [{ operand: 2, access: at([3, 1]), node: 1 }])]) // biome-ignore format: a form
    same(kernel, [random(30), Int32Array.of(i, j)], new Float32Array(9))
  }
})

const sums = (rows: number, cols: number, along: 'rows' | 'columns', fn: ReduceFn, dtype: DType): Loop => {
  const [grid, inner, strides] = along === 'rows' ? [rows, cols, [cols, 1]] : [cols, rows, [1, cols]]
  return form([grid], [inner], [[dtype, rows * cols], [dtype, grid]], [read(0, at(strides), dtype), result(0, dtype)], [
    over('inner', [reduce(fn, 0, dtype)]),
    over('grid', [], [{ operand: 1, access: at([1, 0]), node: 1 }]),
  ]) // biome-ignore format: a form
}

test('reductions of rows and columns of every size and dtype', () => {
  for (const dtype of dtypes)
    for (const fn of ['sum', 'max', 'min', 'and', 'or'] as const) {
      const bits = fn === 'and' || fn === 'or'
      if (bits ? dtype !== 'bool' : fn === 'sum' && ['u8', 'i8', 'bool'].includes(dtype)) continue
      for (const n of [0, 1, 3, 7, 17, 70])
        for (const m of [1, 5, 18])
          for (const along of ['rows', 'columns'] as const) {
            const kernel = along === 'rows' ? sums(m, n, along, fn, dtype) : sums(n, m, along, fn, dtype)
            same(kernel, [filled(dtype, n * m, roll)], filled(dtype, m, roll))
          }
    }
})

test('sums of f32 are made in f64 and rounded once', () => {
  // each 2⁻²⁴ would be lost in an f32 that holds 1
  const n = 4097
  const x = Float32Array.from({ length: n }, (_, i) => (i === 0 ? 1 : 2 ** -24))
  for (const along of ['rows', 'columns'] as const)
    same(along === 'rows' ? sums(1, n, along, 'sum', 'f32') : sums(n, 1, along, 'sum', 'f32'), [x], new Float32Array(1))
  // numbers that no order of f64 sums tells apart once they are rounded
  close(sums(9, 1000, 'rows', 'sum', 'f32'), [random(9000)], new Float32Array(9), 2 ** -23)
})

test('a sum of all, and of two inner dimensions that are not neighbours in memory', () => {
  for (const n of sizes) close(sumOfAll(n), [random(n)], new Float32Array(1), 2 ** -23)
  const kernel = form([5], [6, 7], [['f32', 210], ['f32', 5]], [read(0, at([7, 35, 1])), result(0)], [
    over('inner', [reduce('sum', 0)]), over('grid', [], [{ operand: 1, access: at([1, 0, 0]), node: 1 }]),
  ]) // biome-ignore format: a form
  close(kernel, [random(210)], new Float32Array(5), 2 ** -23)
})

const sumOfAll = (n: number): Loop =>
  form([], [n], [['f32', n], ['f32', 1]], [read(0, at([1])), result(0)], [
    over('inner', [reduce('sum', 0)]), over('grid', [], [{ operand: 1, access: at([0]), node: 1 }]),
  ]) // biome-ignore format: a form

/** exp(x − max) / Σ exp(x − max) along one of two dimensions. */
const softmax = (rows: number, cols: number, along: 'rows' | 'columns'): Loop => {
  const [grid, inner, strides] = along === 'rows' ? [rows, cols, [cols, 1]] : [cols, rows, [1, cols]]
  const nodes = [read(0, at(strides)), result(0), binary('sub', 0, 1), unary('exp', 2), result(1), binary('div', 3, 4)]
  const all = rows * cols
  return form([grid], [inner], [['f32', all], ['f32', all]], nodes, [
    over('inner', [reduce('max', 0)]),
    over('inner', [reduce('sum', 3)]),
    over('inner', [], [{ operand: 1, access: at(strides), node: 5 }]),
  ]) // biome-ignore format: a form
}

/** (x − mean) / √(variance + ε) · scale + shift along rows. */
const layerNorm = (rows: number, cols: number): Loop => {
  const nodes = [
    read(0, at([cols, 1])), result(0), { kind: 'constant', value: 1 / cols, dtype: 'f32' } as const, binary('mul', 1, 2),
    binary('sub', 0, 3), unary('square', 4), result(1), binary('mul', 6, 2), { kind: 'constant', value: 1e-5, dtype: 'f32' } as const,
    binary('add', 7, 8), unary('rsqrt', 9), binary('mul', 4, 10), read(1, at([0, 1])), read(2, at([0, 1])),
    binary('mul', 11, 12), binary('add', 14, 13),
  ] // biome-ignore format: a form
  const all = rows * cols
  return form([rows], [cols], [['f32', all], ['f32', cols], ['f32', cols], ['f32', all]], nodes, [
    over('inner', [reduce('sum', 0)]),
    over('inner', [reduce('sum', 5)]),
    over('inner', [], [{ operand: 3, access: at([cols, 1]), node: 15 }]),
  ]) // biome-ignore format: a form
}

test('softmax along rows and columns, and layer norm', () => {
  for (const [rows, cols] of [
    [1, 1],
    [3, 5],
    [7, 10],
    [10, 7],
    [5, 33],
    [20, 3],
    [2, 1000],
  ] as const) {
    // biome-ignore format: cases
    const x = random(rows * cols)
    for (const along of ['rows', 'columns'] as const)
      close(softmax(rows, cols, along), [x], new Float32Array(rows * cols), 2 ** -19)
    // a difference that nearly cancels is as wrong as the numbers that it is made of
    const [got, expected] = ran(layerNorm(rows, cols), [x, random(cols), random(cols)], new Float32Array(rows * cols))
    for (const [i, v] of got.entries()) assert.ok(Math.abs(v - expected[i]!) < 2e-5 * (1 + Math.abs(expected[i]!)))
  }
})

test('an element is the same bits wherever it stands: in a vector, in a tail, in any unit', () => {
  const values = [NaN, Infinity, -Infinity, -0, ...random(60)]
  const exp = (n: number): Loop =>
    form([n], [], [['f32', n], ['f32', n]], [read(0, at([1])), unary('exp', 0), unary('tanh', 1)], [over('grid', [], [{ operand: 1, access: at([1]), node: 2 }])]) // biome-ignore format: a form
  const of = (x: Float32Array): Int32Array => {
    const loaded = load(lowerLoop(exp(x.length)), [x, new Float32Array(x.length)])
    loaded.run()
    return new Int32Array(loaded.operand(1).buffer)
  }
  const all = of(Float32Array.from(values))
  for (let from = 0; from < 5; from++)
    assert.equal([...of(Float32Array.from(values).slice(from))], [...all.slice(from)])
  for (const [i, v] of values.entries()) assert.is(of(Float32Array.of(v))[0], all[i])
})

test('kernels that differ in sizes alone share their code', () => {
  const keys = [100, 1000, 4097].map((n) => lowerLoop(sums(n, 200, 'rows', 'sum', 'f32')).key)
  assert.is(new Set(keys).size, 1)
  assert.is.not(keys[0], lowerLoop(sums(100, 200, 'rows', 'max', 'f32')).key)
})

test('a grid without points has no units, an inner shape without points has neutral elements', () => {
  assert.is(lowerLoop(sums(0, 5, 'rows', 'sum', 'f32')).units, 0)
  same(sums(5, 0, 'rows', 'max', 'f32'), [new Float32Array(0)], new Float32Array(5))
})

test('units are small enough to be shared, and large enough to be worth it', () => {
  const shape = [1000, 1000]
  const nodes = [read(0, at(stridesOf(shape))), unary('neg', 0)]
  const n = sizeOf(shape)
  const kernel = form(shape, [], [['f32', n], ['f32', n]], nodes, [over('grid', [], [{ operand: 1, access: at(stridesOf(shape)), node: 1 }])]) // biome-ignore format: a form
  const { units, grain } = lowerLoop(kernel)
  assert.ok(units > 100 && grain > 1 && grain < units / 4)
})

test.run()
