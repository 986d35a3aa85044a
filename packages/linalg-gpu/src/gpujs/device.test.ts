import { GPU } from 'gpu.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add, argmax, array, bernoulli, cast, cond, cumsum, debugPrint, dispose, div, dynamicSlice, erf, expandDims, greater, item, jit,
  key, lgamma, liveBuffers, logsumexp, matmul, mean, mod, mul, onDevice, oneHot, polygamma, read, readSync, scan,
  scatterAdd, scope, softmax, sort, square, sub, sum, type Tensor, take, tanh, transfer, transpose, whileLoop, zeros,
} from '../index.js' // biome-ignore format: a list
import { simplify } from '../program.js'
import { trace } from '../run/jit.js'
import { wasmDevice } from '../wasm/index.js'
import { bestDevice } from '../webgpu/best.js'
import { given } from './carried.testing.js'
import { distance } from './harness.testing.js'
import { type GpuClass, type GpujsOptions, gpujs, gpujsDevice } from './index.js'

const fallback = await wasmDevice({ threads: 1 })
const opened = (options: GpujsOptions = {}) => gpujsDevice({ GPU, mode: 'cpu', fallback, ...options })

test.after(fallback.dispose)

const x = (): Tensor => given([4, 6])
const labels = (): Tensor => array([2, 0, 5, 1], { dtype: 'i32' })

/** A program that gpu.js cannot carry, and the reason that it is told. */
const refused: readonly (readonly [string, () => unknown, RegExp])[] = [
  ['a sort', () => jit((x: Tensor) => sort(x))(x()), /argsort is not written for gpu\.js/],
  ['a running sum', () => jit((x: Tensor) => cumsum(x, { axis: 1 }))(x()), /kernel cumsum: cumsum is not written/],
  ['a place of the largest', () => jit((x: Tensor) => argmax(x, { axis: 1 }))(x()), /a result is i32/],
  ['a scatter', () => jit((x: Tensor, i: Tensor) => scatterAdd(zeros([6, 6]), expandDims(i, 1), x))(x(), labels()), /integers that were computed before|scatterAdd/],
  ['a scan', () => jit((x: Tensor) => scan((c: Tensor, r: Tensor) => [add(c, r), c], zeros([6]), x))(x()), /has a scan/],
  ['a loop', () => jit((x: Tensor) => whileLoop((c: Tensor) => greater(9, sum(c)), (c) => add(square(c), 1), x))(x()), /has a while/],
  ['a branch', () => jit((x: Tensor) => cond(greater(sum(x), 0), (x: Tensor) => mul(x, 2), (x) => x, x))(x()), /integers|switch/],
  ['a print', () => jit((x: Tensor) => { debugPrint('x', x, () => {}); return mul(x, 2) })(x()), /has a print/],
  ['random numbers', () => jit((k: Tensor) => cast(bernoulli(k, 0.5, [5]), 'f32'))(key(1)), /u32/],
  ['integers', () => jit((x: Tensor) => cast(mul(cast(x, 'i32'), 3), 'f32'))(x()), /computes with integers/],
  ['a sum of labels', () => jit((i: Tensor) => cast(sum(i), 'f32'))(labels()), /i32/],
  ['f64', () => jit((x: Tensor) => mul(x, 2))(cast(x(), 'f64')), /a result is f64/],
  ['f16', () => jit((x: Tensor) => cast(sum(x), 'f32'))(cast(x(), 'f16')), /it needs f16/],
  ['a start that is computed', () => jit((x: Tensor, i: Tensor) => mul(dynamicSlice(x, [i, 0], [2, 6]), 2))(x(), array(1, { dtype: 'i32' })), /integers that were computed before/],
  ['erf', () => jit((x: Tensor) => erf(x))(x()), /it needs erf, which is not written/],
  ['lgamma', () => jit((x: Tensor) => lgamma(add(square(x), 1)))(x()), /it needs lgamma/],
  ['polygamma', () => jit((x: Tensor) => polygamma(1, add(square(x), 1)))(x()), /it needs polygamma/],
  ['a remainder', () => jit((x: Tensor) => mod(x, 3))(x()), /it needs mod/],
  ['a gather from integers', () => jit((i: Tensor, j: Tensor) => cast(take(i, j), 'f32'))(labels(), array([0, 1], { dtype: 'i32' })), /gathers i32/],
  ['20 arrays in one kernel', () => jit((...all: Tensor[]) => all.reduce((a, b) => tanh(add(a, b))))(...Array.from({ length: 20 }, (_, i) => given([5], i))), /it reads 20 arrays, and 15 can be bound/],
] // biome-ignore format: a table

for (const [title, run, reason] of refused)
  test(`${title}: runs on the wasm device, and the device says why`, async () => {
    const device = await opened()
    // each function of a user is a program of one name or another; eager operations on the way may fall back too
    const off = await distance(device, () => [run()].flat() as Tensor[])
    assert.ok(off <= 8, `${off} ulp`)
    const told = device.fallbacks().filter(({ program }) => program === 'jit')
    assert.match(told.map((one) => one.reason).join('\n'), reason)
    device.dispose()
  })

test('an array of more elements than floats can count is refused before it is made', async () => {
  const device = await opened()
  const program = simplify(trace((x: Tensor) => mul(x, 2))(zeros([2 ** 23 + 1])))
  assert.match(device.fallbackReason(program)!, 'an array of 8388609 elements')
  assert.is(device.fallbackReason(simplify(trace((x: Tensor) => mul(x, 2))(zeros([2 ** 23])))), undefined)
  device.dispose()
})

/** One step down the gradient of softmax cross-entropy of a network 6-5-3, by hand. */
const step = (x: Tensor, y: Tensor, w: Tensor, v: Tensor): readonly Tensor[] => {
  const h = tanh(matmul(x, w))
  const z = matmul(h, v)
  const truth = oneHot(y, 3)
  const loss = mean(sub(logsumexp(z, { axis: 1 }), sum(mul(z, truth), { axis: 1 })))
  const dz = div(sub(softmax(z), truth), 9)
  const dh = mul(matmul(dz, transpose(v)), sub(1, square(h)))
  return [loss, sub(w, mul(0.5, matmul(transpose(x), dh))), sub(v, mul(0.5, matmul(transpose(h), dz)))]
}

test('a network is trained: every step by gpu.js, near the plain device, and nothing is left behind', async () => {
  const device = await opened()
  const run = (): readonly Tensor[] => {
    const [x, y] = [given([9, 6]), array([0, 1, 2, 2, 1, 0, 0, 1, 2], { dtype: 'i32' })]
    const f = jit(step)
    let [w, v] = scope(() => [mul(given([6, 5], 2), 0.1), mul(given([5, 3], 3), 0.1)])
    const counts: number[] = []
    let loss: Tensor | undefined
    for (let i = 0; i < 20; i++) {
      const [l, w2, v2] = f(x, y, w, v) as [Tensor, Tensor, Tensor]
      dispose([w, v, ...(loss === undefined ? [] : [loss])])
      ;[loss, w, v] = [l, w2, v2]
      counts.push(liveBuffers(l.device).count)
    }
    assert.is(new Set(counts).size, 1)
    dispose([x, y])
    return [loss!, w, v]
  }
  // 20 steps, in each of which an ulp may come in
  const off = await distance(device, run)
  assert.ok(off <= 20, `${off} ulp`)
  assert.equal(device.fallbacks(), [])
  assert.is(device.memory().bytes, 0)
  device.dispose()
})

test('buffers pass between gpu.js and wasm, and a program on either leaves none on the other', async () => {
  const device = await opened()
  const before = fallback.memory().count
  const made = onDevice(device, () => {
    const x = given([3, 4])
    const f = jit((x: Tensor) => mul(x, 2))
    const g = jit((x: Tensor) => sort(x))
    return scope(() => add(f(g(f(g(x)))), x))
  })
  assert.equal(readSync(made), readSync(add(mul(sort(mul(sort(given([3, 4])), 2)), 2), given([3, 4]))))
  dispose(made)
  assert.is(device.memory().count, 1)
  // of the data alone, which is still there
  assert.is(fallback.memory().count, before + 1)
  device.dispose()
})

test('a donated argument is given up, on either', async () => {
  const device = await opened()
  const before = fallback.memory().count
  const x = onDevice(device, () => given([5]))
  const y = jit((x: Tensor) => add(x, 1), { donate: [0] })(x)
  assert.throws(() => readSync(x), 'disposed')
  const z = jit((x: Tensor) => sort(x), { donate: [0] })(y)
  assert.throws(() => readSync(y), 'disposed')
  dispose(z)
  assert.is(device.memory().count, 0)
  assert.is(fallback.memory().count, before)
  device.dispose()
})

test('a program of one structure is compiled once; those that have not run for long are forgotten, and their results stay', async () => {
  let compiled = 0
  const counting = function (this: unknown, settings: { mode: 'cpu' }) {
    const own = new GPU(settings) as unknown as { createKernel: (...all: unknown[]) => unknown }
    const create = own.createKernel.bind(own)
    own.createKernel = (...all) => {
      compiled++
      return create(...all)
    }
    return own
  }
  const device = await opened({ GPU: counting as unknown as GpuClass, capacity: 1 })
  const x = onDevice(device, () => given([5]))
  const start = compiled
  const f = () => jit((x: Tensor) => mul(x, 2))(x)
  const [first, second] = [f(), f()]
  assert.is(compiled - start, 1)
  jit((x: Tensor) => mul(x, 3))(x)
  f()
  assert.is(compiled - start, 3)
  assert.equal(readSync(first), readSync(second))
  device.dispose()
})

test('what gpu.js cannot compile after all runs on the wasm device, then and later', async () => {
  const breaking = function (this: unknown, settings: { mode: 'cpu' }) {
    const own = new GPU(settings) as unknown as { createKernel: (source: string, ...all: unknown[]) => unknown }
    const create = own.createKernel.bind(own)
    own.createKernel = (source, ...all) => {
      if (source.includes('k_tanh')) throw new Error('no tanh today')
      return create(source, ...all)
    }
    return own
  }
  const device = await opened({ GPU: breaking as unknown as GpuClass })
  const f = jit((x: Tensor) => tanh(x))
  for (let i = 0; i < 2; i++) assert.ok((await distance(device, () => [f(given([5]))])) <= 2)
  assert.equal(device.fallbacks(), [{ program: 'jit', reason: 'gpu.js refused it: no tanh today' }])
  device.dispose()
})

test('what was disposed is an outcome where it is read, and an error where it is used', async () => {
  const device = await opened()
  const x = onDevice(device, () => given([3]))
  const task = read(x)
  dispose(x)
  const outcome = await task()
  assert.is(outcome._tag === 'Left' && outcome.left.code, 'disposed')
  assert.throws(() => mul(x, 2), 'disposed')
  device.dispose()
})

test('what had no room on the wasm device is an outcome of all that is computed from it', async () => {
  const small = await wasmDevice({ threads: 1, maximumBytes: 4 * 2 ** 20, name: 'small' })
  const device = await opened({ fallback: small })
  const x = onDevice(device, () => array(new Float32Array(2 ** 20).fill(1)))
  const y = jit((x: Tensor) => cumsum(x), { name: 'running' })(x)
  const z = jit((y: Tensor) => add(y, 1), { name: 'after' })(y)
  for (const made of [y, z]) {
    const outcome = await read(made)()
    assert.is(outcome._tag === 'Left' && outcome.left.code, 'outOfMemory')
  }
  // the second could have run on gpu.js, and nothing says that it could not
  assert.equal(
    device.fallbacks().map(({ program }) => program),
    ['running'],
  )
  assert.equal(readSync(jit((x: Tensor) => sum(x))(x)), Float32Array.of(2 ** 20))
  device.dispose()
  small.dispose()
})

test('a limit of bytes is an error at once, with the makers', async () => {
  const device = await opened({ limit: 100 })
  const x = onDevice(device, () => given([20]))
  assert.throws(
    () => mul(x, 2),
    'needs 80 bytes more on gpujs, which holds 80 of at most 100. Largest makers: array 80',
  )
  device.dispose()
})

test('the forecast counts kernels of gpu.js, and the bytes of temporaries and results', async () => {
  const device = await opened()
  const program = simplify(trace((x: Tensor) => softmax(x))(zeros([10, 300])))
  assert.equal(device.forecast(program), { kernels: 3, peakBytes: 4 * (10 + 10 + 3000) })
  device.dispose()
})

test('tensors go to and from other devices', async () => {
  const device = await opened()
  const x = await transfer(given([3]), device)
  const there = await transfer(jit((x: Tensor) => mul(x, 2))(x), fallback)
  assert.is(there.device, fallback)
  assert.equal(readSync(there), readSync(mul(given([3]), 2)))
  assert.is(item(await transfer(sum(greater(x, 9)), device)), 0)
  dispose(there)
  device.dispose()
})

test('bestDevice takes it where it is asked for by name, and says why not', async () => {
  const best = await bestDevice({ order: ['gpujs', 'plain'], gpujs: { GPU, mode: 'cpu', fallback } })
  assert.is(best.kind, 'gpujs')
  assert.is(best.why, 'gpujs, in mode cpu of gpu.js.')
  if (best.kind === 'gpujs') best.device.dispose()
  const other = await bestDevice({ order: ['gpujs', 'plain'], gpujs: { GPU } })
  assert.is(other.kind, 'plain')
  assert.match(other.why, 'plain, in JavaScript, which is slow. Not gpujs: there is no WebGL2 here')
})

test('no WebGL2, and a gpu.js that does not work, are outcomes with a remedy', async () => {
  const none = await gpujs({ GPU })()
  assert.is(none._tag === 'Left' && none.left.code, 'noAdapter')
  assert.match(none._tag === 'Left' ? none.left.message : '', 'there is no WebGL2 here')
  const broken = function (this: unknown) {
    throw new Error('no context')
  } as unknown as GpuClass
  const outcome = await gpujs({ GPU: broken, mode: 'cpu' })()
  assert.match(
    outcome._tag === 'Left' ? outcome.left.message : '',
    'could not run a kernel. (no context) Or use the wasm',
  )
  let rejected = ''
  await gpujsDevice({ GPU: broken, mode: 'cpu' }).catch((error: Error) => (rejected = error.message))
  assert.match(rejected, 'no context')
})

test.run()
