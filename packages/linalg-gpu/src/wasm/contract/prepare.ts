/** Gets a block of one operand ready for the tiles: finds it in place, packs it, or fills its lines and packs those.
 *
 *  in place            a plain matrix; nothing is copied
 *  packed              a plain matrix, contiguous along x or along k
 *  shifts              the pictures of a convolution, filled once for all of its window, and packed from there for many rows: see
 *                      `Shift`
 *  lines               anything else: filled along k (and left so, or packed in portions), or filled along x in portions and packed */

import {
  type Code,
  call,
  choose,
  type Func,
  func,
  get,
  i32,
  increase,
  type Local,
  set,
  when,
  whileLoop,
} from '../assembler.js'
import type { Arithmetic } from './arithmetic.js'
import { fillLines } from './lines.js'
import { packColumns, packRows, packShifts } from './pack.js'
import { read } from './tables.js'
import { tabulate } from './tabulate.js'
import { side } from './words.js'

/** (to, places, shifts, k0, k, picture): the places of k0 … k0 + k, `shifts` of each picture. */
const shiftTable = func('shiftTable', Array(6).fill('i32'), [], ([to, places, shifts, k0, k, picture], local) => {
  const [shift, from] = [local('i32'), local('i32')]
  return [
    set(shift, i32.remU(get(k0!), get(shifts!))),
    set(from, i32.const(0)),
    whileLoop(get(k!), [
      i32.store(get(to!), i32.add(get(from), i32.load(i32.add(get(places!), i32.shl(get(shift), i32.const(2)))))),
      increase(to!, i32.const(4)),
      increase(k!, i32.const(-1)),
      increase(shift, i32.const(1)),
      when(i32.eq(get(shift), get(shifts!)), [set(shift, i32.const(0)), increase(from, get(picture!))]),
    ]),
  ]
})

/** (words, part, scratch, first, count, k0, k) → the address that the table of places, or the panels, start from. */
export const preparation = (arithmetic: Arithmetic): Func => {
  const { lanes, size } = arithmetic
  const [columnsOf, rowsOf, shiftsOf] = [packColumns(arithmetic), packRows(arithmetic), packShifts(arithmetic)]
  const fill = fillLines(arithmetic)

  return func(`prepare${arithmetic.name}`, Array(7).fill('i32'), ['i32'], (params, local) => {
    const [words, part, scratch, first, count, k0, k] = params
    const [from, at, portion, buffer] = [local('i32'), local('i32'), local('i32'), local('i32')]
    const [pictures, picture, entry, rest] = [local('i32'), local('i32'), local('i32'), local('i32')]
    const inScratch = (at: number): Code => i32.add(get(scratch!), read(part!, at))
    const inWords = (at: number): Code => i32.add(get(words!), read(part!, at))
    const length = read(part!, side.length)
    const record = i32.shl(i32.add(read(part!, side.bounds), i32.const(1)), i32.const(2))
    const lastSegment = i32.divU(i32.add(get(k0!), i32.sub(get(k!), i32.const(1))), length)
    const kTable = (start: Code, many: Code): Code =>
      call(
        tabulate,
        inScratch(side.kTable),
        inWords(side.k),
        read(part!, side.bounds),
        start,
        many,
        inScratch(side.state),
      )
    const filled = (lineTable: Code, segmentTable: Code, lines: Code, first: Code, count: Code, to: Code): Code =>
      call(
        fill, lineTable, segmentTable, lines, i32.remU(first, length), count, length, read(part!, side.stride),
        read(part!, side.bounds), inWords(side.boundTable), to, read(part!, side.pitch),
      ) // biome-ignore format: one call
    /** Runs the body on portions of [0, total). */
    const portions = (total: Local, body: Code): Code => [
      set(at, i32.const(0)),
      whileLoop(i32.ltS(get(at), get(total)), [
        set(portion, i32.sub(get(total), get(at))),
        when(i32.gtS(get(portion), read(part!, side.chunk)), set(portion, read(part!, side.chunk))),
        body,
        increase(at, read(part!, side.chunk)),
      ]),
    ]
    const toPanel = i32.mul(i32.divU(get(at), i32.const(4 * lanes)), read(part!, side.panel))
    const alongX = [
      kTable(get(k0!), get(k!)),
      when(
        i32.eqz(read(part!, side.packed)),
        filled(inScratch(side.kTable), inScratch(side.xTable), get(k!), get(first!), get(count!), get(buffer)),
        portions(k!, [
          filled(
            i32.add(inScratch(side.kTable), i32.mul(get(at), record)),
            inScratch(side.xTable),
            get(portion),
            get(first!),
            get(count!),
            inScratch(side.temporary),
          ),
          call(
            columnsOf,
            inScratch(side.temporary),
            read(part!, side.pitch),
            i32.add(get(buffer), i32.mul(get(at), read(part!, side.width))),
            read(part!, side.width),
            read(part!, side.panel),
            get(count!),
            get(portion),
          ),
        ]),
      ),
    ]
    /** The lines of all pictures of this block of k. */
    const shifts = [
      set(from, i32.divU(get(k0!), read(part!, side.shifts))),
      set(at, i32.divU(i32.add(get(k0!), i32.sub(get(k!), i32.const(1))), read(part!, side.shifts))),
      set(portion, i32.mul(i32.sub(get(at), i32.sub(get(from), i32.const(1))), read(part!, side.pictureLines))),
      set(from, i32.mul(get(from), read(part!, side.pictureLines))),
      kTable(get(from), get(portion)),
      set(pictures, get(buffer)),
      when(read(part!, side.packed), set(pictures, inScratch(side.temporary))),
      set(picture, get(pictures)),
      set(entry, inScratch(side.xTable)),
      set(rest, get(count!)),
      whileLoop(i32.gtS(get(rest), i32.const(0)), [
        filled(inScratch(side.kTable), get(entry), get(portion), i32.const(0), length, get(picture)),
        increase(picture, read(part!, side.pictureBytes)),
        increase(entry, record),
        set(rest, i32.sub(get(rest), read(part!, side.area))),
      ]),
      call(
        shiftTable,
        inScratch(side.shiftTable),
        inWords(side.shiftPlaces),
        read(part!, side.shifts),
        get(k0!),
        get(k!),
        i32.mul(read(part!, side.pictureLines), read(part!, side.pitch)),
      ),
      when(read(part!, side.packed), [
        call(
          shiftsOf,
          get(pictures),
          inScratch(side.placeTable),
          inScratch(side.shiftTable),
          get(buffer),
          read(part!, side.panel),
          get(count!),
          get(k!),
        ),
        set(pictures, get(buffer)),
      ]),
      get(pictures),
    ]
    const alongK = [
      set(from, i32.divU(get(k0!), length)),
      kTable(get(from), i32.sub(lastSegment, i32.sub(get(from), i32.const(1)))),
      when(
        read(part!, side.packed),
        portions(count!, [
          filled(
            i32.add(inScratch(side.xTable), i32.mul(get(at), record)),
            inScratch(side.kTable),
            get(portion),
            get(k0!),
            get(k!),
            inScratch(side.temporary),
          ),
          call(
            rowsOf,
            inScratch(side.temporary),
            inScratch(side.placeTable),
            i32.add(get(buffer), toPanel),
            read(part!, side.panel),
            get(portion),
            get(k!),
          ),
        ]),
        filled(inScratch(side.xTable), inScratch(side.kTable), get(count!), get(k0!), get(k!), get(buffer)),
      ),
      get(buffer),
    ]
    const matrix = [
      call(
        tabulate,
        inScratch(side.kTable),
        inWords(side.k),
        i32.const(0),
        get(k0!),
        i32.const(1),
        inScratch(side.state),
      ),
      set(from, i32.load(inScratch(side.kTable))),
      choose(
        'i32',
        read(part!, side.packed),
        [
          when(
            read(part!, side.alongX),
            call(
              columnsOf,
              i32.add(get(from), i32.load(inScratch(side.xTable))),
              read(part!, side.stride),
              get(buffer),
              read(part!, side.width),
              read(part!, side.panel),
              get(count!),
              get(k!),
            ),
            call(rowsOf, get(from), inScratch(side.xTable), get(buffer), read(part!, side.panel), get(count!), get(k!)),
          ),
          get(buffer),
        ],
        [
          when(read(part!, side.alongX), [
            increase(from, i32.load(inScratch(side.xTable))),
            set(portion, i32.and(get(count!), read(part!, side.tail))),
            set(at, i32.sub(get(count!), get(portion))),
            call(
              columnsOf,
              i32.add(get(from), i32.mul(get(at), i32.const(size))),
              read(part!, side.stride),
              get(buffer),
              i32.const(16),
              i32.const(0),
              get(portion),
              get(k!),
            ),
          ]),
          get(from),
        ],
      ),
    ]
    return [
      set(buffer, inScratch(side.buffer)),
      choose(
        'i32',
        i32.eqz(get(k!)),
        get(buffer),
        choose(
          'i32',
          read(part!, side.lines),
          choose(
            'i32',
            read(part!, side.alongX),
            choose('i32', read(part!, side.shifted), shifts, [alongX, get(buffer)]),
            alongK,
          ),
          matrix,
        ),
      ),
    ]
  })
}
