import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unwrap } from '../outcome.js'
import { fails } from '../support.testing.js'
import { decodeUci, type UciFiles } from './uci.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const files: UciFiles = {
  data: bytes('1 2 30 9\n4 5 60 9\n7 8 90 9\n'),
  features: bytes('0\n1\n'),
  target: bytes('2\n'),
  tests: [bytes('2\n0\n'), bytes('1\n')],
  order: bytes('2\n0\n0\n'),
}

test('features, target, splits with the rest to learn from, and an order that may repeat', () => {
  assert.equal(unwrap(decodeUci(files)), {
    inputs: { data: Float64Array.of(1, 2, 4, 5, 7, 8), shape: [3, 2] },
    targets: { data: Float64Array.of(30, 60, 90), shape: [3, 1] },
    splits: [
      { train: Int32Array.of(1), test: Int32Array.of(2, 0) },
      { train: Int32Array.of(0, 2), test: Int32Array.of(1) },
    ],
    order: Int32Array.of(2, 0, 0),
  })
})

test('columns may be unused, as in Naval, and splits and order may be lacking', () => {
  const { splits, order } = unwrap(decodeUci({ data: files.data, features: bytes('3\n'), target: bytes('0\n') }))
  assert.equal([splits, order], [[], undefined])
})

test('lists that do not fit the table are refused by the name of their file', () => {
  const refused = (change: Partial<UciFiles>, code: 'badValue' | 'badShape' | 'truncated', text: RegExp) =>
    fails(decodeUci({ ...files, ...change }), code, text).file
  assert.is(refused({ features: bytes('0\n4\n') }, 'badValue', /4 is named, the table has 0 … 3/), 'index_features.txt')
  assert.is(refused({ features: bytes('0\n0\n') }, 'badValue', /a number is named twice/), 'index_features.txt')
  assert.is(refused({ target: bytes('1\n2\n') }, 'badShape', /one column is expected, 2 are named/), 'index_target.txt')
  assert.is(refused({ tests: [bytes('0\n'), bytes('3\n')] }, 'badValue', /3 is named, .* 0 … 2/), 'index_test_1.txt')
  assert.is(refused({ tests: [bytes('0.5\n')] }, 'badValue', /0.5 is named/), 'index_test_0.txt')
  assert.is(refused({ tests: [bytes('0 1\n')] }, 'badShape', /one number a line/), 'index_test_0.txt')
  assert.is(
    refused({ order: bytes('0\n1\n') }, 'badShape', /2 rows are named, the table has 3/),
    'permutation_indices.txt',
  )
  assert.is(refused({ data: bytes('1 2 30 9\n4 5') }, 'truncated', /^data.txt: decodeTable/), 'data.txt')
})

test.run()
