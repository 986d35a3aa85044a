import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { add, div, mul, sub, type Tensor } from '../../index.js'
import type { Access, Node } from '../../kernel/kernel.js'
import { softwareTraits } from '../harness.testing.js'
import { formOf, kernelOf, read, same, siteOf } from './loop.testing.js'
import { renderLoop } from './render.js'

test('sums are not made in another order than they are written', async () => {
  const [big, inf] = [1e10, Infinity]
  const x = Float32Array.of(1, 3, 0.5, inf, -inf, 7)
  for (const f of [
    (v: Tensor) => sub(add(v, big), big),
    (v: Tensor) => add(sub(1, v), v),
    (v: Tensor) => sub(add(v, v), v),
    (v: Tensor) => sub(mul(v, 4097), sub(mul(v, 4097), v)),
    (v: Tensor) => div(mul(v, 3e38), 3e38),
  ])
    await same(
      kernelOf((v) => f(v!), ['f32', [6]]),
      softwareTraits,
      [x],
    )
})

test('the two words of a threefry are one call', async () => {
  const access: Access = { offset: 0, strides: [1], bounds: [] }
  const words = ([0, 1] as const).map((word): Node => ({ kind: 'apply', scalar: { kind: 'threefry', word }, inputs: [0, 1, 2, 3], dtype: 'u32' })) // biome-ignore format: one
  const given = [0, 1, 2, 3].map((operand) => read(operand, access, 'u32'))
  const stores = [4, 5].map((node) => ({ operand: node, access, node }))
  const kernel = formOf(
    [9],
    [],
    given.concat(words).map(() => ['u32', 9] as const),
    [...given, ...words],
    stores,
  )
  await same(kernel, softwareTraits)
  const { code } = renderLoop(kernel, siteOf(kernel, softwareTraits)).dispatches[0]!
  assert.is(code.split('= threefry_2x32(').length, 2)
})

test.run()
