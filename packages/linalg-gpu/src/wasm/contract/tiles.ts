/** The innermost loops: a few rows by a few vectors of the result, held in registers over all of a block of k.
 *
 *  spread   out[i, j] += Σ_k left[i, k] · right[k, j]: an element of `left` is spread over the lanes, a vector runs along columns
 *  dotted   out[i, j] += Σ_k left[i, k] · right[j, k]: a vector runs along k, and its lanes are added at the end
 *
 *  Rows are found through a table of byte offsets, so `left` is read wherever it lies.
 *  x86 has 16 vector registers: 2x4 and 4x2 vectors of sums are the largest tiles that V8 does not spill, and k is not unrolled
 *  (Zen 4, Node 20, f32 in cache: spread 2x16 reaches 40 GFLOP/s, 51 with relaxed SIMD; 3x12 22 and 52; 4x12 26 and 25). */

import {
  type Code, call, doWhile, type Func, func, get, i32, increase, type Local, set, type ValType, v128, when, whileLoop,
} from '../assembler.js' // biome-ignore format: one import
import type { Arithmetic } from './arithmetic.js'

const words = (count: number): ValType[] => Array(count).fill('i32')
const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))
const entry = (table: Local, i: number): Code => i32.load(get(table), 4 * i)

/** (left, leftTable, step, right, pitch, rows, k, out, outTable, accumulate): elements of `left` along k are `step` bytes apart,
 *  those of `right` `pitch`, or, where it is shifted, at the offsets of the table
 *  `pitch`; rows of `out` are written as whole vectors. `leftTable` is readable up to a whole tile. */
export const spread = (arithmetic: Arithmetic, height: number, vectors: number, shifted = false): Func =>
  func(`${shifted ? 'shift' : 'spread'}${height}x${vectors}${arithmetic.name}`, words(10), [], (params, local) => {
    const [left, leftTable, step, right, pitch, rows, k, out, outTable, accumulate] = params
    const sums = many(height * vectors, () => local('v128'))
    const row = many(height, () => local('i32'))
    const columns = many(height === 1 ? 1 : vectors, () => local('v128'))
    const element = local('v128')
    const [at, turns, place] = [local('i32'), local('i32'), local('i32')]
    const { splat, madd, add } = arithmetic
    const turn =
      height === 1
        ? [
            set(element, splat(get(row[0]!))),
            sums.map((sum, j) => set(sum, madd(get(element), v128.load(get(at), 16 * j), get(sum)))),
          ]
        : [
            columns.map((x, j) => set(x, v128.load(get(at), 16 * j))),
            row.map((r, i) => [
              set(element, splat(get(r))),
              columns.map((x, j) => {
                const sum = sums[i * vectors + j]!
                return set(sum, madd(get(element), get(x), get(sum)))
              }),
            ]),
          ]
    const write = (i: number): Code => {
      const own = sums.slice(i * vectors, (i + 1) * vectors)
      return [
        set(at, i32.add(get(out!), entry(outTable!, i))),
        when(
          get(accumulate!),
          own.map((sum, j) => set(sum, add(v128.load(get(at), 16 * j), get(sum)))),
        ),
        own.map((sum, j) => v128.store(get(at), get(sum), 16 * j)),
        i + 1 < height ? when(i32.gtS(get(rows!), i32.const(i + 1)), write(i + 1)) : [],
      ]
    }
    return whileLoop(i32.gtS(get(rows!), i32.const(0)), [
      row.map((r, i) => set(r, i32.add(get(left!), entry(leftTable!, i)))),
      sums.map((sum) => set(sum, v128.const(Array(16).fill(0)))),
      set(at, get(right!)),
      set(place, get(pitch!)),
      set(turns, get(k!)),
      when(
        get(turns),
        doWhile(
          [
            shifted ? [set(at, i32.add(get(right!), entry(place, 0))), increase(place, i32.const(4))] : [],
            turn,
            row.map((r) => increase(r, get(step!))),
            shifted ? [] : increase(at, get(pitch!)),
            increase(turns, i32.const(-1)),
          ],
          get(turns),
        ),
      ),
      write(0),
      increase(leftTable!, i32.const(4 * height)),
      increase(outTable!, i32.const(4 * height)),
      increase(rows!, i32.const(-height)),
    ])
  })

/** The first `count` elements of a vector, fewer than a whole one, and zeros. */
const partial = func('partial', ['i32', 'i32', 'i32'], ['v128'], ([at, count, size], local) => {
  const x = local('v128')
  return [
    when(
      i32.eq(get(size!), i32.const(8)),
      set(x, v128.load64zero(get(at!))),
      when(i32.eq(get(count!), i32.const(1)), set(x, v128.load32zero(get(at!))), [
        set(x, v128.load64zero(get(at!))),
        when(i32.eq(get(count!), i32.const(3)), set(x, v128.load32lane(2, get(at!), get(x), 8))),
      ]),
    ),
    get(x),
  ]
})

/** Vectors, each of which sums up to one element, as vectors of those elements. */
const totals = ({ add, lanes }: Arithmetic, vectors: readonly Local[], local: (type: ValType) => Local): Code => {
  const bytes = (...eights: number[]): number[] => eights.flatMap((at) => many(8, (i) => 8 * at + i))
  const fours = (...at: number[]): number[] => at.flatMap((x) => many(4, (i) => 4 * x + i))
  if (lanes === 2)
    return many(vectors.length / 2, (p) => {
      const [x, y] = [vectors[2 * p]!, vectors[2 * p + 1]!]
      return set(x, add(v128.shuffle(bytes(0, 2), get(x), get(y)), v128.shuffle(bytes(1, 3), get(x), get(y))))
    })
  const [low, high] = [local('v128'), local('v128')]
  return many(vectors.length / 4, (p) => {
    const [a, b, c, d] = vectors.slice(4 * p, 4 * p + 4).map(get)
    const pair = (x: Code, y: Code): Code =>
      add(v128.shuffle(fours(0, 4, 1, 5), x, y), v128.shuffle(fours(2, 6, 3, 7), x, y))
    return [
      set(low, pair(a!, b!)),
      set(high, pair(c!, d!)),
      set(
        vectors[4 * p]!,
        add(v128.shuffle(bytes(0, 2), get(low), get(high)), v128.shuffle(bytes(1, 3), get(low), get(high))),
      ),
    ]
  })
}

/** (left, leftTable, right, rightTable, rows, k, out, outTable, columnTable, accumulate): four rows by `width` columns at a time,
 *  over all rows. Both tables of operands are readable up to a whole tile. */
export const dotted = (arithmetic: Arithmetic, width: number): Func =>
  func(`dotted${width}${arithmetic.name}`, words(10), [], (params, local) => {
    const [left, leftTable, right, rightTable, rows, k, out, outTable, columnTable, accumulate] = params
    const { size, lanes, madd, scalar, extract, dtype } = arithmetic
    const height = 4
    // column by column, so that four vectors in a row are the four rows of one column
    const sums = many(height * width, () => local('v128'))
    const row = many(height, () => local('i32'))
    const column = many(width, () => local('i32'))
    const columns = many(width, () => local('v128'))
    const x = local('v128')
    const [turns, at] = [local('i32'), local('i32')]
    const sum = local(dtype)
    const turn = (read: (at: Code) => Code): Code => [
      columns.map((y, j) => set(y, read(get(column[j]!)))),
      row.map((r, i) => [
        set(x, read(get(r))),
        columns.map((y, j) => set(sums[j * height + i]!, madd(get(x), get(y), get(sums[j * height + i]!)))),
      ]),
    ]
    const rest = i32.and(get(k!), i32.const(lanes - 1))
    const write = (i: number): Code => [
      many(width, (j) => {
        const place = j * height + i
        return [
          set(at, i32.add(get(out!), i32.add(entry(outTable!, i), entry(columnTable!, j)))),
          set(sum, extract(place % lanes, get(sums[place - (place % lanes)]!))),
          when(get(accumulate!), set(sum, scalar.add(scalar.load(get(at)), get(sum)))),
          scalar.store(get(at), get(sum)),
        ]
      }),
      i + 1 < height ? when(i32.gtS(get(rows!), i32.const(i + 1)), write(i + 1)) : [],
    ]
    return whileLoop(i32.gtS(get(rows!), i32.const(0)), [
      row.map((r, i) => set(r, i32.add(get(left!), entry(leftTable!, i)))),
      column.map((c, j) => set(c, i32.add(get(right!), entry(rightTable!, j)))),
      sums.map((s) => set(s, v128.const(Array(16).fill(0)))),
      set(turns, i32.shrU(get(k!), i32.const(Math.log2(lanes)))),
      when(
        get(turns),
        doWhile(
          [
            turn((from) => v128.load(from)),
            [...row, ...column].map((r) => increase(r, i32.const(16))),
            increase(turns, i32.const(-1)),
          ],
          get(turns),
        ),
      ),
      when(
        rest,
        turn((from) => call(partial, from, rest, i32.const(size))),
      ),
      totals(arithmetic, sums, local),
      write(0),
      increase(leftTable!, i32.const(4 * height)),
      increase(outTable!, i32.const(4 * height)),
      increase(rows!, i32.const(-height)),
    ])
  })
