/** What the tags of `call` and `opaque` mean to autodiff. Rules are recorded when they are first needed, so that a rule may call the function it belongs to. */

import type { Op, Program, Recorded } from '../language.js'

export type CallTag =
  /** The body is computed again for its derivatives; named values in `saved` are kept. */
  | { readonly rule: 'checkpoint'; readonly saved: readonly string[] }
  /** A value kept by a checkpoint, its last operand, which `op` would make of the others. */
  | { readonly rule: 'kept'; readonly op: Op }
  /** `jvp`: [inputs…, tangents of float inputs…] → [outputs…, tangents of float outputs…]. Operands behind the first `inputs` are constants. */
  | { readonly rule: 'customJvp'; readonly inputs: number; readonly jvp: () => Recorded }
  /** `forward`: [inputs…] → [outputs…, residuals…]; `backward`: [residuals…, cotangents of float outputs…] → cotangents of float inputs. */
  | {
      readonly rule: 'customVjp'
      readonly inputs: number
      readonly forward: () => Recorded
      readonly backward: () => Recorded
    }
  /** Linear in what follows its `residuals`; its transpose is `backward`, as that of an opaque operation. Its body computes it. */
  | { readonly rule: 'transposed'; readonly residuals: number; readonly backward: () => Recorded }
  /** Operands: constants of the operator, of solve, of transposeSolve, then b, then what the body alone reads, in these `counts` (the last are the
   *  rest). Each program: [x…, its constants…] → [y…]. The body finds the value; `solve` serves tangents, `transposeSolve` cotangents. */
  | {
      readonly rule: 'linearSolve'
      readonly counts: readonly [operator: number, solve: number, transposeSolve: number, b: number]
      readonly operator: () => Program
      readonly solve: () => Program
      readonly transposeSolve: () => Program
      /** The operator is its own transpose, so it is never transposed (and may hold a while loop). */
      readonly symmetric: boolean
    }

/** The linear half of a customVjp: [residuals…, tangents of float inputs…] → [tangents of float outputs…], known by its transpose alone.
 *  `backward`: [residuals…, cotangents of its results] → cotangents of the tangents. */
export interface OpaqueTag {
  readonly rule: 'customVjp'
  readonly residuals: number
  readonly backward: () => Recorded
}

/** What `make` gives, or a thunk that throws what it threw: for a transpose that may not exist and may never be asked for. */
export const attempt = <T extends object>(make: () => T): T | { readonly again: () => never } => {
  try {
    return make()
  } catch (error) {
    return {
      again: () => {
        throw error
      },
    }
  }
}

/** A thunk that computes once. */
export const once = <T>(make: () => T): (() => T) => {
  let known: { readonly value: T } | undefined
  return () => (known ??= { value: make() }).value
}
