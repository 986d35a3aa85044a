import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add, array, type Device, data, dispose, iterate, jit, liveBuffers, mul, neg, plainDevice, read, reshape, scope, sub, sum, type Tensor, toNested, zeros,
} from '../index.js' // biome-ignore format: a list
import { defaultDevice } from './onDevice.js'

interface Counted {
  readonly device: Device
  readonly put: (...v: number[]) => Tensor
  /** How many buffers are alive that were not there at first, and their bytes. */
  readonly count: () => number
  readonly bytes: () => number
}

const countedOn = (device: Device): Counted => {
  const { count, bytes } = device.memory()
  return {
    device,
    put: (...v) => array(v, { device }),
    count: () => device.memory().count - count,
    bytes: () => device.memory().bytes - bytes,
  }
}

/** The device of the tests. */
const own = (): Counted => countedOn(defaultDevice())

test('a scope frees what was made in it, but what it returns', () => {
  const { put, count } = own()
  const a = put(1, 2)
  const b = scope(() => mul(add(a, 1), neg(a)))
  assert.equal(toNested(b), [-2, -6])
  assert.is(count(), 2)
})

test('tensors returned in trees are kept; those in other containers are not', () => {
  const { put, count } = own()
  const a = put(1)
  const { list, map } = scope(() => ({ list: [add(a, 1), [add(a, 2)]], map: new Map([['x', add(a, 3)]]) }) as const)
  assert.equal((list as unknown as [Tensor, [Tensor]]).flat().map(toNested), [[2], [3]])
  assert.is(String(map.get('x')), 'f32[1] disposed')
  assert.is(count(), 3)
})

test('nested scopes: what an inner one returns belongs to the outer', () => {
  const { put, count } = own()
  const a = put(1)
  let inner: Tensor | undefined
  const out = scope(() => {
    inner = scope(() => add(add(a, 1), 1))
    assert.equal(toNested(inner), [3])
    assert.is(count(), 2)
    return scope(() => neg(inner!))
  })
  assert.equal(toNested(out), [-3])
  assert.is(String(inner), 'f32[1] disposed')
  assert.is(count(), 2)
})

test('where f throws all that it made is freed, and the outer scope goes on', () => {
  const { put, count } = own()
  const a = put(1)
  scope(() => {
    assert.throws(
      () =>
        scope(() => {
          add(a, 1)
          throw new Error('inside')
        }),
      'inside',
    )
    assert.is(count(), 1)
    const b = add(a, 2)
    assert.is(count(), 2)
    assert.equal(toNested(b), [3])
  })
  assert.is(count(), 1)
})

test('what stood before the scope stays, also when it is returned unchanged', () => {
  const { put, count } = own()
  const a = put(1, 2)
  assert.is(scope(() => a), a) // biome-ignore format: a line
  assert.is(
    scope(() => reshape(a, [2])),
    a,
  )
  assert.equal(toNested(a), [1, 2])
  assert.is(count(), 1)
})

test('results of jitted calls and host data belong to the scope too', () => {
  const { device, put, count } = own()
  const a = put(1)
  const f = jit((v: Tensor) => [add(v, 1), mul(v, 2)] as const)
  const kept = scope(() => {
    array([1, 2, 3], { device })
    return f(a)[0]
  })
  assert.equal(toNested(kept), [2])
  assert.is(count(), 2)
})

test('an operation made of several keeps only its result', () => {
  const { put, count } = own()
  const a = put(1, 2)
  reshape(sub(a, 1), [2, 1])
  assert.is(count(), 3)
  assert.throws(() => reshape(add(a, 1), [3]))
})

test('dispose frees trees, twice is once, constants have nothing to free', () => {
  const { put, count } = own()
  const tree = { a: put(1), b: [put(2), zeros([2]), 3, 'text', null] }
  dispose(tree)
  assert.is(count(), 0)
  dispose(tree)
  assert.is(count(), 0)
  assert.equal(toNested(tree.b[1] as Tensor), [0, 0])
  assert.is(String(tree.a), 'f32[1] disposed')
})

test('`using` frees at the end of the block, also when it throws', () => {
  const { put, count } = own()
  {
    using a = put(1)
    using b = add(a, 1)
    assert.equal(toNested(b), [2])
    assert.is(count(), 2)
  }
  assert.is(count(), 0)
  assert.throws(() => {
    using a = put(1)
    throw new Error(String(a))
  }, 'f32[1] [1]')
  assert.is(count(), 0)
})

const collect = async <T>(loop: AsyncIterable<T>, take = Infinity): Promise<T[]> => {
  const all: T[] = []
  if (take === 0) return all
  for await (const one of loop) {
    all.push(one)
    if (all.length === take) break
  }
  return all
}

test('iterate owns the states that its steps make; the first stays the caller’s, the last becomes it', async () => {
  const { put, count } = own()
  const first = put(1)
  const batches = [put(10), put(20), put(30)]
  const step = (w: Tensor, x: Tensor) => [add(w, x), sum(mul(w, x))] as const
  const seen: unknown[] = []
  const states: Tensor[] = []
  for await (const { state, value, index } of iterate(step, first, batches)) {
    seen.push([index, toNested(state), toNested(value)])
    states.push(state)
    assert.is(count(), 4 + 2)
  }
  assert.equal(seen, [
    [0, [11], 10],
    [1, [31], 220],
    [2, [61], 930],
  ])
  assert.is(count(), 4 + 1)
  assert.equal(states.map(String), ['f32[1] disposed', 'f32[1] disposed', 'f32[1] [61]'])
  assert.equal(toNested(first), [1])
  assert.equal(batches.map(toNested), [[10], [20], [30]])
})

test('iterate frees only what its steps made: a value that is the old state, a batch or a tensor from outside stays', async () => {
  const { put, count } = own()
  const [first, batch, outside] = [put(1), put(2), put(3)] as const
  const step = (w: Tensor, x: Tensor) => [add(w, x), [w, x, outside]] as const
  const values: string[][] = []
  for await (const { value } of iterate(step, first, [batch, batch, batch])) values.push(value.map(String))
  assert.equal(values[1], ['f32[1] [3]', 'f32[1] [2]', 'f32[1] [3]'])
  for (const x of [first, batch, outside]) assert.not.match(String(x), 'disposed')
  assert.is(count(), 3 + 1)
})

test('a part of the state that passes through a step unchanged lives on', async () => {
  const { put, count } = own()
  const first = { w: put(1), fixed: put(5) }
  const step = (s: typeof first, t: number) => [t === 0 ? { w: add(s.w, 1), fixed: neg(s.fixed) } : { ...s, w: add(s.w, 1) }, null] as const
  const all = await collect(iterate(step, first, [0, 1, 2]))
  assert.equal(toNested(all[2]!.state.fixed), [-5])
  assert.equal(toNested(all[2]!.state.w), [4])
  assert.is(count(), 2 + 2)
}) // biome-ignore format: a long line

test('a loop that is left in the middle leaves the last state and value to the caller', async () => {
  const { put, count } = own()
  const step = (w: Tensor) => [add(w, 1), mul(w, 2)] as const
  const [, second] = await collect(iterate(step, put(1), [0, 0, 0, 0]), 2)
  assert.equal([second!.state, second!.value].map(toNested), [[3], [4]])
  assert.is(count(), 1 + 2)
})

test('iterate takes asynchronous batches, and stops where the step throws', async () => {
  const { put, count } = own()
  async function* batches(): AsyncGenerator<number> {
    for (const n of [1, 2, 3]) yield await Promise.resolve(n)
  }
  const all = await collect(iterate((w: Tensor, n: number) => [add(w, n), null] as const, put(0), batches()))
  assert.equal(toNested(all.at(-1)!.state), [6])
  const before = count()
  const bad = (w: Tensor, n: number) => {
    const next = add(w, n)
    if (n === 2) throw new Error('step 2')
    return [next, null] as const
  }
  try {
    await collect(iterate(bad, put(0), batches()))
    assert.unreachable()
  } catch (error) {
    assert.match((error as Error).message, 'step 2')
  }
  assert.is(count() - before, 2) // the first state, and the one before the error, which the caller saw
})

test('iterate over nothing ends with the state that it got, and an asynchronous step is refused', async () => {
  const { put } = own()
  const first = put(1)
  const done = await iterate((w: Tensor) => [w, null] as const, first, []).next()
  assert.ok(done.done)
  assert.is(done.value, first)
  try {
    await collect(iterate((async (w: Tensor) => [w, null]) as never, first, [1]))
    assert.unreachable()
  } catch (error) {
    assert.match((error as Error).message, 'scope: the function returned a promise')
  }
})

test('a thousand jitted steps, donating or not, keep the number of buffers', async () => {
  for (const donate of [[], [0]]) {
    const { put, count, bytes } = own()
    const step = jit(
      (s: { w: Tensor; m: Tensor }, x: Tensor, lr: number) => {
        const m = add(mul(s.m, 0.9), sub(s.w, x))
        return [{ w: sub(s.w, mul(lr, m)), m }, { loss: sum(mul(m, m)), m }] as const
      },
      { donate },
    )
    const batch = put(1, 2)
    const loop = iterate((s: { w: Tensor; m: Tensor }, n: number) => step(s, batch, 1 / (n + 1)), { w: put(0, 0), m: put(0, 0) }, Array.from({ length: 1000 }, (_, i) => i))
    const counts = new Set<number>()
    for await (const { index } of loop) if (index > 0) counts.add(count())
    assert.is(counts.size, 1, `${[...counts]}`)
    assert.is(count(), donate.length > 0 ? 3 : 5)
    assert.is(bytes(), 8 * count())
  }
}) // biome-ignore format: long lines

test('liveBuffers: count, bytes, the highest mark and the makers, largest first', () => {
  const { device, put } = countedOn(plainDevice({ name: 'own' }))
  assert.equal(liveBuffers(device), { count: 0, bytes: 0, peak: 0, makers: new Map() })
  const a = put(1, 2, 3)
  const b = add(a, 1)
  const c = jit((v: Tensor) => [neg(v), v] as const, { name: 'loss' })(a)
  const { count, bytes, peak, makers } = liveBuffers(device)
  assert.is(count, 4)
  assert.is(bytes, 48)
  assert.ok(peak >= 48)
  assert.equal([...makers], [['loss', 24], ['array', 12], ['add', 12]]) // biome-ignore format: a table
  dispose([a, b, c])
  assert.is(liveBuffers(device).count, 0)
  assert.is(liveBuffers(device).peak, peak)
  device.resetPeak()
  assert.is(liveBuffers(device).peak, 0)
})

test('a limit names the largest makers and the remedy, and what was there stays usable', () => {
  const device = plainDevice({ name: 'small', limit: 100 })
  const a = array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], { device })
  const b = mul(a, 2)
  const message =
    'add: needs 40 bytes more on small, which holds 80 of at most 100. Largest makers: array 40, mul 40. Free tensors by scope(() => …), iterate, donate or dispose.'
  assert.throws(() => add(a, b), message)
  assert.throws(() => array(new Float32Array(6), { device }), 'array: needs 24 bytes more on small')
  dispose(b)
  assert.equal(toNested(sum(add(a, 1))), 65)
})

test('a result that is read later than it is freed is a Left', async () => {
  const { put } = own()
  const a = put(1)
  const task = read(a)
  const inHand = a
  dispose(inHand)
  assert.equal(await task(), { _tag: 'Left', left: { code: 'disposed', message: 'read: f32[1] was disposed.' } })
  try {
    await data(a)
    assert.unreachable()
  } catch (error) {
    assert.match((error as Error).message, 'was disposed')
  }
})

test.run()
