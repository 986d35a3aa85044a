// The device answers later: whatever is called, read, released, donated and moved in the meantime, results are those of the plain
// device, and nothing is left behind.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { softwareGpu } from '../../../../tools/webgpu/software.mjs'
import {
  add, array, cond, type Device, data, debugPrint, dispose, foriLoop, iterate, jit, less, liveBuffers, matmul, minimum, mul, plain, read, scan, scope, sub, sum, type Tensor, transpose, whileLoop,
} from '../index.js' // biome-ignore format: a list
import { webgpuDevice } from './index.js'

const gpu = await softwareGpu()
const one = await webgpuDevice({ gpu, name: 'one', capacity: 3, idle: 2048 })
const two = await webgpuDevice({ gpu, name: 'two' })

const side = 3
/** Whole numbers that stay small, so that every order of sums gives the same. */
const small = (x: Tensor): Tensor => sub(minimum(mul(x, x), 40), 20)

/** As many turns as it takes until the sum is beyond a bound: the host looks now and then. */
const until = (x: Tensor): Tensor =>
  whileLoop(
    ([v]: readonly [Tensor, Tensor]) => less(sum(v), 500),
    ([v, i]: readonly [Tensor, Tensor]) => [add(v, i), add(i, 1)] as const,
    [x, array(1, { device: x.device! })] as const,
  )[0]

const works: readonly ((x: Tensor, y: Tensor) => Tensor)[] = [
  jit((x: Tensor, y: Tensor) => small(add(x, y))),
  jit((x: Tensor, y: Tensor) => small(matmul(x, transpose(y)))),
  (x, y) => small(sub(x, y)),
  (x) => small(until(small(x))),
  jit((x: Tensor, y: Tensor) => foriLoop(0, 5, (i, v: Tensor) => small(add(v, mul(y, i))), x)),
  jit((x: Tensor, y: Tensor) => scan((c: Tensor, row: Tensor) => [small(add(c, row)), sub(c, row)] as const, sum(x, { axis: 0 }), y)[1]),
  jit((x: Tensor, y: Tensor) => cond(less(sum(x), sum(y)), () => small(add(x, y)), () => small(sub(y, x)))),
  jit((x: Tensor, y: Tensor) => small(add(sum(mul(x, y)), x))),
] // biome-ignore format: a table
const donating = jit((x: Tensor, y: Tensor) => small(add(mul(x, 2), y)), { donate: [0] })

interface Pair {
  readonly here: number[]
  readonly there: Tensor
}
type Step = readonly [what: number, first: number, second: number, work: number]

const start = (device: Device, seed: number): Pair => {
  const here = Array.from({ length: side * side }, (_, i) => ((7 * i + 3 * seed) % 11) - 5)
  return { here, there: array(here, { shape: [side, side], device }) }
}
const mirrored = ({ here }: Pair): Tensor => array(here, { shape: [side, side], device: plain })
const listOf = async (x: Tensor): Promise<number[]> => [...(await data(x))]

const play = async (steps: readonly Step[]): Promise<void> => {
  const devices = [one, two]
  const pairs = devices.map((device) => [0, 1, 2].map((seed) => start(device, seed)))
  const reads: Promise<void>[] = []
  const expectRead = ({ here, there }: Pair, what: string): void => {
    reads.push(listOf(there).then((got) => assert.equal(got, here, what)))
  }
  for (const [what, first, second, work] of steps) {
    const which = first % 2
    const own = pairs[which]!
    const [x, y] = [own[first % own.length]!, own[second % own.length]!]
    const run = async (f: (x: Tensor, y: Tensor) => Tensor): Promise<number[]> =>
      listOf(scope(() => f(mirrored(x), mirrored(y))))
    if (what < 5) {
      const f = works[work % works.length]!
      own.push({ there: scope(() => f(x.there, y.there)), here: await run(f) })
    } else if (what === 5 && own.length > 2) {
      own.splice(own.indexOf(x), 1)
      dispose(x.there)
    } else if (what === 6 && x !== y && own.length > 2) {
      const here = await run((a, b) => small(add(mul(a, 2), b)))
      own.splice(own.indexOf(x), 1)
      own.push({ there: donating(x.there, y.there), here })
    } else if (what === 7) expectRead(x, `read ${work}`)
    else if (what === 8) {
      // asked for, and given up before the answer
      reads.push(read(x.there)().then(() => {}))
      if (own.length > 2) {
        own.splice(own.indexOf(x), 1)
        dispose(x.there)
      }
    } else if (what === 9) {
      const f = works[work % works.length]!
      const there = scope(() => {
        const between = f(x.there, y.there)
        return add(f(between, x.there), between)
      })
      const here = await run((a, b) => {
        const between = f(a, b)
        return add(f(between, a), between)
      })
      expectRead({ here, there }, 'scoped')
      dispose(there)
    }
  }
  for (const all of pairs) for (const pair of all) expectRead(pair, 'at the end')
  await Promise.all(reads)
  dispose(pairs.flat().map(({ there }) => there))
}

test('any order of calls, reads, releases and donations on two devices gives what the plain device gives', async () => {
  const step = fc.tuple(fc.nat(9), fc.nat(99), fc.nat(99), fc.nat(99))
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), play), {
    numRuns: Number(process.env['LAW_RUNS'] ?? 12),
  })
  for (const device of [one, two]) {
    assert.is(liveBuffers(device).count, 0)
    assert.is(liveBuffers(device).bytes, 0)
  }
})

test('handles and live buffers are the same number, also while the device is busy', () => {
  const before = liveBuffers(two).count
  const x = array([1, 2, 3], { device: two })
  const y = until(x)
  const z = scope(() => add(mul(y, 2), 1))
  assert.is(liveBuffers(two).count - before, 3 + 2, 'x, y, z, and what until makes and does not give')
  dispose([x, y, z])
  assert.is(liveBuffers(two).count - before, 2)
})

test('memory is used again: steps take no more buffers, pipelines or bind groups than the first ones', async () => {
  const device = await webgpuDevice({ gpu })
  const step = jit((w: Tensor, x: Tensor) => [sub(w, mul(0.1, matmul(transpose(x), matmul(x, w)))), sum(w)] as const, {
    donate: [0],
  })
  const batch = array([[1, 2], [3, 4]], { device }) // biome-ignore format: a matrix
  const first = array([[0.1], [0.2]], { device })
  const counts: string[] = []
  for await (const { value, index } of iterate(
    step,
    first,
    Array.from({ length: 12 }, () => batch),
  )) {
    if (index >= 4) {
      await data(value)
      const { buffers, pipelines, bindGroups } = device.counters()
      counts.push([buffers, pipelines, bindGroups].join())
    }
  }
  assert.is(new Set(counts.slice(2)).size, 1, counts.join(' '))
  dispose(batch)
  device.dispose()
})

test('prints come in order, and a sink may compute on the device: in line behind what prints', async () => {
  const device = await webgpuDevice({ gpu })
  const lines: string[] = []
  const x = array([1, 2], { device })
  const inner: Tensor[] = []
  const sink = (text: string): void => {
    lines.push(text)
    if (inner.length === 0) inner.push(add(x, 10))
  }
  const y = jit((v: Tensor) =>
    foriLoop(
      0,
      3,
      (_, w: Tensor) => {
        debugPrint('at', w, sink)
        return mul(w, 2)
      },
      v,
    ),
  )(x)
  lines.push('called')
  const z = add(y, 1)
  assert.equal(await listOf(z), [9, 17])
  assert.equal(lines, ['called', 'at f32[2] [1, 2]', 'at f32[2] [2, 4]', 'at f32[2] [4, 8]'])
  assert.equal(await listOf(inner[0]!), [11, 12])
  device.dispose()
})

test('a sink that throws throws at reads of what was being made, and other work goes on', async () => {
  const device = await webgpuDevice({ gpu })
  const strays: string[] = []
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  const keep = (error: Error): number => strays.push(error.message)
  process.on('uncaughtException', keep)
  try {
    const x = array([1], { device })
    const y = jit((v: Tensor) => {
      debugPrint('v', v, () => {
        throw new Error('the sink is full')
      })
      return mul(v, 2)
    })(x)
    const told = (of: Tensor): Promise<string> => data(of).then(String, (error: Error) => error.message)
    assert.is(await told(y), 'the sink is full')
    assert.is(await told(add(y, 1)), 'the sink is full')
    assert.is(await told(add(x, 1)), '2')
    assert.equal(strays, ['the sink is full'])
  } finally {
    process.off('uncaughtException', keep)
    for (const one of others) process.on('uncaughtException', one)
    device.dispose()
  }
})

test.run()
