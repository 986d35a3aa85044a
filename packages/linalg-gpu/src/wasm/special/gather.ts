/** Rows at indices: x […b, n, …r], i […b, …i] → […b, …i, …r]; a unit is an index. Only bytes are moved, so dtypes of one width share code. */

import { bytesOf, storage } from '../../dtype.js'
import { toHalf } from '../../plain/half.js'
import type { OpOf } from '../../program/op.js'
import type { Type } from '../../program/type.js'
import { sizeOf } from '../../shape.js'
import {
  type Code, either, type Func, get, i32, i64, increase, memory, set, v128, when, whileLoop,
} from '../assembler.js' // biome-ignore format: a list
import { kernelFunction, type Lowered, pointer, word } from '../lowered.js'
import { element, grainOf, locals } from './rows.js'

/** Bytes from which on `memory.copy` pays for its call. */
const long = 192

export const gather = (op: OpOf<'gather'>, [x, indices]: readonly Type[]): Lowered => {
  const bytes = bytesOf(x!.dtype)
  const rest = sizeOf(x!.shape.slice(op.batch + 1))
  const fill = new Int32Array(2)
  const one = storage(x!.dtype, 1).fill(x!.dtype === 'f16' ? toHalf(op.fill) : op.fill)
  new Uint8Array(fill.buffer).set(new Uint8Array(one.buffer))
  const key = `gather.${bytes}.${rest === 1 ? 'elements' : 'rows'}`
  return {
    key,
    build: () => gatherFunction(key, bytes, rest === 1),
    words: [
      { operand: 0 },
      { operand: 1 },
      { operand: 2 },
      x!.shape[op.batch]!,
      sizeOf(indices!.shape.slice(op.batch)),
      rest * bytes,
      ...fill,
    ],
    units: indices!.size,
    grain: grainOf(2 + (rest * bytes) / 8),
    scratch: 0,
  }
}

const moves: { readonly [bytes: number]: readonly [typeof i32.load, typeof i32.store] } = {
  1: [i32.load8u, i32.store8], 2: [i32.load16u, i32.store16], 4: [i32.load, i32.store], 8: [i64.load, i64.store],
} // biome-ignore format: a table

const gatherFunction = (key: string, bytes: number, single: boolean): Func =>
  kernelFunction(key, ({ words, lo, hi, local }) => {
    const w = get(words)
    const [load, store] = moves[bytes]!
    const [base, indices, n, row, end, batch, at, from, to, stop] = locals(local)
    const fill = local(bytes === 8 ? 'i64' : 'i32')
    const by = (count: number): Code => [increase(from, i32.const(count)), increase(to, i32.const(count))]
    const copy: Code = single
      ? store(get(to), load(get(from)))
      : when(i32.geU(get(row), i32.const(long)), memory.copy(get(to), get(from), get(row)), [
          set(stop, i32.add(get(to), get(row))),
          whileLoop(i32.geU(i32.sub(get(stop), get(to)), i32.const(16)), [
            v128.store(get(to), v128.load(get(from))),
            by(16),
          ]),
          whileLoop(i32.ltU(get(to), get(stop)), [store(get(to), load(get(from))), by(bytes)]),
        ])
    const filled: Code = [
      set(stop, i32.add(get(to), get(row))),
      whileLoop(i32.ltU(get(to), get(stop)), [store(get(to), get(fill)), increase(to, i32.const(bytes))]),
    ]
    return [
      set(indices, pointer(w, 1)),
      set(n, word(w, 3)),
      set(row, word(w, 5)),
      set(fill, (bytes === 8 ? i64 : i32).load(w, 24)),
      whileLoop(i32.ltU(get(lo), get(hi)), [
        set(batch, i32.divU(get(lo), word(w, 4))),
        set(end, i32.mul(i32.add(get(batch), i32.const(1)), word(w, 4))),
        set(end, either(i32.ltU(get(end), get(hi)), get(end), get(hi))),
        set(base, i32.add(pointer(w, 0), i32.mul(i32.mul(get(batch), get(n)), get(row)))),
        whileLoop(i32.ltU(get(lo), get(end)), [
          set(at, i32.load(element(get(indices), get(lo), 4))),
          set(to, i32.add(pointer(w, 2), i32.mul(get(lo), get(row)))),
          set(from, i32.add(get(base), i32.mul(get(at), get(row)))),
          // one comparison for both ends: a negative index is a great unsigned one
          when(i32.ltU(get(at), get(n)), copy, filled),
          increase(lo, i32.const(1)),
        ]),
      ]),
    ]
  })
