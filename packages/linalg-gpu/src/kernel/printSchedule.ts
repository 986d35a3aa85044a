/** A schedule as text: its steps in order, loops and branches indented, each kernel with the storages that it reads and writes. */

import { showType } from '../errors.js'
import { printKernel } from './print.js'
import type { Carry, Schedule, Step } from './schedule.js'

const marks = { input: 'in', output: 'out', temporary: 't', pointer: 'p' } as const

/** The schedule of a program, as a person reads it.
 *  @example
 *  printSchedule(schedule(simplify(trace((x: Tensor) => add(mul(x, 2), 1))(array([1, 2])))))
 *  // => in0:f32[2] -> out1:f32[2]
 *  //    loop mul add grid[2] inner[] (a:f32[2], out b:f32[2])
 *  //      n0:f32 = load a[g0]
 *  //      n1:f32 = constant 2
 *  //      n2:f32 = mul n0 n1
 *  //      n3:f32 = constant 1
 *  //      n4:f32 = add n2 n3
 *  //      stage grid:
 *  //        store b[g0] = n4
 *  //      on in0 out1 */
export const printSchedule = ({ storages, inputs, outputs, steps }: Schedule): string => {
  const name = (id: number): string => `${marks[storages[id]!.role]}${id}`
  const typed = (id: number): string => `${name(id)}:${showType(storages[id]!.type)}`
  const carries = (carry: readonly Carry[]): string =>
    carry
      .map(
        ({ start, before, after, result }) =>
          `${name(before)} = ${name(start)}, then ${name(after)}; ${name(result)} last`,
      )
      .join('; ')
  const nested = (list: readonly Step[]): string => indented(list.map(stepOf).join('\n'))
  const stepOf = (step: Step): string => {
    switch (step.kind) {
      case 'kernel':
        return `${printKernel(step.kernel)}\n  on ${step.operands.map(name).join(' ')}`
      case 'copy':
        return `copy ${name(step.from)} -> ${name(step.to)}`
      case 'print':
        return `print ${step.label} ${name(step.from)}`
      case 'switch':
        return [
          `switch ${name(step.index)}`,
          ...step.branches.map((branch, i) => `case ${i}:\n${nested(branch)}`),
        ].join('\n')
      case 'scan':
        return [
          `scan ${step.length} times${step.reverse ? ' from the last' : ''}: ${[carries(step.carry), ...step.rows.map(({ whole, row }) => `${name(row)} along ${name(whole)}`)].filter((part) => part !== '').join('; ')}`,
          nested(step.body),
        ].join('\n')
      case 'while':
        return [`while ${name(step.flag)}: ${carries(step.carry)}`, nested(step.test), 'do', nested(step.body)].join(
          '\n',
        )
    }
  }
  return [`${inputs.map(typed).join(' ')} -> ${outputs.map(typed).join(' ')}`, ...steps.map(stepOf)].join('\n')
}

const indented = (text: string): string =>
  text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')
