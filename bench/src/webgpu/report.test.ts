import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseOptions } from '../options.js'
import { type Measured, rowText, type WebgpuRow, webgpuGoals } from './report.js'
import { chainRows, webgpuRows } from './rows.js'

const counts = {
  submits: 1, working: 1, passes: 1, dispatches: 4, bindGroups: 0, buffers: 0, pipelines: 0, modules: 0, bound: 140, copied: 20, written: 0, read: 0,
} // biome-ignore format: a list
const measured = (ms: number, dispatches: number, agrees = true): Measured => ({
  times: { ms, median: ms, min: ms, spread: 0, samples: 1 },
  first: { ...counts, pipelines: 3 },
  steady: { ...counts, dispatches },
  processor: 2 * ms,
  difference: 1e-3,
  agrees,
})
const row: WebgpuRow = {
  task: 'hvp',
  size: '8-n-1',
  tolerance: 1e-4,
  leastBytes: 100,
  ours: measured(10, 4),
  jax: measured(29, 8, false),
}

test('the numbers to reach: the ratio of times, half the dispatches, one submit, nothing made, 1.5 times the least bytes', () => {
  assert.equal(
    webgpuGoals([row]).map(({ value, bound, reached }) => [value, bound, reached]),
    [
      [2.9, '≥ 3', false],
      [0.5, '≤ 0.5', true],
      [1, '≤ 1', true],
      [0, '≤ 0', true],
      [1.6, '≤ 1.5', false],
    ],
  )
})

test('without a rival our own numbers are judged, without us nothing', () => {
  const { jax, ours, ...bare } = row
  assert.is(webgpuGoals([{ ...bare, ours: ours! }]).length, 3)
  assert.equal(webgpuGoals([{ ...bare, jax: jax! }]), [])
})

test('a result that differs from the plain device is marked', () => {
  const [head, ours, jax] = rowText(row).split('\n')
  // columns end below their names
  assert.is(head!.indexOf('processor') + 'processor'.length, ours!.indexOf('20.0 ms') + '20.0 ms'.length)
  assert.match(ours!, /^ {2}ours .*10\.0 ms.*20\.0 ms +4 .*0\.160 kB.*1\.60 × the least.* 3 .*1e-3$/)
  assert.match(jax!, /DIFFERS by 1\.0e-3$/)
})

test('rows for WebGPU are chosen by name from all of them, sweeps and long ones too', () => {
  const all = parseOptions(['--webgpu']).rows
  for (const one of [...webgpuRows, ...chainRows]) assert.ok(all.includes(one), one.size)
  const some = parseOptions(['--webgpu', 'hvp']).rows
  assert.is(webgpuRows.filter((one) => some.includes(one)).length, 2)
})

test.run()
