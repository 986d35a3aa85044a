/** Trees as vectors. */

import {
  concatenate,
  eager,
  fail,
  isFloat,
  showType,
  sizeOf,
  slice,
  type Tensor,
  tensorsOf,
  typeOfTensor,
  unflatten,
} from '../language.js'
import { reshape } from '../rules/raw.js'

/** All elements of a tree of floats of one dtype as one vector, and the way back.
 *  Shapes   flat: [n], n the number of elements · unravel: [n] → tree
 *  Laws     unravel(flat) is the tree; both are linear
 *  @example const { flat, unravel } = ravel({ w: array([[1, 2]]), b: array(3) })
 *  String(flat) // => f32[3] [3, 1, 2]
 *  unravel(array([5, 6, 7])) // => { b: f32[] 5, w: f32[1,2] [[6, 7]] } */
export const ravel = <T>(tree: T): { readonly flat: Tensor; readonly unravel: (flat: Tensor) => T } => {
  const { leaves, structure } = tensorsOf('ravel', tree)
  if (leaves.length === 0) fail('ravel', 'the tree has no tensors.')
  const types = leaves.map(typeOfTensor)
  for (const type of types)
    if (!isFloat(type.dtype) || type.dtype !== types[0]!.dtype)
      fail('ravel', `leaves are floats of one dtype, got ${types.map(showType).join(' ')}.`)
  const sizes = types.map((type) => sizeOf(type.shape))
  const n = sizes.reduce((a, b) => a + b, 0)
  const flat = eager(() => concatenate(leaves.map((x) => reshape(x, [sizeOf(x.shape)]))))()
  const unravel = eager((vector: Tensor): T => {
    if (vector.shape.length !== 1 || vector.shape[0] !== n)
      fail('unravel', `expected a vector of ${n} elements, got ${showType(vector)}.`)
    let at = 0
    return unflatten(
      structure,
      types.map((type, i) => reshape(slice(vector, [at, (at += sizes[i]!)]), type.shape)),
    ) as T
  })
  return { flat, unravel }
}
