import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Batch, type BatchOptions, type BatchState, batches, batchesPerEpoch } from './batches.js'
import { fromArrays, type Source } from './source.js'

const numbers = (count: number): Source<readonly number[]> => ({ count, load: (rows) => [...rows] })

const collect = async <T>(stream: AsyncIterable<Batch<T>>, most = Infinity): Promise<Batch<T>[]> => {
  const seen: Batch<T>[] = []
  if (most > 0)
    for await (const batch of stream) {
      seen.push(batch)
      if (seen.length === most) break
    }
  return seen
}
const values = async (source: Source<readonly number[]>, options: BatchOptions) =>
  (await collect(batches(source, options))).map(({ value }) => value)

test('in the order given, the last batch kept or dropped', async () => {
  assert.equal(await values(numbers(5), { size: 2, order: 'given' }), [[0, 1], [2, 3], [4]])
  assert.equal(await values(numbers(5), { size: 2, order: 'given', last: 'drop' }), [
    [0, 1],
    [2, 3],
  ])
  assert.equal(await values(numbers(4), { size: 2, order: 'given', last: 'drop' }), [
    [0, 1],
    [2, 3],
  ])
})

test('no rows, no epochs, and fewer rows than a batch that may not be partial: no batches', async () => {
  assert.equal(await values(numbers(0), { size: 2, seed: 1 }), [])
  assert.equal(await values(numbers(3), { size: 2, seed: 1, epochs: 0 }), [])
  assert.equal(await values(numbers(1), { size: 2, seed: 1, last: 'drop', epochs: Infinity }), [])
})

test('shuffled: every row once an epoch, another order in each, the same orders again from the same seed', async () => {
  const options = { size: 3, seed: 4, epochs: 2 }
  const seen = await values(numbers(10), options)
  assert.equal(seen.map((rows) => rows.length), [3, 3, 3, 1, 3, 3, 3, 1]) // biome-ignore format: one line
  const epochs = [seen.slice(0, 4).flat(), seen.slice(4).flat()]
  for (const epoch of epochs)
    assert.equal(
      epoch.toSorted((a, b) => a - b),
      [...Array(10).keys()],
    )
  assert.not.equal(epochs[0], epochs[1])
  assert.equal(await values(numbers(10), options), seen)
  assert.not.equal(await values(numbers(10), { ...options, seed: 5 }), seen)
})

test('a stream that is iterated twice begins anew', async () => {
  const stream = batches(numbers(4), { size: 2, seed: 1 })
  assert.equal(await collect(stream), await collect(stream))
})

test('stopped after any batch, saved as JSON and resumed, it goes on as if it had not stopped', async () => {
  for (const last of ['keep', 'drop'] as const) {
    const options = { size: 3, seed: 7, epochs: 3, last }
    const whole = await collect(batches(numbers(8), options))
    for (let stop = 1; stop <= whole.length; stop++) {
      const before = await collect(batches(numbers(8), options), stop)
      const from = JSON.parse(JSON.stringify(before.at(-1)!.next)) as BatchState
      const after = await collect(batches(numbers(8), { ...options, from }))
      assert.equal([...before, ...after], whole, `${last}, stopped after ${stop}`)
    }
  }
})

test('progress goes to 1 in equal steps, and says which batch of which epoch it is', async () => {
  const seen = await collect(batches(numbers(4), { size: 2, seed: 1, epochs: 2 }))
  assert.equal(
    seen.map(({ epoch, batch, batchesPerEpoch, progress }) => [epoch, batch, batchesPerEpoch, progress]),
    [[0, 0, 2, 0.25], [0, 1, 2, 0.5], [1, 0, 2, 0.75], [1, 1, 2, 1]], // biome-ignore format: one line
  )
  const endless = await collect(batches(numbers(2), { size: 1, seed: 1, epochs: Infinity }), 5)
  assert.equal(
    endless.map(({ epoch, progress }) => [epoch, progress]),
    [
      [0, 0],
      [0, 0],
      [1, 0],
      [1, 0],
      [2, 0],
    ],
  )
})

test('as many batches are loading ahead as were asked for, and no more', async () => {
  for (const prefetch of [0, 1, 3]) {
    let started = 0
    const source: Source<number> = { count: 10, load: async () => started++ }
    let done = 0
    for await (const { value } of batches(source, { size: 1, order: 'given', prefetch })) {
      assert.is(value, done++)
      assert.is(started, Math.min(10, done + prefetch))
    }
    assert.is(started, 10)
  }
})

test('batches come in their order, however long each takes to load', async () => {
  const waits = [30, 1, 15, 1]
  const source: Source<number> = {
    count: 4,
    load: ([row]) => new Promise((done) => setTimeout(done, waits[row!], row)),
  }
  assert.equal(
    (await collect(batches(source, { size: 1, order: 'given', prefetch: 3 }))).map(({ value }) => value),
    [0, 1, 2, 3],
  )
})

test('a load that fails ends the stream at its batch, after the batches before it', async () => {
  for (const prefetch of [0, 3]) {
    const source: Source<number> = {
      count: 6,
      load: ([row]) => (row === 2 ? Promise.reject(new Error('disk')) : row!),
    }
    const seen: number[] = []
    let said = ''
    try {
      for await (const { value } of batches(source, { size: 1, order: 'given', prefetch })) seen.push(value)
    } catch (error) {
      said = (error as Error).message
    }
    assert.equal([seen, said], [[0, 1], 'disk'])
  }
})

test('a stream that is left early leaves no rejection behind', async () => {
  const source: Source<number> = { count: 6, load: ([row]) => (row! > 0 ? Promise.reject(new Error('late')) : 0) }
  assert.is((await collect(batches(source, { size: 1, order: 'given', prefetch: 5 }), 1)).length, 1)
  await new Promise((done) => setTimeout(done, 5)) // the runner counts stray rejections as failures
})

test('rows of arrays that belong together', async () => {
  const source = fromArrays({
    x: { data: Float32Array.of(0, 1, 10, 11, 20, 21), shape: [3, 2] },
    y: { data: Uint8Array.of(5, 6, 7), shape: [3] },
  })
  for await (const { value, rows } of batches(source, { size: 2, seed: 3 })) {
    assert.equal(value.x.shape, [rows.length, 2])
    assert.equal([...value.y.data], [...rows].map((row) => row + 5)) // biome-ignore format: one line
    assert.equal(
      [...value.x.data],
      [...rows].flatMap((row) => [10 * row, 10 * row + 1]),
    )
  }
  assert.throws(() => fromArrays({}), /no arrays/)
  assert.throws(() => fromArrays({ x: { data: Uint8Array.of(1), shape: [] } }), /x has no rows/)
  const two = { data: Uint8Array.of(1, 2), shape: [2] }
  assert.throws(() => fromArrays({ two, one: { data: Uint8Array.of(1), shape: [1] } }), /two has 2 rows, one has 1/)
})

test('the number of batches', () => {
  assert.equal([batchesPerEpoch(5, 2), batchesPerEpoch(5, 2, 'drop'), batchesPerEpoch(0, 2)], [3, 2, 0])
  assert.throws(() => batchesPerEpoch(5, 0), /batchesPerEpoch: the size is 0/)
})

test('options that contradict themselves, and the state of another stream, throw at the call', async () => {
  const call = (options: BatchOptions) => () => batches(numbers(4), options)
  assert.throws(call({ size: 0, seed: 1 }), /batches: the size is 0: a whole number ≥ 1/)
  assert.throws(call({ size: 2 }), /a shuffled order needs a seed/)
  assert.throws(call({ size: 2, seed: 1, epochs: 1.5 }), /the number of epochs is 1.5/)
  assert.throws(call({ size: 2, seed: 1, prefetch: -1 }), /prefetch is -1/)
  const [{ next }] = (await collect(batches(numbers(4), { size: 2, seed: 1 }), 1)) as [Batch<unknown>]
  assert.throws(call({ size: 2, seed: 2, from: next }), /the state to go on from has seed 1, the stream 2/)
  assert.throws(call({ size: 1, seed: 1, from: next }), /has size 2, the stream 1/)
  assert.throws(() => batches(numbers(5), { size: 2, seed: 1, from: next }), /has count 4, the stream 5/)
  assert.throws(call({ size: 2, seed: 1, from: { ...next, batch: 2 } }), /the state's batch is 2, an epoch has 0 … 1/)
})

test.run()
