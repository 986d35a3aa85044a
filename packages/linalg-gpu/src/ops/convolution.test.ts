import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DType } from '../dtype.js'
import { plainDevice } from '../plain/device.js'
import type { Op } from '../program/op.js'
import { emit1 } from '../trace/emit.js'
import type { Tensor } from '../trace/tensor.js'
import {
  at,
  type Flat,
  flat,
  floats,
  indices,
  integers,
  make,
  product,
  put,
  same,
  sample,
  throws,
  words,
} from './arrays.testing.js'
import { avgPool, type ConvOptions, conv, convTranspose, maxPool } from './convolution.js'

interface Geometry {
  readonly strides: readonly number[]
  readonly padding: readonly (readonly [number, number])[]
  readonly dilation: readonly number[]
  readonly groups: number
}

const outputs = (size: readonly number[], window: readonly number[], g: Geometry): number[] =>
  size.map((n, i) => {
    let count = 0
    while (count * g.strides[i]! + (window[i]! - 1) * g.dilation[i]! < n + g.padding[i]![0] + g.padding[i]![1]) count++
    return count
  })

/** Every term of Σ x[n, c, p] w[f, i, k] y[n, f, o]: calls `visit` with the three index vectors. */
const terms = (
  x: readonly number[],
  w: readonly number[],
  y: readonly number[],
  g: Geometry,
  visit: (x: number[], w: number[], y: number[]) => void,
): void => {
  const [channels, filters] = [w[1]!, w[0]!]
  for (const [n, f, ...o] of indices(y))
    for (let i = 0; i < channels; i++)
      for (const k of indices(w.slice(2))) {
        const p = o.map((v, d) => v * g.strides[d]! + k[d]! * g.dilation[d]! - g.padding[d]![0])
        if (p.every((v, d) => v >= 0 && v < x[d + 2]!))
          visit([n!, Math.floor(f! / (filters / g.groups)) * channels + i, ...p], [f!, i, ...k], [n!, f!, ...o])
      }
}

const place = (shape: readonly number[], index: readonly number[]): number =>
  index.reduce((a, i, d) => a * shape[d]! + i, 0)

const forward = (x: Flat, w: Flat, g: Geometry): Flat => {
  const shape = [x.shape[0]!, w.shape[0]!, ...outputs(x.shape.slice(2), w.shape.slice(2), g)]
  const data = Array<number>(product(shape)).fill(0)
  terms(x.shape, w.shape, shape, g, (p, q, r) => {
    data[place(shape, r)]! += at(x, p) * at(w, q)
  })
  return flat(shape, data)
}

const each = (rank: number, value: number): number[] => Array<number>(rank).fill(value)
const geometry = (rank: number, more: Partial<Geometry> = {}): Geometry => ({
  strides: each(rank, 1),
  padding: each(rank, 0).map(() => [0, 0] as const),
  dilation: each(rank, 1),
  groups: 1,
  ...more,
})

test('conv over one, two and three spatial axes, every option, in every float dtype', () => {
  const cases: readonly (readonly [readonly number[], readonly number[], Partial<Geometry>])[] = [
    [[2, 3, 7], [4, 3, 3], {}],
    [[1, 1, 5], [1, 1, 5], {}],
    [[1, 1, 4], [1, 1, 5], {}],
    [[2, 1, 6], [3, 1, 1], { strides: [2] }],
    [[2, 4, 9], [6, 2, 3], { groups: 2, strides: [2], padding: [[1, 2]], dilation: [2] }],
    [[1, 3, 6], [6, 1, 3], { groups: 3 }],
    [[0, 2, 5], [3, 2, 2], {}],
    [[2, 2, 5], [0, 2, 2], {}],
    [[2, 0, 5], [3, 0, 2], {}],
    [[2, 2, 0], [3, 2, 1], { padding: [[1, 1]] }],
    [[2, 2, 5, 6], [3, 2, 3, 2], {}],
    [
      [1, 2, 6, 5],
      [4, 1, 2, 3],
      {
        groups: 2,
        strides: [2, 1],
        padding: [
          [0, 1],
          [2, 0],
        ],
        dilation: [1, 2],
      },
    ],
    [
      [2, 3, 4, 4],
      [3, 1, 3, 3],
      {
        groups: 3,
        padding: [
          [1, 1],
          [1, 1],
        ],
      },
    ],
    [
      [1, 2, 3, 4, 3],
      [2, 2, 2, 3, 2],
      {
        strides: [1, 2, 1],
        padding: [
          [1, 0],
          [1, 1],
          [0, 1],
        ],
      },
    ],
    [[1, 2, 4, 3, 5], [2, 1, 2, 2, 2], { groups: 2, dilation: [2, 1, 3] }],
  ]
  for (const [p, q, more] of cases) {
    const g = geometry(p.length - 2, more)
    const [x, w] = [sample(p, 3), sample(q, 5)]
    const want = forward(x, w, g)
    for (const dtype of floats)
      same(conv(put(x, dtype), put(w, dtype), g), dtype, want, { note: `[${p}] [${q}] ${JSON.stringify(more)}` })
    same(
      conv(put(integers(p, -4, 4), 'i32'), put(integers(q, -4, 4, 2), 'i32'), g),
      'i32',
      unsigned(forward(integers(p, -4, 4), integers(q, -4, 4, 2), g)),
    )
  }
})

const unsigned = (x: Flat): Flat =>
  flat(
    x.shape,
    x.data.map((v) => v + 0),
  )

test('numbers stand for all axes; same keeps ⌈n / stride⌉ outputs, the odd element after', () => {
  const [x, w] = [sample([1, 2, 5, 7], 3), sample([3, 2, 2, 3], 5)]
  const [a, b] = [put(x), put(w)]
  same(
    conv(a, b, { strides: 2, padding: 1, dilation: 2 }),
    'f64',
    forward(
      x,
      w,
      geometry(2, {
        strides: [2, 2],
        padding: [
          [1, 1],
          [1, 1],
        ],
        dilation: [2, 2],
      }),
    ),
  )
  same(
    conv(a, b, { padding: [1, [0, 2]] }),
    'f64',
    forward(
      x,
      w,
      geometry(2, {
        padding: [
          [1, 1],
          [0, 2],
        ],
      }),
    ),
  )
  same(conv(a, b, { padding: 'valid' }), 'f64', forward(x, w, geometry(2)))
  // TensorFlow's rule written out: total = (⌈n/s⌉ − 1)·s + (k − 1)·d + 1 − n, ⌊total/2⌋ before
  for (const stride of [1, 2, 3])
    for (const spread of [1, 2])
      for (const n of [1, 4, 5, 8])
        for (const k of [1, 2, 3, 4]) {
          const total = Math.max(0, (Math.ceil(n / stride) - 1) * stride + (k - 1) * spread + 1 - n)
          const padding = [[Math.floor(total / 2), Math.ceil(total / 2)]] as const
          const [u, v] = [sample([1, 1, n], 2), sample([1, 1, k], 4)]
          const got = conv(put(u), put(v), { strides: stride, dilation: spread, padding: 'same' })
          assert.is(got.shape[2], Math.ceil(n / stride))
          same(got, 'f64', forward(u, v, geometry(1, { strides: [stride], dilation: [spread], padding })))
        }
})

test('products of large integers wrap in all directions', () => {
  const big = integers([1, 2, 6], 2 ** 30, 2 ** 31 - 1, 3)
  const kernel = integers([2, 2, 3], 2 ** 30, 2 ** 31 - 1, 4)
  const g = geometry(1)
  for (const dtype of ['i32', 'u32'] as const) {
    const wrap = (v: bigint): number => Number(dtype === 'i32' ? BigInt.asIntN(32, v) : BigInt.asUintN(32, v))
    const total = Array<bigint>(8).fill(0n)
    terms([1, 2, 6], [2, 2, 3], [1, 2, 4], g, (p, q, r) => {
      total[place([1, 2, 4], r)]! += BigInt(at(big, p)) * BigInt(at(kernel, q))
    })
    same(conv(put(big, dtype), put(kernel, dtype)), dtype, flat([1, 2, 4], total.map(wrap)))
  }
})

// ── adjoints ────────────────────────────────────────────────────────────────────────────────────────────────────────

const raw = (
  direction: 'forward' | 'input' | 'filter',
  g: Geometry,
  size: readonly number[],
  a: Flat,
  b: Flat,
  dtype: DType = 'f64',
): Tensor => emit1({ kind: 'conv', direction, ...g, size } satisfies Op, put(a, dtype), put(b, dtype))

test('input and filter are the exact adjoints of forward: one trilinear form with one factor left out', () => {
  const axis = fc.record({
    n: fc.integer({ min: 1, max: 6 }),
    k: fc.integer({ min: 1, max: 3 }),
    s: fc.integer({ min: 1, max: 3 }),
    d: fc.integer({ min: 1, max: 2 }),
    low: fc.nat(2),
    high: fc.nat(2),
  })
  fc.assert(
    fc.property(
      fc.array(axis, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 2 }),
      fc.constantFrom([1, 1, 1], [1, 2, 3], [2, 1, 2], [3, 1, 1], [2, 2, 1]),
      (axes, batch, [groups, channels, filters]) => {
        const g: Geometry = {
          strides: axes.map((a) => a.s),
          padding: axes.map((a) => [a.low, a.high] as const),
          dilation: axes.map((a) => a.d),
          groups: groups!,
        }
        // integers, so that the three forms agree to the last bit
        const x = integers([batch, groups! * channels!, ...axes.map((a) => a.n)], -3, 3, 1)
        const w = integers([groups! * filters!, channels!, ...axes.map((a) => a.k)], -3, 3, 2)
        const out = outputs(x.shape.slice(2), w.shape.slice(2), g)
        const y = integers([batch, groups! * filters!, ...out], -3, 3, 3)
        const [dx, dw, dy] = [
          Array<number>(x.data.length).fill(0),
          Array<number>(w.data.length).fill(0),
          Array<number>(y.data.length).fill(0),
        ]
        terms(x.shape, w.shape, y.shape, g, (p, q, r) => {
          dy[place(y.shape, r)]! += at(x, p) * at(w, q)
          dx[place(x.shape, p)]! += at(w, q) * at(y, r)
          dw[place(w.shape, q)]! += at(x, p) * at(y, r)
        })
        for (const dtype of ['f64', 'i32'] as const) {
          same(
            raw('forward', g, out, x, w, dtype),
            dtype,
            flat(
              y.shape,
              dy.map((v) => v + 0),
            ),
          )
          same(
            raw('input', g, x.shape.slice(2), w, y, dtype),
            dtype,
            flat(
              x.shape,
              dx.map((v) => v + 0),
            ),
          )
          same(
            raw('filter', g, w.shape.slice(2), x, y, dtype),
            dtype,
            flat(
              w.shape,
              dw.map((v) => v + 0),
            ),
          )
        }
      },
    ),
    { numRuns: 120 },
  )
})

test('convTranspose is the adjoint of conv, with outputPadding for what strides leave open', () => {
  for (const [shape, q, options, border, extra] of [
    [[2, 3, 4], [3, 2, 3], {}, 0, 0],
    [[1, 3, 4], [3, 2, 3], { strides: 2 }, 0, 0],
    [[1, 3, 4], [3, 2, 3], { strides: 2, padding: 1, outputPadding: 1 }, 1, 1],
    [[1, 4, 3], [4, 1, 2], { strides: 3, groups: 2, dilation: 2, outputPadding: 2 }, 0, 2],
    [[1, 2, 3, 2], [2, 3, 2, 3], { strides: 2, padding: 1, outputPadding: [1, 0] }, 1, [1, 0]],
    [[1, 1, 2, 2, 2], [1, 2, 2, 2, 2], { strides: [2, 1, 2] }, 0, 0],
  ] as const) {
    const rank = shape.length - 2
    const list = (v: number | readonly number[] | undefined, otherwise: number): number[] =>
      typeof v === 'object' ? [...v] : each(rank, v ?? otherwise)
    const o: ConvOptions = options as ConvOptions
    const g: Geometry = {
      strides: list(o.strides, 1),
      dilation: list(o.dilation, 1),
      groups: o.groups ?? 1,
      padding: each(rank, 0).map(() => [border, border] as const),
    }
    const [y, w] = [sample(shape, 4), sample(q, 6)]
    const more = list(extra, 0)
    const size = shape
      .slice(2)
      .map((n, i) => (n - 1) * g.strides[i]! + g.dilation[i]! * (q[i + 2]! - 1) + 1 - 2 * border + more[i]!)
    const x = [shape[0], q[1]! * g.groups, ...size]
    const dx = Array<number>(product(x)).fill(0)
    assert.equal(outputs(size, q.slice(2), g), shape.slice(2))
    terms(x, w.shape, y.shape, g, (p, k, r) => {
      dx[place(x, p)]! += at(w, k) * at(y, r)
    })
    same(convTranspose(put(y), put(w), options), 'f64', flat(x, dx), { note: JSON.stringify(options) })
  }
})

test('unfold and fold are exact adjoints', () => {
  const axis = fc.record({
    n: fc.integer({ min: 1, max: 7 }),
    k: fc.integer({ min: 1, max: 3 }),
    s: fc.integer({ min: 1, max: 3 }),
    d: fc.integer({ min: 1, max: 2 }),
  })
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 2 }), { maxLength: 2 }),
      fc.array(axis, { minLength: 1, maxLength: 3 }),
      (lead, axes) => {
        const [window, strides, dilation, size] = [
          axes.map((a) => a.k),
          axes.map((a) => a.s),
          axes.map((a) => a.d),
          axes.map((a) => a.n),
        ]
        const out = outputs(size, window, { strides, dilation, groups: 1, padding: axes.map(() => [0, 0] as const) })
        const x = integers([...lead, ...size], -9, 9, 1)
        const source = (index: readonly number[]): number[] => [
          ...index.slice(0, lead.length),
          ...axes.map(
            (_, d) => index[lead.length + d]! * strides[d]! + index[lead.length + axes.length + d]! * dilation[d]!,
          ),
        ]
        const views = make([...lead, ...out, ...window], (index) => at(x, source(index)))
        for (const dtype of ['f64', 'f16', 'i32'] as const)
          same(emit1({ kind: 'unfold', window, strides, dilation }, put(x, dtype)), dtype, views)
        const y = integers(views.shape, -9, 9, 2)
        const total = Array<number>(x.data.length).fill(0)
        for (const index of indices(y.shape)) total[place(x.shape, source(index))]! += at(y, index)
        for (const dtype of ['f64', 'f16', 'i32'] as const)
          same(
            emit1({ kind: 'fold', size, window, strides, dilation }, put(y, dtype)),
            dtype,
            flat(
              x.shape,
              total.map((v) => v + 0),
            ),
          )
      },
    ),
    { numRuns: 80 },
  )
})

// ── pooling ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The elements of each window that lie inside, by lists. */
const pooled = (x: Flat, window: readonly number[], g: Geometry, f: (inside: readonly number[]) => number): Flat => {
  const lead = x.shape.length - window.length
  return make([...x.shape.slice(0, lead), ...outputs(x.shape.slice(lead), window, g)], (index) =>
    f(
      indices(window)
        .map((k) => [
          ...index.slice(0, lead),
          ...k.map((v, d) => index[lead + d]! * g.strides[d]! + v * g.dilation[d]! - g.padding[d]![0]),
        ])
        .filter((p) => p.every((v, d) => v >= 0 && v < x.shape[d]!))
        .map((p) => at(x, p)),
    ),
  )
}

const total = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0)

test('maxPool and avgPool over one to three axes, every option', () => {
  const cases = [
    [[2, 3, 6], [2], {}],
    [[1, 1, 7], [3], { strides: [2], padding: [[1, 1]] }],
    [[1, 2, 5], [2], { dilation: [2], strides: [1] }],
    [[1, 2, 4, 6], [2, 3], {}],
    [
      [2, 1, 5, 5],
      [3, 2],
      {
        strides: [2, 1],
        padding: [
          [1, 0],
          [0, 1],
        ],
      },
    ],
    [[1, 1, 4, 3, 4], [2, 3, 2], { strides: [1, 1, 2] }],
    [[4, 6], [3], {}],
    [[5], [2], { strides: [1] }],
    [[1, 1, 2], [3], {}],
    [[0, 1, 4], [2], {}],
  ] as const
  for (const [shape, window, more] of cases) {
    const g = geometry(window.length, { strides: window, ...more })
    const x = sample(shape, 6)
    for (const dtype of floats) {
      same(
        maxPool(put(x, dtype), window, more),
        dtype,
        pooled(x, window, g, (list) => Math.max(...list)),
        { note: `${shape}` },
      )
      same(
        avgPool(put(x, dtype), window, more),
        dtype,
        pooled(x, window, g, (list) => total(list) / list.length),
        { ulps: 0.51 },
      )
      same(
        avgPool(put(x, dtype), window, { ...more, countPadding: true }),
        dtype,
        pooled(x, window, g, (list) => total(list) / product(window)),
        { ulps: 0.51 },
      )
    }
  }
  const x = sample([1, 2, 5, 5], 6)
  same(
    maxPool(put(x), 2),
    'f64',
    pooled(x, [2, 2], geometry(2, { strides: [2, 2] }), (list) => Math.max(...list)),
  )
  same(
    maxPool(put(x), 2, { padding: 'same', strides: 2 }),
    'f64',
    pooled(
      x,
      [2, 2],
      geometry(2, {
        strides: [2, 2],
        padding: [
          [0, 1],
          [0, 1],
        ],
      }),
      (list) => Math.max(...list),
    ),
  )
  same(
    avgPool(put(x), 3, { padding: 'same', strides: 1 }),
    'f64',
    pooled(
      x,
      [3, 3],
      geometry(2, {
        padding: [
          [1, 1],
          [1, 1],
        ],
      }),
      (list) => total(list) / list.length,
    ),
    { ulps: 1 },
  )
})

test('pooling: NaN wins, padding never, integers', () => {
  same(maxPool(put(flat([1, 1, 4], words('nan 1 -inf -3'))), 2), 'f64', flat([1, 1, 2], words('nan -3')))
  same(maxPool(put(flat([1, 1, 2], [-5, -7])), 3, { padding: 1, strides: 1 }), 'f64', flat([1, 1, 2], [-5, -5]))
  same(maxPool(put(flat([1, 1, 2], [-5, -7]), 'i32'), 3, { padding: 1, strides: 1 }), 'i32', flat([1, 1, 2], [-5, -5]))
  same(maxPool(put(flat([1, 1, 2], [-5, -7]), 'i8'), 2), 'i32', flat([1, 1, 1], [-5]))
  same(maxPool(put(flat([1, 1, 2], [2 ** 31, 3]), 'u32'), 2, { padding: 1 }), 'u32', flat([1, 1, 2], [2 ** 31, 3]))
  same(maxPool(put(flat([1, 1, 2], [0, 0]), 'u32'), 2, { padding: 1 }), 'u32', flat([1, 1, 2], [0, 0]))
  same(avgPool(put(flat([1, 1, 2], [1, 2]), 'i32'), 2), 'f32', flat([1, 1, 1], [1.5]))
  same(avgPool(put(flat([1, 1, 2], [60000, 50016]), 'f16'), 2), 'f16', flat([1, 1, 1], [55008]))
  same(avgPool(put(flat([1, 1, 1], [4])), 1, { padding: 1 }), 'f64', flat([1, 1, 3], [NaN, 4, NaN]))
  // on another device
  const device = plainDevice()
  same(avgPool(put(flat([1, 1, 2], [1, 3]), 'f64', device), 2, { padding: 1 }), 'f64', flat([1, 1, 2], [1, 3]))
})

test('options that fit no geometry are refused', () => {
  const [x, w] = [put(sample([1, 2, 5])), put(sample([4, 2, 3]))]
  throws(
    () => conv(x, put(sample([4, 3, 3]))),
    'conv: input has 2 channels, filters [4, 3, 3] take 3 in each of 1 groups.',
  )
  throws(
    () => conv(x, put(sample([4, 2]))),
    'conv: input [batch, channels, …] and filters [filters, channels, …] of one rank ≥ 3 expected, got [1, 2, 5] and [4, 2].',
  )
  throws(() => conv(x, put(sample([3, 1, 3])), { groups: 2 }), 'conv: 3 filters do not divide into 2 groups.')
  throws(() => conv(x, w, { groups: 0 }), 'conv: groups is a positive integer, got 0.')
  throws(() => conv(x, w, { groups: 0.5 }), 'conv: groups is a positive integer, got 0.5.')
  throws(() => conv(x, w, { strides: 0 }), 'conv: strides is one positive integer or 1 of them, got 0.')
  throws(() => conv(x, w, { dilation: [1, 1] }), 'conv: dilation is one positive integer or 1 of them, got [1, 1].')
  throws(() => conv(x, w, { padding: -1 }), 'conv: padding is made of non-negative integers, got -1.')
  throws(
    () => conv(x, w, { padding: 'full' as never }),
    `conv: padding is 'valid', 'same', a number, or one number or [before, after] for each of 1 axes, got "full".`,
  )
  throws(() => convTranspose(x, w), 'convTranspose: input has 2 channels, there are 4 filters in [4, 2, 3].')
  throws(
    () => convTranspose(x, put(sample([2, 4, 3])), { padding: 'same' }),
    "convTranspose: padding 'same' does not fix the size of a transposed convolution: give numbers.",
  )
  throws(
    () => convTranspose(x, put(sample([2, 4, 3])), { strides: 2, outputPadding: 2 }),
    'convTranspose: outputPadding is a non-negative integer smaller than the stride on each of 1 axes, got 2 with strides [2].',
  )
  throws(
    () => convTranspose(x, put(sample([2, 4, 3])), { dilation: 2, outputPadding: 1 }),
    'convTranspose: outputPadding is a non-negative integer smaller than the stride on each of 1 axes, got 1 with strides [1].',
  )
  throws(
    () => convTranspose(put(sample([1, 2, 1])), put(sample([2, 4, 3])), { padding: 2 }),
    'convTranspose: padding 2 leaves nothing of [1].',
  )
  throws(
    () => maxPool(put(sample([3, 4])), 2),
    'maxPool: window 2 over the last axes of f64[3,4]: [batch, channels, …spatial] expected.',
  )
  throws(() => avgPool(x, 0), 'avgPool: window is one positive integer or 1 of them, got 0.')
})

test.run()
