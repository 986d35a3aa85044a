/** A = Pᵀ L U of matrices in a stack, each a unit, by elimination with row interchanges, in place in the output.
 *
 *    for each column k: the row of the largest |aᵢₖ|, i ≥ k, comes to row k; below it aᵢₖ ← aᵢₖ / aₖₖ and rowᵢ ← rowᵢ − aᵢₖ rowₖ
 *
 *  The largest element of the next column is found while its rows are written. Made for matrices of few columns: each
 *  step passes over all that is left. */

import type { Type } from '../../program/type.js'
import {
  type Code, either, type Func, forLoop, get, i32, increase, memory, set, when, whileLoop,
} from '../assembler.js' // biome-ignore format: a list
import { kernelFunction, type Lowered, pointer, word } from '../lowered.js'
import { element, grainOf, locals } from '../special/rows.js'
import { addTimes, type Float, floatOf, swap } from './rows.js'

export const lowerLu = ([a]: readonly Type[]): Lowered => {
  const [m, n] = a!.shape.slice(-2) as unknown as readonly [number, number]
  const float = floatOf(a!.dtype)
  const key = `lu.${float.dtype}`
  const steps = Math.min(m, n)
  return {
    key,
    build: () => luFunction(key, float),
    words: [{ operand: 0 }, { operand: 1 }, { operand: 2 }, { operand: 3 }, m, n, steps],
    units: a!.shape.slice(0, -2).reduce((x, y) => x * y, 1),
    grain: grainOf(m * (1 + steps * (10 + n / float.lanes))),
    scratch: 0,
  }
}

const luFunction = (key: string, float: Float): Func =>
  kernelFunction(key, ({ words, lo, hi, local }) => {
    const w = get(words)
    const { bytes, scalar, dtype } = float
    const [matrix, m, n, width, rows, stop, top, row, best, k] = locals(local)
    const [order, next, rest, mine, other] = locals(local)
    const [pivot, largest, factor, sign] = [local(dtype), local(dtype), local(dtype), local(dtype)]
    const size = i32.mul(get(m), get(width))

    /** The row is the best of those seen where its element in column `next` is larger. */
    const look: Code = [
      set(factor, scalar.abs(scalar.load(i32.add(get(row), get(next))))),
      when(scalar.gt(get(factor), get(largest)), [set(largest, get(factor)), set(best, get(row))]),
    ]
    /** Entry of the permutation for the row at an address. */
    const entry = (at: Code): Code => element(get(order), i32.divU(i32.sub(at, get(rows)), get(width)), 4)
    const interchange: Code = [
      swap(float, local, get(top), get(best), get(n)),
      set(mine, i32.load(entry(get(top)))),
      set(other, entry(get(best))),
      i32.store(entry(get(top)), i32.load(get(other))),
      i32.store(get(other), get(mine)),
      set(sign, scalar.neg(get(sign))),
    ]

    return [
      set(m, word(w, 4)),
      set(n, word(w, 5)),
      set(width, i32.mul(get(n), i32.const(bytes))),
      forLoop(matrix, get(lo), get(hi), i32.const(1), [
        set(rows, i32.add(pointer(w, 1), i32.mul(get(matrix), size))),
        memory.copy(get(rows), i32.add(pointer(w, 0), i32.mul(get(matrix), size)), size),
        set(stop, i32.add(get(rows), size)),
        set(order, element(pointer(w, 2), i32.mul(get(matrix), get(m)), 4)),
        forLoop(k, i32.const(0), get(m), i32.const(1), i32.store(element(get(order), get(k), 4), get(k))),
        set(sign, scalar.const(1)),

        set(next, i32.const(0)),
        set(top, get(rows)),
        set(best, get(rows)),
        set(largest, scalar.const(-1)),
        when(word(w, 6), [
          set(row, get(rows)),
          whileLoop(i32.ltU(get(row), get(stop)), [look, increase(row, get(width))]),
        ]),
        forLoop(k, i32.const(0), word(w, 6), i32.const(1), [
          when(i32.ne(get(best), get(top)), interchange),
          set(pivot, scalar.load(element(get(top), get(k), bytes))),
          // a column of zeros is done already
          set(pivot, either(scalar.eq(get(pivot), scalar.const(0)), scalar.const(1), get(pivot))),
          set(largest, scalar.const(-1)),
          set(best, i32.add(get(top), get(width))),
          set(rest, i32.sub(i32.sub(get(n), i32.const(1)), get(k))),
          // of the last column, the last step looks at itself, in vain
          set(next, i32.mul(i32.sub(get(n), either(get(rest), get(rest), i32.const(1))), i32.const(bytes))),
          set(row, get(best)),
          whileLoop(i32.ltU(get(row), get(stop)), [
            set(mine, element(get(row), get(k), bytes)),
            set(factor, scalar.div(scalar.load(get(mine)), get(pivot))),
            scalar.store(get(mine), get(factor)),
            set(factor, scalar.neg(get(factor))),
            addTimes(
              float,
              local,
              i32.add(get(mine), i32.const(bytes)),
              factor,
              element(i32.add(get(top), i32.const(bytes)), get(k), bytes),
              get(rest),
            ),
            look,
            increase(row, get(width)),
          ]),
          increase(top, get(width)),
        ]),
        scalar.store(element(pointer(w, 3), get(matrix), bytes), get(sign)),
      ]),
    ]
  })
