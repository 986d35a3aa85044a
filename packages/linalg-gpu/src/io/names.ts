/** Trees of records and arrays as flat names, the form in which files hold them, and back.
 *
 *      { layers: [{ w, b }] }  ⇄  layers.0.w, layers.0.b
 *
 *  A position is its number. In a key, '.' and '\' are written after a '\', and a key that looks like a position or
 *  is reserved by a format begins with one: so two leaves of a tree never share a name. Names alone do not tell an
 *  array from a record, nor that a record is empty. `describeTree` does, as JSON with null for a leaf and false where a tree has
 *  nothing (null); it goes into the file beside the arrays (`treeKey`, `treeMember`), and `restoreTree` gives the same tree back. For files by
 *  others, `unflattenNames` makes records at every '.'.
 *  Laws       restoreTree(flattenNames(t), describeTree(t)) = t; unflattenNames(flattenNames(t)) = t for records
 *             without empty ones. */

import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { fail, showValue } from '../errors.js'
import { type Entry, type FileError, refuse } from './entry.js'
import { type Literal, maximumDepth, parseLiteral } from './literal.js'
import { quote, utf8, utf8Bytes } from './text.js'

export type NameTree<L> = L | null | readonly NameTree<L>[] | { readonly [key: string]: NameTree<L> }

/** The metadata key of safetensors that holds the tree's description. */
export const treeKey = 'neumann.tree'

/** The entry of an npz that holds the tree's description, as bytes of UTF-8. */
export const treeMember = '__tree__'

/** The leaves by name, in the order of the tree. Throws at anything that is not a leaf, an array or a plain record. */
export const flattenNames = <L>(
  tree: unknown,
  isLeaf: (value: unknown) => value is L,
  caller = 'flattenNames',
): Map<string, L> => {
  const leaves = new Map<string, L>()
  visit(caller, tree, isLeaf, [], (path, leaf) => {
    leaves.set(path.join('.'), leaf)
    return null
  })
  return leaves
}

/** The tree with null for every leaf and false for nothing, as JSON. */
export const describeTree = (tree: unknown, isLeaf: (value: unknown) => boolean): string =>
  JSON.stringify(visit('describeTree', tree, isLeaf as (value: unknown) => value is unknown, [], () => null))

/** The tree that `describeTree` described, from its leaves by name. */
export const restoreTree = <L>(
  leaves: ReadonlyMap<string, L>,
  description: string,
  caller = 'restoreTree',
): Either<FileError, NameTree<L>> => {
  const parsed = parseLiteral(description, 'json')
  if (isLeft(parsed))
    return refuse('badTree', `${caller}: description: ${parsed.left.message}, character ${parsed.left.index}.`)
  const used = new Set<string>()
  const build = (node: Literal, path: readonly string[]): Either<FileError, NameTree<L>> => {
    if (node === null) {
      const name = path.join('.')
      used.add(name)
      return leaves.has(name)
        ? right(leaves.get(name)!)
        : refuse('notFound', `${caller}: the tree has a leaf ${quote(name)}, the file has none.`)
    }
    if (node === false) return right(null)
    const items: (readonly [string, NameTree<L>])[] = []
    if (!Array.isArray(node) && !(node instanceof Map))
      return refuse(
        'badTree',
        `${caller}: description: ${JSON.stringify(node).slice(0, 80)} stands where null, false, a list or a record is expected.`,
      )
    for (const [key, part] of (node as readonly Literal[] | ReadonlyMap<string, Literal>).entries()) {
      const child = build(part, [...path, typeof key === 'number' ? String(key) : escaped(key)])
      if (isLeft(child)) return child
      items.push([String(key), child.right])
    }
    return right(Array.isArray(node) ? items.map(([, child]) => child) : Object.fromEntries(items))
  }
  const tree = build(parsed.right, [])
  if (isLeft(tree)) return tree
  const strangers = [...leaves.keys()].filter((name) => !used.has(name))
  return strangers.length === 0
    ? tree
    : refuse(
        'badTree',
        `${caller}: ${strangers.length} arrays are no part of the tree, ${quote(strangers[0]!)} the first.`,
      )
}

/** Nested records from names alone, one level at each '.'; positions stay keys ('0', '1', …). */
export const unflattenNames = <L>(
  leaves: ReadonlyMap<string, L>,
  caller = 'unflattenNames',
): Either<FileError, NameTree<L>> => {
  const root: Level<L> = new Map()
  for (const [name, leaf] of leaves) {
    const keys = parts(name)
    const what = `${caller}: name ${quote(name)}`
    if (keys.length > maximumDepth)
      return refuse('badTree', `${what} has ${keys.length} levels, at most ${maximumDepth} are allowed.`)
    let level = root
    for (const key of keys.slice(0, -1)) {
      const next = level.get(key) ?? { level: new Map() }
      if (!('level' in next))
        return refuse('badTree', `${what} goes through another array's name: leave one out with \`only\`.`)
      level.set(key, next)
      level = next.level
    }
    const last = keys.at(-1)!
    if (level.has(last))
      return refuse('badTree', `${what} is also the beginning of another array's name: leave one out with \`only\`.`)
    level.set(last, { leaf })
  }
  return right(recordOf(root))
}

export const entryOfTree = (description: string): Entry => {
  const data = utf8Bytes(description)
  return { dtype: 'u8', shape: [data.length], data }
}

export const treeOfEntry = ({ dtype, shape, data }: Entry, caller = 'treeOfEntry'): Either<FileError, string> => {
  const text = dtype === 'u8' && shape.length === 1 ? utf8(Uint8Array.from(data)) : undefined
  return text === undefined
    ? refuse('badTree', `${caller}: ${treeMember} is a u8 vector of UTF-8 text, this one is not.`)
    : right(text)
}

type Level<L> = Map<string, { readonly leaf: L } | { readonly level: Level<L> }>

const recordOf = <L>(level: Level<L>): { readonly [key: string]: NameTree<L> } =>
  Object.fromEntries([...level].map(([key, node]) => [key, 'leaf' in node ? node.leaf : recordOf(node.level)]))

type Shape = null | false | readonly Shape[] | { readonly [key: string]: Shape }

const visit = <L>(
  caller: string,
  node: unknown,
  isLeaf: (value: unknown) => value is L,
  path: readonly string[],
  atLeaf: (path: readonly string[], leaf: L) => null,
): Shape => {
  if (isLeaf(node)) return atLeaf(path, node)
  if (node === null) return false
  if (path.length >= maximumDepth)
    fail(caller, `the tree is deeper than ${maximumDepth} levels: does it contain itself?`)
  if (Array.isArray(node))
    return Array.from(node, (child, i) => visit(caller, child, isLeaf, [...path, String(i)], atLeaf))
  if (!isRecord(node))
    fail(
      caller,
      `${JSON.stringify(path.join('.'))} is ${showValue(node)}; a leaf, an array or a plain record is expected.`,
    )
  return Object.fromEntries(
    Object.entries(node as object).map(([key, child]) => [
      key,
      visit(caller, child, isLeaf, [...path, escaped(key)], atLeaf),
    ]),
  )
}

const isRecord = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

const escaped = (key: string): string =>
  (/^(?:\d+|__metadata__|__tree__)$/.test(key) ? '\\' : '') + key.replace(/[.\\]/g, '\\$&')

/** The keys of a name: split at each '.' that no '\' precedes; a '\' gives the next character literally. */
const parts = (name: string): string[] => {
  const keys: string[] = []
  let key = ''
  for (let i = 0; i < name.length; i++) {
    if (name[i] === '.') {
      keys.push(key)
      key = ''
    } else key += name[i] === '\\' && i + 1 < name.length ? name[++i]! : name[i]!
  }
  return [...keys, key]
}
