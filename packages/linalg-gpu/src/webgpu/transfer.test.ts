// Tensors that move between devices keep every bit, and move only where they are told to.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { softwareGpu } from '../../../../tools/webgpu/software.mjs'
import { bytesOf, type DType, dtypes, storage, type TypedArray } from '../dtype.js'
import { add, array, type Device, data, dispose, full, jit, key, liveBuffers, mul, normal, onDevice, plain, sum, type Tensor, transfer, zeros } from '../index.js' // biome-ignore format: a list
import { typeOf } from '../program/type.js'
import { held } from '../run/execute.js'
import { readStored } from '../run/read.js'
import { wasmDevice } from '../wasm/index.js'
import { webgpuDevice } from './index.js'

const gpu = await softwareGpu()
const first = await webgpuDevice({ gpu })
const second = await webgpuDevice({ gpu, name: 'second' })
const wasm = await wasmDevice({ threads: 1 })

const stored = async (x: Tensor): Promise<TypedArray> => {
  const outcome = await readStored('test', x)()
  return outcome._tag === 'Right' ? outcome.right : assert.unreachable(outcome.left.message)!
}
const bitsOf = (x: TypedArray): string => Buffer.from(x.buffer, x.byteOffset, x.byteLength).toString('hex')

/** Elements of all bit patterns that a dtype's storage may have, NaNs among them. */
const patterns = (dtype: DType, n: number): TypedArray => {
  const out = storage(dtype, n)
  const bytes = new Uint8Array(out.buffer)
  let word = 0x9e3779b9
  for (let i = 0; i < bytes.length; i++) {
    word = (Math.imul(word, 1664525) + 1013904223) >>> 0
    bytes[i] = dtype === 'bool' ? word >>> 31 : word >>> 24
  }
  return out
}

const narrow = dtypes.filter((dtype) => dtype !== 'f64')

test('there and back over all devices, every bit of every dtype, at sizes that no word divides', async () => {
  for (const dtype of narrow)
    for (const n of [0, 1, 2, 3, 5, 7, 33, 1021]) {
      const wanted = patterns(dtype, n)
      let x: Tensor = held(plain.upload(wanted.slice(), typeOf(dtype, [n]), 'test'))
      for (const device of [first, wasm, first, second, plain, second, first, plain]) {
        const before = x
        x = await transfer(x, device)
        assert.is(x.device, device)
        dispose(before)
      }
      assert.is(bitsOf(await stored(x)), bitsOf(wanted), `${dtype}[${n}]`)
    }
  for (const device of [first, second, wasm]) assert.is(liveBuffers(device).count, 0, device.name)
})

test('a view of a longer array is uploaded alone, also where its bytes begin within a word', async () => {
  for (const dtype of narrow) {
    const wanted = patterns(dtype, 11)
    const long = storage(dtype, 16)
    long.set(wanted, 3)
    const x = held(first.upload(long.subarray(3, 14), typeOf(dtype, [11]), 'test'))
    assert.is(bitsOf(await stored(x)), bitsOf(wanted), dtype)
    dispose(x)
  }
})

test('what was uploaded is a copy, also while the device is busy', async () => {
  const host = new Float32Array([1, 2, 3])
  const x = array(host, { device: first })
  host.fill(9)
  assert.equal([...(await data(x))], [1, 2, 3])
  dispose(x)
})

test('a transfer is a copy of its own, and to where it is already it is itself', async () => {
  const x = array([1, 2], { device: first })
  const y = await transfer(x, wasm)
  assert.is(await transfer(x, first), x)
  dispose(x)
  assert.equal([...(await data(y))], [1, 2])
  dispose(y)
  const constant = zeros([3])
  assert.is(await transfer(constant, first), constant)
})

test('operands on two devices are refused, two of WebGPU among them', () => {
  const [x, y, z] = [first, second, wasm].map((device) => array([1], { device })) as [Tensor, Tensor, Tensor]
  assert.throws(
    () => add(x, y),
    /^add: operands live on two devices, webgpu and second: move one with transfer\(x, device\)\.$/,
  )
  assert.throws(() => add(z, x), /^add: operands live on two devices, wasm and webgpu: move one with transfer/)
  dispose([x, y, z])
})

test('what is made of constants goes to where it is needed, and from WebGPU only when it is told to', async () => {
  const x = array([1, 2, 3], { device: first })
  const noise = normal(key(0), [3])
  assert.is(noise.device, plain)
  const near = add(x, noise)
  assert.is(near.device, first)
  assert.equal((await data(near)).length, 3)
  const [loose, z] = [onDevice(first, () => mul(full([3], 2), 3)), array([1, 2, 3], { device: wasm })]
  assert.throws(() => add(loose, z), /^add: webgpu cannot be read at once: await data\(x\) or transfer\(x, device\)\.$/)
  assert.equal([...(await data(add(await transfer(loose, wasm), z)))], [7, 8, 9])
  dispose([x, noise, near, loose, z])
})

test('narrow elements are computed the same on all devices, at sizes that no word divides', async () => {
  const f = jit((x: Tensor) => [add(x, x), sum(x)])
  for (const dtype of ['u8', 'i8', 'f16', 'i32', 'u32'] as const)
    for (const n of [1, 3, 66, 257]) {
      const values = Array.from({ length: n }, (_, i) => (i * 5) % 9)
      const on = async (device: Device): Promise<number[][]> => {
        const results = f(array(values, { dtype, device }))
        return Promise.all(results.map(async (x) => [...(await data(x))]))
      }
      const wanted = await on(plain)
      assert.equal(await on(first), wanted, `${dtype}[${n}], ${bytesOf(dtype)} bytes each`)
      assert.equal(await on(wasm), wanted)
    }
})

test.run()
