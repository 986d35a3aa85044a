/** Prefix combinations by an associative function, in ⌈log₂ n⌉ rounds of half the work each (Blelloch's odd–even form). */

import { fail, showShape } from '../errors.js'
import { checkAxis, sameShape } from '../shape.js'
import { staged } from '../trace/emit.js'
import type { Tensor } from '../trace/tensor.js'
import { flatten as flattenTree, type Structure, sameStructure, showStructure, unflatten } from '../tree.js'
import { tensorOf } from './operands.js'
import { concatenate, expandDims, flip, reshape, sliceAxis } from './shape.js'

type Combine = (a: readonly Tensor[], b: readonly Tensor[]) => readonly Tensor[]

/** y₀ = x₀, yᵢ = combine(yᵢ₋₁, xᵢ) along an axis, for tensors or trees of tensors; `combine` must be associative and work elementwise along that axis.
 *  Cost     about 2n combinations in 2 log₂ n rounds.
 *  @example associativeScan((a, b) => mul(a, b), array([1, 2, 3, 4])) // => f32[4] [1, 2, 6, 24] */
export const associativeScan = <T>(
  combine: (a: T, b: T) => T,
  xs: T,
  { axis = 0, reverse = false }: { readonly axis?: number; readonly reverse?: boolean } = {},
): T => {
  const { leaves, structure } = flattenTree(xs)
  const values = leaves.map((x) => tensorOf('associativeScan', x as Tensor))
  if (values.length === 0) fail('associativeScan', 'the tree has no tensors.')
  const at = checkAxis('associativeScan', axis, values[0]!.shape.length)
  const n = values[0]!.shape[at]
  for (const { shape } of values)
    if (shape[at] !== n)
      fail(
        'associativeScan',
        `axis ${at} has size ${n} in ${showShape(values[0]!.shape)} and ${shape[at]} in ${showShape(shape)}.`,
      )
  const flat: Combine = (a, b) => {
    const out = flattenTree(combine(unflatten(structure, a) as T, unflatten(structure, b) as T))
    sameForm(out.structure, structure)
    out.leaves.forEach((y, i) => {
      const [before, after] = [a[i]!.shape, tensorOf('associativeScan', y as Tensor).shape]
      if (!sameShape(before, after))
        fail(
          'associativeScan',
          `combine made ${showShape(after)} of two tensors ${showShape(before)}: it keeps the shape.`,
        )
    })
    return out.leaves.map((x) => tensorOf('associativeScan', x as Tensor))
  }
  return unflatten(
    structure,
    staged('associativeScan', values, (inputs) => associativeScanOf(flat, inputs, at, reverse)),
  ) as T
}

const sameForm = (got: Structure, expected: Structure): void => {
  if (!sameStructure(got, expected))
    fail('associativeScan', `combine returned the form ${showStructure(got)} for ${showStructure(expected)}.`)
}

export const associativeScanOf = (
  combine: Combine,
  xs: readonly Tensor[],
  axis: number,
  reverse: boolean,
): readonly Tensor[] => {
  const turned = (ys: readonly Tensor[]): readonly Tensor[] => (reverse ? ys.map((y) => flip(y, axis)) : ys)
  return turned(prefix(combine, turned(xs), axis))
}

const prefix = (combine: Combine, xs: readonly Tensor[], axis: number): readonly Tensor[] => {
  const n = xs[0]!.shape[axis]!
  if (n < 2) return xs
  const cut = (ys: readonly Tensor[], start: number, stop: number, step = 1): Tensor[] =>
    ys.map((y) => sliceAxis(y, axis, start, stop, step))
  // combine neighbours, take prefixes of the pairs: those are the odd places; even places are one combination more
  const odd = prefix(combine, combine(cut(xs, 0, n - 1, 2), cut(xs, 1, n, 2)), axis)
  const inner = n > 2 ? combine(cut(odd, 0, Math.ceil(n / 2) - 1), cut(xs, 2, n, 2)) : []
  const even = cut(xs, 0, 1).map((first, i) => (n > 2 ? concatenate([first, inner[i]!], axis) : first))
  return even.map((e, i) => interleave(e, odd[i]!, axis, n))
}

/** Even places from `even`, odd places from `odd`. */
const interleave = (even: Tensor, odd: Tensor, axis: number, n: number): Tensor => {
  const m = odd.shape[axis]!
  const pairs = concatenate(
    [sliceAxis(even, axis, 0, m), odd].map((x) => expandDims(x, axis + 1)),
    axis + 1,
  )
  const joined = reshape(
    pairs,
    odd.shape.map((size, i) => (i === axis ? 2 * m : size)),
  )
  return n % 2 === 0 ? joined : concatenate([joined, sliceAxis(even, axis, m, m + 1)], axis)
}
