/** Products of rows of numbers, a unit each, in f64 and in an order in which no part of the product is further from 1 than it need be:
 *  while it is 1 or more the next factor below 1 is taken, else the next of the others. So the product overflows only where
 *  what is left can no longer bring it back. */

import type { Type } from '../../program/type.js'
import {
  either, type Func, f64, forLoop, get, i32, increase, set, whileLoop,
} from '../assembler.js' // biome-ignore format: a list
import { kernelFunction, type Lowered, pointer, word } from '../lowered.js'
import { element, grainOf, locals } from '../special/rows.js'
import { floatOf } from './rows.js'

export const lowerProduct = ([x]: readonly Type[]): Lowered => {
  const n = x!.shape[x!.shape.length - 1]!
  const key = `product.${x!.dtype}`
  return {
    key,
    build: () => productFunction(key, x!.dtype as 'f32'),
    words: [{ operand: 0 }, { operand: 1 }, n],
    units: x!.shape.slice(0, -1).reduce((p, q) => p * q, 1),
    grain: grainOf(4 * n),
    scratch: 0,
  }
}

const productFunction = (key: string, dtype: 'f32' | 'f64'): Func =>
  kernelFunction(key, ({ words, lo, hi, local }) => {
    const { bytes, scalar, widen, narrow } = floatOf(dtype)
    const w = get(words)
    const [unit, row, stop, small, large, at, step] = locals(local)
    const product = local('f64')
    const isSmall = (x: typeof w): typeof w => f64.lt(f64.abs(x), f64.const(1))
    const read = (address: typeof w): typeof w => widen(scalar.load(address))
    const skip = (cursor: typeof small, wanted: typeof w): typeof w =>
      whileLoop(
        either(i32.ltU(get(cursor), get(stop)), i32.eqz(wanted), i32.const(0)),
        increase(cursor, i32.const(bytes)),
      )
    return forLoop(unit, get(lo), get(hi), i32.const(1), [
      set(row, element(pointer(w, 0), i32.mul(get(unit), word(w, 2)), bytes)),
      set(stop, element(get(row), word(w, 2), bytes)),
      set(small, get(row)),
      set(large, get(row)),
      set(product, f64.const(1)),
      forLoop(step, i32.const(0), word(w, 2), i32.const(1), [
        skip(small, isSmall(read(get(small)))),
        skip(large, i32.eqz(isSmall(read(get(large))))),
        // `at` is the one that is taken: the other kind has the turn where this one is used up
        set(at, either(isSmall(get(product)), i32.geU(get(large), get(stop)), i32.ltU(get(small), get(stop)))),
        set(product, f64.mul(get(product), read(either(get(at), get(small), get(large))))),
        increase(small, i32.mul(get(at), i32.const(bytes))),
        increase(large, i32.mul(i32.eqz(get(at)), i32.const(bytes))),
      ]),
      scalar.store(element(pointer(w, 1), get(unit), bytes), narrow(get(product))),
    ])
  })
