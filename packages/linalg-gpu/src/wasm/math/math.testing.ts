/** Runs functions on vectors over arrays, for the tests and measurements of this folder. */

import { assemble, type Code, call, type Func, forLoop, func, get, i32, type Local, set, v128 } from '../assembler.js'
import { hostMath } from './host.js'

type Data = Float32Array | Float64Array | Int32Array | Uint32Array

const page = 65536

/** Maps arrays of one length, whole vectors of it: f of one, two or more vectors, with one result or two. */
export const mapper = (f: Func): ((...inputs: readonly Data[]) => readonly ArrayBuffer[]) => {
  const run = func('run', ['i32', 'i32'], [], ([length, step], local) => {
    const at = local('i32')
    const results = f.results.map(() => local('v128'))
    const place = (i: number): Code => i32.add(get(at), i32.mul(get(step!), i32.const(i)))
    return forLoop(at, i32.const(0), get(length!), i32.const(16), [
      call(f, ...f.params.map((_, i) => v128.load(place(i)))),
      [...results].reverse().map((r) => set(r, [])),
      results.map((r: Local, i) => v128.store(place(f.params.length + i), get(r))),
    ])
  })
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 })
  const bytes = assemble({ functions: [run], shared: false, pages: { initial: 0, maximum: 65536 } })
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: { memory }, math: hostMath })
  const start = instance.exports.run as (length: number, step: number) => void
  return (...inputs) => {
    const length = inputs[0]!.byteLength
    const step = Math.ceil(length / 16) * 16
    const arrays = inputs.length + f.results.length
    const missing = Math.ceil((arrays * step) / page) - memory.buffer.byteLength / page
    if (missing > 0) memory.grow(missing)
    inputs.forEach((x, i) => {
      new Uint8Array(memory.buffer, i * step).set(new Uint8Array(x.buffer, x.byteOffset, x.byteLength))
    })
    start(length, step)
    return f.results.map((_, i) => memory.buffer.slice((inputs.length + i) * step, (inputs.length + i) * step + length))
  }
}

/** The error of an f32 in units of its last place: of the distance of f32s at the true value, which is an f64. 0 for both NaN
 *  or the same bits, Infinity where only one is NaN, or infinite beyond rounding, or where a zero has the wrong sign. */
export const ulpsF32 = (found: number, wanted: number): number => {
  const rounded = Math.fround(wanted)
  if (Object.is(found, rounded)) return 0
  if (!(Math.abs(found) < Infinity) || !(Math.abs(rounded) < Infinity)) {
    // a neighbour of the largest number may be rounded to ∞, and the other way
    const near = Math.sign(found) === Math.sign(rounded) && Math.min(Math.abs(found), Math.abs(wanted)) > 3.4028232e38
    return near ? 1 : Infinity
  }
  if (found === 0 && rounded === 0) return Infinity
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(wanted))))
  return Math.abs(found - wanted) / 2 ** (exponent - 23)
}

/** Both signs of all exponents of f32, `count` mantissas of each: the first, the last and some between. */
export const everyExponent = (count: number): Float32Array => {
  const bits = new Uint32Array(2 * 255 * count)
  let at = 0
  let random = 1
  for (let exponent = 0; exponent < 255; exponent++) {
    for (let i = 0; i < count; i++) {
      random = (Math.imul(random, 1664525) + 1013904223) >>> 0
      const mantissa = i === 0 ? 0 : i === 1 ? 0x7fffff : random >>> 9
      bits[at++] = (exponent << 23) | mantissa
      bits[at++] = 0x80000000 | (exponent << 23) | mantissa
    }
  }
  return new Float32Array(bits.buffer)
}
