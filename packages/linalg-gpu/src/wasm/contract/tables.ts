/** The tables of a block of rows or columns, made once for all blocks of k: of offsets and bounds, and of places for the tiles. */

import { type Code, call, choose, func, get, i32, type Local, set, when } from '../assembler.js'
import { tabulate } from './tabulate.js'
import { header, side } from './words.js'

/** Word `at` of a part of the descriptor. */
export const read = (base: Local, at: number): Code => i32.load(get(base), 4 * at)

/** Places of `start` … `start + count` in a table, and three more that repeat the last: tiles read whole. */
const padded = func('padded', Array(6).fill('i32'), [], ([to, axis, start, count, zero, end]) => [
  call(tabulate, get(to!), get(axis!), i32.const(0), get(start!), get(count!), get(zero!)),
  set(end!, i32.add(get(to!), i32.shl(get(count!), i32.const(2)))),
  [0, 4, 8].map((at) => i32.store(get(end!), i32.load(i32.sub(get(end!), i32.const(4))), at)),
])

/** (words, part, scratch, first, count): the tables of `count` rows or columns from `first`. */
export const open = func('open', Array(5).fill('i32'), [], ([words, part, scratch, first, count], local) => {
  const [from, segments, size] = [local('i32'), local('i32'), local('i32')]
  const inScratch = (at: number): Code => i32.add(get(scratch!), read(part!, at))
  const inWords = (at: number): Code => i32.add(get(words!), read(part!, at))
  const zero = i32.add(get(words!), read(words!, header.zero))
  return [
    when(
      read(part!, side.lines),
      when(
        read(part!, side.alongX),
        [
          set(size, read(part!, side.length)),
          when(read(part!, side.shifted), set(size, read(part!, side.area))),
          set(from, i32.divU(get(first!), get(size))),
          set(
            segments,
            i32.sub(
              i32.divU(i32.add(get(first!), i32.sub(get(count!), i32.const(1))), get(size)),
              i32.sub(get(from), i32.const(1)),
            ),
          ),
          call(
            tabulate,
            inScratch(side.xTable),
            inWords(side.x),
            read(part!, side.bounds),
            get(from),
            get(segments),
            zero,
          ),
        ],
        call(
          tabulate,
          inScratch(side.xTable),
          inWords(side.x),
          read(part!, side.bounds),
          get(first!),
          get(count!),
          zero,
        ),
      ),
      call(padded, inScratch(side.xTable), inWords(side.x), get(first!), get(count!), zero, i32.const(0)),
    ),
    set(from, choose('i32', i32.or(read(part!, side.lines), read(part!, side.packed)), i32.const(0), get(first!))),
    call(padded, inScratch(side.placeTable), inWords(side.places), get(from), get(count!), zero, i32.const(0)),
  ]
})
