import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { atMost, exactly, shown, table } from './figure.js'

test('a count holds where it is the promised one, a bound up to itself', () => {
  assert.equal(exactly('n', 11, 11), { name: 'n', value: 11, bound: '= 11', holds: true })
  assert.is(exactly('n', 10, 11).holds, false)
  assert.is(atMost('r', 15, 15).holds, true)
  assert.is(atMost('r', 15.01, 15).holds, false)
  assert.is(atMost('r', Number.NaN, 15).holds, false)
  assert.equal(shown('t', 2.5), { name: 't', value: 2.5, bound: null, holds: true })
})

test('the table', () => {
  assert.is(
    table([exactly('products', 11, 11), atMost('ratio', 20.123, 15), shown('µs', 0.94567)]),
    ['products     11  = 11  holds', 'ratio      20.1  ≤ 15  DOES NOT HOLD', 'µs        0.946'].join('\n'),
  )
})

test.run()
