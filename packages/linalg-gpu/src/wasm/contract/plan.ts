/** What is decided about a contraction before its code runs: which operand is spread and which is a vector, how each of them is
 *  read, and the sizes of blocks. All of it depends on shapes and strides alone, so that sums have one order.
 *
 *  The kernel is seen as out[row, column] = Σ_k left[row, k] · right[k, column], with neighbours in `out` as columns. */

import type { Contract } from '../../kernel/kernel.js'
import { type Axis, type Dim, problemOf, type View } from './axes.js'
import { type Shift, segmentCost, shiftOf } from './shift.js'

/** Of a unit: a panel of columns (16 kB) stays in the first-level cache, a block of rows in the second. */
const block = { rows: 256, columns: 256, depth: 256, dottedDepth: 1024 } as const
/** Up to so many rows or columns, products along k of both operands are dotted as they lie, rather than packed and spread. */
const mostDotted = (k: number): number => (k < 16 ? 0 : k < 128 ? 3 : 16)
/** Up to so many rows, columns are read where they are; up to so many columns, rows are. */
const few = { rows: 8, columns: 32 } as const

/** `size` in equal parts of at most `most`, each but the last a multiple of `unit`. */
const part = (size: number, most: number, unit: number): number => {
  const parts = Math.max(1, Math.ceil(size / most))
  return Math.max(unit, Math.ceil(size / parts / unit) * unit)
}

type Side = 'left' | 'right'
/** How an operand is read: in place where nothing is set. x is its rows or columns. */
interface Mode {
  /** No plain matrix: lines are filled first, along x or along k. */
  readonly lines: boolean
  /** Elements that are neighbours along x are neighbours in memory, not those along k. */
  readonly alongX: boolean
  readonly packed: boolean
}

/** Whether blocks of `block` indices are runs along the innermost dimension. */
const plain = (axis: Axis, block: number): boolean => axis.length === 1 || axis[0].size % block === 0

/** How good a direction is to copy lines along. */
const worth = ({ size, stride }: Dim, unit: number): number =>
  Math.min(size, 64) * (stride === unit ? 4 : stride === -unit ? 2 : 1)

/** `thin`: what the block is multiplied with is so small that packing it costs more than reading it where it is. */
const modeOf = (view: View, which: Side, dotted: boolean, thin: boolean, x: number, k: number, size: number): Mode => {
  const matrix = view.bounds.length === 0 && plain(view.k, k)
  const alongK = matrix && view.k[0].stride === size
  const alongX = matrix && view.x[0].stride === size && plain(view.x, x)
  if (dotted) return { lines: !alongK, alongX: false, packed: false }
  if (which === 'left') {
    if (alongK || (matrix && thin)) return { lines: false, alongX: false, packed: false }
    if (alongX) return { lines: false, alongX: true, packed: true }
  } else {
    if (alongX) return { lines: false, alongX: true, packed: !thin }
    if (alongK) return { lines: false, alongX: false, packed: true }
  }
  const [byRun, byDepth] = [worth(view.x[0], size), worth(view.k[0], size)]
  const closer = Math.abs(view.x[0].stride) < Math.abs(view.k[0].stride)
  const byX = byRun > byDepth || (byRun === byDepth && (which === 'right' || closer))
  return { lines: true, alongX: byX, packed: which === 'left' ? byX : !(byX && thin) }
}

/** About how many instructions it takes to get one element ready, in blocks of `x` by `k`. */
const costOf = (view: View, { lines, alongX, packed }: Mode, x: number, k: number, size: number): number => {
  if (!lines) return packed ? 1.5 : 0.25
  const line = alongX ? view.x[0] : view.k[0]
  const segment = Math.min(line.size, alongX ? x : k)
  return segmentCost(segment, line.stride === size) / segment + (packed ? 1.5 : 0)
}

/** Whether vectors along k are cheap to come by. */
const along = ({ bounds, k }: View, size: number): boolean =>
  k[0].stride === size ? k[0].size >= 16 || (bounds.length === 0 && k.length === 1) : k[0].size === 1

export interface Operand extends Mode {
  /** 0 for a, 1 for b. */
  readonly cell: number
  readonly view: View
  /** How columns of a convolution are read; then they are lines along x. */
  readonly shift: Shift | undefined
}

export interface Plan {
  readonly batch: number
  readonly m: number
  readonly n: number
  readonly k: number
  /** Of a block. */
  readonly rows: number
  readonly columns: number
  readonly depth: number
  readonly dotted: boolean
  readonly left: Operand
  readonly right: Operand
  readonly out: { readonly offset: number; readonly batch: Axis; readonly m: Axis; readonly n: Axis }
}

export const planOf = (kernel: Contract, size: number, lanes: number): Plan => {
  const problem = problemOf(kernel, size)
  const { a, b, k, batch } = problem
  const dotted = Math.min(problem.m, problem.n) <= mostDotted(k) && along(a, size) && along(b, size)
  const swapped = dotted ? problem.m < problem.n : problem.out.n[0].stride !== size && problem.out.m[0].stride === size
  const { m, n, out } = swapped
    ? { m: problem.n, n: problem.m, out: { ...problem.out, m: problem.out.n, n: problem.out.m } }
    : problem
  const [left, right] = swapped ? [b, a] : [a, b]

  const asTheyLie = dotted && [left, right].every((view) => view.bounds.length === 0 && view.k.length === 1)
  const depth = part(k, asTheyLie ? block.dottedDepth : block.depth, lanes)
  const leftMode = (rows: number): Mode => modeOf(left, 'left', dotted, n <= few.columns, rows, depth, size)
  const rightMode = (columns: number): Mode => modeOf(right, 'right', dotted, m <= few.rows, columns, depth, size)
  // over nothing there is no picture to shift
  const shiftFor = (columns: number): Shift | undefined =>
    dotted || k === 0 ? undefined : shiftOf(right, m, size, lanes, columns)
  /** Of getting all blocks ready, for each k. */
  const cost = (rows: number, most: number): number => {
    const shift = shiftFor(most)
    const columns = shift?.columns ?? most
    const ofRight = shift?.cost ?? costOf(right, rightMode(columns), columns, depth, size)
    // blocks of rows share it on some threads
    const times = (1 + Math.ceil(m / rows)) / 2
    return m * Math.ceil(n / columns) * costOf(left, leftMode(rows), rows, depth, size) + n * times * ofRight
  }

  let rows = part(m, block.rows, 4)
  let columns = part(n, block.columns, 4 * lanes)
  const blocks = (): number => batch * Math.ceil(m / rows) * Math.ceil(n / (shiftFor(columns)?.columns ?? columns))
  // enough for some threads, as long as there is enough in each
  while (blocks() < 8 && Math.min(rows, m) * Math.min(columns, n) * k > 2_000_000) {
    const [narrow, low] = [part(columns, columns / 2, 4 * lanes), part(rows, rows / 2, 4)]
    if (columns > 4 * lanes && (rows <= 32 || cost(rows, narrow) <= cost(low, columns))) columns = narrow
    else if (rows > 32) rows = low
    else break
  }
  const shift = shiftFor(columns)
  columns = shift?.columns ?? columns
  return {
    batch, m, n, k, rows, columns, depth, dotted,
    left: {
      cell: Number(swapped),
      view: left,
      shift: undefined,
      ...leftMode(rows),
    },
    right: {
      cell: Number(!swapped),
      view: right,
      shift,
      ...(shift === undefined ? rightMode(columns) : { lines: true, alongX: true, packed: shift.packed }),
    },
    out,
  } // biome-ignore format: short names in a line
}
