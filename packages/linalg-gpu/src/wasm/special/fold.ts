/** Sums of windows: x […lead, o…, window…] → […lead, size…], the dual of unfold; a unit is one index of the leading axes.
 *
 *  Windows are read as they stand and added where they came from, in wide sums that are rounded at the end: each sum is in the
 *  order of its windows. The loops, over o… and window…, are nested as the code is written: one code for each number of axes.
 *  Scratch  the sums of a unit. */

import type { OpOf } from '../../program/op.js'
import type { Type } from '../../program/type.js'
import { sizeOf, stridesOf } from '../../shape.js'
import { type Code, type Func, forLoop, get, i32, increase, memory, set } from '../assembler.js'
import { kernelFunction, type Lowered, pointer, word } from '../lowered.js'
import { element, grainOf, locals } from './rows.js'
import { type Sums, sumsOf } from './sums.js'

export const fold = (op: OpOf<'fold'>, [x]: readonly Type[]): Lowered => {
  const axes = op.size.length
  const sums = sumsOf(x!.dtype)
  const lead = x!.shape.length - 2 * axes
  const own = sizeOf(x!.shape.slice(lead))
  const size = sizeOf(op.size)
  const strides = stridesOf(op.size)
  const steps = [...strides.map((s, i) => s * op.strides[i]!), ...strides.map((s, i) => s * op.dilation[i]!)]
  const key = `fold.${x!.dtype === 'u32' ? 'i32' : x!.dtype}.${axes}`
  return {
    key,
    build: () => foldFunction(key, sums, 2 * axes),
    words: [
      { operand: 0 },
      { operand: 1 },
      own,
      size,
      ...steps.flatMap((step, i) => [x!.shape[lead + i]!, step * sums.wide]),
    ],
    units: sizeOf(x!.shape.slice(0, lead)),
    grain: grainOf(1.5 * own + size),
    scratch: sums.wide * size,
  }
}

const foldFunction = (key: string, sums: Sums, loops: number): Func =>
  kernelFunction(key, ({ words, lo, hi, scratch, local }) => {
    const w = get(words)
    const [i, x, out] = locals(local)
    const nest = (loop: number, at: Code): Code => {
      if (loop === loops)
        return [sums.store(at, sums.add(sums.load(at), sums.read(get(x)))), increase(x, i32.const(sums.bytes))]
      const [count, end, step, to] = locals(local)
      return [
        set(to, at),
        set(end, word(w, 4 + 2 * loop)),
        set(step, word(w, 5 + 2 * loop)),
        forLoop(count, i32.const(0), get(end), i32.const(1), [nest(loop + 1, get(to)), increase(to, get(step))]),
      ]
    }
    return forLoop(lo, get(lo), get(hi), i32.const(1), [
      memory.fill(get(scratch), i32.const(0), i32.mul(word(w, 3), i32.const(sums.wide))),
      set(x, element(pointer(w, 0), i32.mul(get(lo), word(w, 2)), sums.bytes)),
      nest(0, get(scratch)),
      set(out, element(pointer(w, 1), i32.mul(get(lo), word(w, 3)), sums.bytes)),
      forLoop(i, i32.const(0), word(w, 3), i32.const(1), [
        sums.write(get(out), sums.load(element(get(scratch), get(i), sums.wide))),
        increase(out, i32.const(sums.bytes)),
      ]),
    ])
  })
