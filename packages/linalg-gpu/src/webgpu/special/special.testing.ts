/** Runs special kernels on Dawn and by `interpret`, for the tests of this folder. */

import * as assert from 'uvu/assert'
import { bytesOf, type DType, storage, type TypedArray } from '../../dtype.js'
import { interpret } from '../../kernel/interpret.js'
import { operandsOf, type Special } from '../../kernel/kernel.js'
import { validateKernel } from '../../kernel/validate.js'
import { fromHalf } from '../../plain/half.js'
import { type Given, specialOf } from '../../wasm/special/special.testing.js'
import { type Harness, perform, placesOf, softwareTraits } from '../harness.testing.js'
import type { Place, Rendered, Site } from '../rendered.js'
import type { Traits } from '../traits.js'
import { renderSpecial } from './render.js'

/** SwiftShader as it is, and what a real GPU would be given, but for smaller workgroups: barriers take their time here. */
export const hosts: readonly Traits[] = [softwareTraits, { ...softwareTraits, software: false, invocations: 32 }]

/** Where operands stand: each in a binding of its own; all in one arena, one after another; beginning at elements told at run time. */
export type Standing = 'apart' | 'arena' | 'shifted'

interface Case {
  readonly op: Special['op']
  readonly given: readonly Given[]
  readonly traits?: Traits
  readonly standing?: Standing
  readonly gated?: boolean
  readonly open?: boolean
}

export interface Ran {
  readonly kernel: Special
  readonly rendered: Rendered
  readonly site: Site
  readonly got: readonly TypedArray[]
  readonly expected: readonly TypedArray[]
}

export const placed = (kernel: Special, standing: Standing): readonly Place[] => {
  const apart = placesOf(kernel)
  if (standing === 'apart') return apart
  if (standing === 'shifted') return apart.map((place) => ({ ...place, shifted: true }))
  let bytes = 256
  return operandsOf(kernel).map(({ dtype, size }) => {
    const offset = bytes / bytesOf(dtype)
    bytes += Math.ceil((size * bytesOf(dtype) + 1) / 256) * 256
    return { binding: 0, offset, writable: true, shifted: false }
  })
}

/** What was in the results before, and stands in front of shifted operands. */
const stale = 77
const shiftOf = (operand: number): number => 3 + 2 * operand

const pushed = (data: TypedArray, by: number): TypedArray => {
  const out = new (data.constructor as Float32ArrayConstructor)(data.length + by).fill(stale)
  out.set(data, by)
  return out as TypedArray
}

export const ran = async ({
  op,
  given,
  traits = softwareTraits,
  standing = 'apart',
  gated = false,
  open = true,
}: Case): Promise<Ran> => {
  const kernel = specialOf(
    op,
    given.map(({ type }) => type),
  )
  validateKernel(kernel)
  const inputs = given.map(({ data }) => data)
  const expected = kernel.outputs.map(({ dtype, size }) => storage(dtype, size).fill(stale))
  if (open) interpret(kernel, [...inputs, ...expected])
  const site = { traits, gated, places: placed(kernel, standing) }
  const rendered = renderSpecial(kernel, site)
  assert.ok(rendered, `${op.kind} has no shaders`)
  const whole = [...inputs, ...kernel.outputs.map(({ dtype, size }) => storage(dtype, size).fill(stale))]
  const shifts = standing === 'shifted' ? whole.map((_, i) => shiftOf(i)) : whole.map(() => 0)
  const after = await perform(
    rendered!,
    site,
    whole.map((data, i) => pushed(data, shifts[i]!)),
    { shifts, open } satisfies Harness,
  )
  const got = after.map((data, i) => {
    assert.ok(
      data.subarray(0, shifts[i]).every((x) => x === stale),
      `${op.kind} wrote before operand ${i}`,
    )
    return data.slice(shifts[i]) as TypedArray
  })
  return { kernel, rendered: rendered!, site, got: got.slice(inputs.length), expected }
}

/** Numbers of f16 bits. */
export const shown = (dtype: DType, data: TypedArray): number[] =>
  dtype === 'f16' ? Array.from(data, fromHalf) : Array.from(data)

/** Checks the results bit by bit, but for those of NaN; or, where there is a tolerance, to that for finite numbers, element by element. */
export const agrees = async (of: Case, tolerance?: (i: number) => number): Promise<void> => {
  const { kernel, got, expected } = await ran(of)
  kernel.outputs.forEach(({ dtype }, o) => {
    const [own, wanted] = [shown(dtype, got[o]!), shown(dtype, expected[o]!)]
    const wrong = wanted.findIndex((x, i) =>
      tolerance === undefined || !Number.isFinite(x) ? !Object.is(x, own[i]) : !(Math.abs(x - own[i]!) <= tolerance(i)),
    )
    assert.ok(
      wrong < 0,
      `${JSON.stringify({ ...of.op })} ${kernel.inputs.map(({ dtype: d, shape }) => `${d}[${shape}]`)} ${of.standing ?? ''} software ${of.traits?.software ?? true} [${wrong}]: ${own[wrong]}, not ${wanted[wrong]}`,
    )
  })
}
