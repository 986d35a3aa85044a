/** Kernels of one's own: WGSL that is an operation like any other.
 *
 *  A kernel says what it means (`oracle`), of which types its results are (`shape`), how WebGPU computes it (`wgsl`) and what its
 *  derivatives are (`jvp`, `vjp`). Where there is no GPU the oracle runs, so that a function with it works on every device, in f64 too. */

import type { TypedArray } from '../dtype.js'
import { fail, showValue } from '../errors.js'
import { castTo, scalarOf, tensorOf } from '../ops/operands.js'
import type { CustomKernel } from '../program/custom.js'
import type { Type } from '../program/type.js'
import { eager } from '../trace/eager.js'
import { emit } from '../trace/emit.js'
import { isTensor, type Tensor, type TensorLike, typeOfTensor } from '../trace/tensor.js'
import { renderKernel } from './render.js'
import { type Rules, rulesOf } from './rules.js'
import { inferred, type Made, type Named, type Names, named } from './types.js'

export interface KernelOptions<I extends Names, O extends Names> extends Rules<I, O> {
  /** In messages, in profiles and in printed programs. */
  readonly name: string
  /** The operands, in order, by the names that everything else calls them by. `atomic` are outputs of i32 or u32 that the WGSL sees as
   *  array<atomic<…>>: they begin at zero, all others begin as anything. */
  readonly bindings: {
    readonly inputs: I
    readonly outputs: O
    readonly atomic?: readonly O[number][]
  }
  /** Types of the inputs → types of the outputs, or only their shapes: elements are then those of the first input. Throws where it
   *  cannot compute. */
  readonly shape: (types: Named<I, Type>) => Named<O, Made>
  /** The text, or what gives it, knowing the types: an entry point `main`, and whatever it needs beside it. Its operands are there by
   *  their names as arrays; for each operand x there are the constants x_size (u32) and x_shape (array<u32, rank>). */
  readonly wgsl: string | ((types: Named<I, Type> & Named<O, Type>) => string)
  /** Workgroups along x, y, z. Left out, there is a thread along x for each element of the largest output. */
  readonly workgroups?: (types: Named<I, Type> & Named<O, Type>) => readonly number[]
  /** What it means: fills the outputs from the inputs, row-major, in plain JavaScript (whose numbers are f64). */
  readonly oracle: (memory: Named<I, TypedArray> & Named<O, TypedArray>, types: Named<I, Type> & Named<O, Type>) => void
}

/** One output is a tensor, several are a tuple. */
export type Results<O extends Names> = O extends readonly [string] ? Tensor : { readonly [K in keyof O]: Tensor }

export interface KernelFunction<I extends Names = Names, O extends Names = Names> {
  (...inputs: { readonly [K in keyof I]: TensorLike }): Results<O>
  /** The operation that it emits. */
  readonly kernel: CustomKernel
  readonly inputs: I
  readonly outputs: O
}

const known = ['name', 'bindings', 'shape', 'wgsl', 'workgroups', 'oracle', 'jvp', 'vjp', 'batch']
const needed = ['shape', 'wgsl', 'oracle'] as const

/** An operation of one's own, to be made once: each is another operation, compiled by itself.
 *  Shapes   as `shape` says · numbers become scalars of the dtype that the tensors beside them have
 *  Cost     one dispatch; where an operand is a row of a loop or part of a buffer, a copy of it more
 *  Errors   here, what is missing or misspelt; at the call, types that `shape` refuses; when results are read, WGSL that the
 *           GPU's compiler refuses, with the line of your text
 *  Laws     every device gives what `oracle` gives, to the precision of the WGSL: `checkKernel` of the package above looks
 *  @example
 *  const twice: KernelFunction<['x'], ['y']> = kernel({
 *    name: 'twice',
 *    bindings: { inputs: ['x'], outputs: ['y'] },
 *    shape: ({ x }) => ({ y: x }),
 *    wgsl: `@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
 *      if (id.x < y_size) { y[id.x] = 2.0 * x[id.x]; }
 *    }`,
 *    oracle: ({ x, y }) => x.forEach((value, i) => { y[i] = 2 * value }),
 *    jvp: (_, { x }) => ({ y: twice(x) }),
 *    vjp: (_, { y }) => ({ x: twice(y) }),
 *  })
 *  twice(array([1, 2, 3])) // => f32[3] [2, 4, 6] */
export const kernel = <const I extends Names, const O extends Names>(
  options: KernelOptions<I, O>,
): KernelFunction<I, O> => {
  const { name, bindings, shape, wgsl, workgroups, oracle } = checked(options as never)
  const { inputs, outputs, atomic = [] } = bindings
  const names = [...inputs, ...outputs]
  const code = { name, names, atomic, wgsl, workgroups }
  const own: CustomKernel = {
    name,
    infer: (types) => {
      const made = inferred(name, inputs, outputs, shape, types)
      made.forEach(({ dtype }, i) => {
        if (atomic.includes(outputs[i]!) && dtype !== 'i32' && dtype !== 'u32')
          fail(name, `the output ${outputs[i]} is atomic and ${dtype}: WGSL has atomics of i32 and u32 alone.`)
      })
      return made
    },
    oracle: (given, results, types) =>
      oracle(named(names, [...given, ...results]), named(names, [...types.inputs, ...types.outputs])),
    wgsl: (special, site) => renderKernel(code, special, site),
    rules: rulesOf(name, inputs, outputs, options as never, () => own),
  }
  const op = { kind: 'custom', kernel: own } as const
  const call = eager((...given: readonly TensorLike[]): Tensor | readonly Tensor[] => {
    const results = emit(op, operands(name, inputs, given))
    return outputs.length === 1 ? results[0]! : results
  })
  Object.defineProperty(call, 'name', { value: name })
  return Object.assign(call, { kernel: own, inputs, outputs }) as unknown as KernelFunction<I, O>
}

/** Tensors as they are; numbers, and number arguments of jitted functions, in the dtype of the first tensor. */
const operands = (name: string, inputs: Names, given: readonly TensorLike[]): readonly Tensor[] => {
  if (given.length !== inputs.length)
    fail(name, `takes ${inputs.length} operands (${inputs.join(', ')}), got ${given.length}.`)
  const like = given.find((x): x is Tensor => isTensor(x) && !typeOfTensor(x).weak)
  const dtype = like?.dtype ?? 'f32'
  return given.map((x) => {
    if (typeof x === 'number') return scalarOf(name, x, dtype)
    const own = tensorOf(name, x)
    return typeOfTensor(own).weak ? castTo(own, dtype) : own
  })
}

/** The options, with all that they need and nothing else. */
const checked = (options: KernelOptions<Names, Names>): KernelOptions<Names, Names> => {
  const { name, bindings } = options
  if (typeof name !== 'string' || name === '') fail('kernel', `needs a name, got ${showValue(name)}.`)
  const strange = Object.keys(options).find((key) => !known.includes(key))
  if (strange !== undefined) fail(`kernel ${name}`, `there is no option ${strange}, but ${known.join(', ')}.`)
  for (const key of needed)
    if (typeof options[key] !== 'function' && !(key === 'wgsl' && typeof options[key] === 'string'))
      fail(
        `kernel ${name}`,
        `needs ${key}, a function${key === 'wgsl' ? ' or a text' : ''}, got ${showValue(options[key])}.`,
      )
  const { inputs, outputs, atomic = [] } = bindings ?? {}
  if (!Array.isArray(inputs) || !Array.isArray(outputs) || outputs.length === 0)
    fail(`kernel ${name}`, 'bindings are { inputs: [names], outputs: [names] }, with one output or more.')
  const names = [...inputs!, ...outputs!]
  for (const [i, one] of names.entries()) {
    if (typeof one !== 'string' || !/^[a-zA-Z][a-zA-Z0-9_]*$/.test(one))
      fail(`kernel ${name}`, `${showValue(one)} is no name of a variable in WGSL: letters, then letters and digits.`)
    if (names.indexOf(one) !== i) fail(`kernel ${name}`, `two operands are called ${one}.`)
  }
  const other = atomic.find((one) => !outputs!.includes(one))
  if (other !== undefined) fail(`kernel ${name}`, `${showValue(other)} is atomic, and no output.`)
  return options
}
