import fc from 'fast-check'
import { GPU } from 'gpu.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { storage, type TypedArray } from '../dtype.js'
import { interpret } from '../kernel/interpret.js'
import { type Access, type Kernel, type Loop, operandsOf } from '../kernel/kernel.js'
import type { Schedule } from '../kernel/schedule.js'
import { validateKernel } from '../kernel/validate.js'
import { typeOf } from '../program/type.js'
import { cases } from '../wasm/loop/kernels.testing.js'
import { engineOf } from './engine.js'
import { executableOf, runOn } from './executable.js'

// kernels as they stand, in the CPU mode of gpu.js, against what they mean

const engine = engineOf(GPU, 'cpu')

/** The operands that a kernel writes. */
const written = (kernel: Kernel): readonly number[] =>
  kernel.kind === 'loop'
    ? [...new Set(kernel.stages.flatMap(({ stores }) => stores.map(({ operand }) => operand)))]
    : [kernel.kind === 'contract' ? 2 : kernel.inputs.length]

/** A kernel alone, all of whose operands are given, and those that it writes results too: what it leaves alone stays. */
const alone = (kernel: Kernel): Schedule => {
  const types = operandsOf(kernel).map(({ dtype, size }) => typeOf(dtype, [size]))
  const operands = types.map((_, i) => i)
  return {
    name: kernel.name,
    storages: types.map((type) => ({ role: 'input', type })),
    inputs: operands,
    outputs: written(kernel),
    steps: [{ kind: 'kernel', kernel, operands }],
  }
}

const check = (kernel: Kernel, operands: readonly TypedArray[]): void => {
  validateKernel(kernel)
  const expected = operands.map((x) => x.slice())
  interpret(kernel, expected)
  const executable = executableOf(alone(kernel), engine)
  if ('reason' in executable) throw new Error(executable.reason)
  const results = runOn(
    engine,
    executable,
    operands.map((x) => engine.upload(Float32Array.from(x))),
  )
  written(kernel).forEach((operand, k) => {
    const [ours, theirs] = [engine.read(results[k]!), expected[operand]!]
    theirs.forEach((e, i) => {
      const a = ours[i]!
      // values are small quarters, exact in f32 until they are squared too often: then one rounding differs from many
      const same = e === a || (e !== e && a !== a) || Math.abs(a - e) <= 1e-5 * Math.abs(e)
      assert.ok(same, `operand ${operand}, element ${i}: ${a}, not ${e}`)
    })
  })
}

const plain = (offset: number, strides: readonly number[]): Access => ({ offset, strides, bounds: [] })
const ramp = (size: number): Float32Array => Float32Array.from({ length: size }, (_, i) => (i % 11) - 4)

test('a kernel is its cells: random kernels of f32 and bool', () => {
  let ran = 0
  const property = fc.property(cases(false, ['f32', 'f32', 'f32', 'bool']), ({ kernel, operands }) => {
    // random kernels have indices that are integers, and computed starts: those are refused
    if ('reason' in executableOf(alone(kernel), engine)) return
    ran++
    check(kernel, operands)
  })
  fc.assert(property, { numRuns: 150, seed: 11 })
  assert.ok(ran >= 60, `${ran} ran`)
})

test('stores that leave elements alone: gaps, backwards, from an offset', () => {
  const kernel: Loop = {
    kind: 'loop',
    name: 'scattered',
    grid: [3, 4],
    inner: [],
    operands: [
      { dtype: 'f32', size: 12 },
      { dtype: 'f32', size: 70 },
    ],
    nodes: [{ kind: 'load', operand: 0, access: plain(0, [4, 1]), fill: 0, dtype: 'f32' }],
    stages: [{ over: 'grid', reductions: [], stores: [{ operand: 1, access: plain(58, [-20, 3]), node: 0 }] }],
  }
  check(kernel, [ramp(12), ramp(70)])
  check({ ...kernel, operands: [kernel.operands[0]!, { dtype: 'f32', size: 100 }] }, [ramp(12), ramp(100)])
})

test('a sum that is reduced again, stored at the grid and wanted at every point', () => {
  const load = { kind: 'load', operand: 0, access: plain(0, [200, 1]), fill: 0, dtype: 'f32' } as const
  const kernel: Loop = {
    kind: 'loop',
    name: 'centred',
    grid: [3],
    inner: [200],
    operands: [600, 3, 3, 600].map((size) => ({ dtype: 'f32', size })),
    nodes: [
      load,
      { kind: 'reduced', reduction: 0, dtype: 'f32' },
      { kind: 'apply', scalar: { kind: 'binary', fn: 'sub' }, inputs: [0, 1], dtype: 'f32' },
      { kind: 'reduced', reduction: 1, dtype: 'f32' },
    ],
    stages: [
      { over: 'inner', reductions: [{ fn: 'max', node: 0, dtype: 'f32' }], stores: [] },
      {
        over: 'inner',
        reductions: [{ fn: 'sum', node: 2, dtype: 'f32' }],
        stores: [{ operand: 3, access: plain(0, [200, 1]), node: 2 }],
      },
      {
        over: 'grid',
        reductions: [],
        stores: [
          { operand: 1, access: plain(0, [1, 0]), node: 1 },
          { operand: 2, access: plain(2, [-1, 0]), node: 3 },
        ],
      },
    ],
  }
  check(kernel, [600, 3, 3, 600].map(ramp))
})

test('a product through accesses with bounds, into a transposed place: a convolution', () => {
  // out[f, x] = Σ_{c, j} image[c, x + j − 1] · filter[f, c, j], stored as [x, f]
  const [filters, channels, length, window] = [3, 2, 7, 3]
  const kernel: Kernel = {
    kind: 'contract',
    name: 'convolution',
    dtype: 'f32',
    batch: [],
    m: [length],
    n: [filters],
    k: [channels, window],
    operands: [channels * length, filters * channels * window, filters * length].map((size) => ({
      dtype: 'f32' as const,
      size,
    })) as unknown as Extract<Kernel, { kind: 'contract' }>['operands'],
    a: {
      offset: -1,
      strides: [1, length, 1],
      bounds: [{ offset: -1, coefficients: [1, 0, 1], size: length }],
    },
    b: plain(0, [window, 1, channels * window]),
    out: plain(0, [1, length]),
  }
  check(kernel, [ramp(14), ramp(18), ramp(21)])
})

test('a kernel whose reading starts where memory says is refused', () => {
  const dynamic = { starts: 1, limits: [4], strides: [1] }
  const kernel: Loop = {
    kind: 'loop',
    name: 'window',
    grid: [3],
    inner: [],
    operands: [{ dtype: 'f32', size: 7 }, { dtype: 'i32', size: 1 }, { dtype: 'f32', size: 3 }],
    nodes: [{ kind: 'load', operand: 0, access: { ...plain(0, [1]), dynamic }, fill: 0, dtype: 'f32' }],
    stages: [{ over: 'grid', reductions: [], stores: [{ operand: 2, access: plain(0, [1]), node: 0 }] }],
  } // biome-ignore format: short operands
  assert.equal(executableOf(alone(validateKernel(kernel)), engine), {
    reason: 'kernel window: where it reads is computed',
  })
})

test('an array that no texture holds is refused', () => {
  const kernel: Loop = {
    kind: 'loop',
    name: 'copy',
    grid: [5],
    inner: [],
    operands: [5, 5].map((size) => ({ dtype: 'f32', size })),
    nodes: [{ kind: 'load', operand: 0, access: plain(0, [1]), fill: 0, dtype: 'f32' }],
    stages: [{ over: 'grid', reductions: [], stores: [{ operand: 1, access: plain(0, [1]), node: 0 }] }],
  }
  const limits = { mostReads: 1, mostCells: 4 }
  assert.equal(executableOf(alone(kernel), limits), { reason: "an array of 5 elements, of a texture's 4" })
  assert.not('reason' in executableOf(alone(kernel), { ...limits, mostCells: 5 }))
})

test('NaN and infinities, as loaded, as constants and as fills', () => {
  const odd = Float32Array.of(Number.NaN, Infinity, -Infinity, 0, -0, 1)
  const kernel: Loop = {
    kind: 'loop',
    name: 'odd',
    grid: [9],
    inner: [],
    operands: [6, 9, 9].map((size) => ({ dtype: 'f32', size })),
    nodes: [
      {
        kind: 'load',
        operand: 0,
        access: { offset: -2, strides: [1], bounds: [{ offset: -2, coefficients: [1], size: 6 }] },
        fill: -Infinity,
        dtype: 'f32',
      },
      { kind: 'constant', value: Number.NaN, dtype: 'f32' },
      { kind: 'apply', scalar: { kind: 'binary', fn: 'max' }, inputs: [0, 1], dtype: 'f32' },
    ],
    stages: [
      {
        over: 'grid',
        reductions: [],
        stores: [
          { operand: 1, access: plain(0, [1]), node: 0 },
          { operand: 2, access: plain(0, [1]), node: 2 },
        ],
      },
    ],
  }
  check(kernel, [odd, storage('f32', 9), storage('f32', 9)])
})

test.run()
