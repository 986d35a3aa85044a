import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add, array, type Device, data, debugPrint, dispose, div, exp, foriLoop, full, iota, isFinite, item, jit, key, liveBuffers, log, matmul, max, maximum, mean, mul, neg, onDevice, plain, profile, read, readSync, region, scan, scope, sin, slice, softmax, sqrt, sub, sum, type Tensor, tanh, toNested, transfer, transpose, uniform, where,
} from '../index.js' // biome-ignore format: a list
import { type WasmDevice, type WasmOptions, wasm, wasmDevice } from './index.js'

const open = (options: WasmOptions = {}): Promise<WasmDevice> => wasmDevice({ threads: 1, ...options })
const device = await open()
const put = (...v: number[]): Tensor => array(v, { device })
const ramp = (n: number, on: Device = device, shape: readonly number[] = [n]): Tensor =>
  array(
    Float32Array.from({ length: n }, (_, i) => Math.sin(i)),
    { shape, device: on },
  )
const bits = (x: Tensor): number[] => [...new Uint8Array(readSync(x).buffer)]

/** A layer, its loss and a step: products, fused work, reductions. */
const step = (w: Tensor, x: Tensor, rate: number | Tensor): readonly [Tensor, Tensor] => {
  const h = tanh(matmul(x, w))
  const g = matmul(transpose(x), mul(h, sub(1, mul(h, h))))
  return [sub(w, mul(rate, g)), mean(mul(h, h))]
}
const layer = (on: Device = device): readonly [Tensor, Tensor] => [ramp(140, on, [20, 7]), ramp(660, on, [33, 20])]

// ── programs ──────────────────────────────────────────────────────────────────────────────────────────────────────────

test('a program traced again compiles nothing, and neither does an equal one', async () => {
  const own = await open()
  const [w, x] = layer(own)
  const first = jit(step)(w, x, 0.5)
  const { modules, programs } = own.compilations()
  assert.ok(modules > 0 && programs > 0)
  for (let i = 0; i < 5; i++) jit(step)(w, x, 0.5)
  jit((a: Tensor, b: Tensor, r: number) => step(a, b, r))(w, x, 0.25)
  assert.equal(own.compilations(), { modules, programs })
  assert.equal(toNested(jit(step)(w, x, 0.5)[0]), toNested(first[0]))
  own.dispose()
})

test('other sizes of the same work share its code', async () => {
  const own = await open()
  const f = jit((x: Tensor) => exp(add(mul(x, 2), 1)))
  f(ramp(1000, own))
  const { modules, programs } = own.compilations()
  for (const n of [999, 1001, 4096]) f(ramp(n, own))
  assert.equal(own.compilations(), { modules, programs: programs + 3 })
  own.dispose()
})

test('other constants of the same work share its code, and so do other seeds', async () => {
  const own = await open()
  const work = (i: number): void =>
    scope(() => {
      for (const dtype of ['f32', 'f64', 'f16', 'i32', 'u32'] as const) {
        const x = array([1, 2, 3], { dtype, device: own })
        const y = jit((v: Tensor) => add(mul(v, i), i + 1))(x)
        assert.equal(toNested(y), [2 * i + 1, 3 * i + 1, 4 * i + 1])
      }
      onDevice(own, () => uniform(key(i), [3]))
    })
  work(40)
  const { modules } = own.compilations()
  for (let i = 41; i < 60; i++) work(i)
  assert.is(own.compilations().modules, modules)
  own.dispose()
})

test('a schedule of a thousand step sizes compiles once, and its steady path takes no memory', async () => {
  const own = await open()
  const [w0, x] = layer(own)
  const f = jit(step, { donate: 0 })
  let [w, loss] = f(w0, x, 1)
  const { modules, programs } = own.compilations()
  const { bytes } = own.heap()
  const { count } = liveBuffers(own)
  own.resetPeak()
  const begun = own.heap().peak
  for (let i = 1; i <= 1000; i++) {
    dispose(loss)
    ;[w, loss] = f(w, x, 1 / i)
  }
  assert.equal(own.compilations(), { modules, programs })
  assert.is(own.heap().bytes, bytes)
  assert.is(liveBuffers(own).count, count)
  // one loss, the number and what else is alive within one call
  assert.ok(own.heap().peak - begun < 1024, `${own.heap().peak - begun} bytes`)
  assert.ok(Number.isFinite(item(loss)))
  own.dispose()
})

test('programs that have not run for long are forgotten, with their memory, and run again', async () => {
  const own = await open({ capacity: 4 })
  const x = ramp(10, own)
  const functions = Array.from({ length: 12 }, (_, i) => jit((v: Tensor) => add(mul(v, i), i)))
  const run = (): number[][] => functions.map((f) => scope(() => Array.from(readSync(f(x)))))
  const first = run()
  const { bytes } = own.heap()
  for (let i = 0; i < 3; i++) assert.equal(run(), first)
  assert.is(own.compilations().programs, 4)
  assert.is(own.heap().bytes, bytes)
  own.dispose()
})

// ── owning ────────────────────────────────────────────────────────────────────────────────────────────────────────────

test('a donated input is given up, and its memory may become the result’s', async () => {
  const own = await open()
  const x = ramp(100_000, own)
  const f = jit((v: Tensor) => add(mul(v, 2), 1), { donate: 0 })
  const expected = scope(() => Array.from(readSync(add(mul(x, 2), 1))))
  own.resetPeak()
  const before = own.heap().bytes
  const y = f(x)
  assert.equal(Array.from(readSync(y)), expected)
  assert.is(String(x), 'f32[100000] disposed')
  assert.throws(() => readSync(x), 'readSync: f32[100000] was disposed.')
  assert.is(liveBuffers(own).count, 1)
  assert.ok(own.heap().peak - before < 10_000, `${own.heap().peak - before} bytes more`)
  dispose(y)
  assert.equal([liveBuffers(own).count, liveBuffers(own).bytes], [0, 0])
  own.dispose()
})

test('donated or not, the numbers are the same bits: of a matrix that is transposed, of a row that is read by all', () => {
  const functions: readonly ((x: Tensor) => unknown)[] = [
    (x) => add(x, transpose(x)),
    (x) => transpose(x),
    (x) => matmul(x, x),
    (x) => sub(x, sum(x, { axis: 0 })),
    (x) => softmax(x),
    (x) => [add(x, 1), sub(x, 1), transpose(x)],
    (x) => foriLoop(0, 3, (_, c: Tensor) => add(transpose(c), x), x),
    (x) => scan((c: Tensor, row: Tensor) => [add(c, row), mul(c, row)], sum(x, { axis: 0 }), x),
    (x) => x,
    (x) => [x, x],
  ]
  for (const f of functions)
    scope(() => {
      const whole = (given: unknown): number[][] => [given].flat(3).map((x) => bits(x as Tensor))
      const square = (): Tensor => ramp(64, device, [8, 8])
      assert.equal(whole(jit(f, { donate: 0 })(square())), whole(jit(f)(square())), String(f))
    })
})

test('liveBuffers counts what lives on the device, by maker; intermediates show in the peak alone', async () => {
  const own = await open()
  const x = ramp(1000, own)
  const f = jit((v: Tensor) => matmul(transpose(exp(mul(v, v))), exp(v)), { name: 'loss' })
  const m = ramp(900, own, [30, 30])
  own.resetPeak()
  const y = f(m)
  const { count, bytes, peak, makers } = liveBuffers(own)
  assert.equal([count, bytes], [3, 4000 + 3600 + 3600])
  assert.ok(peak > bytes)
  assert.equal([...makers], [['array', 7600], ['loss', 3600]])
  dispose([x, y, m])
  assert.is(liveBuffers(own).bytes, 0)
  own.dispose()
}) // biome-ignore format: a table

test('what was disposed is an outcome where it is read, and an error where it is used', async () => {
  const x = put(1, 2)
  const task = read(x)
  dispose(x)
  assert.equal(await task(), { _tag: 'Left', left: { code: 'disposed', message: 'read: f32[2] was disposed.' } })
  assert.throws(() => readSync(x), 'readSync: f32[2] was disposed.')
  assert.throws(() => add(x, 1), 'add: got f32[2], which was disposed.')
})

test('a thousand calls of each kind leave the heap as it was', async () => {
  const own = await open()
  const [w, x] = layer(own)
  const f = jit((a: Tensor, b: Tensor) => softmax(matmul(b, a)))
  const work = (): void =>
    scope(() => {
      f(w, x)
      add(mul(x, 2), 1)
      sum(array([1, 2, 3], { device: own }))
      foriLoop(0, 3, (_, c: Tensor) => add(c, 1), x)
      read(x)
    })
  work()
  const { bytes } = own.heap()
  own.resetPeak()
  work()
  const { peak } = own.heap()
  own.resetPeak()
  for (let i = 0; i < 1000; i++) work()
  assert.equal(own.heap(), { bytes, peak })
  own.dispose()
})

// ── when memory runs out ──────────────────────────────────────────────────────────────────────────────────────────────

test('out of memory is an outcome: read says who holds what and what to do, and later calls work', async () => {
  const own = await open({ maximumBytes: 4 * 2 ** 20, name: 'small' })
  const x = ramp(500_000, own)
  const before = own.heap().bytes
  const big = jit((v: Tensor) => [exp(v), add(exp(v), 1), sin(v)] as const, { name: 'big' })
  const [y] = big(x)
  const outcome = await read(y)()
  assert.is(outcome._tag, 'Left')
  if (outcome._tag === 'Right') return
  assert.is(outcome.left.code, 'outOfMemory')
  assert.match(outcome.left.message, /^big: small has no room for 6000\d\d\d bytes more; it holds \d+\. Largest makers: array 2000000\. Free tensors by scope/)
  // whatever is made of it is the same failure, and costs nothing
  const z = await read(mul(y, 2))()
  assert.equal(z, outcome)
  assert.throws(() => readSync(y), outcome.left.message)
  try {
    await data(y)
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).message, outcome.left.message)
  }
  assert.is(liveBuffers(own).count, 1)
  // what there is room for goes on, also the same program when it has room
  assert.is(item(sum(add(mul(ramp(10, own), 0), 1))), 10)
  dispose(y)
  const shorter = ramp(50_000, own)
  assert.equal(Array.from(readSync(big(shorter)[0])).slice(0, 2), [1, Math.fround(Math.exp(Math.fround(Math.sin(1))))])
  dispose(x)
  assert.ok(own.heap().bytes < before)
  own.dispose()
}) // biome-ignore format: long lines

test('a program for which there was no room is run when there is some', async () => {
  const own = await open({ maximumBytes: 4 * 2 ** 20 })
  const f = jit((v: Tensor) => exp(v))
  const [a, b] = [ramp(400_000, own), ramp(400_000, own)]
  const first = f(a)
  assert.is((await read(first)())._tag, 'Left')
  dispose([first, b])
  const outcome = await read(f(a))()
  assert.is(outcome._tag, 'Right')
  own.dispose()
})

test('what is donated to a program that had no room to run is still there', async () => {
  const own = await open({ maximumBytes: 4 * 2 ** 20 })
  const weights = ramp(300_000, own)
  const step = jit(
    (w: Tensor, scale: Tensor) => [sub(w, scale), exp(mul(w, 2)), exp(mul(w, 3)), exp(mul(w, 4))] as const,
    {
      donate: 0,
    },
  )
  const results = step(weights, array(1, { device: own }))
  assert.is((await read(results[0])())._tag, 'Left')
  assert.is(item(slice(weights, 0)), 0)
  // and is given up where the program runs
  const small = jit((w: Tensor) => mul(w, 2), { donate: 0 })
  const after = small(weights)
  assert.is(item(slice(after, 1)), Math.fround(2 * Math.fround(Math.sin(1))))
  assert.throws(() => readSync(weights), /disposed/)
  own.dispose()
})

test('host data for which there is no room is an outcome too', async () => {
  const own = await open({ maximumBytes: 2 ** 20, name: 'tiny' })
  const x = ramp(1_000_000, own)
  const outcome = await read(x)()
  assert.ok(outcome._tag === 'Left' && outcome.left.code === 'outOfMemory')
  assert.match(outcome._tag === 'Left' ? outcome.left.message : '', /^array: tiny has no room for 4000000 bytes more/)
  assert.is(item(sum(array([1, 2, 3], { device: own }))), 6)
  own.dispose()
})

test('memory that waits for the next program makes room for data', async () => {
  const own = await open({ maximumBytes: 4 * 2 ** 20 })
  const x = ramp(400 * 400, own, [400, 400])
  const f = jit((v: Tensor) => sum(matmul(matmul(matmul(v, v), v), v)))
  const first = item(f(x))
  const data = [1, 2, 3, 4].map(() => ramp(140_000, own))
  for (const y of data) assert.is((await read(y)())._tag, 'Right')
  dispose(data)
  assert.is(item(f(x)), first)
  own.dispose()
})

test('memory that waits for a large program makes room for the results of a small one', async () => {
  const own = await open({ maximumBytes: 4 * 2 ** 20 })
  const x = ramp(400 * 400, own, [400, 400])
  const f = jit((v: Tensor) => sum(matmul(matmul(matmul(v, v), v), v)))
  const g = jit((v: Tensor) => [add(v, 1), add(v, 2), add(v, 3), sum(matmul(v, v))] as const)
  const first = item(f(x))
  const results = g(x)
  for (const y of results) assert.is((await read(y)())._tag, 'Right')
  assert.equal(bits(results[2]), bits(add(x, 3)))
  dispose([...results])
  assert.is(item(f(x)), first)
  own.dispose()
})

test('a limit of bytes is an error at once, with the makers', async () => {
  const own = await open({ limit: 100, name: 'limited' })
  const a = array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], { device: own })
  const b = mul(a, 2)
  assert.throws(
    () => add(a, b),
    'add: needs 40 bytes more on limited, which holds 80 of at most 100. Largest makers: array 40, mul 40. Free tensors by scope(() => …), iterate, donate or dispose.',
  )
  dispose(b)
  assert.equal(toNested(sum(add(a, 1))), 65)
  own.dispose()
})

test('no device is an outcome of `wasm`, and a rejection of `wasmDevice`', async () => {
  const own = globalThis.WebAssembly
  Reflect.set(globalThis, 'WebAssembly', undefined)
  try {
    const outcome = await wasm({ threads: 1 })()
    assert.ok(outcome._tag === 'Left' && outcome.left.code === 'deviceLost')
    const message = outcome._tag === 'Left' ? outcome.left.message : ''
    assert.match(message, 'wasm: there is no WebAssembly here.')
    try {
      await wasmDevice({ threads: 1 })
      assert.unreachable()
    } catch (error) {
      assert.is((error as Error).message, message)
    }
  } finally {
    Reflect.set(globalThis, 'WebAssembly', own)
  }
})

// ── what looks into a run ─────────────────────────────────────────────────────────────────────────────────────────────

test('prints come in order, with the numbers of that moment, each to the sink of its own trace', () => {
  const run = (): string[] => {
    const lines: string[] = []
    const f = jit((v: Tensor) =>
      foriLoop(0, 3, (i, c: Tensor) => {
        debugPrint('c', c, (text) => lines.push(text))
        return add(c, i)
      }, v)) // biome-ignore format: a loop
    assert.equal(toNested(f(put(1, 2))), [4, 5])
    return lines
  }
  const expected = ['c f32[2] [1, 2]', 'c f32[2] [1, 2]', 'c f32[2] [2, 3]']
  assert.equal(run(), expected)
  assert.equal(run(), expected)
})

test('a sink must not compute on the device that runs, and may on another', () => {
  const x = put(1, 2)
  const computing = jit((v: Tensor) => {
    debugPrint('v', v, () => add(x, 1))
    return mul(v, 2)
  })
  assert.throws(
    () => computing(x),
    'add: was called while wasm runs a program: a sink of debugPrint and the oracle of a kernel must not compute.',
  )
  let seen: unknown
  const looking = jit((v: Tensor) => {
    debugPrint('v', v, () => {
      seen = onDevice(plain, () => toNested(add(array([1, 2]), 1)))
    })
    return mul(v, 2)
  })
  assert.equal(toNested(looking(x)), [2, 4])
  assert.equal(seen, [2, 3])
})

test('what a sink throws comes out of the call, which leaves nothing behind; later calls work', () => {
  const { count } = liveBuffers(device)
  const { bytes } = device.heap()
  const x = put(1, 2)
  const f = jit((v: Tensor, broken: string) => {
    debugPrint('v', exp(v), () => {
      if (broken === 'yes') throw new Error('sink')
    })
    return mul(v, 2)
  })
  assert.throws(() => f(x, 'yes'), 'sink')
  assert.equal(toNested(f(x, 'no')), [2, 4])
  assert.throws(() => f(x, 'yes'), 'sink')
  assert.equal(toNested(add(x, 1)), [2, 3])
  assert.is(liveBuffers(device).count, count + 3)
  assert.ok(device.heap().bytes - bytes < 10_000)
})

test('profile gives every kernel with its calls, its region and its time, and the results of the call', async () => {
  const [w, x] = layer()
  const f = (a: Tensor, b: Tensor): Tensor => {
    const h = region('encode', () => tanh(matmul(b, a)))
    return region('loop', () => foriLoop(0, 4, (_, c: Tensor) => softmax(add(c, sum(c))), h))
  }
  // the equal program that ran before has no regions
  const plainly = jit((a: Tensor, b: Tensor) => {
    const h = tanh(matmul(b, a))
    return foriLoop(0, 4, (_, c: Tensor) => softmax(add(c, sum(c))), h)
  })(w, x)
  const { modules } = device.compilations()
  const { value, timings, milliseconds, text } = await profile(f)(w, x)
  assert.is(device.compilations().modules, modules)
  assert.equal(bits(value), bits(plainly))
  assert.ok(timings.every((one) => one.milliseconds >= 0 && Number.isFinite(one.milliseconds)))
  assert.ok(timings.some((one) => one.region?.startsWith('encode') && one.calls === 1))
  assert.ok(timings.some((one) => one.region?.startsWith('loop') && one.calls === 4))
  assert.ok(Math.abs(timings.reduce((all, one) => all + one.milliseconds, 0) - milliseconds) < 1e-9)
  assert.is(text.split('\n').length, timings.length)
})

// ── devices beside each other ─────────────────────────────────────────────────────────────────────────────────────────

test('two devices run side by side, one program on both, and what is on both is refused', async () => {
  const [one, two] = await Promise.all([open({ name: 'one' }), open({ name: 'two' })])
  const f = jit((v: Tensor) => softmax(add(v, 1)))
  const [a, b] = [ramp(10, one), ramp(10, two)]
  assert.equal(bits(f(a)), bits(f(b)))
  assert.is(f(b).device, two)
  assert.throws(() => add(a, b), 'add: operands live on two devices, one and two: move one with transfer(x, device).')
  const moved = await transfer(a, two)
  assert.is(moved.device, two)
  assert.equal(bits(add(moved, b)), bits(mul(b, 2)))
  const back = await transfer(moved, plain)
  assert.equal(bits(back), bits(a))
  one.dispose()
  two.dispose()
})

test('one and two threads give the same bits, run after run', async () => {
  const two = await open({ threads: 2 })
  const f = jit((w: Tensor, x: Tensor) => {
    const h = tanh(matmul(x, w))
    return [h, sum(h), softmax(h), matmul(transpose(h), h), max(h, { axis: 0 })]
  })
  const run = (on: Device): number[][] =>
    scope(() => f(ramp(300 * 211, on, [300, 211]), ramp(401 * 300, on, [401, 300])).map(bits))
  const expected = run(device)
  for (let i = 0; i < 5; i++) assert.equal(run(two), expected)
  two.dispose()
})

// ── numbers ───────────────────────────────────────────────────────────────────────────────────────────────────────────

test('NaN and the infinities come in, are made, and go out', () => {
  const special = [Number.NaN, Infinity, -Infinity, -0, 0, 1]
  const x = put(...special)
  assert.equal(Array.from(readSync(x)), special)
  assert.equal(Array.from(readSync(neg(x))), [Number.NaN, -Infinity, Infinity, 0, -0, -1])
  assert.equal(Array.from(readSync(div(1, x))), [Number.NaN, 0, -0, -Infinity, Infinity, 1])
  assert.equal(Array.from(readSync(exp(x))), [Number.NaN, Infinity, 0, 1, 1, Math.fround(Math.E)])
  assert.equal(Array.from(readSync(log(x))), [Number.NaN, Infinity, Number.NaN, -Infinity, -Infinity, 0])
  assert.equal(Array.from(readSync(sqrt(x))), [Number.NaN, Infinity, Number.NaN, -0, 0, 1])
  assert.equal(Array.from(readSync(maximum(x, 0))), [Number.NaN, Infinity, 0, 0, 0, 1])
  assert.equal(Array.from(readSync(isFinite(x))), [0, 0, 0, 1, 1, 1])
  assert.equal(Array.from(readSync(where(isFinite(x), x, 7))), [7, 7, 7, -0, 0, 1])
  assert.ok(Number.isNaN(item(max(x))))
  assert.ok(Number.isNaN(item(sum(put(Infinity, 1, -Infinity)))))
  // of one row only
  const rows = array(Array.from({ length: 9 }, (_, i) => (i === 4 ? [Number.NaN, 1, 2] : [i, 1, 2])), { device }) // biome-ignore format: rows
  assert.equal((toNested(sum(rows, { axis: 1 })) as number[]).map(Number.isNaN).indexOf(true), 4)
  assert.equal((toNested(matmul(rows, put(1, 1, 1))) as number[]).filter(Number.isNaN).length, 1)
})

test('sizes of nothing and of one', () => {
  for (const n of [0, 1]) {
    const x = array(new Float32Array(n), { device })
    assert.is(item(sum(exp(x))), n)
    assert.equal(readSync(add(x, 1)).length, n)
    assert.equal(matmul(array(new Float32Array(2 * n), { shape: [2, n], device }), array(new Float32Array(3 * n), { shape: [n, 3], device })).shape, [2, 3])
  }
  assert.equal(toNested(add(put(1), full([3], 1))), [2, 2, 2])
  assert.equal(toNested(add(iota([3]), array([0, 0, 0], { dtype: 'i32', device }))), [0, 1, 2])
}) // biome-ignore format: a long line

test.run()
