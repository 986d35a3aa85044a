import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { digest } from '../contestants/respond.js'
import { difference, disagreement } from './compare.js'
import { merged, timesOf } from './report.js'
import { linesOf, type Report, type ResultRow, type Timing, written } from './rows.js'
import { median, quantile, summary } from './statistics.js'
import { takeTurns, turnFor } from './turns.js'

test('quantiles are linear between neighbours; of nothing they are NaN', () => {
  assert.is(median([3, 1, 2]), 2)
  assert.is(median([4, 1, 2, 3]), 2.5)
  assert.is(quantile([1, 2, 3, 4, 5], 0.25), 2)
  assert.is(quantile([7], 0.9), 7)
  assert.ok(Number.isNaN(median([])))
})

test('a time is the least median of the rounds: a wave of other work touches one round', () => {
  const { ms, min, median, samples } = summary([[5, 5, 90], [2, 3, 4], [30, 31, 32], []])
  assert.is(ms, 3)
  assert.is(min, 2)
  assert.is(median, 5)
  assert.is(samples, 9)
  assert.ok(Number.isNaN(summary([]).ms))
})

test('spread is that of the middle half of the samples', () => {
  assert.is(summary([[1, 2, 3, 4, 5]]).spread, 2 / 3)
  assert.is(summary([[2, 2, 2]]).spread, 0)
})

test('turns have samples of at least a millisecond and about the length of the budget', () => {
  assert.equal(turnFor(100, 250), { inner: 1, samples: 2 })
  assert.equal(turnFor(1000, 250), { inner: 1, samples: 1 })
  assert.equal(turnFor(0.01, 250), { inner: 100, samples: 50 })
  assert.equal(turnFor(0, 250), { inner: 100_000, samples: 50 })
})

test('contestants take turns, and one that fails leaves the others alone', async () => {
  const order: string[] = []
  const taken = await takeTurns(
    ['a', 'b', 'c'],
    3,
    async (who, round) => {
      order.push(`${who}${round}`)
      if (who === 'b' && round === 1) throw new Error('out of memory')
      return [round]
    },
    0,
  )
  assert.is(order.join(' '), 'a0 b0 c0 a1 b1 c1 a2 c2')
  assert.equal(taken.get('a'), { rounds: [[0], [1], [2]] })
  assert.equal(taken.get('b'), { rounds: [[0]], error: 'out of memory' })
})

test('results are the same up to rounding, by their elements and by their norm', () => {
  const x = Float32Array.from({ length: 10_000 }, (_, i) => Math.sin(i))
  const near = x.map((v) => v * (1 + 1e-6))
  assert.is(difference(digest(x), digest(x)), 0)
  assert.ok(difference(digest(x), digest(near)) < 2e-6)
  // an element that no sample sees
  const wrong = x.slice()
  wrong[1] = 1000
  assert.ok(difference(digest(x), digest(wrong)) > 0.5)
  // of the same norm, in another order
  assert.ok(difference(digest(x), digest(x.slice().reverse())) > 0.5)
})

test('other lengths, NaN and a result too few are infinitely apart; zeros are zeros', () => {
  const zeros = digest([0, 0])
  assert.is(difference(zeros, zeros), 0)
  assert.is(difference(digest([1]), digest([1, 1])), Number.POSITIVE_INFINITY)
  assert.is(difference(digest([1]), digest([Number.NaN])), Number.POSITIVE_INFINITY)
  assert.is(difference(digest([1]), zeros), Number.POSITIVE_INFINITY)
  assert.is(disagreement({ a: zeros }, {}), Number.POSITIVE_INFINITY)
  // names are each one's own, the order counts
  assert.is(disagreement({ a: digest([1]), b: digest([2]) }, { x: digest([1]), y: digest([3]) }), 1 / 3)
})

const row = (more: Partial<ResultRow>): ResultRow => ({
  task: 'matmul',
  size: '512',
  where: 'node',
  device: 'wasm',
  threads: 1,
  rival: 'jax',
  rivalThreads: 1,
  oursMs: 10,
  theirsMs: 20,
  ratio: 2,
  oursMin: 9,
  theirsMin: 19,
  oursSpread: 0.1,
  theirsSpread: 0.2,
  difference: 1e-7,
  tolerance: 1e-6,
  agrees: true,
  flops: 1,
  bytes: 1,
  oursBytes: null,
  oursResident: null,
  theirsBytes: null,
  ...more,
})

test('rows become a line for each contestant, and say where results differ', () => {
  const text = linesOf([
    row({}),
    row({ threads: 2, oursMs: 5, ratio: 4 }),
    row({ threads: 2, oursMs: 5, rival: 'ours', theirsMs: 10, ratio: 2 }),
    row({ rival: 'tfjs', theirsMs: 30, ratio: 3, agrees: false, difference: 0.08 }),
  ])
  assert.equal(
    text.split('\n').map((line) => line.replace(/\s+/g, ' ').trim()),
    [
      'ours@1 10.0 ms least 9.00 ± 10 % 2.00 × ours@2',
      'ours@2 5.00 ms least 9.00 ± 10 %',
      'jax@1 20.0 ms least 19.0 ± 20 % 2.00 × ours@1 4.00 × ours@2',
      'tfjs@1 30.0 ms least 19.0 ± 20 % 3.00 × ours@1 RESULTS DIFFER by 8.0e-2',
    ],
  )
  assert.is(written(12_345.6), '12346')
  assert.is(written(Number.NaN), '–')
})

test('a report takes in another: what is measured again is replaced, the rest stays', () => {
  const timing = (contestant: string, ms: number, more: Partial<Timing> = {}): Timing => ({
    where: 'node',
    contestant,
    task: 'matmul',
    size: '512',
    ms,
    median: ms,
    min: ms,
    spread: 0,
    samples: 1,
    ...more,
  })
  const report = (timings: readonly Timing[], rows: readonly ResultRow[], version: string): Report => ({
    date: version,
    commit: 'c',
    machine: 'm',
    settings: { rounds: 1, budgetMs: 1, relaxed: 'auto' },
    contestants: [{ id: 'ours@1', where: 'node', version }],
    skipped: [],
    timings,
    rows,
    missing: [],
    goals: [],
  })
  const chromium = { where: 'chromium' } as const
  const both = merged(
    report(
      [timing('ours@1', 9), timing('jax@1', 9), timing('jax@1', 99, { size: '1024' })],
      [row({ size: '1024' })],
      'old',
    ),
    report([timing('ours@1', 10), timing('jax@1', 40), timing('jax@2', 7, chromium)], [row({}), row(chromium)], 'new'),
  )
  assert.is(both.rows.length, 3)
  assert.equal(both.contestants, [{ id: 'ours@1', where: 'node', version: 'new' }])
  const times = timesOf(both.timings, 'node')
  assert.is(times('jax@1', 'matmul', '512'), 40)
  assert.is(times('jax@1', 'matmul', '1024'), 99)
  assert.is(times('ours@1', 'matmul', '512'), 10)
  assert.ok(Number.isNaN(times('jax@2', 'matmul', '512')))
  assert.is(timesOf(both.timings, 'chromium')('jax@2', 'matmul', '512'), 7)
  assert.is(both.goals.find(({ name }) => name === 'matmul 512: jax@1 / ours@1')?.value, 4)
})

test.run()
