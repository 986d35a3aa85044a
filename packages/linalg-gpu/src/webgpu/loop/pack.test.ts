import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cast, greater, max, minimum, neg } from '../../index.js'
import type { Loop } from '../../kernel/kernel.js'
import { stridesOf } from '../../shape.js'
import { bitsOf } from '../../wasm/loop/kernels.testing.js'
import { perform, softwareTraits } from '../harness.testing.js'
import { expectedOf, formOf, kernelOf, operandsOf, read, real, same, siteOf } from './loop.testing.js'
import { renderLoop } from './render.js'

const along = { axis: 1, keepDims: true } as const

test('narrow results of every size are whole words, side by side with others', async () => {
  for (const n of [1, 2, 3, 5, 8, 258, 16388]) {
    await same(
      kernelOf((x) => [greater(x!, 0), cast(x!, 'f16'), neg(x!)], ['f32', [n]]),
      softwareTraits,
    )
    await same(
      kernelOf((x) => neg(x!), ['f16', [n]]),
      softwareTraits,
    )
    for (const dtype of ['u8', 'i8', 'bool'] as const)
      await same(
        kernelOf((x, y) => minimum(x!, y!), [dtype, [n]], [dtype, [n]]),
        softwareTraits,
      )
  }
  const kernel = kernelOf((x) => [greater(x!, 0), cast(x!, 'f16')], ['f32', [10]])
  assert.not(renderLoop(kernel, siteOf(kernel, softwareTraits)).dispatches[0]!.code.includes('atomic'))
})

test('narrow results that are not side by side, or not aligned, are written by parts of words', async () => {
  const row = stridesOf([6, 5])
  for (const dtype of ['u8', 'i8', 'bool', 'f16'] as const)
    for (const [strides, offset] of [[[1, 6], 0], [row, 3], [[10, 2], 1]] as const) {
      const size = 64
      const kernel = formOf([6, 5], [], [[dtype, 30], [dtype, size]], [read(0, { offset: 0, strides: row, bounds: [] }, dtype)], [{ operand: 1, access: { offset, strides, bounds: [] }, node: 0 }])
      await same(kernel, softwareTraits)
    }
}) // biome-ignore format: a form

test('words at the end have no more points than there are', async () => {
  // results, then what they are made of, without a gap
  const kernel = kernelOf((x) => [neg(x!), greater(x!, 0), cast(x!, 'f16')], ['f32', [5]])
  const operands = operandsOf(kernel)
  const expected = expectedOf(kernel, operands)
  for (const first of [1, 3]) {
    const words = first === 1 ? 5 : 3
    const places = operands.map((_, i) => ({
      binding: i === 0 || i === first ? 0 : i,
      offset: i === 0 ? words : 0,
      writable: true,
      shifted: false,
    }))
    const used = [...new Set(places.map(({ binding }) => binding))]
    const site = { traits: softwareTraits, places: places.map((place) => ({ ...place, binding: used.indexOf(place.binding) })), gated: false } // biome-ignore format: one
    // what is before is put there first
    const got = await perform(renderLoop(kernel, site), site, operands)
    expected.forEach((x, i) => assert.equal(bitsOf(kernel.operands[i]!.dtype, got[i]!), bitsOf(kernel.operands[i]!.dtype, x))) // biome-ignore format: one
  }
})

test('narrow results of rows are whole words where rows are', async () => {
  for (const traits of [softwareTraits, real])
    for (const dtype of ['f16', 'u8', 'bool'] as const)
      for (const columns of [8, 12, 17, 66]) {
        const kernel = kernelOf((x) => cast(greater(x!, max(x!, along)), dtype), ['f32', [5, columns]])
        await same(kernel, traits)
        const { code } = renderLoop(kernel, siteOf(kernel, traits)).dispatches[0]!
        assert.is(code.includes('atomic'), columns % (dtype === 'f16' ? 2 : 4) > 0)
      }
})

test('rows that end within words are written by parts', async () => {
  for (const traits of [softwareTraits, real])
    for (const dtype of ['f16', 'i8'] as const) {
      const kernel: Loop = {
        ...formOf([3], [16], [[dtype, 48], [dtype, 60]], [read(0, { offset: 0, strides: [16, 1], bounds: [] }, dtype)], []),
        stages: [{ over: 'inner', reductions: [], stores: [{ operand: 1, access: { offset: 0, strides: [17, 1], bounds: [] }, node: 0 }] }],
      }
      await same(kernel, traits)
    }
}) // biome-ignore format: a form

test.run()
