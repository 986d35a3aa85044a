// What the device keeps: as many buffers as there are handles, as much memory of the GPU as they need, and after a thousand steps no
// more than after the first ones. And that a run says again what it said before, bit for bit.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { softwareGpu } from '../../../../tools/webgpu/software.mjs'
import {
  add, argsort, array, cond, conv, cumsum, data, dispose, foriLoop, full, iota, iterate, jit, key, less, liveBuffers, matmul, mean, mul, onDevice, reshape, scan, scatterAdd, scope, sin, slice, softmax, sort, square, sub, sum, type Tensor, take, tanh, transpose, treeLeaves, uniform, whileLoop,
} from '../index.js' // biome-ignore format: a list
import { cholesky, qr, solve, svd } from '../linalg/index.js'
import { type WebgpuDevice, webgpuDevice } from './index.js'
import { meteredGpu } from './meter.testing.js'

const ramp = (device: WebgpuDevice, ...shape: number[]): Tensor =>
  array(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * i)),
    { shape, device },
  )

type Calls = Readonly<Record<string, () => unknown>>
const callsOn = (device: WebgpuDevice): { readonly calls: Calls; readonly given: readonly Tensor[] } => {
  const [x, y, v, i] = [ramp(device, 12, 10), ramp(device, 12, 10), ramp(device, 10), array([3, 0, 7], { dtype: 'i32', device })]
  const [image, filter] = [ramp(device, 2, 3, 8, 8), ramp(device, 4, 3, 3, 3)]
  const positive = scope(() => matmul(transpose(x), x))
  return {
    given: [x, y, v, i, image, filter, positive],
    calls: {
      add: () => add(x, v),
      'a view of a view': () => slice(reshape(transpose(x), [4, 30]), 1),
      sum: () => [sum(x), mean(x, { axis: 1 })],
      softmax: () => softmax(x),
      matmul: () => matmul(x, transpose(y)),
      conv: () => conv(image, filter, { padding: 1 }),
      'sort and argsort': () => [sort(x), argsort(v)],
      cumsum: () => cumsum(x, { axis: 0 }),
      take: () => take(x, i, { axis: 0 }),
      scatterAdd: () => scatterAdd(v, reshape(i, [3, 1]), slice(v, [0, 3])),
      'onDevice uniform': () => onDevice(device, () => uniform(key(7), [33])),
      cond: () => cond(less(sum(x), 0), (a: Tensor) => sin(a), (a: Tensor) => mul(a, 2), x),
      foriLoop: () => foriLoop(0, 4, (_, c: Tensor) => tanh(add(c, x)), y),
      scan: () => scan((c: Tensor, row: Tensor) => [add(c, row), mul(c, row)], v, x),
      whileLoop: () => whileLoop((c: Tensor) => less(sum(square(c)), 1e4), (c: Tensor) => mul(c, 2), x),
      jit: () => jit((a: Tensor, b: Tensor) => [matmul(a, transpose(b)), tanh(sub(a, b))])(x, y),
      qr: () => qr(x),
      cholesky: () => cholesky(positive),
      solve: () => solve(positive, v),
      svd: () => svd(x),
    },
  }
} // biome-ignore format: a table

test('after a call live buffers are the handles that it returned, and after disposal none', async () => {
  const device = await webgpuDevice({ gpu: await softwareGpu() })
  const { calls, given } = callsOn(device)
  for (const [name, call] of Object.entries(calls)) {
    const before = liveBuffers(device)
    const result = scope(call)
    const own = treeLeaves(result).length
    assert.is(liveBuffers(device).count - before.count, own, `${name} returned ${own}`)
    for (const leaf of treeLeaves(result)) await data(leaf as Tensor)
    dispose(result)
    const { count, bytes } = liveBuffers(device)
    assert.equal([count, bytes], [before.count, before.bytes], name)
  }
  dispose(given)
  assert.is(liveBuffers(device).count, 0)
  device.dispose()
})

test('memory of the GPU that nobody uses is given back, where none is to be kept', async () => {
  const { gpu, meter } = await meteredGpu()
  const device = await webgpuDevice({ gpu, idle: 0 })
  const { calls, given } = callsOn(device)
  const round = async (): Promise<void> => {
    for (const call of Object.values(calls)) {
      const result = scope(call)
      for (const leaf of treeLeaves(result)) await data(leaf as Tensor)
      dispose(result)
    }
  }
  await round()
  // the tensors that are given, what programs compute in, and the gates
  const { buffers, bytes } = meter
  await round()
  assert.equal([meter.buffers, meter.bytes], [buffers, bytes])
  assert.ok(buffers <= given.length + 3, `${buffers} buffers`)
  dispose(given)
  await data(array([1], { device }))
  device.dispose()
})

interface State {
  readonly w: readonly [Tensor, Tensor]
  readonly moment: readonly [Tensor, Tensor]
}

/** A step of a network of two layers with momentum: ẇ = ∂/∂w ½ mean (tanh(x w₀) w₁ − y)². */
const trainingStep = (
  { w, moment }: State,
  { x, y }: { readonly x: Tensor; readonly y: Tensor },
): readonly [State, Tensor] => {
  const h = tanh(matmul(x, w[0]))
  const error = sub(matmul(h, w[1]), y)
  const back = mul(matmul(error, transpose(w[1])), sub(1, square(h)))
  const slopes = [matmul(transpose(x), back), matmul(transpose(h), error)] as const
  const moved = moment.map((m, k) => add(mul(m, 0.9), mul(slopes[k]!, 1 / x.shape[0]!))) as [Tensor, Tensor]
  const next = w.map((a, k) => sub(a, mul(moved[k]!, 0.05))) as [Tensor, Tensor]
  return [{ w: next, moment: moved }, mul(mean(square(error)), 0.5)]
}
const startOf = (device: WebgpuDevice): State => ({
  w: [ramp(device, 8, 17), ramp(device, 17, 1)],
  moment: [full([8, 17], 0), full([17, 1], 0)],
})
const batchOn = (device: WebgpuDevice): { readonly x: Tensor; readonly y: Tensor } => ({
  x: ramp(device, 33, 8),
  y: ramp(device, 33, 1),
})

test('a thousand steps of training that donate make no buffer, bind group or pipeline after the first ones', async () => {
  const { gpu, meter } = await meteredGpu()
  const device = await webgpuDevice({ gpu })
  const batch = batchOn(device)
  const step = jit(trainingStep, { donate: [0] })
  const losses: number[] = []
  const made = (): string => {
    const { buffers, bindGroups, pipelines, programs } = device.counters()
    return `${buffers} buffers, ${bindGroups} bind groups, ${pipelines} pipelines, ${programs} programs; ${meter.bytes} bytes`
  }
  let early = ''
  let [submits, dispatches] = [0, 0]
  for await (const { value, index, state } of iterate(step, startOf(device), Array.from({ length: 1000 }, () => batch))) {
    if (index % 100 === 0 || index === 999) losses.push((await data(value))[0]!)
    if (index === 20) {
      early = made()
      ;({ submits, dispatches } = device.counters())
    }
    if (index === 999) {
      assert.is(made(), early)
      const now = device.counters()
      assert.is((now.dispatches - dispatches) % 979, 0, 'the same dispatches in every step')
      // nine reads, each by a submit of its own
      assert.is(now.submits - submits, 979 + 10, 'one submit a step, and one a look')
      assert.is(liveBuffers(device).count, 4 + 1 + 2)
      dispose([state, value])
    }
  }
  losses.slice(1).forEach((loss, k) => assert.ok(loss < losses[k]!, `training goes down: ${losses}`))
  dispose(batch)
  assert.is(liveBuffers(device).count, 0)
  device.dispose()
}) // biome-ignore format: one thought a line

test('the same bits from run to run, and on another device: a training step, a scan, softmax, scatter-add', async () => {
  const gpu = await softwareGpu()
  const works: Readonly<Record<string, (device: WebgpuDevice) => unknown>> = {
    'a training step': (device) => jit(trainingStep)(startOf(device), batchOn(device)),
    'a scan': (device) => scan((c: Tensor, row: Tensor) => [tanh(add(c, row)), mul(c, row)], ramp(device, 33), ramp(device, 50, 33)),
    softmax: (device) => softmax(ramp(device, 7, 1001)),
    // 5000 terms of all sizes in 13 places
    'scatter-add': (device) => {
      const places = array(Int32Array.from({ length: 5000 }, (_, i) => (i * i) % 13), { shape: [5000, 1], device })
      return scatterAdd(full([13], 0), places, mul(ramp(device, 5000), iota([5000])))
    },
  } // biome-ignore format: a table
  const bits = async (device: WebgpuDevice, work: (device: WebgpuDevice) => unknown): Promise<string> => {
    const result = onDevice(device, () => scope(() => work(device)))
    const lists = await Promise.all(treeLeaves(result).map((leaf) => data(leaf as Tensor)))
    dispose(result)
    return lists.map((list) => Buffer.from(list.buffer).toString('hex')).join(' ')
  }
  const devices = [await webgpuDevice({ gpu }), await webgpuDevice({ gpu, idle: 0 })] as const
  for (const [name, work] of Object.entries(works)) {
    const first = await bits(devices[0], work)
    assert.not.match(first, /^[0 ]*$/, `${name} is something`)
    for (let run = 0; run < 5; run++) assert.is(await bits(devices[run % 2]!, work), first, name)
  }
  for (const device of devices) device.dispose()
})

test.run()
