/** The UCI regression sets in the form in which papers share them: a table, lists of columns and of the test rows of
 *  each split.
 *
 *      data · index_features · index_target · index_test_0 … · permutation_indices
 *
 *  Row and column numbers count from 0. The rows of a split that are not tested are learned from, in the order of the
 *  table. `order` is somebody's order of all rows before they cut it into parts (`split(order, …)`). It may name a row
 *  twice, where rows are equal; a test list may not.
 *  Shapes   inputs [rows, features] · targets [rows, 1]
 *  Fails    badValue: no row or column of the table | badShape: an order of another length | as `decodeTable`
 *  Source   Hernández-Lobato, Adams 2015, whose splits Gal, Ghahramani 2016 publish. */

import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { decodeTable } from '../formats/table.js'
import type { NdArray } from '../ndarray.js'
import { type DataError, inFile, refuse } from '../outcome.js'
import type { Fold } from '../prepare/splits.js'

/** The bytes of the files. */
export interface UciFiles {
  readonly data: Uint8Array
  readonly features: Uint8Array
  readonly target: Uint8Array
  /** The test rows of each split. */
  readonly tests?: readonly Uint8Array[]
  readonly order?: Uint8Array
}

export interface Uci {
  readonly inputs: NdArray<Float64Array>
  readonly targets: NdArray<Float64Array>
  readonly splits: readonly Fold[]
  readonly order?: Int32Array
}

/** A set from the bytes of its files; errors call them by their usual names.
 *  @example
 *  const text = (words: string) => new TextEncoder().encode(words)
 *  decodeUci({ data: text('1 2 30\n3 4 70\n'), features: text('0\n1\n'), target: text('2\n'), tests: [text('0\n')] })
 *  // => { _tag: 'Right', right: { inputs: { data: Float64Array(4) [ 1, 2, 3, 4 ], shape: [ 2, 2 ] },
 *  //      targets: { data: Float64Array(2) [ 30, 70 ], shape: [ 2, 1 ] },
 *  //      splits: [ { train: Int32Array(1) [ 1 ], test: Int32Array(1) [ 0 ] } ] } } */
export const decodeUci = (files: UciFiles): Either<DataError, Uci> => {
  const table = inFile('data.txt')(decodeTable(files.data))
  if (isLeft(table)) return table
  const [rows, columns] = table.right.shape as [number, number]
  const features = numbersOf('index_features.txt', files.features, columns, 'distinct')
  if (isLeft(features)) return features
  const target = numbersOf('index_target.txt', files.target, columns, 'distinct')
  if (isLeft(target)) return target
  if (target.right.length !== 1)
    return inFile('index_target.txt')(refuse('badShape', `one column is expected, ${target.right.length} are named.`))
  const splits: Fold[] = []
  for (const [k, file] of (files.tests ?? []).entries()) {
    const test = numbersOf(`index_test_${k}.txt`, file, rows, 'distinct')
    if (isLeft(test)) return test
    const tested = new Set(test.right)
    splits.push({
      train: Int32Array.from({ length: rows }, (_, i) => i).filter((row) => !tested.has(row)),
      test: test.right,
    })
  }
  const set = { inputs: pick(table.right, features.right), targets: pick(table.right, target.right), splits }
  if (files.order === undefined) return right(set)
  const order = numbersOf('permutation_indices.txt', files.order, rows, 'any')
  if (isLeft(order)) return order
  if (order.right.length !== rows)
    return inFile('permutation_indices.txt')(
      refuse('badShape', `${order.right.length} rows are named, the table has ${rows}.`),
    )
  return right({ ...set, order: order.right })
}

/** A list of whole numbers below `limit`, one a line. */
const numbersOf = (
  name: string,
  file: Uint8Array,
  limit: number,
  kind: 'distinct' | 'any',
): Either<DataError, Int32Array> => {
  const table = decodeTable(file)
  if (isLeft(table)) return inFile(name)(table)
  const { data, shape } = table.right
  if (shape[1]! > 1) return inFile(name)(refuse('badShape', `one number a line is expected, there are ${shape[1]}.`))
  const wrong = data.find((value) => !(Number.isInteger(value) && value >= 0 && value < limit))
  if (wrong !== undefined) return inFile(name)(refuse('badValue', `${wrong} is named, the table has 0 … ${limit - 1}.`))
  if (kind === 'distinct' && new Set(data).size !== data.length)
    return inFile(name)(refuse('badValue', 'a number is named twice.'))
  return right(Int32Array.from(data))
}

const pick = ({ data, shape: [rows, width] }: NdArray<Float64Array>, columns: Int32Array): NdArray<Float64Array> => ({
  data: Float64Array.from({ length: rows! * columns.length }, (_, at) => {
    const row = Math.floor(at / columns.length)
    return data[row * width! + columns[at % columns.length]!]!
  }),
  shape: [rows!, columns.length],
})
