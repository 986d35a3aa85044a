// What `plan` foretells against what a wrapper of `createBuffer` and `destroy` sees of a new device: buffers, intermediates, scratch.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { argsort, cumsum, matmul, readSync } from '../index.js'
import { simplify, typeOfTensor } from '../program.js'
import { input, programs } from '../run/forecasts.testing.js'
import { trace } from '../run/jit.js'
import { orThrow } from '../run/outcome.js'
import { webgpuDevice } from './index.js'
import { meteredGpu } from './meter.testing.js'

/** What needs memory beside the arena. */
const withScratch: typeof programs = [
  ['a product of long rows', (a, b) => matmul(a!, b!), [input(16, 20000), input(20000, 16)]],
  ['a sort of all', (x) => argsort(x!), [input(90_000)]],
  ['running sums of all', (x) => cumsum(x!), [input(90_000)]],
] // biome-ignore format: a table

test('the forecast of the peak is within an eighth of what is measured', async () => {
  const { gpu, meter } = await meteredGpu()
  for (const [name, f, args] of [...programs, ...withScratch]) {
    const device = await webgpuDevice({ gpu })
    const program = simplify(trace(f)(...args))
    const foretold = device.forecast(program)
    const inputs = args.map((x) => device.upload(readSync(x), typeOfTensor(x), 'input'))
    const before = meter.bytes
    meter.peak = before
    for (const buffer of device.execute(program, inputs, [])) orThrow(await device.read(buffer)())
    const measured = meter.peak - before
    // sizes of buffers are rounded up to an eighth of their power of two, and each has 256 bytes at least
    const most = 1.125 * foretold.peakBytes + 512
    assert.ok(measured >= foretold.peakBytes && measured <= most, `${name}: ${foretold.peakBytes} foretold, ${measured} measured`)
    device.dispose()
  }
}) // biome-ignore format: one thought a line

test.run()
