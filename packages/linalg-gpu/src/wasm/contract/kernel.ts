/** The code of contractions: one function for each element type, which finds all else in the descriptor.
 *
 *  A unit is a block of rows by a block of columns of one product of the batch. For each block of k, its parts of the operands are
 *  made ready, and tiles run over them, panel of columns by panel of columns, so that a panel of `right` stays in the first-level
 *  cache while all rows of `left` pass by. Units in a row of the same columns go through k together, so that what is made ready of
 *  `right` serves all of them. Every element of the result sums its blocks of k in order, and within each in the order of its
 *  tile: neither depends on units, nor on which of them go together. */

import {
  type Code, call, type Func, func, get, i32, increase, type Local, set, tee, when, whileLoop,
} from '../assembler.js' // biome-ignore format: one import
import { kernelFunction, pointer, word } from '../lowered.js'
import type { Arithmetic } from './arithmetic.js'
import { preparation } from './prepare.js'
import { open } from './tables.js'
import { tabulate } from './tabulate.js'
import { dotted, spread } from './tiles.js'
import { header, leftAt, rightAt, side } from './words.js'

/** (tile, rows, columns, out, rowTable, columnTable, accumulate): brings a tile of rows of 64 bytes to wherever the tables say. */
const scatter = ({ name, scalar, size }: Arithmetic): Func =>
  func(`scatter${name}`, Array(7).fill('i32'), [], (params, local) => {
    const [tile, rows, columns, out, rowTable, columnTable, accumulate] = params
    const [row, from, entry, rest, to] = [local('i32'), local('i32'), local('i32'), local('i32'), local('i32')]
    const moved = (count: number, accumulates: boolean): Code =>
      whileLoop(i32.geS(get(rest), i32.const(count)), [
        Array.from({ length: count }, (_, i) => {
          const value = scalar.load(get(from), size * i)
          return [
            set(to, i32.add(get(row), i32.load(get(entry), 4 * i))),
            scalar.store(get(to), accumulates ? scalar.add(scalar.load(get(to)), value) : value),
          ]
        }),
        increase(from, i32.const(count * size)),
        increase(entry, i32.const(4 * count)),
        increase(rest, i32.const(-count)),
      ])
    return whileLoop(i32.gtS(get(rows!), i32.const(0)), [
      set(row, i32.add(get(out!), i32.load(get(rowTable!)))),
      set(from, get(tile!)),
      set(entry, get(columnTable!)),
      set(rest, get(columns!)),
      when(get(accumulate!), [moved(4, true), moved(1, true)], [moved(4, false), moved(1, false)]),
      increase(tile!, i32.const(64)),
      increase(rowTable!, i32.const(4)),
      increase(rows!, i32.const(-1)),
    ])
  })

/** (table, count, size): whether the entries are neighbours in memory. */
const adjacent = func('adjacent', ['i32', 'i32', 'i32'], ['i32'], ([table, count, size], local) => {
  const yes = local('i32')
  return [
    set(yes, i32.const(1)),
    whileLoop(tee(count!, i32.sub(get(count!), i32.const(1))), [
      set(yes, i32.and(get(yes), i32.eq(i32.sub(i32.load(get(table!), 4), i32.load(get(table!))), get(size!)))),
      increase(table!, i32.const(4)),
    ]),
    get(yes),
  ]
})

export const contraction = (arithmetic: Arithmetic): Func => {
  const { lanes, size } = arithmetic
  const prepare = preparation(arithmetic)
  const scattered = scatter(arithmetic)
  const tiles = (shifted: boolean) =>
    ([[2, 4], [4, 2], [4, 1]] as const).map(([height, vectors]) => ({
      vectors,
      tile: spread(arithmetic, height, vectors, shifted),
    })) // biome-ignore format: a table
  const [spreads, shifts] = [tiles(false), tiles(true)]
  const pairs = [
    { columns: 2, tile: dotted(arithmetic, 2) },
    { columns: 1, tile: dotted(arithmetic, 1) },
  ]
  return kernelFunction(`contract_${arithmetic.name}`, ({ words, lo, hi, scratch, local }) => {
    const i32s = <K extends string>(...names: K[]): Record<K, Local> =>
      Object.fromEntries(names.map((name) => [name, local('i32')])) as Record<K, Local>
    const v = i32s(
      'batch', 'm0', 'rows', 'first', 'last', 'block', 'n0', 'columns', 'k0', 'k', 'left', 'right', 'out', 'j', 'rest', 'accumulate', 'lastM', 'lastN',
      'leftTable', 'leftStep', 'rightTable', 'rowTable', 'columnTable', 'here', 'begins', 'pitch', 'limit',
    ) // biome-ignore format: a list
    const at = (place: number): Code => word(get(words), place)
    const inScratch = (place: number): Code => i32.add(get(scratch), at(place))
    const partAt = (first: number): Code => i32.add(get(words), i32.const(4 * first))
    const inWords = (place: number): Code => i32.add(get(words), at(place))
    const table = (to: Code, axis: number, start: Code, count: Code, bases: Code): Code =>
      call(tabulate, to, inWords(axis), i32.const(0), start, count, bases)
    const zero = inWords(header.zero)

    /** Offset and bounds of one operand in this batch; the offset becomes an address. */
    const place = (first: number): Code => [
      call(
        tabulate,
        inScratch(first + side.state),
        inWords(first + side.batch),
        at(first + side.bounds),
        get(v.batch),
        i32.const(1),
        inWords(first + side.start),
      ),
      set(v.here, inScratch(first + side.state)),
      i32.store(get(v.here), i32.add(i32.load(get(v.here)), pointer(get(words), first + side.cell))),
    ]
    const opened = (last: Local, start: Local, count: Local, first: number, own: number, outAxis: number): Code =>
      when(i32.ne(get(last), get(start)), [
        set(last, get(start)),
        call(open, get(words), partAt(first), get(scratch), get(start), get(count)),
        table(inScratch(own), outAxis, get(start), get(count), zero),
      ])
    const prepared = (first: number, start: Local, count: Local): Code =>
      call(prepare, get(words), partAt(first), get(scratch), get(start), get(count), get(v.k0), get(v.k))
    const columnTable = i32.add(get(v.columnTable), i32.shl(get(v.j), i32.const(2)))
    const atMost = (x: Local, limit: Code): Code => when(i32.gtS(get(x), limit), set(x, limit))

    const dots = pairs.map(({ columns, tile }) =>
      whileLoop(i32.geS(i32.sub(get(v.columns), get(v.j)), i32.const(columns)), [
        call(
          tile,
          get(v.left),
          get(v.leftTable),
          get(v.right),
          i32.add(get(v.rightTable), i32.shl(get(v.j), i32.const(2))),
          get(v.rows),
          get(v.k),
          get(v.out),
          get(v.rowTable),
          columnTable,
          get(v.accumulate),
        ),
        increase(v.j, i32.const(columns)),
      ]),
    )
    /** Of the `rest` of the columns as many as fit into one tile, from the address `here`. */
    const column = (width: number, tile: Func): Code => {
      const tiled = (out: Code, outTable: Code, accumulate: Code): Code =>
        call(
          tile, get(v.left), get(v.leftTable), get(v.leftStep), get(v.here), get(v.pitch), get(v.rows), get(v.k),
          out, outTable, accumulate,
        ) // biome-ignore format: one call
      return [
        atMost(v.rest, i32.const(width)),
        when(
          i32.and(
            i32.eq(get(v.rest), i32.const(width)),
            call(adjacent, columnTable, i32.const(width), i32.const(size)),
          ),
          tiled(i32.add(get(v.out), i32.load(columnTable)), get(v.rowTable), get(v.accumulate)),
          [
            tiled(inScratch(header.tile), inScratch(header.tileTable), i32.const(0)),
            call(
              scattered, inScratch(header.tile), get(v.rows), get(v.rest), get(v.out), get(v.rowTable), columnTable,
              get(v.accumulate),
            ), // biome-ignore format: one call
          ],
        ),
        increase(v.j, get(v.rest)),
      ]
    }
    const panels = [
      set(v.here, get(v.right)),
      set(v.pitch, at(rightAt + side.step)),
      // a last vector that is not whole is not read in place, but from a copy
      set(v.limit, i32.sub(get(v.columns), i32.and(get(v.columns), at(rightAt + side.tail)))),
      spreads.map(({ vectors, tile }) =>
        // a last vector counts as whole
        whileLoop(
          i32.gtS(i32.sub(get(vectors === 1 ? v.columns : v.limit), get(v.j)), i32.const((vectors - 1) * lanes)),
          [
            set(v.rest, i32.sub(get(v.columns), get(v.j))),
            vectors === 1
              ? when(i32.geS(get(v.j), get(v.limit)), [
                  set(v.here, inScratch(rightAt + side.buffer)),
                  set(v.pitch, i32.const(16)),
                ])
              : [],
            column(vectors * lanes, tile),
            increase(v.here, vectors === 4 ? at(rightAt + side.advance) : i32.const(16 * vectors)),
          ],
        ),
      ),
    ]
    // columns in runs of `run`
    const shifted = [
      set(v.pitch, inScratch(rightAt + side.shiftTable)),
      whileLoop(i32.ltS(get(v.j), get(v.columns)), [
        set(v.here, i32.add(get(v.right), i32.load(i32.add(get(v.rightTable), i32.shl(get(v.j), i32.const(2)))))),
        set(v.rest, i32.sub(at(rightAt + side.run), i32.remU(get(v.j), at(rightAt + side.run)))),
        shifts.reduceRight<Code>(
          (narrower, { vectors, tile }) =>
            vectors === 1
              ? column(lanes, tile)
              : when(i32.geS(get(v.rest), i32.const(vectors * lanes)), column(vectors * lanes, tile), narrower),
          [],
        ),
      ]),
    ]

    return [
      set(v.lastM, i32.const(-1)),
      set(v.lastN, i32.const(-1)),
      table(inScratch(header.tileTable), header.tileAxis, i32.const(0), at(header.rows), zero),
      whileLoop(i32.ltS(get(lo), get(hi)), [
        set(v.here, i32.divU(get(lo), at(header.rowBlocks))),
        set(v.first, i32.sub(get(lo), i32.mul(get(v.here), at(header.rowBlocks)))),
        // further units of these columns share what is made ready of `right`
        set(v.last, i32.add(get(v.first), i32.sub(get(hi), get(lo)))),
        atMost(v.last, at(header.rowBlocks)),
        when(i32.eqz(at(header.shared)), set(v.last, i32.add(get(v.first), i32.const(1)))),
        set(v.batch, i32.divU(get(v.here), at(header.columnBlocks))),
        set(v.n0, i32.mul(i32.sub(get(v.here), i32.mul(get(v.batch), at(header.columnBlocks))), at(header.columns))),
        set(v.columns, i32.sub(at(header.n), get(v.n0))),
        atMost(v.columns, at(header.columns)),

        place(leftAt),
        place(rightAt),
        table(inScratch(header.outState), header.outBatch, get(v.batch), i32.const(1), zero),
        set(
          v.out,
          i32.add(i32.add(i32.load(inScratch(header.outState)), at(header.outOffset)), pointer(get(words), header.out)),
        ),
        opened(v.lastN, v.n0, v.columns, rightAt, header.columnTable, header.outN),
        set(v.rowTable, inScratch(header.rowTable)),
        set(v.columnTable, inScratch(header.columnTable)),
        set(v.leftTable, inScratch(leftAt + side.placeTable)),
        set(v.rightTable, inScratch(rightAt + side.placeTable)),
        set(v.leftStep, at(leftAt + side.step)),

        set(v.k0, i32.const(0)),
        set(v.accumulate, i32.const(0)),
        // at least once: sums over nothing are zeros
        set(v.begins, i32.const(1)),
        whileLoop(i32.or(get(v.begins), i32.ltS(get(v.k0), at(header.k))), [
          set(v.begins, i32.const(0)),
          set(v.k, i32.sub(at(header.k), get(v.k0))),
          atMost(v.k, at(header.depth)),
          set(v.right, prepared(rightAt, v.n0, v.columns)),
          set(v.block, get(v.first)),
          whileLoop(i32.ltS(get(v.block), get(v.last)), [
            set(v.m0, i32.mul(get(v.block), at(header.rows))),
            set(v.rows, i32.sub(at(header.m), get(v.m0))),
            atMost(v.rows, at(header.rows)),
            opened(v.lastM, v.m0, v.rows, leftAt, header.rowTable, header.outM),
            set(v.left, prepared(leftAt, v.m0, v.rows)),
            set(v.j, i32.const(0)),
            when(
              at(header.dotted),
              dots,
              when(i32.gtU(at(rightAt + side.shifted), at(rightAt + side.packed)), shifted, panels),
            ),
            increase(v.block, i32.const(1)),
          ]),
          increase(v.k0, get(v.k)),
          set(v.accumulate, i32.const(1)),
        ]),
        increase(lo, i32.sub(get(v.last), get(v.first))),
      ]),
    ]
  })
}
