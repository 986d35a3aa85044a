/** Types of a user kernel's operands: what its code can be given, and what its `shape` says that it makes. */

import type { DType } from '../dtype.js'
import { fail, showType, showValue } from '../errors.js'
import { type Type, typeOf } from '../program/type.js'
import type { Shape } from '../shape.js'

export type Names = readonly string[]

/** A value for each name. */
export type Named<N extends Names, T> = { readonly [K in N[number]]: T }

/** What a kernel makes: a shape, of elements as the first input has them, or a type. */
export type Made = Shape | Pick<Type, 'dtype' | 'shape'>

export const named = <N extends Names, T>(names: N, values: readonly T[]): Named<N, T> =>
  Object.fromEntries(names.map((name, i) => [name, values[i]!])) as Named<N, T>

/** Elements that WGSL has as they are stored; f64 is for the other devices, where the oracle runs. */
const held: readonly DType[] = ['f32', 'f64', 'i32', 'u32']

const checked = (name: string, what: string, type: Type): Type =>
  held.includes(type.dtype)
    ? type
    : fail(
        name,
        `${what} is ${showType(type)}: a kernel of your own has elements of f32, i32 or u32 (and f64 where there is no GPU). Cast it outside, as cast(x, 'f32').`,
      )

const isShape = (made: unknown): made is Shape =>
  Array.isArray(made) && made.every((size) => Number.isInteger(size) && size >= 0)

/** The types of the outputs. */
export const inferred = (
  name: string,
  inputs: Names,
  outputs: Names,
  shape: (inputs: Named<Names, Type>) => Named<Names, Made>,
  types: readonly Type[],
): readonly Type[] => {
  types.forEach((type, i) => checked(name, `the operand ${inputs[i]}`, type))
  const made = shape(named(inputs, types)) as Partial<Named<Names, Made>> | undefined
  return outputs.map((output) => {
    const one = made?.[output]
    const own = isShape(one) ? one : (one as Type | undefined)?.shape
    if (!isShape(own))
      return fail(
        name,
        `shape gives ${showValue(one)} for ${output}: it returns { ${outputs.join(', ')} }, each a list of whole numbers or { dtype, shape }.`,
      )
    const dtype = isShape(one) ? (types[0]?.dtype ?? 'f32') : (one as Type).dtype
    return checked(name, `the output ${output}`, typeOf(dtype, own))
  })
}
