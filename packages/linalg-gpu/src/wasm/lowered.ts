/** A kernel as the wasm device runs it: a function, and words that tell it its sizes.
 *
 *  Every kernel function has one signature,
 *
 *    (words: i32, lo: i32, hi: i32, scratch: i32) → ()
 *
 *  `words` is the address of the kernel's descriptor, [lo, hi) the units it is to do, `scratch` the calling thread's own memory.
 *  Units are independent and may be done by any thread, in any order and grouping: what a unit computes depends on neither,
 *  so results are the same bits for any number of threads.
 *  A descriptor holds 32-bit numbers; an operand's word holds the address of a cell, which holds the address of its data,
 *  so that loops move an operand by changing one cell. Code is for a class of kernels, sizes are in the words. */

import { type Code, type Func, func, i32, type Local, type ValType } from './assembler.js'

export interface Lowered {
  /** Kernels of one key share their code. */
  readonly key: string
  readonly build: () => Func
  readonly words: readonly (number | { readonly operand: number })[]
  readonly units: number
  /** Units that are worth waking a thread for: a chunk is never smaller, but at the end. */
  readonly grain: number
  /** Bytes of scratch that one call needs, at a 16-byte boundary. */
  readonly scratch: number
}

export interface Kernelwise {
  readonly words: Local
  readonly lo: Local
  readonly hi: Local
  readonly scratch: Local
  readonly local: (type: ValType) => Local
}

/** A kernel function. */
export const kernelFunction = (name: string, write: (k: Kernelwise) => Code): Func =>
  func(name, ['i32', 'i32', 'i32', 'i32'], [], ([words, lo, hi, scratch], local) =>
    write({ words: words!, lo: lo!, hi: hi!, scratch: scratch!, local }),
  )

/** Word `at` of the descriptor. */
export const word = (words: Code, at: number): Code => i32.load(words, 4 * at)
/** The address of the data of the operand whose cell stands in word `at`. */
export const pointer = (words: Code, at: number): Code => i32.load(i32.load(words, 4 * at))
