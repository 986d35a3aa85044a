import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { permutation } from './permutation.js'
import { kFold, split } from './splits.js'

test('parts follow each other in the order given, and the rest fills the gap wherever it stands', () => {
  const { a, b, c } = split([9, 8, 7, 6, 5], { a: 1, b: 'rest', c: 2 })
  assert.equal([[...a], [...b], [...c]], [[9], [8, 7], [6, 5]]) // biome-ignore format: one line
})

test('no rows, and parts of none', () => {
  assert.equal(split(0, { a: 'rest' }).a, new Int32Array(0))
  assert.equal(split(2, { a: 0, b: 2 }), { a: new Int32Array(0), b: Int32Array.of(0, 1) })
})

test('a random split has each row once', () => {
  const { train, test } = split(permutation(3, 100), { train: 'rest', test: 30 })
  assert.is(test.length, 30)
  assert.is(new Set([...train, ...test]).size, 100)
})

test('sizes that lose or lack rows throw', () => {
  assert.throws(
    () => split(10, { a: 4, b: 5 }),
    /split: the sizes add up to 9, there are 10 rows: let one part be 'rest'/,
  )
  assert.throws(() => split(10, { a: 11, b: 'rest' }), /add up to 11, there are 10/)
  assert.throws(() => split(10, { a: 'rest', b: 'rest' }), /'rest' stands twice/)
  assert.throws(() => split(10, { a: 0.1, b: 'rest' }), /the size of a is 0.1: a whole number/)
})

test('folds: each row is tested once, and learned from in all others', () => {
  const order = permutation(1, 11)
  const folds = kFold(order, 3)
  assert.equal(folds.map(({ test }) => test.length), [4, 4, 3]) // biome-ignore format: one line
  assert.equal(folds.flatMap(({ test }) => [...test]), [...order]) // biome-ignore format: one line
  for (const { train, test } of folds) assert.is(new Set([...train, ...test]).size, 11)
})

test('folds that would be empty, or one alone, throw', () => {
  assert.throws(() => kFold(3, 4), /4 parts of 3 rows/)
  assert.throws(() => kFold(3, 1), /k is 1: a whole number ≥ 2/)
})

test.run()
