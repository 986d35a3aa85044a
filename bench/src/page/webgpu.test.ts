import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Measured, WebgpuReport } from '../webgpu/report.js'
import { drawWebgpuPart, webgpuPart, withWebgpuPart } from './webgpu.js'

const measured: Measured = {
  times: { ms: 12, median: 12, min: 12, spread: 0.04, samples: 3 },
  first: { submits: 9, working: 8, passes: 8, dispatches: 8, bindGroups: 8, buffers: 5, pipelines: 7, modules: 7, bound: 0, copied: 0, written: 0, read: 0 },
  steady: { submits: 1, working: 1, passes: 1, dispatches: 4, bindGroups: 1, buffers: 2, pipelines: 0, modules: 0, bound: 140, copied: 20, written: 0, read: 0 },
  processor: 20,
  difference: 1e-3,
  agrees: true,
} // biome-ignore format: lists
const report: WebgpuReport = {
  date: '2026-11-22T10:14:34.551Z',
  commit: 'abc',
  machine: 'a machine',
  load: 9,
  adapter: { description: 'SwiftShader', software: true },
  settings: { rounds: 2, budgetMs: 60 },
  contestants: [{ id: 'ours', version: 'webgpu' }],
  rows: [{ task: 'hvp', size: '8-n-1', tolerance: 1e-4, leastBytes: 100, ours: measured, jax: { ...measured, agrees: false } }],
  missing: [],
  hostTime: { ours: { points: [[1, 0.1], [2, 0.105]], line: { intercept: 0.095, slope: 0.005 } } },
  goals: [],
} // biome-ignore format: lists

test('a row for each contestant: counts, bytes over the least, and a mark where results differ', () => {
  const lines = drawWebgpuPart(report).split('\n')
  assert.ok(lines.includes('| hvp 8-n-1 | ours | 4 | 1 | 3 | 0.160 kB | 1.60 | 7 | 12.0 ms | ± 4 % |'))
  assert.ok(lines.includes('| hvp 8-n-1 | jax | 4 | 1 | 3 | 0.160 kB | 1.60 | 7 | 12.0 ms ✗ | ± 4 % |'))
  assert.ok(lines.includes('| ours | 95.0 µs | 5.00 µs | 1: 100, 2: 105 |'))
})

test('that an adapter is in software is said of one that is, and of no other', () => {
  assert.match(drawWebgpuPart(report), /No real GPU was to be had/)
  assert.not.match(drawWebgpuPart({ ...report, adapter: { description: 'a GPU', software: false } }), /No real GPU/)
})

test('the part takes the place of the one before, and outlives the rest', () => {
  const part = drawWebgpuPart(report)
  const page = '# Benchmark\n\nour text\n'
  const whole = withWebgpuPart(page, part)
  assert.is(whole, `${page}\n${part}`)
  assert.is(withWebgpuPart(whole, part), whole)
  assert.is(withWebgpuPart('# Another\n', webgpuPart(whole)), `# Another\n\n${part}`)
  assert.is(webgpuPart(page), '')
  assert.is(withWebgpuPart(page, ''), page)
})

test.run()
