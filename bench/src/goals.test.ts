import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { goals, type Times, verdicts } from './goals.js'
import { tasks } from './tasks.js'

const mnist = '784-256-10 batch 128'
const table =
  (known: Readonly<Record<string, number>>): Times =>
  (contestant, task, size) =>
    known[`${contestant} ${task} ${size}`] ?? Number.NaN

test('a ratio is their time over ours, and a goal without times is not judged', () => {
  const times = table({ 'ours@1 matmul 512': 10, 'ours@2 matmul 512': 5, 'jax@1 matmul 512': 13 })
  assert.equal(verdicts('node', times), [
    {
      name: 'matmul 512: jax@1 / ours@1',
      value: 1.3,
      bound: '≥ 1.4',
      reached: false,
      beyond: null,
      beyondReached: null,
    },
    {
      name: 'matmul 512: jax@1 / ours@2',
      value: 2.6,
      bound: '≥ 2',
      reached: true,
      beyond: '≥ 3',
      beyondReached: false,
    },
  ])
})

test('where there are several ways, the least time of each counts', () => {
  const times = table({
    [`ours@1 hvp-forward ${mnist}`]: 6,
    [`ours@1 hvp-reverse ${mnist}`]: 5,
    [`jax@1 hvp-forward ${mnist}`]: 60,
    [`jax@1 hvp-reverse ${mnist}`]: 300,
  })
  const [better] = verdicts('node', times)
  assert.is(better?.value, 12)
  assert.is(better?.reached, true)
})

test('a limit from above is reached below it', () => {
  const size = '784-256-256-10 batch 128'
  const of = (gradient: number): boolean | undefined =>
    verdicts('node', table({ [`ours@1 forward ${size}`]: 2, [`ours@1 gradient ${size}`]: gradient }))[0]?.reached
  assert.is(of(7), true)
  assert.is(of(7.2), false)
})

test('every goal is about rows that exist', () => {
  const sizes = new Set(tasks.flatMap(({ rows }) => rows.map(({ task, size }) => `${task} ${size}`)))
  for (const { name, value } of goals) {
    const asked: string[] = []
    value((_, task, size) => asked.push(`${task} ${size}`))
    assert.ok(asked.length > 0, name)
    for (const one of asked) assert.ok(sizes.has(one), `${name}: there is no row ${one}`)
  }
})

test.run()
