/** Convolutions without patches: columns [k, (…, row, column)] of which each k is a shift of one picture.
 *
 *  A block of columns, some rows of one image or several whole images, is copied once with its border: (rows + window − 1) lines
 *  for each channel instead of rows · window². A table gives the place where the shift of each k starts. Lines of a convolution
 *  with steps are taken apart, line y into elements 0, s, 2s, … and 1, s + 1, …, so that its columns are neighbours, too.
 *  For few rows of `left` the tiles read the copies. For more, vectors are brought from there into panels, which costs one
 *  instruction an element and needs no bounds; then a run of columns only has to be whole vectors.
 *  Measured  16 filters of 3x3 on 3x32x32: 30 GFLOP/s instead of 24, by its input 15.6 instead of 9; packed, 64 to 64 channels
 *            at 32x32 39 instead of 38, 256 to 256 at 8x8 41 instead of 36, 512 to 512 at 4x4 40 instead of 35 by lines. */

import type { Axis, Dim, View } from './axes.js'

export interface Shift {
  /** Columns of a block, of one of its pictures, and those that are neighbours in the copy. */
  readonly columns: number
  readonly area: number
  readonly width: number
  /** Whether vectors of columns are brought from the copies into panels, rather than read there by the tiles. */
  readonly packed: boolean
  /** About how many instructions it takes to get one element ready. */
  readonly cost: number
  /** Where the pictures of a block begin: dimensions of the number of a picture. */
  readonly pictures: Axis
  /** How many k shift one picture, and how many lines it has. */
  readonly shifts: number
  readonly lines: number
  /** Elements of a line, and bytes from one line to the next. */
  readonly segment: number
  readonly pitch: number
  /** Bytes from one row of columns to the next. */
  readonly rowPitch: number
  /** What the first element of the copy adds to the offset and to the bounds of the first column at k = 0. */
  readonly offset: number
  readonly bounds: readonly number[]
  /** Of the lines in memory. */
  readonly lineAxis: Axis
  /** Where the first column finds each shift of the first picture. */
  readonly places: readonly number[]
}

/** About how many instructions it takes to fill a segment of a line. */
export const segmentCost = (length: number, contiguous: boolean): number => 45 + length * (contiguous ? 0.5 : 3.5)

const largest = (size: number, fits: (divisor: number) => boolean): number => {
  for (let divisor = size; divisor > 0; divisor--) if (size % divisor === 0 && fits(divisor)) return divisor
  return 0
}

/** At most so many rows of `left` read the copies: packing pays when more share it. */
const fewRows = 32

/** How to read blocks of at most `most` columns so, for `m` rows; undefined where the accesses are of another form. */
export const shiftOf = (view: View, m: number, size: number, lanes: number, most: number): Shift | undefined => {
  const none = view.bounds.map(() => 0)
  const [column, row = { size: 1, stride: 0, bounds: none }] = view.x
  const packed = m > fewRows
  const step = packed ? lanes : 2 * lanes
  // each bound is on the column or on the row, and each on another
  const free = (dims: readonly Dim[]): boolean => dims.every((d) => d.bounds.every((c) => c === 0))
  const ofColumn = column.bounds.findIndex((c) => c > 0)
  const ofRow = row.bounds.findIndex((c) => c > 0)
  // steps of a stride: from one column, and one row, to the next
  const [across, down] = [column.bounds[ofColumn] ?? 1, row.bounds[ofRow] ?? 1]
  const oneOf = (dim: Dim, at: number): boolean => dim.bounds.every((c, j) => c === 0 || (j === at && c > 0))
  if (
    ofColumn === ofRow ||
    column.stride !== across * size ||
    row.stride % (down * size) !== 0 ||
    (packed && column.size % lanes !== 0) ||
    !oneOf(column, ofColumn) ||
    !oneOf(row, ofRow) ||
    view.bounds.length !== Number(ofColumn >= 0) + Number(ofRow >= 0) ||
    !free(view.x.slice(2)) ||
    !free(view.batch)
  )
    return undefined
  // k first runs over shifts, then over pictures
  const count = view.k.findIndex((d) => free([d]))
  const moving: readonly Dim[] = count < 0 ? view.k : view.k.slice(0, count)
  const still: readonly Dim[] = count < 0 ? [] : view.k.slice(count)
  const shift = (d: Dim): readonly [number, number] => [d.bounds[ofColumn] ?? 0, d.bounds[ofRow] ?? 0]
  const line = row.stride / down
  const shifts = moving.reduce((n, d) => n * d.size, 1)
  const along = (d: Dim): boolean =>
    d.stride === shift(d)[0] * size + shift(d)[1] * line && (shift(d)[0] === 0 || shift(d)[1] === 0)
  if (shifts === 1 || !free(still) || !moving.every(along)) return undefined

  const width = column.size <= most ? column.size : largest(column.size, (d) => d <= most && d % step === 0)
  if (width === 0) return undefined
  const rows = width < column.size ? 1 : largest(row.size, (d) => d * width <= most)
  const area = width * rows
  const others = view.x.slice(2)
  const whole = width === column.size && rows === row.size
  const pictures =
    packed && whole
      ? Math.min(
          Math.floor(most / area),
          others.reduce((n, d) => n * d.size, 1),
        )
      : 1
  const times = (d: Dim, by: number): Dim => ({
    size: d.size / by,
    stride: d.stride * by,
    bounds: d.bounds.map((c) => c * by),
  })
  const range = (which: 0 | 1): readonly [number, number] =>
    moving.reduce<readonly [number, number]>(
      ([low, high], d) => {
        const far = shift(d)[which] * (d.size - 1)
        return [low + Math.min(0, far), high + Math.max(0, far)]
      },
      [0, 0],
    )
  const [[low, right], [up, bottom]] = [range(0), range(1)]
  // lines are taken apart by the steps, so that columns are neighbours
  const left = across * Math.floor(low / across)
  const segment = width + Math.floor((right - left) / across)
  const lines = (rows - 1) * down + bottom - up + 1
  const pitch = 16 * Math.ceil((segment * size) / 16) + 16
  const cost = (lines * across * segmentCost(segment, across === 1)) / (area * shifts) + Number(packed)
  // steps over most of a picture, or far ones, are no reason to copy all of it
  if (cost > segmentCost(column.size, across === 1) / column.size + 1.5) return undefined
  const unit = (at: number): readonly number[] => view.bounds.map((_, j) => Number(j === at))
  const place = (x: number, y: number): number =>
    Math.floor((x - left) / across) * size + (y - up + ((x - left) % across) * lines) * pitch
  const places = moving.reduce<readonly (readonly [number, number])[]>(
    (inner, d) =>
      Array.from({ length: d.size }, (_, i) =>
        inner.map(([x, y]): readonly [number, number] => [x + i * shift(d)[0], y + i * shift(d)[1]]),
      ).flat(),
    [[0, 0]],
  )
  return {
    columns: area * pictures,
    area,
    width,
    packed,
    cost,
    pictures: [times(column, width), times(row, rows), ...others],
    shifts,
    lines: lines * across,
    segment,
    pitch,
    rowPitch: down * pitch,
    offset: left * size + up * line,
    bounds: view.bounds.map((_, j) => (j === ofColumn ? left : up)),
    lineAxis: [
      { size: lines, stride: line, bounds: unit(ofRow) },
      ...(across > 1 ? [{ size: across, stride: size, bounds: unit(ofColumn) }] : []),
      ...still,
    ],
    places: places.map(([x, y]) => place(x, y)),
  }
}
