/** Kernels that are other operations, with derivatives of their own: every device runs those operations. */

import { dense } from '../plain/dense.js'
import { run } from '../plain/executor.js'
import type { CustomKernel, CustomRules } from '../program/custom.js'
import type { Type } from '../program/type.js'
import { emit1 } from '../trace/emit.js'
import type { Tensor } from '../trace/tensor.js'
import { record } from '../trace/trace.js'

/** The kernel that means `body`, and whose derivatives are not those of `body` but `rules`. */
export const composed = (
  name: string,
  infer: (inputs: readonly Type[]) => readonly Type[],
  body: (inputs: readonly Tensor[]) => readonly Tensor[],
  rules: CustomRules,
): CustomKernel => ({
  name,
  infer,
  oracle: (inputs, outputs, types) => {
    const { program } = record(name, types.inputs, body)
    const operands = inputs.map((data, i) => dense(types.inputs[i]!, data))
    run(program, operands, { bytes: 0, peak: 0 }).forEach((result, i) => {
      outputs[i]!.set(result.data)
    })
  },
  blocked: body,
  rules,
})

/** The same value, without a derivative. */
export const held = (x: Tensor): Tensor => emit1({ kind: 'mark', role: 'constant', name: '' }, x)
