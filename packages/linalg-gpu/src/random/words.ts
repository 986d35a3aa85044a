/** Random words: the threefry permutation under a key, of the counters 0, 1, 2, … of a shape.
 *
 *      (b₀, b₁)[i] = threefry(key; i div 2³², i mod 2³²)          i: the row-major position
 *
 *  Every element is a function of the key and its own position, so any part can be made anywhere and in any order.
 *  Source   JAX with jax_threefry_partitionable, its default since 0.5; plain/threefry.ts has the permutation. */

import { promoted } from '../dtype.js'
import { fail, showShape, showType } from '../errors.js'
import { iota } from '../ops/creation.js'
import { castTo, scalarOf } from '../ops/operands.js'
import { reshape, slice } from '../ops/shape.js'
import { typeOf } from '../program/type.js'
import { broadcastShapes, checkShape, type Shape, sameShape, sizeOf } from '../shape.js'
import { emit, staged } from '../trace/emit.js'
import { isTensor, type Tensor, type TensorLike, typeOfTensor, valueOf } from '../trace/tensor.js'

/** The dtypes of random numbers. */
export type FloatDType = 'f16' | 'f32' | 'f64'

/** A drawing function: outside traces all of it runs as one program, which fuses to one pass over the result. */
export const drawing =
  <A extends readonly unknown[]>(name: string, f: (...args: A) => Tensor): ((...args: A) => Tensor) =>
  (...args) =>
    staged(name, [], () => [f(...args)])[0]!

/** Threefry under a key, at counters given as high and low words. */
export const threefry = (name: string, key: Tensor, high: Tensor, low: Tensor): readonly [Tensor, Tensor] => {
  const { type } = valueOf(name, key)
  if (type !== keyType)
    fail(
      name,
      `a key is u32[2], got ${showType(type)}: key(seed) makes one; of several from splitKey take one by slice(keys, i), or vmap.`,
    )
  return emit({ kind: 'threefry' }, [slice(key, 0), slice(key, 1), high, low]) as readonly [Tensor, Tensor]
}

/** The two words of every position of a shape. */
export const words = (name: string, key: Tensor, shape: Shape): readonly [Tensor, Tensor] => {
  const size = sizeOf(checkShape(name, shape))
  if (size > 2 ** 32) fail(name, `shape ${showShape(shape)} has ${size} elements, more than 2³²: draw in parts.`)
  const position = shape.length === 0 ? zero(name) : reshape(iota([size], 0, { dtype: 'u32' }), shape)
  return threefry(name, key, zero(name), position)
}

export const zero = (name: string): Tensor => scalarOf(name, 0, 'u32')

/** The shape of a draw: that of its parameters together, or a larger one that is asked for. */
export const shapeOf = (name: string, shape: Shape | undefined, parameters: readonly Tensor[]): Shape => {
  const joint = parameters.reduce<Shape>(
    (joined, x) =>
      broadcastShapes(joined, x.shape) ??
      fail(name, `parameters of shapes ${parameters.map((p) => showShape(p.shape)).join(' ')} do not broadcast.`),
    [],
  )
  if (shape === undefined) return joint
  const whole = broadcastShapes(joint, checkShape(name, shape))
  if (whole === undefined || !sameShape(whole, shape))
    fail(name, `parameters of shape ${showShape(joint)} do not broadcast to the shape ${showShape(shape)} asked for.`)
  return shape
}

/** A parameter in the dtype of the draw. */
export const parameter = (name: string, x: TensorLike, dtype: FloatDType): Tensor => {
  if (!isTensor(x)) return scalarOf(name, x, dtype)
  const type = typeOfTensor(x)
  if (!type.weak && promoted(type.dtype, dtype) !== dtype)
    fail(name, `a parameter is ${showType(type)}, the draw ${dtype}: cast the parameter, or draw in its dtype.`)
  return castTo(x, dtype)
}

const keyType = typeOf('u32', [2])
