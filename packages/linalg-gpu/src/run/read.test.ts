import * as E from 'fp-ts/lib/Either.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add,
  array,
  data,
  dispose,
  full,
  item,
  plainDevice,
  read,
  readSync,
  reshape,
  type Tensor,
  toNested,
  transfer,
  zeros,
} from '../index.js'
import { typeOf } from '../program.js'
import type { Device } from './device.js'
import { held } from './execute.js'

const rejects = async (promise: Promise<unknown>, message: string): Promise<void> => {
  const result = await promise.then(
    () => 'it did not reject',
    (error: Error) => error.message,
  )
  assert.is(result, message)
}

/** A device that the host cannot look at. */
const far = (): { device: Device; x: Tensor } => {
  const { readSync: _, ...device }: Device = plainDevice({ name: 'far' })
  const x = held({ ...device.upload(Float32Array.of(1, 2), typeOf('f32', [2]), 'test'), device })
  return { device, x }
}

test('read gives a Right with a copy of the elements', async () => {
  const x = array([1, 2])
  const result = await read(x)()
  assert.ok(E.isRight(result))
  result.right[0] = 9
  assert.equal(toNested(x), [1, 2])
  const sync = readSync(x)
  sync[0] = 9
  assert.equal(toNested(x), [1, 2])
})

test('the typed array is that of the dtype; f16 is read as Float32Array', async () => {
  for (const [dtype, make] of [
    ['f32', Float32Array], ['f64', Float64Array], ['f16', Float32Array], ['i32', Int32Array], ['u32', Uint32Array], ['u8', Uint8Array], ['i8', Int8Array], ['bool', Uint8Array],
  ] as const) {
    const x = array([1, 0], { dtype })
    assert.equal(await data(x), make.of(1, 0))
    assert.equal(readSync(x), make.of(1, 0))
  }
}) // biome-ignore format: a table

test('constants are read without a device', async () => {
  assert.equal(await data(full([2], 0.5, { dtype: 'f16' })), Float32Array.of(0.5, 0.5))
  assert.is(item(full([], true)), 1)
})

test('a disposed tensor is a Left; the other forms throw and say who', async () => {
  const x = array(1)
  dispose(x)
  assert.equal(await read(x)(), E.left({ code: 'disposed', message: 'read: f32[] was disposed.' }))
  assert.throws(() => readSync(x), 'readSync: f32[] was disposed.')
  assert.throws(() => item(x), 'item: f32[] was disposed.')
  assert.throws(() => toNested(x), 'toNested: f32[] was disposed.')
  await rejects(data(x), 'read: f32[] was disposed.')
  await rejects(transfer(x, plainDevice()), 'transfer: f32[] was disposed.')
})

test('a task made before the tensor was freed and run after it is a Left too, from the device as well', async () => {
  const device = plainDevice()
  const buffer = device.upload(Float32Array.of(1), typeOf('f32', [1]), 'test')
  const task = device.read(buffer)
  device.release(buffer)
  assert.ok(E.isLeft(await task()))
  assert.ok(E.isLeft(await device.read(buffer)()))
})

test('item is for one element, of any rank', () => {
  assert.is(item(array([[3]])), 3)
  assert.throws(() => item(array([1, 2])), 'item: f32[2] has 2 elements: use readSync(x) or data(x).')
  assert.throws(() => item(zeros([0])), 'item: f32[0] has 0 elements')
})

test('toNested gives nested arrays, a number for a scalar', () => {
  assert.is(toNested(array(3)), 3)
  assert.equal(toNested(reshape(array([1, 2, 3, 4, 5, 6]), [3, 1, 2])), [[[1, 2]], [[3, 4]], [[5, 6]]])
  assert.equal(toNested(zeros([2, 0])), [[], []])
  assert.equal(toNested(zeros([0, 2])), [])
})

test('what cannot be read at once says so', async () => {
  const { x } = far()
  assert.throws(() => readSync(x), 'readSync: far cannot be read at once: await data(x) or transfer(x, device).')
  assert.throws(() => toNested(x), 'toNested: far cannot be read at once: await data(x) or transfer(x, device).')
  assert.equal(await data(x), Float32Array.of(1, 2))
})

test('transfer copies to another device, f16 bit for bit, and is the tensor itself where it is there already', async () => {
  const device = plainDevice({ name: 'other' })
  const x = array([0.1, -2, NaN], { dtype: 'f16' })
  const y = await transfer(x, device)
  assert.is(y.device, device)
  assert.is(String(y), String(x))
  assert.is(await transfer(y, device), y)
  const z = zeros([2])
  assert.is(await transfer(z, device), z)
  assert.is(add(y, 1).device, device)
  dispose(x)
  assert.equal(Array.from(readSync(y)).length, 3)
})

test('what is no tensor is refused by name', async () => {
  assert.throws(() => read(3 as never), 'read: expected a tensor, got number.')
  assert.throws(() => item([1] as never), 'item: expected a tensor, got object: an array; use array([…]) to make a tensor.')
  await rejects(transfer(null as never, plainDevice()), 'transfer: expected a tensor, got null.')
}) // biome-ignore format: long lines

test.run()
