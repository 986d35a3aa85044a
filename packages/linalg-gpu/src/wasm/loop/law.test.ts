import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TypedArray } from '../../dtype.js'
import { interpret } from '../../kernel/interpret.js'
import { validateKernel } from '../../kernel/validate.js'
import { load } from '../harness.testing.js'
import { bitsOf, type Case, cases } from './kernels.testing.js'
import { lowerLoop } from './lower.js'

const copyOf = (x: TypedArray): TypedArray => x.slice() as TypedArray

const agrees = ({ kernel, operands }: Case): void => {
  validateKernel(kernel)
  const expected = operands.map(copyOf)
  interpret(kernel, expected)
  const lowered = lowerLoop(kernel)
  for (const [chunk, backwards] of [
    [lowered.units || 1, false],
    [1, true],
  ] as const) {
    const loaded = load(lowered, operands)
    loaded.run(chunk, backwards)
    kernel.operands.forEach(({ dtype }, i) => {
      assert.equal(
        bitsOf(dtype, loaded.operand(i)),
        bitsOf(dtype, expected[i]!),
        `operand ${i}, ${dtype}, ${lowered.key}`,
      )
    })
  }
}

for (const wide of [false, true])
  test(`random kernels mean what their form says, ${wide ? 'with' : 'without'} f64`, () => {
    fc.assert(fc.property(cases(wide), agrees), { numRuns: Number(process.env['LAW_RUNS'] ?? 300) })
  })

test.run()
