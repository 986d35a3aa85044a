/** How a thread takes part in a kernel: which points are its own, and how it stores. */

import type { Stage, Store } from '../../kernel/kernel.js'
import { indexOf } from './affine.js'
import type { Count } from './loops.js'
import { valueOf } from './nodes.js'
import type { Reducer } from './reduce.js'
import type { Writer } from './writer.js'

export interface Part {
  /** Of each group of inner dimensions, which of its values are this thread's. */
  readonly counts: readonly Count[]
  /** Writes the statement that stores a value. */
  readonly store: (store: Store, over: Stage['over'], index: () => string, value: string) => void
  /** Stores of narrow elements that neighbours of the last group make whole words of: see pack.ts. */
  readonly packed: ReadonlySet<Store>
  /** Writes the statement that stores such a word. */
  readonly storeWord: (store: Store, index: string, word: string) => void
  /** Neighbours of the last group that a turn of a reduction takes together. */
  readonly together: 1 | 4
  /** Joins what the threads of a point have in these variables, so that all of them have the result. */
  readonly join?: (reducers: readonly Reducer[], totals: readonly string[]) => void
}

/** Stores values at the point where the scope stands. */
export const put = (w: Writer, { store }: Part, over: Stage['over'], stores: readonly Store[]): void => {
  for (const one of stores) store(one, over, () => indexOf(w, one.access), valueOf(w, one.node))
}
