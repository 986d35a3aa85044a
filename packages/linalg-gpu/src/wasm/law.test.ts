// What the wasm device must keep of random programs: the numbers of the plain device (up to the sign of zero), the printed lines
// and their order; and every bit, for any number of threads and in memory that was given up.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TypedArray } from '../dtype.js'
import { plain } from '../index.js'
import { inputTypes, type Program, print, simplify } from '../program.js'
import type { Device } from '../run/device.js'
import { arguments3, programOf, scripts } from '../simplify/random.testing.js'
import { wasmDevice } from './index.js'

const one = await wasmDevice({ threads: 1 })
const two = await wasmDevice({ threads: 2 })

const results = (device: Device, program: Program, donated: readonly number[] = []): readonly TypedArray[] => {
  const inputs = inputTypes(program).map((type, i) => device.upload(Float32Array.from(arguments3[i]!), type, 'input'))
  const outs = device.execute(program, inputs, donated)
  const data = outs.map((buffer) => device.readSync!(buffer))
  for (const buffer of [...inputs.filter((_, i) => !donated.includes(i)), ...outs]) device.release(buffer)
  return data
}
const sameNumber = (x: number, y: number): boolean => x === y || (Number.isNaN(x) && Number.isNaN(y))
const bits = (list: readonly TypedArray[]): string => list.map((x) => String(new Uint8Array(x.buffer))).join('|')

test('random programs give the numbers of the plain device and print the same; threads and donation change no bit', () => {
  const before = [one.memory(), two.memory()].map(({ count, bytes }) => [count, bytes])
  fc.assert(
    fc.property(scripts, (script) => {
      let lines: string[] = []
      const program = simplify(programOf(script, (text) => lines.push(text.replace(/-0\b(?!\.)/g, '0'))))
      const run = (device: Device, donated?: readonly number[]): [readonly TypedArray[], string[]] => {
        lines = []
        return [results(device, program, donated), lines]
      }
      const [expected, printed] = run(plain)
      const [got, own] = run(one)
      assert.equal(own, printed)
      got.forEach((data, i) => {
        assert.is(data.length, expected[i]!.length)
        data.forEach((x, j) => {
          assert.ok(sameNumber(x, expected[i]![j]!), `output ${i}[${j}]: ${x}, was ${expected[i]![j]}\n${print(program)}`)
        })
      })
      for (const [what, [again]] of [
        ['again', run(one)],
        ['two threads', run(two)],
        ['all donated', run(one, [0, 1, 2])],
      ] as const)
        assert.is(bits(again), bits(got), `${what}\n${print(program)}`)
    }),
    { numRuns: Number(process.env['LAW_RUNS'] ?? 150), includeErrorInReport: true },
  )
  // nothing stays behind
  assert.equal([one.memory(), two.memory()].map(({ count, bytes }) => [count, bytes]), before)
}) // biome-ignore format: one law

test.run()
