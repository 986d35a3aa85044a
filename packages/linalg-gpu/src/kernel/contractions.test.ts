import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dense } from '../plain/dense.js'
import { run } from '../plain/executor.js'
import { infer } from '../program/infer.js'
import type { OpOf } from '../program/op.js'
import type { Program } from '../program/program.js'
import { type Type, typeOf } from '../program/type.js'
import { executeSchedule } from './execute.testing.js'
import { schedule } from './lower.js'

/** Whole numbers small enough that sums are exact in any order. */
const filled = ({ size }: Type, seed: number): Float64Array =>
  Float64Array.from({ length: size }, (_, i) => ((i * 7 + seed * 13) % 11) - 5)

const agrees = (op: OpOf<'conv'>, first: Type, second: Type): void => {
  const [result] = infer(op, [first, second])
  const program: Program = {
    name: 'conv',
    types: [first, second, result!],
    inputs: [0, 1],
    eqns: [{ op, inputs: [0, 1], outputs: [2] }],
    outputs: [2],
  }
  const [a, b] = [filled(first, 1), filled(second, 2)]
  const [expected] = run(program, [dense(first, a), dense(second, b)], { bytes: 0, peak: 0 })
  const [got] = executeSchedule(schedule(program), [a, b])
  // a sum over nothing may be −0 on one side
  assert.equal(
    Array.from(got!, (x) => x + 0),
    Array.from(expected!.data, (x) => x + 0),
    JSON.stringify(op),
  )
}

interface Sizes {
  readonly images: number
  readonly groups: number
  readonly channels: number
  readonly filters: number
  readonly space: readonly number[]
  readonly window: readonly number[]
  readonly strides: readonly number[]
  readonly dilation: readonly number[]
  readonly padding: readonly (readonly [number, number])[]
}

/** All three directions of one convolution. */
const inAllDirections = ({
  images,
  groups,
  channels,
  filters,
  space,
  window,
  strides,
  dilation,
  padding,
}: Sizes): void => {
  const outputs = space.map((n, d) =>
    Math.max(
      0,
      Math.floor((n + padding[d]![0] + padding[d]![1] - (window[d]! - 1) * dilation[d]! - 1) / strides[d]!) + 1,
    ),
  )
  const x = typeOf('f64', [images, groups * channels, ...space])
  const w = typeOf('f64', [groups * filters, channels, ...window])
  const y = typeOf('f64', [images, groups * filters, ...outputs])
  const form = { kind: 'conv', strides, padding, dilation, groups } as const
  agrees({ ...form, direction: 'forward', size: outputs }, x, w)
  agrees({ ...form, direction: 'input', size: space }, w, y)
  agrees({ ...form, direction: 'filter', size: window }, x, y)
}

const plain: Sizes = {
  images: 2,
  groups: 1,
  channels: 3,
  filters: 2,
  space: [5, 6],
  window: [3, 2],
  strides: [1, 1],
  dilation: [1, 1],
  padding: [
    [0, 0],
    [0, 0],
  ],
}

test('a convolution is the contraction of its windows, in all directions', () => inAllDirections(plain))

test('padding may differ before and after', () =>
  inAllDirections({
    ...plain,
    padding: [
      [1, 0],
      [2, 1],
    ],
  }))

test('strides take the input apart by residues, some of which no window element meets', () => {
  for (const strides of [
    [2, 1],
    [2, 3],
    [3, 4],
  ])
    inAllDirections({
      ...plain,
      strides,
      space: [7, 9],
      padding: [
        [1, 2],
        [0, 1],
      ],
    })
})

test('dilation, with strides that share a factor with it and that do not', () => {
  for (const [strides, dilation] of [
    [
      [1, 1],
      [2, 3],
    ],
    [
      [2, 2],
      [2, 3],
    ],
    [
      [4, 3],
      [2, 2],
    ],
  ] as const)
    inAllDirections({
      ...plain,
      strides,
      dilation,
      space: [9, 10],
      padding: [
        [2, 1],
        [1, 3],
      ],
    })
})

test('groups see channels and filters of their own', () =>
  inAllDirections({
    ...plain,
    groups: 3,
    strides: [2, 1],
    padding: [
      [1, 1],
      [0, 1],
    ],
  }))

test('one and three spatial axes', () => {
  inAllDirections({ ...plain, space: [8], window: [3], strides: [2], dilation: [1], padding: [[1, 1]] })
  inAllDirections({
    ...plain,
    space: [4, 3, 5],
    window: [2, 3, 2],
    strides: [1, 2, 2],
    dilation: [1, 1, 2],
    padding: [
      [0, 1],
      [1, 1],
      [1, 0],
    ],
  })
})

test('many images split the sum of a gradient by the filter into parts', () =>
  inAllDirections({ ...plain, images: 36, space: [24, 24], channels: 1, filters: 1 }))

test('no images, and inputs too small for a window', () => {
  inAllDirections({ ...plain, images: 0 })
  inAllDirections({ ...plain, space: [2, 6] })
})

test.run()
