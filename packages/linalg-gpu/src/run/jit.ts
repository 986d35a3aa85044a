/** Functions traced once for each form of their arguments, simplified, and run as one program. */

import { fail, showValue } from '../errors.js'
import type { Program } from '../program/program.js'
import { type Type, typeOf } from '../program/type.js'
import { simplify } from '../simplify/simplify.js'
import { context, withContext } from '../trace/context.js'
import { isTensor, type Tensor, TensorValue, valueOf } from '../trace/tensor.js'
import { nameOf, recordTree } from '../trace/treeTrace.js'
import { flatten, type Structure, showStructure, unflatten } from '../tree.js'
import { execute } from './execute.js'

const number = typeOf('f64', [], true)

interface Compiled {
  readonly program: Program
  readonly captured: readonly Tensor[]
  readonly out: Structure
}

interface Arguments {
  readonly tensors: readonly Tensor[]
  readonly types: readonly Type[]
  readonly key: string
  /** The arguments again, from tensors in the order above. */
  readonly rebuild: (tensors: readonly Tensor[]) => readonly unknown[]
}

/** Arguments apart. Tensors and numbers are inputs; strings, booleans, null and undefined are static. */
export const argumentsOf = (name: string, args: readonly unknown[]): Arguments => {
  const { leaves, structure } = flatten(args)
  const tensors: Tensor[] = []
  const types: Type[] = []
  const where: number[] = []
  let key = showStructure(structure)
  leaves.forEach((leaf, i) => {
    if (isTensor(leaf)) {
      const { type } = leaf as TensorValue
      tensors.push(leaf)
      types.push(type)
      where.push(i)
      key += `|${type.id}`
    } else if (typeof leaf === 'number') {
      tensors.push(new TensorValue(number, null, -1, { kind: 'full', value: leaf, type: number }, null))
      types.push(number)
      where.push(i)
      key += '|number'
    } else if (leaf === undefined || typeof leaf === 'string' || typeof leaf === 'boolean')
      key += `|${typeof leaf} ${JSON.stringify(leaf)}`
    else
      fail(
        name,
        `argument ${showValue(leaf)} is neither a tensor, a number, nor static (string, boolean, null). Close over functions and objects instead.`,
      )
  })
  const rebuild = (values: readonly Tensor[]): readonly unknown[] => {
    const all = [...leaves]
    where.forEach((at, i) => {
      all[at] = values[i]
    })
    return unflatten(structure, all) as readonly unknown[]
  }
  return { tensors, types, key, rebuild }
}

export interface JitOptions {
  /** Positions of arguments whose tensors are given up: their memory may be reused, using them afterwards is an error. */
  readonly donate?: number | readonly number[]
  readonly name?: string
}

/** The program of a call, as it is traced, before simplification.
 *  @example print(trace((x: Tensor) => mul(x, 2))(array([1, 2]))) // => function { a:f32[2] -> b:f32[] = full[value=2] c:f32[2] = mul a b return c } */
export const trace =
  <A extends readonly unknown[]>(f: (...args: A) => unknown) =>
  (...args: A): Program => {
    const name = nameOf(f)
    const { types, rebuild } = argumentsOf(name, args)
    return recordTree(name, types, (inputs) => f(...(rebuild(inputs) as A))).program
  }

/** `f`, traced at the first call with arguments of a form, then run as one simplified program.
 *  Numbers are inputs (a schedule of step sizes is traced once), strings and booleans are static, closed-over tensors are captured at the first trace.
 *  Within another trace it is `f` itself.
 *  @example const step = jit((w: Tensor, lr: TensorLike) => sub(w, mul(lr, w)))
 *  step(array([1, 2]), 0.5) // => f32[2] [0.5, 1] */
export const jit = <A extends readonly unknown[], R>(
  f: (...args: A) => R,
  { donate = [], name = nameOf(f, 'jit') }: JitOptions = {},
): ((...args: A) => R) => {
  const cache = new Map<string, Compiled>()
  const donated = typeof donate === 'number' ? [donate] : donate
  return (...args) => {
    if (context.trace !== null) return f(...args)
    const { tensors, types, key, rebuild } = argumentsOf(name, args)
    let compiled = cache.get(key)
    if (compiled === undefined) {
      // what f makes of host data is captured and lives as long as the program: no scope around this first call frees it
      const { program, captured, out } = withContext({ made: null }, () =>
        recordTree(name, types, (inputs) => f(...(rebuild(inputs) as unknown as A))),
      )
      compiled = { program: simplify(program), captured, out }
      cache.set(key, compiled)
    }
    const given = donated.length === 0 ? [] : donatedLeaves(name, args, tensors, donated)
    return unflatten(compiled.out, execute(compiled.program, [...tensors, ...compiled.captured], given)) as R
  }
}

/** The positions among the tensors of the donated arguments' leaves. */
const donatedLeaves = (
  name: string,
  args: readonly unknown[],
  tensors: readonly Tensor[],
  donated: readonly number[],
): number[] => {
  for (const i of donated)
    if (!Number.isInteger(i) || i < 0 || i >= args.length)
      fail(name, `donate names argument ${i}, the call has ${args.length}, counted from 0.`)
  return donated.flatMap((i) =>
    flatten(args[i])
      .leaves.filter((leaf) => isTensor(leaf) && valueOf(name, leaf).constant === null)
      .map((leaf) => tensors.indexOf(leaf as Tensor)),
  )
}
