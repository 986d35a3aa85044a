import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DType } from '../dtype.js'
import type { Tensor, TensorLike } from '../trace/tensor.js'
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
  rounded,
  same,
  sample,
  words,
} from './arrays.testing.js'
import {
  type Along,
  all,
  any,
  argmax,
  argmin,
  cummax,
  cummin,
  cumprod,
  cumsum,
  logsumexp,
  max,
  mean,
  min,
  norm,
  prod,
  std,
  sum,
  variance,
} from './reductions.js'

const subsets = (rank: number): number[][] =>
  Array.from({ length: 2 ** rank }, (_, bits) =>
    Array.from({ length: rank }, (_, i) => i).filter((i) => bits & (1 << i)),
  )

/** The lists that reduce to each element, in row-major order. */
const groups = (x: Flat, axes: readonly number[]): { readonly shape: number[]; readonly lists: number[][] } => {
  const shape = x.shape.filter((_, i) => !axes.includes(i))
  const inner = indices(axes.map((axis) => x.shape[axis]!))
  const lists = indices(shape).map((outer) =>
    inner.map((over) => {
      const index: number[] = []
      let [o, v] = [0, 0]
      for (let i = 0; i < x.shape.length; i++) index.push(axes.includes(i) ? over[v++]! : outer[o++]!)
      return at(x, index)
    }),
  )
  return { shape, lists }
}

const reduceBy = (x: Flat, axes: readonly number[], f: (list: readonly number[]) => number): Flat => {
  const { shape, lists } = groups(x, axes)
  return flat(shape, lists.map(f))
}

const total = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0)
const average = (list: readonly number[]): number => total(list) / list.length
const spreadOf =
  (ddof: number) =>
  (list: readonly number[]): number => {
    const middle = average(list)
    return total(list.map((v) => (v - middle) ** 2)) / Math.max(0, list.length - ddof)
  }

type Reduction = (x: TensorLike, along?: Along) => Tensor
const cases: readonly (readonly [string, Reduction, (list: readonly number[]) => number, boolean, number])[] = [
  // name, function, of a list, defined for the empty list, ulps in f64
  ['sum', sum, total, true, 0],
  ['max', max, (list) => Math.max(...list), false, 0],
  ['min', min, (list) => Math.min(...list), false, 0],
  ['mean', mean, average, true, 1],
  ['prod', prod, (list) => list.reduce((a, b) => a * b, 1), true, 8],
  ['variance', variance, spreadOf(0), true, 4],
  ['std', std, (list) => Math.sqrt(spreadOf(0)(list)), true, 4],
  ['logsumexp', logsumexp, (list) => Math.log(total(list.map(Math.exp))), true, 4],
  ['norm', norm, (list) => Math.sqrt(total(list.map((v) => v * v))), true, 4],
]

const shapes = [[], [1], [7], [2, 3], [3, 1, 4], [2, 3, 2, 3], [0], [2, 0, 3], [0, 4]]

test('every reduction over every set of axes, keepDims and negative axes', () => {
  for (const shape of shapes) {
    const x = sample(shape, 11)
    for (const [name, f, scalar, onEmpty, ulps] of cases)
      for (const axes of subsets(shape.length)) {
        const note = `${name} [${shape}] over [${axes}]`
        if (!onEmpty && product(axes.map((axis) => shape[axis]!)) === 0) {
          assert.throws(() => f(put(x), { axis: axes }), 'over an empty axis', note)
          continue
        }
        const want = reduceBy(x, axes, scalar)
        same(f(put(x), { axis: axes }), 'f64', want, { ulps, note, scale: ulps && 1 })
        const kept = flat(
          shape.map((n, i) => (axes.includes(i) ? 1 : n)),
          want.data,
        )
        const turned = [...axes].reverse().map((axis) => axis - shape.length)
        same(f(put(x), { axis: turned, keepDims: true }), 'f64', kept, { ulps, note, scale: ulps && 1 })
      }
  }
})

test('no axis means all, a number means one', () => {
  const x = sample([3, 4], 5)
  for (const [note, f, scalar, , ulps] of cases) {
    same(f(put(x)), 'f64', flat([], [scalar(x.data)]), { ulps, note, scale: 16 })
    same(f(put(x), { axis: undefined, keepDims: true }), 'f64', flat([1, 1], [scalar(x.data)]), {
      ulps,
      note,
      scale: 16,
    })
    same(f(put(x), { axis: -1 }), 'f64', reduceBy(x, [1], scalar), { ulps, note, scale: 16 })
  }
})

test('in f32 and f16: one operation rounds once, several are computed in f32', () => {
  const x = sample([5, 9], 8)
  for (const dtype of ['f32', 'f16'] as const)
    for (const [name, f, scalar] of cases) {
      const single = name === 'sum' || name === 'max' || name === 'min'
      const want = reduceBy(x, [1], scalar)
      if (name !== 'prod')
        same(f(put(x, dtype), { axis: 1 }), dtype, want, {
          ulps: single ? 0 : dtype === 'f16' ? 0.51 : 4,
          note: `${name} ${dtype}`,
          scale: name === 'mean' || name === 'logsumexp' ? 1 : 0,
        })
    }
  // intermediate sums and squares beyond 65504
  const large = flat([4], [60000, 60000, -60000, 60000])
  same(mean(put(large, 'f16')), 'f16', flat([], [30000]))
  same(std(put(large, 'f16')), 'f16', flat([], [51961.524]))
  same(norm(put(flat([2], [30000, 40000]), 'f16')), 'f16', flat([], [50000]))
  same(variance(put(flat([2], [-300, -290]), 'f16')), 'f16', flat([], [25]))
  same(sum(put(large, 'f16')), 'f16', flat([], [Infinity]))
  same(logsumexp(put(flat([2], [60000, 60000]), 'f16')), 'f16', flat([], [60000]))
})

test('sums accumulate in f64: what f32 alone would lose stays', () => {
  same(sum(put(flat([3], [1e8, 1, -1e8]), 'f32')), 'f32', flat([], [1]))
  same(cumsum(put(flat([3], [1e8, 1, -1e8]), 'f32')), 'f32', flat([3], [1e8, 1e8, 1]))
})

test('sums and products of integers wrap; bool, u8 and i8 are summed as i32', () => {
  for (const dtype of ['i32', 'u32'] as const) {
    const x = integers([4, 50], 0, 2 ** 31 - 1, 3)
    const wrap = (v: bigint): number => Number(dtype === 'i32' ? BigInt.asIntN(32, v) : BigInt.asUintN(32, v))
    const big = (list: readonly number[], f: (a: bigint, b: bigint) => bigint, from: bigint): number =>
      wrap(list.reduce((a, v) => f(a, BigInt(v)), from))
    same(
      sum(put(x, dtype), { axis: 1 }),
      dtype,
      reduceBy(x, [1], (list) => big(list, (a, b) => a + b, 0n)),
    )
    same(
      prod(put(x, dtype), { axis: 0 }),
      dtype,
      reduceBy(x, [0], (list) => big(list, (a, b) => a * b, 1n)),
    )
  }
  same(sum(put(flat([3], [255, 255, 255]), 'u8')), 'i32', flat([], [765]))
  same(sum(put(flat([3], [1, 0, 1]), 'bool')), 'i32', flat([], [2]))
  same(sum(put(flat([], [1]), 'bool')), 'i32', flat([], [1]))
  same(prod(put(flat([2], [-128, 127]), 'i8')), 'i32', flat([], [-16256]))
  same(cumsum(put(flat([2], [1, 1]), 'bool')), 'i32', flat([2], [1, 2]))
  same(cumsum(put(flat([2], [2 ** 31 - 1, 1]), 'i32')), 'i32', flat([2], [2 ** 31 - 1, -(2 ** 31)]))
})

test('means and their kin of integers are f32; extremes keep the dtype', () => {
  const x = flat([3], [1, 2, 6])
  for (const dtype of ['i32', 'u32', 'u8', 'i8'] as const) {
    same(mean(put(x, dtype)), 'f32', flat([], [3]))
    same(variance(put(x, dtype)), 'f32', flat([], [14 / 3]), { ulps: 1 })
    same(norm(put(x, dtype)), 'f32', flat([], [Math.sqrt(41)]), { ulps: 2 })
    same(max(put(x, dtype)), dtype, flat([], [6]))
    same(min(put(x, dtype)), dtype, flat([], [1]))
  }
  same(max(put(flat([2], [0, 1]), 'bool')), 'bool', flat([], [1]))
  same(mean(put(flat([4], [0, 1, 1, 1]), 'bool')), 'f32', flat([], [0.75]))
  same(min(put(flat([2], [-(2 ** 31), 2 ** 31 - 1]), 'i32')), 'i32', flat([], [-(2 ** 31)]))
  same(max(put(flat([2], [1, 2 ** 32 - 1]), 'u32')), 'u32', flat([], [2 ** 32 - 1]))
})

test('all and any, of nothing too', () => {
  for (const shape of shapes) {
    const x = make(shape, (index) => (index.reduce((a, b) => a + b, 1) % 3 === 0 ? 0 : 2))
    for (const axes of subsets(shape.length)) {
      same(
        all(put(x, 'f32'), { axis: axes }),
        'bool',
        reduceBy(x, axes, (list) => Number(list.every((v) => v !== 0))),
      )
      same(
        any(put(x, 'i32'), { axis: axes }),
        'bool',
        reduceBy(x, axes, (list) => Number(list.some((v) => v !== 0))),
      )
    }
  }
  same(all(put(flat([1], [NaN]))), 'bool', flat([], [1]))
  same(any(put(flat([2], [-0, 0]))), 'bool', flat([], [0]))
  same(all(true), 'bool', flat([], [1]))
})

test('NaN wins, infinities are values', () => {
  const x = put(flat([4, 3], words('1 nan 3 inf 1 -inf -inf -inf -inf 1 2 inf')))
  const row = { axis: 1 }
  same(max(x, row), 'f64', flat([4], words('nan inf -inf inf')))
  same(min(x, row), 'f64', flat([4], words('nan -inf -inf 1')))
  same(sum(x, row), 'f64', flat([4], words('nan nan -inf inf')))
  same(prod(x, row), 'f64', flat([4], words('nan -inf -inf inf')))
  same(mean(x, row), 'f64', flat([4], words('nan nan -inf inf')))
  same(logsumexp(x, row), 'f64', flat([4], words('nan inf -inf inf')))
  same(norm(x, row), 'f64', flat([4], words('nan inf inf inf')))
  same(variance(x, row), 'f64', flat([4], words('nan nan nan nan')))
  same(norm(x, { axis: 1, ord: Infinity }), 'f64', flat([4], words('nan inf inf inf')))
  same(max(put(flat([2], [-0, 0]))), 'f64', flat([], [0]))
  same(min(put(flat([2], [0, -0]))), 'f64', flat([], [-0]))
})

test('the empty list: 0, 1, NaN, −∞', () => {
  for (const dtype of floats) {
    const x = put(flat([2, 0], []), dtype)
    for (const [f, value] of [
      [sum, 0],
      [prod, 1],
      [mean, NaN],
      [variance, NaN],
      [std, NaN],
      [logsumexp, -Infinity],
      [norm, 0],
    ] as const) {
      same(f(x, { axis: 1 }), dtype, flat([2], [value, value]))
      same(f(x, { axis: 1, keepDims: true }), dtype, flat([2, 1], [value, value]))
      same(f(x, { axis: 0 }), dtype, flat([0], []))
      same(f(x), dtype, flat([], [value]))
    }
  }
  for (const ord of [1, 3, Infinity]) same(norm(put(flat([0], [])), { ord }), 'f64', flat([], [0]))
})

test('variance and std with ddof', () => {
  const x = sample([4, 5], 3)
  for (const ddof of [0, 1, 1.5, 4]) {
    same(variance(put(x), { axis: 1, ddof }), 'f64', reduceBy(x, [1], spreadOf(ddof)), { ulps: 4 })
    same(
      std(put(x), { axis: 0, ddof: ddof - 1, keepDims: true }),
      'f64',
      flat([1, 5], reduceBy(x, [0], (list) => Math.sqrt(spreadOf(ddof - 1)(list))).data),
      { ulps: 4 },
    )
  }
  same(variance(put(x), { axis: 1, ddof: 9 }), 'f64', flat([4], [Infinity, Infinity, Infinity, Infinity]))
  same(variance(put(flat([1], [3])), { ddof: 1 }), 'f64', flat([], [NaN]))
  // no cancellation of large means
  same(variance(put(flat([3], [1e9, 1e9 + 1, 1e9 + 2]))), 'f64', flat([], [2 / 3]), { ulps: 1 })
})

test('logsumexp neither overflows nor underflows', () => {
  same(logsumexp(put(flat([2], [1000, 1000]))), 'f64', flat([], [1000 + Math.LN2]), { ulps: 1 })
  same(logsumexp(put(flat([3], [-1000, -1000, -Infinity]))), 'f64', flat([], [-1000 + Math.LN2]), { ulps: 1 })
  same(logsumexp(put(flat([2], [1e30, -1e30]), 'f32')), 'f32', flat([], [1e30]))
  same(
    logsumexp(put(flat([2, 2], words('-inf -inf -inf 0'))), { axis: 1, keepDims: true }),
    'f64',
    flat([2, 1], words('-inf 0')),
  )
})

test('norm: any p, and no overflow or underflow', () => {
  const x = sample([3, 5], 4)
  const power =
    (p: number) =>
    (list: readonly number[]): number =>
      total(list.map((v) => Math.abs(v) ** p)) ** (1 / p)
  for (const ord of [0.5, 1, 1.5, 2, 3, 10])
    for (const axis of [0, 1, [0, 1]])
      same(norm(put(x), { ord, axis }), 'f64', reduceBy(x, [axis].flat(), power(ord)), { ulps: 40, note: String(ord) })
  same(
    norm(put(x), { ord: Infinity, axis: 1 }),
    'f64',
    reduceBy(x, [1], (list) => Math.max(...list.map(Math.abs))),
  )
  for (const size of [1e300, 1e-300, 1]) {
    same(norm(put(flat([2], [3 * size, -4 * size]))), 'f64', flat([], [5 * size]), { ulps: 2 })
    same(norm(put(flat([3], [size, size, 0])), { ord: 3 }), 'f64', flat([], [2 ** (1 / 3) * size]), { ulps: 3 })
  }
  for (const size of [1e30, 1e-30])
    same(norm(put(flat([2], [3 * size, -4 * size]), 'f32')), 'f32', flat([], [5 * size]), { ulps: 2 })
  same(norm(put(flat([2], [5e-324, 0]))), 'f64', flat([], [5e-324]))
  same(norm(put(flat([2], [1e308, 1e308]))), 'f64', flat([], [Math.SQRT2 * 1e308]), { ulps: 2 })
  same(norm(put(flat([2, 2], [0, 0, 3, 4])), { axis: 1 }), 'f64', flat([2], [0, 5]))
  same(norm(-3), 'f32', flat([], [3]))
})

test('prod with zeros, signs and odd sizes', () => {
  for (const n of [1, 2, 3, 5, 6, 7, 13]) {
    const x = integers([n, 3], -3, 3, n)
    same(
      prod(put(x), { axis: 0 }),
      'f64',
      reduceBy(x, [0], (list) => list.reduce((a, b) => a * b, 1)),
      { note: String(n) },
    )
    same(
      prod(put(x, 'i32'), { axis: 0 }),
      'i32',
      reduceBy(x, [0], (list) => list.reduce((a, b) => a * b, 1) + 0),
    )
  }
  same(prod(put(flat([3], words('0 inf 1')))), 'f64', flat([], [NaN]))
})

// ── positions ───────────────────────────────────────────────────────────────────────────────────────────────────────

test('argmax and argmin: the first of equals, NaN wins, i32', () => {
  const x = put(flat([5, 4], words('1 5 5 2  nan 9 nan 1  -inf -inf -inf -inf  -0 0 -0 0  3 2 1 nan')))
  same(argmax(x, { axis: 1 }), 'i32', flat([5], [1, 0, 0, 0, 3]))
  same(argmin(x, { axis: -1 }), 'i32', flat([5], [0, 0, 0, 0, 3]))
  for (const dtype of ['f64', 'f32', 'f16', 'i32', 'i8'] as const)
    for (const shape of [
      [4, 1, 5],
      [3, 2, 2, 3],
    ])
      for (let axis = 0; axis < shape.length; axis++) {
        const y = integers(shape, -3, 3, axis + 2)
        same(
          argmax(put(y, dtype), { axis }),
          'i32',
          reduceBy(y, [axis], (list) => list.indexOf(Math.max(...list))),
        )
        same(
          argmin(put(y, dtype), { axis }),
          'i32',
          reduceBy(y, [axis], (list) => list.indexOf(Math.min(...list))),
        )
      }
  const y = flat([2, 3], [3, 1, 9, 0, 9, 0])
  same(argmax(put(y)), 'i32', flat([], [2]))
  same(argmin(put(y)), 'i32', flat([], [3]))
  same(argmax(put(flat([3], [0, 1, 1]), 'bool')), 'i32', flat([], [1]))
  same(argmax(put(flat([2], [2 ** 31, 2 ** 32 - 1]), 'u32')), 'i32', flat([], [1]))
  same(argmin(put(flat([2], [2 ** 31, 1]), 'u32')), 'i32', flat([], [1]))
  same(argmax(7), 'i32', flat([], [0]))
  same(argmax(put(flat([0, 3], [])), { axis: 1 }), 'i32', flat([0], []))
})

// ── running reductions ──────────────────────────────────────────────────────────────────────────────────────────────

const running = (x: Flat, axis: number, reverse: boolean, f: (a: number, b: number) => number): Flat => {
  const n = x.shape[axis]!
  return make(x.shape, (index) => {
    const here = index[axis]!
    const places = reverse
      ? Array.from({ length: n - here }, (_, i) => n - 1 - i)
      : Array.from({ length: here + 1 }, (_, i) => i)
    return places.map((i) => at(x, index.with(axis, i))).reduce((a, b) => f(a, b))
  })
}

test('running sums, products, maxima and minima along each axis, forwards and backwards', () => {
  const cumulative = [
    [cumsum, (a: number, b: number) => a + b],
    [cumprod, (a: number, b: number) => a * b],
    [cummax, Math.max],
    [cummin, Math.min],
  ] as const
  for (const shape of [[1], [2], [3], [7], [8], [13], [2, 5, 3], [3, 1, 2], [0], [2, 0]])
    for (let axis = 0; axis < shape.length; axis++)
      for (const reverse of [false, true])
        for (const [f, scalar] of cumulative) {
          const x = integers(shape, -3, 3, 6)
          const want = running(x, axis, reverse, scalar)
          const got = f(put(x), { axis: axis - shape.length, reverse })
          same(got, 'f64', want, { note: `[${shape}] ${axis} ${reverse}` })
          same(
            f(put(x, 'i32'), { axis, reverse }),
            'i32',
            flat(
              want.shape,
              want.data.map((v) => v + 0),
            ),
          )
        }
})

test('running reductions of the flattened tensor by default; NaN stays from where it comes', () => {
  same(cumsum(put(flat([2, 2], [1, 2, 3, 4]))), 'f64', flat([4], [1, 3, 6, 10]))
  same(cumprod(put(flat([2, 2], [1, 2, 0, 4]))), 'f64', flat([4], [1, 2, 0, 0]))
  same(cummax(put(flat([5], words('1 3 nan 2 inf')))), 'f64', flat([5], words('1 3 nan nan nan')))
  same(cummin(put(flat([5], words('1 -inf 3 nan 2')), 'f32')), 'f32', flat([5], words('1 -inf -inf nan nan')))
  same(cumsum(put(flat([4], words('1 inf -inf 2')))), 'f64', flat([4], words('1 inf nan nan')))
  same(cumsum(put(flat([3], [1, 2, 3])), { reverse: true }), 'f64', flat([3], [6, 5, 3]))
  same(cumsum(5), 'f32', flat([1], [5]))
  same(cummax(put(flat([2], [1, 0]), 'bool')), 'i32', flat([2], [1, 1]))
})

test('running products in f16 round each product', () => {
  same(cumprod(put(flat([3], [300, 300, 0.001]), 'f16')), 'f16', flat([3], [300, Infinity, Infinity]))
  const dtype: DType = 'f16'
  same(cumsum(put(flat([3], [2048, 1, 1]), dtype)), dtype, flat([3], [2048, rounded(dtype, 2049), 2050]))
})

test.run()
