// Random programs of all operations, dtypes and views but f64: the numbers of the plain device and the same prints, every bit from run
// to run, whatever is donated, by kernels for real GPUs and with the fewest bindings that one has, inputs left as they were, and
// nothing left behind.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { softwareGpu } from '../../../../tools/webgpu/software.mjs'
import type { DType, TypedArray } from '../dtype.js'
import { plain } from '../index.js'
import { fromHalf } from '../plain/half.js'
import { bodiesOf } from '../program/op.js'
import { inputTypes, outputTypes, type Program, print, simplify } from '../program.js'
import type { Device } from '../run/device.js'
import { orThrow } from '../run/outcome.js'
import { argumentsOf, type Fuzz, fuzzes, programOf } from '../wasm/fuzz.testing.js'
import { webgpuDevice } from './index.js'
import { lowered, wrappedGpu } from './outcomes.testing.js'

// programs come and go, and so do buffers
const device = await webgpuDevice({ gpu: await softwareGpu(), capacity: 2, idle: 2 ** 18 })
// and one that gets the kernels of real GPUs, of workgroups that are small, since barriers are slow here
const info = { vendor: 'acme', architecture: '', device: '', description: '', isFallbackAdapter: false, subgroupMinSize: 4, subgroupMaxSize: 4 } as unknown as GPUAdapterInfo // biome-ignore format: a table
const few = await wrappedGpu({
  adapter: () => ({ info }),
  device: ({ limits }) => ({
    limits: lowered(limits, { maxStorageBuffersPerShaderStage: 4, maxComputeInvocationsPerWorkgroup: 32 }),
  }),
})
const narrow = await webgpuDevice({ gpu: few.gpu, capacity: 2 })
assert.not(narrow.traits.software)

const results = async (
  on: Device,
  program: Program,
  data: readonly TypedArray[],
  donated: readonly number[] = [],
): Promise<readonly TypedArray[]> => {
  const inputs = inputTypes(program).map((type, i) => on.upload(data[i]!.slice(), type, 'input'))
  const outs = on.execute(program, inputs, donated)
  const read: TypedArray[] = []
  for (const buffer of outs) read.push(orThrow(await on.read(buffer)()))
  const kept = inputs.filter((_, i) => !donated.includes(i))
  for (const [i, buffer] of inputs.entries())
    if (kept.includes(buffer))
      assert.is(bits([orThrow(await on.read(buffer)())]), bits([data[i]!]), `input ${i} was written\n${print(program)}`)
  for (const buffer of [...kept, ...outs]) on.release(buffer)
  return read
}
const number = (dtype: DType, x: number): number => (dtype === 'f16' ? fromHalf(x) : x)
const sameNumber = (x: number, y: number): boolean => x === y || (Number.isNaN(x) && Number.isNaN(y))
/** The bytes, but for those of NaN, which WebGPU leaves open. */
const bits = (list: readonly TypedArray[]): string =>
  list
    .map((x) => {
      const own = x.slice()
      if (own instanceof Float32Array) own.forEach((v, i) => void (Number.isNaN(v) && (own[i] = Number.NaN)))
      if (own instanceof Uint16Array) own.forEach((v, i) => void (Number.isNaN(fromHalf(v)) && (own[i] = 0x7e00)))
      return Buffer.from(own.buffer, own.byteOffset, own.byteLength).toString('base64')
    })
    .join('|')

const wide = (program: Program): boolean =>
  program.types.some(({ dtype }) => dtype === 'f64') || program.eqns.some(({ op }) => bodiesOf(op).some(wide))

const check = async (fuzz: Fuzz): Promise<void> => {
  let lines: string[] = []
  const log = (text: string): void => {
    lines.push(text.replace(/-0\b(?!\.)/g, '0'))
  }
  const program = programOf(fuzz, log, 6000)
  const simple = simplify(program)
  fc.pre(!wide(simple))
  const data = argumentsOf(fuzz)
  const run = async (on: Device, which = simple, donated?: readonly number[]): Promise<[readonly TypedArray[], string[]]> => {
    lines = []
    return [await results(on, which, data, donated), lines]
  }
  const [expected, printed] = await run(plain, program)
  const types = outputTypes(program)
  const [got, own] = await run(device)
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
    ['all donated', await run(device, simple, all)],
    ['with few bindings, some donated', await run(narrow, simple, all.filter((i) => i % 2 === data.length % 2))],
  ] as const)
    assert.is(bits(again), bits(got), `${what}\n${print(simple)}`)
} // biome-ignore format: one law

test('random programs of every operation mean on the GPU what they mean on the plain device', async () => {
  const seed = process.env['LAW_SEED']
  await fc.assert(fc.asyncProperty(fuzzes(Number(process.env['LAW_LENGTH'] ?? 12)), check), {
    numRuns: Number(process.env['LAW_RUNS'] ?? 60),
    includeErrorInReport: true,
    ...(seed ? { seed: Number(seed) } : {}),
  })
  for (const own of [device, narrow]) assert.equal([own.memory().count, own.memory().bytes], [0, 0])
})

test.run()
