/** Types of program values: dtype and shape, interned, so that equality is identity.
 *
 *  A weak type is that of a number argument: f64 until it meets a tensor, whose dtype it takes.
 *  The intern table is a cache and holds one small object for each distinct type ever made. */

import { bytesOf, type DType } from '../dtype.js'
import { type Shape, sizeOf } from '../shape.js'

export interface Type {
  readonly dtype: DType
  readonly shape: Shape
  readonly size: number
  readonly weak: boolean
  /** Distinct for distinct types: a short key for caches. */
  readonly id: number
}

interface Node {
  type: Type | undefined
  readonly next: Map<number, Node>
}

const node = (): Node => ({ type: undefined, next: new Map() })
const entry = <K>(table: Map<K, Node>, key: K): Node => {
  let known = table.get(key)
  if (known === undefined) {
    known = node()
    table.set(key, known)
  }
  return known
}
const roots = new Map<DType, Node>()
const weakRoots = new Map<DType, Node>()
let count = 0

export const typeOf = (dtype: DType, shape: Shape, weak = false): Type => {
  const table = weak ? weakRoots : roots
  let at: Node = entry(table, dtype)
  for (let i = 0; i < shape.length; i++) at = entry(at.next, shape[i]!)
  if (at.type === undefined)
    at.type = Object.freeze({ dtype, shape: Object.freeze([...shape]), size: sizeOf(shape), weak, id: count++ })
  return at.type
}

export const withShape = (type: Type, shape: Shape): Type =>
  type.shape === shape ? type : typeOf(type.dtype, shape, type.weak)
export const withDType = (type: Type, dtype: DType): Type => (type.dtype === dtype ? type : typeOf(dtype, type.shape))
/** Bytes of a value in memory. */
export const byteSize = (type: Type): number => type.size * bytesOf(type.dtype)
export const totalBytes = (types: readonly Type[]): number => types.reduce((sum, type) => sum + byteSize(type), 0)
