// What the world can do to a correct program on WebGPU, each done to it: what is told, and how it goes on.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { softwareGpu } from '../../../../tools/webgpu/software.mjs'
import { kernel } from '../custom/kernel.js'
import {
  add, argsort, array, cast, cond, cumsum, data, dispose, exp, foriLoop, type JitOptions, jit, less, liveBuffers, matmul, mul, onDevice, profile, read, reshape, sum, type Tensor, trace, transfer, whileLoop, zeros,
} from '../index.js' // biome-ignore format: a list
import { shaders, type WebgpuOptions, webgpuDevice } from './index.js'
import { lowered, type Mischief, smallMemory, wrappedGpu } from './outcomes.testing.js'

const outcomeOf = async (x: Tensor): Promise<string> => {
  const outcome = await read(x)()
  return outcome._tag === 'Left' ? `${outcome.left.code}: ${outcome.left.message}` : [...outcome.right].join()
}
const numbers = async (x: Tensor): Promise<number[]> => [...(await data(x))]
const wrapped = async (mischief: Mischief, options: WebgpuOptions = {}) => {
  const { gpu, devices } = await wrappedGpu(mischief)
  const device = await webgpuDevice({ gpu, ...options })
  return { device, devices, put: (...values: number[]): Tensor => array(values, { device }) }
}

/** Doubles until it is beyond the limit: the host looks from time to time. */
const growing = jit((x: Tensor, limit: Tensor) =>
  whileLoop(
    (v: Tensor) => less(sum(v), limit),
    (v: Tensor) => mul(v, 1.01),
    x,
  ),
)

// ── the GPU is lost ───────────────────────────────────────────────────────────────────────────────────────────────────

test('a lost GPU is replaced: what was on it is named when it is read, and new work goes on', async () => {
  const { device, devices, put } = await wrapped({})
  const x = put(1, 2, 3)
  const y = jit(function doubled(v: Tensor) {
    return mul(v, 2)
  })(x)
  assert.equal(await numbers(y), [2, 4, 6])
  devices[0]!.destroy()
  await devices[0]!.lost
  assert.match(
    await outcomeOf(x),
    /^deviceLost: f32\[3\], made by array, was on webgpu when the GPU was lost \(.+\), and is gone\. The device works again: upload/,
  )
  assert.match(await outcomeOf(y), /^deviceLost: f32\[3\], made by doubled,/)
  assert.match(await outcomeOf(add(y, 1)), /^deviceLost: f32\[3\], made by doubled,/, 'what needs it names it')
  const again = put(4, 5)
  assert.equal(await numbers(mul(again, again)), [16, 25])
  assert.is(devices.length, 2)
  devices[1]!.destroy()
  await devices[1]!.lost
  // before another one is there
  assert.equal(await numbers(exp(put(0))), [1])
  dispose([x, y, again])
  device.dispose()
})

test('work that is under way when the GPU is lost fails, also in the middle of a loop, and what stands in line is done', async () => {
  const { device, devices, put } = await wrapped({})
  const x = put(1)
  const limit = array(1e30, { device })
  const first = growing(x, limit)
  const second = add(first, 1)
  const reading = outcomeOf(first)
  // in line behind the loop, and of nothing that is lost with it
  const other = put(7)
  devices[0]!.destroy()
  assert.match(
    await reading,
    /^deviceLost: (what .* computes|f32\[1\], made by .*,) was on webgpu when the GPU was lost/,
  )
  assert.match(await outcomeOf(second), /^deviceLost/)
  const after = put(8, 9)
  assert.equal(await numbers(mul(after, 2)), [16, 18])
  assert.match(await outcomeOf(other), /^(7$|deviceLost)/)
  assert.match(await outcomeOf(x), /^deviceLost: f32\[1\], made by array,/)
  device.dispose()
})

test('a read that is waiting when the GPU is lost says so', async () => {
  const { device, devices, put } = await wrapped({})
  const x = put(1, 2)
  const reading = outcomeOf(x)
  devices[0]!.destroy()
  assert.match(await reading, /^(deviceLost: f32\[2\], made by array,|1,2$)/)
  device.dispose()
})

test('where no other GPU can be had the device is lost for good, and says why', async () => {
  const { device, devices, put } = await wrapped({ adapters: 1 })
  const x = put(1)
  devices[0]!.destroy()
  await devices[0]!.lost
  const wanted = /^deviceLost: webgpu: the GPU was lost \(.*\), and no other can be had\. webgpu: .*adapter/
  assert.match(await outcomeOf(x), wanted)
  assert.match(await outcomeOf(mul(put(2), 2)), wanted)
  assert.match(await outcomeOf(growing(put(1), array(2, { device }))), wanted)
})

test('GPUs that are lost again and again are given up', async () => {
  const { gpu, devices } = await wrappedGpu({
    device: (own) => {
      if (devices.length > 1) own.destroy()
      return {}
    },
  })
  const device = await webgpuDevice({ gpu })
  devices[0]!.destroy()
  await devices[0]!.lost
  while (devices.length < 4) await devices.at(-1)!.lost
  await softwareGpu().then((gpu) => gpu.requestAdapter())
  const last = await outcomeOf(array([1], { device }))
  assert.match(last, /^deviceLost: webgpu: the GPU was lost .* were lost before anything was read/)
  assert.ok(devices.length < 6, `${devices.length} were asked for`)
})

// ── the device is disposed ────────────────────────────────────────────────────────────────────────────────────────────

test('a device that is disposed says so to reads that wait, and to all that comes', async () => {
  const { device, devices, put } = await wrapped({})
  const x = put(1)
  const waiting = outcomeOf(growing(x, array(1e30, { device })))
  device.dispose()
  device.dispose()
  assert.match(await waiting, /^disposed: webgpu was disposed/)
  assert.match(await outcomeOf(x), /^disposed: webgpu was disposed/)
  assert.match(await outcomeOf(add(put(1), 1)), /^disposed: webgpu was disposed/)
  assert.is(devices.length, 1, 'no other GPU is asked for')
})

test('a disposed tensor is read as disposed', async () => {
  const { device, put } = await wrapped({})
  const x = put(1, 2)
  const reading = read(x)
  dispose(x)
  assert.match(await outcomeOf(x), /^disposed: /)
  const outcome = await reading()
  assert.is(outcome._tag === 'Left' && outcome.left.code, 'disposed')
  device.dispose()
})

// ── memory ────────────────────────────────────────────────────────────────────────────────────────────────────────────

// beside what a device itself takes
const megabyte = smallMemory(2 ** 20 + 1024 * 256 + 4 * 16384)

test('where the GPU has no room the results are not there, what needs them neither, and other work goes on', async () => {
  const { device } = await wrapped({ device: megabyte })
  const small = array([1, 2, 3], { device })
  const large = array(new Float32Array(200_000).fill(1), { device })
  const more = jit(function twice(x: Tensor) {
    return mul(x, 2)
  })(large)
  const summed = sum(more)
  const wanted =
    /^outOfMemory: twice: the GPU has no room; webgpu holds \d+ bytes in tensors\. Largest makers: .*array 800012.*\. Free tensors by scope/
  assert.match(await outcomeOf(more), wanted)
  assert.match(await outcomeOf(summed), wanted)
  assert.match(await outcomeOf(more), wanted, 'and again')
  assert.equal(await numbers(add(small, 1)), [2, 3, 4])
  assert.equal(await numbers(sum(large)), [200_000])
  dispose([large, more, summed])
  const next = array(new Float32Array(210_000).fill(2), { device })
  assert.equal(await numbers(sum(next)), [420_000])
  device.dispose()
})

test('buffers that wait for the next of their size make place for another, at the second try, and then at the first', async () => {
  const { device } = await wrapped({ device: megabyte })
  const filled = (n: number, value: number): Tensor => array(new Float32Array(n).fill(value), { device })
  dispose(filled(150_000, 9))
  const first = filled(130_000, 1)
  assert.match(await outcomeOf(sum(first)), /^outOfMemory: array/)
  dispose(first)
  const second = filled(130_000, 2)
  assert.equal(await numbers(sum(second)), [260_000])
  dispose(second)
  const third = filled(170_000, 3)
  assert.equal(await numbers(sum(third)), [510_000])
  device.dispose()
})

test('above the limit a call throws, and buffers that wait are not kept beyond it', async () => {
  const { device, put } = await wrapped({}, { limit: 4096 })
  const x = array(new Float32Array(600), { device })
  assert.throws(
    () => jit((v: Tensor) => mul(v, 2))(x),
    /needs 2400 bytes more on webgpu, which holds 2400 of at most 4096\. Largest makers: array 2400\. Free tensors/,
  )
  dispose(x)
  assert.equal(await numbers(put(1)), [1])
  assert.is(liveBuffers(device).bytes, 4)
  device.dispose()
})

test('a read for which there is no room can be done later', async () => {
  let full = false
  const { device, put } = await wrapped({
    device: (own) => {
      const small = smallMemory(0)(own)
      const chosen = <K extends 'createBuffer' | 'pushErrorScope' | 'popErrorScope'>(name: K): GPUDevice[K] =>
        ((...args: unknown[]) => {
          const from = full ? small : own
          return (from[name] as (...args: unknown[]) => unknown).apply(own, args)
        }) as GPUDevice[K]
      return {
        createBuffer: chosen('createBuffer'),
        pushErrorScope: chosen('pushErrorScope'),
        popErrorScope: chosen('popErrorScope'),
      }
    },
  })
  const x = put(1, 2)
  full = true
  assert.match(await outcomeOf(x), /^outOfMemory: read: the GPU has no room/)
  full = false
  assert.equal(await numbers(x), [1, 2])
  device.dispose()
})

test('temporaries for which there is no room are given up: those of a loop as well', async () => {
  const { device } = await wrapped({ device: megabyte })
  const f = jit(function steps(x: Tensor) {
    return whileLoop(
      (v: Tensor) => less(sum(v), 3),
      (v: Tensor) => {
        const wide = matmul(reshape(v, [v.shape[0]!, 1]), reshape(v, [1, v.shape[0]!]))
        return add(v, mul(sum(cumsum(wide, { axis: 1 }), { axis: 0 }), 0))
      },
      x,
    )
  })
  const x = array(new Float32Array(400).fill(0.001), { device })
  assert.match(await outcomeOf(f(x)), /^outOfMemory: steps: the GPU has no room/)
  const few = array(new Float32Array(20).fill(1), { device })
  assert.is((await numbers(f(few))).length, 20)
  assert.equal(await numbers(sum(array(new Float32Array(200_000).fill(1), { device }))), [200_000])
  device.dispose()
})

test('a profile of what fails has no times, and what failed is told by the results', async () => {
  const { device, devices, put } = await wrapped({ device: megabyte })
  const never = array(new Float32Array(2 ** 19), { device })
  assert.match(await outcomeOf(never), /^outOfMemory: array/)
  const { value, timings } = await profile((v: Tensor) => sum(mul(v, 2)))(never)
  assert.equal(timings, [])
  assert.match(await outcomeOf(value), /^outOfMemory: array/)
  const [x, limit] = [put(1), array(1e30, { device })]
  const profiled = profile((v: Tensor) =>
    whileLoop(
      (w: Tensor) => less(sum(w), limit),
      (w: Tensor) => mul(w, 1.01),
      v,
    ),
  )(x)
  devices[0]!.destroy()
  const lost = await profiled
  assert.equal(lost.timings, [])
  assert.match(await outcomeOf(lost.value), /^deviceLost/)
  device.dispose()
})

// ── limits ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const limited = (own: Parameters<typeof lowered>[1]): Mischief => ({
  device: ({ limits }) => ({ limits: lowered(limits, own) }),
})

test('what is longer than can be bound says so, and what can be done: inputs, results and what is between', async () => {
  const { device, put } = await wrapped(limited({ maxStorageBufferBindingSize: 4096 }))
  const wanted = (name: string, type: string, remedy = 'keep it as several tensors, or on the wasm device') =>
    new RegExp(
      `^limitExceeded: ${name}: ${type} has \\d+ bytes, and this GPU binds 4096 at most to a kernel: ${remedy}\\.$`,
    )
  const long = array(new Float32Array(1025), { device })
  assert.match(await outcomeOf(long), wanted('array', 'f32\\[1025\\]'))
  assert.match(await outcomeOf(sum(long)), wanted('array', 'f32\\[1025\\]'))
  const column = array(new Float32Array(40), { shape: [40, 1], device })
  const row = array(new Float32Array(40), { shape: [1, 40], device })
  assert.match(await outcomeOf(add(column, row)), wanted('add', 'f32\\[40,40\\]'))
  const between = jit(function inner(x: Tensor, y: Tensor) {
    const z = matmul(add(x, y), add(x, y))
    return sum(matmul(z, z), { axis: 0 })
  })
  assert.match(
    await outcomeOf(between(column, row)),
    wanted('inner', 'f32\\[40,40\\]', 'it is in between, so compute in parts, as by scan'),
  )
  assert.equal(await numbers(add(put(1), 1)), [2])
  device.dispose()
})

test('buffers are never longer than the GPU allows, however their sizes are rounded', async () => {
  const most = 300_004
  const long: number[] = []
  const { device } = await wrapped({
    device: (own) => ({
      limits: lowered(own.limits, { maxBufferSize: most, maxStorageBufferBindingSize: most }),
      createBuffer: (descriptor) => {
        if (descriptor.size > most) long.push(descriptor.size)
        return own.createBuffer(descriptor)
      },
    }),
  })
  const x = array(new Float32Array(75_000).fill(2), { device })
  assert.ok((await numbers(mul(x, 2))).every((value) => value === 4))
  // bindings are of whole vectors
  assert.match(await outcomeOf(array(new Float32Array(75_001), { device })), /^limitExceeded: .* binds 300000 at most/)
  const sorted = await outcomeOf(argsort(array(new Float32Array(35_000), { device })))
  assert.match(sorted, /^limitExceeded: argsort: needs \d+ bytes beside its operands, .* 300004 .*: compute it in parts, or on the wasm device\.$/) // biome-ignore format: a message
  assert.equal(long, [])
  device.dispose()
})

test('temporaries that together are longer than a buffer may be stand in several', async () => {
  const { device } = await wrapped(limited({ maxBufferSize: 8192 }))
  const f = (x: Tensor): Tensor => {
    const layers = [x]
    for (let i = 0; i < 6; i++) layers.push(matmul(layers[i]!, x))
    return layers.reduce((a, b) => add(a, b))
  }
  const values = Float32Array.from({ length: 40 * 40 }, (_, i) => Math.sin(i) / 8)
  const given = array(values, { shape: [40, 40], device })
  const got = await numbers(jit(f)(given))
  const wanted = await numbers(f(array(values, { shape: [40, 40] })))
  got.forEach((x, i) => assert.ok(Math.abs(x - wanted[i]!) <= 40 * 7 * 2 ** -22, `${i}: ${x}, ${wanted[i]}`))
  device.dispose()
})

test('more workgroups than one dimension has are spread over two', async () => {
  const { device } = await wrapped(limited({ maxComputeWorkgroupsPerDimension: 7 }))
  const n = 64 * 40 + 3
  const x = array(
    Float32Array.from({ length: n }, (_, i) => i),
    { device },
  )
  assert.equal(
    await numbers(mul(x, 2)),
    Array.from({ length: n }, (_, i) => 2 * i),
  )
  device.dispose()
})

test('more than 65,535 workgroups', async () => {
  const { device } = await wrapped({})
  const n = 64 * 65_536 + 1
  const double = (x: Tensor): Tensor => add(x, x)
  const [grid] = shaders(trace(double)(zeros([n])), device.traits).map(({ workgroups }) => workgroups)
  assert.ok(grid![1] > 1, `${grid}`)
  const got = await data(jit(double)(array(new Float32Array(n).fill(3), { device })))
  assert.is(got.length, n)
  assert.ok(got.every((value) => value === 6))
  device.dispose()
})

// ── shaders ───────────────────────────────────────────────────────────────────────────────────────────────────────────

test('a kernel that the device refuses is named with its line, at the first run and later, and so is what needs it', async () => {
  const { device, put } = await wrapped({
    device: (own) => ({
      createShaderModule: ({ label = '', code }) =>
        own.createShaderModule({
          label,
          code: label.includes('exp') ? code.replace('let thread = ', 'let thread = wrong + ') : code,
        }),
    }),
  })
  const x = put(1, 2)
  const f = jit((v: Tensor) => exp(add(v, 1)))
  const y = f(x)
  const wanted =
    /^shaderFailed: add exp: the device refused the kernel's WGSL\. line \d+:\d+: .*wrong.* In: let thread = .*;/
  assert.match(await outcomeOf(y), wanted)
  assert.match(await outcomeOf(mul(y, 2)), wanted)
  assert.match(await outcomeOf(f(x)), wanted, 'a second run')
  const both = jit((v: Tensor) => [matmul(v, v), exp(v)])(array([[1, 2], [3, 4]], { device })) // biome-ignore format: a matrix
  assert.match(await outcomeOf(both[0]!), /^shaderFailed: exp/)
  assert.equal(await numbers(mul(x, 2)), [2, 4])
  device.dispose()
})

// ── calls that throw ──────────────────────────────────────────────────────────────────────────────────────────────────

/** Refused on the way: it has as many operands as the adapter binds, and none is left for the gate of a branch. */
const refused = (options: JitOptions = {}) => {
  const inputs = Array.from({ length: 11 }, (_, i) => `x${i}`)
  const many = kernel({
    name: 'many',
    bindings: { inputs, outputs: ['y'] },
    shape: ({ x0 }) => ({ y: x0! }),
    wgsl: '@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) { y[id.x] = x0[id.x]; }',
    oracle: ({ x0, y }) => y!.set(x0!),
  })
  return jit((x: Tensor) => {
    const y = mul(x, 2)
    return [y, cond(less(sum(x), 1e9), () => many(...inputs.map(() => y)), () => y)] as const
  }, options) // biome-ignore format: a branch
}
const why = /^many: it has 12 operands, and one more where a branch/

test('what a call recorded before it threw does not run when others have its memory', async () => {
  const { device, put } = await wrapped({})
  const x = put(1, 2, 3)
  assert.throws(() => refused()(x), why)
  assert.is(liveBuffers(device).count, 1)
  const others = [4, 5, 6].map((value) => put(value, value, value))
  assert.equal(await numbers(add(x, 1)), [2, 3, 4])
  assert.equal(
    await Promise.all(others.map(numbers)),
    [4, 5, 6].map((value) => [value, value, value]),
  )
  device.dispose()
})

test('what was donated to a call that throws on the way is gone, and one that throws before leaves it', async () => {
  const { device, put } = await wrapped({})
  const [x, y] = [put(1, 2, 3), put(1, 2)]
  assert.throws(() => refused({ donate: [0] })(x), why)
  assert.match(await outcomeOf(x), /^disposed: /)
  assert.throws(() => add(x, 1), /a buffer of f32\[3\] was used after its release/)
  const wide = jit((v: Tensor) => cast(cast(v, 'f64'), 'f32'), { donate: [0] })
  assert.throws(() => wide(y), /no place on webgpu/)
  assert.equal(await numbers(y), [1, 2])
  assert.is(liveBuffers(device).count, 1)
  device.dispose()
})

test('a call that throws while it stands in line is told by reads of its results', async () => {
  const { device, put } = await wrapped({})
  const strays: string[] = []
  const keep = (error: Error): number => strays.push(error.message)
  const before = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', keep)
  try {
    const x = put(1, 2)
    const first = growing(x, array(50, { device }))
    const results = refused()(x)
    const told = (y: Tensor): Promise<string> => data(y).then(String, ({ message }: Error) => message)
    for (const y of [...results, add(results[0], 1)]) assert.match(await told(y), why)
    assert.ok((await numbers(first))[1]! > 25)
    assert.is(strays.length, 1)
  } finally {
    process.off('uncaughtException', keep)
    for (const one of before) process.on('uncaughtException', one)
  }
  device.dispose()
})

// ── f64 ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

test('f64 is refused by name, with what to use', async () => {
  const { device, put } = await wrapped({})
  assert.throws(
    () => array([1], { dtype: 'f64', device }),
    /^array: f64\[1\] has no place on webgpu, as WebGPU has no f64: use f32 there \(cast\(x, 'f32'\)\), or the wasm device for f64\.$/,
  )
  assert.throws(
    () =>
      jit(function precise(v: Tensor) {
        return sum(cast(v, 'f64'))
      })(put(1)),
    /^precise: f64\[1?\] has no place on webgpu/,
  )
  const inner = (v: Tensor): Tensor => foriLoop(0, 3, (_, w: Tensor) => cast(mul(cast(w, 'f64'), 2), 'f32'), v)
  assert.throws(() => jit(inner)(put(1)), /f64\[1\] has no place on webgpu/)
  let refused = ''
  await transfer(array([1, 2], { dtype: 'f64' }), device).catch((error: Error) => {
    refused = error.message
  })
  assert.match(refused, /^transfer: f64\[2\] has no place on webgpu/)
  assert.is(liveBuffers(device).count, 2, 'the two that were put there: nothing else is left behind')
  device.dispose()
})

test('numbers as arguments are f32 there, also alone', async () => {
  const { device, put } = await wrapped({})
  assert.equal(await numbers(jit((v: Tensor, rate: number) => mul(v, rate))(put(1, 2), 0.5)), [0.5, 1])
  const alone = onDevice(device, () => jit((a: number, b: number) => add(a, b))(0.5, 0.25))
  assert.equal(await numbers(alone as unknown as Tensor), [0.75])
  device.dispose()
})

// ── hidden pages ──────────────────────────────────────────────────────────────────────────────────────────────────────

test('a read that does not come in a hidden page is told so, and can be done again', async () => {
  const page = { hidden: true }
  Object.assign(globalThis, { document: page })
  try {
    const { device, put } = await wrapped({}, { patience: 5 })
    const x = growing(put(1), array(50, { device }))
    assert.match(
      await outcomeOf(x),
      /^throttled: read: f32\[1\], made by .*, is not there after 5 ms in a hidden page, .* Nothing is lost: bring the page to the front and read again, or compute in a worker\.$/,
    )
    page.hidden = false
    const [value] = await numbers(x)
    assert.ok(value! >= 50, 'while it is seen it may take its time')
    assert.is((await outcomeOf(growing(put(1), array(50, { device })))).startsWith('throttled'), false)
    page.hidden = true
    const patient = await wrapped({})
    assert.ok((await numbers(growing(patient.put(1), array(50, { device: patient.device }))))[0]! >= 50)
    patient.device.dispose()
    device.dispose()
  } finally {
    Reflect.deleteProperty(globalThis, 'document')
  }
})

test('a hidden page measures no loop by its clocks: long ones are cut as before', async () => {
  const { device, put } = await wrapped({})
  const x = put(1, 2)
  const long = jit((v: Tensor) => foriLoop(0, 2000, (_, w: Tensor) => add(w, 1), v))
  const submitsOf = async (): Promise<number> => {
    const { submits } = device.counters()
    assert.equal(await numbers(long(x)), [2001, 2002])
    return device.counters().submits - submits
  }
  Object.assign(globalThis, { document: { hidden: true } })
  try {
    const first = await submitsOf()
    assert.ok(first > 3, `${first}`)
    assert.is(await submitsOf(), first)
  } finally {
    Reflect.deleteProperty(globalThis, 'document')
  }
  device.dispose()
})

test('nothing on the way needs a timer', async () => {
  const { device, devices, put } = await wrapped({})
  const own = globalThis.setTimeout
  let asked = 0
  Object.assign(globalThis, { setTimeout: () => asked++ })
  try {
    const x = growing(put(1), array(50, { device }))
    assert.ok((await numbers(x))[0]! >= 50)
    devices[0]!.destroy()
    await devices[0]!.lost
    assert.equal(await numbers(add(put(1), 1)), [2])
  } finally {
    globalThis.setTimeout = own
  }
  assert.is(asked, 0)
  device.dispose()
})

test.run()
