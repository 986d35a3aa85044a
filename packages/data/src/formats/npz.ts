/** NumPy's .npz: a zip archive with one .npy file for each name, as `numpy.savez` and `numpy.savez_compressed` write
 *  it.
 *
 *  Members that are not .npy files are left out. With `only`, no other member is expanded.
 *  Fails    notFound | tooLarge | what zip and .npy fail with */

import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import type { NdArray } from '../ndarray.js'
import { type DataError, inFile, quote, refuse } from '../outcome.js'
import { plainBytes } from './bytes.js'
import { decodeNpy } from './npy.js'
import { type Member, zipContent, zipMembers } from './zip.js'

export interface ArchiveOptions {
  /** Refuse to expand more than this in all; 2 GiB when left out. */
  readonly maximumBytes?: number
}

export interface NpzOptions extends ArchiveOptions {
  /** The names to read; all when left out. */
  readonly only?: readonly string[]
}

/** The arrays of an archive, by name, in its order.
 *  @example
 *  decodeNpz(new Uint8Array(5))
 *  // => { _tag: 'Left', left: { code: 'truncated', message:
 *  //     'decodeNpz: no end record of a zip archive: cut off, or no zip. (at byte 5)', offset: 5 } } */
export const decodeNpz = (
  file: Uint8Array,
  { only, maximumBytes }: NpzOptions = {},
): Either<DataError, ReadonlyMap<string, NdArray>> => {
  const bytes = plainBytes(file)
  const listed = zipMembers(caller, bytes)
  if (isLeft(listed)) return listed
  const members = new Map(
    listed.right.filter(({ name }) => name.endsWith('.npy')).map((one) => [one.name.slice(0, -4), one]),
  )
  for (const name of only ?? [])
    if (!members.has(name))
      return refuse(
        'notFound',
        `${caller}: no array ${quote(name)}; there are ${[...members.keys()].map(quote).join(', ') || 'none'}.`,
      )
  const wanted = [...members].filter(([name]) => only?.includes(name) ?? true)
  const room = fits(
    caller,
    wanted.map(([, member]) => member),
    maximumBytes,
  )
  if (isLeft(room)) return room
  const arrays = new Map<string, NdArray>()
  for (const [name, member] of wanted) {
    const content = zipContent(caller, bytes, member)
    if (isLeft(content)) return content
    const array = inFile(member.name)(decodeNpy(content.right))
    if (isLeft(array)) return array
    arrays.set(name, array.right)
  }
  return right(arrays)
}

const caller = 'decodeNpz'

/** Refuses members that expand to more than is allowed, before any is expanded. */
export const fits = (where: string, members: readonly Member[], maximumBytes = 2 ** 31): Either<DataError, number> => {
  const total = members.reduce((sum, { size }) => sum + size, 0)
  return total <= maximumBytes
    ? right(total)
    : refuse('tooLarge', `${where}: ${total} bytes when expanded, ${maximumBytes} are allowed: raise \`maximumBytes\`.`)
}
