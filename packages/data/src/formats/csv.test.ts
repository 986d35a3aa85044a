import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unwrap } from '../outcome.js'
import { fails } from '../support.testing.js'
import { type CsvOptions, decodeCsv } from './csv.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (text: string, options?: CsvOptions) => decodeCsv(bytes(text), options)

test('numbers by column, packed or not, with and without a last line break, with those of Windows', () => {
  const expected = {
    columns: ['a', 'b'],
    numbers: { data: Float64Array.of(1, -2.5, 30, 4), shape: [2, 2] },
    text: new Map(),
  }
  for (const file of ['a,b\n1,-2.5\n3e1, 4 \n', 'a,b\r\n1,-2.5\r\n3e1,4', 'a,b\n\n1,-2.5\n"3e1",4\n\n'])
    assert.equal(unwrap(decode(file)), expected)
  assert.equal(unwrap(decodeCsv(gzipSync(bytes('a,b\n1,-2.5\n30,4\n')))), expected)
})

test('columns of text, with delimiters, quotes and line breaks in quotes', () => {
  const { columns, numbers, text } = unwrap(decode('x,who\n1,"Ann, ""B""\nC"\n2, é \n', { text: ['who'] }))
  assert.equal([columns, [...numbers.data]], [['x'], [1, 2]]) // biome-ignore format: one line
  assert.equal(text.get('who'), ['Ann, "B"\nC', ' é '])
})

test('other delimiters, and names that are given where no line has them', () => {
  assert.equal([...unwrap(decode('1;2\n3;4\n', { delimiter: ';', columns: ['a', 'b'] })).numbers.data], [1, 2, 3, 4])
  assert.equal(unwrap(decode('', { columns: ['a'] })).numbers, { data: new Float64Array(0), shape: [0, 1] })
})

test('what stands for a missing number becomes NaN where it is allowed, and is refused elsewhere', () => {
  assert.equal([...unwrap(decode('a,b\n?,1\n,2\n', { missing: ['?', ''] })).numbers.data], [NaN, 1, NaN, 2])
  fails(decode('a,b\n1,?\n'), 'badValue', /line 2, column "b": "\?" is no number/)
  fails(decode('a,b\n,1\n'), 'badValue', /line 2, column "a": "" is no number/)
})

test('what is wrong is said with its line and byte', () => {
  assert.is(fails(decode('a,b\n1,2\n3\n'), 'badShape', /line 3 has 1 cells, there are 2 columns/).offset, 8)
  assert.is(fails(decode('é,b\n1,2\n3,4,5\n'), 'badShape', /line 3 has 3 cells/).offset, 9)
  assert.is(fails(decode('\ufeffa,b\n"1",2\n3\n'), 'badShape', /line 3 has 1 cells/).offset, 3 + 10)
  fails(decode('a,b\n1,2\n"3,4\n'), 'badHeader', /line 3: Quoted field unterminated/)
  fails(decode(''), 'badHeader', /a first line with the names of columns/)
  fails(decode('a,a\n1,2\n'), 'duplicateName', /two columns are called "a"/)
  fails(decode('a,b\n1,2\n', { text: ['c'] }), 'notFound', /no column "c"; there are "a", "b"/)
  fails(decodeCsv(Uint8Array.of(0xff, 0xfe)), 'badHeader', /UTF-8/)
})

test('a delimiter that cannot be one throws', () => {
  for (const delimiter of ['', '"', '\n']) assert.throws(() => decode('a\n1\n', { delimiter }), /the delimiter is/)
})

test('a file that is cut off inside a row is refused, but inside its last number', () => {
  const file = 'a,b\n1,2\n3,4\n'
  for (const end of [9, 10]) assert.is(decode(file.slice(0, end))._tag, 'Left', String(end))
})

test.run()
