// What `plan` foretells against what the allocator of a new device measures: buffers, intermediates, scratch, descriptors and tapes.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readSync } from '../index.js'
import { simplify, typeOfTensor } from '../program.js'
import { programs } from '../run/forecasts.testing.js'
import { trace } from '../run/jit.js'
import { wasmDevice } from './index.js'

for (const threads of [1, 2])
  test(`the forecast of the peak is within a tenth of what is measured, with ${threads} threads`, async () => {
    for (const [name, f, args] of programs) {
      const device = await wasmDevice({ threads })
      const program = simplify(trace(f)(...args))
      const foretold = device.forecast(program)
      const inputs = args.map((x) => device.upload(readSync(x), typeOfTensor(x), 'input'))
      const before = device.heap().bytes
      device.resetPeak()
      device.execute(program, inputs, [])
      const measured = device.heap().peak - before
      const ratio = foretold.peakBytes / measured
      assert.ok(Math.abs(ratio - 1) < 0.1, `${name}: ${foretold.peakBytes} foretold, ${measured} measured`)
      device.dispose()
    }
  }) // biome-ignore format: one thought a line

test.run()
