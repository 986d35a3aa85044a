import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unwrap } from '../outcome.js'
import { fails } from '../support.testing.js'
import { linesOf, numberOf, textOf } from './text.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('text, packed or not, without its byte order mark', () => {
  for (const file of [bytes('é\n'), gzipSync(bytes('é\n')), bytes('\ufeffé\n')])
    assert.is(unwrap(textOf('x', file)).text, 'é\n')
  fails(textOf('x', Uint8Array.of(0xe9, 10)), 'badHeader', /text in UTF-8 is expected/)
})

test('lines with their places in bytes; the last one must be ended', () => {
  assert.equal(unwrap(linesOf('x', bytes('é\n\nb\n'))), [
    { content: 'é', at: 0 },
    { content: '', at: 3 },
    { content: 'b', at: 4 },
  ])
  assert.equal(unwrap(linesOf('x', bytes('\ufeffb\n'))), [{ content: 'b', at: 3 }])
  assert.equal(unwrap(linesOf('x', bytes(''))), [])
  assert.is(fails(linesOf('x', bytes('é\nb')), 'truncated', /the last line does not end with a line break/).offset, 3)
})

test('numbers in decimals, and nothing else that JavaScript takes for one', () => {
  for (const text of ['0', '-1.5', '+2', '.5', '3.', '1e3', '-1.5119208e-02', '6E+2'])
    assert.is(numberOf(text), Number(text))
  for (const text of ['', ' ', '0x10', '1_000', 'Infinity', 'NaN', '1e', '.', '-', '1,5', '1 2', '0b1'])
    assert.is(numberOf(text), undefined, text)
})

test.run()
