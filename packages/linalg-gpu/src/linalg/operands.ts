/** Operands of linear algebra: stacks of matrices [...batch, m, n] of f32 or f64. */

import { fail, showShape, showType, showValue } from '../errors.js'
import { asFloat, castTo, floatOperands, inFloat, together } from '../ops/operands.js'
import { broadcastTo, reshape } from '../ops/shape.js'
import type { CustomKernel } from '../program/custom.js'
import type { Type } from '../program/type.js'
import { deviceOf } from '../run/execute.js'
import { broadcastShapes, type Shape } from '../shape.js'
import { emit } from '../trace/emit.js'
import { isTensor, type Tensor, type TensorLike, typeOfTensor } from '../trace/tensor.js'

/** `f` of a stack of matrices, integers as f32; f16 is computed in f32 and rounded at the end. */
export const inMatrices = (name: string, a: TensorLike, f: (a: Tensor) => Tensor): Tensor =>
  inFloat(name, a, (x) => f(matrices(name, x)))

/** As `inMatrices`, for matrices as wide as high. */
export const inSquares = (name: string, a: TensorLike, f: (a: Tensor) => Tensor, instead?: string): Tensor =>
  inFloat(name, a, (x) => f(squares(name, x, instead)))

/** A stack of matrices in f32 or f64, for functions with several results: f16 becomes f32. */
export const asMatrices = (name: string, a: TensorLike): Tensor => {
  const [x] = floatOperands(name, a, a)
  return matrices(name, typeOfTensor(x).dtype === 'f16' ? castTo(x, 'f32') : x)
}

export const matrices = (name: string, a: Tensor): Tensor =>
  a.shape.length >= 2
    ? a
    : fail(
        name,
        `needs a matrix, or a stack of them [...batch, m, n], got ${showType(typeOfTensor(a))}. Add axes by expandDims or reshape.`,
      )

/** `instead` is the function that takes matrices of any shape. */
export const squares = (name: string, a: Tensor, instead?: string): Tensor => {
  const [m, n] = sizeOfMatrix(matrices(name, a))
  return m === n
    ? a
    : fail(
        name,
        `needs square matrices, got ${showType(typeOfTensor(a))}: ${m} rows, ${n} columns.${instead === undefined ? '' : ` Use ${instead} for others.`}`,
      )
}

/** Refuses options that are misspelt or of another kind, which JavaScript would let pass. */
export const checkOptions = (
  name: string,
  given: unknown,
  kinds: Readonly<Record<string, 'boolean' | 'number' | 'string'>>,
): void => {
  const known = Object.keys(kinds).join(', ')
  if (typeof given !== 'object' || given === null || isTensor(given))
    fail(name, `options are an object of ${known}, got ${showValue(given)}.`)
  for (const [key, value] of Object.entries(given as object)) {
    if (!Object.hasOwn(kinds, key)) fail(name, `there is no option ${key}, but ${known}.`)
    if (value !== undefined && typeof value !== kinds[key])
      fail(name, `the option ${key} is a ${kinds[key]}, got ${showValue(value)}.`)
  }
}

/** Rows and columns. */
export const sizeOfMatrix = (a: { readonly shape: Shape }): readonly [number, number] =>
  a.shape.slice(-2) as unknown as readonly [number, number]

/** The axes in front of the matrices. */
export const batchOf = (a: { readonly shape: Shape }): Shape => a.shape.slice(0, -2)

/** The matrices and right sides of systems A x = b, f16 as f32, batch axes broadcast as in NumPy, and the way back to the shape and dtype of b.
 *  A `b` of one axis is a vector; with more it is a stack of matrices, whose columns are right sides. */
export const systems = (
  name: string,
  a: TensorLike,
  b: TensorLike,
): { readonly a: Tensor; readonly b: Tensor; readonly back: (x: Tensor) => Tensor } => {
  const [left, right] = together(name, [a, b]).map((z) => asFloat(name, z)) as [Tensor, Tensor]
  const half = typeOfTensor(left).dtype === 'f16'
  // of kernels within, the words would be others
  deviceOf(name, [left, right])
  const [x, y] = half ? [castTo(left, 'f32'), castTo(right, 'f32')] : [left, right]
  const [m] = sizeOfMatrix(matrices(name, x))
  if (y.shape.length === 0)
    fail(name, 'needs a right side of one axis or more, got a scalar: broadcastTo makes it a vector.')
  const vector = y.shape.length === 1
  const columns = vector ? reshape(y, [...y.shape, 1]) : y
  if (sizeOfMatrix(columns)[0] !== m)
    fail(
      name,
      `the matrix has ${m} rows, the right side ${sizeOfMatrix(columns)[0]}: ${showType(typeOfTensor(left))} with ${showType(typeOfTensor(right))}.${vector ? '' : ' A right side with more than one axis is a stack of matrices.'}`,
    )
  const batch =
    broadcastShapes(batchOf(x), batchOf(columns)) ??
    fail(
      name,
      `batch axes ${showShape(batchOf(x))} and ${showShape(batchOf(columns))} do not broadcast: sizes agree from the right or are 1.`,
    )
  const over = (z: Tensor): Tensor => broadcastTo(z, [...batch, ...z.shape.slice(-2)])
  return {
    a: over(x),
    b: over(columns),
    back: (z) => {
      const shaped = vector ? reshape(z, z.shape.slice(0, -1)) : z
      return half ? castTo(shaped, 'f16') : shaped
    },
  }
}

/** Runs a kernel. */
export const run = (kernel: CustomKernel, ...inputs: readonly Tensor[]): readonly Tensor[] =>
  emit({ kind: 'custom', kernel }, inputs)

export const run1 = (kernel: CustomKernel, ...inputs: readonly Tensor[]): Tensor => run(kernel, ...inputs)[0]!

/** For the shape rules of kernels: operands that are float matrices of one dtype, f32 or f64, with the same batch axes. */
export const checkedOperands = (name: string, inputs: readonly Type[], count: number): void => {
  const [first] = inputs
  if (
    inputs.length !== count ||
    inputs.some(
      (x) =>
        x.shape.length < 2 ||
        x.dtype !== first!.dtype ||
        showShape(batchOf(x)) !== showShape(batchOf(first!)) ||
        (x.dtype !== 'f32' && x.dtype !== 'f64'),
    )
  )
    fail(
      name,
      `needs ${count} stacks of f32 or f64 matrices with the same batch axes, got ${inputs.map(showType).join(' ')}.`,
    )
}

/** The number of matrices in a stack. */
export const countOf = (a: { readonly shape: Shape }): number => batchOf(a).reduce((n, size) => n * size, 1)
