/** Kernels with rules of their own, which linalg-gpu carries and does not know.
 *
 *  Forward mode is `jvp`. Reverse mode is `vjp` where the kernel has one: the tangent is then an operation whose transpose is that rule,
 *  and which can be computed, and pushed on, where there is a `jvp` too. Where there is `jvp` alone, its tangent is transposed. */

import {
  emit,
  fail,
  isFloat,
  type OpOf,
  type Recorded,
  record,
  type Tensor,
  type Type,
  typeOfTensor,
} from '../language.js'
import { placed, present, there } from '../transforms/masks.js'
import { type CallTag, type OpaqueTag, once } from '../transforms/tags.js'
import { instantiate, type Tangent, zeros } from './raw.js'

type Custom = OpOf<'custom'>

const sealed =
  'the rule of a kernel would give it no derivative. A rule sees the operands and the results of its kernel, and nothing else of a traced function.'

/** Tangents of the results. */
export const customJvp = (
  { kernel: { name, rules } }: Custom,
  x: readonly Tensor[],
  dx: readonly Tangent[],
  y: readonly Tensor[],
): readonly Tangent[] => {
  const { jvp, vjp } = rules
  const outs = y.map(typeOfTensor)
  const floats = outs.map(({ dtype }) => isFloat(dtype))
  if (dx.every((d) => d === null) || !floats.includes(true)) return y.map(() => null)
  if (vjp === undefined)
    return (
      jvp ??
      fail(
        name,
        'the kernel has no derivative. Give it jvp or vjp, or stopGradient its operands for a derivative of zero.',
      )
    )(x, dx, y)
  const [n, residuals, mask] = [x.length, [...x, ...y], present(dx)]
  const types = residuals.map(typeOfTensor)
  /** Of the floats among the results, or of the operands that have a tangent. */
  const full = (all: readonly Tangent[], of: readonly Type[], which: readonly boolean[]): Tensor[] =>
    all.flatMap((one, i) => (which[i] ? [instantiate(one, of[i]!)] : []))
  const backward = once(
    (): Recorded =>
      record(
        `vjp of ${name}`,
        [...types, ...outs.filter((_, i) => floats[i])],
        (inputs) =>
          full(
            vjp(inputs.slice(0, n), inputs.slice(n, types.length), placed(floats, inputs, types.length)),
            types,
            mask,
          ),
        sealed,
      ),
  )
  const operands = [...residuals, ...there(dx)]
  const tag = { residuals: types.length, backward }
  if (jvp === undefined) {
    const why =
      "forward mode through its vjp, whose rule is for reverse mode alone. Give the kernel a jvp too; hvp and crossVjp also take { mode: 'reverse' }."
    const own: OpaqueTag = { rule: 'customVjp', ...tag }
    return placed(
      floats,
      emit({ kind: 'opaque', name, types: outs.filter((_, i) => floats[i]), tag: own, why }, operands),
    )
  }
  const { program: body, captured } = record(
    `jvp of ${name}`,
    operands.map(typeOfTensor),
    (inputs) =>
      full(jvp(inputs.slice(0, n), placed(mask, inputs, types.length), inputs.slice(n, types.length)), outs, floats),
    sealed,
  )
  const own: CallTag = { rule: 'transposed', ...tag }
  return placed(floats, emit({ kind: 'call', name, body, fence: false, tag: own }, [...operands, ...captured]))
}

/** Cotangents of the operands in which a kernel with one result is linear: by its own rule, or by its `vjp`, which is the same
 *  wherever it is taken, so that it is taken at zero. */
export const customTranspose = (
  { kernel }: Custom,
  ct: Tensor,
  x: readonly (Tensor | null)[],
  types: readonly Type[],
): readonly Tangent[] | undefined => {
  const { transpose, vjp } = kernel.rules
  if (transpose !== undefined || vjp === undefined) return transpose?.(ct, x, types)
  const at = x.map((v, i) => v ?? zeros(types[i]!))
  return vjp(at, emit({ kind: 'custom', kernel }, at), [ct])
}
