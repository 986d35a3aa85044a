import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { unwrap } from '../outcome.js'
import { fails, withRealFile } from '../support.testing.js'
import { readPtb, readUci } from './tables.js'

const test = suite<{ folder: string }>('files of tables and text')
test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'neumann-'))
})
test.after.each(({ folder }) => rm(folder, { recursive: true }))

const write = async (folder: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> => {
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
}

const uci = {
  'data.txt': '1 2\n3 4\n',
  'index_features.txt': '0\n',
  'index_target.txt': '1\n',
  'n_splits.txt': '1\n',
  'index_test_0.txt': '0\n',
}

test('a UCI folder, with and without an order of its own', async ({ folder }) => {
  await write(folder, uci)
  const set = unwrap(await readUci(folder)())
  assert.equal([set.inputs.data, set.targets.data], [Float64Array.of(1, 3), Float64Array.of(2, 4)])
  assert.equal([set.splits.length, set.order], [1, undefined])
  await write(folder, { 'permutation_indices.txt': '1\n0\n' })
  assert.equal(unwrap(await readUci(folder)()).order, Int32Array.of(1, 0))
})

test('a UCI folder in which something is lacking or wrong: the error has the path', async ({ folder }) => {
  await write(folder, { ...uci, 'n_splits.txt': '2\n' })
  assert.is(fails(await readUci(folder)(), 'notFound', /index_test_1.txt/).file, join(folder, 'index_test_1.txt'))
  await write(folder, { ...uci, 'n_splits.txt': '-1\n' })
  fails(await readUci(folder)(), 'badValue', /n_splits.txt: one whole number of splits is expected, there is -1/)
  await write(folder, { ...uci, 'data.txt': '1 2\n3 x\n' })
  const error = fails(await readUci(folder)(), 'badValue', /data.txt: decodeTable: line 2: "x" is no number/)
  assert.equal([error.file, error.offset], [join(folder, 'data.txt'), 4])
  assert.ok(error.message.startsWith(`${folder}/data.txt: `), error.message)
})

test('a PTB folder: the words are numbered by the train part', async ({ folder }) => {
  await write(folder, { 'ptb.train.txt.gz': gzipSync(' a b \n'), 'ptb.valid.txt': ' b \n', 'ptb.test.txt': ' a \n' })
  const { train, valid, test } = unwrap(await readPtb(folder)())
  assert.equal(
    [[...train.ids], [...valid.ids], [...test.ids]],
    [
      [0, 1, 2],
      [1, 2],
      [0, 2],
    ],
  )
  assert.is(test.vocabulary, train.vocabulary)
  await write(folder, { 'ptb.valid.txt': ' c \n' })
  fails(await readPtb(folder)(), 'badValue', /ptb.valid.txt: decodeWords: line 1: the vocabulary lacks "c"/)
})

for (const [name, rows, features, tested, mean] of [
  ['energy', 768, 8, 77, 22.3072],
  ['kin8nm', 8192, 8, 819, 0.7143],
  ['power-plant', 9568, 4, 957, 454.365],
  ['naval-propulsion-plant', 11934, 16, 1193, 0.975],
  ['concrete', 1030, 8, 103, 35.818],
] as const)
  withRealFile(test, ['uci', name], `UCI: ${name}, its sizes and the mean of its target`, async (folder) => {
    const { inputs, targets, splits, order } = unwrap(await readUci(folder)())
    assert.equal([inputs.shape, targets.shape], [[rows, features], [rows, 1]]) // biome-ignore format: one line
    assert.is(splits.length, 20)
    assert.ok(splits.every(({ train, test }) => test.length === tested && train.length === rows - tested))
    assert.is(order!.length, rows)
    // the known means are rounded to four places
    assert.ok(Math.abs(targets.data.reduce((sum, y) => sum + y, 0) / rows - mean) < 0.00005)
  })

withRealFile(test, ['ptb'], 'PTB: 10,000 words, and the tokens of its three parts', async (folder) => {
  const { train, valid, test } = unwrap(await readPtb(folder)())
  assert.is(train.vocabulary.length, 10_000)
  assert.equal(
    [train, valid, test].map(({ ids }) => ids.length),
    [929_589, 73_760, 82_430],
  )
  assert.equal(
    [...train.ids.subarray(24, 26)].map((id) => train.vocabulary[id]),
    ['<eos>', 'pierre'],
  )
})

test.run()
