import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unwrap } from '../outcome.js'
import { fails, refusesEveryCut } from '../support.testing.js'
import { decodeTable } from './table.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('blanks, tabs, leading and trailing ones, line breaks of Windows, empty lines, packed or not', () => {
  const file = bytes('  0.98\t514.50 2\r\n-1.5e-02  .5\t3 \r\n\r\n')
  for (const one of [file, gzipSync(file)])
    assert.equal(unwrap(decodeTable(one)), { data: Float64Array.of(0.98, 514.5, 2, -0.015, 0.5, 3), shape: [2, 3] })
})

test('an empty file has no rows', () => {
  assert.equal(unwrap(decodeTable(bytes(''))), { data: new Float64Array(0), shape: [0, 0] })
})

test('rows of different length and words are refused with line and byte', () => {
  assert.is(
    fails(decodeTable(bytes('1 2\n3\n')), 'badShape', /line 2 has 1 numbers, the lines before have 2/).offset,
    4,
  )
  assert.is(fails(decodeTable(bytes('1 2\n3 x\n')), 'badValue', /line 2: "x" is no number/).offset, 4)
  fails(decodeTable(bytes('1,2\n')), 'badValue', /"1,2" is no number/)
})

test('a file that is cut off is refused, unless the cut is between two lines', () => {
  const file = bytes('1.25 2.5\n3.75 4.5\n')
  refusesEveryCut(file.slice(9), (part) =>
    decodeTable(Uint8Array.of(...file.slice(0, 9), ...(part.length === 0 ? [49] : part))),
  )
})

test.run()
