/** The rules of a user's kernel, by the names of its operands, as transforms of programs take them: by position, with nulls for zeros. */

import { map } from '../control/scan.js'
import { isFloat } from '../dtype.js'
import { fail, showType, showValue, synchronous } from '../errors.js'
import type { CustomKernel, CustomRules } from '../program/custom.js'
import { type Type, withShape } from '../program/type.js'
import { emit, emit1 } from '../trace/emit.js'
import { isTensor, type Tensor, typeOfTensor } from '../trace/tensor.js'
import { type Named, type Names, named } from './types.js'

/** What a rule returns: what it leaves out is zero. */
export type Given<N extends Names> = { readonly [K in N[number]]?: Tensor | null }

export interface Rules<I extends Names, O extends Names> {
  /** Forward mode: operands and results, and the tangents of the inputs of f32 → the tangents of the outputs. Linear in the tangents,
   *  reverse mode follows from it by transposition. */
  readonly jvp?: (values: Named<I, Tensor> & Named<O, Tensor>, tangents: Named<I, Tensor>) => Given<O>
  /** Reverse mode: operands and results, and the cotangents of the outputs of f32 → the cotangents of the inputs. */
  readonly vjp?: (values: Named<I, Tensor> & Named<O, Tensor>, cotangents: Named<O, Tensor>) => Given<I>
  /** What vmap makes of it: 'leading' if `shape`, the code and the oracle take any number of axes in front, the same of each operand; or a
   *  function of operands of which some have the batch as axis 0 → results that all have it. Left out, members are computed one by one. */
  readonly batch?:
    | 'leading'
    | ((values: Named<I, Tensor>, batched: Named<I, boolean>, size: number) => Named<O, Tensor>)
}

export const rulesOf = (
  name: string,
  inputs: Names,
  outputs: Names,
  { jvp, vjp, batch }: Rules<Names, Names>,
  own: () => CustomKernel,
): CustomRules => {
  const values = (x: readonly Tensor[], y: readonly Tensor[]): Named<Names, Tensor> =>
    named([...inputs, ...outputs], [...x, ...y])
  return {
    ...(jvp && {
      jvp: (x, dx, y) => taken(name, 'jvp', outputs, y.map(typeOfTensor), jvp(values(x, y), floats(inputs, x, dx))),
    }),
    ...(vjp && {
      vjp: (x, y, ct) => taken(name, 'vjp', inputs, x.map(typeOfTensor), vjp(values(x, y), floats(outputs, y, ct))),
    }),
    ...(batch !== 'leading' && {
      batch: (x, batched, size) => {
        if (batch === undefined) return oneByOne(own(), x, batched)
        const members = x.map((v, i) => {
          const type = typeOfTensor(v)
          return batched[i] ? withShape(type, type.shape.slice(1)) : type
        })
        const types = own().infer(members)
        const results = batch(named(inputs, x), named(inputs, batched), size)
        return taken(
          name,
          'batch',
          outputs,
          types.map((type) => withShape(type, [size, ...type.shape])),
          results,
        ).map((y, i) => y ?? fail(name, `batch gives nothing for ${outputs[i]}.`))
      },
    }),
  }
}

/** The derivatives of what is a float, zeros where there is none. */
const floats = (names: Names, like: readonly Tensor[], given: readonly (Tensor | null)[]): Named<Names, Tensor> => {
  const at = names.map((_, i) => i).filter((i) => isFloat(like[i]!.dtype))
  return named(
    at.map((i) => names[i]!),
    at.map((i) => given[i] ?? emit1({ kind: 'full', value: 0, type: typeOfTensor(like[i]!) })),
  )
}

/** What a rule returned, in order, each of the type that it has to have. */
const taken = (
  name: string,
  rule: string,
  names: Names,
  types: readonly Type[],
  result: Given<Names>,
): readonly (Tensor | null)[] => {
  const given = synchronous(name, result) as Given<Names> | null | undefined
  if (typeof given !== 'object' || given === null || isTensor(given))
    return fail(name, `${rule} returns { ${names.join(', ')} }, got ${showValue(given)}.`)
  const strange = Object.keys(given).find((key) => !names.includes(key))
  if (strange !== undefined) fail(name, `${rule} returns ${strange}, and knows only ${names.join(', ')} here.`)
  return names.map((key, i) => {
    const x = given[key]
    if (x === undefined || x === null) return null
    if (!isTensor(x) || typeOfTensor(x) !== types[i])
      fail(
        name,
        `${rule} returns ${isTensor(x) ? showType(typeOfTensor(x)) : showValue(x)} for ${key}: it must be ${showType(types[i]!)}.`,
      )
    return x
  })
}

/** Each member after the other, in a loop on the device. */
const oneByOne = (kernel: CustomKernel, x: readonly Tensor[], batched: readonly boolean[]): readonly Tensor[] =>
  map(
    (rows: readonly Tensor[]) => {
      let at = 0
      return emit(
        { kind: 'custom', kernel },
        x.map((v, i) => (batched[i] ? rows[at++]! : v)),
      )
    },
    x.filter((_, i) => batched[i]),
  )
