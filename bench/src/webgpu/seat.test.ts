import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { softwareGpu } from '../../../tools/webgpu/software.mjs'
import type { Prepared } from '../contestants/contestant.js'
import { type Meter, meterOf } from './meter.js'
import { seatOf } from './seat.js'

/** A task that makes a buffer at each of its first repetitions, then none, and submits at each. */
const taskOf = (meter: Meter, until: number): Prepared => {
  let times = 0
  const run = (): void => {
    const device = meter.device()
    if (times++ < until) device.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_DST })
    device.queue.submit([device.createCommandEncoder().finish()])
  }
  return {
    run,
    result: () => {
      run()
      return { y: [1, 2] }
    },
  }
}

test('the first repetition and a late one are counted, and what is timed is not watched', async () => {
  const meter = meterOf((await softwareGpu()) as GPU)
  await (await meter.gpu.requestAdapter())!.requestDevice()
  const seat = await seatOf({ id: 'ours', version: '1', meter, tasks: { some: () => taskOf(meter, 3) } })
  assert.throws(() => seat.counted(), 'nothing has been counted')
  const reply = await seat.ask({ kind: 'prepare', task: 'some', params: {}, inputs: {} })
  assert.ok('results' in reply && reply.results.y!.count === 2)
  const { first, steady } = seat.counted()
  assert.equal([first.buffers, first.submits], [1, 1])
  assert.equal([steady.buffers, steady.submits], [0, 1])
  assert.is(seat.counted().processor, Infinity)
  await seat.ask({ kind: 'turn', samples: 3, inner: 1 })
  assert.ok(seat.counted().processor < Infinity)
  assert.is(meter.moments().length, 3)
  meter.device().createBuffer({ size: 4, usage: GPUBufferUsage.COPY_DST })
  assert.is(meter.take().buffers, 0)
})

test('a task that nobody wrote is said to be missing', async () => {
  const meter = meterOf((await softwareGpu()) as GPU)
  const seat = await seatOf({ id: 'jax', version: '1', meter, tasks: {} })
  assert.equal(await seat.ask({ kind: 'prepare', task: 'other', params: {}, inputs: {} }), { missing: 'not written' })
})

test.run()
