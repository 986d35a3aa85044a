import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import nodeThreads from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { get, i32 } from '../assembler.js'
import { kernelFunction } from '../lowered.js'
import { createRuntime, type Runtime, type RuntimeOptions } from './runtime.js'
import { floats, increment, stuck, sumOfSquares, tape, trapAt, words } from './tapes.testing.js'

/** A runtime, and the workers that it made. */
const withWorkers = async (options: RuntimeOptions): Promise<Runtime & { workers: readonly nodeThreads.Worker[] }> => {
  const { Worker } = nodeThreads
  const workers: nodeThreads.Worker[] = []
  nodeThreads.Worker = class extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args)
      workers.push(this)
    }
  }
  try {
    return { ...(await createRuntime(options)), workers }
  } finally {
    nodeThreads.Worker = Worker
  }
}

const pause = (ms: number): Promise<void> => new Promise((go) => setTimeout(go, ms))
const within = async (ms: number, what: () => boolean): Promise<void> => {
  for (let i = 0; i < ms && !what(); i++) await pause(1)
  assert.ok(what())
}

/** A tape that runs one kernel once. */
const alone = ({ heap }: Runtime, fn: number, descriptor: number, units: number, grain: number): number => {
  const t = tape(heap)
  t.put('KERNEL', fn, descriptor, units, grain)
  t.put('END')
  return t.start
}

/** x + 1 over all of many f32, in parallel; throws unless every one has come to what it should be. */
const counting = (r: Runtime, n = 10_000): { run: (times?: number) => void } => {
  const [fn] = r.functionIndex([increment])
  const x = floats(r.heap, new Array(n).fill(0))
  const t = alone(r, fn!, words(r.heap, words(r.heap, x)), n, 100)
  let sum = 0
  return {
    run: (times = 1) => {
      for (let i = 0; i < times; i++) {
        assert.is(r.run(t), 0)
        sum++
      }
      const all = r.heap.views().f32.subarray(x / 4, x / 4 + n)
      for (let i = 0; i < n; i++) if (all[i] !== sum) assert.unreachable(`${all[i]} at ${i} and not ${sum}`)
    },
  }
}

const squares = async (threads: number): Promise<readonly Float32Array[]> => {
  const r = await createRuntime({ threads })
  assert.is(r.threads(), threads)
  assert.equal(r.notes, [])
  assert.ok(r.ensureScratch(64))
  const [fn] = r.functionIndex([sumOfSquares])
  const out: Float32Array[] = []
  for (const [units, n, grain] of [
    [1, 10, 1],
    [2, 10, 1],
    [7, 100, 1],
    [1000, 13, 1],
    [1000, 13, 0],
    [1000, 13, 300],
    [1001, 13, 1000],
    [33, 1000, 2],
  ] as const) {
    const x = floats(
      r.heap,
      Array.from({ length: units * n }, (_, i) => Math.sin(i)),
    )
    const y = floats(r.heap, new Array(units + 1).fill(-1))
    const t = alone(r, fn!, words(r.heap, words(r.heap, x), words(r.heap, y), n), units, grain)
    for (let i = 0; i < 20; i++) assert.is(r.run(t), 0)
    out.push(r.heap.views().f32.slice(y / 4, y / 4 + units + 1))
  }
  r.dispose()
  return out
}

test('results are the same for any number of threads', async () => {
  const [one, two, three] = [await squares(1), await squares(2), await squares(3)]
  assert.equal(two, one)
  assert.equal(three, one)
  for (const y of one) assert.is(y.at(-1), -1)
})

test('many short kernels in a loop are each done before the next begins', async () => {
  const r = await createRuntime({ threads: 3 })
  const [fn] = r.functionIndex([increment])
  const x = floats(r.heap, new Array(64).fill(0))
  const n = words(r.heap, 0)
  const descriptor = words(r.heap, words(r.heap, x))
  const t = tape(r.heap)
  t.put('SET', n, 5000)
  const top = t.here()
  // chunks of different sizes: a chunk taken for the wrong job would show
  t.put('KERNEL', fn!, descriptor, 64, 1)
  t.put('KERNEL', fn!, descriptor, 64, 9)
  t.put('KERNEL', fn!, descriptor, 64, 40)
  t.put('LOOP', n, top)
  t.put('END')
  assert.is(r.run(t.start), 0)
  assert.equal([...r.heap.views().f32.slice(x / 4, x / 4 + 64)], new Array(64).fill(15_000))
  r.dispose()
})

test('threads that sleep wake up, and take in modules and memory that came in between', async () => {
  const r = await createRuntime({ threads: 3, spins: 10 })
  const first = counting(r)
  first.run(3)
  await pause(20)
  first.run(3)
  // growth, and a module that lies beyond what was there before
  r.heap.allocate(50 * 2 ** 20)
  const more = Array.from({ length: 20 }, (_, i) => ({ ...increment, key: `increment ${i}` }))
  const numbers = r.functionIndex(more)
  const x = floats(r.heap, new Array(1000).fill(0))
  const t = tape(r.heap)
  for (const fn of numbers) t.put('KERNEL', fn, words(r.heap, words(r.heap, x)), 1000, 10)
  t.put('END')
  await pause(20)
  assert.is(r.run(t.start), 0)
  assert.equal([...r.heap.views().f32.slice(x / 4, x / 4 + 1000)], new Array(1000).fill(20))
  assert.equal(r.notes, [])
  assert.is(r.threads(), 3)
  r.dispose()
})

test('a trap in a kernel is a code, on whatever thread it is, and the next run is right', async () => {
  const r = await createRuntime({ threads: 3 })
  const [fn] = r.functionIndex([trapAt])
  const other = counting(r)
  for (let unit = 0; unit < 50; unit++) {
    assert.is(r.run(alone(r, fn!, words(r.heap, unit), 50, 1)), 1)
    assert.ok(['unreachable', 'a kernel trapped on another thread'].includes(r.failure()))
    other.run()
  }
  assert.is(r.run(alone(r, fn!, words(r.heap, 50), 50, 1)), 0)
  assert.is(r.threads(), 3)
  r.dispose()
})

test('a step runs a kernel in parallel, and says when it failed', async () => {
  const r = await createRuntime({ threads: 2 })
  const [fn] = r.functionIndex([trapAt])
  const t = alone(r, fn!, words(r.heap, 100), 50, 1)
  assert.is(r.step(t), t + 20)
  assert.is(r.step(t + 20), 0)
  assert.is(r.step(alone(r, fn!, words(r.heap, 7), 50, 1)), 1)
  r.dispose()
})

for (const spins of [10, 2 ** 30])
  test(`a thread that is terminated while it ${spins === 10 ? 'sleeps' : 'looks for work'} leaves the work to the others`, async () => {
    const r = await withWorkers({ threads: 3, spins })
    const work = counting(r)
    work.run(10)
    await pause(5)
    r.workers[0]!.terminate()
    work.run(10)
    await within(2000, () => r.threads() === 2)
    assert.equal(r.notes, ['thread 1 is gone: it ended.'])
    work.run(10)
    await r.workers[1]!.terminate()
    await within(2000, () => r.threads() === 1)
    work.run(10)
    r.dispose()
  })

test('threads that are terminated at any moment leave a right result or a code', async () => {
  for (let i = 0; i < 6; i++) {
    const r = await withWorkers({ threads: 3, patience: 100 })
    const [fn] = r.functionIndex([increment])
    const n = 200_000
    const x = floats(r.heap, new Array(n).fill(0))
    const t = alone(r, fn!, words(r.heap, words(r.heap, x)), n, 1)
    r.run(t)
    r.heap.views().f32.fill(0, x / 4, x / 4 + n)
    r.workers[0]!.terminate()
    r.workers[1]!.terminate()
    const codes = Array.from({ length: 20 }, () => r.run(t))
    assert.ok(codes.every((code) => code === 0 || code === 2))
    if (codes.every((code) => code === 0))
      assert.ok(
        r.heap
          .views()
          .f32.subarray(x / 4, x / 4 + n)
          .every((value) => value === 20),
      )
    await within(2000, () => r.threads() === 1)
  }
})

test('a kernel that does not go on is given up, its thread too, and the rest go on', async () => {
  const r = await withWorkers({ threads: 3, patience: 200 })
  r.ensureScratch(16)
  const [fn] = r.functionIndex([stuck])
  const work = counting(r)
  work.run(3)
  const flag = words(r.heap, 0)
  const begun = performance.now()
  const code = r.run(alone(r, fn!, words(r.heap, flag, scratchOf(r)), 12, 1))
  assert.is(code, 2)
  assert.ok(performance.now() - begun < 3000)
  assert.match(r.failure(), 'a thread was lost')
  assert.ok(r.threads() < 3)
  work.run(100)
  await pause(50)
  work.run(100)
  r.dispose()
})

/** The address of the caller's scratch: a kernel writes it down. */
const scratchOf = (r: Runtime): number => {
  const [fn] = r.functionIndex([
    {
      key: 'scratchOf',
      build: () => kernelFunction('scratchOf', ({ words, scratch }) => i32.store(get(words), get(scratch))),
    },
  ])
  const out = words(r.heap, 0)
  r.run(alone(r, fn!, out, 1, 1))
  return r.heap.views().u32[out / 4]!
}

test('when all the memory is in use, kernels still run, on the caller alone', async () => {
  const r = await createRuntime({ threads: 2, maximumBytes: 2 ** 20 })
  const x = floats(r.heap, new Array(1000).fill(0))
  const descriptor = words(r.heap, words(r.heap, x))
  const t = tape(r.heap)
  for (const size of [100_000, 1000, 0]) while (r.heap.allocate(size) !== undefined);
  const [fn] = r.functionIndex([increment])
  assert.ok(fn! < 0)
  assert.not(r.ensureScratch(100))
  t.put('KERNEL', fn!, descriptor, 1000, 1)
  t.put('END')
  assert.is(r.run(t.start), 0)
  assert.ok(
    r.heap
      .views()
      .f32.subarray(x / 4, x / 4 + 1000)
      .every((value) => value === 1),
  )
  r.dispose()
})

test('ten thousand parallel runs allocate nothing', async () => {
  const r = await createRuntime({ threads: 2 })
  const [fn] = r.functionIndex([increment])
  const x = floats(r.heap, new Array(100).fill(0))
  const t = alone(r, fn!, words(r.heap, words(r.heap, x)), 100, 10)
  const before = [r.heap.bytes(), r.heap.count()]
  for (let i = 0; i < 10_000; i++) r.run(t)
  assert.equal([r.heap.bytes(), r.heap.count()], before)
  assert.is(r.heap.views().f32[x / 4], 10_000)
  r.dispose()
})

test('a program with threads ends by itself', async () => {
  const runtime = new URL('./runtime.ts', import.meta.url).href
  const tapes = new URL('./tapes.testing.ts', import.meta.url).href
  const program = `
    const { createRuntime } = await import(${JSON.stringify(runtime)})
    const { floats, increment, tape, words } = await import(${JSON.stringify(tapes)})
    const r = await createRuntime({ threads: 3 })
    const [fn] = r.functionIndex([increment])
    const t = tape(r.heap)
    t.put('KERNEL', fn, words(r.heap, words(r.heap, floats(r.heap, new Array(1000).fill(1)))), 1000, 1)
    t.put('END')
    for (let i = 0; i < 100; i++) r.run(t.start)
    console.log(r.threads())`
  const tsx = ['--conditions=@neumann/source', '--import', import.meta.resolve('tsx')]
  const child = spawn(process.execPath, [...tsx, '--input-type=module', '--eval', program], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.on('data', (data) => (out += data))
  const clock = setTimeout(() => child.kill('SIGKILL'), 15_000)
  const [code, signal] = await once(child, 'close')
  clearTimeout(clock)
  assert.equal([code, signal, out], [0, null, '3\n'])
})

test.run()
