/** Which computed values share a kernel.
 *
 *  Groups stand in the order in which they will run. A group has a space, the points at which its values are computed, and,
 *  once it reduces, the axes of that space which it reduces over; a value has the shape of the whole space, or of what a
 *  reduction leaves of it. An equation joins the latest of the groups that make its operands: all others have run by then, so
 *  nothing ever waits for itself. It may do so where it looks at values of that group at the very point at which they are made. */

import type { Eqn } from '../program/program.js'
import { type Shape, sizeOf } from '../shape.js'
import { broadcastIndex, constantAffine, type Index, isView, sameAffine, through } from './affine.js'
import { isWide, type Values } from './values.js'

/** Work of an operation that is a step of its own, or values that are computed together. */
export interface Group {
  /** The equation of a step of its own. */
  readonly step: Eqn | undefined
  readonly space: Shape
  /** The axes that are reduced, ascending, without those of size 1; undefined while nothing is. */
  axes: readonly number[] | undefined
  readonly wide: boolean
  readonly members: number[]
}

export interface Groups {
  readonly groups: readonly Group[]
  /** The group of each value that is made by one: −1 for inputs, views and constants. */
  readonly position: Int32Array
  /** Where a value of the group is looked at when it is made. */
  readonly canonical: (id: number, group: number) => Index
}

/** How far back a group is looked for that has the same space but shares no operand. */
const lookBack = 12
const mostMembers = 64

/** A reduction to fewer results than this over more elements than that is not joined to other work, which has more parts to share out. */
const fewResults = 8
const manyElements = 32768

const large = (shape: Shape): number[] => shape.flatMap((size, axis) => (size === 1 ? [] : [axis]))

/** Looks at a value of the given shape at each point of some axes of a space, those of size 1 apart; undefined where the sizes differ. */
const aligned = (shape: Shape, space: Shape, axes: readonly number[]): Index | undefined => {
  const own = large(shape)
  if (own.length !== axes.length || own.some((axis, i) => shape[axis] !== space[axes[i]!])) return undefined
  const out = shape.map(() => constantAffine(0, space.length))
  own.forEach((axis, i) => {
    const coefficients = new Array<number>(space.length).fill(0)
    coefficients[axes[i]!] = 1
    out[axis] = { offset: 0, coefficients }
  })
  return out
}

/** The index at which a group makes a value of a shape. */
const spot = (shape: Shape, { space, axes }: Group): Index | undefined =>
  aligned(shape, space, large(space)) ??
  (axes &&
    aligned(
      shape,
      space,
      large(space).filter((axis) => !axes.includes(axis)),
    ))

export const groupsOf = (values: Values): Groups => {
  const { program, roles, maker } = values
  const { types, eqns } = program
  const groups: Group[] = []
  const position = new Int32Array(types.length).fill(-1)

  /** The latest group on which a value waits, however it is looked at. */
  const available = (id: number): number => {
    if (roles[id] !== 'view') return position[id]!
    const { op, inputs } = eqns[maker[id]!]!
    const source = available(inputs[0]!)
    return op.kind === 'dynamicSlice' ? Math.max(source, available(inputs[1]!)) : source
  }

  /** Whether a value can be looked at from within a group, at an index. */
  const visible = (id: number, index: Index, at: number): boolean => {
    if (available(id) < at) return true
    const group = groups[at]!
    let [value, seen] = [id, index]
    while (roles[value] === 'view') {
      const { op, inputs } = eqns[maker[value]!]!
      const source = inputs[0]!
      const next = through(op, types[source]!, types[value]!, seen, group.space.length)
      // what cannot be looked through stands in memory, and must have been written by then
      if (next === undefined || next.bounds.length > 0) return available(value) < at
      ;[value, seen] = [source, next.index]
    }
    if (position[value]! < at) return true
    const own = spot(types[value]!.shape, group)
    return own?.every((x, axis) => types[value]!.shape[axis] === 1 || sameAffine(x, seen[axis]!)) ?? false
  }

  /** The index at which a group would compute an equation's result. */
  const fits = (eqn: Eqn, at: number): Index | undefined => {
    const group = groups[at]!
    if (group.step !== undefined || group.members.length >= mostMembers) return undefined
    const types_ = [...eqn.inputs, ...eqn.outputs].map((id) => types[id]!)
    if (isWide(types_) !== group.wide) return undefined
    if (eqn.op.kind === 'reduce') return fitsReduction(eqn, group, at)
    const shape = types[eqn.outputs[0]!]!.shape
    const index = spot(shape, group)
    if (index === undefined) return undefined
    return operandsVisible(eqn, index, at) ? index : undefined
  }

  const operandsVisible = (eqn: Eqn, index: Index, at: number): boolean => {
    const { op, inputs, outputs } = eqn
    const dims = groups[at]!.space.length
    const source = inputs[0]
    if (op.kind === 'dynamicSlice') return inputs.every((id) => available(id) < at)
    if (!isView(op)) return inputs.every((id) => visible(id, broadcastIndex(index, types[id]!.shape, dims), at))
    const seen = through(op, types[source!]!, types[outputs[0]!]!, index, dims)
    return seen === undefined || seen.bounds.length > 0 ? available(source!) < at : visible(source!, seen.index, at)
  }

  const fitsReduction = (eqn: Eqn, group: Group, at: number): Index | undefined => {
    const source = types[eqn.inputs[0]!]!
    const index = aligned(source.shape, group.space, large(group.space))
    if (index === undefined || eqn.op.kind !== 'reduce') return undefined
    const axes = reducedAxes(source.shape, eqn.op.axes, group.space)
    if (group.axes !== undefined && axes.join() !== group.axes.join()) return undefined
    if (group.axes === undefined && group.members.length > 0) {
      const results = sizeOf(group.space.filter((_, axis) => !axes.includes(axis)))
      if (results < fewResults && source.size > manyElements) return undefined
    }
    return visible(eqn.inputs[0]!, index, at) ? index : undefined
  }

  const open = (group: Group): number => groups.push(group) - 1

  const join = (eqn: Eqn): void => {
    const latest = Math.max(-1, ...eqn.inputs.map(available))
    let at = latest >= 0 && fits(eqn, latest) !== undefined ? latest : -1
    if (at < 0)
      for (let other = groups.length - 1; other > latest && other >= groups.length - lookBack && at < 0; other--)
        if (fits(eqn, other) !== undefined) at = other
    if (at < 0) {
      const wide = isWide([...eqn.inputs, ...eqn.outputs].map((id) => types[id]!))
      const space = eqn.op.kind === 'reduce' ? types[eqn.inputs[0]!]!.shape : types[eqn.outputs[0]!]!.shape
      at = open({ step: undefined, space, axes: undefined, wide, members: [] })
    }
    const group = groups[at]!
    if (eqn.op.kind === 'reduce') group.axes ??= reducedAxes(types[eqn.inputs[0]!]!.shape, eqn.op.axes, group.space)
    for (const id of eqn.outputs) {
      position[id] = at
      group.members.push(id)
    }
  }

  for (const eqn of eqns) {
    const role = eqn.outputs.length === 0 ? 'stored' : roles[eqn.outputs[0]!]!
    if (role === 'computed') join(eqn)
    else if (role === 'stored') {
      const at = open({ step: eqn, space: [], axes: undefined, wide: false, members: [...eqn.outputs] })
      for (const id of eqn.outputs) position[id] = at
    }
  }
  return { groups, position, canonical: (id, at) => spot(types[id]!.shape, groups[at]!)! }
}

/** The axes of a reduction in a space of the same sizes, those of size 1 apart. */
const reducedAxes = (shape: Shape, axes: readonly number[], space: Shape): number[] => {
  const own = large(shape)
  const there = large(space)
  return axes.flatMap((axis) => (shape[axis] === 1 ? [] : [there[own.indexOf(axis)]!]))
}
