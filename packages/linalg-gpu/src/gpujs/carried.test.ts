import { GPU } from 'gpu.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { carried } from './carried.testing.js'
import { distance } from './harness.testing.js'
import { gpujsDevice } from './index.js'

// in the CPU mode of gpu.js, from the texts that WebGL2 compiles; the browser test does the same there
const device = await gpujsDevice({ GPU, mode: 'cpu' })

test.after(device.dispose)

for (const { title, near, run } of carried)
  test(`${title}: near the plain device, and carried by gpu.js`, async () => {
    const before = device.fallbacks().length
    const off = await distance(device, run)
    assert.ok(off <= near, `${off} ulp`)
    assert.equal(device.fallbacks().slice(before), [])
  })

test.run()
