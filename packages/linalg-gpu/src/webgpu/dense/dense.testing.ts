/** Runs the shaders of a factorisation on Dawn, and its oracle, for the tests of this folder. */

import * as assert from 'uvu/assert'
import { storage, type TypedArray } from '../../dtype.js'
import { interpret } from '../../kernel/interpret.js'
import type { Special } from '../../kernel/kernel.js'
import type { CustomKernel } from '../../program/custom.js'
import { typeOf } from '../../program/type.js'
import type { Stack } from '../../wasm/dense/dense.testing.js'
import { perform } from '../harness.testing.js'
import { renderSpecial } from '../special/render.js'
import { hosts, placed, type Standing } from '../special/special.testing.js'

/** The results of a thread a matrix, and of a workgroup a matrix: the same bits when run again. */
export const both = async (
  kernel: CustomKernel,
  inputs: readonly Stack[],
  standing: Standing = 'apart',
): Promise<{ readonly got: readonly (readonly TypedArray[])[]; readonly expected: readonly TypedArray[] }> => {
  const types = inputs.map(({ shape }) => typeOf('f32', shape))
  const outputs = kernel.infer(types)
  const special: Special = {
    kind: 'special',
    name: kernel.name,
    op: { kind: 'custom', kernel },
    inputs: types,
    outputs,
  }
  const operands = (): TypedArray[] => [
    ...inputs.map(({ data }) => data),
    ...outputs.map(({ dtype, size }) => storage(dtype, size).fill(77)),
  ]
  const expected = operands()
  interpret(special, expected)
  const got: (readonly TypedArray[])[] = []
  for (const traits of hosts) {
    const site = { traits, gated: false, places: placed(special, standing) }
    const rendered = renderSpecial(special, site)
    assert.ok(rendered, `${kernel.name} has shaders`)
    const [first, second] = [await perform(rendered!, site, operands()), await perform(rendered!, site, operands())]
    assert.equal(first.map(bytes), second.map(bytes))
    got.push(first.slice(inputs.length))
  }
  return { got, expected: expected.slice(inputs.length) }
}

const bytes = ({ buffer }: TypedArray): Uint8Array => new Uint8Array(buffer)

/** One rounding, relatively; a division or a root is off by up to 2.5 units of the last place, which is 5 of these. */
export const unit = 2 ** -24
