import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { softwareGpu } from '../../../../../tools/webgpu/software.mjs'
import { array, data, dispose, jit, matmul, type Tensor } from '../../index.js'
import { webgpuDevice } from '../device.js'
import { smallMemory, wrappedGpu } from '../outcomes.testing.js'
import { memoryStore, type Store } from './store.js'

/** A store that tells what was asked of it. */
const told = (): Store & { readonly asked: string[]; readonly kept: Map<string, string> } => {
  const [asked, kept] = [[] as string[], new Map<string, string>()]
  return {
    asked,
    kept,
    get: async (key) => {
      asked.push(key)
      return kept.get(key)
    },
    set: async (key, value) => void kept.set(key, value),
  }
}

const filled = (size: number): Float32Array => Float32Array.from({ length: size }, (_, i) => Math.sin(i))

test('a device that tunes measures a class of shapes once, keeps it, and computes the same', async () => {
  const store = told()
  const gpu = await softwareGpu()
  const [plain, tuned] = [await webgpuDevice({ gpu }), await webgpuDevice({ gpu, tune: store })]
  const f = jit((x: Tensor, y: Tensor) => matmul(x, y))
  const on = async (device: typeof plain): Promise<readonly number[]> => {
    const [x, y] = [array(filled(96), { shape: [12, 8], device }), array(filled(72), { shape: [8, 9], device })]
    const z = f(x, y)
    const out = Array.from(await data(z))
    dispose([x, y, z])
    return out
  }
  const expected = await on(plain)
  const first = await on(tuned)
  await on(tuned)
  const kept = store.kept.size
  assert.is(kept, 1)
  const pipelines = tuned.counters().pipelines
  const later = await on(tuned)
  assert.is(store.asked.length, 1)
  assert.is(store.kept.size, kept)
  assert.is(tuned.counters().pipelines, pipelines)
  // sums of 8 terms of size 1, in another order
  for (const got of [first, later]) got.forEach((x, i) => assert.ok(Math.abs(x - expected[i]!) < 1e-6)) // biome-ignore format: a line
  // another device finds it in the store
  const next = await webgpuDevice({ gpu, tune: store })
  await on(next)
  await on(next)
  assert.is(store.kept.size, kept)
  for (const device of [plain, tuned, next]) device.dispose()
})

test('in the middle of other work, what is asked for meanwhile waits its turn', async () => {
  const device = await webgpuDevice({ gpu: await softwareGpu(), tune: memoryStore() })
  const x = array(filled(64), { shape: [8, 8], device })
  const results = [3, 4, 5].map((n) => {
    let y = x
    for (let i = 0; i < n; i++) y = matmul(y, x)
    return data(y)
  })
  const [a, b] = [await results[0]!, await results[2]!]
  assert.is(a.length + b.length, 128)
  assert.ok([...a, ...b].every(Number.isFinite))
  device.dispose()
})

test('what cannot be measured runs with the usual tile, and is not asked for at every call', async () => {
  const broken: Store = { get: () => Promise.reject(new Error('no')), set: () => Promise.reject(new Error('no')) }
  const { gpu } = await wrappedGpu({ device: smallMemory(1024 * 256 + 4 * 16384 + 3000) })
  const f = jit((x: Tensor, y: Tensor) => matmul(x, y))
  for (const [store, from, rows] of [[broken, await softwareGpu(), 12], [told(), gpu, 12], [told(), await softwareGpu(), 0]] as const) {
    const device = await webgpuDevice({ gpu: from, tune: store })
    const [x, y] = [array(filled(8 * rows), { shape: [rows, 8], device }), array(filled(72), { shape: [8, 9], device })]
    const call = async (): Promise<readonly number[]> => {
      const z = f(x, y)
      const out = Array.from(await data(z))
      dispose(z)
      return out
    }
    const first = await call()
    assert.is(first.length, 9 * rows)
    await call()
    const before = device.counters()
    const later = await call()
    later.forEach((value, i) => assert.ok(Math.abs(value - first[i]!) < 1e-6))
    const { submits, bindGroups, pipelines } = device.counters()
    assert.equal({ bindGroups, pipelines }, { bindGroups: before.bindGroups, pipelines: before.pipelines })
    assert.ok(submits <= before.submits + 2)
    if ('kept' in store) assert.is(store.kept.size, 0, 'nothing was measured')
    if ('asked' in store) assert.is(store.asked.length, rows === 0 ? 0 : 1)
    device.dispose()
  }
}) // biome-ignore format: a table

test.run()
