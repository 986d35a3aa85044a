/** Loops as operations: their bodies are recorded once, whatever the number of steps. */

import { fail, showShape, showValue, synchronous } from '../errors.js'
import { add } from '../ops/arithmetic.js'
import { less } from '../ops/comparison.js'
import { iota } from '../ops/creation.js'
import { asIndex } from '../ops/operands.js'
import { withShape } from '../program/type.js'
import { eager } from '../trace/eager.js'
import { emit } from '../trace/emit.js'
import { type Tensor, type TensorLike, typeOfTensor } from '../trace/tensor.js'
import { record } from '../trace/trace.js'
import { type Flat, nameOf, rebuilt, resultOf, strong, tensorsOf, weakResultOf } from '../trace/treeTrace.js'
import { type Structure, unflatten } from '../tree.js'
import { begin, type Numbers, sameCarry } from './carry.js'
import { whileLoop } from './while.js'

export interface ScanOptions {
  /** The number of steps, where there are no xs. */
  readonly length?: number
  /** From the last entry of xs to the first. */
  readonly reverse?: boolean
}

/** Steps a carry along the leading axis of xs:  (c, yₜ) ← f(c, xₜ) for t = 0 … n − 1, or backwards with `reverse`.
 *  Shapes   xs: tree of [n, …] (null with `length`) · returns [carry, ys], ys: tree of [n, …], or null
 *  Numbers in `init` take the dtype that f gives them; to find it, f is recorded once more.
 *  Cost     n times the body, which is recorded once; reverse-mode derivatives keep one set of residuals a step
 *           (`checkpoint` with policy 'sqrt' keeps √n of them).
 *  @example scan((c, x) => [add(c, x), mul(c, x)], 0, array([1, 2, 3])) // => [ f32[] 6, f32[3] [0, 2, 9] ] */
export const scan: {
  <X, Y>(
    f: (carry: Tensor, x: X) => readonly [Tensor, Y],
    init: TensorLike,
    xs?: X | null,
    options?: ScanOptions,
  ): [Tensor, Y]
  <C, X, Y>(f: (carry: C, x: X) => readonly [C, Y], init: C | Numbers<C>, xs?: X | null, options?: ScanOptions): [C, Y]
} = <C, X, Y>(
  f: (carry: C, x: X) => readonly [C, Y],
  init: C | Numbers<C>,
  xs: X | null = null,
  { length, reverse = false }: ScanOptions = {},
): [C, Y] => {
  const name = 'scan'
  const rows = tensorsOf(name, xs)
  const n =
    rows.leaves.length === 0
      ? (length ?? fail(name, 'without xs, length must be given.'))
      : (rows.leaves[0]!.shape[0] ?? fail(name, 'xs has no leading axis: it is a scalar.'))
  for (const x of rows.leaves)
    if (x.shape[0] !== n)
      fail(name, `leading axes of xs differ: ${rows.leaves.map((r) => showShape(r.shape)).join(' ')}.`)
  if (length !== undefined && length !== n) fail(name, `length ${length} does not match the leading axis ${n} of xs.`)
  if (!Number.isInteger(n) || n < 0) fail(name, `length is a non-negative integer, got ${showValue(n)}.`)

  const rowTypes = rows.leaves.map((x) => withShape(typeOfTensor(x), x.shape.slice(1)))
  const bodyName = nameOf(f, 'scan body')
  let stacked: Structure = rows.structure
  const step = (inputs: readonly Tensor[], form: Structure, k: number): readonly [Flat, readonly Tensor[]] => {
    const result = synchronous(
      name,
      f(unflatten(form, inputs.slice(0, k)) as C, unflatten(rows.structure, inputs.slice(k)) as X),
    )
    if (!Array.isArray(result) || result.length !== 2)
      fail(name, `the body returns [carry, y], got ${showValue(result)}. Return [carry, null] to stack nothing.`)
    const next = weakResultOf(name, result[0])
    const y = resultOf(name, result[1])
    stacked = y.structure
    return [next, y.leaves]
  }
  const carry = begin(name, init, (types, form) => {
    let after: Flat = { leaves: [], structure: form }
    record(bodyName, [...types, ...rowTypes], (inputs) => {
      after = step(inputs, form, types.length)[0]
      return []
    })
    return { types: after.leaves.map(typeOfTensor), structure: after.structure }
  })
  const k = carry.leaves.length
  const { program, captured } = record(bodyName, [...carry.types, ...rowTypes], (inputs) => {
    const [next, y] = step(inputs, carry.structure, k)
    const leaves = next.leaves.map(strong)
    sameCarry(name, carry, { structure: next.structure, types: leaves.map(typeOfTensor) })
    return [...leaves, ...y]
  })
  const outs = emit({ kind: 'scan', carry: k, xs: rows.leaves.length, length: n, reverse, body: program }, [
    ...carry.leaves,
    ...rows.leaves,
    ...captured,
  ])
  return [rebuilt(carry.structure, outs.slice(0, k)), rebuilt(stacked, outs.slice(k))]
}

/** c ← f(i, c) for i = start … stop − 1. With numbers as bounds a scan, differentiable in both modes; with a traced bound a while loop (forward mode only).
 *  @example foriLoop(0, 5, (i, c) => add(c, cast(i, 'f32')), 0) // => f32[] 10 */
export const foriLoop: {
  (start: TensorLike, stop: TensorLike, f: (i: Tensor, carry: Tensor) => Tensor, init: TensorLike): Tensor
  <C>(start: TensorLike, stop: TensorLike, f: (i: Tensor, carry: C) => C, init: C | Numbers<C>): C
} = <C>(start: TensorLike, stop: TensorLike, f: (i: Tensor, carry: C) => C, init: C | Numbers<C>): C => {
  if (typeof start === 'number' && typeof stop === 'number') {
    if (!Number.isInteger(start) || !Number.isInteger(stop))
      fail('foriLoop', `bounds are integers, got ${start} and ${stop}.`)
    const length = Math.max(0, stop - start)
    return scan<C, Tensor, null>(
      (carry, i) => [f(start === 0 ? i : add(i, start), carry), null],
      init,
      iota([length]),
    )[0]
  }
  return between(() => {
    const [first, last] = [asIndex('foriLoop', start), asIndex('foriLoop', stop)]
    return whileLoop<readonly [Tensor, C]>(
      ([i]) => less(i, last),
      ([i, c]) => [add(i, 1), f(i, c)],
      [first, init as C],
    )[1]
  }) as C
}

/** Frees the bounds, which may be casts of what the user gave, and the last index. */
const between = eager((run: () => unknown) => run())

/** f on each entry of the leading axis, one after the other: ys[t] = f(xs[t]). One entry is in memory at a time;
 *  a batched version (vmap) computes them side by side, in chunks if asked to.
 *  @example map((x) => mul(x, x), array([1, 2, 3])) // => f32[3] [1, 4, 9] */
export const map = <X, Y>(f: (x: X) => Y, xs: X): Y => scan<readonly never[], X, Y>((_, x) => [[], f(x)], [], xs)[1]
