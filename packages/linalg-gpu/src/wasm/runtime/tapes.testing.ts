/** Kernels and tapes small enough to check by hand. */

import {
  type Code,
  call,
  f32,
  f64,
  forLoop,
  get,
  i32,
  imported,
  increase,
  set,
  trap,
  when,
  whileLoop,
} from '../assembler.js'
import { kernelFunction, type Lowered, pointer, word } from '../lowered.js'
import type { Heap } from './memory.js'
import { opcode } from './tape.js'

type Kernel = Pick<Lowered, 'key' | 'build'>
const four = (i: Code): Code => i32.shl(i, i32.const(2))

/** x ← x + 1 for every unit; words: the cell of x. */
export const increment: Kernel = {
  key: 'increment',
  build: () =>
    kernelFunction('increment', ({ words, lo, hi, local }) => {
      const i = local('i32')
      const p = local('i32')
      return forLoop(i, get(lo), get(hi), i32.const(1), [
        set(p, i32.add(pointer(get(words), 0), four(get(i)))),
        f32.store(get(p), f32.add(f32.load(get(p)), f32.const(1))),
      ])
    }),
}

/** y_u = Σ_{k < n} x_{nu+k}², by way of scratch; words: the cells of x and y, and n. */
export const sumOfSquares: Kernel = {
  key: 'sumOfSquares',
  build: () =>
    kernelFunction('sumOfSquares', ({ words, lo, hi, scratch, local }) => {
      const u = local('i32')
      const k = local('i32')
      const x = local('f32')
      return forLoop(u, get(lo), get(hi), i32.const(1), [
        f32.store(get(scratch), f32.const(0)),
        forLoop(k, i32.const(0), word(get(words), 2), i32.const(1), [
          set(
            x,
            f32.load(i32.add(pointer(get(words), 0), four(i32.add(i32.mul(get(u), word(get(words), 2)), get(k))))),
          ),
          f32.store(get(scratch), f32.add(f32.load(get(scratch)), f32.mul(get(x), get(x)))),
        ]),
        f32.store(i32.add(pointer(get(words), 1), four(get(u))), f32.load(get(scratch))),
      ])
    }),
}

/** Traps at the unit in its word 0; spends some time on every other. */
export const trapAt: Kernel = {
  key: 'trapAt',
  build: () =>
    kernelFunction('trapAt', ({ words, lo, hi, local }) => {
      const u = local('i32')
      const k = local('i32')
      return forLoop(u, get(lo), get(hi), i32.const(1), [
        when(i32.eq(get(u), word(get(words), 0)), trap),
        forLoop(k, i32.const(0), i32.const(1000), i32.const(1), []),
      ])
    }),
}

/** Never ends on threads other than the caller's, whose scratch is in word 1; the caller waits until one of these has begun, which
 *  they say by the word at the address in word 0. */
export const stuck: Kernel = {
  key: 'stuck',
  build: () =>
    kernelFunction('stuck', ({ words, scratch, local }) => {
      const turns = local('i32') // not for ever, if there is no other thread
      const begun = i32.atomicLoad(word(get(words), 0))
      return [
        when(i32.ne(get(scratch), word(get(words), 1)), [
          i32.atomicStore(word(get(words), 0), i32.const(1)),
          whileLoop(begun, []),
        ]),
        whileLoop(i32.and(i32.eqz(begun), i32.ltS(get(turns), i32.const(2 ** 28))), increase(turns, i32.const(1))),
      ]
    }),
}

/** x ← f(x) for every unit, f a function of the host; words: the cell of x. */
export const byHost = (name: string): Kernel => ({
  key: `byHost ${name}`,
  build: () =>
    kernelFunction('byHost', ({ words, lo, hi, local }) => {
      const i = local('i32')
      const p = local('i32')
      return forLoop(i, get(lo), get(hi), i32.const(1), [
        set(p, i32.add(pointer(get(words), 0), four(get(i)))),
        f32.store(
          get(p),
          f32.fromF64(
            call(imported('math', name, ['f64', 'f64'], ['f64']), f64.fromF32(f32.load(get(p))), f64.const(0)),
          ),
        ),
      ])
    }),
})

/** A tape under construction; labels are addresses that a later `mark` gives. */
export const tape = (
  heap: Heap,
): {
  readonly put: (name: keyof typeof opcode, ...words: readonly number[]) => void
  readonly here: () => number
  /** Puts a value over the word at an address. */
  readonly patch: (address: number, value: number) => void
  readonly start: number
} => {
  const start = heap.allocate(4096)!
  let at = start
  return {
    start,
    here: () => at,
    put: (name, ...words) => {
      heap.views().u32.set([opcode[name], ...words], at >>> 2)
      at += 4 * (words.length + 1)
    },
    patch: (address, value) => {
      heap.views().u32[address >>> 2] = value
    },
  }
}

/** The address of words that hold these values. */
export const words = (heap: Heap, ...values: readonly number[]): number => {
  const at = heap.allocate(4 * values.length)!
  heap.views().u32.set(values, at >>> 2)
  return at
}

/** The address of f32s. */
export const floats = (heap: Heap, values: readonly number[]): number => {
  const at = heap.allocate(4 * values.length)!
  heap.views().f32.set(values, at >>> 2)
  return at
}
