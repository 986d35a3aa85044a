import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { storage, type TypedArray } from '../../dtype.js'
import { add, cast, expandDims, iota, matmul, mul, neg, sub, type Tensor, tanh, trace, transpose, zeros } from '../../index.js' // biome-ignore format: a list
import { withEpilogues } from '../../kernel/epilogue.js'
import { interpret } from '../../kernel/interpret.js'
import type { Contract } from '../../kernel/kernel.js'
import { schedule } from '../../kernel/lower.js'
import { kernelsOf } from '../../kernel/schedule.js'
import { validateKernel } from '../../kernel/validate.js'
import { simplify } from '../../simplify/simplify.js'
import { perform, placesOf, softwareTraits } from '../harness.testing.js'
import type { Site } from '../rendered.js'
import { writtenBy } from '../runtime/executable.js'
import { renderContract } from './render.js'
import type { SharedTile, Tile } from './tile.js'

/** The one contraction of a program, which has an epilogue. */
const kernelOf = (f: (...xs: Tensor[]) => unknown, ...shapes: readonly (readonly number[])[]): Contract => {
  const program = trace(f)(...shapes.map((shape) => zeros(shape)))
  const [kernel, ...others] = kernelsOf(withEpilogues(schedule(simplify(program))).steps)
  assert.is(others.length, 0)
  assert.ok(kernel?.kind === 'contract' && kernel.epilogue !== undefined)
  return validateKernel(kernel) as Contract
}

const filled = (dtype: 'f32', size: number, seed: number): TypedArray => {
  const x = storage(dtype, size)
  for (let i = 0; i < size; i++) x[i] = Math.sin(7.3 * i + seed)
  return x
}

const shared: SharedTile = { kind: 'shared', rows: 16, columns: 16, depth: 4, height: 4, width: 4, parts: 1 }
const tiles: readonly Tile[] = [
  ...([[1, 1], [2, 4], [4, 4]] as const).map(([height, width]): Tile => ({ kind: 'registers', height, width, threads: 8, parts: 1 })), // biome-ignore format: a line
  { kind: 'registers', height: 2, width: 4, threads: 8, parts: 2 },
  shared,
  { ...shared, parts: 2 },
]

const agrees = async (kernel: Contract, more: Partial<Site> = {}): Promise<void> => {
  const operands = kernel.operands.map(({ dtype, size }, i) => filled(dtype as 'f32', size, i))
  const expected = operands.map((x) => x.slice() as TypedArray)
  interpret(kernel, expected)
  for (const tile of tiles) {
    const site: Site = {
      traits: { ...softwareTraits, software: tile.kind === 'registers' },
      places: placesOf(kernel),
      gated: false,
      ...more,
    }
    const got = await perform(renderContract(kernel, site, tile), site, operands)
    for (const [at, written] of writtenBy(kernel).entries())
      if (written)
        expected[at]!.forEach((x, i) => {
          const off = Math.abs(got[at]![i]! - x)
          // sums of at most 12 terms of size 1, in f32, and work on them
          assert.ok(off <= 1e-5 * Math.max(1, Math.abs(x)), `${JSON.stringify(tile)} operand ${at} element ${i}: ${got[at]![i]} for ${x}`) // biome-ignore format: a line
        })
  }
}

const layer = (x: Tensor, w: Tensor, b: Tensor): Tensor => tanh(add(matmul(x, w), b))

test('a layer: the bias is the same for all rows, and is read along columns', async () => {
  for (const [m, k, n] of [[5, 3, 7], [8, 12, 16], [1, 4, 4], [17, 4, 8]] as const) await agrees(kernelOf(layer, [m, k], [k, n], [n])) // biome-ignore format: a line
})

test('a bias of rows, and one number for all', async () => {
  await agrees(kernelOf((x, w, b) => mul(add(matmul(x!, w!), b!), 0.5), [6, 3], [3, 8], [6, 1]))
  await agrees(kernelOf((x, w, b) => sub(matmul(x!, w!), b!), [6, 3], [3, 8], []))
})

test('several operands, each where it stands', async () => {
  const two = (x: Tensor, w: Tensor, b: Tensor, c: Tensor): Tensor => add(mul(matmul(x, w), b), c)
  for (const [m, k, n] of [[5, 3, 7], [8, 4, 8]] as const) await agrees(kernelOf(two, [m, k], [k, n], [n], [m, 1])) // biome-ignore format: a line
})

test('a step: what is stored stands where something else of the same shape stands', async () => {
  const step = (w: Tensor, x: Tensor, d: Tensor): Tensor => sub(w, mul(matmul(transpose(x), d), 0.1))
  for (const [k, m, n] of [[3, 5, 7], [4, 8, 8]] as const) await agrees(kernelOf(step, [m, n], [k, m], [k, n])) // biome-ignore format: a line
})

test('transposed results, indices, and several stores', async () => {
  await agrees(kernelOf((a, b, c) => add(transpose(matmul(a!, b!)), c!), [4, 5], [5, 8], [8, 4]))
  await agrees(kernelOf((a, b) => mul(matmul(a!, b!), expandDims(cast(iota([4]), 'f32'), -1)), [4, 5], [5, 8]))
  const two = (a: Tensor, b: Tensor, c: Tensor): Tensor[] => {
    const t = matmul(a, b)
    return [neg(t), add(t, c)]
  }
  for (const n of [7, 8]) await agrees(kernelOf(two, [4, 5], [5, n], [n]))
})

test('a batch of products', async () => {
  await agrees(kernelOf(layer, [3, 5, 4], [3, 4, 8], [3, 1, 8]))
  await agrees(kernelOf(layer, [3, 5, 4], [3, 4, 7], [5, 7]))
})

test('behind a gate', async () => {
  await agrees(kernelOf(layer, [5, 3], [3, 8], [8]), { gated: true })
})

test.run()
