import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { folder, removeFolders } from './files.testing.js'
import { tasks } from './index.js'
import type { Part, Wanted } from './task.js'
import { sizesOf } from './uci.js'

test.after(removeFolders)

/** A folder of sets with one of 20 rows, taken from the last one to the first. */
const sets = (name: string, home = folder()): string => {
  mkdirSync(join(home, name), { recursive: true })
  const write = (file: string, lines: readonly unknown[]): void =>
    writeFileSync(join(home, name, file), lines.map((line) => `${line}\n`).join(''))
  const rows = Array.from({ length: 20 }, (_, i) => i)
  write(
    'data.txt',
    rows.map((i) => `${i} 7 ${100 + 2 * i}`),
  )
  write('index_features.txt', [0, 1])
  write('index_target.txt', [2])
  write('n_splits.txt', [0])
  write('permutation_indices.txt', rows.toReversed())
  return home
}

const wanted: Wanted = { folder: undefined, variant: undefined, batch: 'all', hidden: 3, samples: undefined }

const loaded = (more: Partial<Wanted>) =>
  tasks['uci']!.run({ ...wanted, ...more }, async ({ parts, model, show }) => ({ ...parts, model, show }))

const column = async ({ source }: Part, name: string): Promise<number[]> =>
  Array.from((await source.load(Int32Array.from({ length: source.count }, (_, i) => i)))[name]!.data)

test("rows come in the papers' order: a tenth is for testing, and a fifth of the rest for validation", async () => {
  const { train, validation, test, model } = await loaded({ folder: sets('boston'), variant: 'boston' })
  assert.equal(
    [train, validation, test].map(({ source, size }) => [source.count, size]),
    [
      [14, 14],
      [4, 4],
      [2, 2],
    ],
  )
  assert.is(model, '2-3-1 relu network')
  // by the mean and deviation of rows 19 … 2, which are 10.5 and √28.5
  const z = (i: number): number => (i - 10.5) / Math.sqrt(28.5)
  const inputs = await column(train, 'inputs')
  assert.ok(Math.abs(inputs[0]! - z(19)) < 1e-6)
  assert.ok(Math.abs((await column(validation, 'inputs'))[0]! - z(5)) < 1e-6)
  assert.ok(Math.abs((await column(test, 'targets'))[1]! - z(0)) < 1e-6)
  // a column without deviation is nothing
  assert.is(inputs[1], 0)
})

test('parts of the published sets have the sizes of the paper', () => {
  // train, validation and test by hand from its table
  for (const [name, ...parts] of [
    ['energy', 614, 78, 76],
    ['kin8nm', 5898, 1475, 819],
    ['power-plant', 6889, 1722, 957],
    ['bostonHousing', 364, 91, 51],
    ['concrete', 742, 185, 103],
    ['naval-propulsion-plant', 8593, 2148, 1193],
    ['wine-quality-red', 1151, 288, 160],
    ['yacht', 222, 55, 31],
  ] as const) {
    const rows = parts.reduce<number>((a, b) => a + b, 0)
    const { train, validation } = sizesOf(name, rows)
    assert.equal([name, train, validation, rows - train - validation], [name, ...parts])
  }
})

test('Energy has a tenth for validation, the sizes of the paper', async () => {
  const { train, validation, test } = await loaded({ folder: sets('energy'), variant: 'energy' })
  assert.equal(
    [train, validation, test].map(({ source }) => source.count),
    [16, 2, 2],
  )
})

test('the sets are in the folder, or in its folder uci', async () => {
  const data = folder()
  sets('boston', join(data, 'uci'))
  assert.is((await loaded({ folder: data, variant: 'boston' })).train.source.count, 14)
})

test('errors are shown in the unit of the targets', async () => {
  const { show } = await loaded({ folder: sets('boston'), variant: 'boston' })
  // the deviation of the targets is twice √28.5
  assert.equal(show({ loss: 0.5 }), { 'squared error': '57.00' })
})

test('what is missing is said', async () => {
  const refused = async (more: Partial<Wanted>): Promise<string> =>
    loaded(more).then(
      () => '',
      ({ message }: Error) => message,
    )
  assert.match(await refused({ variant: 'energy' }), '--task uci:energy needs --data DIR')
  assert.match(await refused({ variant: '../x', folder: '/tmp' }), 'names a set by its folder')
  assert.match(await refused({ variant: 'yacht', folder: sets('energy') }), /yacht.data\.txt: .*no such file/)
})

test.run()
