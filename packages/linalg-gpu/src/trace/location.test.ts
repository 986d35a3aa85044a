import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, log, stack, type Tensor } from '../index.js'
import { trace } from '../run/jit.js'
import { withContext } from './context.js'
import { frames, lineOf, userLine } from './location.js'

const lines = (f: (x: Tensor) => unknown): (string | undefined)[] =>
  withContext({ locating: true }, () => trace(f)(array([1]))).eqns.map((eqn) => eqn.at)

test('an equation keeps the line of the function that called the library', () => {
  const marker = new Error('here')
  const [at] = lines((x) => log(x))
  const line = 1 + Number(/location\.test\.ts:(\d+):/.exec(marker.stack!)![1])
  assert.match(at!, new RegExp(`location\\.test\\.ts:${line}:`))
})

test('also through array methods inside the library', () => {
  const marker = new Error('here')
  const all = lines((x) => stack([x, x]))
  const line = 1 + Number(/location\.test\.ts:(\d+):/.exec(marker.stack!)![1])
  for (const at of all) assert.match(at!, new RegExp(`location\\.test\\.ts:${line}:`))
})

test('without locating there is none', () => {
  assert.equal(
    trace(log)(array([1])).eqns.map((eqn) => eqn.at),
    [undefined],
  )
})

test('a stack is read when it is asked for, not when it is taken', () => {
  const taken = frames()
  assert.match(lineOf(taken)!, 'location.test.ts')
  assert.match(userLine()!, 'location.test.ts')
})

test('the limit on stack frames is put back', () => {
  const before = Error.stackTraceLimit
  frames()
  assert.is(Error.stackTraceLimit, before)
})

test.run()
