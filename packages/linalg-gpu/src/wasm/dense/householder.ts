/** One panel of Householder's QR: A = (I − V T Vᵀ) [R; 0] of an m × b matrix with b ≤ m, a matrix of the stack a unit.
 *
 *  The panel stands by columns in the scratch: a reflector and what it acts on are contiguous. Column j from row j on is
 *  x = [α; y]; its reflector maps it to β = −sign(α)‖x‖:
 *
 *    v = [1; y / (α − β)],   τ = (β − α) / β,   a_k ← a_k − τ (v·a_k) v,   T₀..ⱼ,ⱼ = −τ T (Vᵀ v),   Tⱼⱼ = τ
 *
 *  Where y = 0 nothing is reflected: τ = 0, β = α. Norms neither overflow nor underflow, and x is scaled where it is too small or
 *  too large for quotients, so only R has the scale of A.
 *  Products are summed in f64: columns may be long.
 *  Scratch  b products in f64, then the panel.
 *  Source   LAPACK's larfg, geqr2 and larft. */

import type { Type } from '../../program/type.js'
import {
  type Code, either, type Func, f64, f64x2, forLoop, get, i32, type Local, set, v128, when,
} from '../assembler.js' // biome-ignore format: a list
import { kernelFunction, type Lowered, pointer, word } from '../lowered.js'
import { element, grainOf, locals } from '../special/rows.js'
import { addTimes, along, dotWide, type Float, floatOf, type NewLocal, scale } from './rows.js'

/** Operands: A, then V, T and R. */
export const householderPanel = (a: Type): Lowered => {
  const [m, b] = a.shape.slice(-2) as [number, number]
  const float = floatOf(a.dtype)
  const key = `householderPanel.${a.dtype}`
  return {
    key,
    build: () => panelFunction(key, float),
    words: [{ operand: 0 }, { operand: 1 }, { operand: 2 }, { operand: 3 }, m, b],
    units: a.size === 0 ? 0 : a.size / (m * b),
    // update and T cost 3 m b² flops, and each entry is moved twice
    grain: grainOf(0.2 * 3 * m * b * b + 2 * m * b + 20 * b),
    scratch: 8 * b + m * b * float.bytes,
  }
}

/** total ← ‖x‖ of n elements, `total` f64: of f64 by the quotients with the largest. */
const norm = (float: Float, local: NewLocal, total: Local, x: Code, n: Code): Code => {
  if (float.dtype === 'f32') return [dotWide(float, local, total, x, x, n), set(total, f64.sqrt(get(total)))]
  const [all, top, sum, tail, one] = [local('v128'), local('f64'), local('v128'), local('f64'), local('v128')]
  const each = { rows: [x], n }
  return [
    set(all, f64x2.const(0)),
    set(top, f64.const(0)),
    along(float, local, {
      ...each,
      vector: ([p], at) => set(all, f64x2.max(get(all), f64x2.abs(v128.load(p!, at)))),
      element: ([p]) => set(top, f64.max(get(top), f64.abs(f64.load(p!)))),
    }),
    set(top, f64.max(get(top), f64.max(f64x2.extract(0, get(all)), f64x2.extract(1, get(all))))),
    set(all, f64x2.splat(get(top))),
    set(sum, f64x2.const(0)),
    set(tail, f64.const(0)),
    set(total, f64.const(0)),
    when(f64.ne(get(top), f64.const(0)), [
      along(float, local, {
        ...each,
        vector: ([p], at) => [
          set(one, f64x2.div(v128.load(p!, at), get(all))),
          set(sum, f64x2.add(get(sum), f64x2.mul(get(one), get(one)))),
        ],
        element: ([p]) => [
          set(total, f64.div(f64.load(p!), get(top))),
          set(tail, f64.add(get(tail), f64.mul(get(total), get(total)))),
        ],
      }),
      set(total, f64.add(get(tail), f64.add(f64x2.extract(0, get(sum)), f64x2.extract(1, get(sum))))),
      set(total, f64.mul(get(top), f64.sqrt(get(total)))),
    ]),
  ]
}

/** x ← x / d of n elements: of the smallest numbers 1 / d would overflow. */
const divide = (float: Float, local: NewLocal, x: Code, d: Local, n: Code): Code => {
  const { scalar, vector } = float
  const all = local('v128')
  return [
    set(all, vector.splat(get(d))),
    along(float, local, {
      rows: [x],
      n,
      vector: ([p], at) => v128.store(p!, vector.div(v128.load(p!, at), get(all)), at),
      element: ([p]) => scalar.store(p!, scalar.div(scalar.load(p!), get(d))),
    }),
  ]
}

const panelFunction = (name: string, float: Float): Func =>
  kernelFunction(name, ({ words, lo, hi, scratch, local }) => {
    const { bytes, scalar, widen, narrow, dtype } = float
    const [unit, m, b, a, v, t, r] = locals(local)
    const [i, j, k, column, start, rest, other, products] = locals(local)
    const [alpha, beta, tau, below, largest, unscale, sum, product] = locals(local, 'f64')
    const factor = local(dtype)
    const one = i32.const(1)
    const at = (base: Code, row: Code, width: Local, col: Code): Code =>
      element(base, i32.add(i32.mul(row, get(width)), col), bytes)
    const loop = (index: Local, from: Code, to: Code, body: Code): Code => forLoop(index, from, to, one, body)
    const zero = i32.const(0)
    const operand = (address: Local, place: number, size: Code): Code =>
      set(address, element(pointer(get(words), place), i32.mul(get(unit), size), bytes))
    const quotient = (x: Code): Code => f64.div(x, get(largest))

    const measure: Code = [
      set(alpha, widen(scalar.load(get(start)))),
      norm(float, local, below, i32.add(get(start), i32.const(bytes)), i32.sub(get(rest), one)),
      set(largest, f64.max(f64.abs(get(alpha)), get(below))),
    ]
    const [extreme, shift] = dtype === 'f32' ? [2 ** 100, 2 ** 100] : [2 ** 900, 2 ** 600]
    const isLarge = f64.gt(get(largest), f64.const(extreme))

    const reflect: Code = [
      measure,
      set(tau, f64.const(0)),
      set(beta, get(alpha)),
      when(f64.ne(get(below), f64.const(0)), [
        set(factor, scalar.const(1)),
        when(i32.or(isLarge, f64.lt(get(largest), f64.const(1 / extreme))), [
          set(factor, either(isLarge, scalar.const(1 / shift), scalar.const(shift))),
          scale(float, local, get(start), factor, get(rest)),
          measure,
        ]),
        set(unscale, f64.div(f64.const(1), widen(get(factor)))),
        set(sum, quotient(get(alpha))),
        set(sum, f64.add(f64.mul(get(sum), get(sum)), f64.mul(quotient(get(below)), quotient(get(below))))),
        set(beta, f64.copysign(f64.mul(get(largest), f64.sqrt(get(sum))), f64.neg(get(alpha)))),
        set(tau, f64.div(f64.sub(get(beta), get(alpha)), get(beta))),
        set(factor, narrow(f64.sub(get(alpha), get(beta)))),
        divide(float, local, i32.add(get(start), i32.const(bytes)), factor, i32.sub(get(rest), one)),
        set(beta, f64.mul(get(beta), get(unscale))),
      ]),
      scalar.store(get(start), scalar.const(1)),
      scalar.store(at(get(r), get(j), b, get(j)), narrow(get(beta))),
      scalar.store(at(get(t), get(j), b, get(j)), narrow(get(tau))),
    ]

    const update: Code = loop(k, i32.add(get(j), one), get(b), [
      set(other, at(get(column), get(k), m, get(j))),
      dotWide(float, local, product, get(start), get(other), get(rest)),
      set(factor, narrow(f64.neg(f64.mul(get(tau), get(product))))),
      addTimes(float, local, get(other), factor, get(start), get(rest)),
    ])

    // column j of T: the products Vᵀv, then the triangle times them
    const extend: Code = [
      loop(k, zero, get(j), [
        dotWide(float, local, product, at(get(column), get(k), m, get(j)), get(start), get(rest)),
        f64.store(element(get(products), get(k), 8), get(product)),
      ]),
      loop(i, zero, get(j), [
        set(sum, f64.const(0)),
        loop(k, get(i), get(j), [
          set(
            sum,
            f64.add(
              get(sum),
              f64.mul(widen(scalar.load(at(get(t), get(i), b, get(k)))), f64.load(element(get(products), get(k), 8))),
            ),
          ),
        ]),
        scalar.store(at(get(t), get(i), b, get(j)), narrow(f64.neg(f64.mul(get(tau), get(sum))))),
      ]),
    ]

    const each = (body: Code): Code => loop(k, zero, get(b), [loop(i, zero, get(m), body)])
    const inScratch = at(get(column), get(k), m, get(i))
    return [
      set(m, word(get(words), 4)),
      set(b, word(get(words), 5)),
      set(products, get(scratch)),
      set(column, element(get(scratch), get(b), 8)),
      loop(unit, get(lo), get(hi), [
        operand(a, 0, i32.mul(get(m), get(b))),
        operand(v, 1, i32.mul(get(m), get(b))),
        operand(t, 2, i32.mul(get(b), get(b))),
        operand(r, 3, i32.mul(get(b), get(b))),
        each(scalar.store(inScratch, scalar.load(at(get(a), get(i), b, get(k))))),
        loop(j, zero, get(b), [
          set(start, at(get(column), get(j), m, get(j))),
          set(rest, i32.sub(get(m), get(j))),
          // what stands above is finished; below the diagonal are zeros
          loop(i, zero, get(j), [
            scalar.store(at(get(r), get(i), b, get(j)), scalar.load(at(get(column), get(j), m, get(i)))),
            scalar.store(at(get(r), get(j), b, get(i)), scalar.const(0)),
            scalar.store(at(get(t), get(j), b, get(i)), scalar.const(0)),
          ]),
          reflect,
          update,
          extend,
        ]),
        each(
          scalar.store(
            at(get(v), get(i), b, get(k)),
            either(i32.ltS(get(i), get(k)), scalar.const(0), scalar.load(inScratch)),
          ),
        ),
      ]),
    ]
  })
