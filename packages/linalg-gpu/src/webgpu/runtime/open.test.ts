import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { messageOf, wrappedGpu } from '../outcomes.testing.js'
import { type OpenOptions, open, type Surroundings } from './open.js'

const never = (): Promise<never> => assert.unreachable('Dawn is not to be asked for') as never

/** What is told of a GPU that cannot be had; the code is always the same. */
const refusal = async (options: OpenOptions, ...rest: [Surroundings?, (() => Promise<never>)?]): Promise<string> => {
  const outcome = await open(options, ...rest)
  assert.is(outcome._tag === 'Left' && outcome.left.code, 'noAdapter')
  return messageOf(outcome)
}
const node = { process: { versions: { node: '20' } } }

test('a browser without WebGPU, and a page that may not have it', async () => {
  assert.match(
    await refusal({}, {}, never),
    /^webgpu: this browser has no navigator\.gpu\. Use one with WebGPU .*or the wasm device/,
  )
  assert.match(await refusal({}, { navigator: {} }, never), /^webgpu: this browser has no navigator\.gpu/)
  assert.match(
    await refusal({}, { isSecureContext: false }, never),
    /^webgpu: the page is no secure context, and has no navigator\.gpu: serve it by https, or from localhost\.$/,
  )
})

test('Node without the package webgpu', async () => {
  const missing = (): Promise<never> => Promise.reject(new Error("Cannot find package 'webgpu'"))
  assert.match(
    await refusal({}, { ...node }, missing),
    /did not load: install it \(npm install webgpu\), or use the wasm device\. \(Cannot find package 'webgpu'\)$/,
  )
})

test('no adapter, in a page and in Node', async () => {
  const { gpu } = await wrappedGpu({ adapters: 0 })
  assert.match(
    await refusal({}, { navigator: { gpu } }, never),
    /the browser has no adapter for this page: .*chrome:\/\/gpu/,
  )
  assert.match(await refusal({ gpu }, { ...node }, never), /Dawn found no adapter\. On Linux it needs a Vulkan driver/)
})

test('an adapter that gives no device, and a GPU that throws', async () => {
  const { gpu } = await wrappedGpu({
    adapter: () => ({ requestDevice: () => Promise.reject(new Error('it is busy')) }),
  })
  assert.is(await refusal({ gpu }), 'webgpu: the adapter gave no device: it is busy')
  const broken = { requestAdapter: () => Promise.reject(new TypeError('not now')) } as unknown as GPU
  assert.match(await refusal({ gpu: broken }), /not now/)
})

test('the GPU that is given, the one of the page, and Dawn, of which one is kept', async () => {
  const { gpu } = await wrappedGpu({})
  const none = (await wrappedGpu({ adapters: 0 })).gpu
  assert.is((await open({ gpu }, { navigator: { gpu: none } }, never))._tag, 'Right')
  assert.is((await open({}, { navigator: { gpu } }, never))._tag, 'Right')
  const process = { ...node }
  let made = 0
  const dawn = async () => ({
    create: () => {
      made++
      return gpu
    },
    globals: {},
  })
  assert.is((await open({}, process, dawn))._tag, 'Right')
  assert.is((await open({}, process, dawn))._tag, 'Right')
  assert.is(made, 1)
})

test('the best limits of the adapter are asked for, and what it is called is told', async () => {
  const asked: (GPUDeviceDescriptor | undefined)[] = []
  const { gpu } = await wrappedGpu({
    adapter: (own) => ({
      requestDevice: (descriptor) => {
        asked.push(descriptor)
        return own.requestDevice(descriptor)
      },
    }),
  })
  const opened = await open({ gpu })
  if (opened._tag === 'Left') return assert.unreachable(opened.left.message)
  const { adapter, traits } = opened.right
  assert.is(adapter.software, true)
  assert.match(adapter.device + adapter.description + adapter.architecture, /swiftshader/i)
  const limits = asked[0]!.requiredLimits as Record<string, number>
  assert.is(traits.bindings, limits['maxStorageBuffersPerShaderStage'])
  assert.ok(traits.bindings > 8)
  assert.ok(traits.bindingBytes > 2 ** 27)
  assert.equal(traits.subgroups, { least: 4, most: 4 })
  assert.is(traits.f16, false)
})

test.run()
