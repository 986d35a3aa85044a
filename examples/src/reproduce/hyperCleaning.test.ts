import { array, plain, readSync } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { corrupted, f1, hyperCleaning } from './hyperCleaning.js'

test('half of the labels become other ones, each of the nine', async () => {
  const labels = Int32Array.from({ length: 1000 }, (_, i) => i % 10)
  const images = array([0])
  const { train, right } = await corrupted({ images, labels: array(labels) }, 5, plain)
  const [now, kept] = [readSync(train.labels), readSync(right)]
  assert.is(Array.from(kept).filter((x) => x === 1).length, 500)
  const shifts = new Set<number>()
  now.forEach((label, i) => {
    assert.is(label === labels[i], kept[i] === 1)
    assert.ok(label >= 0 && label <= 9)
    shifts.add((label - labels[i]! + 10) % 10)
  })
  assert.is(shifts.size, 10)
})

test('F1 is that of precision and recall', () => {
  // wrong: 0, 1, 2; called wrong: 1, 2, 3, 4: precision 2/4, recall 2/3
  const [precision, recall] = [2 / 4, 2 / 3]
  const found = f1([1, 0, 0, 0, 0, 1], [0, 0, 0, 1, 1, 1])
  assert.ok(Math.abs(found - (2 * precision * recall) / (precision + recall)) < 1e-12)
})

test('a small slice: cleaning finds most of the wrong labels, and is worth it', async () => {
  const rows = await hyperCleaning.run({ quick: true, data: undefined, seeds: undefined, progress: () => {} })
  const of = (what: string): number => rows.find((row) => row.what.includes(what))!.ours
  // calling every example wrong has 0.67
  assert.ok(of('F1') > 0.8, `F1 ${of('F1')}`)
  assert.ok(of('hyper-cleaned') > of('baseline') + 3)
  assert.ok(of('oracle') > of('baseline') + 3)
})

test.run()
