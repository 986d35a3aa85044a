/** A kernel on several threads: chunks of its units, which threads take until none is left.
 *
 *  A job is published by storing its claim: its number and, below, how many chunks are to be taken. A thread takes one by
 *  exchanging the claim (n, r) for (n, r − 1). What it read of the job is good if that succeeds: the caller changes a job only
 *  when all of its chunks are done, and no number comes twice. So nobody need wait for a thread that comes late. */

import {
  branch, branchIf, type Code, call, callIndirect, drop, endless, type Func, func, get, i32, i64, imported, increase, type Local,leave, 
  set, tee, trap, u, when, whileLoop,
} from '../assembler.js' // biome-ignore format: a list
import { field, record, recordOf } from './control.js'
import { anyKernel } from './tape.js'

const atomic64 = (n: number): Code => [0xfe, n, 3, u(0)] // 8 bytes, at their natural alignment
const load64 = (address: Code): Code => [address, atomic64(0x11)]
const store64 = (address: Code, value: Code): Code => [address, value, atomic64(0x18)]
const compareExchange64 = (address: Code, expected: Code, value: Code): Code => [
  address,
  expected,
  value,
  atomic64(0x49),
]
const one64 = i64.const(1n)
const minus64: (x: Code, y: Code) => Code = (x, y) => [x, y, 0x7d]
const notEqual64: (x: Code, y: Code) => Code = (x, y) => [x, y, 0x52]
const result = (value: Code): Code => [value, leave]

/** Asks JavaScript, where time passes, whether a job that does not go on is to be given up. */
const hostLate = imported('host', 'late', [], ['i32'])
/** How long the caller sleeps before it asks, in nanoseconds. */
const slice = 50_000_000n

export interface Fork {
  /** fork(fn, words, units, grain): runs the kernel; 0, or a code of runtime.ts. */
  readonly fork: Func
  /** work(record): a worker's life; comes back when modules are lacking. */
  readonly work: Func
  /** trapped(record): what a worker says after a trap; 0 when it was not in a chunk. */
  readonly trapped: Func
  /** drain(): what the caller says after a trap in the middle of a job: waits for the chunks that others have taken. */
  readonly drain: Func
}

/** `canWait`: whether the caller's thread may sleep; a page's own may not. */
export const forkJoin = (control: number, canWait: boolean): Fork => {
  const at = (name: keyof typeof field): Code => i32.const(control + field[name])
  const own = recordOf(control, 0)
  const word = (name: keyof typeof field): Code => i32.load(at(name))

  const finish = func('finish', ['i64'], [], ([claim], local) => {
    const v = local('i64')
    return [
      endless([
        set(v, load64(at('done'))),
        // another job: the caller has given this chunk's up
        when(i32.fromI64(i64.shrU(i64.xor(get(v), get(claim!)), i64.const(32n))), leave),
        branchIf(0, notEqual64(compareExchange64(at('done'), get(v), i64.add(get(v), one64)), get(v))),
      ]),
      when(
        i32.and(i32.eq(i32.add(i32.fromI64(get(v)), i32.const(1)), word('chunks')), i32.atomicLoad(at('waiting'))),
        drop(i32.notify(at('done'), i32.const(1))),
      ),
    ]
  })

  // takes and does chunks: 0 when none is left, 1 when modules are lacking
  const share = func('share', ['i32'], ['i32'], ([me], local) => {
    const claim = local('i64')
    const [fn, words, units, chunk, lo, hi] = Array.from({ length: 6 }, () => local('i32')) as [Local, Local, Local, Local, Local, Local] // biome-ignore format: a list
    return [
      endless([
        when(i32.eqz(i32.fromI64(tee(claim, load64(at('claim'))))), result(i32.const(0))),
        set(fn, word('fn')),
        set(words, word('words')),
        set(units, word('units')),
        set(chunk, word('chunk')),
        when(i32.ne(i32.atomicLoad(at('modules')), i32.load(get(me!), record.loaded)), result(i32.const(1))),
        branchIf(0, notEqual64(compareExchange64(at('claim'), get(claim), minus64(get(claim), one64)), get(claim))),
        store64(get(me!), get(claim)),
        set(lo, i32.mul(i32.sub(i32.fromI64(get(claim)), i32.const(1)), get(chunk))),
        set(hi, i32.add(get(lo), get(chunk))),
        when(i32.gtU(get(hi), get(units)), set(hi, get(units))),
        callIndirect(anyKernel, get(fn), get(words), get(lo), get(hi), i32.load(get(me!), record.scratch)),
        call(finish, get(claim)),
        store64(get(me!), i64.const(0n)),
        branch(0),
      ]),
      trap,
    ]
  })

  const join = func('join', [], ['i32'], (_, local) => {
    const spins = local('i32')
    const seen = local('i32')
    const sleep = [
      i32.atomicStore(at('waiting'), i32.const(1)),
      when(
        i32.ne(tee(seen, i32.atomicLoad(at('done'))), word('chunks')),
        drop(i32.wait(at('done'), get(seen), i64.const(slice))),
      ),
      i32.atomicStore(at('waiting'), i32.const(0)),
    ]
    return [
      whileLoop(i32.ne(i32.atomicLoad(at('done')), word('chunks')), [
        increase(spins, i32.const(1)),
        // a thread that is at work will mostly be done soon: longer than a worker looks for a job
        when(i32.gtU(get(spins), i32.shl(word('spins'), i32.const(2))), [
          canWait ? sleep : set(spins, i32.const(0)),
          when(call(hostLate), result(i32.const(2))),
        ]),
      ]),
      set(seen, word('error')),
      i32.store(at('error'), i32.const(0)),
      get(seen),
    ]
  })

  const fork = func('fork', ['i32', 'i32', 'i32', 'i32'], ['i32'], ([fn, words, units, grain], local) => {
    const chunk = local('i32')
    const chunks = local('i32')
    const number = local('i64')
    const divideUp = (x: Code, y: Code): Code => i32.divU(i32.add(x, i32.sub(y, i32.const(1))), y)
    return [
      set(chunk, divideUp(get(units!), word('pieces'))),
      when(i32.ltU(get(chunk), get(grain!)), set(chunk, get(grain!))),
      i32.store(at('fn'), get(fn!)),
      i32.store(at('words'), get(words!)),
      i32.store(at('units'), get(units!)),
      i32.store(at('chunk'), get(chunk)),
      i32.store(at('chunks'), tee(chunks, divideUp(get(units!), get(chunk)))),
      i32.store(at('number'), i32.add(word('number'), i32.const(1))),
      set(number, i64.shl(i64.fromI32U(word('number')), i64.const(32n))),
      store64(at('done'), get(number)),
      store64(at('claim'), i64.or(get(number), i64.fromI32U(get(chunks)))),
      when(i32.atomicLoad(at('sleepers')), drop(i32.notify(at('claim'), i32.const(2)))),
      drop(call(share, i32.const(own))),
      call(join),
    ]
  })

  const drain = func('drain', [], ['i32'], () => [
    // nobody takes what is left of the job, which counts as done with the chunk that trapped
    drop(i32.atomicAdd(at('done'), i32.add(i32.atomicExchange(at('claim'), i32.const(0)), i32.const(1)))),
    store64(i32.const(own), i64.const(0n)),
    call(join),
  ])

  const trapped = func('trapped', ['i32'], ['i32'], ([me], local) => {
    const claim = local('i64')
    return [
      when(i64.eqz(tee(claim, load64(get(me!)))), result(i32.const(0))),
      i32.atomicStore(at('error'), i32.const(1)),
      call(finish, get(claim)),
      store64(get(me!), i64.const(0n)),
      i32.const(1),
    ]
  })

  const work = func('work', ['i32'], ['i32'], ([me], local) => {
    const spins = local('i32')
    const sleep = [
      i32.store(get(me!), i32.const(1), record.asleep),
      drop(i32.atomicAdd(at('sleepers'), i32.const(1))),
      drop(i32.wait(at('claim'), i32.const(0), i64.const(-1n))),
      drop(i32.atomicAdd(at('sleepers'), i32.const(-1))),
      i32.store(get(me!), i32.const(0), record.asleep),
      set(spins, i32.const(0)),
      // the caller wakes two, and they wake others, so that it need not pay for all
      when(
        i32.and(
          i32.gtU(i32.atomicLoad(at('claim')), i32.const(1)),
          i32.ne(i32.atomicLoad(at('sleepers')), i32.const(0)),
        ),
        drop(i32.notify(at('claim'), i32.const(2))),
      ),
    ]
    return [
      endless([
        whileLoop(i32.eqz(i32.atomicLoad(at('claim'))), [
          increase(spins, i32.const(1)),
          when(i32.gtU(get(spins), word('spins')), sleep),
        ]),
        set(spins, i32.const(0)),
        when(call(share, get(me!)), result(i32.const(1))),
        branch(0),
      ]),
      trap,
    ]
  })

  return { fork, work, trapped, drain }
}
