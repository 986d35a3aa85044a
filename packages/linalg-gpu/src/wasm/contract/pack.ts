/** Copies of blocks of an operand, in the order in which the tiles read them.
 *
 *  A packed panel is [k][width bytes]: 64 bytes (four vectors) of the columns of `right`, 16 (one vector) of the rows of `left`. */

import { type Code, func, get, i32, increase, type Local, set, v128, when, whileLoop } from '../assembler.js'
import type { Arithmetic } from './arithmetic.js'

const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))

/** Copies `count` elements one by one. */
const elements = ({ bits, size }: Arithmetic, to: Local, from: Local, count: Local): Code =>
  whileLoop(i32.gtS(get(count), i32.const(0)), [
    bits.store(get(to), bits.load(get(from))),
    increase(to, i32.const(size)),
    increase(from, i32.const(size)),
    increase(count, i32.const(-1)),
  ])

/** (from, pitch, to, width, panel, count, k): `k` lines, `pitch` bytes apart, of `count` adjacent elements each. The rest of a
 *  last vector is zeros. */
export const packColumns = (arithmetic: Arithmetic) =>
  func(
    `packColumns${arithmetic.size}`,
    Array(7).fill('i32'),
    [],
    ([from, pitch, to, width, panel, count, k], local) => {
      const { lanes } = arithmetic
      const [at, into, rest, step] = [local('i32'), local('i32'), local('i32'), local('i32')]
      return [
        // narrow panels follow each other a panel apart, the vectors of a wide one 16 bytes
        set(step, get(panel!)),
        when(i32.eq(get(width!), i32.const(64)), set(step, i32.const(16))),
        whileLoop(i32.gtS(get(k!), i32.const(0)), [
          set(at, get(from!)),
          set(into, get(to!)),
          set(rest, get(count!)),
          when(
            i32.eq(get(width!), i32.const(64)),
            whileLoop(i32.geS(get(rest), i32.const(4 * lanes)), [
              many(4, (i) => v128.store(get(into), v128.load(get(at), 16 * i), 16 * i)),
              increase(at, i32.const(64)),
              increase(into, get(panel!)),
              increase(rest, i32.const(-4 * lanes)),
            ]),
          ),
          whileLoop(i32.geS(get(rest), i32.const(lanes)), [
            v128.store(get(into), v128.load(get(at))),
            increase(at, i32.const(16)),
            increase(into, get(step)),
            increase(rest, i32.const(-lanes)),
          ]),
          when(get(rest), [v128.store(get(into), v128.const(Array(16).fill(0))), elements(arithmetic, into, at, rest)]),
          increase(from!, get(pitch!)),
          increase(to!, get(width!)),
          increase(k!, i32.const(-1)),
        ]),
      ]
    },
  )

/** (from, table, to, panel, count, k): `count` lines along k, at the offsets of the table, turned into panels of 64 bytes.
 *  The table is readable up to a whole vector of lines. */
export const packRows = (arithmetic: Arithmetic) =>
  func(`packRows${arithmetic.size}`, Array(6).fill('i32'), [], ([from, table, to, panel, count, k], local) => {
    const { lanes, size, bits } = arithmetic
    const row = many(lanes, () => local('i32'))
    const x = many(lanes, () => local('v128'))
    const y = many(lanes, () => local('v128'))
    const [into, rest, quad] = [local('i32'), local('i32'), local('i32')]
    const eights = (...at: number[]): number[] => at.flatMap((i) => many(8, (j) => 8 * i + j))
    const fours = (...at: number[]): number[] => at.flatMap((i) => many(4, (j) => 4 * i + j))
    const mix = (bytes: number[], a: Local, b: Local): Code => v128.shuffle(bytes, get(a), get(b))
    const turned: readonly [Code, readonly Code[]] =
      lanes === 2
        ? [[], [mix(eights(0, 2), x[0]!, x[1]!), mix(eights(1, 3), x[0]!, x[1]!)]]
        : [
            [
              set(y[0]!, mix(fours(0, 4, 1, 5), x[0]!, x[1]!)),
              set(y[1]!, mix(fours(2, 6, 3, 7), x[0]!, x[1]!)),
              set(y[2]!, mix(fours(0, 4, 1, 5), x[2]!, x[3]!)),
              set(y[3]!, mix(fours(2, 6, 3, 7), x[2]!, x[3]!)),
            ],
            [
              mix(eights(0, 2), y[0]!, y[2]!),
              mix(eights(1, 3), y[0]!, y[2]!),
              mix(eights(0, 2), y[1]!, y[3]!),
              mix(eights(1, 3), y[1]!, y[3]!),
            ],
          ]
    return whileLoop(i32.gtS(get(count!), i32.const(0)), [
      row.map((r, i) => set(r, i32.add(get(from!), i32.load(get(table!), 4 * i)))),
      set(into, get(to!)),
      set(rest, get(k!)),
      whileLoop(i32.geS(get(rest), i32.const(lanes)), [
        row.map((r, i) => set(x[i]!, v128.load(get(r)))),
        turned[0],
        turned[1].map((z, i) => v128.store(get(into), z, 64 * i)),
        row.map((r) => increase(r, i32.const(16))),
        increase(into, i32.const(64 * lanes)),
        increase(rest, i32.const(-lanes)),
      ]),
      whileLoop(get(rest), [
        row.map((r, i) => [bits.store(get(into), bits.load(get(r)), size * i), increase(r, i32.const(size))]),
        increase(into, i32.const(64)),
        increase(rest, i32.const(-1)),
      ]),
      increase(table!, i32.const(4 * lanes)),
      increase(count!, i32.const(-lanes)),
      // the next vector of this panel, or the first of the next
      increase(quad, i32.const(1)),
      increase(to!, i32.const(16)),
      when(i32.eqz(i32.and(get(quad), i32.const(3))), increase(to!, i32.sub(get(panel!), i32.const(64)))),
    ])
  })

/** (from, places, shifts, to, panel, count, k): panels of vectors of columns that each lie somewhere, by the table `places` of
 *  columns, and move by the table `shifts` of k. What is missing of a last panel is anything. */
export const packShifts = (arithmetic: Arithmetic) =>
  func(
    `packShifts${arithmetic.size}`,
    Array(7).fill('i32'),
    [],
    ([from, places, shifts, to, panel, count, k], local) => {
      const { lanes } = arithmetic
      const vectors = many(4, () => local('i32'))
      const [into, shift, at, turns] = [local('i32'), local('i32'), local('i32'), local('i32')]
      return whileLoop(i32.gtS(get(count!), i32.const(0)), [
        vectors.map((vector, i) => [
          when(i32.gtS(get(count!), i32.const(i * lanes)), set(at, i32.load(get(places!), 4 * lanes * i))),
          set(vector, i32.add(get(from!), get(at))),
        ]),
        set(into, get(to!)),
        set(shift, get(shifts!)),
        set(turns, get(k!)),
        whileLoop(get(turns), [
          set(at, i32.load(get(shift))),
          vectors.map((vector, i) => v128.store(get(into), v128.load(i32.add(get(vector), get(at))), 16 * i)),
          increase(into, i32.const(64)),
          increase(shift, i32.const(4)),
          increase(turns, i32.const(-1)),
        ]),
        increase(places!, i32.const(16 * lanes)),
        increase(to!, get(panel!)),
        increase(count!, i32.const(-4 * lanes)),
      ])
    },
  )
