import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dtypes, isFloat, type TypedArray } from '../../dtype.js'
import {
  add,
  cast,
  greater,
  minimum,
  mul,
  neg,
  relu,
  slice,
  square,
  type Tensor,
  transpose,
  where,
} from '../../index.js'
import { overwrites } from '../../kernel/arena.js'
import type { Access } from '../../kernel/kernel.js'
import { bitsOf, filled } from '../../wasm/loop/kernels.testing.js'
import { perform, softwareTraits } from '../harness.testing.js'
import { expectedOf, formOf, kernelOf, operandsOf, read, real, roll, same, siteOf } from './loop.testing.js'
import { renderLoop } from './render.js'

test('elementwise work of every size, alone and by vectors of four', async () => {
  for (const n of [0, 1, 3, 1023, 16384, 16386, 65537, 65540])
    await same(kernelOf((x, y) => [relu(add(x!, y!)), square(x!)], ['f32', [n]], ['f32', [n]]), softwareTraits)
  // with a row that all rows share, a column, and a transposed one
  for (const [rows, columns] of [[32, 40], [33, 31], [130, 128]] as const)
    await same(
      kernelOf(
        (x, y, z, t) => add(add(mul(x!, y!), z!), transpose(t!)),
        ['f32', [rows, columns]], ['f32', [columns]], ['f32', [rows, 1]], ['f32', [columns, rows]],
      ),
      softwareTraits,
    )
}) // biome-ignore format: shapes

test('real adapters have vectors where there is much to do', () => {
  const codeOf = (n: number): string => {
    const kernel = kernelOf((x) => neg(x!), ['f32', [n]])
    return renderLoop(kernel, siteOf(kernel, real)).dispatches[0]!.code
  }
  assert.ok(codeOf(2 ** 20).includes('array<vec4<f32>>'))
  assert.not(codeOf(2 ** 20 + 1).includes('vec4<f32>'))
  assert.not(codeOf(1000).includes('vec4<f32>'))
})

test('vectors stand anywhere in an arena, or are none where the arena has narrow elements too', async () => {
  const n = 16388
  const kernel = kernelOf((x, y) => [relu(add(x!, y!)), greater(x!, y!)], ['f32', [n]], ['f32', [n]])
  const operands = operandsOf(kernel)
  const expected = expectedOf(kernel, operands)
  const [wide, mixed] = [[0, 0, 0, 1], [0, 0, 0, 0]] // biome-ignore format: short
  for (const bindings of [wide!, mixed!]) {
    const places = bindings.map((binding, i) => ({
      binding,
      offset: binding === 1 ? 64 : i === 3 ? 4 * (3 * n + 24) : i * n + 8 * i + 4,
      writable: true,
      shifted: false,
    }))
    const site = { traits: softwareTraits, places, gated: false }
    const rendered = renderLoop(kernel, site)
    assert.is(rendered.dispatches[0]!.code.includes('array<vec4'), bindings === wide)
    const got = await perform(rendered, site, operands)
    expected.forEach((x, i) => assert.equal(bitsOf(kernel.operands[i]!.dtype, got[i]!), bitsOf(kernel.operands[i]!.dtype, x))) // biome-ignore format: one
  }
})

test('what is not whole vectors is read one by one', async () => {
  const n = 16384
  const shifted = (x: Tensor, by: number): Tensor => slice(x, [by, n + by])
  for (const by of [2, 4])
    await same(kernelOf((x, y) => add(shifted(x!, by), y!), ['f32', [n + 8]], ['f32', [n]]), softwareTraits)
  // an operand that is an index as well
  const access: Access = { offset: 0, strides: [1], bounds: [] }
  const kernel = formOf([n], [], [['i32', n], ['i32', n + 4], ['i32', n]], [
    read(0, access, 'i32'),
    read(1, { ...access, dynamic: { starts: 0, limits: [4], strides: [1] } }, 'i32'),
    { kind: 'apply', scalar: { kind: 'binary', fn: 'sub' }, inputs: [0, 1], dtype: 'i32' },
  ], [{ operand: 2, access, node: 2 }])
  await same(kernel, softwareTraits)
}) // biome-ignore format: a form

test('a result may stand over what it is made of', async () => {
  for (const dtype of dtypes)
    for (const n of [1, 5, 4099, 16388]) {
      if (dtype === 'f64') continue
      const kernel = kernelOf((x) => (dtype === 'bool' ? where(x!, false, true) : isFloat(dtype) ? relu(x!) : cast(minimum(x!, 3), dtype)), [dtype, [n]]) // biome-ignore format: one
      assert.ok(overwrites(kernel, 0, 1))
      const x = filled(dtype, n, roll)
      const expected = expectedOf(kernel, [x, x.slice() as TypedArray])[1]!
      const site = siteOf(kernel, softwareTraits, [[0, 1]])
      const got = await perform(renderLoop(kernel, site), site, [x, x])
      for (const one of got) assert.equal(bitsOf(dtype, one), bitsOf(dtype, expected))
    }
})

test.run()
