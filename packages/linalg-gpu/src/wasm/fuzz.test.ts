// Random programs of all operations, dtypes and views: the numbers of the plain device and the same prints, every bit for any number
// of threads and whatever is donated, and nothing left behind.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DType, TypedArray } from '../dtype.js'
import { plain } from '../index.js'
import { fromHalf } from '../plain/half.js'
import { inputTypes, outputTypes, type Program, print, simplify } from '../program.js'
import type { Device } from '../run/device.js'
import { argumentsOf, type Fuzz, fuzzes, programOf } from './fuzz.testing.js'
import { wasmDevice } from './index.js'

// programs come and go
const one = await wasmDevice({ threads: 1, capacity: 2 })
const two = await wasmDevice({ threads: 2 })

const results = (
  device: Device,
  program: Program,
  data: readonly TypedArray[],
  donated: readonly number[] = [],
): readonly TypedArray[] => {
  const inputs = inputTypes(program).map((type, i) => device.upload(data[i]!.slice(), type, 'input'))
  const outs = device.execute(program, inputs, donated)
  const read = outs.map((buffer) => device.readSync!(buffer))
  if (device !== plain)
    inputs.forEach((buffer, i) => {
      if (!donated.includes(i))
        assert.equal(bits([device.readSync!(buffer)]), bits([data[i]!]), `input ${i} was written\n${print(program)}`)
    })
  for (const buffer of [...inputs.filter((_, i) => !donated.includes(i)), ...outs]) device.release(buffer)
  return read
}
const number = (dtype: DType, x: number): number => (dtype === 'f16' ? fromHalf(x) : x)
const sameNumber = (x: number, y: number): boolean => x === y || (Number.isNaN(x) && Number.isNaN(y))
/** The bytes, but for those of NaN, which WebAssembly leaves open. */
const bits = (list: readonly TypedArray[]): string =>
  list
    .map((x) => {
      if (x instanceof Float32Array || x instanceof Float64Array)
        for (let i = 0; i < x.length; i++) if (Number.isNaN(x[i]!)) x[i] = Number.NaN
      if (x instanceof Uint16Array) for (let i = 0; i < x.length; i++) if (Number.isNaN(fromHalf(x[i]!))) x[i] = 0x7e00
      return Buffer.from(x.buffer, x.byteOffset, x.byteLength).toString('base64')
    })
    .join('|')

const check = (fuzz: Fuzz): void => {
  let lines: string[] = []
  const log = (text: string): void => {
    lines.push(text.replace(/-0\b(?!\.)/g, '0'))
  }
  const program = programOf(fuzz, log, 6000)
  const simple = simplify(program)
  const data = argumentsOf(fuzz)
  const run = (device: Device, which = simple, donated?: readonly number[]): [readonly TypedArray[], string[]] => {
    lines = []
    return [results(device, which, data, donated), lines]
  }
  const [expected, printed] = run(plain, program)
  const types = outputTypes(program)
  const [got, own] = run(one)
  assert.equal(own, printed)
  got.forEach((values, i) => {
    const { dtype } = types[i]!
    assert.is(values.length, expected[i]!.length)
    values.forEach((x, j) => {
      const [a, b] = [number(dtype, x), number(dtype, expected[i]![j]!)]
      assert.ok(sameNumber(a, b), `output ${i}[${j}]: ${a}, was ${b}\n${print(simple)}`)
    })
  })
  const all = data.map((_, i) => i)
  for (const [what, [again]] of [
    ['two threads', run(two)],
    ['all donated', run(one, simple, all)],
    ['some donated', run(two, simple, all.filter((i) => i % 2 === data.length % 2))],
  ] as const)
    assert.is(bits(again), bits(got), `${what}\n${print(simple)}`)
} // biome-ignore format: one law

test('random programs of every operation mean on this device what they mean on the plain one', () => {
  const before = [one.memory(), two.memory()].map(({ count, bytes }) => [count, bytes])
  const seed = process.env['LAW_SEED']
  fc.assert(fc.property(fuzzes(Number(process.env['LAW_LENGTH'] ?? 12)), check), {
    numRuns: Number(process.env['LAW_RUNS'] ?? 100),
    includeErrorInReport: true,
    ...(seed ? { seed: Number(seed) } : {}),
  })
  assert.equal(
    [one.memory(), two.memory()].map(({ count, bytes }) => [count, bytes]),
    before,
  )
})

test.run()
