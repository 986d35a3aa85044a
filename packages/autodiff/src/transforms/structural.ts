/** The rows of operations that hold programs: loops, branches and calls have a rule of their own for each transform. */

import type { Op, OpOf, Tensor, Type } from '../language.js'
import type { Structural } from '../rules/jvp.js'
import type { Tangent } from '../rules/raw.js'
import { callBatch, callJvp, callLinearize, callTranspose } from './calls.js'
import { condBatch, condJvp, condLinearize, condTranspose } from './cond.js'
import type { Pair } from './loops.js'
import { scanBatch, scanJvp, scanLinearize, scanTranspose } from './scan.js'
import { once } from './tags.js'
import { whileBatch, whileJvp, whileLinearize, whileTranspose } from './while.js'

interface Row<O> {
  readonly jvp: (op: O, x: readonly Tensor[], dx: readonly Tangent[]) => Pair
  /** Values are recorded one trace further out, tangents in the innermost. */
  readonly linearize: (op: O, x: readonly Tensor[], dx: readonly Tangent[]) => Pair
  /** `x` holds null where an operand is linear. */
  readonly transpose: (
    op: O,
    cts: readonly Tangent[],
    x: readonly (Tensor | null)[],
    outs: readonly Type[],
    types: readonly Type[],
  ) => readonly Tangent[]
  readonly batch: (
    op: O,
    x: readonly Tensor[],
    batched: readonly boolean[],
    size: number,
  ) => readonly [readonly Tensor[], readonly boolean[]]
}

// made at the first use: these modules and the walks over programs need each other
const structural = once((): { readonly [K in Structural]: Row<OpOf<K>> } => ({
  scan: { jvp: scanJvp, linearize: scanLinearize, transpose: scanTranspose, batch: scanBatch },
  while: { jvp: whileJvp, linearize: whileLinearize, transpose: whileTranspose, batch: whileBatch },
  cond: { jvp: condJvp, linearize: condLinearize, transpose: condTranspose, batch: condBatch },
  call: { jvp: callJvp, linearize: callLinearize, transpose: callTranspose, batch: callBatch },
  opaque: { jvp: callJvp, linearize: callLinearize, transpose: callTranspose, batch: callBatch },
}))

/** The row of an operation that holds a program; undefined for all others. */
export const rowOf = (op: Op): Row<Op> | undefined => structural()[op.kind as Structural] as Row<Op> | undefined
