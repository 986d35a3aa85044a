/** Where the temporaries of a schedule stand: one arena, in which two share bytes only if one is read for the last time before the
 *  other is written for the first.
 *
 *  Steps are numbered as they stand, those inside loops too. What a loop finds or leaves outside of it lives through all of its turns. */

import { bytesOf } from '../dtype.js'
import { byteSize } from '../program/type.js'
import type { Kernel } from './kernel.js'
import type { Schedule, Step } from './schedule.js'

export interface Arena {
  readonly bytes: number
  /** The place of each storage, in bytes; −1 for those that are not temporaries, or are never used. */
  readonly offsets: readonly number[]
}

/** Whether a kernel may write an operand over another: it looks at it only at the very element that it then writes. */
export const overwrites = (kernel: Kernel, read: number, written: number): boolean => {
  if (kernel.kind !== 'loop' || kernel.inner.length > 0 || kernel.stages.length !== 1) return false
  const [a, b] = [kernel.operands[read]!, kernel.operands[written]!]
  const { stores } = kernel.stages[0]!
  const writes = stores.filter(({ operand }) => operand === written)
  if (a.size !== b.size || bytesOf(a.dtype) !== bytesOf(b.dtype) || writes.length !== 1) return false
  if (stores.some(({ operand, access }) => operand === read || access.dynamic?.starts === read)) return false
  const { offset, strides, dynamic } = writes[0]!.access
  return (
    dynamic === undefined &&
    kernel.nodes.every(
      (node) =>
        node.kind !== 'load' ||
        (node.access.dynamic?.starts !== read &&
          (node.operand !== read ||
            (node.access.dynamic === undefined &&
              node.access.bounds.length === 0 &&
              node.access.offset === offset &&
              node.access.strides.every((stride, d) => stride === strides[d] || kernel.grid[d] === 1)))),
    )
  )
}

/** The storage over which a storage may be written, if it is one of these, at the step that writes it first and reads that last. */
const overwritten = (
  id: number,
  { first, last, steps }: Lives,
  candidates: (id: number) => boolean,
): number | undefined => {
  const step = steps[first[id]!]
  if (step?.kind !== 'kernel') return undefined
  const { kernel, operands } = step
  return operands.find(
    (other, read) =>
      other !== id &&
      candidates(other) &&
      last[other] === first[id] &&
      operands.indexOf(other) === operands.lastIndexOf(other) &&
      overwrites(kernel, read, operands.indexOf(id)),
  )
}

/** For each input whose memory, once it is given up, can become that of an output: that output's place. */
export const reusable = (schedule: Schedule, lives: Lives = livesOf(schedule)): ReadonlyMap<number, number> => {
  const { inputs, outputs, storages } = schedule
  const { first, last } = lives
  const pairs = new Map<number, number>()
  const sizeOf = (id: number): number => byteSize(storages[id]!.type)
  const free = (i: number): boolean => inputs.indexOf(inputs[i]!) === i && !pairs.has(i)
  outputs.forEach((out, place) => {
    if (first[out] === -1) return
    const over = overwritten(out, lives, (id) => inputs.includes(id) && free(inputs.indexOf(id)))
    const at =
      over === undefined
        ? inputs.findIndex((id, i) => free(i) && sizeOf(id) === sizeOf(out) && last[id]! < first[out]!)
        : inputs.indexOf(over)
    if (at >= 0) pairs.set(at, place)
  })
  return pairs
}

export interface Lives {
  /** The numbers of the first and the last step that touch each storage; −1 where none does. */
  readonly first: Int32Array
  readonly last: Int32Array
  /** The steps by their numbers. */
  readonly steps: readonly (Step | undefined)[]
}

export const livesOf = ({ storages, steps }: Pick<Schedule, 'storages' | 'steps'>): Lives => {
  const first = new Int32Array(storages.length).fill(-1)
  const last = new Int32Array(storages.length).fill(-1)
  const numbered: (Step | undefined)[] = []
  const touch = (id: number, at: number): void => {
    if (first[id] === -1) first[id] = at
    last[id] = Math.max(last[id]!, at)
  }
  const visit = (list: readonly Step[]): void => {
    for (const step of list) {
      const begun = numbered.push(step) - 1
      switch (step.kind) {
        case 'kernel':
          for (const id of step.operands) touch(id, begun)
          break
        case 'copy':
          touch(step.from, begun)
          touch(step.to, begun)
          break
        case 'print':
          touch(step.from, begun)
          break
        case 'switch':
          touch(step.index, begun)
          step.branches.forEach(visit)
          break
        default: {
          const outside = [
            ...step.carry.flatMap(({ start, result, spare }) => [start, result, spare]),
            ...(step.kind === 'scan' ? step.rows.map(({ whole }) => whole) : [step.flag]),
          ]
          for (const id of outside) touch(id, begun)
          if (step.kind === 'while') visit(step.test)
          visit(step.body)
          const ended = numbered.push(undefined) - 1
          for (const id of outside) touch(id, ended)
          // what was there before the loop is read again in the next turn
          for (let id = 0; id < storages.length; id++)
            if (first[id]! >= 0 && first[id]! < begun && last[id]! > begun) touch(id, ended)
        }
      }
    }
  }
  visit(steps)
  return { first, last, steps: numbered }
}

interface Hole {
  readonly at: number
  readonly end: number
}

/** Temporaries in the order in which they are first written, each over one that its kernel reads for the last time, or in the
 *  smallest hole that holds it. Each begins at a multiple of `alignment`: 64 bytes is what vectors and cache lines like. */
export const arenaOf = (
  schedule: Pick<Schedule, 'storages' | 'steps'>,
  lives: Lives = livesOf(schedule),
  alignment = 64,
): Arena => {
  const { storages } = schedule
  const { first, last } = lives
  const offsets = new Array<number>(storages.length).fill(-1)
  const order = storages
    .flatMap(({ role }, id) => (role === 'temporary' && first[id]! >= 0 ? [id] : []))
    .sort((a, b) => first[a]! - first[b]! || a - b)
  const sizeOf = (id: number): number =>
    Math.max(alignment, Math.ceil(byteSize(storages[id]!.type) / alignment) * alignment)
  let bytes = 0
  let holes: Hole[] = []
  // those in place, soonest to end first
  const alive: number[] = []
  const free = (at: number, end: number): void => {
    const before = holes.findIndex((hole) => hole.end === at)
    const after = holes.findIndex((hole) => hole.at === end)
    const joined = { at: before < 0 ? at : holes[before]!.at, end: after < 0 ? end : holes[after]!.end }
    holes = holes.filter((_, i) => i !== before && i !== after)
    holes.push(joined)
  }
  const insert = (id: number): void => {
    const where = alive.findIndex((other) => last[other]! > last[id]!)
    alive.splice(where < 0 ? alive.length : where, 0, id)
  }
  for (const id of order) {
    while (alive.length > 0 && last[alive[0]!]! < first[id]!) {
      const gone = alive.shift()!
      free(offsets[gone]!, offsets[gone]! + sizeOf(gone))
    }
    const size = sizeOf(id)
    const over = overwritten(id, lives, (other) => alive.includes(other))
    if (over !== undefined) {
      offsets[id] = offsets[over]!
      alive.splice(alive.indexOf(over), 1)
      insert(id)
      continue
    }
    let best = -1
    holes.forEach((hole, i) => {
      const room = hole.end - hole.at
      if (room >= size && (best < 0 || room < holes[best]!.end - holes[best]!.at)) best = i
    })
    const hole = best < 0 ? holes.find(({ end }) => end === bytes) : holes[best]!
    const at = hole?.at ?? bytes
    holes = holes.filter((one) => one !== hole)
    if (hole !== undefined && hole.end > at + size) holes.push({ at: at + size, end: hole.end })
    bytes = Math.max(bytes, at + size)
    offsets[id] = at
    insert(id)
  }
  return { bytes, offsets }
}
