import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { typeOf } from '../program/type.js'
import type { Contract, Loop } from './kernel.js'
import { printKernel } from './print.js'

const softmax: Loop = {
  kind: 'loop', name: 'softmax', grid: [128], inner: [10],
  operands: [{ dtype: 'f32', size: 1280 }, { dtype: 'f32', size: 1280 }],
  nodes: [
    { kind: 'load', operand: 0, access: { offset: 0, strides: [10, 1], bounds: [] }, fill: 0, dtype: 'f32' },
    { kind: 'reduced', reduction: 0, dtype: 'f32' },
    { kind: 'apply', scalar: { kind: 'binary', fn: 'sub' }, inputs: [0, 1], dtype: 'f32' },
    { kind: 'apply', scalar: { kind: 'unary', fn: 'exp' }, inputs: [2], dtype: 'f32' },
    { kind: 'reduced', reduction: 1, dtype: 'f32' },
    { kind: 'apply', scalar: { kind: 'binary', fn: 'div' }, inputs: [3, 4], dtype: 'f32' },
  ],
  stages: [
    { over: 'inner', reductions: [{ fn: 'max', node: 0, dtype: 'f32' }], stores: [] },
    { over: 'inner', reductions: [{ fn: 'sum', node: 3, dtype: 'f32' }], stores: [] },
    { over: 'inner', reductions: [], stores: [{ operand: 1, access: { offset: 0, strides: [10, 1], bounds: [] }, node: 5 }] },
  ],
} // biome-ignore format: a form

test('a loop: a line for each node, then the stages', () => {
  assert.fixture(
    printKernel(softmax),
    `loop softmax grid[128] inner[10] (a:f32[1280], out b:f32[1280])
  n0:f32 = load a[10·g0 + i0]
  n1:f32 = r0
  n2:f32 = sub n0 n1
  n3:f32 = exp n2
  n4:f32 = r1
  n5:f32 = div n3 n4
  stage inner:
    r0:f32 = max n0
  stage inner:
    r1:f32 = sum n3
  stage inner:
    store b[10·g0 + i0] = n5`,
  )
})

test('bounds, fills, indices, dynamic offsets and parameters', () => {
  const bounds = [{ offset: -2, coefficients: [1, 0], size: 5 }]
  const dynamic = { starts: 1, limits: [4, 0], strides: [3, 1] }
  const kernel: Loop = {
    kind: 'loop', name: 'many', grid: [9, 2], inner: [],
    operands: [{ dtype: 'f32', size: 15 }, { dtype: 'i32', size: 2 }, { dtype: 'u32', size: 18 }, { dtype: 'bool', size: 18 }],
    nodes: [
      { kind: 'load', operand: 0, access: { offset: 7, strides: [-1, 0], bounds, dynamic }, fill: -0, dtype: 'f32' },
      { kind: 'index', offset: -1, strides: [-2, 1], dtype: 'u32' },
      { kind: 'inside', bounds, dtype: 'bool' },
      { kind: 'constant', value: -0, dtype: 'f32' },
      { kind: 'apply', scalar: { kind: 'threefry', word: 1 }, inputs: [1, 1, 1, 1], dtype: 'u32' },
      { kind: 'apply', scalar: { kind: 'polygamma', n: 2 }, inputs: [0], dtype: 'f32' },
      { kind: 'apply', scalar: { kind: 'cast' }, inputs: [5], dtype: 'u32' },
    ],
    stages: [{ over: 'grid', reductions: [], stores: [
      { operand: 2, access: { offset: 0, strides: [2, 1], bounds: [] }, node: 4 },
      { operand: 3, access: { offset: 17, strides: [-2, -1], bounds: [] }, node: 2 },
    ] }],
  } // biome-ignore format: a form
  assert.fixture(
    printKernel(kernel),
    `loop many grid[9,2] inner[] (a:f32[15], b:i32[2], out c:u32[18], out d:bool[18])
  n0:f32 = load a[−g0 + 7 + 3·clamp(b[0], 0, 4) + clamp(b[1], 0, 0)] where 0 ≤ g0 − 2 < 5 else -0
  n1:u32 = index −2·g0 + g1 − 1
  n2:bool = inside 0 ≤ g0 − 2 < 5
  n3:f32 = constant -0
  n4:u32 = threefry[word=1] n1 n1 n1 n1
  n5:f32 = polygamma[n=2] n0
  n6:u32 = cast n5
  stage grid:
    store c[2·g0 + g1] = n4
    store d[−2·g0 − g1 + 17] = n2`,
  )
})

test('a contraction: its sum, and where it is not over padding', () => {
  const product: Contract = {
    kind: 'contract', name: 'matmul', dtype: 'f32', batch: [], m: [128], n: [256], k: [784],
    operands: [{ dtype: 'f32', size: 128 * 784 }, { dtype: 'f32', size: 784 * 256 }, { dtype: 'f32', size: 128 * 256 }],
    a: { offset: 0, strides: [784, 1], bounds: [] },
    b: { offset: 0, strides: [256, 1], bounds: [] },
    out: { offset: 0, strides: [256, 1], bounds: [] },
  } // biome-ignore format: a form
  assert.fixture(
    printKernel(product),
    `contract matmul f32 batch[] m[128] n[256] k[784] (a:f32[100352], b:f32[200704], out c:f32[32768])
  c[256·m0 + n0] = Σ a[784·m0 + k0] · b[256·k0 + n0]`,
  )
  const bounds = [{ offset: -1, coefficients: [1, 1], size: 32 }]
  assert.fixture(
    printKernel({ ...product, name: 'conv', a: { offset: -1, strides: [1, 1], bounds } }),
    `contract conv f32 batch[] m[128] n[256] k[784] (a:f32[100352], b:f32[200704], out c:f32[32768])
  c[256·m0 + n0] = Σ a[m0 + k0 − 1] · b[256·k0 + n0] where 0 ≤ m0 + k0 − 1 < 32`,
  )
})

test('a special kernel: its operation and types', () => {
  assert.is(
    printKernel({
      kind: 'special', name: 'sort', op: { kind: 'argsort', axis: 0, descending: true },
      inputs: [typeOf('f32', [5])], outputs: [typeOf('i32', [5])],
    }), // biome-ignore format: a form
    'special sort: argsort[axis=0 descending=true] f32[5] -> i32[5]',
  )
})

test.run()
