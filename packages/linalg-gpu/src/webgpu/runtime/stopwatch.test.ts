import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { softwareGpu } from '../../../../../tools/webgpu/software.mjs'
import { add, array, cond, type Device, data, exp, less, mul, profile, region, scan, sin, sum, type Tensor, whileLoop } from '../../index.js' // biome-ignore format: a list
import { wasmDevice } from '../../wasm/index.js'
import { webgpuDevice } from '../device.js'

const gpu = await webgpuDevice({ gpu: await softwareGpu() })
const wasm = await wasmDevice({ threads: 1 })

/** Results and what was timed, in the order of their regions. */
const timed = async (device: Device, f: (x: Tensor) => Tensor) => {
  const x = array([1, 2, 3, 4, 5], { device })
  const { value, timings, milliseconds } = await profile(f)(x)
  assert.ok(timings.every((one) => one.milliseconds >= 0) && Number.isFinite(milliseconds))
  const calls = timings.map(({ region, calls }) => `${region?.split(',')[0]} ${calls}`).sort()
  return { values: [...(await data(value))].map((one) => Math.round(1e3 * one)), calls }
}

const programs: Readonly<Record<string, readonly [(x: Tensor) => Tensor, string]>> = {
  kernels: [(x) => { const y = region('wave', () => sum(sin(x))); return region('rest', () => exp(mul(x, y))) }, 'wave 1'],
  'a scan': [(x) => scan((c: Tensor, row: Tensor) => [region('turn', () => add(c, row)), null] as const, sum(x), x)[0], 'turn 5'],
  'a branch': [(x) => cond(less(sum(x), 0), () => region('not taken', () => exp(x)), () => region('taken', () => mul(x, 2))), 'taken 1'],
  'a loop without a known end': [(x) => whileLoop((c: Tensor) => less(sum(c), 100), (c: Tensor) => region('turn', () => mul(c, 2)), x), 'turn 3'],
} // biome-ignore format: a table

for (const [name, [f, call]] of Object.entries(programs))
  test(`a profile counts what ran, as on wasm: ${name}`, async () => {
    const got = await timed(gpu, f)
    assert.ok(got.calls.includes(call), got.calls.join())
    const wanted = await timed(wasm, f)
    assert.equal(got.values, wanted.values)
    const own = (list: readonly string[]): readonly string[] => list.filter((one) => !one.startsWith('undefined'))
    assert.equal(own(got.calls), own(wanted.calls))
  })

test.run()
