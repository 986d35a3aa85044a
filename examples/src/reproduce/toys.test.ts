import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { toys } from './toys.js'

test("every number of the specification's tables, to its printed digits", async () => {
  const rows = await toys.run({ quick: true, data: undefined, seeds: undefined, progress: () => {} })
  assert.ok(rows.length > 70, `${rows.length} rows`)
  for (const { what, paper, ours, note } of rows) {
    const [whole, decimals = ''] = paper!.replace('−', '-').split('.') as [string, string?]
    const printed = Number(`${whole}.${decimals || 0}`)
    // half a unit of the last digit, and what is left of limits; of a number that was not yet at its limit the specification's own distance from it
    const tolerance = note === undefined ? 0.5 * 10 ** -decimals.length + 1e-8 : 5e-5
    assert.ok(Math.abs(ours - printed) <= Math.min(tolerance, 1e-4), `${what}: ${ours}, printed ${paper}`)
  }
})

test.run()
