import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TypedArray } from '../dtype.js'
import { bitsOf, type Case, cases } from '../wasm/loop/kernels.testing.js'
import { interpret } from './interpret.js'
import type { Access, Bound, Loop } from './kernel.js'
import { normalise, permuted } from './normalise.js'
import { validateKernel } from './validate.js'

const at = (strides: readonly number[], bounds: readonly Bound[] = []): Access => ({ offset: 0, strides, bounds })

/** out ← x over a grid and inner dimensions. */
const copy = (grid: readonly number[], x: Access, out: Access): Loop => ({
  kind: 'loop', name: 'copy', grid, inner: [], operands: [{ dtype: 'f32', size: 1000 }, { dtype: 'f32', size: 1000 }],
  nodes: [{ kind: 'load', operand: 0, access: x, fill: 0, dtype: 'f32' }],
  stages: [{ over: 'grid', reductions: [], stores: [{ operand: 1, access: out, node: 0 }] }],
}) // biome-ignore format: a form

test('row-major neighbours are one dimension, and those of size 1 are gone', () => {
  const { grid, nodes } = normalise(copy([2, 1, 3, 4], at([12, 99, 4, 1]), at([12, 0, 4, 1])))
  assert.equal(grid, [24])
  assert.equal(nodes[0]!.kind === 'load' && nodes[0]!.access.strides, [1])
})

test('what one access sees as two dimensions stays two', () => {
  assert.equal(normalise(copy([2, 3, 4], at([12, 4, 1]), at([1, 8, 2]))).grid, [2, 12])
  assert.equal(normalise(copy([3, 4], at([4, 1]), at([1, 3]))).grid, [3, 4])
})

test('a dimension of the grid and an inner one stay two', () => {
  const kernel: Loop = {
    kind: 'loop', name: 'sums', grid: [2, 3], inner: [4, 5], operands: [{ dtype: 'f32', size: 120 }, { dtype: 'f32', size: 6 }],
    nodes: [
      { kind: 'load', operand: 0, access: at([60, 20, 5, 1]), fill: 0, dtype: 'f32' },
      { kind: 'reduced', reduction: 0, dtype: 'f32' },
    ],
    stages: [
      { over: 'inner', reductions: [{ fn: 'sum', node: 0, dtype: 'f32' }], stores: [] },
      { over: 'grid', reductions: [], stores: [{ operand: 1, access: at([3, 1, 0, 0]), node: 1 }] },
    ],
  } // biome-ignore format: a form
  const { grid, inner } = normalise(kernel)
  assert.equal([grid, inner], [[6], [20]])
})

test('a bound that always holds is gone, and with it what kept dimensions apart', () => {
  const always: Bound = { offset: 1, coefficients: [1, 0], size: 4 }
  assert.equal(normalise(copy([3, 4], at([4, 1], [always]), at([4, 1]))).grid, [12])
  const sometimes: Bound = { offset: 2, coefficients: [1, 0], size: 4 }
  assert.equal(normalise(copy([3, 4], at([4, 1], [sometimes]), at([4, 1]))).grid, [3, 4])
})

const means = (kernel: Loop, operands: readonly TypedArray[]): readonly unknown[] => {
  const data = operands.map((x) => x.slice() as TypedArray)
  interpret(validateKernel(kernel), data)
  return data.map((x, i) => bitsOf(kernel.operands[i]!.dtype, x))
}

test('a normalised kernel means the same, and normalising twice changes nothing', () => {
  const holds = ({ kernel, operands }: Case): void => {
    const normal = normalise(kernel)
    assert.equal(means(normal, operands), means(kernel, operands))
    assert.equal(normalise(normal), normal)
  }
  fc.assert(fc.property(cases(false), holds), { numRuns: 150 })
})

test('the order of the dimensions of a grid means nothing', () => {
  const holds = ({ kernel, operands }: Case): void => {
    const rank = kernel.grid.length
    const order = [...kernel.grid.keys()].reverse()
    const turned = permuted(kernel, [...order, ...kernel.inner.map((_, d) => rank + d)])
    assert.equal(means(turned, operands), means(kernel, operands))
  }
  fc.assert(fc.property(cases(false), holds), { numRuns: 100 })
})

test.run()
