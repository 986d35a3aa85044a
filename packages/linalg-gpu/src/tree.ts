/** Trees: nested arrays, tuples and plain records whose leaves are anything else (tensors, numbers, strings …).
 *  null is a branch without leaves: where a tree has nothing, its maps and results have nothing too. */

import { fail } from './errors.js'

/** A tree of tensors and numbers. */
export type Tree<L> = L | readonly Tree<L>[] | { readonly [key: string]: Tree<L> }

/** The tree with its leaves of type A replaced by B: the shape stays, typed through. */
export type Mapped<T, A, B> = T extends A
  ? B
  : T extends (...args: never[]) => unknown
    ? T
    : T extends object
      ? { [K in keyof T]: Mapped<T[K], A, B> }
      : T

/** The form of a tree without its leaves. */
export type Structure =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'array'; readonly items: readonly Structure[] }
  | { readonly kind: 'record'; readonly keys: readonly string[]; readonly items: readonly Structure[] }
  | { readonly kind: 'nothing'; readonly keys: readonly []; readonly items: readonly [] }

const leaf: Structure = { kind: 'leaf' }
const nothing: Structure = { kind: 'nothing', keys: [], items: [] }

const isRecord = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

export const isBranch = (value: unknown): boolean => Array.isArray(value) || isRecord(value)

/** Most records are written in order: sorting is dear. */
const sorted = (keys: string[]): string[] =>
  keys.every((key, i) => i === 0 || keys[i - 1]! < key) ? keys : keys.sort()

/** Leaves from left to right, records in the order of their sorted keys, so that two spellings of one record agree. */
export const flatten = (tree: unknown): { readonly leaves: readonly unknown[]; readonly structure: Structure } => {
  const leaves: unknown[] = []
  const visit = (node: unknown): Structure => {
    if (node === null) return nothing
    if (Array.isArray(node)) return { kind: 'array', items: node.map(visit) }
    if (isRecord(node)) {
      const keys = sorted(Object.keys(node))
      return { kind: 'record', keys, items: keys.map((key) => visit(node[key])) }
    }
    leaves.push(node)
    return leaf
  }
  const structure = visit(tree)
  return { leaves, structure }
}

/** The leaves of a tree that is expected to have a form, put into a list: false where it has another. Nothing is allocated. */
export const leavesAs = (structure: Structure, tree: unknown, leaves: unknown[]): boolean => {
  switch (structure.kind) {
    case 'leaf':
      if (tree === null || isBranch(tree)) return false
      leaves.push(tree)
      return true
    case 'nothing':
      return tree === null
    case 'array': {
      const { items } = structure
      if (!Array.isArray(tree) || tree.length !== items.length) return false
      for (let i = 0; i < items.length; i++) if (!leavesAs(items[i]!, tree[i], leaves)) return false
      return true
    }
    default: {
      const { keys, items } = structure
      if (!isRecord(tree) || Array.isArray(tree)) return false
      let count = 0
      for (const key in tree) if (Object.hasOwn(tree, key)) count++
      if (count !== keys.length) return false
      for (let i = 0; i < keys.length; i++)
        if (!Object.hasOwn(tree, keys[i]!) || !leavesAs(items[i]!, tree[keys[i]!], leaves)) return false
      return true
    }
  }
}

export const unflatten = (structure: Structure, leaves: readonly unknown[]): unknown => {
  let at = 0
  const build = (node: Structure): unknown => {
    if (node.kind === 'leaf') return leaves[at++]
    if (node.kind === 'nothing') return null
    if (node.kind === 'array') return node.items.map(build)
    return Object.fromEntries(node.keys.map((key, i) => [key, build(node.items[i]!)]))
  }
  return build(structure)
}

export const leafCount = (structure: Structure): number =>
  structure.kind === 'leaf' ? 1 : structure.items.reduce((sum, item) => sum + leafCount(item), 0)

export const sameStructure = (a: Structure, b: Structure): boolean => {
  if (a === b) return true
  if (a.kind === 'leaf' || b.kind === 'leaf' || a.kind !== b.kind || a.items.length !== b.items.length) return false
  if (a.kind === 'record' && a.keys.some((key, i) => key !== (b as typeof a).keys[i])) return false
  return a.items.every((item, i) => sameStructure(item, b.items[i]!))
}

/** A key as it stands in text: quoted where it is no plain word, so that two forms never look alike. */
const shown = (key: string): string => (/^[\w$]+$/.test(key) ? key : JSON.stringify(key))

/** `{w: *, layers: [*, *]}`: for messages and cache keys. */
export const showStructure = (structure: Structure): string =>
  structure.kind === 'leaf'
    ? '*'
    : structure.kind === 'nothing'
      ? 'null'
      : structure.kind === 'array'
        ? `[${structure.items.map(showStructure).join(', ')}]`
        : `{${structure.keys.map((key, i) => `${shown(key)}: ${showStructure(structure.items[i]!)}`).join(', ')}}`

/** The path of each leaf, such as `.layers[0].w`. */
export const paths = (structure: Structure): string[] => {
  const out: string[] = []
  const visit = (node: Structure, path: string): void => {
    if (node.kind === 'leaf') out.push(path)
    else
      node.items.forEach((item, i) => {
        const key = node.kind === 'array' ? '' : node.keys[i]!
        visit(
          item,
          node.kind === 'array' ? `${path}[${i}]` : shown(key) === key ? `${path}.${key}` : `${path}[${shown(key)}]`,
        )
      })
  }
  visit(structure, '')
  return out
}

/** Applies `f` to the leaves at the same place of one or more trees of one form.
 *  @example treeMap((a: number, b: number) => a + b, { x: 1, y: [2] }, { x: 10, y: [20] }) // => { x: 11, y: [ 22 ] } */
export const treeMap = <A extends readonly unknown[], B, T>(
  f: (...leaves: A) => B,
  tree: T,
  ...rest: readonly T[]
): Mapped<T, A[0], B> => {
  const first = flatten(tree)
  const others = rest.map((other, i) => {
    const flat = flatten(other)
    if (!sameStructure(first.structure, flat.structure))
      fail(
        'treeMap',
        `tree ${i + 1} has the form ${showStructure(flat.structure)}, the first has ${showStructure(first.structure)}.`,
      )
    return flat.leaves
  })
  const leaves = first.leaves.map((value, i) => f(...([value, ...others.map((other) => other[i])] as unknown as A)))
  return unflatten(first.structure, leaves) as Mapped<T, A[0], B>
}

/** The leaves from left to right; records by sorted key.
 *  @example treeLeaves({ b: 2, a: [1, 3] }) // => [ 1, 3, 2 ] */
export const treeLeaves = <L = unknown>(tree: Tree<L>): readonly L[] => flatten(tree).leaves as readonly L[]
