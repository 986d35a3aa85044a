/** Eigenvalues and eigenvectors of symmetric matrices, one matrix a unit, in f64 for both dtypes.
 *
 *    A = Q T Qᵀ    by n − 2 reflectors; T tridiagonal. A step goes through memory once: each row takes the update of the step
 *                  before, A ← A − v wᵀ − w vᵀ, and gives its part of the next product A v.
 *    T = G Λ Gᵀ    by implicit QL with Wilkinson's shift; the rotations turn the rows of Qᵀ, which lie side by side.
 *
 *  Unknown  NaN where an element is not finite, or 30 n turns did not find all eigenvalues (none such is known: it takes about 2 n, but
 *           where most are of rounding size the first may take n of them).
 *  Scratch  A, the vectors as rows, and five rows of n.
 *  Source   Golub, Van Loan 2013, §8.3.1 and §8.3.5; Bowdler, Martin, Reinsch, Wilkinson 1968 (tql2). */

import type { Type } from '../../program/type.js'
import {
  block, branch, branchIf, type Code, call, drop, endless, type Func, f64, f64x2, forLoop, func, get, i32, increase,type Local, 
  leave, memory, set, v128, when, whileLoop,
} from '../assembler.js' // biome-ignore format: a list
import { kernelFunction, type Lowered, pointer, word } from '../lowered.js'
import { element, grainOf, locals } from '../special/rows.js'
import { addTimes, along, type Float, floatOf } from './rows.js'
import {
  dot,
  f64At,
  narrowed,
  nothing,
  once,
  reflect,
  reflector,
  rotate,
  scaleOf,
  sign,
  unknown,
  widened,
} from './wide.js'

/** A stack of matrices [..., n, n] → eigenvalues, ascending, and where they are asked for eigenvectors, in columns. */
export const symmetricEigen = (want: 'values' | 'vectors', [a]: readonly Type[]): Lowered => {
  const float = floatOf(a!.dtype)
  const n = a!.shape.at(-1)!
  const vectors = want === 'vectors'
  const key = `eigh.${want}.${float.dtype}`
  return {
    key,
    build: () => eigenFunction(key, float, vectors),
    words: [n, { operand: 0 }, { operand: 1 }, ...(vectors ? [{ operand: 2 }] : [])],
    units: a!.size === 0 ? 0 : a!.size / (n * n),
    grain: grainOf(n * n * n * (vectors ? 3 : 1)),
    scratch: 8 * n * (n + 5 + (vectors ? n : 0)),
  }
}

const eigenFunction = (key: string, float: Float, vectors: boolean): Func =>
  kernelFunction(key, ({ words, lo, hi, scratch, local }) => {
    const [n, squared, unit, a, values, columns, known] = locals(local)
    const [matrix, d, e, tau, work, z, i, c, best, row] = locals(local)
    const [scale, back, low] = [local('f64'), local('f64'), local('f64')]
    const w = get(words)
    const place = (p: Local, index: Code): Code => element(get(p), index, float.bytes)
    const rowOf = (p: Local, index: Code): Code => i32.add(get(p), i32.mul(index, i32.shl(get(n), i32.const(3))))
    const from = (p: Local, rows: number): Code => i32.add(get(p), i32.mul(get(n), i32.const(8 * rows)))
    const all = i32.const(0)

    // the least value that is left, n times
    const written: Code = forLoop(c, all, get(n), i32.const(1), [
      set(low, f64.const(Infinity)),
      set(best, get(d)),
      forLoop(i, all, get(n), i32.const(1), [
        set(row, element(get(d), get(i), 8)),
        when(f64.lt(f64.load(get(row)), get(low)), [set(low, f64.load(get(row))), set(best, get(row))]),
      ]),
      f64.store(get(best), f64.const(Infinity)),
      float.scalar.store(place(values, get(c)), float.narrow(f64.mul(get(back), get(low)))),
      vectors
        ? [
            set(row, rowOf(z, i32.shrU(i32.sub(get(best), get(d)), i32.const(3)))),
            narrowed(float, local, {
              to: place(columns, get(c)),
              from: get(row),
              step: i32.mul(get(n), i32.const(float.bytes)),
              n: get(n),
              scale: call(sign(), get(row), get(n)),
            }),
          ]
        : [],
    ])

    return [
      set(n, word(w, 0)),
      set(squared, i32.mul(get(n), get(n))),
      set(matrix, get(scratch)),
      set(d, rowOf(matrix, get(n))),
      set(e, from(d, 1)),
      set(tau, from(d, 2)),
      set(work, from(d, 3)),
      vectors ? set(z, from(d, 5)) : [],
      forLoop(unit, get(lo), get(hi), i32.const(1), [
        set(a, element(pointer(w, 1), i32.mul(get(unit), get(squared)), float.bytes)),
        set(values, element(pointer(w, 2), i32.mul(get(unit), get(n)), float.bytes)),
        vectors ? set(columns, element(pointer(w, 3), i32.mul(get(unit), get(squared)), float.bytes)) : [],
        set(scale, call(scaleOf(float), get(a), get(squared))),
        set(back, f64.div(f64.const(1), get(scale))),
        set(known, i32.const(0)),
        // a scale that is no number is not equal to itself
        when(f64.eq(get(scale), get(scale)), [
          widened(float, local, {
            to: get(matrix), from: get(a), step: i32.const(float.bytes), n: get(squared), scale: get(scale),
          }), // biome-ignore format: one record
          call(tridiagonal(), get(matrix), get(d), get(e), get(tau), get(work), get(n)),
          vectors ? call(accumulate(), get(matrix), get(tau), get(z), get(n)) : [],
          set(known, call(diagonal(), get(d), get(e), vectors ? get(z) : i32.const(0), get(n))),
        ]),
        when(get(known), written, [
          unknown(float, local, get(values), get(n)),
          vectors ? unknown(float, local, get(columns), get(squared)) : [],
        ]),
      ]),
    ]
  })

const one = i32.const(1)
const none = i32.const(0)
const at8 = (p: Local, i: Code): Code => f64At(get(p), i)
const loadAt = (p: Local, i: Code): Code => f64.load(at8(p, i))

/** (x, v, w, a, b, u, n) → u·x after x ← x − a·w − b·v. */
const updated = once(() =>
  func('updated', ['i32', 'i32', 'i32', 'f64', 'f64', 'i32', 'i32'], ['f64'], ([x, v, w, a, b, u, n], local) => {
    const [p, q, value] = [local('v128'), local('v128'), local('v128')]
    const sums = [local('v128'), local('v128')]
    const [tail, rest] = [local('f64'), local('f64')]
    return [
      set(p, f64x2.splat(get(a!))),
      set(q, f64x2.splat(get(b!))),
      along(floatOf('f64'), local, {
        rows: [x!, v!, w!, u!].map(get),
        n: get(n!),
        steps: [2, 1],
        vector: ([x, v, w, u], at, j) => [
          set(
            value,
            f64x2.sub(
              f64x2.sub(v128.load(x!, at), f64x2.mul(get(p), v128.load(w!, at))),
              f64x2.mul(get(q), v128.load(v!, at)),
            ),
          ),
          v128.store(x!, get(value), at),
          set(sums[j]!, f64x2.add(get(sums[j]!), f64x2.mul(get(value), v128.load(u!, at)))),
        ],
        element: ([x, v, w, u]) => [
          set(rest, f64.sub(f64.sub(f64.load(x!), f64.mul(get(a!), f64.load(w!))), f64.mul(get(b!), f64.load(v!)))),
          f64.store(x!, get(rest)),
          set(tail, f64.add(get(tail), f64.mul(get(rest), f64.load(u!)))),
        ],
      }),
      set(value, f64x2.add(get(sums[0]!), get(sums[1]!))),
      f64.add(get(tail), f64.add(f64x2.extract(0, get(value)), f64x2.extract(1, get(value)))),
    ]
  }),
)

/** (a, d, e, τ, two rows of scratch, n): T in d and e; vₖ in what stands right of the diagonal in row k of a, τₖ in τ. */
const tridiagonal = once(() =>
  func('tridiagonal', ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], [], ([a, d, e, tau, work, n], local) => {
    const [k, i, next, rest, row, other, v, w, q, kept] = locals(local)
    const [step, factor] = [local('f64'), local('f64')]
    const line = i32.shl(get(n!), i32.const(3))
    const update = (x: Local, i: Local, from: Local, u: Local, count: Code): Code =>
      call(
        updated(),
        at8(x, get(from)), at8(v, get(from)), at8(w, get(from)), loadAt(v, get(i)), loadAt(w, get(i)),
        at8(u, get(from)), count,
      ) // biome-ignore format: a list of arguments
    return [
      set(w, get(work!)),
      set(q, i32.add(get(work!), line)),
      memory.fill(get(w), none, line),
      set(v, get(w)),
      set(row, get(a!)),
      forLoop(k, none, get(n!), one, [
        set(rest, i32.sub(get(n!), get(k))),
        drop(update(row, k, k, row, get(rest))),
        f64.store(at8(d!, get(k)), loadAt(row, get(k))),
        set(next, i32.add(get(k), one)),
        increase(rest, i32.const(-1)),
        when(get(rest), [
          call(reflector(), at8(row, get(next)), get(rest)),
          set(step, []),
          set(factor, []),
          f64.store(at8(e!, get(k)), get(factor)),
          f64.store(at8(tau!, get(k)), get(step)),
          set(other, get(row)),
          forLoop(i, get(next), get(n!), one, [
            increase(other, line),
            f64.store(at8(q, get(i)), f64.mul(get(step), update(other, i, next, row, get(rest)))),
          ]),
          // w = q − (τ/2) (q·v) v
          set(
            factor,
            f64.mul(
              f64.mul(f64.const(-0.5), get(step)),
              call(dot(), at8(q, get(next)), at8(row, get(next)), get(rest)),
            ),
          ),
          addTimes(floatOf('f64'), local, at8(q, get(next)), factor, at8(row, get(next)), get(rest)),
          set(kept, get(w)),
          set(w, get(q)),
          set(q, get(kept)),
          set(v, get(row)),
        ]),
        increase(row, line),
      ]),
      f64.store(at8(e!, i32.sub(get(n!), one)), f64.const(0)),
    ]
  }),
)

/** (a, τ, z, n): z = Qᵀ = Hₙ₋₂ … H₀, from the left, so that a step concerns only what the steps before it have touched. */
const accumulate = once(() =>
  func('accumulate', ['i32', 'i32', 'i32', 'i32'], [], ([a, tau, z, n], local) => {
    const [k, i, next, row] = locals(local)
    const rowAt = (p: Local, i: Code): Code => i32.add(get(p), i32.mul(i32.mul(get(n!), i), i32.const(8)))
    return [
      memory.fill(get(z!), none, i32.mul(i32.mul(get(n!), get(n!)), i32.const(8))),
      forLoop(i, none, get(n!), one, f64.store(element(rowAt(z!, get(i)), get(i), 8), f64.const(1))),
      set(k, i32.sub(get(n!), i32.const(2))),
      whileLoop(i32.geS(get(k), none), [
        set(next, i32.add(get(k), one)),
        set(row, element(rowAt(a!, get(k)), get(next), 8)),
        forLoop(i, get(next), get(n!), one, [
          call(
            reflect(),
            element(rowAt(z!, get(i)), get(next), 8), get(row), loadAt(tau!, get(k)), i32.sub(get(n!), get(next)),
          ), // biome-ignore format: a list of arguments
        ]),
        increase(k, i32.const(-1)),
      ]),
    ]
  }),
)

/** (d, e, z, n) → whether it came to an end: d becomes the eigenvalues of T, the rows of z, if z is not 0, are turned along. */
const diagonal = once(() =>
  func('diagonal', ['i32', 'i32', 'i32', 'i32'], ['i32'], ([d, e, z, n], local) => {
    const [l, m, i, turns, line, broken, row] = locals(local)
    const [f, g, b, c, s, p, r] = Array.from({ length: 7 }, () => local('f64')) as [
      Local, Local, Local, Local, Local, Local, Local,
    ] // biome-ignore format: a list
    const dAt = (i: Code): Code => loadAt(d!, i)
    const eAt = (i: Code): Code => loadAt(e!, i)
    const later = (i: Local): Code => i32.add(get(i), one)
    const size = f64.add(f64.abs(dAt(get(m))), f64.abs(dAt(later(m))))
    const counts = f64.gt(f64.abs(eAt(get(m))), f64.max(f64.const(2 ** -104), f64.mul(f64.const(2 ** -52), size)))
    const turn: Code = [
      set(r, f64.sqrt(get(r))),
      f64.store(at8(e!, later(i)), get(r)),
      set(s, f64.div(get(f), get(r))),
      set(c, f64.div(get(g), get(r))),
      set(g, f64.sub(dAt(later(i)), get(p))),
      set(r, f64.add(f64.mul(f64.sub(dAt(get(i)), get(g)), get(s)), f64.mul(f64.mul(f64.const(2), get(c)), get(b)))),
      set(p, f64.mul(get(s), get(r))),
      f64.store(at8(d!, later(i)), f64.add(get(g), get(p))),
      set(g, f64.sub(f64.mul(get(c), get(r)), get(b))),
      when(get(z!), [
        set(row, i32.add(get(z!), i32.mul(get(i), get(line)))),
        call(rotate(), get(row), i32.add(get(row), get(line)), get(n!), get(c), get(s)),
      ]),
      increase(i, i32.const(-1)),
    ]
    const sweep: Code = [
      set(g, f64.div(f64.sub(dAt(later(l)), dAt(get(l))), f64.mul(f64.const(2), eAt(get(l))))),
      set(r, f64.sqrt(f64.add(f64.mul(get(g), get(g)), f64.const(1)))),
      set(
        g,
        f64.add(f64.sub(dAt(get(m)), dAt(get(l))), f64.div(eAt(get(l)), f64.add(get(g), f64.copysign(get(r), get(g))))),
      ),
      set(s, f64.const(1)),
      set(c, f64.const(1)),
      set(p, f64.const(0)),
      set(broken, none),
      set(i, i32.sub(get(m), one)),
      whileLoop(i32.and(i32.geS(get(i), get(l)), i32.eqz(get(broken))), [
        set(f, f64.mul(get(s), eAt(get(i)))),
        set(b, f64.mul(get(c), eAt(get(i)))),
        set(r, f64.add(f64.mul(get(f), get(f)), f64.mul(get(g), get(g)))),
        // nothing is left to chase: the matrix falls in two here
        when(
          f64.lt(get(r), nothing),
          [
            f64.store(at8(e!, later(i)), f64.const(0)),
            f64.store(at8(d!, later(i)), f64.sub(dAt(later(i)), get(p))),
            set(broken, one),
          ],
          turn,
        ),
      ]),
      when(i32.eqz(get(broken)), [
        f64.store(at8(d!, get(l)), f64.sub(dAt(get(l)), get(p))),
        f64.store(at8(e!, get(l)), get(g)),
      ]),
      f64.store(at8(e!, get(m)), f64.const(0)),
    ]
    return [
      set(line, i32.shl(get(n!), i32.const(3))),
      set(turns, none),
      forLoop(l, none, get(n!), one, [
        block(
          endless([
            set(m, get(l)),
            whileLoop(i32.and(i32.ltS(later(m), get(n!)), counts), increase(m, one)),
            branchIf(1, i32.eq(get(m), get(l))),
            increase(turns, one),
            when(i32.gtS(get(turns), i32.mul(i32.const(30), get(n!))), [none, leave]),
            sweep,
            branch(0),
          ]),
        ),
      ]),
      one,
    ]
  }),
)
