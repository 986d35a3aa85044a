/** Data sets of tables and text from folders, in Node. */

import { join } from 'node:path'
import { type Either, mapLeft, right } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { decodeTable } from '../formats/table.js'
import { type DataError, inFile, refuse } from '../outcome.js'
import { decodeUci, type Uci } from '../sets/uci.js'
import { decodeWords, type Words } from '../sets/words.js'
import { bytesOf, firstOf, readFile } from './files.js'

/** A UCI set from its folder: `data.txt`, `index_features.txt`, `index_target.txt`, `n_splits.txt`, `index_test_0.txt`
 *  …, and `permutation_indices.txt` if it is there.
 *  Fails    notFound | io | badValue | as `decodeUci` */
export const readUci = (folder: string): TE.TaskEither<DataError, Uci> => {
  const read = (name: string) => bytesOf(join(folder, name))
  const orderOrNone = pipe(
    read('permutation_indices.txt'),
    TE.map((order) => ({ order })),
    TE.orElse((error) => (error.code === 'notFound' ? TE.right({}) : TE.left(error))),
  )
  return pipe(
    TE.Do,
    TE.bind('data', () => read('data.txt')),
    TE.bind('features', () => read('index_features.txt')),
    TE.bind('target', () => read('index_target.txt')),
    TE.bind('count', () => countIn(join(folder, 'n_splits.txt'))),
    TE.bind('tests', ({ count }) =>
      TE.traverseSeqArray((k: number) => read(`index_test_${k}.txt`))(Array.from({ length: count }, (_, k) => k)),
    ),
    TE.bind('order', () => orderOrNone),
    TE.chainEitherK(({ data, features, target, tests, order }) =>
      within(folder)(decodeUci({ data, features, target, tests, ...order })),
    ),
  )
}

/** The Penn Treebank from its folder: `ptb.train.txt`, `ptb.valid.txt`, `ptb.test.txt`, also `.gz`. The words are
 *  numbered by the part that is learned from, and the others may have no word beside.
 *  Fails    notFound | io | as `decodeWords` */
export const readPtb = (
  folder: string,
): TE.TaskEither<DataError, { readonly train: Words; readonly valid: Words; readonly test: Words }> => {
  const read = (part: string, vocabulary?: readonly string[]) =>
    pipe(
      firstOf(folder, [`ptb.${part}.txt`, `ptb.${part}.txt.gz`]),
      TE.chain((path) => readFile(path, (bytes) => decodeWords(bytes, vocabulary === undefined ? {} : { vocabulary }))),
    )
  return pipe(
    TE.Do,
    TE.bind('train', () => read('train')),
    TE.bind('valid', ({ train }) => read('valid', train.vocabulary)),
    TE.bind('test', ({ train }) => read('test', train.vocabulary)),
  )
}

/** Errors of a file that is called by its name in a folder get its path. */
const within = (folder: string): (<T>(outcome: Either<DataError, T>) => Either<DataError, T>) =>
  mapLeft(({ file = '', message, ...error }) => ({
    ...error,
    message: `${folder}/${message}`,
    file: join(folder, file),
  }))

const countIn = (path: string): TE.TaskEither<DataError, number> =>
  pipe(
    readFile(path, decodeTable),
    TE.chainEitherK(({ data }) =>
      data.length === 1 && Number.isInteger(data[0]) && data[0]! >= 0 && data[0]! <= 10_000
        ? right(data[0]!)
        : inFile(path)(refuse('badValue', `one whole number of splits is expected, there is ${data.join(' ')}.`)),
    ),
  )
