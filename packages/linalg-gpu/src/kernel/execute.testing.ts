/** Runs a schedule on typed arrays by interpreting its kernels: the meaning of a schedule, for tests. */

import { storage, type TypedArray } from '../dtype.js'
import { interpret } from './interpret.js'
import type { Schedule, Step } from './schedule.js'
import { validateKernel } from './validate.js'

export const executeSchedule = (schedule: Schedule, inputs: readonly TypedArray[]): TypedArray[] => {
  // what nothing has written yet is recognisable
  const data = schedule.storages.map(({ type }) => {
    const out = storage(type.dtype, type.size)
    out.fill(type.dtype === 'bool' ? 1 : type.dtype === 'f32' || type.dtype === 'f64' ? Number.NaN : 85)
    return out
  })
  schedule.inputs.forEach((id, i) => {
    data[id] = inputs[i]!
  })
  const bytesOf = (x: TypedArray): Uint8Array => new Uint8Array(x.buffer, x.byteOffset, x.byteLength)
  const copy = (from: number, to: number): void => bytesOf(data[to]!).set(bytesOf(data[from]!))
  const run = (steps: readonly Step[]): void => {
    for (const step of steps)
      switch (step.kind) {
        case 'kernel':
          interpret(
            validateKernel(step.kernel),
            step.operands.map((id) => data[id]!),
          )
          break
        case 'copy':
          copy(step.from, step.to)
          break
        case 'print':
          step.sink(`${step.label} ${data[step.from]!}`)
          break
        case 'switch': {
          const at = Math.max(0, Math.min(step.branches.length - 1, data[step.index]![0]!))
          run(step.branches[at]!)
          break
        }
        case 'scan': {
          const rows = step.rows.map(({ row }) => schedule.storages[row]!.type)
          step.carry.forEach(({ before, start }) => {
            data[before] = data[start]!
          })
          for (let i = 0; i < step.length; i++) {
            const at = step.reverse ? step.length - 1 - i : i
            const left = step.length - i
            step.rows.forEach(({ whole, row }, j) => {
              data[row] = data[whole]!.subarray(at * rows[j]!.size, (at + 1) * rows[j]!.size)
            })
            for (const { after, result, spare } of step.carry) data[after] = data[left % 2 === 1 ? result : spare]!
            run(step.body)
            for (const { before, after } of step.carry) data[before] = data[after]!
          }
          break
        }
        case 'while': {
          for (const { before, start } of step.carry) data[before] = data[start]!
          for (let turn = 0; ; turn++) {
            run(step.test)
            if (data[step.flag]![0] === 0) break
            for (const { after, result, spare } of step.carry) data[after] = data[turn % 2 === 0 ? result : spare]!
            run(step.body)
            for (const { before, after } of step.carry) data[before] = data[after]!
          }
          for (const { before, result } of step.carry) {
            data[result]!.set(data[before]!)
          }
          break
        }
      }
  }
  run(schedule.steps)
  return schedule.outputs.map((id) => data[id]!)
}
