/** argmax, argmin and cumulative sums: one pass along a row. */

import { bytesOf } from '../../dtype.js'
import type { OpOf } from '../../program/op.js'
import type { Type } from '../../program/type.js'
import { forLoop, get, i32, increase, set, when } from '../assembler.js'
import type { Lowered } from '../lowered.js'
import { after, keyAt, keyType } from './order.js'
import { element, locals, lowerRows } from './rows.js'
import { accumulate, sumsOf } from './sums.js'

/** The first of the greatest keys: a NaN has a greater one than any number, whether the maximum or the minimum is asked for. */
export const argReduce = ({ axis, fn }: OpOf<'argReduce'>, [x]: readonly Type[]): Lowered => {
  const { dtype } = x!
  const bytes = bytesOf(dtype)
  return lowerRows(x!, axis, 1.5, {
    key: `arg${fn}.${dtype}`,
    write: ({ local, x, out, n, step, first, row }) => {
      const [i, best, at] = locals(local)
      const [key, most, bits] = locals(local, keyType(dtype))
      const read = keyAt(dtype, fn === 'min', get(at), bits)
      return [
        set(at, element(x, first, bytes)),
        set(most, read),
        set(best, i32.const(0)),
        forLoop(i, i32.const(1), n, i32.const(1), [
          increase(at, i32.mul(step, i32.const(bytes))),
          set(key, read),
          when(after(dtype, get(key), get(most)), [set(most, get(key)), set(best, get(i))]),
        ]),
        i32.store(element(out, row, 4), get(best)),
      ]
    },
  })
}

/** Each sum so far, added in order and rounded where it is stored. */
export const cumsum = ({ axis, reverse }: OpOf<'cumsum'>, [x]: readonly Type[]): Lowered => {
  const sums = sumsOf(x!.dtype)
  return lowerRows(
    x!,
    axis,
    1.5,
    {
      key: `cumsum.${x!.dtype === 'u32' ? 'i32' : x!.dtype}`,
      write: ({ local, x, out, n, step, first }) => {
        const [i, at, total] = [local('i32'), local('i32'), local(sums.type)]
        return [
          set(at, i32.mul(first, i32.const(sums.bytes))),
          set(total, sums.zero),
          forLoop(i, i32.const(0), n, i32.const(1), [
            accumulate(sums, total, sums.read(i32.add(x, get(at)))),
            sums.write(i32.add(out, get(at)), get(total)),
            increase(at, i32.mul(step, i32.const(sums.bytes))),
          ]),
        ]
      },
    },
    { reverse },
  )
}
