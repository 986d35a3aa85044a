/** Whole Jacobians and Hessians: the linear program, batched over a basis. For small functions and tests; products are cheaper. */

import type { Mapped, Tensor, TensorLike } from '../language.js'
import {
  eager,
  emit1,
  inputTypes,
  isFloat,
  nameOf,
  type Program,
  range,
  recordTree,
  type Shape,
  type Structure,
  staged,
  type Type,
  typeOf,
  unflatten,
} from '../language.js'
import { castTo, equal, reshape, zeros } from '../rules/raw.js'
import { batchOf } from '../transforms/batch.js'
import { linearizeOf } from '../transforms/linearize.js'
import { placed } from '../transforms/masks.js'
import { transposeProgram } from '../transforms/transpose.js'
import { type ByPosition, type Differentiated, differentiated, type Positions } from './arguments.js'
import { grad } from './derivatives.js'

/** The unit vectors of a type's space, one after the other along a new leading axis: [size, …shape]. */
const basis = (type: Type): Tensor => {
  const index = (axis: number): Tensor => emit1({ kind: 'iota', axis, type: typeOf('i32', [type.size, type.size]) })
  return reshape(castTo(equal(index(0), index(1)), type.dtype), [type.size, ...type.shape])
}

/** [size of a, …b] → [...a, …b] or [...b, …a]. */
const arranged = (x: Tensor, outer: Shape, inner: Shape, first: 'outer' | 'inner'): Tensor => {
  if (first === 'outer') return reshape(x, [...outer, ...inner])
  const k = inner.length
  const order = [...range(k).map((i) => i + 1), 0]
  return reshape(k === 0 ? x : emit1({ kind: 'transpose', perm: order }, x), [...inner, ...outer])
}

/** A linear program of one type on all unit vectors of it at once; null where a result does not depend on them. */
const images = (
  program: Program,
  type: Type,
  constants: readonly Tensor[],
  nonzero: readonly boolean[],
): readonly (Tensor | null)[] => {
  const [outs, batched] = batchOf(
    program,
    [basis(type), ...constants],
    [true, ...constants.map(() => false)],
    type.size,
  )
  return placed(
    nonzero,
    outs.map((y, k) => (batched[k] ? y : null)),
  )
}

/** The derivative of an output leaf by a leaf of the arguments, batched over unit vectors; nothing where there is no dependence. */
type Block = (out: number, leaf: number) => Tensor | null | undefined

/** ∂f as a tree of the result's form R whose leaves are trees of the argument's form: a tensor for functions of one tensor. */
export type Jacobian<R, A extends readonly unknown[], W extends Positions = 0> = Mapped<R, TensorLike, ByPosition<A, W>>

/** One block for each pair of an output leaf and a leaf of the arguments, as a tree of trees. */
const assemble = (
  f: (...args: never[]) => unknown,
  name: string,
  args: Differentiated,
  first: 'outer' | 'inner',
  blocks: (t: ReturnType<typeof recordTree>, inputs: readonly Tensor[]) => Block,
): unknown => {
  let out: Structure | undefined
  let count = 0
  const values = staged(`${name} ${nameOf(f)}`, args.leaves, (inputs) => {
    const t = recordTree(nameOf(f), args.types, (xs) => f(...(args.rebuild(xs) as never[])))
    out = t.out
    count = t.outTypes.length
    const block = blocks(t, inputs)
    return t.outTypes.flatMap((result, j) =>
      args.types.map((type, i) => {
        const image = block(j, i)
        // forward mode has unit vectors of the argument in front, reverse mode those of the result
        const [outer, inner] = first === 'inner' ? [type, result] : [result, type]
        if (image) return arranged(image, outer.shape, inner.shape, first)
        // an integer result has a Jacobian of floats all the same
        return zeros(typeOf((isFloat(inner.dtype) ? inner : outer).dtype, [...result.shape, ...type.shape]))
      }),
    )
  })
  const n = args.leaves.length
  return unflatten(
    out!,
    range(count).map((j) => args.trees(values.slice(j * n, (j + 1) * n))),
  )
}

/** ∂f by forward mode: one push for each input element, all in one batch. For few inputs and many outputs.
 *  Shapes   for each pair of leaves [...out, …in]: a tree of the result's form whose leaves are trees of the argument's form
 *  @example jacfwd((x: Tensor) => mul(x, x))(array([1, 2])) // => f32[2,2] [[2, 0], [0, 4]] */
export const jacfwd = <A extends readonly unknown[], R, const W extends Positions = 0>(
  f: (...args: A) => R,
  { wrt = 0 as W }: { readonly wrt?: W } = {},
): ((...args: A) => Jacobian<R, A, W>) =>
  eager((...callArgs: A) => {
    const args = differentiated('jacfwd', callArgs, wrt, true)
    return assemble(f as never, 'jacfwd', args, 'inner', (t, inputs) => {
      const columns = args.types.map((type, i) => {
        const lin = linearizeOf(
          t.program,
          [...inputs, ...t.captured],
          [...args.types.map((_, k) => k === i), ...t.captured.map(() => false)],
        )
        return images(lin.linear, type, lin.residuals, lin.nonzero)
      })
      return (j, i) => columns[i]![j]
    }) as Jacobian<R, A, W>
  })

/** ∂f by reverse mode: one pull for each output element, all in one batch. For many inputs and few outputs.
 *  Shapes   as jacfwd
 *  @example jacrev((x: Tensor) => mul(x, x))(array([1, 2])) // => f32[2,2] [[2, 0], [0, 4]] */
export const jacrev = <A extends readonly unknown[], R, const W extends Positions = 0>(
  f: (...args: A) => R,
  { wrt = 0 as W }: { readonly wrt?: W } = {},
): ((...args: A) => Jacobian<R, A, W>) =>
  eager((...callArgs: A) => {
    const args = differentiated('jacrev', callArgs, wrt, true)
    return assemble(f as never, 'jacrev', args, 'outer', (t, inputs) => {
      const lin = linearizeOf(t.program, [...inputs, ...t.captured], [...args.floats, ...t.captured.map(() => false)])
      const n = args.types.length
      const places = lin.nonzero.flatMap((dependent, j) => (dependent ? [j] : []))
      const rows = t.outTypes.map((type, j) => {
        const at = places.indexOf(j)
        if (at < 0 || !isFloat(type.dtype)) return null
        const pull = transposeProgram(
          lin.linear,
          inputTypes(lin.linear).map((_, i) => i < n),
          places.map((_, k) => k === at),
        )
        return images(pull.program, type, [...lin.residuals, ...pull.captured], pull.nonzero)
      })
      return (j, i) => rows[j]?.[i]
    }) as Jacobian<R, A, W>
  })

/** ∇²f of a scalar function, forward over reverse: [...in, …in] for each pair of leaves.
 *  Cost     about 2 gradients for each input element, in one batch.
 *  @example hessian((x: Tensor) => sum(mul(x, mul(x, x))))(array([1, 2])) // => f32[2,2] [[6, 0], [0, 12]] */
export const hessian = <A extends readonly unknown[], const W extends Positions = 0>(
  f: (...args: A) => Tensor,
  { wrt = 0 as W }: { readonly wrt?: W } = {},
): ((...args: A) => Jacobian<ByPosition<A, W>, A, W>) => jacfwd(grad<A, W>(f, { wrt }), { wrt })
