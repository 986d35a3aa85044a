/** Rows added at indices: u […b, …i, …r], i […b, …i] → […b, size, …r]; a unit is a row of the result.
 *
 *  A call first sorts the updates of its rows by row, in their order, by counting, and then sums each row in registers: so it writes
 *  a row once, and no sum depends on how rows are dealt out. Rows without updates stay 0.
 *  Scratch  for each row the end of its updates; then the addresses of the updates. */

import type { OpOf } from '../../program/op.js'
import type { Type } from '../../program/type.js'
import { sizeOf } from '../../shape.js'
import {
  type Code,
  either,
  type Func,
  forLoop,
  get,
  i32,
  i32x4,
  increase,
  memory,
  set,
  when,
  whileLoop,
} from '../assembler.js'
import { kernelFunction, type Lowered, pointer, word } from '../lowered.js'
import { element, locals, through } from './rows.js'
import { accumulate, type Sums, sumsOf } from './sums.js'

export const scatterAdd = (op: OpOf<'scatterAdd'>, [updates, indices]: readonly Type[]): Lowered => {
  const { dtype } = updates!
  const each = sizeOf(indices!.shape.slice(op.batch))
  const rest = sizeOf(updates!.shape.slice(indices!.shape.length))
  const key = `scatterAdd.${dtype === 'u32' ? 'i32' : dtype}`
  // nanoseconds of a row: what it writes, and its share of the updates
  const row = 2 + rest / 2 + (each / Math.max(1, op.size)) * (2 + rest / 2)
  return {
    key,
    build: () => scatterFunction(key, sumsOf(dtype)),
    words: [{ operand: 0 }, { operand: 1 }, { operand: 2 }, op.size, each, rest],
    units: sizeOf(indices!.shape.slice(0, op.batch)) * op.size,
    // every call looks at all indices of its batch, which is to be a small part of its work
    grain: Math.ceil(Math.max(20_000, 4 * each) / row),
    scratch: 4 * (op.size + each),
  }
}

const scatterFunction = (key: string, sums: Sums): Func =>
  kernelFunction(key, ({ words, lo, hi, scratch, local }) => {
    const w = get(words)
    const [updates, indices, out, size, each, row, order, count, batch, first] = locals(local)
    const [i, at, from, to, begin, total, column] = locals(local)
    const eachHere = (body: Code): Code =>
      forLoop(i, i32.const(0), get(each), i32.const(1), [
        set(at, i32.sub(i32.load(element(get(indices), get(i), 4)), get(first))),
        // one comparison for both ends: a negative index is a great unsigned one
        when(i32.ltU(get(at), get(count)), [set(at, element(get(scratch), get(at), 4)), body]),
      ])
    const eachRow = (body: Code): Code => through(at, get(scratch), element(get(scratch), get(count), 4), 4, body)
    const sort: Code = [
      memory.fill(get(scratch), i32.const(0), i32.shl(get(count), i32.const(2))),
      eachHere(i32.store(get(at), i32.add(i32.load(get(at)), i32.const(4)))),
      // counts become places, and with each update that is put there the place of the next
      set(total, get(order)),
      eachRow([set(i, i32.load(get(at))), i32.store(get(at), get(total)), increase(total, get(i))]),
      eachHere([
        set(to, i32.load(get(at))),
        i32.store(get(to), i32.add(get(updates), i32.mul(get(i), get(row)))),
        i32.store(get(at), i32.add(get(to), i32.const(4))),
      ]),
    ]
    const columns = (bytes: number, start: Code, add: Code, store: Code): Code =>
      whileLoop(i32.leS(i32.add(get(column), i32.const(bytes)), get(row)), [
        start,
        through(i, get(begin), i32.load(get(at)), 4, [set(from, i32.add(i32.load(get(i)), get(column))), add]),
        set(to, i32.add(get(out), get(column))),
        store,
        increase(column, i32.const(bytes)),
      ])
    const { vector } = sums
    const one = local(sums.type)
    const block = Array.from({ length: 8 }, () => local('v128'))
    const sumRow: Code = [
      set(column, i32.const(0)),
      columns(
        block.length * vector.lanes * sums.bytes,
        block.map((sum) => set(sum, i32x4.const(0))),
        block.map((sum, j) => set(sum, vector.add(get(sum), vector.read(get(from), j)))),
        block.map((sum, j) => vector.write(get(to), get(sum), j)),
      ),
      columns(
        sums.bytes,
        set(one, sums.zero),
        accumulate(sums, one, sums.read(get(from))),
        sums.write(get(to), get(one)),
      ),
    ]
    const left = i32.sub(get(hi), get(lo))
    return [
      set(size, word(w, 3)),
      set(each, word(w, 4)),
      set(row, i32.mul(word(w, 5), i32.const(sums.bytes))),
      set(order, element(get(scratch), get(size), 4)),
      set(out, i32.add(pointer(w, 2), i32.mul(get(lo), get(row)))),
      memory.fill(get(out), i32.const(0), i32.mul(left, get(row))),
      whileLoop(i32.ltU(get(lo), get(hi)), [
        set(batch, i32.mul(i32.divU(get(lo), get(size)), get(each))),
        set(first, i32.remU(get(lo), get(size))),
        set(count, i32.sub(get(size), get(first))),
        set(count, either(i32.ltU(get(count), left), get(count), left)),
        set(indices, element(pointer(w, 1), get(batch), 4)),
        set(updates, i32.add(pointer(w, 0), i32.mul(get(batch), get(row)))),
        sort,
        set(begin, get(order)),
        eachRow([
          when(i32.ne(get(begin), i32.load(get(at))), sumRow),
          set(begin, i32.load(get(at))),
          increase(out, get(row)),
        ]),
        increase(lo, get(count)),
      ]),
    ]
  })
