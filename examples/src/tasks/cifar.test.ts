import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { standardisation } from '@neumann/data'
import { onePass } from '@neumann/hypergrad'
import { array, expandDims, key, mean, slice, type Tensor, uniform, zeros } from '@neumann/linalg-gpu'
import { convolution } from '@neumann/nn'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cifar, learner, standardised } from './cifar.js'
import { folder, removeFolders } from './files.testing.js'
import { smallRun } from './smallRun.testing.js'
import { apart, byDifferences, double, numbers, sgdHyper, sgdRule } from './support.testing.js'

const pixels = 3 * 32 * 32

/** Bytes that look random, the same each time; the colour of an image tells its class. */
const records = (count: number, seed: number): Uint8Array => {
  const bytes = new Uint8Array(count * (1 + pixels))
  let state = seed + 1
  for (let i = 0; i < count; i++) {
    const at = i * (1 + pixels)
    bytes[at] = i % 10
    for (let k = 1; k <= pixels; k++) {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
      bytes[at + k] = 20 * (i % 10) + ((state >> 16) & 63)
    }
  }
  return bytes
}

/** Twenty images to learn from and five to be tested on. */
const fewImages = (): string => {
  const home = folder()
  for (const k of [1, 2, 3, 4, 5]) writeFileSync(join(home, `data_batch_${k}.bin`), records(4, k))
  writeFileSync(join(home, 'test_batch.bin.gz'), gzipSync(records(5, 6)))
  return home
}

/** A batch of three small images: the network takes any size. */
const batch = (seed: number, count = 3) => ({
  images: uniform(key(seed), [count, 3, 8, 8], { high: 255, dtype: 'f64' }),
  labels: array(
    Array.from({ length: count }, (_, i) => (i + seed) % 10),
    { dtype: 'i32' },
  ),
})
const statistics = standardisation(
  { data: Float64Array.of(100, 120, 130, 140, 150, 190), shape: [2, 3, 1, 1] },
  { per: 'channel' },
)

const small = () => {
  const { problem, begin, score, parameters } = learner(1, statistics)(sgdRule())
  const state = double(begin(key(0)))
  // so that statistics are no longer zeros and ones
  return { problem, score, parameters, state: problem.update(state, sgdHyper(0.1, 0), batch(8)) }
}

test('pixels are standardised by colour', () => {
  const bytes = Uint8Array.from({ length: 2 * 3 * 4 }, (_, i) => (37 * i) % 256)
  const given = { data: bytes, shape: [2, 3, 2, 2] }
  const z = standardised(
    standardisation(given, { per: 'channel' }),
    array(bytes, { shape: given.shape }),
    zeros([], { dtype: 'f64' }),
  )
  const out = numbers(z)
  for (const colour of [0, 1, 2]) {
    const own = out.filter((_, i) => Math.floor(i / 4) % 3 === colour)
    const [sum, squares] = [own.reduce((a, x) => a + x, 0), own.reduce((a, x) => a + x * x, 0)]
    assert.ok(Math.abs(sum) < 1e-14 * 8)
    assert.ok(Math.abs(squares / 7 - 1) < 1e-14)
  }
})

test('training moves the statistics toward those of the batch, and uses the latter', () => {
  const { problem, state } = small()
  const after = problem.update(state, sgdHyper(0.1, 0), batch(1))
  const { params, statistics: before } = state.weights
  const stem = convolution(3, 1, 7, { strides: 2, padding: 3, bias: null })
  const x = stem.apply(params.stem.convolution, standardised(statistics, batch(1).images, batch(1).images))
  const want = 0.9 * numbers(before.stem.norm.mean)[0]! + 0.1 * numbers(mean(x))[0]!
  // sums of 147 numbers about 1, in another order on each device
  assert.ok(Math.abs(numbers(after.weights.statistics.stem.norm.mean)[0]! - want) < 1e-12)
  const elsewhere = {
    ...state,
    weights: { params, statistics: double(learner(1, statistics)(sgdRule()).begin(key(0))).weights.statistics },
  }
  assert.ok(apart(elsewhere.weights, state.weights) > 1e-3)
  assert.equal(
    numbers(problem.update(elsewhere, sgdHyper(0.1, 0), batch(1)).weights.params),
    numbers(after.weights.params),
  )
})

test('validation judges each image by itself', () => {
  const { problem, state } = small()
  const { images, labels } = batch(2)
  const F = (images: Tensor, labels: Tensor): number =>
    numbers(problem.outer(state.weights, sgdHyper(1, 0), { images, labels }))[0]!
  const alone = [0, 1, 2].map((i) => F(expandDims(slice(images, i), 0), expandDims(slice(labels, i), 0)))
  assert.ok(Math.abs(F(images, labels) - alone.reduce((a, b) => a + b) / 3) < 1e-13)
})

test('hypergradients take the statistics as they are', () => {
  const { problem, state } = small()
  const point = { state, hyper: sgdHyper(0.05, 0.1), train: batch(3), validation: batch(4) }
  for (const name of ['lr', 'decay'] as const) {
    const want = byDifferences({ ...point, problem }, name)
    for (const terms of [1, 2]) {
      const { gradient } = onePass({ terms })(problem)(null, { ...point, previous: state })
      const got = numbers(gradient[name])[0]!
      // errors of central differences by 1e-5 are about 1e-9
      assert.ok(Math.abs(got - want[terms - 1]!) < 1e-6 * Math.abs(got), `${name}, ${terms} terms: ${got}, ${want}`)
    }
  }
})

test('what the rule moves is the weights without the statistics', () => {
  const { parameters, state } = small()
  assert.is(parameters!(state), state.weights.params)
})

test('the command trains on small files, with a rate for each weight', async () => {
  const { history, test, steps } = await smallRun(
    `--task cifar --data ${fewImages()} --hidden 1 --batch 6 --epochs 2 --interval 3 --terms 1 --start lr=0.01,momentum=0.5 --tune lr:each,decay`,
  )
  assert.is(steps, 2)
  assert.ok(history.steps.every(({ accepted }) => accepted[0]))
  assert.ok(Number.isFinite(test!.tuned['loss']![0]))
  assert.ok(history.steps[1]!.hyper['lr']![0] !== history.start['lr']![0])
})

test('a folder has its parts, a single file is cut in three', async () => {
  const home = fewImages()
  const told = (path: string, samples?: number): Promise<string> =>
    cifar.run({ folder: path, variant: undefined, batch: 2, hidden: 4, samples }, async ({ data, model, show }) => {
      assert.is(model, 'ResNet-18 of 4 to 32 filters')
      assert.equal(show({ loss: 2, accuracy: 0.125 }), { loss: '2.0000', accuracy: '12.50 %' })
      return data
    })
  assert.is(await told(home), `18 images to train on, 2 to validate, 5 to test, of ${home}`)
  assert.is(await told(home, 3), `3 images to train on, 2 to validate, 3 to test, of ${home}`)
  const file = join(home, 'slice.bin.gz')
  writeFileSync(file, gzipSync(records(24, 1)))
  assert.is(await told(file), `18 images to train on, 2 to validate, 4 to test, of ${file}`)
  rmSync(join(home, 'data_batch_3.bin'))
  const message = await told(home).catch((error) => error.message)
  assert.match(message, /data_batch_3\.bin.*--data can also be one file of such records/)
})

test('without a folder it is said which files are wanted', async () => {
  const wanted = { folder: undefined, variant: undefined, batch: 2, hidden: 4, samples: undefined }
  assert.match(
    await cifar.run(wanted, async () => '').catch((error) => error.message),
    /^--task cifar needs --data DIR/,
  )
})

test.after(removeFolders)

test.run()
