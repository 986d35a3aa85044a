import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { takeRows } from './ndarray.js'

const x = { data: Int16Array.of(1, 2, 3, 4, 5, 6), shape: [3, 1, 2] }

test('rows in any order, more than once, and none', () => {
  assert.equal(takeRows(x, [2, 0, 2]), { data: Int16Array.of(5, 6, 1, 2, 5, 6), shape: [3, 1, 2] })
  assert.equal(takeRows(x, []), { data: new Int16Array(0), shape: [0, 1, 2] })
})

test('rows of no elements', () => {
  assert.equal(takeRows({ data: new Uint8Array(0), shape: [3, 0] }, [1]), { data: new Uint8Array(0), shape: [1, 0] })
})

test('the rows are copies', () => {
  takeRows(x, [0]).data[0] = 99
  assert.is(x.data[0], 1)
})

test('what is no row throws', () => {
  for (const row of [3, -1, 0.5, NaN])
    assert.throws(() => takeRows(x, [row]), `row ${row} is asked for, there are rows 0 … 2`)
  assert.throws(() => takeRows({ data: Uint8Array.of(1), shape: [] }, [0]), /an array without axes has no rows/)
  assert.throws(() => takeRows({ data: Uint8Array.of(1), shape: [2] }, [0]), /takes 2 elements, the data has 1/)
})

test.run()
