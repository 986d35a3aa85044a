/** Reading results back, and moving tensors between devices. */

import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { TypedArray } from '../dtype.js'
import { fail, showType } from '../errors.js'
import { madeAt, type Tensor, type TensorValue, valueOf } from '../trace/tensor.js'
import { evaluateConstant } from './constant.js'
import { decoded } from './decode.js'
import type { Device, Failure } from './device.js'
import { held, lookAt } from './execute.js'
import { left, orThrow, right } from './outcome.js'

const concrete = (name: string, x: Tensor): TensorValue => {
  const value = valueOf(name, x)
  if (value.trace !== null)
    fail(
      name,
      value.trace.open
        ? `${showType(value.type)} is traced in ${value.trace.name} and has no elements yet. Use debugPrint to look at it, or return it from the traced function.`
        : `${showType(value.type)} was traced in ${value.trace.name}${madeAt(value.trace)}, which has ended: return it from the traced function instead of keeping it in a variable.`,
    )
  return value
}

const gone = (name: string, x: TensorValue): Failure => ({
  code: 'disposed',
  message: `${name}: ${showType(x.type)} was disposed.`,
})

/** Internal: the elements as they are stored: f16 as bits. */
export const readStored = (name: string, x: Tensor): TaskEither<Failure, TypedArray> => {
  const value = concrete(name, x)
  const { constant } = value
  if (constant !== null) return async () => right(evaluateConstant(constant))
  // looked up when the task runs: the tensor may be disposed by then
  return async () => (value.buffer === null ? left(gone(name, value)) : value.buffer.device.read(value.buffer)())
}

/** The elements, row-major, as a value: a failure of the device or a disposed tensor is a Left. f16 is read as Float32Array.
 *  @example await read(array([1, 2]))() // => { _tag: 'Right', right: Float32Array(2) [ 1, 2 ] } */
export const read = (x: Tensor): TaskEither<Failure, TypedArray> => {
  const stored = readStored('read', x)
  return async () => {
    const outcome = await stored()
    return outcome._tag === 'Left' ? outcome : right(decoded(valueOf('read', x).type, outcome.right))
  }
}

/** The elements as a promise, which rejects where `read` gives a Left. @example Array.from(await data(array([1, 2]))) // => [ 1, 2 ] */
export const data = async (x: Tensor): Promise<TypedArray> => {
  return orThrow(await read(x)())
}

/** The elements at once, on devices that the host can look at (plain, wasm). @example Array.from(readSync(array([1, 2]))) // => [ 1, 2 ] */
export const readSync = (x: Tensor): TypedArray => atOnce('readSync', x)

const atOnce = (name: string, x: Tensor): TypedArray => {
  const value = concrete(name, x)
  if (value.constant !== null) return decoded(value.type, evaluateConstant(value.constant))
  const buffer = value.buffer ?? fail(name, `${showType(value.type)} was disposed.`)
  return decoded(value.type, lookAt(name, buffer))
}

/** The one element of a tensor, at once. @example item(array(3)) // => 3 */
export const item = (x: Tensor): number => {
  const { type } = valueOf('item', x)
  if (type.size !== 1) fail('item', `${showType(type)} has ${type.size} elements: use readSync(x) or data(x).`)
  return atOnce('item', x)[0]!
}

type NestedNumbers = number | NestedNumbers[]

/** The elements as nested arrays, at once. @example toNested(array([[1, 2]])) // => [ [ 1, 2 ] ] */
export const toNested = (x: Tensor): NestedNumbers => {
  const all = atOnce('toNested', x)
  const build = (axis: number, offset: number, size: number): NestedNumbers => {
    if (axis === x.shape.length) return all[offset]!
    const n = x.shape[axis]!
    return Array.from({ length: n }, (_, i) => build(axis + 1, offset + (i * size) / n, size / n))
  }
  return build(0, 0, all.length)
}

/** The tensor on another device: a copy, or itself where it is there already. Constants have no device and stay as they are. */
export const transfer = async (x: Tensor, device: Device): Promise<Tensor> => {
  const value = concrete('transfer', x)
  if (value.constant !== null || value.device === device) return x
  if (value.buffer === null) fail('transfer', `${showType(value.type)} was disposed.`)
  const stored = orThrow(await value.buffer!.device.read(value.buffer!)())
  return held(device.upload(stored, value.type, 'transfer'))
}
