import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { phantom } from './phantom.js'

test('a small slice: every way learns, the exact ones agree, and more terms are nearer to them', async () => {
  const shares: number[] = []
  const rows = await phantom.run({
    quick: true,
    data: undefined,
    seeds: undefined,
    progress: (share) => shares.push(share),
  })
  const ours = new Map(rows.map((row) => [row.what, row.ours]))
  for (const { what, ours, lost } of rows) assert.ok(Number.isFinite(ours) && lost === 0, what)
  const of = (what: string): number => ours.get(what) ?? Number.NaN
  // chance is 10 %; 60 steps of a linear model reach some 80 %
  for (const way of ['exact, GMRES', 'exact, Anderson', 'phantom, unrolled', 'phantom, Neumann', 'one term'])
    assert.ok(of(`test accuracy, ${way}`) > 75, way)
  const cosine = (way: string): number => of(`cosine with the exact gradient, ${way}`)
  // both solve to a residual of a thousandth
  assert.ok(cosine('exact, Anderson') > 0.9999)
  for (const form of ['unrolled', 'Neumann']) {
    assert.ok(cosine(`phantom, ${form}`) < 0.9999)
    assert.ok(cosine(`phantom, ${form}`) > cosine('one term'), form)
  }
  assert.ok(shares.every((share, i) => share <= 1 && share >= (shares[i - 1] ?? 0)))
})

test.run()
