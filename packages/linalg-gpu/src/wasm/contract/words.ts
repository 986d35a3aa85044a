/** Where the numbers of a contraction stand in its descriptor. Words that name an axis, a table of bounds or a place in scratch
 *  hold byte offsets, from the descriptor and from the scratch. */

const places = <K extends string>(first: number, names: readonly K[]): Readonly<Record<K, number>> =>
  Object.fromEntries(names.map((name, i) => [name, first + i])) as Record<K, number>

export const header = places(0, [
  'm', 'n', 'k', 'rows', 'columns', 'depth', 'rowBlocks', 'columnBlocks', 'dotted', 'shared',
  'out', 'outOffset', 'outBatch', 'outM', 'outN', 'rowTable', 'columnTable', 'outState',
  'tile', 'tileTable', 'tileAxis', 'zero',
] as const) // biome-ignore format: a table

/** Of one operand, from the start of its part. */
export const side = places(0, [
  'cell',
  // what it is: see `Mode`
  'lines', 'alongX', 'packed',
  'bounds', 'batch', 'x', 'k', 'boundTable', 'start',
  // elements of a segment; bytes between elements of a line, or of a matrix between one k and the next; the same where tiles read
  'length', 'stride', 'step',
  // in scratch: offset and bounds of this batch; tables of x, of k and of rows in the buffer; copies; lines on their way
  'state', 'xTable', 'kTable', 'placeTable', 'buffer', 'temporary',
  // the axis that the table of places is made of
  'places', 'pitch', 'width', 'panel', 'chunk',
  // of columns: bytes from one panel to the next; what of their number to read from a copy
  'advance', 'tail',
  // of shifts: see `Shift`; the axis of k in the copy, and its table in scratch
  'shifted', 'shifts', 'pictureLines', 'run', 'shiftPlaces', 'shiftTable', 'area', 'pictureBytes',
] as const) // biome-ignore format: a table

export const leftAt = Object.keys(header).length
export const rightAt = leftAt + Object.keys(side).length
export const fixedWords = rightAt + Object.keys(side).length
