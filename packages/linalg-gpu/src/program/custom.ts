/** An operation that is a value: all that the tables say of other operations comes with it, so nobody pays for one that is not used.
 *
 *  Matrix factorisations are such operations. Equal means identical: a kernel is made once, not at each call. */

import type { TypedArray } from '../dtype.js'
import type { Special } from '../kernel/kernel.js'
import type { Tensor } from '../trace/tensor.js'
import type { Lowered } from '../wasm/lowered.js'
import type { Dense } from '../webgpu/dense/dense.js'
import type { Rendered, Site } from '../webgpu/rendered.js'
import type { Type } from './type.js'

/** A tangent or cotangent; null is a zero that costs nothing. */
type Tangent = Tensor | null

/** What transforms of programs ask of a kernel. Nothing here calls them: they are for the package above. */
export interface CustomRules {
  /** Operands, their tangents and the results → tangents of the results; linear in the tangents. */
  readonly jvp?:
    | ((x: readonly Tensor[], dx: readonly Tangent[], y: readonly Tensor[]) => readonly Tangent[])
    | undefined
  /** Operands, the results and their cotangents → cotangents of the operands. Reverse mode takes it, where it is there, instead of
   *  transposing `jvp`. */
  readonly vjp?: (x: readonly Tensor[], y: readonly Tensor[], ct: readonly Tangent[]) => readonly Tangent[]
  /** Of a kernel with one result that is linear in some operands: the cotangent of the result, and the operands, null where linear →
   *  the cotangents of the linear operands, null elsewhere. */
  readonly transpose?: (ct: Tensor, x: readonly (Tensor | null)[], types: readonly Type[]) => readonly Tangent[]
  /** Operands, of which some have a batch axis in front → results that all have it. By default, or where undefined, every operand
   *  is given the axis. */
  readonly batch?: (x: readonly Tensor[], batched: readonly boolean[], size: number) => readonly Tensor[] | undefined
}

export interface CustomKernel {
  readonly name: string
  /** Types of the results, or an error in the words of the kernel. Any number of leading batch axes. */
  readonly infer: (inputs: readonly Type[]) => readonly Type[]
  /** What it means: fills `outputs` from `inputs`, row-major, computing in f64. */
  readonly oracle: (
    inputs: readonly TypedArray[],
    outputs: readonly TypedArray[],
    types: { readonly inputs: readonly Type[]; readonly outputs: readonly Type[] },
  ) => void
  /** The same by other operations, for sizes at which that is faster: every device then runs those. */
  readonly blocked?: (inputs: readonly Tensor[]) => readonly Tensor[] | undefined
  /** Code for the sizes that have no blocked form; absent where all have one. */
  readonly wasm?: (inputs: readonly Type[]) => Lowered
  /** Shaders for WebGPU; where there are none, the host computes the oracle there. */
  readonly wgsl?: (kernel: Special, site: Site) => Rendered | undefined
  /** Which of the kernels it is whose shaders the WebGPU device brings itself. */
  readonly dense?: Dense
  readonly rules: CustomRules
}
