/** A library that takes part: what it can do, in a process (or a page) of its own. */

import type { Given } from '../inputs.js'
import type { Params } from '../tasks.js'

export interface Options {
  readonly threads: number
  /** Ours only: `wasm`, `plain`. */
  readonly device: string
  /** Ours only: fused multiply-add where the engine has it. */
  readonly relaxed: boolean
}

export type Outputs = Readonly<Record<string, ArrayLike<number>>>

/** A task that stands ready: data uploaded, functions made. */
export interface Prepared {
  /** What is timed: one repetition, up to where its results are there to be used, and freed. */
  readonly run: () => unknown
  /** One repetition from the first state, read back to be compared. Called once, before `run`. */
  readonly result: () => Outputs | Promise<Outputs>
  readonly dispose?: () => void
  /** Most bytes that buffers ever took, where the library counts them. */
  readonly peakBytes?: () => number
}

export type Inputs = Readonly<Record<string, Given>>
export type Implementation = (inputs: Inputs, params: Params) => Prepared | Promise<Prepared>

export interface Started {
  /** `0.1.25 wasm`. */
  readonly version: string
  readonly tasks: { readonly [task: string]: Implementation }
  /** Why a task is not there, where it is worth a word. */
  readonly missing?: { readonly [task: string]: string }
}

/** `libraries` are the modules named in `needs`, loaded from `bench/rivals`: a rival has no types where it need not be installed. */
export interface Contestant {
  readonly needs: readonly string[]
  readonly start: (options: Options, ...libraries: readonly Library[]) => Promise<Started>
}

/** Rivals are installed by the bench command alone, so that no compiler knows their types. */
export type Library = any

/** Inputs whose names are a letter and a number, in order: the leaves of a tree. */
export const leavesOf = (inputs: Inputs, letter: string): readonly Given[] => {
  const found: Given[] = []
  for (let i = 0; inputs[`${letter}${i}`] !== undefined; i++) found.push(inputs[`${letter}${i}`]!)
  return found
}

export const numberOf = (params: Params, name: string): number => params[name] as number

/** By how much a step moved the weights: what is compared, as the weights themselves would hide a wrong gradient. */
export const moved = (before: readonly ArrayLike<number>[], after: readonly ArrayLike<number>[]): Outputs =>
  Object.fromEntries(
    before.map((w, i) => [`moved${i}`, Float64Array.from({ length: w.length }, (_, j) => after[i]![j]! - w[j]!)]),
  )
