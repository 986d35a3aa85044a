/** Executables are tapes: 32-bit words in memory, run by a small machine that is itself WebAssembly, so that the loops of a
 *  program turn without JavaScript. All addresses are absolute. A cell is a word that holds the address of data.
 *
 *    END                              HOST id
 *    KERNEL fn words units grain      runs fn(words, 0, units, scratch), in parallel where units > grain
 *    COPY toCell fromCell bytes       FILL cell byte bytes
 *    JUMP target                      JUMP_IF_ZERO cell target      looks at one byte of the data
 *    SWITCH cell count target…        the i32 of the data, clamped to 0…count − 1, chooses
 *    LOOP address target              one less in the word, and jumps while it is not 0
 *    SET address value                ADD address value
 *    SWAP address address             MOVE toAddress fromAddress */

import {
  block, branch, branchTable, type Code, call, callIndirect, choose, endless, type Func, func, get, i32, imported, type Local,leave, 
  memory, set, tee, trap, when,
} from '../assembler.js' // biome-ignore format: a list
import { kernelFunction } from '../lowered.js'
import { field, record, recordOf } from './control.js'

export const opcode = {
  END: 0, KERNEL: 1, COPY: 2, FILL: 3, JUMP: 4, JUMP_IF_ZERO: 5, SET: 6, ADD: 7, SWAP: 8, MOVE: 9, LOOP: 10, SWITCH: 11, HOST: 12,
} as const // biome-ignore format: a table

/** Words of an instruction with its opcode; a SWITCH has one more for every target. */
export const wordsOf: Readonly<Record<keyof typeof opcode, number>> = {
  END: 1, KERNEL: 5, COPY: 4, FILL: 4, JUMP: 2, JUMP_IF_ZERO: 3, SET: 3, ADD: 3, SWAP: 3, MOVE: 3, LOOP: 3, SWITCH: 3, HOST: 2,
} // biome-ignore format: a table

/** What kernels look like to call_indirect. */
export const anyKernel = kernelFunction('kernel', () => [])
const hostCall = imported('host', 'call', ['i32'], [])

/** `run(tape)` and `step(instruction)`: the code of runtime.ts. `fork(fn, words, units, grain)` runs a kernel on all threads. */
export const machine = (control: number, fork?: Func): readonly Func[] => [
  func('run', ['i32'], ['i32'], ([pc], local) => interpreter(control, fork, false, pc!, local('i32'))),
  func('step', ['i32'], ['i32'], ([pc], local) => interpreter(control, fork, true, pc!, local('i32'))),
]

const interpreter = (control: number, fork: Func | undefined, once: boolean, pc: Local, t: Local): Code => {
  const at = (n: number): Code => i32.load(get(pc), 4 * n)
  const data = (n: number): Code => i32.load(at(n))
  const jump = (target: Code): Code => set(pc, target)
  const next = (words: number): Code => jump(i32.add(get(pc), i32.const(4 * words)))
  const result = (value: Code): Code => [value, leave]
  // a kernel's sign bit says that only this thread has the functions that it calls
  const alone = when(
    at(3),
    callIndirect(
      anyKernel,
      i32.and(at(1), i32.const(0x7fffffff)),
      at(2),
      i32.const(0),
      at(3),
      i32.load(i32.const(recordOf(control, 0)), record.scratch),
    ),
  )
  const worthSharing = i32.and(
    // waking a thread costs more than handing work to one that is looking for it
    i32.gtU(
      at(3),
      i32.shl(at(4), i32.shl(i32.ne(i32.load(i32.const(control + field.sleepers)), i32.const(0)), i32.const(1))),
    ),
    i32.and(i32.geS(at(1), i32.const(0)), i32.ne(i32.load(i32.const(control + field.pieces)), i32.const(0))),
  )
  const cases: Readonly<Record<keyof typeof opcode, Code>> = {
    END: result(i32.const(0)),
    KERNEL: [
      fork === undefined
        ? alone
        : when(worthSharing, when(tee(t, call(fork, at(1), at(2), at(3), at(4))), result(get(t))), alone),
      next(5),
    ],
    COPY: [memory.copy(data(1), data(2), at(3)), next(4)],
    FILL: [memory.fill(data(1), at(2), at(3)), next(4)],
    JUMP: jump(at(1)),
    JUMP_IF_ZERO: jump(choose('i32', i32.load8u(data(1)), i32.add(get(pc), i32.const(12)), at(2))),
    SET: [i32.store(at(1), at(2)), next(3)],
    ADD: [i32.store(at(1), i32.add(data(1), at(2))), next(3)],
    SWAP: [set(t, data(1)), i32.store(at(1), data(2)), i32.store(at(2), get(t)), next(3)],
    MOVE: [i32.store(at(1), data(2)), next(3)],
    LOOP: [
      i32.store(at(1), tee(t, i32.sub(data(1), i32.const(1)))),
      jump(choose('i32', get(t), at(2), i32.add(get(pc), i32.const(12)))),
    ],
    SWITCH: [
      set(t, i32.load(data(1))),
      when(i32.geS(get(t), at(2)), set(t, i32.sub(at(2), i32.const(1)))),
      when(i32.ltS(get(t), i32.const(0)), set(t, i32.const(0))),
      jump(i32.load(i32.add(get(pc), i32.shl(get(t), i32.const(2))), 12)),
    ],
    HOST: [call(hostCall, at(1)), next(2)],
  }
  const codes = Object.entries(cases).sort(
    ([a], [b]) => opcode[a as keyof typeof opcode] - opcode[b as keyof typeof opcode],
  )
  // block … block { table } case 0, end } case 1, …: case i stands in count − 1 − i blocks and the loop; unknown opcodes trap
  const count = codes.length
  const dispatch = branchTable(at(0), codes.map((_, i) => i), count) // biome-ignore format: short
  const body = codes.reduce<Code>(
    (inner, [, code], i) => [block(inner), code, once ? result(get(pc)) : branch(count - i)],
    dispatch,
  )
  return [endless([block(body), trap]), trap]
}
