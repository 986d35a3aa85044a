import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { key, plain, readSync, type Tensor, treeMap, zerosLike } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sets, uciComparison } from './clarkeUci.js'

const data = process.env['NEUMANN_DATA'] || fileURLToPath(new URL('../../../../shared/data', import.meta.url))
const energy = join(data, 'uci', 'energy')
const missing = existsSync(energy) ? undefined : `skipped: no ${energy}; set NEUMANN_DATA to the folder that holds uci/`
if (missing) console.log(missing)
const real = missing ? test.skip : test

real('a network that says 0 has the error of the mean of the known rows, in the target’s own unit', async () => {
  const lines = (name: string): string[] => readFileSync(join(energy, name), 'utf8').trim().split('\n')
  const targets = lines('data.txt').map((line) => Number(line.trim().split(/\s+/)[8]))
  const own = lines('permutation_indices.txt').map((row) => targets[Number(row)]!)
  const error = (from: number, to: number): number => {
    const known = own.slice(0, 692)
    const mean = known.reduce((a, b) => a + b) / known.length
    return own.slice(from, to).reduce((sum, y) => sum + (y - mean) ** 2, 0) / (to - from)
  }
  const { net, test, validation } = await uciComparison(data, sets.energy, plain, { members: 1, steps: 1 })
  const nothing = treeMap(zerosLike, net.init(key(0)) as never) as ReturnType<typeof net.init>
  const number = (x: Tensor): number => readSync(x)[0]!
  // the data are f32 there: 2⁻²⁴ · √76, and as much for the sum
  assert.ok(Math.abs(number(test(nothing)) / error(692, 768) - 1) < 1e-5)
  // the variance by which these were divided, with n − 1
  const variance = (error(0, 692) * 692) / 691
  assert.ok(Math.abs((number(validation(nothing)) * variance) / error(614, 692) - 1) < 1e-5)
})

real('the parts of each set are all its rows', async () => {
  for (const set of Object.values(sets)) {
    const { net } = await uciComparison(data, set, plain, { members: 1, steps: 1 })
    assert.is((net.init(key(0)) as { out: { weight: Tensor } }).out.weight.shape[0], 50)
  }
})

test('the sizes of the parts are those that the paper prints', () => {
  assert.equal(
    Object.values(sets).map(({ train, validation, test }) => [train, validation, test]),
    [[614, 78, 76], [5898, 1475, 819], [6889, 1722, 957]], // biome-ignore format: a table
  )
})

test.run()
