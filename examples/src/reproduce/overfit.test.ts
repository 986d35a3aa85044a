import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { overfit } from './overfit.js'

test('a small slice: the decays of a linear model learn 50 labels by heart, and hold them when trained anew', async () => {
  const rows = await overfit.run({ quick: true, data: undefined, seeds: undefined, progress: () => {} })
  const of = (what: string): number => rows.find((row) => row.what === `linear: ${what}`)!.ours
  assert.is(of('validation accuracy'), 100)
  // an image or two of fifty may be lost
  assert.ok(of('validation accuracy, retrained with these decays') >= 96)
  // without tuning 50 images teach a linear model about two thirds
  assert.ok(of('validation accuracy, all decays e⁻⁷') < 85)
})

test.run()
