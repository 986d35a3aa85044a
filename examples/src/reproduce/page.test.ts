import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { page, short, table } from './page.js'
import type { Reproduction, Row } from './reproduction.js'

const rows: readonly Row[] = [
  { what: 'loss | mean', paper: '1.28 ± .08', ours: 1.23456, interval: [1.1, 1.304], runs: 200, lost: 3 },
  { what: 'time', ours: 1234.5, unit: 'ms', note: 'two threads' },
]

test('numbers have three digits, or more before the point', () => {
  for (const [
    x,
    text,
  ] of [[0.123456, '0.123'], [-2, '−2'], [1234.5, '1235'], [1e-7, '1.00e−7'], [2e9, '2.00e+9'], [0, '0'], [Infinity, '∞'], [Number.NaN, 'NaN']] as const) // biome-ignore format: a table
    assert.is(short(x), text)
})

test('a table has a column for each of what, paper, ours, interval, runs and NaN runs', () => {
  assert.is(
    table(rows),
    `what                paper       ours     95 % interval  runs  NaN
loss | mean         1.28 ± .08  1.23     1.1 – 1.3      200   3
time (two threads)              1235 ms`,
  )
})

test('a page names the paper, the day, the commit, the machine and the command, and escapes what would end a cell', () => {
  const run = { date: '2026-01-02', commit: 'abc', machine: 'a machine', seconds: 90, command: 'pnpm reproduce x' }
  const text = page({ title: 'A title', source: 'A paper' } as Reproduction, rows, run)
  assert.match(text, /^# A title\n/)
  assert.match(text, '| loss \\| mean | 1.28 ± .08 | 1.23 | 1.1 – 1.3 | 200 | 3 |')
  assert.match(text, 'Paper: A paper. Ours: 2026-01-02, commit abc, a machine, 1.5 minutes, by `pnpm reproduce x`.')
  assert.ok(
    text.indexOf('#region table') < text.indexOf('| what |') && text.indexOf('Paper:') < text.indexOf('#endregion'),
  )
})

test.run()
