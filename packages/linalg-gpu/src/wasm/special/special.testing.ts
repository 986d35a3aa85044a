/** Runs special kernels on wasm and on the plain device, for the tests of this folder. */

import * as assert from 'uvu/assert'
import { type DType, isFloat, storage, type TypedArray } from '../../dtype.js'
import { interpret } from '../../kernel/interpret.js'
import type { Special } from '../../kernel/kernel.js'
import { validateKernel } from '../../kernel/validate.js'
import { fromHalf, toHalf } from '../../plain/half.js'
import { infer } from '../../program/infer.js'
import { type Type, typeOf } from '../../program/type.js'
import { sizeOf } from '../../shape.js'
import { load } from '../harness.testing.js'
import { lowerSpecial } from './lower.js'

export interface Given {
  readonly type: Type
  readonly data: TypedArray
}

export const adding: readonly DType[] = ['f32', 'f64', 'f16', 'i32', 'u32']

export const specialOf = (op: Special['op'], inputs: readonly Type[]): Special => ({
  kind: 'special',
  name: op.kind,
  op,
  inputs,
  outputs: infer(op, inputs),
})

/** Numbers in [0, 1) with a seed. */
export const randoms = (seed: number): (() => number) => {
  let state = seed * 2654435761
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const odd = [NaN, 0, -0, Infinity, -Infinity, 1, -1, 2 ** -24, -(2 ** -24)]

/** Elements of a dtype: few integers, so that they tie, and for floats what is odd among them. */
export const elements = (dtype: DType, shape: readonly number[], seed = 1, special = true): Given => {
  const random = randoms(seed)
  const data = storage(dtype, sizeOf(shape))
  for (let i = 0; i < data.length; i++) {
    const [p, q] = [random(), random()]
    const value = isFloat(dtype)
      ? special && p < 0.3
        ? odd[Math.floor(q * odd.length)]!
        : (q - 0.5) * 2 ** Math.floor(8 * random())
      : dtype === 'bool'
        ? Math.floor(2 * q)
        : p < 0.5
          ? Math.floor(9 * q) - (dtype === 'u32' || dtype === 'u8' ? 0 : 4)
          : Math.floor(2 ** 32 * q)
    data[i] = dtype === 'f16' ? toHalf(value) : value
  }
  return { type: typeOf(dtype, shape), data }
}

/** Indices in [−2, n + 2). */
export const places = (shape: readonly number[], n: number, seed = 1): Given => {
  const random = randoms(seed)
  return {
    type: typeOf('i32', shape),
    data: Int32Array.from({ length: sizeOf(shape) }, () => Math.floor(random() * (n + 4)) - 2),
  }
}

const shown = (dtype: DType, data: TypedArray): number[] => Array.from(data, (x) => (dtype === 'f16' ? fromHalf(x) : x))

/** Checks that wasm gives what the plain device gives, bit by bit but for those of NaN, however the work is dealt out. */
export const agrees = (op: Special['op'], ...given: readonly Given[]): void => {
  const kernel = specialOf(op, given.map(({ type }) => type))
  validateKernel(kernel)
  const inputs = given.map(({ data }) => data)
  const outputs = kernel.outputs.map(({ dtype, size }) => storage(dtype, size))
  interpret(kernel, [...inputs, ...outputs])
  const lowered = lowerSpecial(kernel)
  for (const [chunk, backwards] of [[undefined, false], [1, true], [3, false]] as const) {
    // what was there before is overwritten
    const stale = kernel.outputs.map(({ dtype, size }) => storage(dtype, size).fill(77))
    const loaded = load(lowered, [...inputs, ...stale])
    loaded.run(chunk, backwards)
    kernel.outputs.forEach(({ dtype }, i) => {
      const [got, expected] = [shown(dtype, loaded.operand(inputs.length + i)), shown(dtype, outputs[i]!)]
      const wrong = expected.findIndex((x, at) => !Object.is(x, got[at]))
      assert.ok(wrong < 0, `${JSON.stringify(op)} ${dtype} [${wrong}]: ${got[wrong]}, not ${expected[wrong]}`)
    })
  }
} // biome-ignore format: a table of chunks
