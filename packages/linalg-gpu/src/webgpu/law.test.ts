// What the WebGPU device must keep of random functions with loops, branches and fences: the numbers of the plain device (up to the sign
// of zero), the printed lines and their order; and every bit from run to run, and in memory that was given up.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { softwareGpu } from '../../../../tools/webgpu/software.mjs'
import type { TypedArray } from '../dtype.js'
import { plain } from '../index.js'
import { inputTypes, type Program, print, simplify } from '../program.js'
import type { Device } from '../run/device.js'
import { orThrow } from '../run/outcome.js'
import { arguments3, programOf, scripts } from '../simplify/random.testing.js'
import { webgpuDevice } from './index.js'

const device = await webgpuDevice({ gpu: await softwareGpu() })

const results = async (on: Device, program: Program, donated: readonly number[] = []): Promise<TypedArray[]> => {
  const inputs = inputTypes(program).map((type, i) => on.upload(Float32Array.from(arguments3[i]!), type, 'input'))
  const outs = on.execute(program, inputs, donated)
  const data = await Promise.all(outs.map(async (buffer) => orThrow(await on.read(buffer)())))
  for (const buffer of [...inputs.filter((_, i) => !donated.includes(i)), ...outs]) on.release(buffer)
  return data
}
const sameNumber = (x: number, y: number): boolean => x === y || (Number.isNaN(x) && Number.isNaN(y))
const bits = (list: readonly TypedArray[]): string => list.map((x) => String(new Uint8Array(x.buffer))).join('|')

test('random programs give the numbers of the plain device and print the same; neither another run nor donation changes a bit', async () => {
  await fc.assert(
    fc.asyncProperty(scripts, async (script) => {
      let lines: string[] = []
      const program = simplify(programOf(script, (text) => lines.push(text.replace(/-0\b(?!\.)/g, '0'))))
      const run = async (on: Device, donated?: readonly number[]): Promise<[TypedArray[], string[]]> => {
        lines = []
        return [await results(on, program, donated), lines]
      }
      const [expected, printed] = await run(plain)
      const [got, own] = await run(device)
      assert.equal(own, printed)
      got.forEach((data, i) => {
        assert.is(data.length, expected[i]!.length)
        data.forEach((x, j) => {
          assert.ok(sameNumber(x, expected[i]![j]!), `output ${i}[${j}]: ${x}, was ${expected[i]![j]}\n${print(program)}`)
        })
      })
      for (const [what, [again]] of [
        ['again', await run(device)],
        ['all donated', await run(device, [0, 1, 2])],
      ] as const)
        assert.is(bits(again), bits(got), `${what}\n${print(program)}`)
    }),
    { numRuns: Number(process.env['LAW_RUNS'] ?? 60), includeErrorInReport: true },
  )
  // nothing stays behind
  const { count, bytes } = device.memory()
  assert.equal([count, bytes], [0, 0])
}) // biome-ignore format: one law

test.run()
