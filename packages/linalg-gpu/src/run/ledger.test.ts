import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ledgerOf } from './ledger.js'

test('counts buffers and bytes, of each maker, the largest first', () => {
  const { add, remove, memory, bytes } = ledgerOf('d', Infinity)
  assert.equal(memory(), { count: 0, bytes: 0, peak: 0, makers: new Map() })
  add('array', 8)
  add('mul', 40)
  add('array', 16)
  assert.equal(memory(), { count: 3, bytes: 64, peak: 64, makers: new Map([['mul', 40], ['array', 24]]) })
  assert.equal([...memory().makers.keys()], ['mul', 'array'])
  remove('mul', 40)
  assert.is(bytes(), 24)
  assert.equal([...memory().makers], [['array', 24]])
}) // biome-ignore format: tables

test('empty buffers count, and name no maker', () => {
  const { add, remove, memory } = ledgerOf('d', Infinity)
  add('zeros', 0)
  assert.equal(memory(), { count: 1, bytes: 0, peak: 0, makers: new Map() })
  remove('zeros', 0)
  assert.is(memory().count, 0)
})

test('the peak counts what was in use during a run, and forgets when it is told to', () => {
  const { add, remove, during, memory, resetPeak } = ledgerOf('d', Infinity)
  add('a', 10)
  during(100)
  assert.is(memory().bytes, 10)
  assert.is(memory().peak, 110)
  remove('a', 10)
  assert.is(memory().peak, 110)
  resetPeak()
  assert.is(memory().peak, 0)
})

test('room is refused above the limit, with what is held, by whom, and what to do', () => {
  const { add, room } = ledgerOf('small', 100)
  room('f', 100)
  assert.throws(() => room('f', 101), 'f: needs 101 bytes more on small, which holds 0 of at most 100.')
  for (const [maker, bytes] of [['a', 10], ['b', 30], ['c', 20], ['d', 5]] as const) add(maker, bytes) // biome-ignore format: a table
  room('f', 35)
  assert.throws(
    () => room('f', 36),
    'f: needs 36 bytes more on small, which holds 65 of at most 100. Largest makers: b 30, c 20, a 10. Free tensors by scope(() => …), iterate, donate or dispose.',
  )
})

test('after any buffers come and go, the bytes are those that are there, and the peak is the most there were', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(50), fc.boolean())), (moves) => {
      const { add, remove, memory } = ledgerOf('d', Infinity)
      const held: [string, number][] = []
      const total = (): number => held.reduce((sum, [, bytes]) => sum + bytes, 0)
      let most = 0
      for (const [maker, bytes, out] of moves) {
        const gone = out ? held.pop() : undefined
        if (gone !== undefined) remove(...gone)
        else {
          held.push([maker, bytes])
          add(maker, bytes)
        }
        most = Math.max(most, total())
      }
      const { count, bytes, peak, makers } = memory()
      assert.equal([count, bytes, peak], [held.length, total(), most])
      assert.is([...makers.values()].reduce((sum, n) => sum + n, 0), bytes) // biome-ignore format: a line
      const order = [...makers.values()]
      assert.equal(order, [...order].sort((x, y) => y - x)) // biome-ignore format: a line
    }),
  )
})

test.run()
