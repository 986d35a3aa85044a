/** NumPy's .npz: a zip archive with one .npy file for each name.
 *
 *  Written as `numpy.savez` (`store`) or `numpy.savez_compressed` (`deflate`); members in the order given, dated 1980
 *  so that the same entries give the same bytes. Read lazily: with `only`, no other member is expanded. Members that
 *  are not .npy files are named in `skipped`, not read.
 *  Cost       a deflated member once in memory; a stored one is copied if it is not aligned.
 *  Fails      as zip.ts and npy.ts | notFound | tooLarge
 *  Laws       decode(encode(x)) = x. */

import { zipSync } from 'fflate'
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { fail } from '../errors.js'
import { checkedPairs, type Entries, type Entry, type FileError, plainBytes, refuse } from './entry.js'
import { encodeNpy, readNpy } from './npy.js'
import { quote, utf8Bytes } from './text.js'
import { type Member, zipContent, zipMembers } from './zip.js'

export interface NpzOptions {
  readonly method?: 'store' | 'deflate'
}

export interface NpzReadOptions {
  /** The names to read; all when left out. */
  readonly only?: readonly string[]
  /** Refuse to expand more than this in all; 2 GiB when left out. */
  readonly maximumBytes?: number
}

export interface Npz {
  /** In the order of the archive. */
  readonly entries: ReadonlyMap<string, Entry>
  /** Members that are not .npy files. */
  readonly skipped: readonly string[]
}

/** Throws when an entry contradicts itself, or the archive would need zip64. */
export const writeNpz = (entries: Entries, { method = 'store' }: NpzOptions = {}): Uint8Array => {
  const files: Record<string, Uint8Array> = {}
  let total = 22
  for (const [name, entry] of checkedPairs('encodeNpz', entries)) {
    const nameBytes = utf8Bytes(`${name}.npy`).length
    if (nameBytes > 65_535) fail('encodeNpz', `a name of ${nameBytes} bytes; zip allows 65,535: shorten it.`)
    const file = encodeNpy(entry)
    files[`${name}.npy`] = file
    total += file.length + 2 * nameBytes + 76
  }
  const count = Object.keys(files).length
  if (count >= 0xffff || total >= 0xffffffff)
    fail('encodeNpz', `${count} entries and ${total} bytes; an archive holds 65,534 and 4 GiB: use encodeSafetensors.`)
  return zipSync(files, { level: method === 'store' ? 0 : 6, mtime: new Date(1980, 0, 1) })
}

export const readNpz = (
  file: Uint8Array,
  { only, maximumBytes = 2 ** 31 }: NpzReadOptions = {},
): Either<FileError, Npz> => {
  const bytes = plainBytes(file)
  const listed = zipMembers(bytes, caller)
  if (isLeft(listed)) return listed
  const members = listed.right.filter(isArray)
  const skipped = listed.right.filter((member) => !isArray(member)).map(({ name }) => name)
  const known = new Set(members.map(nameOf))
  for (const name of only ?? [])
    if (!known.has(name)) return refuse('notFound', `${caller}: no array ${quote(name)}; there are ${shown(known)}.`)
  const chosen = new Set(only ?? known)
  const wanted = members.filter((member) => chosen.has(nameOf(member)))
  const total = wanted.reduce((sum, { size }) => sum + size, 0)
  if (total > maximumBytes)
    return refuse(
      'tooLarge',
      `${caller}: ${total} bytes when expanded, ${maximumBytes} are allowed: choose with \`only\` or raise \`maximumBytes\`.`,
    )
  const entries = new Map<string, Entry>()
  for (const member of wanted) {
    const where = `${caller}: member ${quote(member.name)}`
    const content = zipContent(bytes, member, where)
    if (isLeft(content)) return content
    const entry = readNpy(content.right, where, member.method === 0 ? 'foreign' : 'owned')
    if (isLeft(entry)) return entry
    entries.set(nameOf(member), entry.right)
  }
  return right({ entries, skipped })
}

/** The names of the arrays, without expanding any. */
export const npzNames = (file: Uint8Array): Either<FileError, readonly string[]> => {
  const members = zipMembers(plainBytes(file), 'npzNames')
  return isLeft(members) ? members : right(members.right.filter(isArray).map(nameOf))
}

const caller = 'decodeNpz'
const isArray = ({ name }: Member): boolean => name.endsWith('.npy')
const nameOf = ({ name }: Member): string => name.slice(0, -4)
const shown = (names: ReadonlySet<string>): string =>
  [...names]
    .slice(0, 8)
    .map((name) => quote(name))
    .join(', ') || 'none'
