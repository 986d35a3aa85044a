import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { add, array, data, plain, readSync } from '../index.js'
import { bestDevice } from './best.js'
import { type Mischief, wrappedGpu } from './outcomes.testing.js'

/** A real device, whose adapter calls itself as it is told to. */
const called = (info: Partial<GPUAdapterInfo>): Mischief => ({
  adapter: (own) => ({
    info: {
      ...facts,
      subgroupMinSize: own.info.subgroupMinSize,
      subgroupMaxSize: own.info.subgroupMaxSize,
      ...info,
    } as GPUAdapterInfo,
  }),
})
const facts = { vendor: 'acme', architecture: 'rocket-2', device: '', description: '', isFallbackAdapter: false }

const wasm = { threads: 1 }

test('a GPU in hardware is chosen, and named', async () => {
  const { gpu, devices } = await wrappedGpu(called({}))
  const { kind, device, why, notes } = await bestDevice({ webgpu: { gpu } })
  assert.is(kind, 'webgpu')
  assert.is(why, 'webgpu, on rocket-2.')
  assert.equal(notes, [])
  assert.equal([...(await data(add(array([1], { device }), 1)))], [2])
  assert.is(devices.length, 1)
})

test('a software adapter is not preferred to wasm, and let go', async () => {
  const { gpu, devices } = await wrappedGpu({})
  const { kind, device, why, notes } = await bestDevice({ webgpu: { gpu }, wasm })
  assert.is(kind, 'wasm')
  assert.match(
    why,
    /^wasm, with 1 thread\. Not webgpu: the adapter, .*SwiftShader.*, is in software, which is slower than wasm\.$/i,
  )
  assert.match(notes[0]!, /^webgpu: the adapter/)
  assert.equal([...readSync(add(array([1], { device }), 1))], [2])
  assert.is((await devices[0]!.lost).reason, 'destroyed')
})

test('without an adapter wasm is chosen, and the reason told', async () => {
  const { gpu } = await wrappedGpu({ adapters: 0 })
  const { kind, why } = await bestDevice({ webgpu: { gpu }, wasm: { threads: 2 } })
  assert.is(kind, 'wasm')
  assert.match(why, /^wasm, with 2 threads\. Not webgpu: Dawn found no adapter\./)
})

test('without WebAssembly a software adapter is better than JavaScript, and that better than nothing', async () => {
  const own = globalThis.WebAssembly
  const { gpu } = await wrappedGpu({})
  const none = (await wrappedGpu({ adapters: 0 })).gpu
  Reflect.deleteProperty(globalThis, 'WebAssembly')
  try {
    const software = await bestDevice({ webgpu: { gpu } })
    assert.is(software.kind, 'software-webgpu')
    assert.match(
      software.why,
      /^software-webgpu, on .*SwiftShader.*\. Not webgpu: .* Not wasm: there is no WebAssembly here\./i,
    )
    assert.equal([...(await data(add(array([1], { device: software.device }), 1)))], [2])
    const last = await bestDevice({ webgpu: { gpu: none } })
    assert.is(last.device, plain)
    assert.match(last.why, /^plain, in JavaScript, which is slow\. Not webgpu: .* Not wasm: .* Not software-webgpu: /)
    assert.is(last.notes.length, 3)
  } finally {
    globalThis.WebAssembly = own
  }
})

test('the order decides, and what is not in it is not asked for', async () => {
  const { gpu, devices } = await wrappedGpu({})
  assert.is((await bestDevice({ order: ['plain', 'webgpu'], webgpu: { gpu } })).kind, 'plain')
  assert.is((await bestDevice({ order: ['wasm'], webgpu: { gpu }, wasm })).kind, 'wasm')
  assert.is(devices.length, 0)
  assert.is(
    (await bestDevice({ order: ['webgpu', 'software-webgpu', 'wasm'], webgpu: { gpu } })).kind,
    'software-webgpu',
  )
  assert.is(devices.length, 1, 'it is asked for once')
})

test('where nothing of the order is to be had that is an error with all reasons', async () => {
  const { gpu, devices } = await wrappedGpu({})
  const refused = (order: readonly ('webgpu' | 'wasm')[]): Promise<string> =>
    bestDevice({ order, webgpu: { gpu } }).then(
      () => 'a device',
      (error: Error) => error.message,
    )
  assert.match(
    await refused(['webgpu']),
    /^bestDevice: none of webgpu is to be had\. webgpu: the adapter, .* is in software/,
  )
  assert.is((await devices[0]!.lost).reason, 'destroyed')
  assert.match(await refused([]), /^bestDevice: none of no kinds/)
  assert.match(
    await refused(['cuda' as 'wasm']),
    /^bestDevice: there is no kind of device cuda: the order is of webgpu, wasm, software-webgpu, plain, gpujs\.$/,
  )
})

test.run()
