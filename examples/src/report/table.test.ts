import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { line } from '../support.testing.js'
import { found } from './results.testing.js'
import { certificateLine, counted, lines, short, tableOf, timeLine, tunedLine } from './table.js'

const results = await found('--epochs', '4', '--start', 'momentum=0.5', '--tune', 'lr,decay:each')

test('two rows for each setting, with where it began and where it ended', () => {
  const { head, rows } = tableOf(results, line.show)
  assert.equal(head, ['setting', 'lr', 'momentum', 'decay (each weight, mean)', 'validation loss', 'test loss'])
  assert.equal(
    rows.map(([first]) => first),
    ['1 fixed', '1 tuned', '2 fixed', '2 tuned'],
  )
  assert.not.match(rows[0]![1]!, '→')
  assert.match(rows[1]![1]!, / → /)
  assert.is(rows[1]![2], '0.500')
  assert.match(rows[0]![5]!, /^\d+\.\d{4}$/)
})

test('columns stand below each other', () => {
  const all = lines({ head: ['a', 'bcd'], rows: [['long', '1'], ['x', '12345']] }) // biome-ignore format: a table
  assert.is(all, 'a       bcd\nlong      1\nx     12345')
})

test('numbers are short, and those that are lost are called so', () => {
  assert.equal([0.0123, 1.21e-6, 0, 12345, 2].map(short), ['0.0123', '1.21e-6', '0.00', '1.23e+4', '2.00'])
  assert.equal([null, undefined].map(short), ['NaN', 'NaN'])
})

test('certificates and times are summed up', () => {
  assert.match(certificateLine(results), /^16 hypergradients \(onepass, 5 terms\): \d+ \w+.*; 0 not followed/)
  assert.match(
    timeLine(results),
    /^Training 2 settings took \d+\.\d s with fixed .* \d+\.\d s with tuned ones, .*; a tuned step takes \d/,
  )
  const short = { ...results, time: { ...results.time, ratio: null } }
  assert.match(timeLine(short), /with tuned ones\.$/)
})

test('what there is one of is no plural', () => {
  assert.equal([counted(1, 'term'), counted(2, 'term')], ['1 term', '2 terms'])
  const choice = { ...results.choice, terms: 1 }
  assert.match(tunedLine(choice), 'tuned: lr, decay of each weight, by onepass with 1 term each 3 steps')
})

test('what ran away is shown as such', async () => {
  const lost = await found('--epochs', '40', '--optimiser', 'sgd', '--start', 'lr=1,decay=1000', '--settings', '1')
  assert.is(tableOf(lost, line.show).rows[0]!.at(-1), 'NaN')
  assert.ok(lost.settings[0]!.certificates.refused > 0)
  assert.match(certificateLine(lost), /nonfinite/)
})

test.run()
