import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add,
  all,
  greater,
  max,
  mean,
  min,
  mul,
  rsqrt,
  softmax,
  square,
  sub,
  sum,
  type Tensor,
  variance,
} from '../../index.js'
import type { Loop } from '../../kernel/kernel.js'
import { perform, softwareTraits } from '../harness.testing.js'
import { close, kernelOf, quarters, random, real, same, siteOf } from './loop.testing.js'
import { renderLoop } from './render.js'

const along = { axis: 1, keepDims: true } as const
const layerNorm = (x: Tensor, scale: Tensor): Tensor =>
  mul(mul(sub(x, mean(x, along)), rsqrt(add(variance(x, along), 1e-5))), scale)

test('sums are off by little, however long', async () => {
  const n = 524_288
  const x = random(n)
  let exact = 0
  for (const v of x) exact += v * v
  const whole = (grid: readonly number[], inner: readonly number[], strides: readonly number[]): Loop => ({
    kind: 'loop', name: 'squares', grid, inner, operands: [{ dtype: 'f32', size: n }, { dtype: 'f32', size: 1 }],
    nodes: [
      { kind: 'load', operand: 0, access: { offset: 0, strides, bounds: [] }, fill: 0, dtype: 'f32' },
      { kind: 'apply', scalar: { kind: 'unary', fn: 'square' }, inputs: [0], dtype: 'f32' },
      { kind: 'reduced', reduction: 0, dtype: 'f32' },
    ],
    stages: [
      { over: 'inner', reductions: [{ fn: 'sum', node: 1, dtype: 'f32' }], stores: [] },
      { over: 'grid', reductions: [], stores: [{ operand: 1, access: { offset: 0, strides: strides.map(() => 0), bounds: [] }, node: 2 }] },
    ],
  })
  for (const kernel of [whole([], [n], [1]), whole([], [1024, 512], [1, 1024]), whole([], [8, 65536], [1, 8])]) {
    const site = siteOf(kernel, softwareTraits)
    const rendered = renderLoop(kernel, site)
    const [first, again] = [await perform(rendered, site, [x, new Float32Array(1)]), await perform(rendered, site, [x, new Float32Array(1)])]
    // three levels of at most 128 terms: a worst case of 400 · 2⁻²⁴, and rounding errors that are as often up as down
    assert.ok(Math.abs(first[1]![0]! - exact) < 1e-6 * exact, `${first[1]![0]! / exact - 1}`)
    assert.is(first[1]![0], again[1]![0])
  }
  // a team of 256 of which each has 16 terms
  const kernel = kernelOf((v) => sum(square(v!), { axis: 1 }), ['f32', [2, 4096]])
  await close(kernel, real, [x.subarray(0, 8192)], 2 ** -22)
}) // biome-ignore format: a form

test('reductions of much, by four neighbours a turn and what is left over', async () => {
  for (const [rows, columns] of [[500, 67], [33, 1026]] as const) {
    await same(kernelOf((x) => [sum(x!, { axis: 1 }), max(x!, { axis: 1 })], ['i32', [rows, columns]]), softwareTraits)
    await same(kernelOf((x) => [min(x!, { axis: 0 }), max(x!, { axis: 0 })], ['f32', [columns, rows]]), softwareTraits)
    await same(kernelOf((x) => all(greater(x!, -9), { axis: 1 }), ['f32', [rows, columns]]), softwareTraits)
    await same(kernelOf((x) => sum(x!, { axis: [0, 2] }), ['f32', [50, 7, 110]]), softwareTraits, [quarters(38_500)])
  }
}) // biome-ignore format: shapes

test('extremes of rows with NaN, infinities and zeros of both signs, alone and by teams', async () => {
  const [rows, columns] = [6, 70]
  const rowsOf = (row: number): number => [NaN, -Infinity, Infinity, -0, 0, 1][row]!
  const x = Float32Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns]
    return row === 3 ? -0 : column === 13 + 9 * row ? rowsOf(row) : row === 1 ? -Infinity : (column % 7) - 3
  })
  // a NaN of the other sign, and one whose bits are its own
  new Uint32Array(x.buffer)[2 * columns + 5] = 0xffc00001
  for (const traits of [softwareTraits, real])
    for (const f of [max, min] as const) {
      await same(
        kernelOf((v) => f(v!, { axis: 1 }), ['f32', [rows, columns]]),
        traits,
        [x],
      )
      await same(
        kernelOf((v) => f(v!, { axis: 0 }), ['f32', [columns, rows]]),
        traits,
        [x],
      )
    }
  for (const dtype of ['f16', 'i32', 'u32', 'i8', 'u8'] as const)
    for (const traits of [softwareTraits, real])
      await same(
        kernelOf((v) => [max(v!, { axis: 1 }), min(v!, { axis: 1 })], [dtype, [5, 33]]),
        traits,
      )
})

test('kernels of several passes, alone and by teams', async () => {
  for (const [rows, columns] of [[1, 1], [3, 5], [2, 300], [40, 17]] as const) // biome-ignore format: shapes
    for (const traits of [softwareTraits, real]) {
      const x = random(rows * columns)
      // exp and the division are off by some ulp each
      await close(
        kernelOf((v) => softmax(v!), ['f32', [rows, columns]]),
        traits,
        [x],
        2 ** -20,
      )
      await close(
        kernelOf((v) => softmax(v!, { axis: 0 }), ['f32', [rows, columns]]),
        traits,
        [x],
        2 ** -20,
      )
      // a difference that nearly cancels is as wrong as the numbers that it is made of
      await close(kernelOf((v, s) => layerNorm(v!, s!), ['f32', [rows, columns]], ['f32', [columns]]), traits, [x, random(columns)], 2e-5) // biome-ignore format: one
      await same(kernelOf((v) => [all(greater(v!, -1), { axis: 1 }), max(v!, { axis: 1 })], ['f32', [rows, columns]]), traits, [x]) // biome-ignore format: one
    }
})

test.run()
