/** Loads and stores of nodes: vectors of neighbours where they are neighbours, else lane by lane, and never out of bounds. */

import { bytesOf } from '../../dtype.js'
import { type Code, choose, forLoop, get, i32, i64, increase, type Local, set, when } from '../assembler.js'
import type { BoundForm, NodeForm, StoreForm } from './form.js'
import { constantOf, decoded, encoded, loadLane, loadSplat, loadVector, storeLane, storeVector } from './lanes.js'
import { kept, laneStride, type Scope, type Writer, wordOf } from './scope.js'

type Load = Extract<NodeForm, { kind: 'load' }>

const both = (conditions: readonly Code[]): Code => conditions.reduce((all, one) => i32.and(all, one))

/** Whether a bound holds where the affine function is `shift` further. */
const holds = (w: Writer, at: Code, bound: BoundForm): Code => i32.ltU(at, wordOf(w, bound.size))

/** Sets a local for each copy, or one. */
export const load = (w: Writer, scope: Scope, node: Load): readonly [Code, readonly Local[]] => {
  const { dtype, bounds } = node
  const p = get(scope.at[node.affine]!)
  if (!node.laneful || !scope.inLanes) {
    const x = w.take()
    const value = decoded(dtype, loadSplat(dtype, p))
    if (bounds.length === 0) return [set(x, value), [x]]
    const inside = both(bounds.map((bound) => holds(w, get(scope.at[bound.affine]!), bound)))
    return [set(x, choose('v128', inside, value, constantOf(node.fill))), [x]]
  }
  const x = Array.from({ length: scope.copies }, () => w.take())
  const direct = loadLanes(w, scope, node, x)
  if (bounds.length === 0) return [direct, x]
  const { affines } = w.form
  const last =
    scope.rest === undefined ? i32.const(w.form.lanes * scope.copies - 1) : i32.sub(get(scope.rest), i32.const(1))
  // an affine function that is in bounds at the first lane and at the last is so in between
  const inside = bounds.flatMap((bound) => {
    const at = get(scope.at[bound.affine]!)
    const affine = affines[bound.affine]!
    const first = holds(w, at, bound)
    return affine.lane === 'zero'
      ? [first]
      : [first, holds(w, i32.add(at, i32.mul(last, laneStride(w, affine))), bound)]
  })
  const fill = x.map((copy) => set(copy, constantOf(node.fill)))
  const varies = bounds.some((bound) => affines[bound.affine]!.lane !== 'zero')
  return [when(both(inside), direct, varies ? w.scoped(() => checked(w, scope, node, x)) : fill), x]
}

const loadLanes = (w: Writer, scope: Scope, node: Load, x: readonly Local[]): Code => {
  const { dtype } = node
  const { lanes } = w.form
  const affine = w.form.affines[node.affine]!
  const p = scope.at[node.affine]!
  if (affine.lane === 'zero')
    return x.map((copy, c) => set(copy, c === 0 ? decoded(dtype, loadSplat(dtype, get(p))) : get(x[0]!)))
  if (affine.lane === 'unit' && scope.rest === undefined)
    return x.map((copy, c) => set(copy, decoded(dtype, loadVector(dtype, lanes, get(p), c * lanes * affine.unit))))
  return [
    eachLane(w, scope, node.affine, (q, k, offset) => {
      const copy = x[Math.floor(k / lanes)]!
      const lane = k % lanes
      return set(copy, lane === 0 ? loadSplat(dtype, q, offset) : loadLane(dtype, lane, q, get(copy), offset))
    }),
    x.map((copy) => set(copy, decoded(dtype, get(copy)))),
  ]
}

/** Visits the lanes that have a value, with the address of each. */
const eachLane = (
  w: Writer,
  scope: Scope,
  affine: number,
  visit: (p: Code, lane: number, offset: number) => Code,
): Code => {
  const { lane, unit } = w.form.affines[affine]!
  const count = w.form.lanes * scope.copies
  return w.scoped(() => {
    const q = lane === 'unit' ? scope.at[affine]! : w.take('i32')
    const one = (k: number): Code => [
      k > 0 && lane === 'other' ? increase(q, laneStride(w, w.form.affines[affine]!)) : [],
      visit(get(q), k, lane === 'unit' ? k * unit : 0),
    ]
    const from = (k: number): Code =>
      k === (scope.rest === undefined ? count : w.form.lanes - 1)
        ? []
        : k === 0 || scope.rest === undefined
          ? [one(k), from(k + 1)]
          : when(i32.gtS(get(scope.rest), i32.const(k)), [one(k), from(k + 1)])
    return [lane === 'unit' ? [] : set(q, get(scope.at[affine]!)), from(0)]
  })
}

/** By way of scratch, where each element or the fill is put in turn: for the edges, so short rather than fast. */
const checked = (w: Writer, scope: Scope, node: Load, x: readonly Local[]): Code => {
  const { affines, lanes } = w.form
  const size = bytesOf(node.dtype)
  const count = scope.rest === undefined ? i32.const(lanes * x.length) : get(scope.rest)
  const [k, to] = [w.take('i32'), w.take('i32')]
  const moving = new Map<number, Local>()
  for (const i of [node.affine, ...node.bounds.map((bound) => bound.affine)])
    if (!moving.has(i) && affines[i]!.lane !== 'zero') moving.set(i, w.take('i32'))
  const at = (i: number): Code => get(moving.get(i) ?? scope.at[i]!)
  const inside = both(node.bounds.map((bound) => holds(w, at(bound.affine), bound)))
  return [
    [...moving].map(([i, own]) => set(own, get(scope.at[i]!))),
    set(to, w.scratch),
    forLoop(k, i32.const(0), count, i32.const(1), [
      when(inside, moved(size, get(to), at(node.affine)), filled(size, get(to), node.raw)),
      increase(to, i32.const(size)),
      [...moving].map(([i, own]) => increase(own, laneStride(w, affines[i]!))),
    ]),
    x.map((copy, c) => set(copy, decoded(node.dtype, loadVector(node.dtype, lanes, w.scratch, c * lanes * size)))),
  ]
}

const moved = (size: number, to: Code, from: Code): Code => {
  if (size === 8) return i64.store(to, i64.load(from))
  if (size === 4) return i32.store(to, i32.load(from))
  return size === 2 ? i32.store16(to, i32.load16u(from)) : i32.store8(to, i32.load8u(from))
}

const filled = (size: number, to: Code, [low, high]: readonly number[]): Code => {
  const value = i32.const(low!)
  if (size === 8) return [i32.store(to, value), i32.store(to, i32.const(high!), 4)]
  return size === 4 ? i32.store(to, value) : size === 2 ? i32.store16(to, value) : i32.store8(to, value)
}

export const store = (w: Writer, scope: Scope, { affine, dtype }: StoreForm, x: readonly Local[]): Code => {
  const { lanes, affines } = w.form
  const p = get(scope.at[affine]!)
  const copyOf = (c: number): Local => x[Math.min(c, x.length - 1)]!
  if (!scope.inLanes) return storeLane(dtype, 0, p, encoded(dtype, get(x[0]!)))
  const { lane, unit } = affines[affine]!
  if (lane === 'unit' && scope.rest === undefined)
    return Array.from({ length: scope.copies }, (_, c) =>
      storeVector(dtype, lanes, p, encoded(dtype, get(copyOf(c))), c * lanes * unit),
    )
  return w.scoped(() => {
    const raw = Array.from({ length: scope.copies }, (_, c) => kept(w, encoded(dtype, get(copyOf(c)))))
    return [
      raw.map(([before]) => before),
      eachLane(w, scope, affine, (q, k, offset) =>
        storeLane(dtype, k % lanes, q, raw[Math.floor(k / lanes)]![1], offset),
      ),
    ]
  })
}
