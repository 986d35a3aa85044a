import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add, array, type Device, dispose, full, jit, key,liveBuffers, mul, normal, onDevice, plain, plainDevice, readSync, scope, type Tensor, toNested, uniform, 
} from '../index.js' // biome-ignore format: a list
import { context } from '../trace/context.js'
import { defaultDevice } from './onDevice.js'

const other = plainDevice({ name: 'other' })
const deviceOf = (x: Tensor): Device | undefined => x.device

test('tensors of host data go where they are told, and elsewhere to the device that is named first', () => {
  const outside = defaultDevice()
  onDevice(other, () => {
    assert.is(deviceOf(array([1, 2])), other)
    assert.is(deviceOf(array([1, 2], { device: plain })), plain)
    assert.is(liveBuffers().count, liveBuffers(other).count)
  })
  assert.is(deviceOf(array([1, 2])), outside)
})

test('work on constants alone is done there; work on tensors where they are', () => {
  const here = array([1, 2])
  onDevice(other, () => {
    assert.is(deviceOf(normal(key(0), [2])), other)
    assert.is(deviceOf(add(full([2], 1), 1)), other)
    assert.is(deviceOf(jit(() => mul(uniform(key(1), [2]), 2))()), other)
    assert.is(deviceOf(mul(here, 2)), here.device)
  })
})

test('what was made of constants stays where it was made, until a tensor or `onDevice` calls it elsewhere', () => {
  if (context.device !== undefined) return // the tests themselves run under one
  const [w, v] = onDevice(other, () => [normal(key(0), [2]), normal(key(1), [2])] as const)
  assert.is(deviceOf(mul(w, 2)), other)
  assert.is(deviceOf(jit((x: Tensor) => mul(x, 2))(v)), other)
  assert.is(deviceOf(add(w, array([1, 2], { device: plain }))), plain)
  const third = plainDevice({ name: 'third' })
  assert.is(onDevice(third, () => deviceOf(mul(v, 2))), third)
}) // biome-ignore format: a line

test('it nests, returns what the function returns, and ends with it, also where it throws', () => {
  const before = context.device
  const inner = plainDevice({ name: 'inner' })
  const names = onDevice(other, () => {
    const first = array([1]).device?.name
    const second = onDevice(inner, () => array([1]).device?.name)
    return [first, second, array([1]).device?.name]
  })
  assert.equal(names, ['other', 'inner', 'other'])
  assert.throws(
    () =>
      onDevice(other, () => {
        throw new Error('inside')
      }),
    'inside',
  )
  assert.is(context.device, before)
})

test('a function that returns a promise is refused, as what it makes later would be elsewhere', () => {
  const before = context.device
  assert.throws(() => onDevice(other, async () => array([1])), /^onDevice: the function returned a promise/)
  assert.is(context.device, before)
})

test('a function jitted on one device runs on the next: what it captured is the first one’s', () => {
  const device = plainDevice({ name: 'second' })
  const free = jit((x: Tensor) => add(mul(x, 2), 1))
  const a = onDevice(other, () => free(array([1, 2])))
  const b = onDevice(device, () => free(array([3, 4])))
  assert.equal([a.device?.name, b.device?.name], ['other', 'second'])
  assert.equal([a, b].map(toNested), [[3, 5], [7, 9]])
  const bound = onDevice(other, () => {
    const w = array([10, 20])
    return jit((x: Tensor) => add(x, w))
  })
  assert.equal(Array.from(readSync(onDevice(other, () => bound(array([1, 2]))))), [11, 22])
  assert.throws(() => onDevice(device, () => bound(array([1, 2]))), 'operands live on two devices, second and other')
}) // biome-ignore format: a matrix

test('scopes and buffers are counted where they are', () => {
  const device = plainDevice({ name: 'counted' })
  onDevice(device, () => {
    const kept = scope(() => add(mul(array([1, 2]), 2), array([1, 1])))
    assert.is(liveBuffers().count, 1)
    assert.is(liveBuffers(device).count, 1)
    dispose(kept)
    assert.is(liveBuffers().count, 0)
  })
})

test.run()
