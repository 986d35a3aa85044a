/** How each operation acts on a batch: operands that are batched carry it as their axis 0, and so do the results.
 *
 *  Every rule is called with at least one batched operand, and returns results that are all batched. */

import {
  infer,
  type Kind,
  literal,
  type Op,
  type OpOf,
  type Shape,
  type Tensor,
  typeOf,
  typeOfTensor,
  withShape,
} from '../language.js'
import type { Structural } from './jvp.js'
import { add, emit, emit1, moveAxis, reshape, select, spread, transpose, zeros } from './raw.js'

/** A rule that serves any kind. */
type BatchFamily = (op: Op, x: readonly Tensor[], batched: readonly boolean[], size: number) => readonly Tensor[]

export type BatchRule<K extends Kind> = (
  op: OpOf<K>,
  x: readonly Tensor[],
  batched: readonly boolean[],
  size: number,
) => readonly Tensor[]

const never: BatchFamily = (op) => {
  throw new Error(`vmap: ${op.kind} has no operands to batch. This is a bug of autodiff.`)
}

/** Operands broadcast from the right, so a batched one of lower rank gets axes of size 1 behind its batch axis. */
const elementwise: BatchFamily = (op, x, batched) => {
  const rank = Math.max(...x.map((v, i) => v.shape.length - (batched[i] ? 1 : 0)))
  const aligned = x.map((v, i) => {
    const missing = batched[i] ? rank - (v.shape.length - 1) : 0
    return missing === 0 ? v : reshape(v, [v.shape[0]!, ...new Array<number>(missing).fill(1), ...v.shape.slice(1)])
  })
  return emit(op, aligned)
}

/** One operand, parameters shifted by the new axis. */
const shifted =
  <K extends Kind>(change: (op: OpOf<K>, size: number) => Op): BatchRule<K> =>
  (op, [x], _, size) => [emit1(change(op, size), x!)]

const next = (axis: number): number => axis + 1

const everywhere = (x: readonly Tensor[], batched: readonly boolean[], size: number): Tensor[] =>
  x.map((v, i) => (batched[i] ? v : spread(v, size)))

const concatenate: BatchRule<'concatenate'> = (op, x, batched, size) => [
  emit({ ...op, axis: op.axis + 1 }, everywhere(x, batched, size))[0]!,
]

/** The other form of a batch of vectors: [n, r, c] → [n, c, r]. */
const turned = (x: Tensor): Tensor => {
  const [n, r, c] = x.shape as unknown as [number, number, number]
  return reshape(x, [n, c, r])
}

/** Whether the other form of these matrices has their elements in the same order. */
const isVector = (x: Tensor): boolean => x.shape[1] === 1 || x.shape[2] === 1

/** A batch of operands against one other is a single product, where no element of the batch has to move for it: left ones stand above
 *  one another, right ones side by side. Else, and for two batches, it is one more batch axis, along which the shared operand is repeated:
 *  a view, which devices that look through views do not copy. */
const dot: BatchRule<'dot'> = (op, x, batched, size) => {
  const [a, b] = x as readonly [Tensor, Tensor]
  if (op.batch === 0 && batched[0] && !batched[1] && (op.left === 'plain' || isVector(a))) {
    const rows = op.left === 'plain' ? a : turned(a)
    const [n, m, k] = rows.shape as unknown as [number, number, number]
    const out = emit1({ ...op, left: 'plain' }, reshape(rows, [n * m, k]), b)
    return [reshape(out, [n, m, out.shape[1]!])]
  }
  if (op.batch === 0 && !batched[0] && batched[1] && (op.right === 'transposed' || isVector(b))) {
    const columns = op.right === 'transposed' ? b : turned(b)
    const [n, c, k] = columns.shape as unknown as [number, number, number]
    const out = emit1({ ...op, right: 'transposed' }, a, reshape(columns, [n * c, k]))
    return [moveAxis(reshape(out, [out.shape[0]!, n, c]), 1, 0)]
  }
  const [left, right] = everywhere(x, batched, size) as [Tensor, Tensor]
  return [emit1({ ...op, batch: op.batch + 1 }, left, right)]
}

/** A batch within an axis that is ordered [outer, size, inner]. */
const unmerge = (x: Tensor, axis: number, outer: number, size: number): Tensor => {
  const inner = x.shape[axis]! / (outer * size)
  const split = reshape(x, [...x.shape.slice(0, axis), outer, size, inner, ...x.shape.slice(axis + 1)])
  const front = moveAxis(split, axis + 1, 0)
  return reshape(front, [size, ...front.shape.slice(1, axis + 1), outer * inner, ...front.shape.slice(axis + 3)])
}

/** The batch of [size, …] put into an axis of groups · inner elements, as [groups, size, inner]. */
const intoGroups = (x: Tensor, axis: number, groups: number): Tensor => {
  const n = x.shape[axis + 1]!
  const split = reshape(x, [...x.shape.slice(0, axis + 1), groups, n / groups, ...x.shape.slice(axis + 2)])
  const moved = moveAxis(split, 0, axis + 1)
  return reshape(moved, [
    ...moved.shape.slice(0, axis),
    groups * x.shape[0]! * (n / groups),
    ...moved.shape.slice(axis + 3),
  ])
}

/** x and y share the batch axis of images, w does not see it: a batch of x (and y) alone folds into it. Otherwise the batch becomes more groups:
 *  channels of x, filters of w and channels of y are each [groups, size, …]. */
const conv: BatchRule<'conv'> = (op, x, batched, size) => {
  // no members would be no groups
  if (size === 0) {
    const members = x.map((v, i) => (batched[i] ? withShape(typeOfTensor(v), v.shape.slice(1)) : typeOfTensor(v)))
    const type = infer(op, members)[0]!
    return [zeros(withShape(type, [0, ...type.shape]))]
  }
  const slots = { forward: ['x', 'w', 'y'], input: ['w', 'y', 'x'], filter: ['x', 'y', 'w'] }[op.direction] as (
    | 'x'
    | 'w'
    | 'y'
  )[]
  const alone = slots.slice(0, 2).every((slot, i) => (slot === 'w' ? !batched[i] : batched[i]))
  if (op.direction !== 'filter' && alone) {
    const folded = x.map((v, i) => (batched[i] ? reshape(v, [size * v.shape[1]!, ...v.shape.slice(2)]) : v))
    const out = emit(op, folded)[0]!
    return [reshape(out, [size, out.shape[0]! / size, ...out.shape.slice(1)])]
  }
  const grouped = everywhere(x, batched, size).map((v, i) => intoGroups(v, slots[i] === 'w' ? 0 : 1, op.groups))
  const out = emit({ ...op, groups: op.groups * size }, grouped)[0]!
  return [unmerge(out, slots[2] === 'w' ? 0 : 1, op.groups, size)]
}

const gather: BatchRule<'gather'> = (op, x, batched, size) => {
  const [a, indices] = x as readonly [Tensor, Tensor]
  if (op.batch === 0 && !batched[0]) return [emit1(op, a, indices)]
  if (op.batch === 0 && !batched[1]) {
    const last = emit1(op, moveAxis(a, 0, a.shape.length - 1), indices)
    return [moveAxis(last, last.shape.length - 1, 0)]
  }
  return [emit({ ...op, batch: op.batch + 1 }, everywhere(x, batched, size))[0]!]
}

const scatterAdd: BatchRule<'scatterAdd'> = (op, x, batched, size) => {
  const [updates, indices] = x as readonly [Tensor, Tensor]
  if (op.batch === 0 && !batched[1]) {
    const last = emit1(op, moveAxis(updates, 0, updates.shape.length - 1), indices)
    return [moveAxis(last, last.shape.length - 1, 0)]
  }
  return [emit({ ...op, batch: op.batch + 1 }, everywhere(x, batched, size))[0]!]
}

const index = (shape: Shape, axis: number): Tensor => emit1({ kind: 'iota', axis, type: typeOf('i32', shape) })
const number = (value: number): Tensor => literal(value, typeOf('i32', []))

/** The start of an axis for each member, [size], clamped so that `length` elements lie inside `n`. */
const startOf = (starts: Tensor, axis: number, n: number, length: number): Tensor => {
  const size = starts.shape[0]!
  const column = emit1({ kind: 'slice', start: [0, axis], stop: [size, axis + 1], step: [1, 1] }, starts)
  const low = emit1({ kind: 'binary', fn: 'max' }, reshape(column, [size]), number(0))
  return emit1({ kind: 'binary', fn: 'min' }, low, number(Math.max(0, n - length)))
}

/** Starts that differ: one gather for each axis that is cut. */
const dynamicSlice: BatchRule<'dynamicSlice'> = (op, x, batched, size) => {
  const [a, starts] = x as readonly [Tensor, Tensor]
  if (!batched[1]) {
    const zero = emit1({ kind: 'concatenate', axis: 0 }, reshape(number(0), [1]), starts)
    return [emit1({ kind: 'dynamicSlice', sizes: [size, ...op.sizes] }, a, zero)]
  }
  let out = batched[0] ? a : spread(a, size)
  op.sizes.forEach((length, axis) => {
    const n = out.shape[axis + 1]!
    if (length === n) return
    const places = add(reshape(startOf(starts, axis, n, length), [size, 1]), index([1, length], 1))
    const front = moveAxis(out, axis + 1, 1)
    out = moveAxis(emit1({ kind: 'gather', batch: 1, fill: 0 }, front, places), 1, axis + 1)
  })
  return [out]
}

/** Starts that differ: each place of the result asks the update for its element, and keeps its own outside. */
const dynamicUpdateSlice: BatchRule<'dynamicUpdateSlice'> = (op, x, batched, size) => {
  const [a, update, starts] = x as readonly [Tensor, Tensor, Tensor]
  const own = batched[0] ? a : spread(a, size)
  const parts = batched[1] ? update : spread(update, size)
  if (!batched[2]) {
    const zero = emit1({ kind: 'concatenate', axis: 0 }, reshape(number(0), [1]), starts)
    return [emit1(op, own, parts, zero)]
  }
  const shape = own.shape.slice(1)
  let spreadParts = parts
  let inside: Tensor | undefined
  shape.forEach((n, axis) => {
    const length = parts.shape[axis + 1]!
    if (length === n) return
    // where place i of the axis lies in the update: i − start
    const places = emit1(
      { kind: 'binary', fn: 'sub' },
      index([1, n], 1),
      reshape(startOf(starts, axis, n, length), [size, 1]),
    )
    const front = moveAxis(spreadParts, axis + 1, 1)
    spreadParts = moveAxis(emit1({ kind: 'gather', batch: 1, fill: 0 }, front, places), 1, axis + 1)
    const low = emit1({ kind: 'compare', fn: 'ge' }, places, number(0))
    const high = emit1({ kind: 'compare', fn: 'lt' }, places, number(length))
    const here = reshape(emit1({ kind: 'binary', fn: 'and' }, low, high), [
      size,
      ...shape.map((m, i) => (i === axis ? m : 1)),
    ])
    inside = inside === undefined ? here : emit1({ kind: 'binary', fn: 'and' }, inside, here)
  })
  return [inside === undefined ? spreadParts : select(inside, spreadParts, own)]
}

export const batchRules: { readonly [K in Exclude<Kind, Structural>]: BatchRule<K> } = {
  full: never,
  iota: never,
  cast: elementwise,
  bitcast: elementwise,
  unary: elementwise,
  test: elementwise,
  polygamma: elementwise,
  binary: elementwise,
  compare: elementwise,
  select: elementwise,
  threefry: elementwise,
  reduce: shifted((op) => ({ ...op, axes: op.axes.map(next) })),
  argReduce: shifted((op) => ({ ...op, axis: op.axis + 1 })),
  cumsum: shifted((op) => ({ ...op, axis: op.axis + 1 })),
  reshape: shifted((op, size) => ({ ...op, shape: [size, ...op.shape] })),
  transpose: (op, [x]) => [transpose(x!, [0, ...op.perm.map(next)])],
  broadcast: shifted((op, size) => ({ ...op, shape: [size, ...op.shape], axes: op.axes.map(next) })),
  slice: shifted((op, size) => ({ ...op, start: [0, ...op.start], stop: [size, ...op.stop], step: [1, ...op.step] })),
  pad: shifted((op) => ({ ...op, low: [0, ...op.low], high: [0, ...op.high], interior: [0, ...op.interior] })),
  concatenate,
  flip: shifted((op) => ({ ...op, axes: op.axes.map(next) })),
  dot,
  conv,
  unfold: shifted((op) => op),
  fold: shifted((op) => op),
  gather,
  scatterAdd,
  dynamicSlice,
  dynamicUpdateSlice,
  argsort: shifted((op) => ({ ...op, axis: op.axis + 1 })),
  custom: (op, x, batched, size) => op.kernel.rules.batch?.(x, batched, size) ?? emit(op, everywhere(x, batched, size)),
  mark: shifted((op) => op),
  print: (op, [x]) => emit(op, [x!]),
}

/** Results of an operation that holds no program, batched. */
export const batchRule = (op: Op, x: readonly Tensor[], batched: readonly boolean[], size: number): readonly Tensor[] =>
  (batchRules[op.kind as 'cast'] as BatchFamily)(op as never, x, batched, size)
