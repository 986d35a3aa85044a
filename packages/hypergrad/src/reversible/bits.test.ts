import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bitsTable } from './bits.testing.js'

test('a net in training keeps log₂(1/γ) bits a weight and step, and comes back to its first bits', () => {
  const steps = 40
  for (const { expected, run } of bitsTable({ momenta: [0.5, 0.9], steps, batch: 5, hidden: 4 })) {
    // less at first: f32 gradients have some 20 low bits of zeros, and units that are off have no gradient; these cost nothing
    assert.ok(run.bits <= expected + 1 / steps && run.bits > expected / 3, `${run.bits}, expected ${expected}`)
    assert.is(run.astray, 0)
    assert.is(run.stopped, null)
    assert.ok(run.plainBytes / run.bytes > 15, `${run.bytes} bytes for ${run.plainBytes}`)
  }
})

test.run()
