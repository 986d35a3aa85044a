/** Trees of tensors as vectors: what solvers are written with. The leaves are floats of one dtype. */

import { type DType, isFloat } from '../dtype.js'
import { fail, showType } from '../errors.js'
import { abs, add, div, maximum, mul, square, sub } from '../ops/arithmetic.js'
import { greater, isFinite, less, logicalAnd, where } from '../ops/comparison.js'
import { full } from '../ops/creation.js'
import { castTo, scalarOf } from '../ops/operands.js'
import { max, sum } from '../ops/reductions.js'
import { sqrt } from '../ops/transcendental.js'
import type { Type } from '../program/type.js'
import { type Tensor, typeOfTensor } from '../trace/tensor.js'
import { strong, tensorsOf } from '../trace/treeTrace.js'
import { flatten, type Structure, sameStructure, showStructure, treeMap, unflatten } from '../tree.js'

export { epsilonOf } from '../dtype.js'

/** Where vectors live: the form of their tree, and the types of its leaves. `X` is the type of the vectors. */
export interface Space<X> {
  readonly structure: Structure
  readonly types: readonly Type[]
  /** Never there: it keeps spaces of different vectors apart. */
  readonly vector?: X
}

/** The space that a vector lives in. @example vectorSpace(array([1, 2])).types.map(String).length // => 1 */
export const vectorSpace = <X>(x: X): Space<X> => {
  const { leaves, structure } = tensorsOf('vectorSpace', x)
  // what jit made of a number is f32 by itself
  return { structure, types: leaves.map((leaf) => typeOfTensor(strong(leaf))) }
}

/** The space of single tensors of a type. */
export const spaceOf = (type: Type): Space<Tensor> => ({ structure: flatten(0).structure, types: [type] })

/** The leaves' one dtype. */
export const dtypeOf = (name: string, x: unknown): DType => {
  const { leaves } = tensorsOf(name, x)
  const types = leaves.map(typeOfTensor)
  const dtype = types[0]?.dtype ?? fail(name, 'the vector has no tensors.')
  if (dtype === 'f16' || types.some((type) => type.dtype !== dtype || !isFloat(dtype)))
    fail(name, `a vector has leaves of one dtype, f32 or f64, got ${types.map(showType).join(' ')}.`)
  return dtype
}

/** A vector of tensors in the space, or an error that says where it is none. */
export const vectorIn = <X>(name: string, what: string, x: X, { structure, types }: Space<X>): X => {
  const own = tensorsOf(name, x)
  if (!sameStructure(own.structure, structure))
    fail(
      name,
      `${what} has the form ${showStructure(own.structure)}, the operator expects ${showStructure(structure)}.`,
    )
  const leaves = own.leaves.map((leaf, i) => {
    const expected = types[i]!
    // what jit made of a number takes the dtype that is wanted
    const x = typeOfTensor(leaf).weak ? castTo(leaf, expected.dtype) : leaf
    const type = showType(typeOfTensor(x))
    return type === showType(expected)
      ? x
      : fail(name, `${what} has a leaf ${type} where the operator expects ${showType(expected)}.`)
  })
  return unflatten(structure, leaves) as X
}

/** The number of elements. */
export const dimensionOf = <X>({ types }: Space<X>): number => types.reduce((n, type) => n + type.size, 0)

type Leaves = (...leaves: Tensor[]) => Tensor
const each = (f: Leaves, ...trees: readonly unknown[]): never =>
  (treeMap as unknown as (f: Leaves, ...trees: readonly unknown[]) => never)(f, ...trees)

export const zeroIn = <X>({ structure, types }: Space<X>): X =>
  unflatten(
    structure,
    types.map(({ shape, dtype }) => full(shape, 0, { dtype })),
  ) as X

/** 0 in the space of x. */
export const zeroLike = <X>(x: X): X => zeroIn<X>(vectorSpace(x))

export const plus = <X>(x: X, y: X): X => each((a, b) => add(a!, b!), x, y)
export const minus = <X>(x: X, y: X): X => each((a, b) => sub(a!, b!), x, y)
/** c x */
export const times = <X>(c: Tensor | number, x: X): X => each((a) => mul(c, a!), x)
/** x ⊙ y, element by element */
export const byElement = <X>(x: X, y: X): X => each((a, b) => mul(a!, b!), x, y)
/** x / c */
export const over = <X>(x: X, c: Tensor | number): X => each((a) => div(a!, c), x)
/** y + c x */
export const addScaled = <X>(y: X, c: Tensor | number, x: X): X => each((b, a) => add(b!, mul(c, a!)), y, x)
/** x where the condition holds, else y. */
export const choose = <X>(condition: Tensor, x: X, y: X): X => each((a, b) => where(condition, a!, b!), x, y)

const total = (parts: readonly Tensor[], join: (a: Tensor, b: Tensor) => Tensor): Tensor => parts.reduce(join)
const leavesOf = (x: unknown): readonly Tensor[] => tensorsOf('vector', x).leaves

/** ⟨x, y⟩ */
export type Dot = <X>(x: X, y: X) => Tensor
export const inner: Dot = (x, y) => {
  const right = leavesOf(y)
  return total(
    leavesOf(x).map((a, i) => sum(mul(a, right[i]!))),
    add,
  )
}

/** max |xᵢ| */
export const largest = (x: unknown): Tensor =>
  total(
    leavesOf(x).map((a) => (a.shape.includes(0) ? scalarOf('vector', 0, a.dtype) : max(abs(a)))),
    maximum,
  )

/** A positive number of the magnitude of x by which it can be divided; 1 where x is zero or not finite. */
export const scaleOf = (x: unknown): Tensor => {
  const top = largest(x)
  return where(logicalAnd(isFinite(top), greater(top, 0)), top, 1)
}

/** A length to divide by: 1 where it is 0, or none. */
export const divisor = (size: Tensor): Tensor => where(greater(size, 0), size, 1)

/** ‖x‖₂ in one pass, which neither overflows nor underflows: three sums of squares, as they are, of small numbers raised and of large ones lowered,
 *  of which one has lost nothing.
 *  f32: (2^±70 x)² of any normal x is a normal number where it is looked at; f64: 2^±560.
 *  Source   Blue 1978 */
export const length = (x: unknown): Tensor => {
  const leaves = leavesOf(x)
  const wide = leaves[0]?.dtype === 'f64'
  const [far, least] = wide ? [2 ** 560, 2 ** -900] : [2 ** 70, 2 ** -100]
  const squares = (factor: number): Tensor =>
    total(
      leaves.map((leaf) => sum(square(mul(leaf, factor)))),
      add,
    )
  const middle = squares(1)
  const small = mul(sqrt(squares(far)), 1 / far)
  const large = mul(sqrt(squares(1 / far)), far)
  return where(less(middle, least), small, where(isFinite(middle), sqrt(middle), large))
}

/** √(a² + b²), scaled likewise. */
export const hypotenuse = (a: Tensor, b: Tensor): Tensor => {
  const top = maximum(abs(a), abs(b))
  const scale = divisor(top)
  const [x, y] = [div(a, scale), div(b, scale)]
  return mul(scale, sqrt(add(mul(x, x), mul(y, y))))
}
