/** U with UᵀU = (A + Aᵀ)/2, upper triangular, one matrix of a stack a unit; written as U or as L = Uᵀ.
 *
 *  Row by row of U, each from all rows above it:
 *
 *    uᵢⱼ = (aᵢⱼ − Σ_{p<i} uₚᵢ uₚⱼ) / uᵢᵢ,   uᵢᵢ = √(aᵢᵢ − Σ_{p<i} uₚᵢ²)
 *
 *  Two rows by a tile of four vectors are sums in registers while p runs, as in a matrix product. The matrix is worked on in the
 *  scratch, filled up to whole tiles of columns and pairs of rows: with zeros, and a one on the diagonal, which change nothing.
 *  Left of the diagonal stand numbers that nobody reads. A pivot that is no positive number makes all of the member NaN.
 *  Scratch  the matrix; rows are an odd number of cache lines apart, so that a tile of all rows stays in the cache. */

import type { Type } from '../../program/type.js'
import {
  type Code, either, type Func, forLoop, get, i32, increase, type Local, memory, set, v128, when,
} from '../assembler.js' // biome-ignore format: a list
import { kernelFunction, type Lowered, pointer, word } from '../lowered.js'
import { element, grainOf, through } from '../special/rows.js'
import { along, type Float, floatOf, keep, many } from './rows.js'

/** Vectors of a tile. */
const vectors = 4
const tile = 16 * vectors

export const lowerCholesky = (upper: boolean, [a]: readonly Type[]): Lowered => {
  const float = floatOf(a!.dtype)
  const n = a!.shape[a!.shape.length - 1]!
  const key = `cholesky.${float.dtype}.${upper ? 'upper' : 'lower'}`
  const height = 2 * Math.ceil(n / 2)
  const tiles = Math.ceil((n * float.bytes) / tile)
  const pitch = tile * (tiles + (tiles % 2 === 0 ? 1 : 0))
  return {
    key,
    build: () => choleskyFunction(key, float, upper),
    words: [{ operand: 0 }, { operand: 1 }, n, height, tiles * tile, pitch],
    units: a!.size === 0 ? 0 : a!.size / (n * n),
    grain: grainOf(60 + (n * n * (n + 60)) / (20 * float.lanes)),
    scratch: height * pitch,
  }
}

const choleskyFunction = (key: string, float: Float, upper: boolean): Func =>
  kernelFunction(key, ({ words, lo, hi, scratch, local }) => {
    const { bytes, scalar, vector, loadSplat, dtype } = float
    const kept = keep(local, 4, (i) => word(get(words), 2 + i))
    const [n, height, width, pitch] = kept.get
    const [unit, i, j, failed] = many(4, () => local('i32'))
    const [a, across, down, out, row, column, begin, at, left, right] = many(10, () => local('i32'))
    const [pivot, beside, below] = many(3, () => local(dtype))
    const [roots, besides, belows, multiple] = many(4, () => local('v128'))
    const sums = many(2, () => many(vectors, () => local('v128')))
    const above = many(vectors, () => local('v128'))
    const square = i32.mul(i32.mul(n, n), i32.const(bytes))
    const half = (x: Code): Code => scalar.mul(scalar.const(0.5), x)
    /** Elements [0, i] of row i in the matrix `across`, and of column i in the scratch `down`: there, rows are not a power of two apart. */
    const mirrored = (matrix: Local, body: Code): Code =>
      forLoop(i, i32.const(0), n, i32.const(1), [
        set(across, element(get(matrix), i32.mul(get(i), n), bytes)),
        set(down, element(get(scratch), get(i), bytes)),
        forLoop(j, i32.const(0), i32.add(get(i), i32.const(1)), i32.const(1), [
          body,
          increase(across, i32.const(bytes)),
          increase(down, pitch),
        ]),
      ])
    /** The rows of a matrix and of the scratch, from the diagonal on. */
    const straight = (matrix: Local, body: Code): Code => [
      set(row, get(scratch)),
      forLoop(i, i32.const(0), n, i32.const(1), [
        set(at, element(get(row), get(i), bytes)),
        set(across, element(get(matrix), i32.mul(get(i), i32.add(n, i32.const(1))), bytes)),
        body,
        increase(row, pitch),
      ]),
    ]
    const rest = i32.sub(n, get(i))

    const copyIn = [
      memory.fill(get(scratch), i32.const(0), i32.mul(height, pitch)),
      straight(
        a,
        along(float, local, {
          rows: [get(at), get(across)],
          n: rest,
          vector: ([to, from], offset) =>
            v128.store(to!, vector.mul(vector.const(0.5), v128.load(from!, offset)), offset),
          element: ([to, from]) => scalar.store(to!, half(scalar.load(from!))),
        }),
      ),
      mirrored(a, scalar.store(get(down), scalar.add(scalar.load(get(down)), half(scalar.load(get(across)))))),
      // the row that makes an odd number even
      when(
        i32.ltU(n, height),
        scalar.store(
          element(get(scratch), i32.add(n, i32.mul(n, i32.divU(pitch, i32.const(bytes)))), bytes),
          scalar.const(1),
        ),
      ),
    ]

    /** Takes the rows above from two rows, tile by tile. */
    const eliminate = through(column, get(begin), i32.add(get(row), width), tile, [
      sums.map((own, r) => [
        set(at, r === 0 ? get(column) : i32.add(get(column), pitch)),
        own.map((sum, v) => set(sum, v128.load(get(at), 16 * v))),
      ]),
      // column i of the rows above, and this tile of them
      set(left, element(get(scratch), get(i), bytes)),
      set(right, i32.add(get(scratch), i32.sub(get(column), get(row)))),
      forLoop(j, i32.const(0), get(i), i32.const(1), [
        above.map((x, v) => set(x, v128.load(get(right), 16 * v))),
        sums.map((own, r) => [
          set(multiple, loadSplat(get(left), r * bytes)),
          own.map((sum, v) => set(sum, vector.sub(get(sum), vector.mul(get(multiple), get(above[v]!))))),
        ]),
        increase(left, pitch),
        increase(right, pitch),
      ]),
      sums.map((own, r) => [
        set(at, r === 0 ? get(column) : i32.add(get(column), pitch)),
        own.map((sum, v) => v128.store(get(at), get(sum), 16 * v)),
      ]),
    ])

    /** local ← √local, of a positive number. */
    const root = (x: Local): Code => [
      set(
        failed,
        either(
          i32.and(scalar.gt(get(x), scalar.const(0)), scalar.lt(get(x), scalar.const(Number.POSITIVE_INFINITY))),
          get(failed),
          i32.const(1),
        ),
      ),
      set(x, scalar.sqrt(get(x))),
    ]
    const next = i32.add(get(at), pitch)
    /** [[d, e], [·, f]] are the pivots of the two rows: the first row is divided by √d, the second loses its multiple, e/√d, of the first. */
    const finish = [
      set(at, element(get(row), get(i), bytes)),
      set(pivot, scalar.load(get(at))),
      root(pivot),
      set(beside, scalar.div(scalar.load(get(at), bytes), get(pivot))),
      set(below, scalar.sub(scalar.load(next, bytes), scalar.mul(get(beside), get(beside)))),
      root(below),
      set(roots, vector.splat(get(pivot))),
      set(besides, vector.splat(get(beside))),
      set(belows, vector.splat(get(below))),
      set(column, get(at)),
      through(at, get(begin), i32.add(get(row), width), 16, [
        set(multiple, vector.div(v128.load(get(at)), get(roots))),
        v128.store(get(at), get(multiple)),
        v128.store(next, vector.div(vector.sub(v128.load(next), vector.mul(get(besides), get(multiple))), get(belows))),
      ]),
      scalar.store(get(column), get(pivot)),
      scalar.store(i32.add(get(column), pitch), get(below), bytes),
    ]

    const copyOut = [
      memory.fill(get(out), i32.const(0), square),
      upper
        ? straight(out, memory.copy(get(across), get(at), i32.mul(rest, i32.const(bytes))))
        : mirrored(out, scalar.store(get(across), scalar.load(get(down)))),
    ]

    return [
      kept.set,
      forLoop(unit, get(lo), get(hi), i32.const(1), [
        set(a, i32.add(pointer(get(words), 0), i32.mul(get(unit), square))),
        set(out, i32.add(pointer(get(words), 1), i32.mul(get(unit), square))),
        set(failed, i32.const(0)),
        copyIn,
        set(row, get(scratch)),
        forLoop(i, i32.const(0), height, i32.const(2), [
          // the tile in which the diagonal is
          set(begin, i32.add(get(row), i32.and(i32.mul(get(i), i32.const(bytes)), i32.const(-tile)))),
          eliminate,
          finish,
          set(row, i32.add(get(row), i32.mul(pitch, i32.const(2)))),
        ]),
        // a number whose bits are all ones is NaN
        when(get(failed), memory.fill(get(out), i32.const(255), square), copyOut),
      ]),
    ]
  })
