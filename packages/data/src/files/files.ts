/** The bytes of files, in Node. */

import { existsSync } from 'node:fs'
import { readFile as readAll } from 'node:fs/promises'
import { join } from 'node:path'
import type { Either } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type DataError, inFile, refuse } from '../outcome.js'

/** The whole file.
 *  Fails    notFound | io */
export const bytesOf = (path: string): TE.TaskEither<DataError, Uint8Array> =>
  TE.tryCatch(
    () => readAll(path),
    (error): DataError => ({
      code: (error as { code?: unknown }).code === 'ENOENT' ? 'notFound' : 'io',
      file: path,
      message: `${path}: ${(error as Error).message}`,
    }),
  )

/** What a decoder makes of a file; its errors get the path.
 *  Fails    notFound | io | what the decoder fails with
 *  @example
 *  await readFile('/no/such/file.csv', decodeCsv)()
 *  // => { _tag: 'Left', left: { code: 'notFound', file: '/no/such/file.csv',
 *  //      message: "/no/such/file.csv: ENOENT: no such file or directory, open '/no/such/file.csv'" } } */
export const readFile = <T>(
  path: string,
  decode: (bytes: Uint8Array) => Either<DataError, T>,
): TE.TaskEither<DataError, T> =>
  pipe(
    bytesOf(path),
    TE.chainEitherK((bytes) => inFile(path)(decode(bytes))),
  )

/** The first of these names that a folder has.
 *  Fails    notFound */
export const firstOf = (folder: string, names: readonly string[]): TE.TaskEither<DataError, string> => {
  const found = names.map((name) => join(folder, name)).find((path) => existsSync(path))
  if (found !== undefined) return TE.right(found)
  return TE.fromEither(
    inFile(folder)(
      existsSync(folder)
        ? refuse('notFound', `none of ${names.join(', ')} is in this folder.`)
        : refuse('notFound', 'there is no such folder.'),
    ),
  )
}
