/** Functions over rows of f64 that orthogonal methods are made of, and the way of a matrix of f32 or f64 into such rows and back.
 *
 *  Both dtypes are computed in f64, brought near 1 by a power of two: no square overflows, and of those that underflow none matters.
 *
 *    dot      Σ x·y
 *    grams    Σ x·x, Σ y·y, Σ x·y
 *    rotate   (x, y) ← (c·x − s·y, s·x + c·y)
 *    rotateAcute  the same for c ≥ 0, as x − s·(y + τ·x) and y + s·(x − τ·y) with τ = s/(1 + c)
 *    reflect  x ← x − τ (v·x) v
 *    reflector  of x: v with v₀ = 1, in its place, and τ, β with (1 − τ v vᵀ) x = β e₀; what is negligible beside 1 counts as zero */

import {
  type Code, call, choose, type Func, f64, f64x2, func, get, i32, i64, type Local, set, v128, when,
} from '../assembler.js' // biome-ignore format: a list
import { element, through } from '../special/rows.js'
import { addTimes, along, dot as dotCode, type Float, floatOf } from './rows.js'

const wide = floatOf('f64')
/** Squared lengths below are those of zero: beside 1 they are nothing, and their digits begin to underflow. */
export const nothing: Code = f64.const(2 ** -900)

/** A function made when it is first needed, the same each time. */
export const once = (make: () => Func): (() => Func) => {
  let made: Func | undefined
  return () => (made ??= make())
}

/** The address of element i of f64. */
export const f64At = (address: Code, i: Code): Code => element(address, i, 8)

/** (x, y, n) → f64. */
export const dot = once(() =>
  func('dot', ['i32', 'i32', 'i32'], ['f64'], ([x, y, n], local) => {
    const total = local('f64')
    return [dotCode(wide, local, total, get(x!), get(y!), get(n!)), get(total)]
  }),
)

/** (x, y, n) → x·x, y·y, x·y. */
export const grams = once(() =>
  func('grams', ['i32', 'i32', 'i32'], ['f64', 'f64', 'f64'], ([x, y, n], local) => {
    const [p, q] = [local('v128'), local('v128')]
    const sums = Array.from({ length: 6 }, () => local('v128'))
    const tails = [local('f64'), local('f64'), local('f64')]
    const [a, b] = [local('f64'), local('f64')]
    const add = (sum: Local, u: Local, v: Local): Code => set(sum, f64x2.add(get(sum), f64x2.mul(get(u), get(v))))
    const addOne = (sum: Local, u: Local, v: Local): Code => set(sum, f64.add(get(sum), f64.mul(get(u), get(v))))
    return [
      along(wide, local, {
        rows: [get(x!), get(y!)],
        n: get(n!),
        steps: [2, 1],
        vector: ([from, to], at, j) => [
          set(p, v128.load(from!, at)),
          set(q, v128.load(to!, at)),
          add(sums[3 * j]!, p, p),
          add(sums[3 * j + 1]!, q, q),
          add(sums[3 * j + 2]!, p, q),
        ],
        element: ([from, to]) => [
          set(a, f64.load(from!)),
          set(b, f64.load(to!)),
          addOne(tails[0]!, a, a),
          addOne(tails[1]!, b, b),
          addOne(tails[2]!, a, b),
        ],
      }),
      tails.map((tail, i) => {
        const both = f64x2.add(get(sums[i]!), get(sums[i + 3]!))
        return [set(p, both), f64.add(get(tail), f64.add(f64x2.extract(0, get(p)), f64x2.extract(1, get(p))))]
      }),
    ]
  }),
)

/** (x, y, n, c, s). */
export const rotate = once(() =>
  func('rotate', ['i32', 'i32', 'i32', 'f64', 'f64'], [], ([x, y, n, c, s], local) => {
    const [p, q, cosine, sine] = [local('v128'), local('v128'), local('v128'), local('v128')]
    const [a, b] = [local('f64'), local('f64')]
    return [
      set(cosine, f64x2.splat(get(c!))),
      set(sine, f64x2.splat(get(s!))),
      along(wide, local, {
        rows: [get(x!), get(y!)],
        n: get(n!),
        vector: ([u, v], at) => [
          set(p, v128.load(u!, at)),
          set(q, v128.load(v!, at)),
          v128.store(u!, f64x2.sub(f64x2.mul(get(cosine), get(p)), f64x2.mul(get(sine), get(q))), at),
          v128.store(v!, f64x2.add(f64x2.mul(get(sine), get(p)), f64x2.mul(get(cosine), get(q))), at),
        ],
        element: ([u, v]) => [
          set(a, f64.load(u!)),
          set(b, f64.load(v!)),
          f64.store(u!, f64.sub(f64.mul(get(c!), get(a)), f64.mul(get(s!), get(b)))),
          f64.store(v!, f64.add(f64.mul(get(s!), get(a)), f64.mul(get(c!), get(b)))),
        ],
      }),
    ]
  }),
)

/** (x, y, n, c, s), c ≥ 0. Of small angles c rounds to 1, and c² + s² > 1 makes rows longer, by many ulps in many turns: here c is
 *  1 − s τ, and no more is lost than the rounding of the result.
 *  Source   Rutishauser 1966. */
export const rotateAcute = once(() =>
  func('rotateAcute', ['i32', 'i32', 'i32', 'f64', 'f64'], [], ([x, y, n, c, s], local) => {
    const [p, q, sine, slope] = [local('v128'), local('v128'), local('v128'), local('v128')]
    const [a, b, tau] = [local('f64'), local('f64'), local('f64')]
    return [
      set(tau, f64.div(get(s!), f64.add(f64.const(1), get(c!)))),
      set(sine, f64x2.splat(get(s!))),
      set(slope, f64x2.splat(get(tau))),
      along(wide, local, {
        rows: [get(x!), get(y!)],
        n: get(n!),
        vector: ([u, v], at) => [
          set(p, v128.load(u!, at)),
          set(q, v128.load(v!, at)),
          v128.store(u!, f64x2.sub(get(p), f64x2.mul(get(sine), f64x2.add(get(q), f64x2.mul(get(slope), get(p))))), at),
          v128.store(v!, f64x2.add(get(q), f64x2.mul(get(sine), f64x2.sub(get(p), f64x2.mul(get(slope), get(q))))), at),
        ],
        element: ([u, v]) => [
          set(a, f64.load(u!)),
          set(b, f64.load(v!)),
          f64.store(u!, f64.sub(get(a), f64.mul(get(s!), f64.add(get(b), f64.mul(get(tau), get(a)))))),
          f64.store(v!, f64.add(get(b), f64.mul(get(s!), f64.sub(get(a), f64.mul(get(tau), get(b)))))),
        ],
      }),
    ]
  }),
)

/** (x, v, τ, n). */
export const reflect = once(() =>
  func('reflect', ['i32', 'i32', 'f64', 'i32'], [], ([x, v, tau, n], local) => {
    const factor = local('f64')
    return when(f64.ne(get(tau!), f64.const(0)), [
      set(factor, f64.neg(f64.mul(get(tau!), call(dot(), get(x!), get(v!), get(n!))))),
      addTimes(wide, local, get(x!), factor, get(v!), get(n!)),
    ])
  }),
)

/** (x, n ≥ 1) → β, τ; x becomes v. */
export const reflector = once(() =>
  func('reflector', ['i32', 'i32'], ['f64', 'f64'], ([x, n], local) => {
    const [first, rest, beta, tau, factor] = [local('f64'), local('f64'), local('f64'), local('f64'), local('f64')]
    const [i, next] = [local('i32'), local('i32')]
    return [
      set(first, f64.load(get(x!))),
      set(beta, get(first)),
      set(next, i32.add(get(x!), i32.const(8))),
      set(rest, call(dot(), get(next), get(next), i32.sub(get(n!), i32.const(1)))),
      when(f64.gt(get(rest), nothing), [
        // β has the sign that does not cancel in x₀ − β
        set(beta, f64.copysign(f64.sqrt(f64.add(f64.mul(get(first), get(first)), get(rest))), f64.neg(get(first)))),
        set(tau, f64.div(f64.sub(get(beta), get(first)), get(beta))),
        set(factor, f64.div(f64.const(1), f64.sub(get(first), get(beta)))),
      ]),
      through(i, get(next), i32.add(get(x!), i32.shl(get(n!), i32.const(3))), 8, [
        f64.store(get(i), f64.mul(get(factor), f64.load(get(i)))),
      ]),
      f64.store(get(x!), f64.const(1)),
      get(beta),
      get(tau),
    ]
  }),
)

/** (x, n) → 1 or −1: the sign of the first component of x within 15 % of its largest. */
export const sign = once(() =>
  func('sign', ['i32', 'i32'], ['f64'], ([x, n], local) => {
    const [top, result, at, end] = [local('f64'), local('f64'), local('i32'), local('i32')]
    return [
      set(end, i32.add(get(x!), i32.shl(get(n!), i32.const(3)))),
      set(result, f64.const(1)),
      through(at, get(x!), get(end), 8, set(top, f64.max(get(top), f64.abs(f64.load(get(at)))))),
      set(top, f64.mul(f64.const(0.85), get(top))),
      through(at, get(x!), get(end), 8, [
        when(f64.ge(f64.abs(f64.load(get(at))), get(top)), [
          set(result, f64.copysign(f64.const(1), f64.load(get(at)))),
          set(at, get(end)),
        ]),
      ]),
      get(result),
    ]
  }),
)

/** (a, n) → the power of two that brings the largest of n elements near 1; NaN where one is not finite. */
export const scaleOf = (float: Float): Func =>
  func(`scale.${float.dtype}`, ['i32', 'i32'], ['f64'], ([a, n], local) => {
    const [top, at, exponent] = [local('f64'), local('i32'), local('i64')]
    return [
      through(at, get(a!), i32.add(get(a!), i32.mul(get(n!), i32.const(float.bytes))), float.bytes, [
        set(top, f64.max(get(top), f64.abs(float.widen(float.scalar.load(get(at)))))),
      ]),
      // 2^±1000 at most, so that its inverse is a number too
      set(exponent, i64.sub(i64.const(2046n), i64.shrU(i64.fromF64Bits(get(top)), i64.const(52n)))),
      choose(
        'f64',
        f64.lt(get(top), f64.const(Infinity)),
        f64.max(
          f64.const(2 ** -1000),
          f64.min(f64.const(2 ** 1000), f64.fromI64Bits(i64.shl(get(exponent), i64.const(52n)))),
        ),
        f64.const(NaN),
      ),
    ]
  })

/** n elements from `from`, `step` bytes apart, times `scale`, into f64 side by side. */
export const widened = (
  float: Float,
  local: (type: 'i32') => Local,
  { to, from, step, n, scale }: { to: Code; from: Code; step: Code; n: Code; scale: Code },
): Code => {
  const [p, q, end] = [local('i32'), local('i32'), local('i32')]
  return [
    set(q, from),
    set(end, i32.add(to, i32.shl(n, i32.const(3)))),
    through(p, to, get(end), 8, [
      f64.store(get(p), f64.mul(scale, float.widen(float.scalar.load(get(q))))),
      set(q, i32.add(get(q), step)),
    ]),
  ]
}

/** The way back. */
export const narrowed = (
  float: Float,
  local: (type: 'i32') => Local,
  { to, from, step, n, scale }: { to: Code; from: Code; step: Code; n: Code; scale: Code },
): Code => {
  const [p, q, end] = [local('i32'), local('i32'), local('i32')]
  return [
    set(q, to),
    set(end, i32.add(from, i32.shl(n, i32.const(3)))),
    through(p, from, get(end), 8, [
      float.scalar.store(get(q), float.narrow(f64.mul(scale, f64.load(get(p))))),
      set(q, i32.add(get(q), step)),
    ]),
  ]
}

/** n elements are NaN. */
export const unknown = (float: Float, local: (type: 'i32') => Local, to: Code, n: Code): Code => {
  const at = local('i32')
  const end = i32.add(to, i32.mul(n, i32.const(float.bytes)))
  return through(at, to, end, float.bytes, float.scalar.store(get(at), float.scalar.const(NaN)))
}
