/** Trees of tensors as the bytes of a file, and back.
 *
 *  A tree is nested records, arrays and tuples of tensors; numbers in it become f32 scalars, booleans bool scalars. The
 *  form of the tree is written beside the tensors, so that decode(encode(t)) = t in form, dtypes and bits. Of a file by
 *  others, and of a part chosen with `only`, the names make records: `layers.0.w` is { layers: { 0: { w } } }.
 *  Ownership  decoded tensors have memory of their own: the bytes may be changed afterwards.
 *  Fails      encode: what reading a tensor back fails with | tooLarge. decode: see FileErrorCode.
 *  A tree that is none (a string in it, a traced tensor, a record that contains itself) throws at the call. */

import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { fail } from '../errors.js'
import { tensorOf } from '../ops/operands.js'
import { typeOf } from '../program/type.js'
import type { Device, Failure } from '../run/device.js'
import { held } from '../run/execute.js'
import { defaultDevice } from '../run/onDevice.js'
import { readStored } from '../run/read.js'
import { isTensor, type Tensor, type TensorLike } from '../trace/tensor.js'
import type { Tree } from '../tree.js'
import type { Entry, FileError } from './entry.js'
import {
  describeTree,
  entryOfTree,
  flattenNames,
  type NameTree,
  restoreTree,
  treeKey,
  treeMember,
  treeOfEntry,
  unflattenNames,
} from './names.js'
import { readNpz, writeNpz } from './npz.js'
import { readSafetensors, writeSafetensors } from './safetensors.js'
import { isWellFormed, quote } from './text.js'

export interface DecodeOptions {
  /** Where the tensors are made; the plain device when left out. */
  readonly device?: Device
  /** The names to read, as `layers.0.w`; all when left out. */
  readonly only?: readonly string[]
}

/** The tree as a safetensors file, which Python reads by `safetensors`. `metadata` is text for others to read.
 *  @example
 *  import * as E from 'fp-ts/lib/Either.js'
 *  const file = await encodeSafetensors({ w: array([1, 2]), steps: [3] })()
 *  E.chainW((bytes: Uint8Array) => decodeSafetensors(bytes))(file)
 *  // => { _tag: 'Right', right: { w: f32[2] [1, 2], steps: [ f32[] 3 ] } } */
export const encodeSafetensors = (
  tree: unknown,
  { metadata = {} }: { readonly metadata?: Readonly<Record<string, string>> } = {},
): TE.TaskEither<Failure | FileError, Uint8Array> => {
  const caller = 'encodeSafetensors'
  for (const [name, text] of Object.entries(metadata)) {
    if (name === treeKey) fail(caller, `the metadata key ${quote(treeKey)} is written by this library: rename it.`)
    if (typeof text !== 'string') fail(caller, `metadata ${quote(name)} is ${typeof text}, text is expected.`)
    checkText(caller, `metadata ${quote(name)}`, name + text)
  }
  const { description, entries } = entriesOf(caller, tree)
  return written(entries, (named) => writeSafetensors(named, { ...metadata, [treeKey]: description }))
}

/** The tree of a safetensors file.
 *  @example
 *  decodeSafetensors(new Uint8Array(3))
 *  // => { _tag: 'Left', left: { code: 'truncated', message:
 *  //     'decodeSafetensors: 8 bytes of header length are expected, the file has 3. (at byte 3)', offset: 3 } } */
export const decodeSafetensors = (
  bytes: Uint8Array,
  { device = defaultDevice(), only }: DecodeOptions = {},
): E.Either<FileError, Tree<Tensor>> =>
  pipe(
    readSafetensors(bytes, only === undefined ? {} : { only }),
    E.chain(({ entries, metadata }) =>
      planted('decodeSafetensors', device, entries, only === undefined ? metadata.get(treeKey) : undefined),
    ),
  )

/** The metadata of a safetensors file, without the tree's form; no tensor is read.
 *  @example
 *  import * as E from 'fp-ts/lib/Either.js'
 *  const file = await encodeSafetensors(1, { metadata: { license: 'MIT' } })()
 *  E.chainW(safetensorsMetadata)(file) // => { _tag: 'Right', right: { license: 'MIT' } } */
export const safetensorsMetadata = (bytes: Uint8Array): E.Either<FileError, Readonly<Record<string, string>>> =>
  pipe(
    readSafetensors(bytes, { only: [] }),
    E.map(({ metadata }) => Object.fromEntries([...metadata].filter(([name]) => name !== treeKey))),
  )

/** The tree as an npz archive, which Python reads by `numpy.load`. method: `store`, or `deflate` to compress.
 *  @example
 *  import * as E from 'fp-ts/lib/Either.js'
 *  const file = await encodeNpz([array([true]), { x: array([0.5], { dtype: 'f16' }) }])()
 *  E.chainW((bytes: Uint8Array) => decodeNpz(bytes))(file)
 *  // => { _tag: 'Right', right: [ bool[1] [true], { x: f16[1] [0.5] } ] } */
export const encodeNpz = (
  tree: unknown,
  { method = 'store' }: { readonly method?: 'store' | 'deflate' } = {},
): TE.TaskEither<Failure | FileError, Uint8Array> => {
  const { description, entries } = entriesOf('encodeNpz', tree)
  return written(entries, (named) => writeNpz(new Map([...named, [treeMember, entryOfTree(description)]]), { method }))
}

/** The tree of an npz archive; with `only`, no other array is expanded. `maximumBytes` (2 GiB) bounds what it expands to.
 *  @example
 *  decodeNpz(new Uint8Array(3))
 *  // => { _tag: 'Left', left: { code: 'truncated', message:
 *  //     'decodeNpz: no end record of a zip archive; the file is cut off, or is no zip. (at byte 3)', offset: 3 } } */
export const decodeNpz = (
  bytes: Uint8Array,
  { device = defaultDevice(), only, maximumBytes = 2 ** 31 }: DecodeOptions & { readonly maximumBytes?: number } = {},
): E.Either<FileError, Tree<Tensor>> =>
  pipe(
    readNpz(bytes, only === undefined ? { maximumBytes } : { maximumBytes, only }),
    E.chain(({ entries }) => {
      const own = only === undefined ? entries.get(treeMember) : undefined
      if (own === undefined) return planted('decodeNpz', device, entries, undefined)
      const leaves = new Map([...entries].filter(([name]) => name !== treeMember))
      return pipe(
        treeOfEntry(own, 'decodeNpz'),
        E.chain((description) => planted('decodeNpz', device, leaves, description)),
      )
    }),
  )

const isLeaf = (value: unknown): value is TensorLike =>
  isTensor(value) || typeof value === 'number' || typeof value === 'boolean'

const checkText = (caller: string, what: string, text: string): void => {
  if (!isWellFormed(text)) fail(caller, `${what} holds half a surrogate pair, which UTF-8 cannot write.`)
}

type Named = ReadonlyMap<string, Entry>

/** Everything that can be wrong with the tree throws here, before anything is read. */
const entriesOf = (
  caller: string,
  tree: unknown,
): { readonly description: string; readonly entries: TE.TaskEither<Failure, Named> } => {
  const leaves = [...flattenNames(tree, isLeaf, caller)].map(([name, leaf]) => {
    checkText(caller, `the name ${quote(name)}`, name)
    return [name, isTensor(leaf) ? leaf : tensorOf(caller, leaf)] as const
  })
  const reads = leaves.map(([name, x]) =>
    TE.map((data: Entry['data']) => [name, { dtype: x.dtype, shape: x.shape, data }] as const)(readStored(caller, x)),
  )
  return {
    description: describeTree(tree, isLeaf),
    entries: pipe(
      TE.sequenceArray(reads),
      TE.map((pairs) => new Map(pairs)),
    ),
  }
}

/** What a writer still throws at is the size of the whole: an outcome here. */
const written = (
  entries: TE.TaskEither<Failure, Named>,
  write: (named: Named) => Uint8Array,
): TE.TaskEither<Failure | FileError, Uint8Array> =>
  pipe(
    entries,
    TE.chainEitherKW((named) =>
      E.tryCatch(
        () => write(named),
        (error): FileError => ({ code: 'tooLarge', message: (error as Error).message }),
      ),
    ),
  )

/** The tree of named entries. Tensors are made once the form is known to be right: a refused file leaves none behind. */
const planted = (
  caller: string,
  device: Device,
  entries: Named,
  description: string | undefined,
): E.Either<FileError, Tree<Tensor>> => {
  const makers = new Map(
    [...entries].map(([name, { dtype, shape, data }]) => [
      name,
      (): Tensor => held(device.upload(data, typeOf(dtype, shape), caller)),
    ]),
  )
  const form = description === undefined ? unflattenNames(makers, caller) : restoreTree(makers, description, caller)
  return pipe(form, E.map(grown))
}

const grown = (node: NameTree<() => Tensor>): Tree<Tensor> =>
  typeof node === 'function'
    ? node()
    : node === null
      ? // where a tree has nothing its type has nothing either
        (node as never)
      : Array.isArray(node)
        ? node.map(grown)
        : Object.fromEntries(Object.entries(node).map(([key, child]) => [key, grown(child)]))
