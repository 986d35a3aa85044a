/** What the code of a loop kernel depends on: all of its form but the sizes, strides and offsets, which stand in the descriptor.
 *
 *  Dimensions come in the order outer …, lanes, loops … where lanes run over the grid, or outer …, loops …, lanes.
 *  Word d of the descriptor is the size of dimension d. A form is plain data, and its JSON is the key of the code. */

import type { DType } from '../../dtype.js'
import type { Scalar } from '../../kernel/kernel.js'
import type { ReduceFn } from '../../program/op.js'
import type { Lanes } from './lanes.js'

/** A number that is an affine function of the dimensions: the address of an element, in bytes, or an index. Numbers here are words. */
export interface Affine {
  readonly base: number
  /** The cell of the operand that it points into. */
  readonly cell?: number
  readonly dynamic?: { readonly cell: number; readonly at: number; readonly terms: number }
  /** Of each dimension, −1 for a stride of 0. */
  readonly strides: readonly number[]
  /** Of each outer dimension: what is added when it takes a step and those after it begin again; −1 for nothing. */
  readonly carries: readonly number[]
  /** The stride along the lanes, and what a stride of 1 adds. */
  readonly lane: 'zero' | 'unit' | 'other'
  readonly unit: number
}

export interface BoundForm {
  readonly affine: number
  readonly size: number
}

interface Placed {
  readonly dtype: DType
  /** How many of the nested scopes it is inside of: 0 for a constant, 1 for the outer dimensions, and so on. */
  readonly depth: number
  /** Whether it differs between lanes. */
  readonly laneful: boolean
}

export type NodeForm = Placed &
  (
    | {
        readonly kind: 'load'
        readonly affine: number
        readonly bounds: readonly BoundForm[]
        /** The words of a lane, and of memory. */
        readonly fill: readonly number[]
        readonly raw: readonly number[]
      }
    | { readonly kind: 'constant'; readonly words: readonly number[] }
    /** A constant that stands in the descriptor from a word on: other numbers are not other code. */
    | { readonly kind: 'number'; readonly at: number }
    | { readonly kind: 'index'; readonly affine: number }
    | { readonly kind: 'inside'; readonly bounds: readonly BoundForm[] }
    | { readonly kind: 'apply'; readonly scalar: Scalar; readonly inputs: readonly number[] }
    | { readonly kind: 'reduced'; readonly reduction: number }
  )

export interface StoreForm {
  readonly node: number
  readonly affine: number
  readonly dtype: DType
}

export interface ReductionForm {
  readonly fn: ReduceFn
  readonly node: number
  readonly dtype: DType
}

export interface StageForm {
  readonly over: 'grid' | 'inner'
  readonly reductions: readonly ReductionForm[]
  readonly stores: readonly StoreForm[]
  /** The nodes that it needs, in order. */
  readonly needs: readonly number[]
}

export interface Form {
  readonly lanes: Lanes
  /** Whether lanes run over the last dimension of the grid, or over the last inner one. */
  readonly across: 'grid' | 'inner'
  readonly outer: number
  readonly inner: number
  /** Elements of the lane dimension in a unit, where lanes run over the grid. */
  readonly block: number
  /** Vectors that the main loop does at a time. */
  readonly unroll: number
  readonly affines: readonly Affine[]
  readonly nodes: readonly NodeForm[]
  readonly stages: readonly StageForm[]
}

/** The dimension that lanes run over. */
export const laneDim = ({ across, outer, inner }: Form): number => (across === 'grid' ? outer : outer + inner - 1)
/** The word that holds the number of blocks of a row of lanes. */
export const blocksWord = ({ across, outer, inner }: Form): number => outer + inner + (across === 'grid' ? 1 : 0)
