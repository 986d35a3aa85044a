/** Where code is being written: which loops it is inside of, what has been computed there, and which locals are free. */

import { type Code, get, i32, increase, type Local, set, type ValType } from '../assembler.js'
import { word } from '../lowered.js'
import { type Affine, type Form, laneDim } from './form.js'

export interface Writer {
  readonly form: Form
  readonly words: Code
  readonly scratch: Code
  /** A local that is this code's own until the `scoped` around it ends. */
  readonly take: (type?: ValType) => Local
  readonly scoped: (write: () => Code) => Code
  /** The results of reductions, by number. */
  readonly reduced: Map<number, readonly Local[]>
}

export interface Scope {
  readonly depth: number
  /** Whether it is inside of the loop over lanes. */
  readonly inLanes: boolean
  /** Vectors at a time. */
  readonly copies: number
  /** How many lanes have a value, where not all have: 1 … lanes − 1. */
  readonly rest?: Local
  /** Affine functions as they are here, at the first lane. */
  readonly at: readonly Local[]
  /** Nodes that are computed: a local for each copy, or one for all. */
  readonly values: Map<number, readonly Local[]>
}

export const writer = (form: Form, words: Code, scratch: Code, local: (type: ValType) => Local): Writer => {
  const free = new Map<ValType, Local[]>()
  const taken: Local[] = []
  return {
    form,
    words,
    scratch,
    reduced: new Map(),
    take: (type = 'v128') => {
      const own = free.get(type)?.pop() ?? local(type)
      taken.push(own)
      return own
    },
    scoped: (write) => {
      const before = taken.length
      const code = write()
      for (const own of taken.splice(before)) {
        const list = free.get(own.type) ?? []
        list.push(own)
        free.set(own.type, list)
      }
      return code
    },
  }
}

/** Code that needs to be read more than once, in a local. */
export const kept = (w: Writer, value: Code, type: ValType = 'v128'): readonly [Code, Code] => {
  const own = w.take(type)
  return [set(own, value), get(own)]
}

export const wordOf = (w: Writer, at: number): Code => word(w.words, at)

/** The stride along the lanes. */
export const laneStride = (w: Writer, { lane, unit, strides }: Affine): Code =>
  lane === 'other' ? wordOf(w, strides[laneDim(w.form)]!) : i32.const(lane === 'unit' ? unit : 0)

/** Moves along the lanes. */
export const advance = (w: Writer, at: Local, affine: Affine, count: number): Code => {
  if (affine.lane === 'zero') return []
  if (affine.lane === 'unit') return increase(at, i32.const(count * affine.unit))
  return increase(at, i32.mul(laneStride(w, affine), i32.const(count)))
}
