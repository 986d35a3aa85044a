import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type PoolOptions, poolOf, roundedSize, type Trouble } from './pool.js'

/** A pool over buffers that only count: which were destroyed, and which had no room. */
const counted = ({
  longest = Infinity,
  idle = Infinity,
  most = Infinity,
  total = Infinity,
}: Partial<PoolOptions> & { total?: number }) => {
  const alive = new Set<object>()
  let held = 0
  const told: Trouble[] = []
  const pool = poolOf({
    make: (size) => {
      const fits = held + size <= total
      if (fits) held += size
      const buffer = {
        destroy: () => {
          if (alive.delete(buffer) && fits) held -= size
        },
      }
      alive.add(buffer)
      return {
        buffer: buffer as GPUBuffer,
        trouble: Promise.resolve(fits ? null : ({ message: 'no room' } as GPUError)),
      }
    },
    longest,
    idle,
    most,
    told: (trouble) => told.push(trouble),
  })
  return { pool, told, alive: () => alive.size, held: () => held }
}
const settled = (): Promise<void> => new Promise((done) => setTimeout(done))

test('sizes are rounded up by an eighth at most, and by less than 256 bytes where they are small', () => {
  for (const bytes of [0, 1, 255, 256, 257, 1000, 2048, 2049, 5000, 2 ** 20 - 1, 2 ** 20 + 1, 12_345_678]) {
    const size = roundedSize(bytes)
    assert.ok(size >= bytes && size % 256 === 0, `${bytes}`)
    assert.ok(size - bytes < Math.max(257, bytes / 8 + 1), `${bytes} became ${size}`)
  }
})

test('none is longer than the longest, and what has that size is used again', () => {
  const { pool } = counted({ longest: 10_004 })
  const one = pool.take(9_990)
  assert.is(one.bytes, 10_004)
  pool.give(one)
  assert.is(pool.take(10_001), one)
  assert.is(pool.take(9_000).bytes, 9_216)
})

test('what is given back is taken by the next of its size, the last given first, and none other', () => {
  const { pool } = counted({})
  const [a, b] = [pool.take(1000), pool.take(1000)]
  pool.give(a)
  pool.give(b)
  assert.is(pool.take(900), b)
  assert.is(pool.take(1024), a)
  assert.is.not(pool.take(1000).id, a.id)
  assert.is(pool.made(), 3)
})

test('what waits holds no more than the idle bytes: the oldest goes first', () => {
  const { pool, alive } = counted({ idle: 512 })
  const all = [256, 512, 256].map((size) => pool.take(size))
  for (const one of all) pool.give(one)
  assert.is(alive(), 1)
  assert.is(pool.bytes(), 256)
  assert.is(pool.take(256), all[2])
})

test('above the most bytes that may be held, what waits makes place before more is made', () => {
  const { pool, alive } = counted({ most: 1024 })
  const [a, b] = [pool.take(512), pool.take(512)]
  pool.give(a)
  assert.is(alive(), 2)
  pool.take(256)
  assert.is(alive(), 2)
  assert.is(pool.bytes(), 768)
  pool.give(b)
  assert.is(pool.take(512), b)
})

test('what was taken above the most bytes does not wait when it is given back', () => {
  const { pool, alive } = counted({ most: 512 })
  const [a, b] = [pool.take(512), pool.take(512)]
  pool.give(a)
  assert.is(alive(), 1)
  pool.give(b)
  assert.is(alive(), 1)
  assert.is(pool.take(512), b)
})

test('after a buffer for which there was no room, those that wait are gone, and the next is had', async () => {
  const { pool, told, alive, held } = counted({ total: 1024 })
  const [a, b] = [pool.take(512), pool.take(512)]
  pool.give(a)
  pool.give(b)
  await settled()
  told.length = 0
  const broken = pool.take(768)
  assert.is((await told[0])!.message, 'no room')
  assert.is(alive(), 1, 'the broken one alone')
  pool.give(broken)
  assert.is(alive(), 0)
  assert.is(pool.bytes(), 0)
  told.length = 0
  const good = pool.take(768)
  assert.is(await told[0], null)
  await settled()
  told.length = 0
  pool.give(good)
  assert.is(pool.take(768), good)
  assert.is(told.length, 0, 'that it is good is known')
  assert.is(held(), 768)
})

test('who takes a buffer of which nothing is known yet is told what becomes of it, and no one gets it when it is broken', async () => {
  const { pool, told } = counted({ total: 100 })
  const first = pool.take(300)
  pool.give(first)
  const second = pool.take(300)
  assert.is(second, first)
  assert.is(told.length, 2)
  assert.is((await told[1])!.message, 'no room')
  pool.give(second)
  assert.is.not(pool.take(300), first)
})

test('memory grows only where it must, and is made anew where it is broken', async () => {
  const { pool, told } = counted({ total: 2048 })
  const small = pool.larger(undefined, 300)
  assert.is(pool.larger(small, 512), small)
  const large = pool.larger(small, 1000)
  assert.ok(large.bytes >= 1000)
  assert.is(pool.take(512), small, 'the smaller one was given back')
  await settled()
  const broken = pool.larger(large, 4096)
  await settled()
  told.length = 0
  const again = pool.larger(broken, 1024)
  assert.is.not(again, broken)
  assert.is(await told[0], null)
})

test.run()
