/** What a device does for a program: steps in order, over storages. */

import type { Type } from '../program/type.js'
import type { Kernel } from './kernel.js'

/** A piece of memory of a schedule.
 *
 *    input      a buffer that the caller gives, in the order of the program's inputs
 *    output     a buffer that the caller gets, in the order of the program's outputs
 *    temporary  memory of the run
 *    pointer    no memory: loops point it at a row or a carry of something else */
export interface Storage {
  readonly role: 'input' | 'output' | 'temporary' | 'pointer'
  readonly type: Type
}

export interface Carry {
  readonly start: number
  /** Pointers that the body reads and writes. */
  readonly before: number
  readonly after: number
  /** Where the last value is left, and a second place: turns alternate between them. */
  readonly result: number
  readonly spare: number
}

/** A pointer that moves along the rows of a storage, one a turn. */
export interface Row {
  readonly whole: number
  readonly row: number
}

/** Where a step comes from: the operations that it was made of, and lines of the user's code where the trace kept them. */
export interface Origin {
  readonly region?: string | undefined
}

export type Step = Origin &
  (
    | { readonly kind: 'kernel'; readonly kernel: Kernel; readonly operands: readonly number[] }
    | { readonly kind: 'copy'; readonly from: number; readonly to: number }
    | {
        readonly kind: 'scan'
        readonly length: number
        readonly reverse: boolean
        readonly carry: readonly Carry[]
        readonly rows: readonly Row[]
        readonly body: readonly Step[]
      }
    | {
        readonly kind: 'while'
        readonly carry: readonly Carry[]
        readonly test: readonly Step[]
        /** The bool that the test leaves. */
        readonly flag: number
        readonly body: readonly Step[]
      }
    | { readonly kind: 'switch'; readonly index: number; readonly branches: readonly (readonly Step[])[] }
    | {
        readonly kind: 'print'
        readonly label: string
        readonly sink: (text: string) => void
        readonly from: number
        /** Of the value, whose storage may have been made in another shape. */
        readonly type: Type
      }
  )

export interface Schedule {
  readonly name: string
  readonly storages: readonly Storage[]
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  readonly steps: readonly Step[]
}

/** The kernels of a schedule's steps, those in loops and branches once.
 *  @example
 *  const program = simplify(trace((w: Tensor, x: Tensor) => softmax(matmul(x, w)))(zeros([3, 2]), zeros([5, 3])))
 *  kernelsOf(schedule(program).steps).map(({ kind }) => kind) // => [ 'contract', 'loop' ] */
export const kernelsOf = (steps: readonly Step[]): readonly Kernel[] =>
  steps.flatMap((step): readonly Kernel[] => {
    switch (step.kind) {
      case 'kernel':
        return [step.kernel]
      case 'scan':
        return kernelsOf(step.body)
      case 'while':
        return [...kernelsOf(step.test), ...kernelsOf(step.body)]
      case 'switch':
        return step.branches.flatMap(kernelsOf)
      default:
        return []
    }
  })

/** The storages that a step reads and writes by itself, and through what it holds. */
export const touchedBy = (step: Step): readonly number[] => {
  switch (step.kind) {
    case 'kernel':
      return step.operands
    case 'copy':
      return [step.from, step.to]
    case 'scan':
      return [
        ...step.carry.flatMap(carried),
        ...step.rows.flatMap(({ whole, row }) => [whole, row]),
        ...step.body.flatMap(touchedBy),
      ]
    case 'while':
      return [
        ...step.carry.flatMap(carried),
        step.flag,
        ...step.test.flatMap(touchedBy),
        ...step.body.flatMap(touchedBy),
      ]
    case 'switch':
      return [step.index, ...step.branches.flatMap((steps) => steps.flatMap(touchedBy))]
    case 'print':
      return [step.from]
  }
}

const carried = ({ start, before, after, result, spare }: Carry): number[] => [start, before, after, result, spare]
