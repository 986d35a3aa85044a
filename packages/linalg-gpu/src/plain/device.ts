/** The plain device: typed arrays and loops in JavaScript, always there, the oracle of the others. */

import { storage, type TypedArray } from '../dtype.js'
import { fail, showType } from '../errors.js'
import { outputTypes, type Program } from '../program/program.js'
import { type Type, totalBytes } from '../program/type.js'
import type { Buffer, Device } from '../run/device.js'
import { ledgerOf } from '../run/ledger.js'
import { left, right } from '../run/outcome.js'
import { type Dense, dense } from './dense.js'
import { type Meter, run } from './executor.js'
import { forecast } from './forecast.js'

interface PlainBuffer extends Buffer {
  data: TypedArray | undefined
  readonly maker: string
}

const held = (buffer: Buffer): TypedArray =>
  (buffer as PlainBuffer).data ?? fail('plain', `a buffer of ${showType(buffer.type)} was used after its release.`)

/** A device that runs everything in plain JavaScript.
 *  `limit` is the number of bytes that buffers may hold together before an error names their makers; by default there is none,
 *  as the garbage collector takes what is unreachable. */
export const plainDevice = ({
  name = 'plain',
  limit = Infinity,
}: {
  readonly name?: string
  readonly limit?: number
} = {}): Device => {
  const ledger = ledgerOf(name, limit)
  const adopt = (type: Type, data: TypedArray, maker: string): PlainBuffer => {
    ledger.add(maker, data.byteLength)
    return { device, type, data, maker }
  }
  const release = (buffer: Buffer): void => {
    const own = buffer as PlainBuffer
    if (own.data === undefined) return
    ledger.remove(own.maker, own.data.byteLength)
    own.data = undefined
  }
  const execute = (program: Program, inputs: readonly Buffer[], donated: readonly number[]): readonly Buffer[] => {
    ledger.room(program.name, totalBytes(outputTypes(program)))
    // inputs are counted as buffers already: a use of their own keeps them out of the count of this run
    const operands = inputs.map(
      (buffer): Dense => ({ ...dense(buffer.type, held(buffer)), owner: { uses: 1, bytes: 0 } }),
    )
    const meter: Meter = { bytes: 0, peak: 0 }
    const outs = run(program, operands, meter)
    const seen = new Set<ArrayBufferLike>(operands.map((x) => x.data.buffer))
    const results = outs.map((x): readonly [Type, TypedArray] => {
      // each result owns its memory: an input that is returned, one value returned twice, or a part of another is copied
      const shared = seen.has(x.data.buffer) || x.data.byteLength !== x.data.buffer.byteLength
      seen.add(x.data.buffer)
      if (!shared) return [x.type, x.data]
      const data = storage(x.type.dtype, x.data.length)
      data.set(x.data)
      meter.bytes += data.byteLength
      meter.peak = Math.max(meter.peak, meter.bytes)
      return [x.type, data]
    })
    ledger.during(meter.peak)
    for (const i of donated) release(inputs[i]!)
    return results.map(([type, data]) => adopt(type, data, program.name))
  }
  const device: Device = {
    name,
    upload: (data, type, maker) => {
      ledger.room(maker, data.byteLength)
      const copy = storage(type.dtype, data.length)
      copy.set(data)
      return adopt(type, copy, maker)
    },
    execute,
    forecast,
    // looked up when the task runs: the buffer may be released by then
    read: (buffer) => async () =>
      (buffer as PlainBuffer).data === undefined
        ? left({ code: 'disposed', message: `read: ${showType(buffer.type)} was disposed.` })
        : right(held(buffer).slice()),
    readSync: (buffer) => held(buffer).slice(),
    release,
    holds: (buffer) => (buffer as PlainBuffer).data !== undefined,
    memory: ledger.memory,
    resetPeak: ledger.resetPeak,
  }
  return device
}

/** The device of what is put nowhere else. */
export const plain: Device = plainDevice()
