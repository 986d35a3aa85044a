// Random kernels, on Dawn, by all ways of rendering and wherever their operands stand: the numbers that the form says, and nothing
// where a gate is closed.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bytesOf, isFloat, type TypedArray } from '../../dtype.js'
import { interpret } from '../../kernel/interpret.js'
import { type Loop, operandsOf } from '../../kernel/kernel.js'
import { normalise } from '../../kernel/normalise.js'
import { printKernel } from '../../kernel/print.js'
import { validateKernel } from '../../kernel/validate.js'
import { bitsOf, type Case, cases } from '../../wasm/loop/kernels.testing.js'
import { perform, placesOf, softwareTraits } from '../harness.testing.js'
import type { Place } from '../rendered.js'
import { renderLoop } from './render.js'
import type { Team } from './team.js'

/** One of the ways of rendering: alone, and teams of all proportions. */
const teams: readonly (Team | undefined)[] = [
  undefined,
  undefined,
  { rows: 1, parts: 8, along: 'inner', outer: 0 },
  { rows: 4, parts: 4, along: 'inner', outer: 1 },
  { rows: 4, parts: 2, along: 'grid', outer: 0 },
  { rows: 1, parts: 4, along: 'grid', outer: 1 },
  { rows: 3, parts: 1, along: 'grid', outer: 0 },
]

/** Where the operands stand: in buffers of their own, in rows that are told at run time, or all in one arena. */
type Standing = 'apart' | 'shifted' | 'arena'
const standings: readonly Standing[] = ['apart', 'shifted', 'arena']

const placesFor = (kernel: Loop, standing: Standing): readonly Place[] => {
  if (standing !== 'arena') return placesOf(kernel).map((place) => ({ ...place, shifted: standing === 'shifted' }))
  let bytes = 16
  return operandsOf(kernel).map(({ dtype, size }) => {
    const offset = bytes / bytesOf(dtype)
    bytes += Math.ceil((size * bytesOf(dtype)) / 16) * 16
    return { binding: 0, offset, writable: true, shifted: false }
  })
}

/** An array with others before and after it. */
const surrounded = (x: TypedArray, before: number): TypedArray => {
  const whole = new (x.constructor as new (length: number) => TypedArray)(x.length + before + 2).fill(1)
  whole.set(x, before)
  return whole
}

/** Whether a compiler may take x · 0 for 0 and x + 0 for x, though x is NaN or −0, as it may find that a value is always 0. */
const foldable = ({ nodes, grid, inner }: Loop): boolean => {
  const sizes = [...grid, ...inner]
  const still = (list: readonly number[]): boolean => list.every((c, d) => c === 0 || sizes[d]! <= 1)
  const knowable: boolean[] = []
  for (const node of nodes)
    knowable.push(
      node.kind === 'load'
        ? node.access.bounds.some(({ coefficients }) => still(coefficients))
        : node.kind === 'index'
          ? still(node.strides)
          : node.kind === 'reduced'
            ? inner.includes(0)
            : node.kind !== 'apply' ||
              new Set(node.inputs).size < node.inputs.length ||
              (isFloat(node.dtype) ? node.inputs.every((i) => knowable[i]!) : node.inputs.some((i) => knowable[i]!)),
    )
  return nodes.some(
    (node) =>
      node.kind === 'apply' &&
      isFloat(node.dtype) &&
      node.scalar.kind === 'binary' &&
      ['add', 'sub', 'mul'].includes(node.scalar.fn) &&
      node.inputs.some(
        (i) => knowable[i]! && (nodes[i]!.kind !== 'constant' || (nodes[i] as { value: number }).value === 0),
      ),
  )
}

const agrees = async (
  { kernel, operands }: Case,
  team: Team | undefined,
  standing: Standing,
  gate: 'none' | 'open' | 'closed',
): Promise<void> => {
  fc.pre(!foldable(kernel))
  validateKernel(kernel)
  const expected = operands.map((x) => x.slice() as TypedArray)
  if (gate !== 'closed') interpret(kernel, expected)
  const shift = (i: number): number => (standing === 'shifted' ? (i * 7) % 5 : 0)
  const rendered = renderLoop(
    kernel,
    { traits: softwareTraits, places: placesFor(kernel, standing), gated: gate !== 'none' },
    // the last dimension is for all
    team && { ...team, outer: Math.min(team.outer, Math.max(0, normalise(kernel).inner.length - 1)) },
  )
  const site = { traits: softwareTraits, places: placesFor(kernel, standing), gated: gate !== 'none' }
  const whole = (list: readonly TypedArray[]): readonly TypedArray[] =>
    standing === 'shifted' ? list.map((x, i) => surrounded(x, shift(i))) : list
  const got = await perform(rendered, site, whole(operands), {
    shifts: Object.fromEntries(operands.map((_, i) => [i, shift(i)])),
    open: gate !== 'closed',
  })
  const right = whole(expected)
  kernel.operands.forEach(({ dtype }, i) => {
    const [own, other] = [bitsOf(dtype, got[i]!), bitsOf(dtype, right[i]!)]
    const wrong = own.findIndex((x, at) => x !== other[at])
    const what = `operand ${i}, ${dtype}, [${wrong}]: ${own[wrong]}, not ${other[wrong]}`
    assert.is(wrong, -1, `${what}\n${printKernel(kernel)}\n${rendered.dispatches[0]?.code}`)
  })
}

test('random kernels mean what their form says', async () => {
  await fc.assert(
    fc.asyncProperty(
      cases(false),
      fc.constantFrom(...teams),
      fc.constantFrom(...standings),
      fc.constantFrom('none', 'none', 'open', 'closed'),
      agrees,
    ),
    {
      numRuns: Number(process.env['LAW_RUNS'] ?? 60),
      includeErrorInReport: true,
      ...JSON.parse(process.env['LAW_SEED'] ?? '{}'),
    },
  )
})

test.run()
