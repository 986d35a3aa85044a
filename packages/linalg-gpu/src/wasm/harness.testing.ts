/** Runs one lowered kernel on arrays, in a module and a memory of its own, for tests and measurements. */

import type { TypedArray } from '../dtype.js'
import { assemble } from './assembler.js'
import type { Lowered } from './lowered.js'
import { hostMath } from './math/host.js'

const align = (at: number): number => Math.ceil(at / 64) * 64

export interface Loaded {
  /** Does all units, in chunks of `chunk` from the first to the last, or backwards. */
  readonly run: (chunk?: number, backwards?: boolean) => void
  /** A copy of an operand as it is now. */
  readonly operand: (at: number) => TypedArray
  readonly bytes: number
}

/** The kernel with its operands in memory, ready to run. Guard bytes of 0xAA stand around every operand: `run` throws when one changes. */
export const load = ({ build, words, units, scratch }: Lowered, operands: readonly TypedArray[]): Loaded => {
  let at = 64
  const room = (bytes: number): number => {
    const start = at + 64
    at = align(start + bytes + 64)
    return start
  }
  const data = operands.map((x) => room(x.byteLength))
  const cells = room(4 * operands.length)
  const descriptor = room(4 * words.length)
  const own = room(scratch)
  const memory = new WebAssembly.Memory({ initial: Math.ceil(at / 65536) + 1, maximum: 65536 })
  const all = new Uint8Array(memory.buffer)
  all.fill(0xaa)
  operands.forEach((x, i) => {
    all.set(new Uint8Array(x.buffer, x.byteOffset, x.byteLength), data[i]!)
  })
  const i32s = new Int32Array(memory.buffer)
  data.forEach((address, i) => {
    i32s[cells / 4 + i] = address
  })
  words.forEach((value, i) => {
    i32s[descriptor / 4 + i] = typeof value === 'number' ? value : cells + 4 * value.operand
  })
  const f = build()
  const bytes = assemble({ functions: [f], shared: false, pages: { initial: 0, maximum: 65536 } })
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: { memory }, math: hostMath })
  const kernel = instance.exports[f.name] as (words: number, lo: number, hi: number, scratch: number) => void
  const guard = (from: number, what: string): void => {
    for (let i = from; i < from + 32; i++) if (all[i] !== 0xaa) throw new Error(`${f.name} wrote outside of ${what}`)
  }
  return {
    bytes: bytes.length,
    run: (chunk = units, backwards = false) => {
      const starts: number[] = []
      for (let lo = 0; lo < units; lo += chunk) starts.push(lo)
      if (backwards) starts.reverse()
      for (const lo of starts) kernel(descriptor, lo, Math.min(units, lo + chunk), own)
      operands.forEach((x, i) => {
        guard(data[i]! - 32, `operand ${i}`)
        guard(data[i]! + x.byteLength, `operand ${i}`)
      })
      guard(own - 32, 'its scratch')
      guard(own + scratch, 'its scratch')
    },
    operand: (i) => {
      const x = operands[i]!
      const Made = x.constructor as new (buffer: ArrayBuffer) => TypedArray
      return new Made(memory.buffer.slice(data[i]!, data[i]! + x.byteLength))
    },
  }
}
