/** Functions of one member, applied to many side by side. */

import type { Tensor } from '../language.js'
import {
  concatenate,
  eager,
  emit1,
  fail,
  leafCount,
  map as mapOver,
  nameOf,
  paths,
  recordTree,
  type Structure,
  showStructure,
  showType,
  showValue,
  staged,
  tensorsOf,
  typeOfTensor,
  unflatten,
  withShape,
} from '../language.js'
import { moveAxis, reshape, spread } from '../rules/raw.js'
import { batchOf } from '../transforms/batch.js'

/** Where the batch axis of an argument or a result is: an axis for all its leaves, null for none, or a tree of these. */
export type Axes = number | null | readonly Axes[] | { readonly [key: string]: Axes }

export interface VmapOptions {
  /** One entry for each argument; 0 for all by default. Arguments without a batch may be anything, they are handed through. */
  readonly in?: readonly Axes[] | number
  /** For the result; 0 by default. */
  readonly out?: Axes
  /** Members side by side at a time: the chunks run one after the other, in a loop. All at once by default. */
  readonly chunk?: number
}

/** An axis for each leaf, from a prefix of the tree. */
const spreadAxes = (name: string, axes: Axes, structure: Structure): (number | null)[] => {
  if (axes === null || typeof axes === 'number') {
    return new Array<number | null>(leafCount(structure)).fill(axes)
  }
  if (structure.kind === 'leaf') return fail(name, `axes ${showValue(axes)} for a single tensor.`)
  const list =
    structure.kind === 'array'
      ? (axes as readonly Axes[])
      : structure.keys.map((key) => (axes as { readonly [key: string]: Axes })[key])
  if (
    list.length !== structure.items.length ||
    list.includes(undefined as never) ||
    Object.keys(axes).length !== list.length
  )
    fail(name, `axes ${showValue(axes)} do not fit the form ${showStructure(structure)}.`)
  return structure.items.flatMap((item, i) => spreadAxes(name, list[i]!, item))
}

const axisOf = (name: string, axis: number, x: Tensor): number => {
  const rank = x.shape.length
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
    fail(
      name,
      `${showType(typeOfTensor(x))} has no axis ${axis}.${rank === 0 ? ' What all members share has null in `in`.' : ''}`,
    )
  return axis < 0 ? axis + rank : axis
}

/** f for each member of a batch: vmap(f)(xs)[i] = f(xs[i]), computed side by side.
 *  Shapes   batched leaves have one axis more than f sees · results have one axis more than f returns
 *  Cost     one program whatever the size; `chunk` bounds the memory.
 *  Laws     equals the loop; commutes with grad, jvp and jit
 *  Errors   leaves whose batch sizes differ, no batched argument, an axis out of range
 *  @example vmap((x: Tensor, y: Tensor) => dot(x, y))(ones([3, 2]), ones([3, 2])) // => f32[3] [2, 2, 2]
 *  @example vmap((x: Tensor, y: Tensor) => mul(x, y), { in: [0, null] })(array([1, 2]), array(10)) // => f32[2] [10, 20] */
export const vmap = <A extends readonly unknown[], R>(
  f: (...args: A) => R,
  { in: inAxes = 0, out: outAxes = 0, chunk }: VmapOptions = {},
): ((...args: A) => R) =>
  eager((...args: A): R => {
    const name = 'vmap'
    const perArgument = typeof inAxes === 'number' ? args.map(() => inAxes) : inAxes
    if (perArgument.length !== args.length)
      fail(name, `in has ${perArgument.length} entries, the call has ${args.length} arguments.`)
    const parts = args.map((arg, i) => {
      if (perArgument[i] === null) return null
      const { leaves, structure } = tensorsOf(`vmap: argument ${i}`, arg)
      const axes = spreadAxes(`vmap: argument ${i}`, perArgument[i]!, structure)
      return {
        structure,
        leaves: leaves.map((x, j) =>
          axes[j] === null ? x : moveAxis(x, axisOf(`vmap: argument ${i}`, axes[j]!, x), 0),
        ),
        flags: axes.map((axis) => axis !== null),
      }
    })
    const leaves = parts.flatMap((p) => p?.leaves ?? [])
    const flags = parts.flatMap((p) => p?.flags ?? [])
    const sizes = leaves.filter((_, i) => flags[i]).map((x) => x.shape[0]!)
    const size = sizes[0] ?? fail(name, 'no argument is batched: in is null for all of them.')
    if (sizes.some((n) => n !== size))
      fail(
        name,
        `batch sizes differ: ${parts
          .flatMap((p, i) => (p?.leaves ?? []).map((x, j) => ({ i, j, x, p: p! })))
          .filter(({ p, j }) => p.flags[j])
          .map(({ i, j, x, p }) => `${x.shape[0]} in argument ${i}${paths(p.structure)[j]}`)
          .join(', ')}.`,
      )
    const rebuild = (flat: readonly Tensor[]): A => {
      let at = 0
      return args.map((arg, i) => {
        const part = parts[i]
        if (part === null || part === undefined) return arg
        const own = flat.slice(at, (at += part.leaves.length))
        return unflatten(part.structure, own)
      }) as unknown as A
    }
    let out: Structure | undefined
    const whole = (inputs: readonly Tensor[], members: number): readonly Tensor[] => {
      const types = inputs.map((x, i) => (flags[i] ? withShape(typeOfTensor(x), x.shape.slice(1)) : typeOfTensor(x)))
      const t = recordTree(nameOf(f), types, (xs) => f(...rebuild(xs)))
      out = t.out
      const [values, batched] = batchOf(
        t.program,
        [...inputs, ...t.captured],
        [...flags, ...t.captured.map(() => false)],
        members,
      )
      return values.map((y, i) => (batched[i] ? y : spread(y, members)))
    }
    if (chunk !== undefined && (!Number.isInteger(chunk) || chunk < 1))
      fail(name, `chunk is a positive integer, got ${chunk}.`)
    const results = staged(`vmap ${nameOf(f)}`, leaves, (inputs) => {
      const ys = chunk === undefined || chunk >= size ? whole(inputs, size) : chunked(inputs, flags, size, chunk, whole)
      const axes = spreadAxes('vmap: out', outAxes, out!)
      return ys.map((y, i) => {
        const axis = axes[i] ?? fail('vmap', 'out has a batch axis for every leaf: null would drop members.')
        return moveAxis(y, 0, axisOf('vmap: out', axis, y))
      })
    })
    return unflatten(out!, results) as R
  })

/** Full chunks in a loop, the rest at the end. */
const chunked = (
  inputs: readonly Tensor[],
  flags: readonly boolean[],
  size: number,
  chunk: number,
  whole: (inputs: readonly Tensor[], members: number) => readonly Tensor[],
): readonly Tensor[] => {
  const full = Math.floor(size / chunk)
  const cut = (x: Tensor, from: number, to: number): Tensor =>
    emit1(
      {
        kind: 'slice',
        start: x.shape.map((_, i) => (i === 0 ? from : 0)),
        stop: x.shape.map((n, i) => (i === 0 ? to : n)),
        step: x.shape.map(() => 1),
      },
      x,
    )
  const batched = inputs.filter((_, i) => flags[i])
  const merged = (own: readonly Tensor[]): Tensor[] => {
    let at = 0
    return inputs.map((x, i) => (flags[i] ? own[at++]! : x))
  }
  const head = batched.map((x) => reshape(cut(x, 0, full * chunk), [full, chunk, ...x.shape.slice(1)]))
  const loops = mapOver((rows: readonly Tensor[]) => whole(merged(rows), chunk), head)
  const joined = loops.map((y) => reshape(y, [full * chunk, ...y.shape.slice(2)]))
  if (full * chunk === size) return joined
  const tail = whole(merged(batched.map((x) => cut(x, full * chunk, size))), size - full * chunk)
  return joined.map((y, i) => concatenate([y, tail[i]!]))
}
