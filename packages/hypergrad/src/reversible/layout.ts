/** Trees of tensors as one row of numbers on the host, and back. */

import { array, type Device, readSync, type Tensor } from '@neumann/linalg-gpu'
import {
  type DType,
  fail,
  isFloat,
  sameStructure,
  showShape,
  showStructure,
  sizeOf,
  tensorsOf,
  unflatten,
} from '@neumann/linalg-gpu/program'

export interface Layout<X> {
  /** Where each tensor begins, and where the last one ends. */
  readonly borders: readonly number[]
  readonly size: number
  /** The elements of a tree of this form, each exactly. */
  readonly read: (tree: X) => Float64Array
  /** A tree of this form, rounded to the dtypes of its tensors. */
  readonly write: (values: Float64Array) => X
}

/** The layout of trees like this one, whose tensors are f32 or f64; what is written goes to the device.
 *  @example const { read, write } = layout('example', { a: array([1, 2]), b: array(3) }, array(0).device!)
 *  write(read({ a: array([4, 5]), b: array(6) })) // => { a: f32[2] [4, 5], b: f32[] 6 } */
export const layout = <X>(name: string, like: X, device: Device): Layout<X> => {
  const { leaves, structure } = tensorsOf(name, like)
  for (const { dtype } of leaves)
    if (!isFloat(dtype) || dtype === 'f16') fail(name, `expected tensors of f32 or f64, got ${dtype}.`)
  const forms = leaves.map(({ shape, dtype }) => ({ shape, dtype: dtype as DType }))
  const borders = [0]
  for (const { shape } of forms) borders.push(borders[borders.length - 1]! + sizeOf(shape))
  const size = borders[borders.length - 1]!
  return {
    borders,
    size,
    read: (tree) => {
      const own = tensorsOf(name, tree)
      if (!sameStructure(own.structure, structure))
        fail(name, `a tree of the form ${showStructure(own.structure)} where ${showStructure(structure)} was expected.`)
      const values = new Float64Array(size)
      own.leaves.forEach((leaf: Tensor, i) => {
        if (sizeOf(leaf.shape) !== borders[i + 1]! - borders[i]!)
          fail(name, `a tensor of shape ${showShape(leaf.shape)} where ${showShape(forms[i]!.shape)} was expected.`)
        values.set(readSync(leaf), borders[i])
      })
      return values
    },
    write: (values) =>
      unflatten(
        structure,
        forms.map(({ shape, dtype }, i) =>
          array(values.subarray(borders[i], borders[i + 1]), { shape, dtype, device }),
        ),
      ) as X,
  }
}
