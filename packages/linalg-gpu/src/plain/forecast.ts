/** How much memory a run of the plain device will take: its executor, without the numbers. It fuses nothing and frees a value after
 *  its last use; reshapes share memory, results do not (an input returned is copied). Exact for straight programs, calls and scans, never
 *  too small with branches and while loops. Scratch inside an operation is not counted. */

import type { Op } from '../program/op.js'
import { countEquations, lastUses, type Program } from '../program/program.js'
import { byteSize, type Type } from '../program/type.js'
import type { Forecast } from '../run/device.js'

/** A piece of memory in the forecast, and how many values show it. */
interface Cell {
  uses: number
  readonly bytes: number
}

interface Count {
  bytes: number
  peak: number
}

const cell = (type: Type): Cell => ({ uses: 0, bytes: byteSize(type) })
const keep = (x: Cell, count: Count): void => {
  if (x.uses++ === 0) grow(x.bytes, count)
}
const grow = (more: number, count: Count): void => {
  count.bytes += more
  count.peak = Math.max(count.peak, count.bytes)
}
const drop = (x: Cell, count: Count): void => {
  if (--x.uses === 0) count.bytes -= x.bytes
}
const handed = (cells: readonly Cell[], count: Count): readonly Cell[] => {
  for (const x of cells) drop(x, count)
  return cells
}

/** Which carries share memory, and with which operands: when this repeats, so does all that follows. */
const sharing = (carry: readonly Cell[], operands: readonly Cell[]): string =>
  carry.map((x) => `${operands.indexOf(x)}:${carry.indexOf(x)}:${x.bytes}`).join(' ')

/** Results of which it is not known which they will be. Where they differ, memory of their own as large as the largest:
 *  never less than what any of them will need, as sharing memory costs no more than a copy of all of it. */
const either = (alternatives: readonly (readonly Cell[])[]): readonly Cell[] =>
  alternatives[0]!.map((first, i) =>
    alternatives.every((cells) => cells[i] === first)
      ? first
      : { uses: 0, bytes: Math.max(...alternatives.map((cells) => cells[i]!.bytes)) },
  )

/** Steps a carry `length` times (a while loop: until nothing new can happen), skipping repetitions. */
const repeated = (
  start: readonly Cell[],
  operands: readonly Cell[],
  length: number,
  step: (carry: readonly Cell[]) => readonly Cell[],
): readonly Cell[] => {
  const seen = new Map<string, number>()
  let carry = start
  for (let left = length; left > 0; ) {
    carry = step(carry)
    left--
    const form = sharing(carry, operands)
    const first = seen.get(form)
    if (first !== undefined) {
      if (left === Infinity) return carry
      left %= first - left
    } else seen.set(form, left)
  }
  return carry
}

const results = (op: Op, inputs: readonly Cell[], types: readonly Type[], count: Count): readonly Cell[] => {
  switch (op.kind) {
    case 'reshape':
    case 'bitcast':
    case 'mark':
      return [inputs[0]!]
    case 'scan': {
      const [start, others] = [inputs.slice(0, op.carry), inputs.slice(op.carry)]
      const ys = types.slice(op.carry).map(cell)
      for (const x of [...start, ...ys]) keep(x, count)
      const carry = repeated(start, inputs, op.length, (before) => {
        const outs = walk(op.body, [...before, ...others], count)
        for (const x of [...before, ...outs.slice(op.carry)]) drop(x, count)
        return outs.slice(0, op.carry)
      })
      return handed([...carry, ...ys], count)
    }
    case 'while': {
      const [start, others] = [inputs.slice(0, op.carry), inputs.slice(op.carry)]
      for (const x of start) keep(x, count)
      const test = (carry: readonly Cell[]): void => {
        handed(walk(op.cond, [...carry, ...others.slice(0, op.condConsts)], count), count)
      }
      const states: (readonly Cell[])[] = [start]
      const carry = repeated(start, inputs, Infinity, (before) => {
        test(before)
        const outs = walk(op.body, [...before, ...others.slice(op.condConsts)], count)
        for (const x of before) drop(x, count)
        states.push(outs)
        return outs
      })
      test(carry)
      handed(carry, count)
      return either(states)
    }
    case 'cond':
      return either(op.branches.map((branch) => handed(walk(branch, inputs.slice(1), count), count)))
    case 'call':
      return handed(walk(op.body, inputs, count), count)
    default:
      return types.map(cell)
  }
}

/** The executor, value by value. */
const walk = (program: Program, inputs: readonly Cell[], count: Count): readonly Cell[] => {
  const values = new Array<Cell>(program.types.length)
  const last = lastUses(program)
  program.inputs.forEach((id, i) => {
    values[id] = inputs[i]!
    keep(inputs[i]!, count)
    if (last[id] === -1) drop(inputs[i]!, count)
  })
  program.eqns.forEach((eqn, at) => {
    const outs = results(
      eqn.op,
      eqn.inputs.map((id) => values[id]!),
      eqn.outputs.map((id) => program.types[id]!),
      count,
    )
    for (const x of outs) keep(x, count)
    eqn.outputs.forEach((id, i) => {
      values[id] = outs[i]!
      if (last[id] === -1) drop(outs[i]!, count)
    })
    for (const id of new Set(eqn.inputs)) if (last[id] === at) drop(values[id]!, count)
  })
  const outs = program.outputs.map((id) => values[id]!)
  for (const x of outs) keep(x, count)
  for (const id of new Set(program.outputs)) drop(values[id]!, count)
  return outs
}

const peak = (program: Program): number => {
  const count: Count = { bytes: 0, peak: 0 }
  const inputs = program.inputs.map((): Cell => ({ uses: 1, bytes: 0 }))
  const outs = walk(program, inputs, count)
  // results own their memory: an input, a second result in the same memory, a part of something larger are copied
  outs.forEach((x, i) => {
    const own = byteSize(program.types[program.outputs[i]!]!)
    if (inputs.includes(x) || outs.indexOf(x) < i || x.bytes !== own) grow(own, count)
  })
  return count.peak
}

export const forecast = (program: Program): Forecast => ({ kernels: countEquations(program), peakBytes: peak(program) })
