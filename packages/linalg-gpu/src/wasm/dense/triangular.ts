/** X with op(A) X = B of triangular A, one matrix of a stack and one tile of columns of B a unit.
 *
 *  Seen from its first pivot to its last, op(A) is lower triangular whichever triangle is given: only the steps from one
 *  row and one column to the next differ, and they may be negative. So one code serves all of them:
 *
 *    xᵢ = (bᵢ − Σ_{j<i} aᵢⱼ xⱼ) / aᵢᵢ
 *
 *  A tile of X, `vectors` vectors wide, stays in the scratch; a few rows of it are sums in registers while j runs.
 *  A single column is solved by products of it with four rows of A at a time or, where A is transposed, by taking multiples of rows
 *  of A from what is left: both read A as it lies.
 *  Scratch  a tile: n · vectors vectors. */

import type { Type } from '../../program/type.js'
import { type Code, type Func, forLoop, get, i32, increase, type Local, memory, set, v128, when } from '../assembler.js'
import { kernelFunction, type Lowered, pointer, word } from '../lowered.js'
import { element, grainOf, through } from '../special/rows.js'
import { addTimes, along, type Float, floatOf, keep, many } from './rows.js'

/** What is solved: which triangle of A is read, whether it is transposed, whether its diagonal is read or taken as ones. */
export interface Triangle {
  readonly lower: boolean
  readonly transposed: boolean
  readonly unitDiagonal: boolean
}

export const lowerTriangular = (triangle: Triangle, [a, b]: readonly Type[]): Lowered => {
  const float = floatOf(a!.dtype)
  const [n, k] = b!.shape.slice(-2) as unknown as readonly [number, number]
  const stack = b!.size === 0 ? 0 : b!.size / (n * k)
  const operands = [{ operand: 0 }, { operand: 1 }, { operand: 2 }]
  const unit = triangle.unitDiagonal ? '.unit' : ''
  const forward = triangle.lower !== triangle.transposed
  if (k === 1) {
    const key = `triangular.${float.dtype}${triangle.transposed ? '.transposed' : ''}${forward ? '' : '.backward'}${unit}`
    return {
      key,
      build: () => columnFunction(key, float, triangle, forward),
      words: [...operands, n],
      units: stack,
      grain: grainOf(0.25 * n * (n + 20)),
      scratch: 0,
    }
  }
  const vectors = k <= float.lanes ? 1 : k <= 2 * float.lanes ? 2 : 4
  const tiles = Math.ceil(k / (vectors * float.lanes))
  const key = `triangular.${float.dtype}.${vectors}${unit}`
  const [row, column] = triangle.transposed ? [1, n] : [n, 1]
  const sign = forward ? 1 : -1
  return {
    key,
    build: () => tileFunction(key, float, vectors, triangle.unitDiagonal),
    words: [
      ...operands,
      n,
      k,
      tiles,
      // the first pivot and the first row of B, then the steps to the next
      forward ? 0 : n * n - 1,
      forward ? 0 : (n - 1) * k,
      sign * row * float.bytes,
      sign * column * float.bytes,
      sign * k * float.bytes,
    ],
    units: stack * tiles,
    grain: grainOf(0.08 * n * (n + 40) * vectors),
    scratch: n * vectors * 16,
  }
}

/** A tile of columns: `vectors` vectors, of which the last columns may be missing. */
const tileFunction = (key: string, float: Float, vectors: number, unitDiagonal: boolean): Func =>
  kernelFunction(key, ({ words, lo, hi, scratch, local }) => {
    const w = get(words)
    const { bytes, lanes, vector, loadSplat } = float
    const width = 16 * vectors
    const kept = keep(local, 8, (i) => word(w, 3 + i))
    const [n, k, tiles, firstPivot, firstRow, rowStep, columnStep, bStep] = kept.get
    const [unit, matrix, column, a, b, x, whole] = many(7, () => local('i32'))
    const [from, fromStep, to, toStep, i, j, at] = many(7, () => local('i32'))
    const tall = vectors === 4 ? 2 : 4
    const rows = many(tall, () => local('i32'))
    const sums = many(tall, () => many(vectors, () => local('v128')))
    const solved = many(vectors, () => local('v128'))
    const multiple = local('v128')

    /** sum ← sum − aᵢⱼ xⱼ for some of the rows, where xⱼ is in registers; their next column is j + 1. */
    const take = (own: readonly number[], x: readonly Local[]): Code =>
      own.map((r) => [
        set(multiple, loadSplat(get(rows[r]!))),
        sums[r]!.map((sum, v) => set(sum, vector.sub(get(sum), vector.mul(get(multiple), get(x[v]!))))),
        increase(rows[r]!, columnStep),
      ])

    /** The next `count` rows of the tile. */
    const solveRows = (count: number): Code => {
      const own = many(count, (r) => r)
      return [
        own.map((r) => [
          set(rows[r]!, r === 0 ? get(a) : i32.add(get(rows[r - 1]!), rowStep)),
          sums[r]!.map((sum, v) => set(sum, v128.load(get(from), 16 * v))),
          increase(from, get(fromStep)),
        ]),
        set(a, i32.add(get(rows[count - 1]!), rowStep)),
        through(at, get(scratch), get(x), width, [
          solved.map((s, v) => set(s, v128.load(get(at), 16 * v))),
          take(own, solved),
        ]),
        own.map((r) => [
          unitDiagonal
            ? []
            : [
                set(multiple, loadSplat(get(rows[r]!))),
                sums[r]!.map((sum) => set(sum, vector.div(get(sum), get(multiple)))),
              ],
          take(own.slice(r + 1), sums[r]!),
          sums[r]!.map((sum, v) => v128.store(get(x), get(sum), 16 * v)),
          // a whole tile is written where it belongs at once
          when(
            get(whole),
            sums[r]!.map((sum, v) => v128.store(get(to), get(sum), 16 * v)),
          ),
          increase(to, get(toStep)),
          increase(x, i32.const(width)),
        ]),
        increase(i, i32.const(count)),
      ]
    }

    /** Columns of a tile that is not whole, between a row in memory and one in the scratch. */
    const columns = (address: Code, body: (outer: Code, inner: Code) => Code): Code => [
      set(at, address),
      set(x, get(scratch)),
      forLoop(i, i32.const(0), n, i32.const(1), [
        forLoop(j, i32.const(0), i32.sub(k, get(column)), i32.const(1), [
          body(element(get(at), get(j), bytes), element(get(x), get(j), bytes)),
        ]),
        increase(at, bStep),
        increase(x, i32.const(width)),
      ]),
    ]
    const { load, store } = float.scalar
    const start = i32.mul(
      i32.add(i32.add(i32.mul(get(matrix), i32.mul(n, k)), firstRow), get(column)),
      i32.const(bytes),
    )
    return [
      kept.set,
      forLoop(unit, get(lo), get(hi), i32.const(1), [
        set(matrix, i32.divU(get(unit), tiles)),
        set(column, i32.mul(i32.remU(get(unit), tiles), i32.const(vectors * lanes))),
        set(whole, i32.leS(i32.add(get(column), i32.const(vectors * lanes)), k)),
        set(a, element(pointer(w, 0), i32.add(i32.mul(get(matrix), i32.mul(n, n)), firstPivot), bytes)),
        set(b, start),
        when(
          get(whole),
          [set(from, i32.add(pointer(w, 1), get(b))), set(fromStep, bStep)],
          [
            // what stood here, in the columns that are missing, may be subnormal: slow
            memory.fill(get(scratch), i32.const(0), i32.mul(n, i32.const(width))),
            columns(i32.add(pointer(w, 1), get(b)), (outer, inner) => store(inner, load(outer))),
            set(from, get(scratch)),
            set(fromStep, i32.const(width)),
          ],
        ),
        set(to, i32.add(pointer(w, 2), get(b))),
        set(toStep, bStep),
        set(x, get(scratch)),
        set(i, i32.const(0)),
        // some rows at a time, then those that are left
        forLoop(j, i32.const(tall - 1), n, i32.const(tall), solveRows(tall)),
        forLoop(j, get(i), n, i32.const(1), solveRows(1)),
        when(
          i32.eqz(get(whole)),
          columns(i32.add(pointer(w, 2), get(b)), (outer, inner) => store(outer, load(inner))),
        ),
      ]),
    ]
  })

/** One column, solved in place in the output. Rows are taken in the order in which they are solved, some at a time. */
const columnFunction = (key: string, float: Float, { transposed, unitDiagonal }: Triangle, forward: boolean): Func =>
  kernelFunction(key, ({ words, lo, hi, local }) => {
    const { bytes, scalar, vector, lanes, dtype } = float
    const [unit, n, a, x, i, solved, known] = many(7, () => local('i32'))
    const tall = transposed ? 1 : 4
    const row = many(tall, () => local('i32'))
    const value = many(tall, () => local(dtype))
    const sums = many(tall, () => local('v128'))
    const rest = local('v128')
    const at = (from: Local, place: Code): Code => element(get(from), place, bytes)
    /** The place of the r-th row of those that are solved next. */
    const place = (r: number): Code => {
      const next = i32.add(get(i), i32.const(r))
      return forward ? next : i32.sub(get(n), i32.add(next, i32.const(1)))
    }
    const divided = (r: number): Code =>
      unitDiagonal ? [] : set(value[r]!, scalar.div(get(value[r]!), scalar.load(at(row[r]!, place(r)))))

    /** value ← b − A x over the places from `known` on that are solved: vectors of x are read once for all rows. */
    const minusSolved = (count: number): Code => [
      set(known, forward ? i32.const(0) : i32.sub(get(n), get(i))),
      many(count, (r) => [set(value[r]!, scalar.load(at(x, place(r)))), set(sums[r]!, vector.const(0))]),
      along(float, local, {
        rows: [at(x, get(known)), ...many(count, (r) => at(row[r]!, get(known)))],
        n: get(i),
        vector: ([right, ...left], offset) => [
          set(rest, v128.load(right!, offset)),
          left.map((from, r) =>
            set(sums[r]!, vector.add(get(sums[r]!), vector.mul(v128.load(from, offset), get(rest)))),
          ),
        ],
        element: ([right, ...left]) =>
          left.map((from, r) =>
            set(value[r]!, scalar.sub(get(value[r]!), scalar.mul(scalar.load(from), scalar.load(right!)))),
          ),
      }),
      many(count, (r) =>
        many(lanes, (lane) => set(value[r]!, scalar.sub(get(value[r]!), vector.extract(lane, get(sums[r]!))))),
      ),
    ]
    const solveRows = (count: number): Code => [
      many(count, (r) => set(row[r]!, at(a, i32.mul(place(r), get(n))))),
      minusSolved(count),
      many(count, (r) => [
        many(r, (s) =>
          set(value[r]!, scalar.sub(get(value[r]!), scalar.mul(scalar.load(at(row[r]!, place(s))), get(value[s]!)))),
        ),
        divided(r),
        scalar.store(at(x, place(r)), get(value[r]!)),
      ]),
      increase(i, i32.const(count)),
    ]

    // the row of A holds what column i of op(A) takes from those that are not solved yet
    const unsolved = forward ? i32.add(get(i), i32.const(1)) : i32.const(0)
    const takeColumn: Code = [
      set(row[0]!, at(a, i32.mul(place(0), get(n)))),
      set(value[0]!, scalar.load(at(x, place(0)))),
      divided(0),
      scalar.store(at(x, place(0)), get(value[0]!)),
      set(value[0]!, scalar.neg(get(value[0]!))),
      addTimes(
        float,
        local,
        at(x, unsolved),
        value[0]!,
        at(row[0]!, unsolved),
        i32.sub(i32.sub(get(n), i32.const(1)), get(i)),
      ),
      increase(i, i32.const(1)),
    ]
    return [
      set(n, word(get(words), 3)),
      forLoop(unit, get(lo), get(hi), i32.const(1), [
        set(a, element(pointer(get(words), 0), i32.mul(get(unit), i32.mul(get(n), get(n))), bytes)),
        set(x, element(pointer(get(words), 2), i32.mul(get(unit), get(n)), bytes)),
        memory.copy(
          get(x),
          element(pointer(get(words), 1), i32.mul(get(unit), get(n)), bytes),
          i32.mul(get(n), i32.const(bytes)),
        ),
        set(i, i32.const(0)),
        forLoop(solved, i32.const(tall - 1), get(n), i32.const(tall), transposed ? takeColumn : solveRows(tall)),
        forLoop(solved, get(i), get(n), i32.const(1), transposed ? takeColumn : solveRows(1)),
      ]),
    ]
  })
