/** The Kernel form: what a device runs, between a Program and a device's code. One meaning on every device.
 *
 *  A kernel reads and writes flat row-major operands through accesses, affine functions of its dimensions:
 *
 *    loop       fused elementwise work, with reductions: stages over a grid and, inside a grid point, over inner dimensions
 *    contract   out[b, m, n] = Σ_k a[b, m, k] · b[b, k, n], each operand through an access: matrix products and convolutions,
 *               with what is done to each result on devices that can do it there
 *    special    one operation of the Program on contiguous operands: sorting, gathering, scattering and the like
 *
 *  A schedule is a list of steps: kernels, copies, and loops and branches that hold schedules. */

import type { DType } from '../dtype.js'
import type { BinaryFn, CompareFn, Kind, OpOf, ReduceFn, TestFn, UnaryFn } from '../program/op.js'
import type { Type } from '../program/type.js'
import type { Shape } from '../shape.js'

/** 0 ≤ offset + Σ coefficients[d] · i_d < size. */
export interface Bound {
  readonly offset: number
  readonly coefficients: readonly number[]
  readonly size: number
}

/** A run-time part of an offset: Σ_j strides[j] · clamp(starts[j], 0, limits[j]), with `starts` an operand of i32. */
export interface Dynamic {
  readonly starts: number
  readonly limits: readonly number[]
  readonly strides: readonly number[]
}

/** Element offset + Σ strides[d] · i_d of an operand, where all bounds hold; d runs over all dimensions of the kernel. */
export interface Access {
  readonly offset: number
  readonly strides: readonly number[]
  readonly bounds: readonly Bound[]
  readonly dynamic?: Dynamic
}

export interface Operand {
  readonly dtype: DType
  /** Elements. */
  readonly size: number
}

/** An elementwise function. */
export type Scalar =
  | { readonly kind: 'cast' }
  | { readonly kind: 'bitcast' }
  | { readonly kind: 'unary'; readonly fn: UnaryFn }
  | { readonly kind: 'test'; readonly fn: TestFn }
  | { readonly kind: 'polygamma'; readonly n: number }
  | { readonly kind: 'binary'; readonly fn: BinaryFn }
  | { readonly kind: 'compare'; readonly fn: CompareFn }
  | { readonly kind: 'select' }
  /** Word 0 or 1 of the pair; the operands are k0, k1, c0, c1. */
  | { readonly kind: 'threefry'; readonly word: 0 | 1 }

/** A value of a loop kernel at one point of its dimensions. Nodes read nodes before them. An f16 node holds an f32 that is rounded to f16. */
export type Node =
  /** Out of bounds it is `fill`, and memory is not touched. */
  | {
      readonly kind: 'load'
      readonly operand: number
      readonly access: Access
      readonly fill: number
      readonly dtype: DType
    }
  | { readonly kind: 'constant'; readonly value: number; readonly dtype: DType }
  /** offset + Σ strides[d] · i_d */
  | {
      readonly kind: 'index'
      readonly offset: number
      readonly strides: readonly number[]
      readonly dtype: DType
    }
  /** Whether all bounds hold. */
  | { readonly kind: 'inside'; readonly bounds: readonly Bound[]; readonly dtype: 'bool' }
  | { readonly kind: 'apply'; readonly scalar: Scalar; readonly inputs: readonly number[]; readonly dtype: DType }
  /** The result of a reduction of an earlier stage, at this grid point. */
  | { readonly kind: 'reduced'; readonly reduction: number; readonly dtype: DType }

/** Reduces a node over the inner dimensions. Numbered throughout the kernel, stage by stage. Over nothing it is the neutral element. */
export interface Reduction {
  readonly fn: ReduceFn
  readonly node: number
  readonly dtype: DType
}

export interface Store {
  readonly operand: number
  readonly access: Access
  readonly node: number
}

/** One pass over the inner dimensions at a grid point, or, over 'grid', work at the grid point itself (which has no inner index). */
export interface Stage {
  readonly over: 'grid' | 'inner'
  readonly reductions: readonly Reduction[]
  readonly stores: readonly Store[]
}

export interface Loop {
  readonly kind: 'loop'
  readonly name: string
  /** Sizes of the grid dimensions, whose points are independent, then of the inner ones. */
  readonly grid: Shape
  readonly inner: Shape
  readonly operands: readonly Operand[]
  readonly nodes: readonly Node[]
  readonly stages: readonly Stage[]
}

/** out = Σ_k a · b with `a` over [...batch, ...m, ...k], `b` over [...batch, ...k, ...n], `out` over [...batch, ...m, ...n].
 *  Elements of `a` and `b` out of bounds count as 0; `out` has no bounds, covers distinct elements and is overwritten.
 *  Floats are summed in f32 (f64 for f64) in an order that depends on shapes alone; integers wrap. */
export interface Contract {
  readonly kind: 'contract'
  readonly name: string
  readonly dtype: 'f32' | 'f64' | 'i32' | 'u32'
  readonly batch: Shape
  readonly m: Shape
  readonly n: Shape
  readonly k: Shape
  /** a, b, out, then those of the epilogue. */
  readonly operands: readonly [Operand, Operand, Operand, ...Operand[]]
  readonly a: Access
  readonly b: Access
  readonly out: Access
  /** What is done with each sum before it leaves; without one the sum itself is stored in out. */
  readonly epilogue?: Epilogue
}

/** Elementwise work at the points [...batch, ...m, ...n] of a contraction. Its nodes speak of the sum as of reduction 0; loads have no
 *  bounds, and nothing in it moves at run time. */
export interface Epilogue {
  readonly nodes: readonly Node[]
  /** The node that is stored in out. */
  readonly node: number
  /** What else is stored. */
  readonly stores: readonly Store[]
}

export type SpecialKind = 'argReduce' | 'cumsum' | 'argsort' | 'gather' | 'scatterAdd' | 'fold' | 'custom'

/** An operation as it stands, on contiguous operands: its inputs, then its outputs. */
export interface Special {
  readonly kind: 'special'
  readonly name: string
  readonly op: OpOf<SpecialKind & Kind>
  readonly inputs: readonly Type[]
  readonly outputs: readonly Type[]
}

export type Kernel = Loop | Contract | Special

/** The epilogue of a contraction as a loop over its results, in which the sum is reduction 0. */
export const epilogueLoop = ({ name, batch, m, n, operands, out }: Contract, epilogue: Epilogue): Loop => ({
  kind: 'loop',
  name,
  grid: [...batch, ...m, ...n],
  inner: [],
  operands,
  nodes: epilogue.nodes,
  stages: [
    {
      over: 'grid',
      reductions: [],
      stores: [{ operand: 2, access: out, node: epilogue.node }, ...epilogue.stores],
    },
  ],
})

export const operandsOf = (kernel: Kernel): readonly Operand[] =>
  kernel.kind === 'special'
    ? [...kernel.inputs, ...kernel.outputs].map(({ dtype, size }) => ({ dtype, size }))
    : kernel.operands
