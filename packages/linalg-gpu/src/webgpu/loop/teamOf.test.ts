import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { mul, sum, type Tensor } from '../../index.js'
import type { Loop, Stage } from '../../kernel/kernel.js'
import { validateKernel } from '../../kernel/validate.js'
import { softwareTraits } from '../harness.testing.js'
import { usualTraits } from '../shaders.js'
import { kernelOf, read, real, siteOf } from './loop.testing.js'
import { renderLoop } from './render.js'
import { teamOf } from './teamOf.js'

test('who shares a point: nobody in software, neighbours in memory elsewhere', () => {
  const of = (f: (x: Tensor) => Tensor, shape: readonly number[], traits = real) => teamOf(kernelOf((x) => f(x!), ['f32', shape]), traits) // biome-ignore format: one
  const [rows, columns] = [(x: Tensor) => sum(x, { axis: 1 }), (x: Tensor) => sum(x, { axis: 0 })]
  assert.is(of(rows, [64, 1024], softwareTraits), undefined)
  assert.is(of(rows, [1000, 5]), undefined)
  assert.equal(of(rows, [64, 1024]), { rows: 1, parts: 256, along: 'inner', outer: 0 })
  assert.equal(of(rows, [64, 100]), { rows: 16, parts: 16, along: 'inner', outer: 0 })
  assert.equal(of(rows, [100_000, 32]), { rows: 32, parts: 8, along: 'inner', outer: 0 })
  assert.equal(of(columns, [500, 64]), { rows: 8, parts: 32, along: 'grid', outer: 0 })
  assert.equal(of(columns, [500, 4096]), { rows: 16, parts: 16, along: 'grid', outer: 0 })
  assert.is(of(columns, [500, 100_000]), undefined)
})

test('more inner points than an i32 counts are shared out by their last dimensions', () => {
  const products = kernelOf(
    (x, y) => sum(mul(x!, y!), { axis: [1, 2] }),
    ['f32', [20, 50_000, 1]],
    ['f32', [1, 1, 50_000]],
  )
  assert.equal(products.inner, [50_000, 50_000])
  assert.equal(teamOf(products, real), { rows: 1, parts: 256, along: 'inner', outer: 1 })
})

test('what threads share fits, of whatever types it is', () => {
  // of one stage after another: floats and integers do not take each other's places
  const n = 12
  const along = { offset: 0, strides: [1000, 1], bounds: [] }
  const sums = (node: number, dtype: 'f32' | 'i32'): Stage => ({
    over: 'inner',
    reductions: Array.from({ length: n }, () => ({ fn: 'sum', node, dtype })),
    stores: [],
  })
  const stored = { operand: 2, access: { offset: 0, strides: [1, 0], bounds: [] }, node: 2 }
  const kernel: Loop = {
    kind: 'loop',
    name: 'sums',
    grid: [20],
    inner: [1000],
    operands: [
      { dtype: 'f32', size: 20_000 },
      { dtype: 'i32', size: 20_000 },
      { dtype: 'i32', size: 20 },
    ],
    nodes: [read(0, along, 'f32'), read(1, along, 'i32'), { kind: 'reduced', reduction: n, dtype: 'i32' }],
    stages: [sums(0, 'f32'), sums(1, 'i32'), { over: 'grid', reductions: [], stores: [stored] }],
  }
  validateKernel(kernel)
  const { dispatches } = renderLoop(kernel, siteOf(kernel, usualTraits))
  const shared = [...dispatches[0]!.code.matchAll(/var<workgroup> \w+: array<\w+, (\d+)>/g)].map(
    ([, size]) => 4 * Number(size),
  )
  assert.is(shared.length, 2 * n)
  assert.ok(shared.reduce((a, b) => a + b) <= usualTraits.workgroupBytes)
})

test.run()
