import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DType } from '../dtype.js'
import type { Tensor, TensorLike } from '../trace/tensor.js'
import {
  abs,
  add,
  atan2,
  ceil,
  clip,
  div,
  floor,
  floorDivide,
  hypot,
  maximum,
  minimum,
  mod,
  mul,
  neg,
  pow,
  reciprocal,
  remainder,
  round,
  sign,
  square,
  sub,
  trunc,
} from './arithmetic.js'
import {
  type Flat,
  flat,
  floats,
  indices,
  integers,
  make,
  meet,
  put,
  same,
  sample,
  spread,
  words,
} from './arrays.testing.js'

type Binary = (x: TensorLike, y: TensorLike) => Tensor
type Scalar = (x: number, y: number) => number

// the equations of the docstrings, in f64
const binaries: readonly (readonly [string, Binary, Scalar])[] = [
  ['add', add, (x, y) => x + y],
  ['sub', sub, (x, y) => x - y],
  ['mul', mul, (x, y) => x * y],
  ['div', div, (x, y) => x / y],
  ['mod', mod, (x, y) => x - y * Math.floor(x / y)],
  ['remainder', remainder, (x, y) => x - y * Math.trunc(x / y)],
  ['maximum', maximum, Math.max],
  ['minimum', minimum, Math.min],
]

const pairs: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[5], [5]],
  [[2, 3], [3]],
  [[3], [2, 3]],
  [
    [2, 1],
    [1, 3],
  ],
  [[], [3]],
  [[3], []],
  [[], []],
  [[0, 3], [1]],
  [
    [1, 0],
    [2, 1],
  ],
  [
    [2, 1, 3, 1],
    [4, 1, 2],
  ],
  [
    [1, 1],
    [3, 1, 2],
  ],
]

const zipped = (x: Flat, y: Flat, f: Scalar): Flat =>
  make(meet(x.shape, y.shape), (index) => f(spread(x, index), spread(y, index)))

/** −0 and 0 are one here: the equation of mod makes zeros of either sign. */
const unsigned = (x: Flat): Flat =>
  flat(
    x.shape,
    x.data.map((v) => v + 0),
  )

test('binary functions are their scalar equations at every pair of a broadcast, rounded once', () => {
  for (const dtype of floats)
    for (const [name, f, scalar] of binaries)
      for (const [p, q] of pairs) {
        const [x, y] = [
          sample(p, 3),
          flat(
            q,
            sample(q, 7).data.map((v) => (v === 0 ? 0.5 : v)),
          ),
        ]
        const got = f(put(x, dtype), put(y, dtype))
        const note = `${name} ${dtype} [${p}] [${q}]`
        if (name === 'mod' || name === 'remainder') same(add(got, 0), dtype, unsigned(zipped(x, y, scalar)), { note })
        else same(got, dtype, zipped(x, y, scalar), { note })
      }
})

test('a number on either side takes the dtype of the tensor', () => {
  const x = flat([3], [0.1, -2, 7])
  for (const dtype of ['f64', 'f32'] as const)
    for (const [name, f, scalar] of binaries) {
      const own = flat([3], x.data.map(dtype === 'f32' ? Math.fround : (v) => v))
      const three = flat([], [3])
      const note = `${name} ${dtype}`
      if (name === 'mod' || name === 'remainder') continue
      same(f(put(x, dtype), 3), dtype, zipped(own, three, scalar), { note })
      same(f(3, put(x, dtype)), dtype, zipped(three, own, scalar), { note })
    }
  same(mod(put(flat([2], [-7, 7]), 'f32'), 3), 'f32', flat([2], [2, 1]))
  same(mod(7, put(flat([2], [-3, 3]))), 'f64', flat([2], [-2, 1]))
  same(remainder(7, put(flat([2], [-3, 3]))), 'f64', flat([2], [1, 1]))
})

// NumPy 2.4.6, rows and columns −∞ −2 −1 −0 0 ½ 1 3 ∞ NaN; `remainder` is np.fmod. It differs in hypot(∞, NaN), NaN here,
// and for a power ½ of −∞ and −0, which it takes as square roots: ∞ and 0 here, as in C.
const specials = words('-inf -2 -1 -0 0 0.5 1 3 inf nan')
const tables: readonly (readonly [Binary, string])[] = [
  [
    pow,
    `0 0 -0 1 1 inf -inf -inf inf nan
     0 0.25 -0.5 1 1 nan -2 -8 inf nan
     1 1 -1 1 1 nan -1 -1 1 nan
     inf inf -inf 1 1 0 -0 -0 0 nan
     inf inf inf 1 1 0 0 0 0 nan
     inf 4 2 1 1 0.7071067811865476 0.5 0.125 0 nan
     1 1 1 1 1 1 1 1 1 1
     0 0.1111111111111111 0.3333333333333333 1 1 1.7320508075688772 3 27 inf nan
     0 0 0 1 1 inf inf inf inf nan
     nan nan nan 1 1 nan nan nan nan nan`,
  ],
  [
    atan2,
    `-2.356194490192345 -1.5707963267948966 -1.5707963267948966 -1.5707963267948966 -1.5707963267948966 -1.5707963267948966 -1.5707963267948966 -1.5707963267948966 -0.7853981633974483 nan
     -3.141592653589793 -2.356194490192345 -2.0344439357957027 -1.5707963267948966 -1.5707963267948966 -1.3258176636680326 -1.1071487177940904 -0.5880026035475675 -0 nan
     -3.141592653589793 -2.677945044588987 -2.356194490192345 -1.5707963267948966 -1.5707963267948966 -1.1071487177940904 -0.7853981633974483 -0.3217505543966422 -0 nan
     -3.141592653589793 -3.141592653589793 -3.141592653589793 -3.141592653589793 -0 -0 -0 -0 -0 nan
     3.141592653589793 3.141592653589793 3.141592653589793 3.141592653589793 0 0 0 0 0 nan
     3.141592653589793 2.896613990462929 2.677945044588987 1.5707963267948966 1.5707963267948966 0.7853981633974483 0.4636476090008061 0.16514867741462683 0 nan
     3.141592653589793 2.677945044588987 2.356194490192345 1.5707963267948966 1.5707963267948966 1.1071487177940904 0.7853981633974483 0.3217505543966422 0 nan
     3.141592653589793 2.1587989303424644 1.8925468811915387 1.5707963267948966 1.5707963267948966 1.4056476493802699 1.2490457723982544 0.7853981633974483 0 nan
     2.356194490192345 1.5707963267948966 1.5707963267948966 1.5707963267948966 1.5707963267948966 1.5707963267948966 1.5707963267948966 1.5707963267948966 0.7853981633974483 nan
     nan nan nan nan nan nan nan nan nan nan`,
  ],
  [
    mod,
    `nan nan nan nan nan nan nan nan nan nan
     -2 -0 -0 nan nan 0 0 1 inf nan
     -1 -1 -0 nan nan 0 0 2 inf nan
     -0 -0 -0 nan nan 0 0 0 0 nan
     -0 -0 -0 nan nan 0 0 0 0 nan
     -inf -1.5 -0.5 nan nan 0 0.5 0.5 0.5 nan
     -inf -1 -0 nan nan 0 0 1 1 nan
     -inf -1 -0 nan nan 0 0 0 3 nan
     nan nan nan nan nan nan nan nan nan nan
     nan nan nan nan nan nan nan nan nan nan`,
  ],
  [
    remainder,
    `nan nan nan nan nan nan nan nan nan nan
     -2 -0 -0 nan nan -0 -0 -2 -2 nan
     -1 -1 -0 nan nan -0 -0 -1 -1 nan
     -0 -0 -0 nan nan -0 -0 -0 -0 nan
     0 0 0 nan nan 0 0 0 0 nan
     0.5 0.5 0.5 nan nan 0 0.5 0.5 0.5 nan
     1 1 0 nan nan 0 0 1 1 nan
     3 1 0 nan nan 0 0 0 3 nan
     nan nan nan nan nan nan nan nan nan nan
     nan nan nan nan nan nan nan nan nan nan`,
  ],
  [
    floorDivide,
    `nan inf inf inf -inf -inf -inf -inf nan nan
     0 1 2 inf -inf -4 -2 -1 -0 nan
     0 0 1 inf -inf -2 -1 -1 -0 nan
     0 0 0 nan nan -0 -0 -0 -0 nan
     -0 -0 -0 nan nan 0 0 0 0 nan
     -0 -1 -1 -inf inf 1 0 0 0 nan
     -0 -1 -1 -inf inf 2 1 0 0 nan
     -0 -2 -3 -inf inf 6 3 1 0 nan
     nan -inf -inf -inf inf inf inf inf nan nan
     nan nan nan nan nan nan nan nan nan nan`,
  ],
  [
    hypot,
    `inf inf inf inf inf inf inf inf inf nan
     inf 2.8284271247461903 2.23606797749979 2 2 2.0615528128088303 2.23606797749979 3.605551275463989 inf nan
     inf 2.23606797749979 1.4142135623730951 1 1 1.118033988749895 1.4142135623730951 3.1622776601683795 inf nan
     inf 2 1 0 0 0.5 1 3 inf nan
     inf 2 1 0 0 0.5 1 3 inf nan
     inf 2.0615528128088303 1.118033988749895 0.5 0.5 0.7071067811865476 1.118033988749895 3.0413812651491097 inf nan
     inf 2.23606797749979 1.4142135623730951 1 1 1.118033988749895 1.4142135623730951 3.1622776601683795 inf nan
     inf 3.605551275463989 3.1622776601683795 3 3 3.0413812651491097 3.1622776601683795 4.242640687119285 inf nan
     inf inf inf inf inf inf inf inf inf nan
     nan nan nan nan nan nan nan nan nan nan`,
  ],
]

test('NaN, infinities, signed zeros and quotients by zero are as in NumPy', () => {
  const n = specials.length
  const [rows, columns] = [flat([n, 1], specials), flat([1, n], specials)]
  for (const dtype of ['f64', 'f32'] as const)
    for (const [f, table] of tables) {
      const want = flat([n, n], words(table))
      const zeros = want.data.map((v) => (v === 0 ? v : 1))
      const got = f(put(rows, dtype), put(columns, dtype))
      same(got, dtype, want, { ulps: 2 })
      // the sign of zeros exactly
      same(
        sign(f(put(rows, dtype), put(columns, dtype))),
        dtype,
        flat(
          [n, n],
          want.data.map((v, i) => (v !== v ? v : zeros[i] === 1 ? Math.sign(v) : v)),
        ),
      )
    }
})

test('maximum and minimum let NaN win and order the zeros', () => {
  const x = words('nan 1 nan -0 0 -inf inf 3')
  const y = words('1 nan nan 0 -0 inf -inf 3')
  for (const dtype of floats) {
    const [a, b] = [put(flat([8], x), dtype), put(flat([8], y), dtype)]
    same(maximum(a, b), dtype, flat([8], words('nan nan nan 0 0 inf inf 3')))
    same(minimum(a, b), dtype, flat([8], words('nan nan nan -0 -0 -inf -inf 3')))
  }
})

test('IEEE arithmetic at its edges', () => {
  const x = words('inf inf 0 1e308 -1e308 5e-324 -0 0 1 -1')
  const y = words('inf -inf inf 10 10 0.5 0 0 0 0')
  const [a, b] = [put(flat([10], x)), put(flat([10], y))]
  same(add(a, b), 'f64', flat([10], words('inf nan inf 1e308 -1e308 0.5 0 0 1 -1')))
  same(sub(a, b), 'f64', flat([10], words('nan inf -inf 1e308 -1e308 -0.5 -0 0 1 -1')))
  same(mul(a, b), 'f64', flat([10], words('inf -inf nan inf -inf 0 -0 0 0 -0')))
  same(div(a, b), 'f64', flat([10], words('nan nan 0 1e307 -1e307 1e-323 nan nan inf -inf')))
})

test('hypot neither overflows nor underflows', () => {
  same(
    hypot(put(flat([3], [3e300, 3e-300, 5e-324])), put(flat([3], [4e300, 4e-300, 0]))),
    'f64',
    flat([3], [5e300, 5e-300, 5e-324]),
    { ulps: 2 },
  )
  same(
    hypot(put(flat([3], [3e30, 3e-30, 1e-45]), 'f32'), put(flat([3], [4e30, 4e-30, 0]), 'f32')),
    'f32',
    flat([3], [5e30, 5e-30, 1e-45]),
    { ulps: 2 },
  )
  same(hypot(put(flat([1], [30000]), 'f16'), put(flat([1], [40000]), 'f16')), 'f16', flat([1], [50000]), { ulps: 2 })
})

type Unary = (x: TensorLike) => Tensor
const line = words('-inf -2.5 -1.5 -0.5 -0.25 -0 0 0.25 0.5 1.5 2.5 3 inf nan')
const unaries: readonly (readonly [Unary, string])[] = [
  [neg, 'inf 2.5 1.5 0.5 0.25 0 -0 -0.25 -0.5 -1.5 -2.5 -3 -inf nan'],
  [abs, 'inf 2.5 1.5 0.5 0.25 0 0 0.25 0.5 1.5 2.5 3 inf nan'],
  [sign, '-1 -1 -1 -1 -1 -0 0 1 1 1 1 1 1 nan'],
  [square, 'inf 6.25 2.25 0.25 0.0625 0 0 0.0625 0.25 2.25 6.25 9 inf nan'],
  [floor, '-inf -3 -2 -1 -1 -0 0 0 0 1 2 3 inf nan'],
  [ceil, '-inf -2 -1 -0 -0 -0 0 1 1 2 3 3 inf nan'],
  [round, '-inf -2 -2 -0 -0 -0 0 0 0 2 2 3 inf nan'],
  [trunc, '-inf -2 -1 -0 -0 -0 0 0 0 1 2 3 inf nan'],
  [reciprocal, '-0 -0.4 -0.6666666666666666 -2 -4 -inf inf 4 2 0.6666666666666666 0.4 0.3333333333333333 0 nan'],
]

test('unary functions, −0, NaN and infinities included, in every float dtype', () => {
  for (const dtype of floats)
    for (const [f, want] of unaries)
      same(f(put(flat([line.length], line), dtype)), dtype, flat([line.length], words(want)))
})

test('rounding leaves large and integer values alone', () => {
  const large = [2 ** 52 + 1, -(2 ** 53), 4503599627370495.5, 1e300]
  same(round(put(flat([4], large))), 'f64', flat([4], [2 ** 52 + 1, -(2 ** 53), 4503599627370496, 1e300]))
  for (const f of [floor, ceil, round, trunc]) same(f(put(flat([3], [-7, 0, 7]), 'i32')), 'i32', flat([3], [-7, 0, 7]))
})

test('clip holds between bounds, NaN stays, the upper bound wins where bounds cross', () => {
  same(clip(put(flat([5], words('-3 0.5 9 nan -inf')), 'f32'), -1, 1), 'f32', flat([5], words('-1 0.5 1 nan -1')))
  same(clip(put(flat([2], [0, 5])), 3, 1), 'f64', flat([2], [1, 1]))
  same(clip(put(flat([2, 1], [0, 5])), put(flat([3], [1, 2, 3])), 4), 'f64', flat([2, 3], [1, 2, 3, 4, 4, 4]))
  same(clip(put(flat([3], [-5, 2, 9]), 'i32'), 0, 4), 'i32', flat([3], [0, 2, 4]))
})

// ── integers, by BigInt ─────────────────────────────────────────────────────────────────────────────────────────────

const wrap = (dtype: DType, x: bigint): number => Number(dtype === 'u32' ? BigInt.asUintN(32, x) : BigInt.asIntN(32, x))
const floorDiv = (x: bigint, y: bigint): bigint => ((x / y) * y !== x && x < 0n !== y < 0n ? x / y - 1n : x / y)

const ordered = (x: bigint, y: bigint): readonly [bigint, bigint] => (x < y ? [x, y] : [y, x])

const onIntegers: readonly (readonly [string, Binary, (x: bigint, y: bigint) => bigint])[] = [
  ['add', add, (x, y) => x + y],
  ['sub', sub, (x, y) => x - y],
  ['mul', mul, (x, y) => x * y],
  ['floorDivide', floorDivide, (x, y) => (y === 0n ? 0n : floorDiv(x, y))],
  ['mod', mod, (x, y) => (y === 0n ? 0n : x - y * floorDiv(x, y))],
  ['remainder', remainder, (x, y) => (y === 0n ? 0n : x % y)],
  ['maximum', maximum, (x, y) => ordered(x, y)[1]],
  ['minimum', minimum, (x, y) => ordered(x, y)[0]],
]

const extremes = { i32: [-(2 ** 31), 2 ** 31 - 1], u32: [0, 2 ** 32 - 1] } as const
const integer = (dtype: 'i32' | 'u32'): fc.Arbitrary<number> =>
  fc.oneof(
    fc.integer({ min: extremes[dtype][0], max: extremes[dtype][1] }),
    fc.constantFrom(...extremes[dtype], 0, 1, 2, 7),
    ...(dtype === 'i32' ? [fc.constantFrom(-1, -2, -7)] : []),
  )

test('integers wrap modulo 2³², and division by zero is 0', () => {
  for (const dtype of ['i32', 'u32'] as const)
    fc.assert(
      fc.property(fc.array(fc.tuple(integer(dtype), integer(dtype)), { minLength: 1, maxLength: 40 }), (list) => {
        const [x, y] = [list.map((p) => p[0]), list.map((p) => p[1])]
        const n = [list.length]
        for (const [name, f, big] of onIntegers)
          same(
            f(put(flat(n, x), dtype), put(flat(n, y), dtype)),
            dtype,
            flat(
              n,
              list.map(([p, q]) => wrap(dtype, big(BigInt(p), BigInt(q)))),
            ),
            { note: name },
          )
        same(
          square(put(flat(n, x), dtype)),
          dtype,
          flat(
            n,
            x.map((p) => wrap(dtype, BigInt(p) ** 2n)),
          ),
        )
        same(
          neg(put(flat(n, x), dtype)),
          dtype,
          flat(
            n,
            x.map((p) => wrap(dtype, -BigInt(p))),
          ),
        )
        same(
          abs(put(flat(n, x), dtype)),
          dtype,
          flat(
            n,
            x.map((p) => wrap(dtype, p < 0 ? -BigInt(p) : BigInt(p))),
          ),
        )
        same(
          sign(put(flat(n, x), dtype)),
          dtype,
          flat(
            n,
            x.map((p) => (p > 0 ? 1 : p < 0 ? -1 : 0)),
          ),
        )
      }),
      { numRuns: 30 },
    )
})

test('integer powers wrap; a negative power is the integer part of the quotient', () => {
  for (const dtype of ['i32', 'u32'] as const)
    fc.assert(
      fc.property(integer(dtype), fc.integer({ min: 0, max: 70 }), (x, y) => {
        same(
          pow(put(flat([1], [x]), dtype), put(flat([1], [y]), dtype)),
          dtype,
          flat([1], [wrap(dtype, BigInt(x) ** BigInt(y))]),
        )
      }),
      { numRuns: 60 },
    )
  same(
    pow(put(flat([5], [1, -1, -1, 2, 0]), 'i32'), put(flat([5], [-3, -3, -2, -1, -1]), 'i32')),
    'i32',
    flat([5], [1, -1, 1, 0, 0]),
  )
  same(
    pow(put(flat([3], [3, 7, -5]), 'i32'), put(flat([], [2 ** 31 - 1]), 'i32')),
    'i32',
    flat(
      [3],
      [3n, 7n, -5n].map((x) => powerModulo(x, 2n ** 31n - 1n)),
    ),
  )
  same(pow(put(flat([2], [3, -4]), 'i32'), 2), 'i32', flat([2], [9, 16]))
})

/** xʸ modulo 2³² as an i32, by squaring in BigInt. */
const powerModulo = (x: bigint, y: bigint): number => {
  let [result, base] = [1n, x]
  for (let n = y; n > 0n; n /= 2n) {
    if (n % 2n === 1n) result = (result * base) % 2n ** 32n
    base = (base * base) % 2n ** 32n
  }
  return Number(BigInt.asIntN(32, result))
}

test('storage dtypes and bool count as i32', () => {
  same(add(put(flat([2], [250, 5]), 'u8'), put(flat([2], [250, 5]), 'u8')), 'i32', flat([2], [500, 10]))
  same(mul(put(flat([2], [-128, 127]), 'i8'), put(flat([2], [-128, 127]), 'i8')), 'i32', flat([2], [16384, 16129]))
  same(sub(put(flat([2], [0, 200]), 'u8'), 300), 'i32', flat([2], [-300, -100]))
  same(add(put(flat([2], [1, 0]), 'bool'), true), 'i32', flat([2], [2, 1]))
  same(mul(put(flat([2], [1, 0]), 'bool'), 7), 'i32', flat([2], [7, 0]))
  same(neg(put(flat([2], [1, 0]), 'bool')), 'i32', flat([2], [-1, 0]))
  same(square(put(flat([1], [200]), 'u8')), 'i32', flat([1], [40000]))
})

test('quotients of integers are f32, floor division stays', () => {
  same(
    div(put(flat([3], [1, -7, 2 ** 31 - 1]), 'i32'), put(flat([3], [3, 2, 1]), 'i32')),
    'f32',
    flat([3], [1 / 3, -3.5, 2 ** 31]),
  )
  same(div(put(flat([2], [1, 0]), 'i32'), put(flat([2], [0, 0]), 'i32')), 'f32', flat([2], [Infinity, NaN]))
  same(div(3, 2), 'f32', flat([], [1.5]))
  same(
    floorDivide(put(flat([2], [-(2 ** 31), -7]), 'i32'), put(flat([2], [-1, 2]), 'i32')),
    'i32',
    flat([2], [-(2 ** 31), -4]),
  )
  same(reciprocal(put(flat([1], [4]), 'i32')), 'f32', flat([1], [0.25]))
  same(atan2(put(flat([1], [1]), 'i32'), put(flat([1], [-1]), 'i32')), 'f32', flat([1], [2.356194490192345]))
})

test('f16 is rounded after each operation and overflows at 65520', () => {
  const x = put(flat([4], [1, 2048, 65504, 6e-8]), 'f16')
  same(add(x, x), 'f16', flat([4], [2, 4096, Infinity, 1.1920928955078125e-7]))
  same(add(x, 1), 'f16', flat([4], [2, 2048, 65504, 1]))
  same(mul(x, 0.1), 'f16', flat([4], [0.0999755859375 * 1, 204.75, 6548, 0]))
  same(sub(put(flat([1], [65504]), 'f16'), put(flat([1], [-16]), 'f16')), 'f16', flat([1], [Infinity]))
})

test('laws: commutativity, neutral elements, inverses, x = y ⌊x / y⌋ + mod', () => {
  const value = fc.double({ noNaN: true, min: -1e6, max: 1e6 })
  fc.assert(
    fc.property(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 12 }), (list) => {
      const n = [list.length]
      const [x, y] = [
        put(
          flat(
            n,
            list.map((p) => p[0]),
          ),
        ),
        put(
          flat(
            n,
            list.map((p) => p[1]),
          ),
        ),
      ]
      const data = (t: Tensor): string => String(t)
      for (const f of [add, mul, maximum, minimum, hypot]) assert.is(data(f(x, y)), data(f(y, x)))
      same(
        mul(x, 1),
        'f64',
        flat(
          n,
          list.map((p) => p[0]),
        ),
      )
      same(
        neg(neg(x)),
        'f64',
        flat(
          n,
          list.map((p) => p[0]),
        ),
      )
      same(
        sub(x, x),
        'f64',
        flat(
          n,
          list.map(() => 0),
        ),
      )
    }),
    { numRuns: 30 },
  )
  const [x, y] = [integers([64], -50, 50, 3), integers([64], 1, 9, 4)]
  const [a, b] = [put(x, 'i32'), put(y, 'i32')]
  same(add(mul(b, floorDivide(a, b)), mod(a, b)), 'i32', x)
})

test('operands of 3 and 4 axes, larger than a tile', () => {
  const [x, y] = [sample([3, 1, 17, 5], 2), sample([1, 4, 17, 1], 9)]
  const want = make([3, 4, 17, 5], (index) => spread(x, index) * spread(y, index))
  assert.is(want.data.length, indices([3, 4, 17, 5]).length)
  same(mul(put(x), put(y)), 'f64', want)
})

test.run()
