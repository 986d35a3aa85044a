import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Heap, heap } from './memory.js'

const megabyte = 2 ** 20
const own = (maximumBytes = 4 * megabyte): Heap => heap({ shared: false, maximumBytes })

test('addresses are multiples of 64 and never 0, nothing included', () => {
  const { allocate, bytes, count } = own()
  const addresses = [0, 1, 48, 49, 64, 1000].map((size) => allocate(size)!)
  for (const at of addresses) assert.is(at % 64, 0)
  assert.is(new Set([0, ...addresses]).size, 7)
  assert.is(bytes(), 1162)
  assert.is(count(), 6)
})

/** Steps of allocating (a size) and releasing (one of those alive). */
const steps = fc.array(
  fc.oneof(
    fc.record({ allocate: fc.oneof(fc.nat(300), fc.nat(5000), fc.nat(600_000), fc.constant(4096)) }),
    fc.record({ release: fc.nat() }),
  ),
  { maxLength: 200 },
)

for (const shared of [false, true])
  test(`blocks never overlap and keep what was written to them, and counters say what is in use (shared: ${shared})`, () => {
    fc.assert(
      fc.property(steps, (list) => {
        const h = heap({ shared, maximumBytes: 4 * megabyte })
        const alive: { at: number; size: number; mark: number }[] = []
        let bytes = 0
        let peak = 0
        let mark = 0
        const check = ({ at, size, mark }: (typeof alive)[number]): void => {
          const { u8 } = h.views()
          // the ends and some of the middle: a block that overlaps another has one of its ends in it, or around it
          for (let i = 0; i < size; i += i < 64 || size - i <= 64 ? 1 : Math.min(997, size - 64 - i))
            if (u8[at + i] !== mark) assert.unreachable(`byte ${i} of ${size} at ${at} changed`)
        }
        for (const step of list) {
          if ('allocate' in step) {
            const size = step.allocate
            const at = h.allocate(size)
            if (at === undefined) continue
            mark = (mark % 250) + 1
            assert.ok(at + size <= h.memory.buffer.byteLength)
            h.views().u8.fill(mark, at, at + size)
            alive.push({ at, size, mark })
            bytes += size
          } else if (alive.length > 0) {
            const [gone] = alive.splice(step.release % alive.length, 1)
            check(gone!)
            h.release(gone!.at)
            bytes -= gone!.size
          }
          peak = Math.max(peak, bytes)
          assert.equal([h.bytes(), h.count(), h.peak()], [bytes, alive.length, peak])
        }
        const sorted = alive.toSorted((a, b) => a.at - b.at)
        sorted.forEach(({ at, size }, i) => {
          assert.ok(at + size <= (sorted[i + 1]?.at ?? Infinity))
        })
        for (const one of alive) {
          check(one)
          h.release(one.at)
        }
        // all neighbours have been joined: the largest block there can be is there
        assert.ok(h.allocate(h.memory.buffer.byteLength - 64 - 16) !== undefined)
      }),
      { numRuns: 150 },
    )
  })

test('the same sizes again and again take the same memory', () => {
  const h = own(64 * megabyte)
  const sizes = [100, 1.9 * megabyte, 4096, 1.9 * megabyte, 64, 0, 700_000]
  const turn = (): readonly number[] => {
    const all = sizes.map((size) => h.allocate(size)!)
    for (const at of all) h.release(at)
    return all
  }
  turn()
  const size = h.memory.buffer.byteLength
  const second = turn()
  for (let i = 0; i < 1000; i++) turn()
  assert.equal(
    turn().toSorted((a, b) => a - b),
    second.toSorted((a, b) => a - b),
  )
  assert.is(h.memory.buffer.byteLength, size)
})

test('sizes that vary do not fragment without end', () => {
  const h = own(1024 * megabyte)
  let state = 1
  const random = (n: number): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % n
  const alive: number[] = []
  for (let i = 0; i < 20_000; i++) {
    if (alive.length === 100) h.release(alive.splice(random(100), 1)[0]!)
    alive.push(h.allocate(random(2) === 0 ? random(1000) : random(200_000))!)
  }
  assert.ok(h.memory.buffer.byteLength < 2.5 * h.peak(), `${h.memory.buffer.byteLength} bytes for ${h.peak()}`)
})

test('there is no more when the limit is reached, and there is again after a release', () => {
  const { allocate, release, memory } = own()
  assert.is(allocate(5 * megabyte), undefined)
  assert.is(allocate(2 ** 33), undefined)
  const first = allocate(3 * megabyte)!
  assert.is(allocate(2 * megabyte), undefined)
  assert.is(memory.buffer.byteLength <= 4 * megabyte, true)
  release(first)
  const all = []
  for (let at = allocate(1000); at !== undefined; at = allocate(1000)) all.push(at)
  assert.is(all.length, Math.floor((4 * megabyte - 64) / 1024))
})

test('growth keeps the contents, and views are of the memory as it is', () => {
  const h = own(512 * megabyte)
  const at = h.allocate(megabyte)!
  h.views().u8[at + 5] = 77
  const before = h.views()
  h.allocate(100 * megabyte)
  assert.is.not(h.views(), before)
  assert.is(h.views().u8.length, h.memory.buffer.byteLength)
  assert.is(h.views().u8[at + 5], 77)
})

test('a second release is an error', () => {
  const { allocate, release } = own()
  const at = allocate(10)!
  release(at)
  assert.throws(() => release(at), `release: nothing is in use at address ${at}: it may have been released before.`)
})

test('addresses beyond 2 GiB are positive', () => {
  const h = heap({ shared: true, maximumBytes: 2 ** 32 })
  const big = h.allocate(2 ** 31 + 1000)
  if (big === undefined) return // the host has not so much
  const at = h.allocate(1000)!
  assert.ok(at > 2 ** 31)
  h.views().f32[at / 4] = 3
  const next = h.allocate(1000)!
  h.release(at)
  h.release(next)
  assert.is(h.allocate(1000), at)
  h.release(big)
  assert.ok(h.allocate(2 ** 31 + 500) === big)
})

test('the highest mark can be forgotten', () => {
  const { allocate, release, peak, resetPeak } = own()
  release(allocate(1000)!)
  assert.is(peak(), 1000)
  resetPeak()
  assert.is(peak(), 0)
})

test.run()
