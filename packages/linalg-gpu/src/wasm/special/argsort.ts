/** The permutation that sorts a row: stable, NaN last.
 *
 *  Entries of key and index are moved from one half of the scratch to the other, byte by byte of the key from the lowest: each pass
 *  counts how often each value of the byte occurs, so it knows where each entry goes, and keeps the order of equals. A byte that
 *  all keys share needs no pass. Short rows are sorted by insertion, which has no tables to clear.
 *  Scratch  counts of the bytes of a key: 256 words each; then twice n entries. */

import { bytesOf, type DType } from '../../dtype.js'
import type { OpOf } from '../../program/op.js'
import type { Type } from '../../program/type.js'
import {
  type Code, either, forLoop, get, i32, i64, increase, type Local, memory, set, v128, when, whileLoop,
} from '../assembler.js' // biome-ignore format: a list
import type { Lowered } from '../lowered.js'
import { after, keyAt, keyType } from './order.js'
import { element, locals, lowerRows, type Row, through } from './rows.js'

/** Rows up to here are sorted by insertion. */
const short = 32

export const argsort = ({ axis, descending }: OpOf<'argsort'>, [x]: readonly Type[]): Lowered => {
  const { dtype, shape } = x!
  return lowerRows(
    x!,
    axis,
    10 + 4 * bytesOf(dtype),
    { key: `argsort.${dtype}.${descending ? 'down' : 'up'}`, write: sortRow(dtype, descending) },
    { scratch: 1024 * bytesOf(dtype) + 2 * entryOf(dtype).size * shape[axis]! },
  )
}

/** A key, then the index: 8 bytes, or 16 of f64. */
const entryOf = (
  dtype: DType,
): { readonly size: number; readonly index: number; readonly move: (to: Code, from: Code) => Code } =>
  dtype === 'f64'
    ? { size: 16, index: 8, move: (to, from) => v128.store(to, v128.load(from)) }
    : { size: 8, index: 4, move: (to, from) => i64.store(to, i64.load(from)) }

const sortRow =
  (dtype: DType, descending: boolean) =>
  ({ local, scratch, x, out, n, step, first }: Row): Code => {
    const type = keyType(dtype)
    const keys = type === 'i64' ? i64 : i32
    const [bytes, entry] = [bytesOf(dtype), entryOf(dtype)]
    const next = (at: Local): Code => increase(at, i32.const(entry.size))
    const [i, at, end, from, to, offset, digit, counts, slot, total] = locals(local)
    const [bits, key] = [local(type), local(type)]
    const rest = i32.mul(n, i32.const(entry.size))
    const entries = i32.add(scratch, i32.const(1024 * bytes))

    const fill: Code = [
      set(from, entries),
      set(to, i32.add(entries, rest)),
      set(at, get(from)),
      set(offset, element(x, first, bytes)),
      forLoop(i, i32.const(0), n, i32.const(1), [
        keys.store(get(at), keyAt(dtype, descending, get(offset), bits)),
        i32.store(get(at), get(i), entry.index),
        next(at),
        increase(offset, i32.mul(step, i32.const(bytes))),
      ]),
      set(end, get(at)),
    ]

    // entry i goes down to where no greater key stands before it
    const insertion: Code = through(at, i32.add(get(from), i32.const(entry.size)), get(end), entry.size, [
      set(key, keys.load(get(at))),
      set(i, i32.load(get(at), entry.index)),
      set(offset, get(at)),
      whileLoop(
        either(
          i32.gtU(get(offset), get(from)),
          after(dtype, keys.load(i32.sub(get(offset), i32.const(entry.size))), get(key)),
          i32.const(0),
        ),
        [
          set(offset, i32.sub(get(offset), i32.const(entry.size))),
          entry.move(i32.add(get(offset), i32.const(entry.size)), get(offset)),
        ],
      ),
      keys.store(get(offset), get(key)),
      i32.store(get(offset), get(i), entry.index),
    ])

    const each = (body: Code): Code => through(at, get(from), get(end), entry.size, body)
    const width = entry.index
    const count = (byte: number): Code => [
      set(
        slot,
        i32.add(
          i32.add(scratch, i32.const(1024 * byte)),
          i32.shl(i32.load8u(get(at), width - bytes + byte), i32.const(2)),
        ),
      ),
      i32.store(get(slot), i32.add(i32.load(get(slot)), i32.const(1))),
    ]
    const slotOf = (at: Local): Code =>
      i32.add(get(counts), i32.shl(i32.load8u(i32.add(get(at), get(digit))), i32.const(2)))
    const pass: Code = [
      // counts become places
      set(total, get(to)),
      through(slot, get(counts), i32.add(get(counts), i32.const(1024)), 4, [
        set(i, i32.load(get(slot))),
        i32.store(get(slot), get(total)),
        set(total, element(get(total), get(i), entry.size)),
      ]),
      each([
        set(slot, slotOf(at)),
        set(i, i32.load(get(slot))),
        entry.move(get(i), get(at)),
        i32.store(get(slot), i32.add(get(i), i32.const(entry.size))),
      ]),
      set(i, get(from)),
      set(from, get(to)),
      set(to, get(i)),
      set(end, i32.add(get(from), rest)),
    ]
    const radix: Code = [
      memory.fill(scratch, i32.const(0), i32.const(1024 * bytes)),
      each(Array.from({ length: bytes }, (_, byte) => count(byte))),
      set(counts, scratch),
      forLoop(digit, i32.const(width - bytes), i32.const(width), i32.const(1), [
        when(i32.ne(i32.load(slotOf(from)), n), pass),
        increase(counts, i32.const(1024)),
      ]),
    ]

    return [
      fill,
      when(i32.leU(n, i32.const(short)), insertion, radix),
      set(offset, element(out, first, 4)),
      each([i32.store(get(offset), i32.load(get(at), entry.index)), increase(offset, i32.mul(step, i32.const(4)))]),
    ]
  }
