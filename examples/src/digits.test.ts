import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { packaged, readDigits, rows } from './digits.js'

const test = suite<{ home: string }>('digits', { home: '' })

test.before.each((context) => {
  context.home = mkdtempSync(join(tmpdir(), 'neumann-'))
})
test.after.each(({ home }) => rmSync(home, { recursive: true }))

const images = Uint8Array.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 10, 20, 30, 40])
const labelsOf = (...labels: number[]): Uint8Array => Uint8Array.from([0, 0, 8, 1, 0, 0, 0, labels.length, ...labels])

const rejects = async (work: Promise<unknown>, message: RegExp): Promise<void> => {
  const error = await work.then(
    () => undefined,
    (reason: Error) => reason,
  )
  assert.match(error?.message ?? 'no error', message)
}

test('the digits are those of MNIST: counts, and how often each occurs', async () => {
  const all = await readDigits(packaged(), 'train')
  assert.is(all.count, 60_000)
  assert.is(all.pixels, 784)
  const { labels } = await readDigits(packaged(), 't10k')
  const counts = new Array<number>(10).fill(0)
  for (const label of labels) counts[label]!++
  assert.equal(counts, [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
})

test('rows are images with their labels', async ({ home }) => {
  writeFileSync(join(home, 'train-images-idx3-ubyte'), images)
  writeFileSync(join(home, 'train-labels.idx1-ubyte'), labelsOf(7, 9))
  const second = rows(await readDigits(home, 'train'), 1, 2)
  assert.equal([...second.images], [30, 40])
  assert.equal([...second.labels], [9])
})

test('missing files are named', async ({ home }) => {
  await rejects(readDigits(home, 'train'), /there is no train-images-idx3-ubyte or train-images-idx3-ubyte\.gz in /)
  writeFileSync(join(home, 'train-images-idx3-ubyte'), images)
  await rejects(readDigits(home, 'train'), /there is no train-labels-idx1-ubyte/)
  await rejects(readDigits(join(home, 'below'), 'train'), /there is no folder .*below/)
})

test('files that do not belong together, or hold no digits, are refused', async ({ home }) => {
  writeFileSync(join(home, 'train-images-idx3-ubyte'), images)
  const withLabels = (bytes: Uint8Array): Promise<unknown> => {
    writeFileSync(join(home, 'train-labels-idx1-ubyte'), bytes)
    return readDigits(home, 'train')
  }
  await rejects(withLabels(labelsOf(1)), /the images in .* are 2 × 1 × 2, the labels 1: they do not belong together/)
  await rejects(withLabels(labelsOf(1, 10)), /a label in .* is 10: digits are 0 … 9/)
  await rejects(withLabels(Uint8Array.from([110, 111])), /train-labels-idx1-ubyte is no IDX file/)
})

test.run()
