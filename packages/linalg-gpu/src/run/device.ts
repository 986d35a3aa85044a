/** What a device is to the rest of the library: it holds buffers and runs programs. */

import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { TypedArray } from '../dtype.js'
import type { Program } from '../program/program.js'
import type { Type } from '../program/type.js'

/** What the world can do to a correct program. */
export interface Failure {
  readonly code:
    | 'disposed'
    | 'outOfMemory'
    | 'threadLost'
    | 'deviceLost'
    | 'nonfinite'
    /** There is no GPU that a page or process may use. */
    | 'noAdapter'
    /** More than the adapter can hold in a buffer, bind to a kernel or dispatch. */
    | 'limitExceeded'
    /** A kernel's code was refused by the device's compiler. */
    | 'shaderFailed'
    /** The page is hidden, and the browser lets it wait. */
    | 'throttled'
  readonly message: string
}

export interface Buffer {
  readonly device: Device
  readonly type: Type
}

/** Bytes held by buffers that are alive, with what made them, and the most that was ever held, intermediates included. */
export interface Memory {
  readonly count: number
  readonly bytes: number
  readonly peak: number
  /** Bytes by the operation or function that made them, largest first. */
  readonly makers: ReadonlyMap<string, number>
}

/** What running a program will take. */
export interface Forecast {
  /** Pieces of work that the device is told to do, those in loops and branches once. */
  readonly kernels: number
  /** The most bytes alive at once beyond the inputs, results included. */
  readonly peakBytes: number
}

/** Time spent on one kernel, over all of its turns. */
export interface Timing {
  /** The operations that it carries. */
  readonly kernel: string
  /** The line of the user's code, or the name of the function, from which it comes. */
  readonly region: string | undefined
  readonly calls: number
  readonly milliseconds: number
}

export interface Device {
  readonly name: string
  /** A copy of host data on the device. */
  readonly upload: (data: TypedArray, type: Type, maker: string) => Buffer
  /** Runs a program; the results are new buffers, none shared with an input. Donated inputs may be reused: the caller gives them up. */
  readonly execute: (program: Program, inputs: readonly Buffer[], donated: readonly number[]) => readonly Buffer[]
  readonly forecast: (program: Program) => Forecast
  /** As `execute`, one kernel after another, each timed; where the device can. */
  readonly profile?: (
    program: Program,
    inputs: readonly Buffer[],
  ) => { readonly results: readonly Buffer[]; readonly timings: Promise<readonly Timing[]> }
  readonly read: (buffer: Buffer) => TaskEither<Failure, TypedArray>
  /** Where the host can look at once. */
  readonly readSync?: (buffer: Buffer) => TypedArray
  readonly release: (buffer: Buffer) => void
  /** Whether the buffer has not been released, nor its memory gone on to another: what was donated to a run that never began is still there. */
  readonly holds: (buffer: Buffer) => boolean
  readonly memory: () => Memory
  /** Forgets the highest mark of memory, to measure the next stretch. */
  readonly resetPeak: () => void
}
