import fc from 'fast-check'
import { test } from 'uvu'
import type { DType } from '../dtype.js'
import type { Tensor, TensorLike } from '../trace/tensor.js'
import { type Flat, flat, floats, make, meet, put, same, sample, spread, words } from './arrays.testing.js'
import {
  bitwiseAnd,
  bitwiseNot,
  bitwiseOr,
  bitwiseXor,
  equal,
  greater,
  greaterEqual,
  isClose,
  isFinite,
  isInf,
  isNaN,
  leftShift,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  nanToNum,
  notEqual,
  rightShift,
  where,
} from './comparison.js'

type Binary = (x: TensorLike, y: TensorLike) => Tensor
type Relation = (x: number, y: number) => boolean

const zipped = (x: Flat, y: Flat, f: (x: number, y: number) => number | boolean): Flat =>
  make(meet(x.shape, y.shape), (index) => Number(f(spread(x, index), spread(y, index))))

const relations: readonly (readonly [string, Binary, Relation])[] = [
  ['equal', equal, (x, y) => x === y],
  ['notEqual', notEqual, (x, y) => x !== y],
  ['less', less, (x, y) => x < y],
  ['lessEqual', lessEqual, (x, y) => x <= y],
  ['greater', greater, (x, y) => x > y],
  ['greaterEqual', greaterEqual, (x, y) => x >= y],
]

test('comparisons are those of IEEE 754: NaN with nothing, zeros equal', () => {
  const values = words('-inf -1 -0 0 1 2 inf nan')
  const [rows, columns] = [flat([8, 1], values), flat([8], values)]
  for (const dtype of floats)
    for (const [note, f, relation] of relations)
      same(f(put(rows, dtype), put(columns, dtype)), 'bool', zipped(rows, columns, relation), { note })
})

test('comparisons of integers, bool and numbers', () => {
  const extremes: Partial<Record<DType, number[]>> = {
    i32: [-(2 ** 31), -1, 0, 7, 2 ** 31 - 1],
    u32: [0, 1, 7, 2 ** 31, 2 ** 32 - 1],
    u8: [0, 1, 7, 128, 255],
    i8: [-128, -1, 0, 7, 127],
    bool: [0, 1],
  }
  for (const [dtype, values] of Object.entries(extremes) as [DType, number[]][]) {
    const [rows, columns] = [flat([values.length, 1], values), flat([values.length], values)]
    for (const [note, f, relation] of relations) {
      same(f(put(rows, dtype), put(columns, dtype)), 'bool', zipped(rows, columns, relation), {
        note: `${note} ${dtype}`,
      })
      same(f(put(columns, dtype), 1), 'bool', zipped(columns, flat([], [1]), relation), { note: `${note} ${dtype} 1` })
    }
  }
  same(less(1, 2), 'bool', flat([], [1]))
  same(equal(true, put(flat([2], [1, 2]), 'f32')), 'bool', flat([2], [1, 0]))
  // 0.1 becomes the f32 nearest to it
  same(equal(put(flat([1], [0.1]), 'f32'), 0.1), 'bool', flat([1], [1]))
  same(equal(put(flat([1], [1]), 'i32'), put(flat([1], [1]), 'f32')), 'bool', flat([1], [1]))
})

test('comparisons broadcast, over empty axes too', () => {
  for (const [p, q] of [
    [
      [2, 1, 3],
      [4, 1],
    ],
    [[0, 3], [3]],
    [[], [2, 0]],
  ] as const) {
    const [x, y] = [sample(p, 5), sample(q, 6)]
    for (const [note, f, relation] of relations) same(f(put(x), put(y)), 'bool', zipped(x, y, relation), { note })
  }
})

test('logic asks whether operands are non-zero, NaN included', () => {
  const values = words('0 -0 1 -2 nan inf')
  const truth = (x: number): boolean => x !== 0
  const [rows, columns] = [flat([6, 1], values), flat([6], values)]
  const [a, b] = [put(rows, 'f32'), put(columns)]
  // operands need no common dtype: each is asked for itself
  same(
    logicalAnd(a, b),
    'bool',
    zipped(rows, columns, (x, y) => truth(x) && truth(y)),
  )
  same(
    logicalOr(a, b),
    'bool',
    zipped(rows, columns, (x, y) => truth(x) || truth(y)),
  )
  same(
    logicalXor(a, b),
    'bool',
    zipped(rows, columns, (x, y) => truth(x) !== truth(y)),
  )
  same(logicalNot(b), 'bool', flat([6], words('1 1 0 0 0 0')))
  same(logicalNot(put(flat([2], [1, 0]), 'bool')), 'bool', flat([2], [0, 1]))
  same(logicalAnd(2, put(flat([2], [0, 3]), 'u8')), 'bool', flat([2], [0, 1]))
  same(logicalNot(false), 'bool', flat([], [1]))
})

const signed = fc.oneof(fc.integer(), fc.constantFrom(0, 1, -1, -(2 ** 31), 2 ** 31 - 1))
const unsigned = fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1))

test('bitwise functions and shifts, by BigInt', () => {
  const bitwise: readonly (readonly [Binary, (x: bigint, y: bigint) => bigint])[] = [
    [bitwiseAnd, (x, y) => x & y],
    [bitwiseOr, (x, y) => x | y],
    [bitwiseXor, (x, y) => x ^ y],
  ]
  const shift = fc.integer({ min: 0, max: 40 })
  for (const dtype of ['i32', 'u32'] as const) {
    const value = dtype === 'i32' ? signed : unsigned
    const wrap = (x: bigint): number => Number(dtype === 'i32' ? BigInt.asIntN(32, x) : BigInt.asUintN(32, x))
    fc.assert(
      fc.property(value, value, shift, (x, y, n) => {
        const [a, b, s] = [x, y, n].map((v) => put(flat([1], [v]), dtype)) as [Tensor, Tensor, Tensor]
        for (const [f, big] of bitwise) same(f(a, b), dtype, flat([1], [wrap(big(BigInt(x), BigInt(y)))]))
        same(bitwiseNot(a), dtype, flat([1], [wrap(~BigInt(x))]))
        same(leftShift(a, s), dtype, flat([1], [wrap(BigInt(x) << BigInt(n))]))
        same(rightShift(a, s), dtype, flat([1], [wrap(BigInt(x) >> BigInt(n))]))
      }),
      { numRuns: 60 },
    )
  }
})

test('shifts by what is not in 0 … 31 leave zeros or the sign', () => {
  const x = put(flat([2], [-8, 8]), 'i32')
  for (const by of [32, 33, 1000, 2 ** 31 - 1, -1, -(2 ** 31)]) {
    same(leftShift(x, by), 'i32', flat([2], [0, 0]), { note: String(by) })
    same(rightShift(x, by), 'i32', flat([2], [-1, 0]), { note: String(by) })
  }
  const u = put(flat([1], [2 ** 32 - 1]), 'u32')
  for (const by of [32, 64, 2 ** 32 - 1]) {
    same(leftShift(u, by), 'u32', flat([1], [0]))
    same(rightShift(u, by), 'u32', flat([1], [0]))
  }
})

test('bits of storage dtypes and bool: they keep their dtype but in shifts', () => {
  const [x, y] = [put(flat([2], [0xf0, 0x0f]), 'u8'), put(flat([2], [0x3c, 0xff]), 'u8')]
  same(bitwiseAnd(x, y), 'u8', flat([2], [0x30, 0x0f]))
  same(bitwiseOr(x, y), 'u8', flat([2], [0xfc, 0xff]))
  same(bitwiseXor(x, y), 'u8', flat([2], [0xcc, 0xf0]))
  same(bitwiseNot(x), 'u8', flat([2], [0x0f, 0xf0]))
  same(leftShift(x, 4), 'i32', flat([2], [0xf00, 0xf0]))
  same(rightShift(put(flat([1], [-128]), 'i8'), 3), 'i32', flat([1], [-16]))
  const [p, q] = [put(flat([2, 1], [1, 0]), 'bool'), put(flat([2], [1, 0]), 'bool')]
  same(bitwiseAnd(p, q), 'bool', flat([2, 2], [1, 0, 0, 0]))
  same(bitwiseXor(p, q), 'bool', flat([2, 2], [0, 1, 1, 0]))
  same(bitwiseNot(q), 'bool', flat([2], [0, 1]))
  same(bitwiseOr(put(flat([1], [4]), 'i32'), true), 'i32', flat([1], [5]))
})

test('isNaN, isInf, isFinite', () => {
  const values = flat([6], words('nan inf -inf 0 -0 1e300'))
  same(isNaN(put(values)), 'bool', flat([6], words('1 0 0 0 0 0')))
  same(isInf(put(values)), 'bool', flat([6], words('0 1 1 0 0 0')))
  same(isFinite(put(values)), 'bool', flat([6], words('0 0 0 1 1 1')))
  // 1e300 is infinite in f32 and f16
  for (const dtype of ['f32', 'f16'] as const) same(isInf(put(values, dtype)), 'bool', flat([6], words('0 1 1 0 0 1')))
  same(isFinite(put(flat([2], [0, 255]), 'u8')), 'bool', flat([2], [1, 1]))
  same(isNaN(NaN), 'bool', flat([], [1]))
})

test('where chooses element by element, and broadcasts three ways', () => {
  const shapes = [
    [[2, 1, 1], [3, 1], [4]],
    [[4], [2, 1], []],
    [[], [3], [2, 1]],
    [[0, 1], [3], []],
    [[5], [5], [5]],
  ] as const
  for (const [p, q, r] of shapes) {
    const [c, x, y] = [
      flat(
        p,
        sample(p, 3).data.map((v) => Number(v > 0)),
      ),
      sample(q, 4),
      sample(r, 5),
    ]
    const want = make(meet(p, q, r), (index) => (spread(c, index) !== 0 ? spread(x, index) : spread(y, index)))
    for (const dtype of floats) same(where(put(c, 'bool'), put(x, dtype), put(y, dtype)), dtype, want)
    same(where(put(c, 'i32'), put(x), put(y)), 'f64', want)
  }
})

test('where copies bits: NaN and −0 pass, the other side does not leak', () => {
  same(
    where(
      put(flat([4], [1, 0, 1, 0]), 'bool'),
      put(flat([4], words('nan nan -0 inf')), 'f32'),
      put(flat([4], words('1 -0 nan nan')), 'f32'),
    ),
    'f32',
    flat([4], words('nan -0 -0 nan')),
  )
  same(where(put(flat([2], [NaN, 0])), 1, 2), 'f32', flat([2], [1, 2]))
})

test('where promotes its values, not its condition', () => {
  const c = put(flat([2], [1, 0]), 'bool')
  same(where(c, put(flat([2], [3, 4]), 'i32'), put(flat([2], [0.5, 0.5]), 'f32')), 'f32', flat([2], [3, 0.5]))
  same(where(c, put(flat([2], [3, 4]), 'u8'), 0), 'u8', flat([2], [3, 0]))
  same(where(c, true, false), 'bool', flat([2], [1, 0]))
  same(where(c, 1, true), 'f32', flat([2], [1, 1]))
  same(where(true, put(flat([2], [3, 4])), NaN), 'f64', flat([2], [3, 4]))
})

test('nanToNum puts the largest numbers of the dtype for infinities, or what it is told', () => {
  const values = flat([4], words('nan inf -inf -0'))
  same(nanToNum(put(values)), 'f64', flat([4], [0, Number.MAX_VALUE, -Number.MAX_VALUE, -0]))
  same(nanToNum(put(values, 'f32')), 'f32', flat([4], [0, 3.4028234663852886e38, -3.4028234663852886e38, -0]))
  same(nanToNum(put(values, 'f16')), 'f16', flat([4], [0, 65504, -65504, -0]))
  same(nanToNum(put(values, 'f32'), { nan: 1, posInf: 2, negInf: 3 }), 'f32', flat([4], [1, 2, 3, -0]))
  same(nanToNum(put(flat([2], [1, 2]), 'i32')), 'f32', flat([2], [1, 2]))
})

test('isClose is NumPy’s: the second operand scales the tolerance', () => {
  // NumPy 2.4.6, np.isclose with its defaults
  const x = words('1 1 100 100 0 0 inf inf inf nan nan 1e300')
  const y = words('1.00001 1.0001 100.001 100.0011 1e-9 1e-7 inf -inf 1 nan 1 1.000001e300')
  same(isClose(put(flat([12], x)), put(flat([12], y))), 'bool', flat([12], words('1 0 1 0 1 0 1 0 0 0 0 1')))
  same(
    isClose(put(flat([12], x)), put(flat([12], y)), { equalNaN: true }),
    'bool',
    flat([12], words('1 0 1 0 1 0 1 0 0 1 0 1')),
  )
  same(
    isClose(put(flat([3], [1, 10, 0])), put(flat([3], [1.5, 11, 0.25])), { rtol: 0.1, atol: 0.25 }),
    'bool',
    flat([3], [0, 1, 1]),
  )
  same(isClose(put(flat([2], [1, 2]), 'i32'), 1), 'bool', flat([2], [1, 0]))
  same(
    isClose(put(flat([2, 1], [1, 2]), 'f32'), put(flat([2], [1, 2]), 'f32'), { rtol: 0, atol: 0 }),
    'bool',
    flat([2, 2], [1, 0, 0, 1]),
  )
})

test.run()
