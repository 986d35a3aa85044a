/** Singular values and vectors, one matrix a unit, in f64 for both dtypes, by one-sided Jacobi on what QR with pivoting leaves.
 *
 *  B is A or Aᵀ, k rows of l ≥ k; rows of f64 that lie side by side are what everything works on.
 *
 *    Bᵀ P = Q R      reflectors, the longest row of what is left first
 *    J R = diag(s) Z  pairs of rows are rotated until all are orthogonal: J gathers the rotations, s are the lengths
 *    B = (P Zᵀ) diag(s) (J Qᵀ)
 *
 *  R is nearly orthogonal by rows already, so a few sweeps are enough. Rows of B may differ by orders of magnitude: small values
 *  keep their digits.
 *  J is orthogonal whatever s is; rows of Z of length 0 become unit vectors orthogonal to the others.
 *  Unknown  NaN where an element is not finite, or 60 sweeps were not enough (no such matrix is known).
 *  Scratch  B, R, J with rows of l, and five rows of l.
 *  Source   Drmač, Veselić 2008; Golub, Van Loan 2013, §8.6.3. */

import type { Type } from '../../program/type.js'
import {
  type Code, call, doWhile, either, type Func, f64, forLoop, func, get, i32, increase, type Local,leave, 
  memory, set, when, whileLoop,
} from '../assembler.js' // biome-ignore format: a list
import { kernelFunction, type Lowered, pointer, word } from '../lowered.js'
import { element, grainOf, locals } from '../special/rows.js'
import { addTimes, type Float, floatOf, scale as scaled, swap } from './rows.js'
import {
  dot, f64At, grams, narrowed, nothing, once, reflect, reflector, rotateAcute, scaleOf, sign, unknown, widened,
} from './wide.js' // biome-ignore format: a list

/** A stack of matrices [..., m, n] → singular values, descending, or U [..., m, k], the values and Vᵀ [..., k, n] with k = min(m, n). */
export const singular = (want: 'values' | 'vectors', [a]: readonly Type[]): Lowered => {
  const float = floatOf(a!.dtype)
  const [m, n] = a!.shape.slice(-2) as unknown as readonly [number, number]
  const [k, l] = [Math.min(m, n), Math.max(m, n)]
  const vectors = want === 'vectors'
  const key = `svd.${want}.${float.dtype}`
  return {
    key,
    build: () => singularFunction(key, float, vectors),
    words: [m, n, ...(vectors ? [0, 1, 2, 3] : [0, 1]).map((operand) => ({ operand }))],
    units: a!.size === 0 ? 0 : a!.size / (m * n),
    grain: grainOf(k * k * (k * (vectors ? 12 : 7) + l)),
    scratch: 8 * ((vectors ? 2 : 1) * k * l + k * k + 3 * l + 2 * k),
  }
}

const one = i32.const(1)
const none = i32.const(0)
const bytesOfRow = (n: Local): Code => i32.shl(get(n), i32.const(3))
const rowAt = (p: Local, i: Local, n: Local): Code => i32.add(get(p), i32.mul(get(i), bytesOfRow(n)))

const singularFunction = (key: string, float: Float, vectors: boolean): Func =>
  kernelFunction(key, ({ words, lo, hi, scratch, local }) => {
    const [m, n, k, l, unit, a, us, values, vs, known] = locals(local)
    const [b, r, turn, tau, order, short, lengths, i, c, best] = locals(local)
    const [at, tall, wide] = [local('i32'), local('i32'), local('i32')]
    const [scale, back, high] = [local('f64'), local('f64'), local('f64')]
    const w = get(words)
    const bytes = i32.const(float.bytes)
    const size = i32.mul(get(m), get(n))
    const stack = (operand: number, count: Code): Code =>
      element(pointer(w, 2 + operand), i32.mul(get(unit), count), float.bytes)
    const line = i32.mul(get(n), bytes)

    // row i of B is column i of a tall A
    const read: Code = forLoop(i, none, get(k), one, [
      widened(float, local, {
        to: rowAt(b, i, l),
        from: i32.add(get(a), i32.mul(get(i), either(get(tall), bytes, line))),
        step: either(get(tall), line, bytes),
        n: get(l),
        scale: get(scale),
      }),
    ])

    // column c of U, or row c of Vᵀ
    const column = (from: Code, factor: Code): Code =>
      narrowed(float, local, {
        to: element(get(us), get(c), float.bytes), from, step: i32.mul(get(k), bytes), n: get(m), scale: factor,
      }) // biome-ignore format: one record
    const row = (from: Code, factor: Code): Code =>
      narrowed(float, local, {
        to: i32.add(get(vs), i32.mul(get(c), line)), from, step: bytes, n: get(n), scale: factor,
      }) // biome-ignore format: one record
    const written: Code = [
      // P Zᵀ: component i of a short vector belongs where row i of B came from
      set(at, rowAt(r, best, k)),
      forLoop(i, none, get(k), one, [
        f64.store(f64At(get(short), i32.load(element(get(order), get(i), 4))), f64.load(f64At(get(at), get(i)))),
      ]),
      set(wide, rowAt(turn, best, l)),
      set(at, either(get(tall), get(short), get(wide))),
      set(high, call(sign(), get(at), get(n))),
      row(get(at), get(high)),
      column(either(get(tall), get(wide), get(short)), get(high)),
    ]

    // the greatest length that is left, k times
    const sorted: Code = forLoop(c, none, get(k), one, [
      set(high, f64.const(-1)),
      set(best, none),
      forLoop(i, none, get(k), one, [
        set(at, f64At(get(lengths), get(i))),
        when(f64.gt(f64.load(get(at)), get(high)), [set(high, f64.load(get(at))), set(best, get(i))]),
      ]),
      f64.store(f64At(get(lengths), get(best)), f64.const(-1)),
      float.scalar.store(element(get(values), get(c), float.bytes), float.narrow(f64.mul(get(back), get(high)))),
      vectors ? written : [],
    ])

    return [
      set(m, word(w, 0)),
      set(n, word(w, 1)),
      set(tall, i32.geU(get(m), get(n))),
      set(k, either(get(tall), get(n), get(m))),
      set(l, either(get(tall), get(m), get(n))),
      set(b, get(scratch)),
      set(r, rowAt(b, k, l)),
      set(lengths, rowAt(r, k, k)),
      set(tau, i32.add(get(lengths), bytesOfRow(k))),
      set(short, i32.add(get(tau), bytesOfRow(l))),
      set(order, i32.add(get(short), bytesOfRow(l))),
      set(turn, vectors ? i32.add(get(order), bytesOfRow(l)) : none),
      forLoop(unit, get(lo), get(hi), one, [
        set(a, stack(0, size)),
        set(values, stack(vectors ? 2 : 1, get(k))),
        vectors ? [set(us, stack(1, i32.mul(get(m), get(k)))), set(vs, stack(3, i32.mul(get(k), get(n))))] : [],
        set(scale, call(scaleOf(float), get(a), size)),
        set(back, f64.div(f64.const(1), get(scale))),
        set(known, none),
        // a scale that is no number is not equal to itself
        when(f64.eq(get(scale), get(scale)), [
          read,
          call(triangular(), get(b), get(r), get(order), get(tau), get(k), get(l)),
          set(known, call(orthogonal(float.dtype), get(r), get(turn), get(lengths), get(k), get(l))),
        ]),
        when(
          get(known),
          [
            vectors
              ? [
                  call(completed(), get(r), get(lengths), get(short), get(k)),
                  call(reflectedBack(), get(b), get(turn), get(tau), get(k), get(l)),
                ]
              : [],
            sorted,
          ],
          [
            unknown(float, local, get(values), get(k)),
            vectors
              ? [
                  unknown(float, local, get(us), i32.mul(get(m), get(k))),
                  unknown(float, local, get(vs), i32.mul(get(k), get(n))),
                ]
              : [],
          ],
        ),
      ]),
    ]
  })

/** (b, r, order, τ, k, l): Bᵀ P = Q R. Row i of B becomes vᵢ, from element i on; `order` says which it was. */
const triangular = once(() =>
  func('triangular', ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], [], ([b, r, order, tau, k, l], local) => {
    const [j, i, best, row, other, rest, kept] = locals(local)
    const [high, beta, step] = [local('f64'), local('f64'), local('f64')]
    const orderOf = (i: Local): Code => element(get(order!), get(i), 4)
    return [
      memory.fill(get(r!), none, i32.mul(get(k!), bytesOfRow(k!))),
      forLoop(i, none, get(k!), one, i32.store(orderOf(i), get(i))),
      forLoop(j, none, get(k!), one, [
        set(rest, i32.sub(get(l!), get(j))),
        // lengths of what is left, measured anew: differences of squares would lose them
        set(high, f64.const(-1)),
        set(best, get(j)),
        forLoop(i, get(j), get(k!), one, [
          set(other, f64At(rowAt(b!, i, l!), get(j))),
          set(step, call(dot(), get(other), get(other), get(rest))),
          when(f64.gt(get(step), get(high)), [set(high, get(step)), set(best, get(i))]),
        ]),
        swap(floatOf('f64'), local, rowAt(b!, j, l!), rowAt(b!, best, l!), get(l!)),
        set(kept, i32.load(orderOf(j))),
        i32.store(orderOf(j), i32.load(orderOf(best))),
        i32.store(orderOf(best), get(kept)),
        set(row, f64At(rowAt(b!, j, l!), get(j))),
        call(reflector(), get(row), get(rest)),
        set(step, []),
        set(beta, []),
        f64.store(f64At(get(tau!), get(j)), get(step)),
        f64.store(f64At(rowAt(r!, j, k!), get(j)), get(beta)),
        forLoop(i, i32.add(get(j), one), get(k!), one, [
          call(reflect(), f64At(rowAt(b!, i, l!), get(j)), get(row), get(step), get(rest)),
        ]),
      ]),
      // the reflectors have left column i of R at the head of row i, which moved with it
      forLoop(i, one, get(k!), one, [
        set(other, rowAt(b!, i, l!)),
        forLoop(j, none, get(i), one, f64.store(f64At(rowAt(r!, j, k!), get(i)), f64.load(f64At(get(other), get(j))))),
      ]),
    ]
  }),
)

/** (r, turn, lengths, k, l) → whether it came to an end: the rows of R become orthogonal, `lengths` theirs; where `turn` is not 0,
 *  its rows of l begin with J. An angle counts when it is more than the rounding of a dot product, in f32 of its results. */
const orthogonal = (dtype: Float['dtype']): Func =>
  func(`orthogonal.${dtype}`, ['i32', 'i32', 'i32', 'i32', 'i32'], ['i32'], ([r, turn, lengths, k, l], local) => {
    const [p, q, x, y, sweeps, turns, u, v] = locals(local)
    const [a, b, g, t, c, s, tolerance] = Array.from({ length: 7 }, () => local('f64')) as [
        Local, Local, Local, Local, Local, Local, Local,
      ] // biome-ignore format: a list
    const square = (x: Code): Code => f64.mul(x, x)
    const pair: Code = [
      call(grams(), get(x), get(y), get(k!)),
      set(g, []),
      set(b, []),
      set(a, []),
      when(
        i32.and(
          f64.gt(f64.min(get(a), get(b)), nothing),
          f64.gt(f64.abs(get(g)), f64.mul(get(tolerance), f64.mul(f64.sqrt(get(a)), f64.sqrt(get(b))))),
        ),
        [
          increase(turns, one),
          set(t, f64.div(f64.sub(get(b), get(a)), f64.mul(f64.const(2), get(g)))),
          set(
            t,
            f64.copysign(
              f64.div(f64.const(1), f64.add(f64.abs(get(t)), f64.sqrt(f64.add(f64.const(1), square(get(t)))))),
              get(t),
            ),
          ),
          set(c, f64.div(f64.const(1), f64.sqrt(f64.add(f64.const(1), square(get(t)))))),
          set(s, f64.mul(get(t), get(c))),
          call(rotateAcute(), get(x), get(y), get(k!), get(c), get(s)),
          when(get(turn!), call(rotateAcute(), get(u), get(v), get(k!), get(c), get(s))),
        ],
      ),
    ]
    return [
      set(tolerance, f64.mul(f64.const(dtype === 'f32' ? 2 ** -34 : 2 ** -51), f64.sqrt(f64.fromI32(get(k!))))),
      when(get(turn!), [
        memory.fill(get(turn!), none, i32.mul(get(k!), bytesOfRow(l!))),
        forLoop(p, none, get(k!), one, f64.store(f64At(rowAt(turn!, p, l!), get(p)), f64.const(1))),
      ]),
      doWhile(
        [
          set(turns, none),
          increase(sweeps, one),
          when(i32.gtS(get(sweeps), i32.const(60)), [none, leave]),
          forLoop(p, none, get(k!), one, [
            set(x, rowAt(r!, p, k!)),
            set(u, rowAt(turn!, p, l!)),
            set(y, get(x)),
            set(v, get(u)),
            forLoop(q, i32.add(get(p), one), get(k!), one, [
              increase(y, bytesOfRow(k!)),
              increase(v, bytesOfRow(l!)),
              pair,
            ]),
          ]),
        ],
        get(turns),
      ),
      forLoop(p, none, get(k!), one, [
        set(x, rowAt(r!, p, k!)),
        f64.store(f64At(get(lengths!), get(p)), f64.sqrt(call(dot(), get(x), get(x), get(k!)))),
      ]),
      one,
    ]
  })

/** (r, lengths, a row of scratch, k): rows of unit length, in place of zeros unit vectors orthogonal to the others: what is left
 *  of the axes, one after the other, that are not nearly in the span of the rows. */
const completed = once(() =>
  func('completed', ['i32', 'i32', 'i32', 'i32'], [], ([r, lengths, rest, k], local) => {
    const [i, j, axis, row, other, twice] = locals(local)
    const [left, factor] = [local('f64'), local('f64')]
    const enough = f64.div(f64.const(0.5), f64.fromI32(get(k!)))
    const dead = f64.le(get(left), f64.sqrt(nothing))
    return [
      forLoop(i, none, get(k!), one, [
        set(row, rowAt(r!, i, k!)),
        set(left, f64.load(f64At(get(lengths!), get(i)))),
        set(factor, f64.div(f64.const(1), get(left))),
        when(
          dead,
          memory.fill(get(row), none, bytesOfRow(k!)),
          scaled(floatOf('f64'), local, get(row), factor, get(k!)),
        ),
      ]),
      forLoop(i, none, get(k!), one, [
        set(row, rowAt(r!, i, k!)),
        set(left, f64.load(f64At(get(lengths!), get(i)))),
        when(dead, [
          set(left, f64.const(0)),
          whileLoop(f64.lt(get(left), enough), [
            memory.fill(get(rest!), none, bytesOfRow(k!)),
            f64.store(f64At(get(rest!), get(axis)), f64.const(1)),
            increase(axis, one),
            // twice is enough for orthogonality to rounding
            forLoop(twice, none, i32.const(2), one, [
              forLoop(j, none, get(k!), one, [
                set(other, rowAt(r!, j, k!)),
                set(factor, f64.neg(call(dot(), get(rest!), get(other), get(k!)))),
                addTimes(floatOf('f64'), local, get(rest!), factor, get(other), get(k!)),
              ]),
            ]),
            set(left, call(dot(), get(rest!), get(rest!), get(k!))),
          ]),
          set(factor, f64.div(f64.const(1), f64.sqrt(get(left)))),
          memory.copy(get(row), get(rest!), bytesOfRow(k!)),
          scaled(floatOf('f64'), local, get(row), factor, get(k!)),
        ]),
      ]),
    ]
  }),
)

/** (b, turn, τ, k, l): rows of J become rows of J Qᵀ. */
const reflectedBack = once(() =>
  func('reflectedBack', ['i32', 'i32', 'i32', 'i32', 'i32'], [], ([b, turn, tau, k, l], local) => {
    const [i, j, row] = locals(local)
    return forLoop(j, none, get(k!), one, [
      set(row, rowAt(turn!, j, l!)),
      set(i, i32.sub(get(k!), one)),
      whileLoop(i32.geS(get(i), none), [
        call(
          reflect(),
          f64At(get(row), get(i)),
          f64At(rowAt(b!, i, l!), get(i)),
          f64.load(f64At(get(tau!), get(i))),
          i32.sub(get(l!), get(i)),
        ),
        increase(i, i32.const(-1)),
      ]),
    ])
  }),
)
