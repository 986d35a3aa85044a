import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { typeOf } from '../program/type.js'
import { injective, reached } from './access.js'
import type { Access, Bound, Contract, Kernel, Loop, Node, Stage } from './kernel.js'
import { validateKernel } from './validate.js'

const at = (strides: readonly number[], offset = 0, bounds: readonly Bound[] = []): Access => ({
  offset,
  strides,
  bounds,
})
const load: Node = { kind: 'load', operand: 0, access: at([3, 1]), fill: 0, dtype: 'f32' }
const total: Node = { kind: 'reduced', reduction: 0, dtype: 'f32' }
const add: Node = { kind: 'apply', scalar: { kind: 'binary', fn: 'add' }, inputs: [0, 1], dtype: 'f32' }
const reducing: Stage = { over: 'inner', reductions: [{ fn: 'sum', node: 0, dtype: 'f32' }], stores: [] }
const storing = (access: Access, node: number, over: Stage['over'] = 'grid'): Stage => ({
  over,
  reductions: [],
  stores: [{ operand: 1, access, node }],
})
const rows: Loop = {
  kind: 'loop', name: 'rows', grid: [4], inner: [3], operands: [{ dtype: 'f32', size: 12 }, { dtype: 'f32', size: 12 }],
  nodes: [load, total, add], stages: [reducing, storing(at([3, 1]), 2, 'inner')],
} // biome-ignore format: a form

const refuses = (kernel: Kernel, message: RegExp): void => {
  assert.throws(() => validateKernel(kernel), message)
}

test('a well formed kernel is itself', () => {
  assert.is(validateKernel(rows), rows)
  assert.ok(validateKernel({ ...rows, stages: [reducing, storing(at([1, 0]), 1)] }))
})

test('nodes read earlier nodes', () => {
  refuses(
    { ...rows, nodes: [load, total, { ...add, inputs: [0, 2] } as Node] },
    /kernel rows: n2, apply reads n2, which is not before it/,
  )
  refuses({ ...rows, stages: [reducing, storing(at([3, 1]), 3, 'inner')] }, /stage 1: there is no node n3/)
})

test('dtypes are those of the rules of operations', () => {
  const not: Node = { kind: 'apply', scalar: { kind: 'unary', fn: 'not' }, inputs: [0], dtype: 'f32' }
  refuses({ ...rows, nodes: [load, total, not] }, /not: needs bool or integers, got f32/)
  refuses({ ...rows, nodes: [load, total, { ...add, dtype: 'f64' } as Node] }, /n2, apply is f64, its rule says f32/)
  refuses({ ...rows, nodes: [{ ...load, dtype: 'i32' } as Node, total, add] }, /n0, load is i32, its rule says f32/)
  const cast: Node = { kind: 'apply', scalar: { kind: 'cast' }, inputs: [0], dtype: 'i32' }
  refuses({ ...rows, nodes: [load, total, cast] }, /store of n2 in stage 1: i32 into operand 1 of f32/)
  refuses(
    { ...rows, nodes: [{ kind: 'constant', value: 0.5, dtype: 'i32' }, total, add] },
    /n0, constant: 0.5 is no i32/,
  )
})

test('accesses stay within their operands', () => {
  const reads = (access: Access, more: Partial<Loop> = {}): Loop => ({
    ...rows,
    nodes: [{ ...load, access } as Node, total, add],
    ...more,
  })
  refuses(reads(at([3, 1], 1)), /n0, load reaches elements 1 … 12 of operand 0, which has 12/)
  refuses(reads(at([-3, 1])), /reaches elements -9 … 2/)
  refuses(reads(at([3])), /strides \[3\] over the dimensions \[4, 3\]/)
  assert.ok(validateKernel(reads(at([3, 1], -3, [{ offset: -1, coefficients: [1, 0], size: 4 }]))))
  refuses(reads(at([3, 1], -3, [{ offset: 0, coefficients: [1, 0], size: 4 }])), /reaches elements -3 … 8/)
  // a bound that no index moves holds always or never
  assert.ok(validateKernel(reads(at([3, 1], 99, [{ offset: 1, coefficients: [0, 0], size: 1 }]))))
  refuses(reads(at([3, 1], 1, [{ offset: 0, coefficients: [0, 0], size: 1 }])), /reaches elements 1 … 12/)
  // nothing is read over an empty dimension
  assert.ok(validateKernel(reads(at([3, 1], 99), { inner: [0] })))
  refuses({ ...rows, stages: [reducing, storing(at([3, 1], 1), 2, 'inner')] }, /store of n2 in stage 1 reaches/)
})

test('an access that moves with a bounded sum is bounded as the sum is', () => {
  const bound = { offset: -1, coefficients: [1, 2], size: 6 }
  assert.equal(reached(at([10, 20], -10, [bound]), [9, 3]), [0, 50])
  assert.equal(reached(at([-1, -2], 6, [bound]), [9, 3]), [0, 5])
  // the index itself ends before the bound does
  assert.equal(reached(at([1, 2], -1, [{ ...bound, size: 99 }]), [3, 3]), [0, 5])
  // several bounds on one sum, forwards or backwards, whichever is tighter
  const tighter = { ...bound, size: bound.size - 2 }
  assert.equal(reached(at([10, 20], -10, [bound, tighter]), [9, 3]), [0, 30])
  assert.equal(reached(at([10, 20], -10, [tighter, bound]), [9, 3]), [0, 30])
  const backwards = { offset: tighter.size, coefficients: [-1, -2], size: tighter.size }
  assert.equal(reached(at([10, 20], -10, [bound, backwards]), [9, 3]), [0, 30])
  const twice = { offset: -2, coefficients: [2, 4], size: 2 * tighter.size }
  assert.equal(reached(at([10, 20], -10, [bound, twice]), [9, 3]), [0, 30])
  // an index that is bounded to one value
  assert.equal(reached(at([1], -1, [{ offset: -49, coefficients: [49], size: 1 }]), [9]), [0, 0])
  assert.is(reached(at([1, 1], -1, [bound]), [9, 3]), undefined)
})

test('dynamic starts are i32, and their limits count', () => {
  const dynamic = { starts: 2, limits: [2], strides: [3] }
  const kernel: Loop = {
    ...rows,
    operands: [{ dtype: 'f32', size: 18 }, rows.operands[1]!, { dtype: 'i32', size: 1 }],
    nodes: [{ ...load, access: { ...at([3, 1]), dynamic } } as Node, total, add],
  }
  assert.ok(validateKernel(kernel))
  refuses({ ...kernel, operands: [rows.operands[0]!, ...kernel.operands.slice(1)] }, /reaches elements 0 … 17/)
  refuses(
    { ...kernel, operands: [...kernel.operands.slice(0, 2), { dtype: 'f32', size: 1 }] },
    /operand 2 does not hold 1 starts/,
  )
})

test('stages at grid points use no inner dimension, and reductions come from earlier stages', () => {
  refuses({ ...rows, stages: [reducing, storing(at([1, 0]), 2)] }, /stage 1 is over the grid, and n0 uses an inner/)
  refuses({ ...rows, stages: [reducing, storing(at([3, 1]), 1)] }, /store of n1 in stage 1 uses an inner dimension/)
  refuses({ ...rows, stages: [storing(at([3, 1]), 2, 'inner'), reducing] }, /reduction 0, which is not of an earlier/)
  refuses({ ...rows, stages: [{ ...reducing, over: 'grid' }] }, /stage 0 reduces over the grid/)
  refuses(
    { ...rows, stages: [{ ...reducing, reductions: [{ fn: 'and', node: 0, dtype: 'f32' }] }] },
    /reduction 0: and of n0, f32, in f32/,
  )
})

test('stores cover distinct elements', () => {
  refuses({ ...rows, stages: [reducing, storing(at([2, 1]), 2, 'inner')] }, /writes an element twice: strides \[2, 1\]/)
  refuses({ ...rows, stages: [reducing, storing(at([3, 0]), 2, 'inner')] }, /writes an element twice/)
  const bounded = at([3, 1], 0, [{ offset: 0, coefficients: [1, 0], size: 2 }])
  refuses({ ...rows, stages: [reducing, storing(bounded, 2, 'inner')] }, /has bounds/)
  assert.ok(injective([-1, 6, 2], [2, 5, 3]))
  assert.ok(injective([0, 1], [1, 5]))
  assert.not(injective([5, 2, 1], [2, 3, 3]))
})

test('contractions', () => {
  const product: Contract = {
    kind: 'contract', name: 'product', dtype: 'f32', batch: [2], m: [3], n: [5], k: [4],
    operands: [{ dtype: 'f32', size: 24 }, { dtype: 'f32', size: 40 }, { dtype: 'f32', size: 30 }],
    a: at([12, 4, 1]), b: at([20, 5, 1]), out: at([15, 5, 1]),
  } // biome-ignore format: a form
  assert.is(validateKernel(product), product)
  refuses({ ...product, k: [5] }, /kernel product: a reaches elements 0 … 24/)
  refuses({ ...product, dtype: 'f64' }, /a is f32, the sums are f64/)
  refuses({ ...product, out: at([15, 0, 1]) }, /out writes an element twice/)
})

test('special kernels have the types of their operation', () => {
  const [x, y] = [typeOf('f32', [5]), typeOf('i32', [5])]
  const sort: Kernel = { kind: 'special', name: 'sort', op: { kind: 'argsort', axis: 0, descending: false }, inputs: [x], outputs: [y] } // biome-ignore format: a form
  assert.is(validateKernel(sort), sort)
  refuses({ ...sort, outputs: [x] }, /kernel sort: argsort gives i32\[5\], not f32\[5\]/)
})

test.run()
