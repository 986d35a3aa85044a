import { plain, toNested } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { line } from '../support.testing.js'
import { type Position, samples } from './samples.js'

const options = { interval: 3, seed: 5, device: plain } as const

const taken = async (count: number, from?: Position): Promise<{ all: unknown[]; positions: Position[] }> => {
  const [all, positions]: [unknown[], Position[]] = [[], []]
  for await (const { samples: batch, position } of samples(line.parts, { ...options, count, ...(from && { from }) })) {
    all.push(toNested(batch.train['y']!), toNested(batch.validation['y']!))
    positions.push(position)
  }
  return { all, positions }
}

test('training batches are stacked, and each row comes once in an epoch', async () => {
  const { all } = await taken(2)
  const [first, second] = [all[0] as number[][], all[2] as number[][]]
  assert.equal([first.length, first[0]!.length], [3, 4])
  // 24 rows are six batches of four
  assert.is(new Set([...first, ...second].flat()).size, 24)
})

test('an epoch may end inside of a step, and validation rows come again and again', async () => {
  const { all, positions } = await taken(5)
  assert.equal(positions.at(-1)!.train, {
    epoch: 2,
    batch: 3,
    count: 24,
    size: 4,
    seed: 5,
    order: 'shuffled',
    last: 'drop',
  })
  assert.equal([positions.at(-1)!.validation.epoch, positions.at(-1)!.validation.batch], [2, 1])
  assert.not.equal(all[0], all[4])
})

test('from a position they go on as if they had not stopped', async () => {
  const { all, positions } = await taken(5)
  // through JSON, as in a checkpoint
  const again = await taken(3, JSON.parse(JSON.stringify(positions[1]!)))
  assert.equal(again.all, all.slice(4))
  assert.equal(again.positions, positions.slice(2))
})

test.run()
