/** Kernels of programs and of forms, run on Dawn and compared with what they mean, for tests. */

import * as assert from 'uvu/assert'
import type { DType, TypedArray } from '../../dtype.js'
import { type Tensor, zeros } from '../../index.js'
import { interpret } from '../../kernel/interpret.js'
import type { Access, Loop, Node, Stage } from '../../kernel/kernel.js'
import { kernelsOf, schedule, simplify } from '../../program.js'
import { trace } from '../../run/jit.js'
import { bitsOf, dice, filled } from '../../wasm/loop/kernels.testing.js'
import { perform, placesOf, softwareTraits } from '../harness.testing.js'
import type { Site } from '../rendered.js'
import type { Traits } from '../traits.js'
import { renderLoop } from './render.js'

export const real: Traits = { ...softwareTraits, software: false }
export const roll = dice(11)

/** The one loop kernel of a function of arrays. */
export const kernelOf = (
  f: (...args: Tensor[]) => unknown,
  ...types: readonly (readonly [DType, readonly number[]])[]
): Loop => {
  const program = simplify(trace(f)(...types.map(([dtype, shape]) => zeros(shape, { dtype }))))
  const [kernel, ...others] = kernelsOf(schedule(program).steps)
  assert.is(others.length, 0)
  assert.is(kernel!.kind, 'loop')
  return kernel as Loop
}

export const read = (operand: number, access: Access, dtype: DType): Node => ({
  kind: 'load',
  operand,
  access,
  fill: 0,
  dtype,
})

/** A form with stores over the grid. */
export const formOf = (
  grid: readonly number[],
  inner: readonly number[],
  operands: readonly (readonly [DType, number])[],
  nodes: readonly Node[],
  stores: Stage['stores'],
): Loop => ({
  kind: 'loop',
  name: 'form',
  grid,
  inner,
  operands: operands.map(([dtype, size]) => ({ dtype, size })),
  nodes,
  stages: [{ over: 'grid', reductions: [], stores }],
})

export const siteOf = (kernel: Loop, traits: Traits, over: readonly (readonly [number, number])[] = []): Site => ({
  traits,
  places: placesOf(kernel, over),
  gated: false,
})

/** Operands filled at random; those given are the first. */
export const operandsOf = (kernel: Loop, given: readonly TypedArray[] = []): TypedArray[] =>
  kernel.operands.map(({ dtype, size }, i) => given[i] ?? filled(dtype, size, roll))

export const expectedOf = (kernel: Loop, operands: readonly TypedArray[]): TypedArray[] => {
  const data = operands.map((x) => x.slice() as TypedArray)
  interpret(kernel, data)
  return data
}

export const same = async (kernel: Loop, traits: Traits, given: readonly TypedArray[] = []): Promise<void> => {
  const operands = operandsOf(kernel, given)
  const site = siteOf(kernel, traits)
  const got = await perform(renderLoop(kernel, site), site, operands)
  expectedOf(kernel, operands).forEach((x, i) => {
    const { dtype } = kernel.operands[i]!
    assert.equal(bitsOf(dtype, got[i]!), bitsOf(dtype, x))
  })
}

export const close = async (
  kernel: Loop,
  traits: Traits,
  given: readonly TypedArray[],
  tolerance: number,
): Promise<void> => {
  const operands = operandsOf(kernel, given)
  const site = siteOf(kernel, traits)
  const got = (await perform(renderLoop(kernel, site), site, operands)).at(-1)!
  for (const [i, x] of expectedOf(kernel, operands).at(-1)!.entries())
    assert.ok(Math.abs(got[i]! - x) <= tolerance * (1 + Math.abs(x)), `[${i}]: ${got[i]}, not ${x}`)
}

/** Numbers whose sums are exact. */
export const quarters = (n: number): Float32Array => Float32Array.from({ length: n }, () => (roll(33) - 16) / 4)
export const random = (n: number): Float32Array => Float32Array.from({ length: n }, () => roll(2000) / 500 - 2)
