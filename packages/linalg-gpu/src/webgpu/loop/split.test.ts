import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isFloat, storage, type TypedArray } from '../../dtype.js'
import { add, all, cast, greater, max, mul, sum, type Tensor } from '../../index.js'
import { interpret } from '../../kernel/interpret.js'
import type { Loop } from '../../kernel/kernel.js'
import { printKernel } from '../../kernel/print.js'
import { validateKernel } from '../../kernel/validate.js'
import { bitsOf, cases } from '../../wasm/loop/kernels.testing.js'
import { perform, softwareTraits } from '../harness.testing.js'
import { expectedOf, kernelOf, quarters, real, same, siteOf } from './loop.testing.js'
import { renderLoop } from './render.js'
import { isOneReduction, split, splitOf } from './split.js'

test('two kernels mean what the one does', () => {
  let seen = 0
  fc.assert(
    fc.property(cases(false), fc.nat(), fc.nat(), ({ kernel, operands }, a, p) => {
      fc.pre(isOneReduction(kernel) && kernel.inner.length > 0)
      // the order shows in sums of floats
      fc.pre(kernel.stages[0]!.reductions.every(({ fn, dtype }) => fn !== 'sum' || !isFloat(dtype)))
      const axis = a % kernel.inner.length
      const divisors = [1, 2, 3, 4, 5, 6, 7, 8].filter((d) => kernel.inner[axis]! % d === 0)
      const both = split(kernel, axis, divisors[p % divisors.length]!)
      const expected = operands.map((x) => x.slice() as TypedArray)
      interpret(kernel, expected)
      const between = both[0].operands.slice(operands.length).map(({ dtype, size }) => storage(dtype, size))
      const got = [...operands.map((x) => x.slice() as TypedArray), ...between]
      for (const one of both) interpret(validateKernel(one), got)
      seen++
      kernel.operands.forEach(({ dtype }, i) => {
        assert.equal(bitsOf(dtype, got[i]!), bitsOf(dtype, expected[i]!), both.map(printKernel).join('\n'))
      })
    }),
    { numRuns: 100 },
  )
  assert.is(seen, 100)
})

// small workgroups: barriers are slow here
const traits = { ...real, invocations: 16 }
const columns = (x: Tensor) => sum(mul(x, x), { axis: 0 })

test('much that is reduced to little goes in two dispatches, on real GPUs', async () => {
  const of = (kernel: Loop, own = traits): number => renderLoop(kernel, siteOf(kernel, own)).dispatches.length
  const kernel = kernelOf((x) => columns(x!), ['f32', [2000, 20]])
  assert.equal([of(kernel), of(kernel, softwareTraits)], [2, 1])
  await same(kernel, traits, [quarters(2000 * 20)])
  // as many bindings as there are operands, scratch and a gate
  assert.equal([of(kernel, { ...traits, bindings: 4 }), of(kernel, { ...traits, bindings: 3 })], [2, 1])
  // a length without divisors, and one that is short
  for (const n of [2003, 100]) assert.is(of(kernelOf((x) => columns(x!), ['f32', [n, 20]])), 1)
})

test('several reductions at once, of all types, and work after them', async () => {
  const integers = kernelOf(
    (x) => {
      const y = cast(x!, 'i32')
      return add(mul(sum(y, { axis: 0 }), 2), max(y, { axis: 0 }))
    },
    ['i8', [4000, 18]],
  )
  const bools = kernelOf((x) => all(greater(x!, -17), { axis: 0 }), ['f32', [4000, 18]])
  for (const kernel of [integers, bools]) {
    assert.ok(splitOf(kernel, traits))
    await same(kernel, traits)
  }
})

test('in one arena, and behind a gate', async () => {
  const kernel = kernelOf((x) => columns(x!), ['f32', [2000, 20]])
  const operands = [quarters(2000 * 20), new Float32Array(20).fill(7)]
  const places = [64, 64 + 2000 * 20].map((offset) => ({ binding: 0, offset, writable: true, shifted: false }))
  const site = { traits, places, gated: true }
  const rendered = renderLoop(kernel, site)
  assert.is(rendered.dispatches.length, 2)
  assert.equal([...(await perform(rendered, site, operands))[1]!], [...expectedOf(kernel, operands)[1]!])
  assert.equal([...(await perform(rendered, site, operands, { open: false }))[1]!], [...operands[1]!])
})

test.run()
