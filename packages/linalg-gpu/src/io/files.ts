/** Trees of tensors in files. The name tells the format: `.safetensors` or `.npz`. In Node; elsewhere the outcome is `io`.
 *  Nothing here throws but for a tree that is none. */

import type { FileHandle } from 'node:fs/promises'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Failure } from '../run/device.js'
import type { Tensor } from '../trace/tensor.js'
import type { Tree } from '../tree.js'
import type { FileError } from './entry.js'
import { type DecodeOptions, decodeNpz, decodeSafetensors, encodeNpz, encodeSafetensors } from './trees.js'

/** Writes a tree of tensors. Whole or not at all: into a new file beside it, which then takes its name, so that a crash
 *  leaves the old file.
 *  Fails    notFound: no such folder | unsupportedFormat | tooLarge | io | what reading a tensor back fails with
 *  @example
 *  import { tmpdir } from 'node:os'
 *  const path = `${tmpdir()}/neumann-example.safetensors`
 *  await save(path, { w: array([1, 2]), layers: [{ b: array([3]) }] })() // => { _tag: 'Right', right: undefined }
 *  await load(path)() // => { _tag: 'Right', right: { w: f32[2] [1, 2], layers: [ { b: f32[1] [3] } ] } } */
export const save = (path: string, tree: unknown): TE.TaskEither<Failure | FileError, void> => {
  const format = formatOf(path)
  if (format === undefined) return unknownFormat('save', path)
  return pipe(
    format === 'npz' ? encodeNpz(tree) : encodeSafetensors(tree),
    TE.chainW((bytes) => onFiles('save', path, (fs) => replace(fs, path, bytes))),
  )
}

/** Reads a tree of tensors.
 *  Fails    notFound: no such file, or no such name in `only` | unsupportedFormat | io | what the file is refused for
 *  @example
 *  await load('/no/such/file.npz')()
 *  // => { _tag: 'Left', left: { code: 'notFound', message:
 *  //     "load: ENOENT: no such file or directory, open '/no/such/file.npz'" } } */
export const load = (path: string, options: DecodeOptions = {}): TE.TaskEither<FileError, Tree<Tensor>> => {
  const format = formatOf(path)
  if (format === undefined) return unknownFormat('load', path)
  return pipe(
    onFiles('load', path, (fs) => fs.readFile(path)),
    TE.chainEitherK((bytes) => (format === 'npz' ? decodeNpz(bytes, options) : decodeSafetensors(bytes, options))),
  )
}

type Files = typeof import('node:fs/promises')

const formatOf = (path: string): string | undefined => /\.(safetensors|npz)$/i.exec(path)?.[1]?.toLowerCase()

const unknownFormat = (caller: string, path: string): TE.TaskEither<FileError, never> =>
  TE.left({
    code: 'unsupportedFormat',
    message: `${caller}: ${JSON.stringify(path)} names no format: it should end in .safetensors or .npz.`,
  })

/** Runs `f` with Node's files. The module is imported here and its absence caught, so that bundles for browsers build. */
const onFiles = <T>(caller: string, path: string, f: (fs: Files) => Promise<T>): TE.TaskEither<FileError, T> =>
  pipe(
    TE.tryCatch(
      () => import('node:fs/promises').catch(() => undefined),
      (): FileError => noFiles(caller, path),
    ),
    TE.filterOrElse(
      (fs) => fs !== undefined,
      () => noFiles(caller, path),
    ),
    TE.chain((fs) =>
      TE.tryCatch(
        () => f(fs as Files),
        (error): FileError => ({
          code: (error as { code?: unknown }).code === 'ENOENT' ? 'notFound' : 'io',
          message: `${caller}: ${(error as Error).message}`,
        }),
      ),
    ),
  )

const noFiles = (caller: string, path: string): FileError => ({
  code: 'io',
  message: `${caller}: ${JSON.stringify(path)}: there are no files outside of Node: encode and decode bytes.`,
})

/** The content reaches the disk before the name does. */
const replace = async (fs: Files, path: string, bytes: Uint8Array): Promise<void> => {
  const fresh = `${path}.${globalThis.crypto.randomUUID()}.tmp`
  let file: FileHandle | undefined
  try {
    file = await fs.open(fresh, 'wx')
    await file.writeFile(bytes)
    await file.sync()
    await file.close()
    await fs.rename(fresh, path)
  } catch (error) {
    await file?.close().catch(() => undefined)
    await fs.rm(fresh, { force: true }).catch(() => undefined)
    throw error
  }
}
