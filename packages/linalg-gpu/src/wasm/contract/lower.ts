/** Contractions for the wasm device: matrix products and convolutions.
 *
 *  out[row, column] = Σ_k left[row, k] · right[k, column] in blocks of rows, columns and k, the vector along columns (or along k,
 *  where few rows or columns make that cheaper), operands read in place, packed, or as shifts of a picture: see `planOf`. The
 *  code is one for all kernels of an element type; what the numbers of a kernel decide stands in its descriptor.
 *  Cost     2 · m · n · k operations at 35 to 42 GFLOP/s, 43 to 51 with relaxed SIMD, f64 at half of that (one thread, Zen 4, Node
 *           20): squares of 64 to 1024 in all transposed forms, convolutions of 3x3 from 64 channels at 32x32 to 512 at 4x4, and
 *           with steps of 2 37 forward, 30 to 33 by input, 31 to 36 by filter; by 16 filters of 3x3 on 3 channels 30 and 35, by its
 *           input 15 and 18, by its filters 22 and 26; batches of 16x16x16 25 and 29. Scratch is at most 850 kB in f32. */

import type { Contract } from '../../kernel/kernel.js'
import type { Lowered } from '../lowered.js'
import { arithmetic } from './arithmetic.js'
import { type Axis, type Dim, merge } from './axes.js'
import { contraction } from './kernel.js'
import { type Operand, planOf } from './plan.js'
import { fixedWords, header, leftAt, rightAt, side } from './words.js'

/** Lines that are filled before they are packed. */
const portion = 16

const round = (bytes: number): number => Math.ceil(bytes / 64) * 64

export const lowerContract = (kernel: Contract, { relaxed }: { readonly relaxed: boolean }): Lowered => {
  const own = arithmetic(kernel.dtype === 'u32' ? 'i32' : kernel.dtype, relaxed)
  const { size, lanes } = own
  const { batch, m, n, k, rows, columns, depth, dotted, left, right, out } = planOf(kernel, size, lanes)

  const words: (number | { readonly operand: number })[] = Array(fixedWords).fill(0)
  let scratch = 0
  const room = (bytes: number): number => {
    const at = scratch
    scratch += round(bytes)
    return at
  }
  const place = (list: readonly number[]): number => 4 * (words.push(...list) - list.length)
  const axis = (dims: readonly Dim[], bounds: number): number => {
    const [first, ...rest] = dims.length > 0 ? dims : merge([], bounds)
    const all = [first!, ...rest]
    return place([all.length, ...all.flatMap((d) => [Math.max(1, d.size), d.stride, ...d.bounds])])
  }
  const put = (
    first: number,
    values: Readonly<Record<string, number | { readonly operand: number }>>,
    places: Readonly<Record<string, number>>,
  ): void => {
    for (const [name, value] of Object.entries(values)) words[first + places[name]!] = value
  }

  const describe = (first: number, operand: Operand, count: number, width: number): void => {
    const { cell, view, lines, alongX, packed, shift } = operand
    const bounds = view.bounds.length
    const line = alongX ? view.x : view.k
    const tableBytes = (entries: number): number => 4 * (entries + 4) * (1 + bounds)
    const pitch = shift?.pitch ?? 16 * Math.ceil(((lines && alongX ? count : depth) * size) / 16) + 16
    const panel = depth * width + 64
    const inPlace = !lines && alongX && !packed
    const filled = shift ? (Math.ceil(depth / shift.shifts) + 1) * shift.lines : alongX ? depth : count
    const bufferBytes = packed
      ? Math.ceil((count * size) / width) * panel
      : lines
        ? filled * pitch + 16
        : inPlace
          ? depth * 16
          : 0
    const inner = (size: number, stride: number): Dim => ({ size, stride, bounds: [] })
    const outer = (stride: number): Dim => inner(2 ** 30, stride)
    const pictureBytes = filled * pitch
    // where the tiles find row or column i, or where it is packed from
    const places: Axis = shift
      ? [inner(shift.width, size), inner(shift.area / shift.width, shift.rowPitch), outer(pictureBytes)]
      : packed && width === 16
        ? [inner(lanes, size), outer(panel)]
        : packed || lines
          ? [outer(pitch)]
          : view.x
    put(
      first,
      {
        cell: { operand: cell },
        lines: Number(lines),
        alongX: Number(alongX),
        packed: Number(packed),
        bounds,
        batch: axis(view.batch, bounds),
        x: axis(shift?.pictures ?? (lines && alongX ? view.x.slice(1) : view.x), bounds),
        k: axis(shift?.lineAxis ?? (lines && !alongX ? view.k.slice(1) : view.k), bounds),
        boundTable: place(view.bounds.flatMap((b, j) => [b.size, line[0].bounds[j]!])),
        start: place([
          view.offset + (shift?.offset ?? 0),
          ...view.bounds.map((b, j) => b.offset + (shift?.bounds[j] ?? 0)),
        ]),
        length: shift?.segment ?? (lines ? Math.max(1, line[0].size) : 1),
        stride: (lines ? line : view.k)[0].stride,
        step: packed ? width : !lines ? view.k[0].stride : alongX ? pitch : size,
        state: room(tableBytes(0)),
        xTable: room(tableBytes(count)),
        kTable: room(tableBytes(Math.max(depth, filled))),
        placeTable: room(tableBytes(count)),
        buffer: room(bufferBytes),
        temporary: room(lines && packed ? (shift ? (count / shift.area) * pictureBytes : portion * pitch) + 16 : 0),
        places: axis(places, places[0].bounds.length),
        pitch,
        width,
        panel,
        chunk: portion,
        advance: packed ? panel : 64,
        tail: inPlace ? lanes - 1 : 0,
        ...(shift && {
          shifted: 1,
          area: shift.area,
          pictureBytes,
          shifts: shift.shifts,
          pictureLines: shift.lines,
          run: shift.width,
          shiftPlaces: place(shift.places),
          shiftTable: room(4 * depth),
        }),
      },
      side,
    )
  }

  const rowBlocks = Math.ceil(m / rows)
  const columnBlocks = Math.ceil(n / columns)
  put(
    0,
    {
      m, n, k, rows, columns, depth, rowBlocks, columnBlocks,
      dotted: Number(dotted),
      shared: Number(right.packed || right.lines),
      out: { operand: 2 },
      outOffset: out.offset,
      outBatch: axis(out.batch, 0),
      outM: axis(out.m, 0),
      outN: axis(out.n, 0),
      rowTable: room(4 * rows + 64),
      columnTable: room(4 * columns + 64),
      outState: room(16),
      tile: room(64 * (rows + 4)),
      tileTable: room(4 * rows + 64),
      zero: place(Array(1 + Math.max(left.view.bounds.length, right.view.bounds.length)).fill(0)),
      tileAxis: axis([{ size: 2 ** 30, stride: 64, bounds: [] }], 0),
    },
    header,
  ) // biome-ignore format: short names in a line
  describe(leftAt, left, rows, 16)
  describe(rightAt, right, columns, 64)

  const units = batch * rowBlocks * columnBlocks
  const flops = 2 * Math.min(m, rows) * Math.min(n, columns) * Math.max(1, k)
  return {
    key: `contract ${own.name}`,
    build: () => contraction(own),
    words,
    units: m === 0 || n === 0 ? 0 : units,
    grain: Math.max(1, Math.floor(400_000 / flops)),
    scratch,
  }
}
