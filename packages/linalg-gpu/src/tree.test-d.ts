/** Types only: compiled by the type check, never run. */
import { type Tensor, treeLeaves, treeMap } from './index.js'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const is = <A, B>(_: Equal<A, B>): void => {}

declare const params: {
  readonly layers: readonly [{ readonly w: Tensor; readonly b: Tensor }, Tensor]
  readonly scale: Tensor
}

// a map from tensors to tensors keeps the type of the tree
const same = treeMap((x: Tensor) => x, params)
is<typeof same, typeof params>(true)

// a map to something else puts it in the place of every leaf, tuples stay tuples
const sizes = treeMap((x: Tensor) => x.shape.length, params)
is<
  typeof sizes,
  { readonly layers: readonly [{ readonly w: number; readonly b: number }, number]; readonly scale: number }
>(true)

// leaves of another type than the function takes stay what they are
const mixed = treeMap((x: number) => String(x), { a: 1, b: 'text', c: [2, 3] })
is<typeof mixed, { a: string; b: string; c: string[] }>(true)

// several trees of one type
const total = treeMap((a: number, b: number) => a + b, [1, 2], [3, 4])
is<typeof total, number[]>(true)

// a function is a leaf, not a branch
declare const model: { readonly apply: (x: Tensor) => Tensor; readonly w: Tensor }
const kept = treeMap((x: Tensor) => x.dtype, model)
is<(typeof kept)['apply'], (x: Tensor) => Tensor>(true)

const leaves = treeLeaves<number>({ a: 1, b: [2] })
is<typeof leaves, readonly number[]>(true)
