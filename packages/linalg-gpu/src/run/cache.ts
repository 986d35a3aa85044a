/** Something made once for each structure of a program, least recently used gone first: a program traced again is compiled once. */

import type { Program } from '../program/program.js'
import { hashProgram, sameProgram } from '../simplify/same.js'

export interface Cache<T> {
  /** What is kept, or made now; what could not be made, undefined, is not kept. */
  readonly get: (program: Program, make: (program: Program) => T | undefined) => T | undefined
  readonly size: () => number
  readonly clear: () => void
}

interface Entry<T> {
  readonly program: Program
  readonly hash: number
  readonly value: T
}

/** `capacity` structures are kept, at least the one that is used; `drop` is called for each that goes. */
export const cacheOf = <T>(capacity: number, drop: (value: T) => void): Cache<T> => {
  const most = Math.max(1, capacity)
  // a Map remembers the order of insertion: what is used is put in again, what stands first goes first
  const recent = new Map<Entry<T>, true>()
  const byHash = new Map<number, Entry<T>[]>()
  // a jitted function asks with the very same program each time
  let known = new WeakMap<Program, Entry<T>>()
  const forget = (entry: Entry<T>): void => {
    recent.delete(entry)
    if (entry === latest) latest = undefined
    const others = byHash.get(entry.hash)!.filter((other) => other !== entry)
    if (others.length === 0) byHash.delete(entry.hash)
    else byHash.set(entry.hash, others)
    drop(entry.value)
  }
  let latest: Entry<T> | undefined
  const use = (entry: Entry<T>): T => {
    if (entry === latest) return entry.value
    latest = entry
    recent.delete(entry)
    recent.set(entry, true)
    return entry.value
  }
  return {
    get: (program, make) => {
      const own = known.get(program)
      if (own !== undefined && recent.has(own)) return use(own)
      const hash = hashProgram(program)
      const same = byHash.get(hash)?.find((entry) => sameProgram(entry.program, program))
      if (same !== undefined) {
        known.set(program, same)
        return use(same)
      }
      const value = make(program)
      if (value === undefined) return value
      const entry = { program, hash, value }
      byHash.set(hash, [...(byHash.get(hash) ?? []), entry])
      known.set(program, entry)
      recent.set(entry, true)
      latest = entry
      if (recent.size > most) forget(recent.keys().next().value!)
      return entry.value
    },
    size: () => recent.size,
    clear: () => {
      for (const entry of [...recent.keys()]) forget(entry)
      known = new WeakMap()
    },
  }
}
