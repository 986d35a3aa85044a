import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { add, array, div, pad, reshape, slice, type Tensor } from '../index.js'
import { simplify } from '../program.js'
import { trace } from '../run/jit.js'
import { emit1 } from '../trace/emit.js'
import { executeSchedule } from './execute.testing.js'
import { schedule } from './lower.js'
import { kernelsOf } from './schedule.js'

const cut = (x: Tensor, starts: Tensor, ...sizes: number[]): Tensor => emit1({ kind: 'dynamicSlice', sizes }, x, starts)
const ramp = Float32Array.from({ length: 8 }, (_, i) => i)

const results = (f: (x: Tensor, starts: Tensor) => Tensor, ...starts: number[]): unknown => {
  const planned = schedule(simplify(trace(f)(array(ramp), array(starts, { dtype: 'i32' }))))
  assert.is(kernelsOf(planned.steps).length, 1)
  return Array.from(executeSchedule(planned, [ramp, Int32Array.from(starts)])[0]!)
}

test('slices that start at one place and differ in size are different loads, as each is moved to where it fits', () => {
  const f = (x: Tensor, i: Tensor): Tensor => add(cut(x, i, 2), slice(cut(x, i, 5), [0, 2]))
  assert.equal(results(f, 1), [2, 4])
  assert.equal(results(f, 5), [5 + 3, 6 + 4])
  assert.equal(results(f, -1), [0, 2])
})

test('slices of one storage in two shapes are different loads', () => {
  const f = (x: Tensor, i: Tensor): Tensor => add(cut(reshape(x, [2, 4]), i, 1, 1), cut(reshape(x, [4, 2]), i, 1, 1))
  assert.equal(results(f, 1, 1), [5 + 3])
})

test('paddings with 0 and with −0 are different loads', () => {
  const f = (x: Tensor): Tensor => add(div(1, pad(x, [[1, 0]], { value: 0 })), div(2, pad(x, [[1, 0]], { value: -0 })))
  assert.equal((results(f) as number[])[0], Number.NaN)
})

test.run()
