import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { maclaurin } from './maclaurin.js'

test('a small slice: runs come back bit by bit, keep log₂(1/γ) bits, and a few rounds make a better schedule', async () => {
  const rows = await maclaurin.run({ quick: true, data: undefined, seeds: 3, progress: () => {} })
  const of = (what: string) => rows.find((row) => row.what === what)!
  for (const gamma of [0.5, 0.9, 0.98]) {
    assert.is(of(`saving against 32 bits, γ = ${gamma}`).note, 'back at the first bits')
    const [theory, { ours }] = [-Math.log2(gamma), of(`bits a weight and step, γ = ${gamma}`)]
    // from below: velocities begin at zero and buffers empty, which is a bit or so less in 30 steps
    assert.ok(ours < theory && ours > 0.6 * theory, `γ = ${gamma}: ${ours} bits, in theory ${theory}`)
  }
  const [learnt, first] = [of('training loss, learnt schedule').ours, of('training loss, rate e⁻¹').ours]
  assert.ok(learnt < first - 0.1, `loss ${learnt}, ${first} at first`)
})

test.run()
