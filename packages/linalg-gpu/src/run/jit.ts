/** Functions traced once for each form of their arguments, simplified, and run as one program. */

import { fail, showValue } from '../errors.js'
import type { Program } from '../program/program.js'
import { type Type, typeOf } from '../program/type.js'
import { simplify } from '../simplify/simplify.js'
import { context, withContext } from '../trace/context.js'
import { isTensor, type Tensor, TensorValue } from '../trace/tensor.js'
import { nameOf, recordTree, type Traced } from '../trace/treeTrace.js'
import { flatten, leavesAs, type Structure, showStructure, unflatten } from '../tree.js'
import { execute } from './execute.js'

const number = typeOf('f64', [], true)

interface Compiled {
  readonly program: Program
  readonly captured: readonly Tensor[]
  readonly out: Structure
  /** The places among the tensors of what is donated; numbers among them are no memory. */
  readonly donated: readonly number[]
  /** What the arguments were like: their form, and the type, `number`, or static value of each leaf. */
  readonly structure: Structure
  readonly leaves: readonly unknown[]
}

/** A number among the arguments: a scalar that takes the dtype of what it meets. */
const numberTensor = (value: number): Tensor =>
  new TensorValue(number, null, -1, { kind: 'full', value, type: number }, null)

/** Which leaves of arguments a program was made for. */
const formOf = (leaf: unknown): unknown =>
  isTensor(leaf) ? (leaf as TensorValue).type : typeof leaf === 'number' ? number : leaf

/** The tensors among arguments of the same form as before; undefined where they have another. What `argumentsOf` gives, without its texts. */
const again = ({ structure, leaves: forms }: Compiled, args: readonly unknown[]): readonly Tensor[] | undefined => {
  const leaves: unknown[] = []
  if (!leavesAs(structure, args, leaves)) return undefined
  const tensors: Tensor[] = []
  for (let i = 0; i < leaves.length; i++) {
    const leaf = leaves[i]
    const form = forms[i]
    if (leaf instanceof TensorValue) {
      if (leaf.type !== form) return undefined
      tensors.push(leaf)
    } else if (typeof leaf === 'number') {
      if (form !== number) return undefined
      tensors.push(numberTensor(leaf))
    } else if (leaf !== form || typeof leaf === 'object' || typeof leaf === 'function') return undefined
  }
  return tensors
}

interface Arguments {
  readonly leaves: readonly unknown[]
  readonly structure: Structure
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
      tensors.push(numberTensor(leaf))
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
  return { leaves, structure, tensors, types, key, rebuild }
}

/** A call, recorded: its arguments apart, the program of `f` on them, what that captured, and the form of its results. */
export const recordCall = <A extends readonly unknown[]>(
  name: string,
  f: (...args: A) => unknown,
  args: A,
): Arguments & Traced & { readonly operands: readonly Tensor[] } => {
  const own = argumentsOf(name, args)
  const traced = recordTree(name, own.types, (inputs) => f(...(own.rebuild(inputs) as unknown as A)))
  return { ...own, ...traced, operands: [...own.tensors, ...traced.captured] }
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
  (...args: A): Program =>
    recordCall(nameOf(f), f, args).program

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
  // most calls are like the one before
  let latest: Compiled | undefined
  const run = ({ program, captured, out, donated: places }: Compiled, tensors: readonly Tensor[]): R => {
    const given = places.length === 0 ? places : places.filter((at) => (tensors[at] as TensorValue).constant === null)
    const results = execute(program, captured.length === 0 ? tensors : [...tensors, ...captured], given)
    return (out.kind === 'leaf' ? results[0] : unflatten(out, results)) as R
  }
  return (...args) => {
    if (context.trace !== null) return f(...args)
    const known = latest === undefined ? undefined : again(latest, args)
    if (known !== undefined) return run(latest!, known)
    const { leaves, structure, tensors, types, key, rebuild } = argumentsOf(name, args)
    let compiled = cache.get(key)
    if (compiled === undefined) {
      // what f makes of host data is captured and lives as long as the program: no scope around this first call frees it
      const { program, captured, out } = withContext({ made: null }, () =>
        recordTree(name, types, (inputs) => f(...(rebuild(inputs) as unknown as A))),
      )
      compiled = {
        program: simplify(program),
        captured,
        out,
        donated: donatedPlaces(name, args, donated),
        structure,
        leaves: leaves.map(formOf),
      }
      cache.set(key, compiled)
    }
    latest = compiled
    return run(compiled, tensors)
  }
}

/** Where the donated arguments' tensors stand among all tensors and numbers. */
const donatedPlaces = (name: string, args: readonly unknown[], donated: readonly number[]): readonly number[] => {
  for (const i of donated)
    if (!Number.isInteger(i) || i < 0 || i >= args.length)
      fail(name, `donate names argument ${i}, the call has ${args.length}, counted from 0.`)
  let next = 0
  return args.flatMap((arg, i) => {
    const own = flatten(arg).leaves.flatMap((leaf) => (isTensor(leaf) || typeof leaf === 'number' ? next++ : []))
    return donated.includes(i) ? own : []
  })
}
