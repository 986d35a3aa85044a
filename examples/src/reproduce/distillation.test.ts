import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { distillation } from './distillation.js'

test('a small slice: warm weights learn from one example what it does not hold, cold ones two classes', async () => {
  const rows = await distillation.run({ quick: true, data: undefined, seeds: undefined, progress: () => {} })
  const of = (what: string): number => rows.find((row) => row.what === `one example, ${what}`)!.ours
  assert.ok(of('warm') > 40, `warm ${of('warm')}`)
  // two classes are 22 % of the digits, within two deviations of a thousand of them
  for (const what of ['cold', 'warm, trained anew', 'cold, trained anew'])
    assert.ok(of(what) < 25, `${what} ${of(what)}`)
  assert.ok(of('cold') > 15, `cold ${of('cold')}`)
})

test.run()
