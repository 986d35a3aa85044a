import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add,
  array,
  exp,
  jit,
  matmul,
  mul,
  plain,
  profile,
  region,
  sin,
  type Tensor,
  toNested,
  trace,
} from '../index.js'
import { wasmDevice } from '../wasm/index.js'

const places = (f: (x: Tensor) => unknown): (string | undefined)[] => trace(f)(array([1, 2])).eqns.map(({ at }) => at)

test('a region names the operations of a function, nests, and ends with it, also where it throws', () => {
  assert.equal(
    places((x) => {
      const y = region('outer', () => sin(region('inner', () => exp(x))))
      return sin(y)
    }),
    ['outer/inner', 'outer', undefined],
  )
  const f = (x: Tensor): Tensor => {
    try {
      region('broken', () => {
        throw new Error('no')
      })
    } catch {}
    return exp(x)
  }
  assert.equal(places(f), [undefined])
})

test('a region changes no number, traced or not', () => {
  const x = array([1, 2])
  const f = (v: Tensor): Tensor => region('double', () => mul(v, 2))
  assert.equal(toNested(f(x)), [2, 4])
  assert.equal(toNested(jit(f)(x)), [2, 4])
})

test('a profile has the value, every kernel with its region, the dearest first, and their sum', async () => {
  const device = await wasmDevice({ threads: 1 })
  const x = array(new Float32Array(64 * 64).fill(0.5), { shape: [64, 64], device })
  const f = (v: Tensor): Tensor => {
    const y = region('product', () => matmul(v, v))
    return region('rest', () => exp(add(y, 1)))
  }
  const { value, timings, milliseconds, text } = await profile(f)(x)
  assert.equal(toNested(value), toNested(jit(f)(x)))
  assert.equal(timings.map(({ calls }) => calls), [1, 1]) // biome-ignore format: a line
  assert.equal(timings.map(({ region: of }) => of?.split(',')[0]).sort(), ['product', 'rest']) // biome-ignore format: a line
  assert.ok(timings[0]!.milliseconds >= timings[1]!.milliseconds)
  assert.ok(Math.abs(timings[0]!.milliseconds + timings[1]!.milliseconds - milliseconds) < 1e-9)
  assert.match(text, /ms .* % +1 × .*\(product/)
  device.dispose()
})

test('it needs a device that times its kernels, and is not for the inside of a trace', () => {
  const x = array([1, 2], { device: plain })
  assert.throws(() => profile((v: Tensor) => mul(v, 2))(x), 'profile: plain cannot time its kernels')
  assert.throws(() => jit((v: Tensor) => profile((u: Tensor) => mul(u, 2))(v))(x), 'is being traced: profile the outermost function.') // biome-ignore format: a line
})

test.run()
