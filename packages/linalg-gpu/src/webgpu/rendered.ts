/** A kernel as WebGPU runs it: compute shaders, dispatched one after another.
 *
 *  Sizes are constants of the code. Where operands stand is part of it too, as WebGPU wants it told: what is written must be bound
 *  for writing, with all else of the same buffer, and nothing may be bound twice. What changes from turn to turn of a loop is told
 *  by a uniform: the element at which a row begins, and the gate that says whether this turn happens at all. */

import type { Traits } from './traits.js'

/** How an operand stands in memory. */
export interface Place {
  /** The number of its binding. Operands that stand over one another, or in one arena that is bound as a whole, have the same. */
  readonly binding: number
  /** Elements from the start of the binding to the operand. */
  readonly offset: number
  /** Whether the binding is for writing. */
  readonly writable: boolean
  /** Whether the operand begins at an element that is told at run time. */
  readonly shifted: boolean
}

/** Where a kernel is to run. */
export interface Site {
  readonly traits: Traits
  /** By operand. */
  readonly places: readonly Place[]
  /** Whether a gate says at run time if the kernel runs. */
  readonly gated: boolean
}

/** A binding of a shader, by its number: those of the places first, then those of scratch. */
export interface Binding {
  readonly binding: number
  readonly writable: boolean
}

export interface Dispatch {
  readonly label: string
  readonly code: string
  readonly bindings: readonly Binding[]
  /** Along x, y, z. */
  readonly workgroups: readonly [number, number, number]
}

export interface Rendered {
  readonly dispatches: readonly Dispatch[]
  /** Bytes of each piece of scratch memory, which holds nothing before or after. */
  readonly scratch: readonly number[]
}

/** How many bindings the places take. */
export const bindingsOf = (places: readonly Place[]): number =>
  Math.max(-1, ...places.map((place) => place.binding)) + 1
