/** Comma-separated values: columns of numbers, and of text where they are named. Papa Parse reads the quotes.
 *
 *  Every row must have as many cells as the first line names. Blanks around numbers are allowed; an empty cell is no
 *  number. A file that is cut off between two cells' ends or inside a number of the last row cannot be told from a
 *  whole one.
 *  Shapes   numbers [rows, columns that are not text]
 *  Fails    badShape: a row of another length | badValue: no number | badHeader: no first line, broken quotes, not
 *           UTF-8 | duplicateName | notFound: a text column that is not there | as `unpacked`
 *  Source   RFC 4180. */

import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import Papa from 'papaparse'
import { fail } from '../errors.js'
import type { NdArray } from '../ndarray.js'
import { type DataError, quote, refuse } from '../outcome.js'
import { bytesIn, numberOf, type Text, textOf } from './text.js'

export interface CsvOptions {
  /** ',' when left out. */
  readonly delimiter?: string
  /** The names of the columns, where the first line is not they. */
  readonly columns?: readonly string[]
  /** The columns that hold text. */
  readonly text?: readonly string[]
  /** Cells that stand for no number, and become NaN; without them they are refused. */
  readonly missing?: readonly string[]
}

export interface Csv {
  /** The names of the columns of `numbers`. */
  readonly columns: readonly string[]
  readonly numbers: NdArray<Float64Array>
  /** The columns of text, by name. */
  readonly text: ReadonlyMap<string, readonly string[]>
}

/** The columns of a CSV file, packed with gzip or not.
 *  @example
 *  decodeCsv(new TextEncoder().encode('name,size,age\n"Ann, B.",1.5,30\nCy,2,31\n'), { text: ['name'] })
 *  // => { _tag: 'Right', right: { columns: [ 'size', 'age' ],
 *  //      numbers: { data: Float64Array(4) [ 1.5, 30, 2, 31 ], shape: [ 2, 2 ] },
 *  //      text: Map(1) { 'name' => [ 'Ann, B.', 'Cy' ] } } } */
export const decodeCsv = (file: Uint8Array, options: CsvOptions = {}): Either<DataError, Csv> => {
  const { delimiter = ',', columns: given, text: textNames = [], missing = [] } = options
  if (delimiter === '' || Papa.BAD_DELIMITERS.includes(delimiter))
    fail(caller, `the delimiter is ${quote(delimiter)}: take ',', ';', a tab, or another mark that is no quote.`)
  const content = textOf(caller, file)
  if (isLeft(content)) return content
  const read = rowsOf(content.right, delimiter)
  if (isLeft(read)) return read
  const [rows, names] = given === undefined ? [read.right.slice(1), read.right[0]?.cells] : [read.right, given]
  if (names === undefined)
    return refuse('badHeader', `${caller}: a first line with the names of columns is expected.`, 0)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) return refuse('duplicateName', `${caller}: two columns are called ${quote(twice)}.`, 0)
  const lacking = textNames.find((name) => !names.includes(name))
  if (lacking !== undefined)
    return refuse('notFound', `${caller}: no column ${quote(lacking)}; there are ${names.map(quote).join(', ')}.`, 0)
  const columns = names.filter((name) => !textNames.includes(name))
  const text = new Map(textNames.map((name): [string, string[]] => [name, []]))
  const numbers: number[] = []
  for (const { cells, line, at } of rows) {
    const place = (): number => placeIn(content.right, at)
    if (cells.length !== names.length)
      return refuse(
        'badShape',
        `${caller}: line ${line} has ${cells.length} cells, there are ${names.length} columns.`,
        place(),
      )
    for (const [k, cell] of cells.entries()) {
      const words = text.get(names[k]!)
      const value = missing.includes(cell.trim()) ? NaN : numberOf(cell.trim())
      if (words !== undefined) words.push(cell)
      else if (value !== undefined) numbers.push(value)
      else
        return refuse(
          'badValue',
          `${caller}: line ${line}, column ${quote(names[k]!)}: ${quote(cell)} is no number.`,
          place(),
        )
    }
  }
  return right({ columns, numbers: { data: Float64Array.from(numbers), shape: [rows.length, columns.length] }, text })
}

const caller = 'decodeCsv'

interface Row {
  readonly cells: readonly string[]
  /** From 1; a line break inside quotes does not count. */
  readonly line: number
  /** Where it begins in the text, in UTF-16 units. */
  readonly at: number
}

/** A place in the text as one in the file. */
const placeIn = ({ text, before }: Text, at: number): number => before + bytesIn(text.slice(0, at))

/** The rows that are not empty. */
const rowsOf = (content: Text, delimiter: string): Either<DataError, readonly Row[]> => {
  const rows: Row[] = []
  let [line, at] = [1, 0]
  let trouble: { readonly message: string; readonly at: number; readonly line: number } | undefined
  Papa.parse<string[]>(content.text, {
    delimiter,
    step: ({ data, errors, meta }) => {
      const error = errors[0]
      if (error !== undefined) trouble ??= { message: error.message, at, line }
      if (data.length > 1 || data[0] !== '') rows.push({ cells: data, line, at })
      line += 1
      at = meta.cursor
    },
  })
  if (trouble !== undefined)
    return refuse('badHeader', `${caller}: line ${trouble.line}: ${trouble.message}.`, placeIn(content, trouble.at))
  return right(rows)
}
