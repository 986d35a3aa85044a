/** Looking into traced functions. */

import { isFloat, type TypedArray } from '../dtype.js'
import { fail, showType } from '../errors.js'
import { tensorOf } from '../ops/operands.js'
import { type Dense, dense } from '../plain/dense.js'
import { type Meter, run } from '../plain/executor.js'
import { showOp } from '../program/print.js'
import { prune } from '../simplify/prune.js'
import { withContext } from '../trace/context.js'
import { emit, isTracing } from '../trace/emit.js'
import { type TensorLike, type TensorValue, valueOf } from '../trace/tensor.js'
import { nameOf } from '../trace/treeTrace.js'
import { flatten, paths, unflatten } from '../tree.js'
import { evaluateConstant } from './constant.js'
import { decoded } from './decode.js'
import { deviceOf, held, lookAt } from './execute.js'
import { recordCall } from './jit.js'
import { showElements } from './show.js'

/** Prints a tensor, or the leaves of a tree, each time the program passes here: also inside jit, loops and branches. Derivatives pass by.
 *  @example jit((x: Tensor) => { debugPrint('x', x, (text) => text); return mul(x, 2) })(array([1])) // => f32[1] [2] */
export const debugPrint = (
  label: string,
  tree: unknown,
  sink: (text: string) => void = (text) => globalThis.console.log(text),
): void => {
  const { leaves, structure } = flatten(tree)
  const names = paths(structure)
  leaves.forEach((leaf, i) => {
    emit({ kind: 'print', label: `${label}${names[i]}`, sink }, [tensorOf('debugPrint', leaf as TensorLike)])
  })
}

/** Runs f, operation by operation, and throws at the first that makes a NaN from operands without one, naming the operation and the line of your code.
 *  Works on what f computes after its transforms, so that debugNans(grad(f)) finds the NaN of a derivative; what does not reach the result is left out.
 *  Runs in plain JavaScript, whatever the device: slow, for looking only.
 *  @example debugNans((x: Tensor) => log(x))(array([-1])) // throws log made NaN */
export const debugNans =
  <A extends readonly unknown[], R>(f: (...args: A) => R): ((...args: A) => R) =>
  (...args) => {
    if (isTracing()) return f(...args)
    const name = nameOf(f, 'debugNans')
    const { program, operands, out } = withContext({ locating: true }, () => recordCall(name, f, args))
    const inputs = operands.map((x) => valueOf(name, x))
    const device = deviceOf(name, inputs)
    // dead work is left out, and nothing else is simplified: every operation is the one that the line names
    const results = run(
      prune(program),
      inputs.map((x) => dense(x.type, storedOf(name, x))),
      { bytes: 0, peak: 0, after: refuseNaN },
    )
    return unflatten(
      out,
      results.map((x) => held(device.upload(x.data, x.type, name))),
    ) as R
  }

const hasNaN = ({ type, data }: Dense): boolean => {
  if (!isFloat(type.dtype)) return false
  const readable = decoded(type, data)
  for (let i = 0; i < readable.length; i++) if (Number.isNaN(readable[i]!)) return true
  return false
}

const refuseNaN: Meter['after'] = (eqn, inputs, results) => {
  const made = eqn.op.kind === 'full' ? undefined : results.find(hasNaN)
  if (made !== undefined && !inputs.some(hasNaN))
    fail(
      'debugNans',
      `${showOp(eqn.op)} made NaN in ${showType(made.type)} ${showElements(made.type, decoded(made.type, made.data))}, at ${eqn.at ?? 'an unknown line'}.`,
    )
}

const storedOf = (name: string, x: TensorValue): TypedArray => {
  if (x.constant !== null) return evaluateConstant(x.constant)
  return lookAt('debugNans', x.buffer ?? fail(name, `got ${showType(x.type)}, which was disposed.`))
}
